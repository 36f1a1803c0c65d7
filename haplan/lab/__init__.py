"""What simulators share: the estate in one SQLite file, its clock, mishaps, `lab.toml`, a server on loopback.

A provider's lab is made of these and knows its product. Any number of processes may serve one estate: nothing runs in
the background, and what takes time is stored as timestamps and computed when somebody asks.
"""

from haplan.lab.estate import Estate, LabClock, Tx

__all__ = ["Estate", "LabClock", "Tx"]

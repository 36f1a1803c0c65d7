"""A simulator of SRX boxes and chassis clusters: NETCONF over real SSH on loopback, one SQLite file, simulated time.

`Lab(folder, definition=…).start()` serves every box at a port of its own. What it answers follows the captures of Junos
24.4R1.9, the vendor's YANG models of that release (`make_schema.py`), and the clients that live on it.
"""

from haplan.lab import LabClock
from haplan_srx.lab.definition import Boot, Device, Fault, LabDefinition, Link, Settings, read_definition
from haplan_srx.lab.estate import Estate
from haplan_srx.lab.served import Lab, Served

__all__ = [
    "Boot",
    "Device",
    "Estate",
    "Fault",
    "Lab",
    "LabClock",
    "LabDefinition",
    "Link",
    "Served",
    "Settings",
    "read_definition",
]

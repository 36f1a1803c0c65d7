"""A simulator of the Mist cloud for WAN edges: real HTTP on loopback, one SQLite file, simulated time.

`Lab(folder).start()` serves an organisation; `definition` describes devices and faults; `CloudDoor` leads clients in
that insist on a real cloud's name. What it answers follows Mist OpenAPI 2509.1.2 and the clients that live on it.
"""

from haplan.lab import LabClock

from .cloud_door import CloudDoor
from .definition import Device, Fault, LabDefinition, Pair, Push, Settings, read_definition
from .estate import Estate
from .served import Lab, Served
from .web import app

__all__ = [
    "CloudDoor",
    "Device",
    "Estate",
    "Fault",
    "Lab",
    "LabClock",
    "LabDefinition",
    "Pair",
    "Push",
    "Served",
    "Settings",
    "app",
    "read_definition",
]

"""A simulator of the Mist cloud for WAN edges: real HTTP on loopback, one SQLite file, simulated time.

`Lab(folder).start()` serves an organisation; `definition` describes devices and faults; `CloudProxy` leads clients in
that insist on a real cloud's name. What it answers follows Mist OpenAPI 2509.1.2 and the clients that live on it.
"""

from haplan.lab import LabClock
from haplan.lab.faults import HttpFault as Fault
from haplan_mist.lab.definition import ORGANISATION, Device, LabDefinition, Pair, Push, Settings, read_definition
from haplan_mist.lab.estate import Estate
from haplan_mist.lab.http.proxy import CloudProxy
from haplan_mist.lab.http.web import app
from haplan_mist.lab.served import Lab, Served

__all__ = [
    "ORGANISATION",
    "CloudProxy",
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

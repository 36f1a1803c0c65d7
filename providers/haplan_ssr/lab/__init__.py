"""A simulator of a Session Smart conductor: real HTTPS on loopback, one SQLite file, simulated time.

`Lab(folder).start()` serves an authority; `definition` describes boxes, faults and how it behaves where the vendor's
documentation leaves a choice. What it answers follows 128technology/docs and public scripts that drive conductors; what
it validates is the vendor's model (`haplan_ssr.model`).

Not simulated: template engine, events, downloads of exports, statistics, upgrades, roles limited to parts of the tree.
"""

from haplan_ssr.lab.definition import AUTHORITY, Asset, Fault, LabDefinition, Settings, read_definition
from haplan_ssr.lab.estate import Estate
from haplan_ssr.lab.http.web import app
from haplan_ssr.lab.served import PERSON, READER, USER, Lab, Served

__all__ = [
    "AUTHORITY",
    "PERSON",
    "READER",
    "USER",
    "Asset",
    "Estate",
    "Fault",
    "Lab",
    "LabDefinition",
    "Served",
    "Settings",
    "app",
    "read_definition",
]

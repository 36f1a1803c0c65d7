"""haplan: plan and apply highly available WAN edges. What stacks and plugins import."""

from haplan.language.blocks import lifecycle, limits, module, output, provider, rows, secret, variable
from haplan.language.data import Data
from haplan.language.refs import Ref
from haplan.language.resource import Resource, Value

__version__ = "0.1.0"

__all__ = [
    "Data",
    "Ref",
    "Resource",
    "Value",
    "__version__",
    "lifecycle",
    "limits",
    "module",
    "output",
    "provider",
    "rows",
    "secret",
    "variable",
]

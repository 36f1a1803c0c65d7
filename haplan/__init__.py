"""haplan: plan and apply highly available WAN edges. What stacks and plugins import.

The names are loaded when they are first used, so that `haplan --version` and plugins stay quick.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haplan.language.blocks import lifecycle, limits, module, output, provider, rows, secret, variable
    from haplan.language.conditions import all_of, equals, known, matches, one_of
    from haplan.language.data import Data
    from haplan.language.moves import imported, moved, removed
    from haplan.language.refs import Ref
    from haplan.language.resource import Resource, Value
    from haplan.model.value import Secret

__version__ = "0.2.0"

__all__ = [
    "Data",
    "Ref",
    "Resource",
    "Secret",
    "Value",
    "__version__",
    "all_of",
    "equals",
    "imported",
    "known",
    "lifecycle",
    "limits",
    "matches",
    "module",
    "moved",
    "one_of",
    "output",
    "provider",
    "removed",
    "rows",
    "secret",
    "variable",
]

_HOMES = {
    "Data": "haplan.language.data",
    "Ref": "haplan.language.refs",
    "Resource": "haplan.language.resource",
    "Secret": "haplan.model.value",
    "Value": "haplan.language.resource",
    "all_of": "haplan.language.conditions",
    "equals": "haplan.language.conditions",
    "imported": "haplan.language.moves",
    "known": "haplan.language.conditions",
    "matches": "haplan.language.conditions",
    "moved": "haplan.language.moves",
    "one_of": "haplan.language.conditions",
    "removed": "haplan.language.moves",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'haplan' has no attribute {name!r}", name=name)
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "haplan.language.blocks")), name)

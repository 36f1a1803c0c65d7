"""What a type works out from the whole stack: its plugin's code, asked for through the wall."""

from collections.abc import Callable, Mapping
from typing import Any

from haplan.model import value as model
from haplan.model.schema import TypeInfo
from haplan.model.value import Tree
from haplan.wall.call import Call, through
from haplan.wall.shapes import plain, text

OURS = "haplan"
"""The package whose types need no look."""


def values_of(resource: Any) -> Mapping[str, Tree]:
    """What a resource says, as its type's own code took it.

    Raises:
        PluginError: It gave something else than plain data and references.
    """
    values: Mapping[str, Tree] = resource.haplan_values
    kind: TypeInfo = type(resource).haplan_type
    if kind.package == OURS:
        return values
    call = Call(who=kind.who, verb="what it takes", about=str(resource.haplan_address))
    return through(call, lambda: values, _fitted)


def owner_of(resource: Any) -> Any:
    """What gives a resource its provider, or None.

    Raises:
        PluginError: Its type's own code broke.
    """
    call = Call(who=type(resource).haplan_type.who, verb="its owner", about=str(resource.haplan_address))
    return through(call, resource.haplan_provider_of, lambda found: found)


def misfit(kind: TypeInfo, name: str, value: Tree, address: str) -> str:
    """Why a value that came by reference does not fit an attribute, or "".

    Raises:
        PluginError: The attribute's check broke, or gave something else than text.
    """
    call = Call(who=kind.who, verb=f"its check of {name}", about=address)
    return through(call, lambda: kind.misfit(name, value), text)


def derived(resource: Any, name: str, resources: Mapping[str, Any]) -> Tree:
    """A derived attribute of a resource.

    Raises:
        PluginError: Its function broke, or gave something else than plain data and references.
    """
    cls = type(resource)
    work_out: Callable[[Any, Any], Any] = cls.haplan_derive[name]
    call = Call(who=cls.haplan_type.who, verb=f"derived {name}", about=resource.haplan_address)
    return through(call, lambda: work_out(resource, resources), _fitted)


def _fitted(found: Any) -> Tree:
    plain(model.transform(found, lambda leaf: None if isinstance(leaf, model.Ref | model.Text) else leaf))
    return found

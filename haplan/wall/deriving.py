"""What a type works out from the whole stack: its plugin's code, asked for through the wall."""

from collections.abc import Callable, Mapping
from typing import Any

from haplan.model import value as model
from haplan.model.value import Tree
from haplan.wall.call import Call, through
from haplan.wall.shapes import plain


def derived(resource: Any, name: str, resources: Mapping[str, Any]) -> Tree:
    """A derived attribute of a resource.

    Raises:
        PluginError: Its function broke, or gave something else than plain data and references.
    """
    cls = type(resource)
    work_out: Callable[[Any, Any], Any] = cls.haplan_derive[name]
    call = Call(who=f"type {cls.haplan_type.name!r}", verb=f"derived {name}", about=resource.haplan_address)
    return through(call, lambda: work_out(resource, resources), _fitted)


def _fitted(found: Any) -> Tree:
    plain(model.transform(found, lambda leaf: None if isinstance(leaf, model.Ref | model.Text) else leaf))
    return found

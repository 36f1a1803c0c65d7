"""The attributes of a resource type: fields that say what is taken, and what a change of it means."""

from collections.abc import Callable
from typing import Any

import attrs

from haplan.language.fitting import misfit
from haplan.language.kinds import ResourceOf
from haplan.language.taking import Kind
from haplan.model.schema import Attribute, Replaces

KIND, INFO, DERIVE = "haplan_kind", "haplan_attribute", "haplan_derive"
"""Where a field keeps what it takes, what is told of it, and how it is worked out."""


def attribute(
    kind: Kind,
    *,
    default: Any = attrs.NOTHING,
    replaces: Replaces = "",
    unordered: bool = False,
    unordered_when: tuple[str, str] | None = None,
    shared: bool = False,
    sensitive: bool = False,
    local: bool = False,
    kw_only: bool = True,
    text: str = "",
) -> Any:
    """An attribute that a stack sets; without a default it is required. See `haplan.model.schema.Attribute`."""
    info = Attribute(
        name="",
        kind=kind.words,
        required=default is attrs.NOTHING,
        default=None if default is attrs.NOTHING else default,
        replaces=replaces,
        unordered=unordered,
        unordered_when=unordered_when,
        shared=shared,
        sensitive=sensitive,
        local=local,
        refers=kind.types if isinstance(kind, ResourceOf) else (),
        text=text,
        misfit=misfit(kind),
    )
    return attrs.field(metadata={KIND: kind, INFO: info})


def computed(*, init: bool = False, kind: str = "text", text: str = "") -> Any:
    """An attribute that is known after apply: a `Ref`. `kind` is ``text``, ``integer``, ``bool`` or ``plain data``."""
    return attrs.field(metadata={INFO: Attribute(name="", kind=kind, computed=True, text=text)})


def derived(
    work_out: Callable[[Any, Any], Any], *, init: bool = False, kind: str = "text", shared: bool = False,
    local: bool = False, text: str = "",
) -> Any:  # fmt: skip
    """An attribute worked out from the whole stack: ``work_out(resource, all resources)``. A `Ref` without an edge."""
    info = Attribute(name="", kind=kind, derived=True, unordered=shared, shared=shared, local=local, text=text)
    return attrs.field(metadata={INFO: info, DERIVE: work_out})

"""A recorded row as its type has it now, whichever version of the plugin wrote it: the plugin is asked for that."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from haplan.errors import HaplanError
from haplan.model.schema import TypeInfo
from haplan.model.state import Row
from haplan.model.value import Tree
from haplan.wall.call import Call, through
from haplan.wall.shapes import fit


class Misshapen(Exception):
    """A row that cannot be brought into the shape that its type has now; the text says why."""


def in_shape(row: Row, kind: TypeInfo) -> Row:
    """The row with its values as the installed plugin knows them.

    Attributes that an upgrade brings in are declared ones, unless they are computed.

    Raises:
        Misshapen: A newer plugin wrote it, or its plugin cannot bring it up to date.
    """
    was, now = row.schema_version, kind.schema_version
    if was == now:
        return row
    if was > now:
        raise Misshapen(f"{row.type} was recorded by a newer plugin (version {was}, here {now})")
    upgrade = kind.upgrade
    if upgrade is None:
        raise Misshapen(f"{row.type} was recorded in version {was}, and its plugin cannot bring that up to date")
    call = Call(who=kind.who, verb=f"upgrade of version {was} to {now}")
    try:
        values = through(call, lambda: upgrade(row.values, was), fit(Mapping[str, Any]))
    except HaplanError as error:
        raise Misshapen(str(error)) from error
    return attrs.evolve(row, schema_version=now, values=values, declared=tuple(sorted(_declared(row, values, kind))))


def _declared(row: Row, values: Mapping[str, Tree], kind: TypeInfo) -> Iterable[str]:
    computed = kind.computed
    return (name for name in values if name in row.declared or (name not in row.values and name not in computed))

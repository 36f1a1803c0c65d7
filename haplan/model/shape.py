"""Shape: a recorded row as its type has it now, whichever version of the plugin wrote it. Pure."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.model.schema import TypeInfo
from haplan.model.state import Row
from haplan.model.value import Tree


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
    if kind.upgrade is None:
        raise Misshapen(f"{row.type} was recorded in version {was}, and its plugin cannot bring that up to date")
    try:
        values = dict(kind.upgrade(row.values, was))
    except Exception as error:  # a type is a plugin's code: name it
        why = f"{type(error).__name__}: {error}"
        raise Misshapen(f"{row.type}: its plugin broke bringing version {was} to {now}: {why}") from error
    return attrs.evolve(row, schema_version=now, values=values, declared=tuple(sorted(_declared(row, values, kind))))


def _declared(row: Row, values: Mapping[str, Tree], kind: TypeInfo) -> Iterable[str]:
    computed = kind.computed
    return (name for name in values if name in row.declared or (name not in row.values and name not in computed))

"""Upgrade: the state in the shapes that the installed types have; in memory, a row is saved so when it is written."""

from collections.abc import Mapping

import attrs

from haplan.contracts import Provider
from haplan.errors import StateError
from haplan.model.schema import TypeInfo
from haplan.model.state import State
from haplan.wall.upgrading import Misshapen, in_shape


def upgrade(state: State, types: Mapping[str, TypeInfo]) -> State:
    """The state with older rows brought up to date; those of types that no plugin knows stay as they are.

    Raises:
        StateError: Naming each row that a newer plugin wrote, or that cannot be brought up to date.
    """
    names = {row.type for row in state.rows.values()}
    versions = {name: types[name].schema_version for name in names if name in types}
    other = [row for row in state.rows.values() if versions.get(row.type, row.schema_version) != row.schema_version]
    if not other:
        return state
    rows, lines = dict(state.rows), []
    for row in other:
        try:
            rows[row.address, row.deposed] = in_shape(row, types[row.type])
        except Misshapen as error:
            lines.append(f"{row.address}: {error}; install the plugin that wrote it, or a newer one")
    if lines:
        raise StateError("\n".join(lines))
    return attrs.evolve(state, rows=rows)


def kept(state: State, providers: Mapping[str, Provider]) -> State:
    """The state with the private parts of rows as the installed providers keep them; what is left out goes from a row
    when that is written next."""
    asked = {key: one for key, one in providers.items() if type(one).keeps is not Provider.keeps}
    rows = {}
    for where, row in state.rows.items():
        provider = asked.get(row.provider_key) if row.private else None
        private = provider.keeps(row.private) if provider is not None else row.private
        if private != row.private:
            rows[where] = attrs.evolve(row, private=private)
    return attrs.evolve(state, rows={**state.rows, **rows}) if rows else state

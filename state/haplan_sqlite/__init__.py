"""The embedded state backend: one SQLite file beside the stack, ``sqlite:///.haplan/default/state.db``."""

from collections.abc import Mapping

from haplan.plugin import (
    OpenState,
    hookimpl,
)
from haplan_sqlite.backend import SqliteState, open_sqlite

haplan_api = 2


@hookimpl
def haplan_state_backends() -> Mapping[str, OpenState]:
    """The scheme ``sqlite``."""
    return {"sqlite": open_sqlite}


__all__ = ["SqliteState", "haplan_api", "haplan_state_backends", "open_sqlite"]

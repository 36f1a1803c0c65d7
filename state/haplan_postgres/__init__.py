"""The state backend for teams: a schema of a PostgreSQL database.

    postgresql://ana@db.example:5432/net?schema=shop_prod&sslmode=verify-full

Everything in the URL but ``schema`` is libpq's (a service file, ``PGPASSWORD`` and ``~/.pgpass`` work as well). Each
stack and environment has a schema of its own; it is made at the first write, unless it is there, empty, already. Time
is the server's. A password in the URL is never shown.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from haplan.plugin import (
    Clock,
    OpenState,
    PluginError,
    hookimpl,
)

if TYPE_CHECKING:
    from haplan_postgres.backend import PostgresState

haplan_api = 2


@hookimpl
def haplan_state_backends() -> Mapping[str, OpenState]:
    """The schemes ``postgresql`` and ``postgres``."""
    return {"postgresql": open_postgres, "postgres": open_postgres}


def open_postgres(url: str, clock: Clock) -> "PostgresState":
    """Open ``postgresql://user@host/database?schema=name``. Sends nothing yet; `clock` is not asked for the time, the
    server is.

    Raises:
        PluginError: psycopg is not installed.
        StateError: The URL cannot be read, or names no schema.
    """
    try:
        from haplan_postgres.backend import PostgresState
        from haplan_postgres.place import parse
    except ImportError as error:  # psycopg is an extra; without libpq it cannot be imported either
        if (error.name or "psycopg").partition(".")[0] != "psycopg":
            raise
        why = " ".join(str(error).split())
        raise PluginError(f"a state in PostgreSQL needs psycopg: install haplan[postgres] ({why})") from None
    return PostgresState(parse(url), sleep=clock.sleep)


__all__ = ["haplan_api", "haplan_state_backends", "open_postgres"]

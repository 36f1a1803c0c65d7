"""The connection: transactions by hand, what may wait how long, and what goes wrong on the way, in one line."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.types.string import StrDumper

from haplan.plugin import (
    StateError,
    lease,
)
from haplan_postgres.place import Place

Db = psycopg.Connection[tuple[Any, ...]]

BUSY = 10
"""Seconds to wait for another process's transaction; ours take milliseconds, so ten seconds mean something is wrong."""

AWAY = lease.LEASE - lease.HEARTBEAT
"""Seconds that a server may be away: the lease was renewed a heartbeat before at the earliest."""

_CONNECTION = {
    "connect_timeout": 10,
    "application_name": "haplan",
    "client_encoding": "utf8",
    # A server that is gone without a word is noticed within half a minute, not after the hours of TCP's defaults.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = {schema}, pg_temp"

_SCRATCH = "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL search_path = pg_temp, {schema}"

# Durable, whatever the server's default: an intent must be on disk before its remote write is sent. And a client whose
# machine died in a transaction must not hold the rows for longer than its lease.
_WRITE = (
    "BEGIN; SET LOCAL search_path = {schema}, pg_temp; SET LOCAL synchronous_commit = on; "
    f"SET LOCAL lock_timeout = '{BUSY}s'; SET LOCAL idle_in_transaction_session_timeout = '30s'"
)


class Link:
    """One connection to the server, made when it is first needed, and anew after it was lost.

    Threads: one.

    What a transaction needs is set inside it, so that poolers that hand out a connection for each one do no harm.

    A server that was there and is away is waited for, as long as a lease outlives it: it is restarted, or another takes
    its place. Who waited in vain waits no more until it is there again.

    Args:
        sleep: Lets time pass.
    """

    def __init__(self, place: Place, sleep: Callable[[float], None] = time.sleep) -> None:
        self._place = place
        self._sleep = sleep
        self._db: Db | None = None
        self._patient = False

    @contextmanager
    def reading(self) -> Iterator[Db]:
        """One moment of the state; takes no lock that a writer would wait for, and waits for none."""
        with self._transaction(self._begun(_READ)) as db:
            yield db

    @contextmanager
    def scratch(self) -> Iterator[Db]:
        """The same with room for temporary tables; nothing of it stays."""
        with self._transaction(self._begun(_SCRATCH), keep=False) as db:
            yield db

    @contextmanager
    def writing(self, first: str = "") -> Iterator[tuple[Db, list[list[Any]]]]:
        """All or nothing. Gives the answers of the statements in `first`, which travel with the beginning."""
        db, answers = self._begun(_WRITE, first)
        with self._transaction((db, answers)):
            yield db, answers

    @property
    def lost(self) -> bool:
        """True if the connection broke since it was made."""
        return self._db is not None and self._db.closed

    def close(self) -> None:
        """Let go of the connection."""
        if self._db is not None:
            with suppress(psycopg.Error):
                self._db.close()
            self._db = None

    def _begun(self, begin: str, first: str = "") -> tuple[Db, list[list[Any]]]:
        sql = "; ".join(filter(None, [begin.format(schema=self._place.quoted), first]))
        began, slept, pause = time.monotonic(), 0.0, 0.0
        while True:
            db = None
            try:
                db = self._connected()
                answers = _answers(db, sql)
            except BaseException as error:
                gone = db.closed if db is not None else isinstance(error, psycopg.OperationalError)
                if db is not None:
                    _roll_back(db)
                away = max(slept, time.monotonic() - began)
                self._patient = self._patient and isinstance(error, psycopg.Error) and gone and away < AWAY
                if not self._patient:
                    raise
            else:
                self._patient = True
                return db, answers
            self._sleep(pause)  # nothing was written yet; at first at once, over a new connection
            slept, pause = slept + pause, 0.5

    def _connected(self) -> Db:
        if self._db is None or self._db.closed:
            given = psycopg.conninfo.conninfo_to_dict(self._place.conninfo)
            defaults = {name: value for name, value in _CONNECTION.items() if name not in given}
            # Nothing is prepared: a plan for these very keys is better, and a pooler may change the server's process.
            db = psycopg.connect(
                self._place.conninfo,
                autocommit=True,
                prepare_threshold=None,
                **defaults,  # type: ignore[arg-type]  # libpq's
            )
            db.adapters.register_dumper(str, _TextDumper)
            self._db = db
        return self._db

    @contextmanager
    def _transaction(self, begun: tuple[Db, list[list[Any]]], *, keep: bool = True) -> Iterator[Db]:
        db, _ = begun
        try:
            yield db
            if keep:
                db.commit()
            else:
                db.rollback()
        except BaseException:
            _roll_back(db)
            raise


def _answers(db: Db, sql: str) -> list[list[Any]]:
    cursor = db.execute(sql)
    answers = []
    while True:
        if cursor.description is not None:
            answers.append(cursor.fetchall())
        if not cursor.nextset():
            return answers


def _roll_back(db: Db) -> None:
    with suppress(psycopg.Error):
        db.rollback()


# --- Text -------------------------------------------------------------------------------------------------------------

_MARK = "␀"


class _TextDumper(StrDumper):
    """PostgreSQL has no NUL in its text; a backend's answer may hold one."""

    def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
        return super().dump(escaped(obj))


def to_escape(text: str) -> bool:
    """True if there may be something to escape in a text, or in a JSON text."""
    return "\0" in text or "\\u0000" in text or _MARK in text


def escaped(text: str) -> str:
    """Text as it is stored."""
    return text.replace(_MARK, f"{_MARK}1").replace("\0", f"{_MARK}0")


def unescaped(records: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Records as they went in."""
    for record in records:
        if any(type(cell) is str and _MARK in cell for cell in record):
            yield tuple(_unescaped(cell) if type(cell) is str else cell for cell in record)
        else:
            yield record


def _unescaped(text: str) -> str:
    return text.replace(f"{_MARK}0", "\0").replace(f"{_MARK}1", _MARK)


# --- Errors -----------------------------------------------------------------------------------------------------------


def damaged(place: Place, why: object) -> StateError:
    """The one line for a state that cannot be read."""
    return StateError(
        f"state {place.url} is damaged: {place.redacted(str(why))}; restore a backup of the schema, or drop it and "
        "`haplan state push` a copy that `haplan state pull` made"
    )


def reason(place: Place, error: Exception) -> str:
    """Why something failed, in one line without secrets."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return f"another process has been writing it for more than {BUSY} s"
    text = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return place.redacted(text or str(error))


@contextmanager
def readable(place: Place) -> Iterator[None]:
    """Say in one line what is wrong with a state that cannot be read.

    Raises:
        StateError: Instead of what the server or a decoder raised.
    """
    wrong = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.DataError)
    try:
        yield
    except wrong as error:
        raise damaged(place, reason(place, error)) from None
    except psycopg.Error as error:
        raise StateError(f"state {place.url} cannot be read now: {reason(place, error)}") from None
    except (ValueError, TypeError) as error:
        raise damaged(place, error) from None

"""The state backend itself: a short story of which transaction does what."""

import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import sleep as pause
from typing import TypeVar

import attrs
import psycopg

from haplan.plugin import (
    HaplanError,
    Holder,
    Intent,
    Locked,
    Run,
    State,
    StateError,
    StateNotSaved,
    Tree,
    Update,
    codec,
    lease,
    recovery,
    refuse_push,
)
from haplan.plugin import (
    parse_document as parse,
)
from haplan.plugin import (
    pull_document as pull,
)
from haplan_postgres import reading, schema, writing
from haplan_postgres.link import Db, Link, readable, reason
from haplan_postgres.place import Place

SERVER_TIME = "SELECT extract(epoch FROM clock_timestamp())::float8"

Mint = Callable[[], tuple[str, bytes]]
T = TypeVar("T")


def _mint() -> tuple[str, bytes]:
    return str(uuid.uuid4()), secrets.token_bytes(32)


@attrs.frozen
class _Moment:
    """A transaction that writes: the lock's row is held, and this is the server's time."""

    db: Db
    there: Holder
    now: float


class PostgresState:
    """A state in one schema of a PostgreSQL database.

    Threads: one.

    The lock is a row, not a session: a run survives a lost connection, and who died is told by the lease. Each write
    holds that row, so its token is compared in the transaction that writes. Every write but `lock` is refused unless
    this very object holds the lock.

    Attributes:
        url: Where, without a password.
        migrated: URL of the copy that was made of an older state before it was migrated, or "".
    """

    def __init__(
        self, place: Place, *, mint: Mint = _mint, time: str = SERVER_TIME, sleep: Callable[[float], None] = pause
    ) -> None:
        self.url = place.url
        self.migrated = ""
        self._place = place
        self._link = Link(place, sleep)
        self._mint, self._time = mint, time
        self._ready = False
        self._held: Holder | None = None
        self._lineage = ""

    # --- Reading ------------------------------------------------------------------------------------------------------

    def load(self) -> State:
        """The whole state; an empty one where there is no schema."""
        return self._read(reading.load) or State()

    def look(self, addresses: Sequence[str]) -> State:
        """The rows of these addresses, outputs and runs."""
        return self._read(lambda db: reading.look(db, addresses)) or State()

    def siblings(self) -> list[str]:
        """The URLs of the states in this database."""
        return [self._place.beside(name) for name in _schemas(self._place, self._link)]

    def now(self) -> float:
        """The server's time."""
        with readable(self._place), self._link.reading() as db:
            ((now,),) = db.execute(self._time).fetchall()
        return float(now)

    def holder(self) -> Holder | None:
        """Who holds the lock, its lease run out or not."""
        return self._read(reading.holder)

    def as_of(self, serial: int) -> State:
        """Rows, orders and outputs as the run of that serial left them.

        Raises:
            StateError: There is no such serial, or its history was pruned.
        """
        found = self._read(lambda db: reading.as_of(db, serial))
        if found is None:
            raise StateError(f"state {self.url} is not there: nothing was recorded yet")
        return found

    def _read(self, query: Callable[[Db], T]) -> T | None:
        return _queried(self._place, self._link, query)

    # --- The lock -----------------------------------------------------------------------------------------------------

    def lock(self, holder: Holder, *, takeover: bool = True) -> Holder:
        """Take the lock; makes the schema where there is none, and migrates an older one.

        Raises:
            Locked: Somebody else holds it, and is neither dead nor past the lease.
        """
        with self._transaction("the lock was not taken") as at:
            taken = writing.put_holder(at.db, lease.taken(at.there, holder, at.now, takeover=takeover))
        self._held = taken
        return taken

    def renew(self, holder: Holder) -> Holder:
        """Extend the lease; raises `Locked` if it was lost."""

        def longer(at: _Moment) -> Holder:
            return writing.put_holder(at.db, lease.renewed(at.there, holder, at.now))

        self._held = renewed = self._locked("the lease was not extended", longer)
        return renewed

    def unlock(self, holder_id: str) -> Holder | None:
        """Give the lock back, or take it from the holder of that id; None if that one does not hold it."""
        if not self._ready and self.holder() is None:
            return None
        with self._transaction("the lock is as it was") as at:
            mine = bool(at.there.id) and at.there.id == holder_id
            if mine:
                writing.put_holder(at.db, lease.freed(at.there))
        if self._held is not None and self._held.id == holder_id:
            self._held = None
        return at.there if mine else None

    # --- Writing ------------------------------------------------------------------------------------------------------

    def begin(self, run: Run) -> Run:
        """Open a run. One that is begun again under its old id goes on with its serial."""
        opened, self._lineage = self._locked("the run was not begun", lambda at: _begun(at, run, self._mint))
        return opened

    def save(self, update: Update) -> None:
        """Write one update, all or nothing.

        Raises:
            Locked: The lock is no longer ours.
            Stale: A row is not what `Update.expected` says.
            StateNotSaved: It could not be written; the message says where it is kept.
        """
        _must_hold(self._held, self.url)
        try:
            _twice(self._link, lambda: self._save_once(update))
        except (psycopg.Error, ValueError) as error:  # ValueError: text or a number that no database can hold
            folder, stem, why = Path.cwd(), self._place.schema, reason(self._place, error)
            raise recovery.not_saved(self.url, folder, stem, self._lineage, update, why) from None

    def end(self, run: Run) -> None:
        """Close a run with its result."""
        self._locked("only the end of the run is missing", lambda at: writing.end(at.db, run, at.now), StateNotSaved)

    def journal(self, intents: Sequence[Intent]) -> list[Intent]:
        """Make intents durable together, all or none; gives them with their ids."""
        made = list(intents)

        def keep(at: _Moment) -> list[Intent]:
            made[:] = writing.journal(at.db, made)  # once more under the same ids
            return made

        return self._locked("no further write was begun", keep, StateNotSaved)

    def settle_intents(self, outcomes: Sequence[tuple[int, str, Mapping[str, Tree]]]) -> None:
        """Record outcomes: (id, outcome, result)."""
        missing = "the intents stay open; plan again to find out what became of them"
        self._locked(missing, lambda at: writing.settle(at.db, outcomes), StateNotSaved)

    def push(self, document: bytes) -> None:
        """Put a pulled state in place of this one; the secret key stays.

        Raises:
            StateError: It is damaged, of another lineage, older, or changed without a new serial.
        """
        state = parse(document)

        def put(at: _Moment) -> None:
            stored = reading.load(at.db)
            if pull(stored) != pull(state):
                refuse_push(state, stored, self.url)
                writing.push(at.db, state, stored, self._mint())

        self._locked("nothing was pushed", put)

    def prune(self, keep: int) -> int:
        """Forget the history of all but the latest `keep` runs; gives how many runs were forgotten."""
        return self._locked("nothing was pruned", lambda at: writing.prune(at.db, keep))

    def close(self) -> None:
        """Let go of the connection. The lock stays as it is."""
        self._link.close()

    # --- Transactions -------------------------------------------------------------------------------------------------

    def _save_once(self, update: Update) -> None:
        with self._writing() as at:
            lease.fenced(at.there, self._held, at.now)
            writing.save(at.db, update)

    @contextmanager
    def _writing(self) -> Iterator[_Moment]:
        self._make_ready()
        with self._link.writing(f"{reading.HOLDER} FOR UPDATE; {self._time}") as (db, (((there),), ((now,),))):
            yield _Moment(db, codec.holder(there), float(now))

    def _locked(self, missing: str, work: Callable[[_Moment], T], kind: type[HaplanError] = StateError) -> T:
        """Do it while the lock is ours; `missing` says what is then missing if that cannot be."""
        _must_hold(self._held, self.url)

        def once() -> T:
            with self._writing() as at:
                lease.fenced(at.there, self._held, at.now)
                return work(at)

        with _told(self._place, missing, kind):
            return _twice(self._link, once)

    @contextmanager
    def _transaction(self, missing: str) -> Iterator[_Moment]:
        with _told(self._place, missing, StateError), self._writing() as at:
            yield at

    def _make_ready(self) -> None:
        """Once: make the schema, or bring an older one up to date. What is no state of ours stays as it is."""
        if self._ready:
            return
        with self._link.writing() as (db, _):
            self.migrated = _prepared(db, self._place, self.url, self._time)
        self._ready = True


def _queried(place: Place, link: Link, query: Callable[[Db], T]) -> T | None:
    """What a query finds, in an older state too; None where there is no schema."""
    with readable(place):
        with link.reading() as db:
            lacking = schema.pending(db, place)
            if lacking is None:
                return None
            if not lacking:
                return query(db)
        with link.scratch() as db:
            schema.migrated_copy(db, place, lacking)
            return query(db)


def _twice(link: Link, work: Callable[[], T]) -> T:
    """Done twice is the same as once: if the connection breaks, perhaps after all was written, once more."""
    try:
        return work()
    except psycopg.OperationalError:
        if not link.lost:
            raise
        return work()


@contextmanager
def _told(place: Place, missing: str, kind: type[HaplanError]) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, UnicodeEncodeError) as error:
        why = reason(place, error)
        raise kind(f"state {place.url} cannot be written: {why}; {missing}") from None


def _begun(at: _Moment, run: Run, mint: Mint) -> tuple[Run, str]:
    return writing.begin(at.db, run, mint()), reading.meta(at.db)["lineage"]


def _must_hold(held: Holder | None, url: str) -> None:
    if held is None:
        raise Locked(f"state {url} can be written only with its lock, which this run does not hold")


def _prepared(db: Db, place: Place, url: str, time: str) -> str:
    """Make the schema, or bring it up to date; gives the URL of the copy of an older one, or ""."""
    schema.alone(db, place)
    lacking = schema.pending(db, place)
    if lacking is None:
        schema.create(db, place)
    if not lacking:
        return ""
    ((record,), ((now,),)) = db.execute(f"{reading.HOLDER} FOR UPDATE").fetchall(), db.execute(time).fetchall()
    there = codec.holder(record)
    if there.id and there.until > now:
        raise Locked(
            f"state {url} was made by an older haplan and is in use by {there.who} on {there.where} "
            f"(pid {there.pid}); it can be migrated when that run has ended"
        )
    copy = schema.backup(db, place, len(schema.STEPS) - len(lacking))
    schema.migrate(db, lacking)
    return place.beside(copy)


def _schemas(place: Place, link: Link) -> list[str]:
    with readable(place), link.reading() as db:
        return reading.schemas(db)

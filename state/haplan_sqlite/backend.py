"""The state backend itself: a short story of which transaction does what."""

import secrets
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from haplan.plugin import (
    Clock,
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
    recovery,
    refuse_push,
)
from haplan.plugin import (
    parse_document as parse,
)
from haplan.plugin import (
    pull_document as pull,
)
from haplan_sqlite import frozen, history, lease, reading, schema, writing

Mint = Callable[[], tuple[str, bytes]]


def _mint() -> tuple[str, bytes]:
    return str(uuid.uuid4()), secrets.token_bytes(32)


def open_sqlite(url: str, clock: Clock) -> "SqliteState":
    """Open ``sqlite:///relative/state.db``, ``sqlite:////absolute/state.db`` or a plain path. Touches no file.

    Raises:
        StateError: The URL is of another kind.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        rest = f"/{url}"
    elif scheme != "sqlite" or not rest.startswith("/"):
        raise StateError(f"state URL {url!r} cannot be used here: write sqlite:///path/state.db, or a path")
    if rest == "/":
        raise StateError(f"state URL {url!r} names no file: write sqlite:///path/state.db")
    return SqliteState(Path(rest[1:]), clock)


class SqliteState:
    """A state in one SQLite file.

    Threads: one.

    Reading opens the file anew each time until this object has written; then both use one connection. Every write but
    `lock` is refused unless this very object holds the lock.

    Attributes:
        url: Where, as an absolute ``sqlite:///`` URL.
        path: The file.
        migrated: Path of the copy that was made of an older state before it was migrated, or "".
    """

    def __init__(self, path: Path, clock: Clock, *, mint: Mint = _mint) -> None:
        self.path = path.resolve()  # now: a later change of folder must not change the state
        self.url = f"sqlite:///{self.path}"
        self.migrated = ""
        self._clock = clock
        self._mint = mint
        self._writer: sqlite3.Connection | None = None
        self._file = (0, 0)
        self._held: Holder | None = None
        self._lineage = ""

    # --- Reading ------------------------------------------------------------------------------------------------------

    def load(self) -> State:
        """The whole state; an empty one where there is no file."""
        return self._read(reading.load_checked) or State()

    def look(self, addresses: Sequence[str]) -> State:
        """The rows of these addresses, outputs and runs."""
        return self._read(lambda db: reading.look(db, addresses)) or State()

    def now(self) -> float:
        """This machine's clock."""
        return self._clock.now()

    def holder(self) -> Holder | None:
        """Who holds the lock, its lease run out or not."""
        return self._read(lease.holder)

    def as_of(self, serial: int) -> State:
        """Rows, orders and outputs as the run of that serial left them.

        Raises:
            StateError: There is no such serial, or its history was pruned.
        """
        found = self._read(lambda db: history.as_of(db, serial))
        if found is None:
            raise StateError(f"state {self.path} is not there: nothing was recorded yet")
        return found

    def _read(self, query: "reading.Query[reading.T]") -> "reading.T | None":
        if self._writer is not None:
            with reading.readable(self.path), _snapshot(self._writer, self.path) as db:
                return query(db)
        if not self.path.exists():
            return None
        return reading.read(self.path, query)

    # --- The lock -----------------------------------------------------------------------------------------------------

    def lock(self, holder: Holder, *, takeover: bool = True) -> Holder:
        """Take the lock; makes the file where there is none, and migrates an older one.

        Raises:
            Locked: Somebody else holds it, and is neither dead nor past the lease.
        """
        with self._transaction("the lock was not taken") as db:
            taken = lease.take(db, holder, self._clock.now(), takeover=takeover)
        self._held = taken
        return taken

    def renew(self, holder: Holder) -> Holder:
        """Extend the lease; raises `Locked` if it was lost."""
        self._must_hold()
        with self._transaction("the lease was not extended") as db:
            renewed = lease.renew(db, holder, self._clock.now())
        self._held = renewed
        return renewed

    def unlock(self, holder_id: str) -> Holder | None:
        """Give the lock back, or take it from the holder of that id; None if that one does not hold it."""
        if self._writer is None and not self.path.exists():
            return None
        with self._transaction("the lock is as it was") as db:
            released = lease.release(db, holder_id)
        if self._held is not None and self._held.id == holder_id:
            self._held = None
        return released

    # --- Writing ------------------------------------------------------------------------------------------------------

    def begin(self, run: Run) -> Run:
        """Open a run. One that is begun again under its old id goes on with its serial."""
        with self._locked("the run was not begun") as db:
            opened = writing.begin(db, run, self._mint())
            self._lineage = reading.meta(db)["lineage"]
        return opened

    def save(self, update: Update) -> None:
        """Write one update, all or nothing.

        Raises:
            Locked: The lock is no longer ours.
            Stale: A row is not what `Update.expected` says.
            StateNotSaved: It could not be written; the message says where it is kept.
        """
        self._must_hold()
        try:
            with writing.transaction(self._writing(), self.path) as db:
                lease.fence(db, self._held, self._clock.now())
                writing.save(db, update)
        except (sqlite3.Error, ValueError) as error:  # ValueError: text or a number that no file can hold
            folder, stem = self.path.parent, self.path.name
            raise recovery.not_saved(str(self.path), folder, stem, self._lineage, update, error) from error

    def end(self, run: Run) -> None:
        """Close a run with its result."""
        with self._locked("only the end of the run is missing", StateNotSaved) as db:
            writing.end(db, run, self._clock.now())

    def journal(self, intents: Sequence[Intent]) -> list[Intent]:
        """Make intents durable together, all or none; gives them with their ids."""
        with self._locked("no further write was begun", StateNotSaved) as db:
            return writing.journal(db, intents)

    def settle_intents(self, outcomes: Sequence[tuple[int, str, Mapping[str, Tree]]]) -> None:
        """Record outcomes: (id, outcome, result)."""
        with self._locked("the intents stay open; plan again to find out what became of them", StateNotSaved) as db:
            writing.settle(db, outcomes)

    def push(self, document: bytes) -> None:
        """Put a pulled state in place of this one; the secret key stays.

        Raises:
            StateError: It is damaged, of another lineage, older, or changed without a new serial.
        """
        state = parse(document)
        with self._locked("nothing was pushed") as db:
            stored = reading.load(db)
            refuse_push(state, stored, str(self.path))
            if pull(stored) != pull(state):
                writing.push(db, state, stored, self._mint())

    def prune(self, keep: int) -> int:
        """Forget the history of all but the latest `keep` runs; gives how many runs were forgotten."""
        with self._locked("nothing was pruned") as db:
            gone = history.prune(db, keep)
        history.give_back(self._writing())
        return gone

    def close(self) -> None:
        """Let go of the file; the last to do so leaves neither -wal nor -shm. The lock stays as it is."""
        if self._writer is not None:
            writing.close(self._writer, self.path)
        self._writer = None

    # --- Connections --------------------------------------------------------------------------------------------------

    def _writing(self) -> sqlite3.Connection:
        if self._writer is not None:
            if _identity(self.path) != self._file:  # SQLite would go on writing to a file that nobody finds again
                raise sqlite3.OperationalError("the file was removed or replaced while it was in use")
            frozen.refuse(self.path)
            return self._writer
        _make(self.path)
        # Looked at before it is opened for writing: a file that is no state of ours stays as it is.
        reading.read(self.path, reading.meta)
        db = writing.open_writer(self.path)
        try:
            with reading.readable(self.path):
                if schema.pending(db, self.path):
                    self.migrated = _migrated(db, self.path, self._clock.now())
        except BaseException:
            writing.close(db, self.path)
            raise
        self._writer, self._file = db, _identity(self.path)
        return db

    @contextmanager
    def _locked(self, missing: str, kind: type[HaplanError] = StateError) -> Iterator[sqlite3.Connection]:
        self._must_hold()
        with self._transaction(missing, kind) as db:
            lease.fence(db, self._held, self._clock.now())
            yield db

    @contextmanager
    def _transaction(self, missing: str, kind: type[HaplanError] = StateError) -> Iterator[sqlite3.Connection]:
        try:
            with writing.transaction(self._writing(), self.path) as db:
                yield db
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise kind(f"state {self.path} cannot be written: {error}; {missing}") from None

    def _must_hold(self) -> None:
        if self._held is None:
            raise Locked(f"state {self.path} can be written only with its lock, which this run does not hold")


def _make(path: Path) -> None:
    """Make the file where there is none."""
    try:
        if not path.exists():
            schema.create(path)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise StateError(f"state {path} cannot be made: {why}; nothing was changed") from None


def _migrated(db: sqlite3.Connection, path: Path, now: float) -> str:
    """Bring a state up to date, unless an older haplan is at work on it; gives the copy of what it was."""
    there = lease.holder(db)
    if there is not None and there.until > now:
        raise Locked(
            f"state {path} was made by an older haplan and is in use by {there.who} on {there.where} "
            f"(pid {there.pid}); it can be migrated when that run has ended"
        )
    return str(writing.migrate(db, path) or "")


def _identity(path: Path) -> tuple[int, int]:
    try:
        file = path.stat()
    except OSError:
        return (0, 0)
    return (file.st_dev, file.st_ino)


@contextmanager
def _snapshot(db: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    frozen.refuse(path)
    db.execute("BEGIN")
    try:
        yield db
    finally:
        db.execute("ROLLBACK")

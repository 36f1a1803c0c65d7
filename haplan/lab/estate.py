"""The estate: everything a simulator knows, in one SQLite file.

Each exchange is one transaction, committed before its answer leaves: what was answered survives the death of the
process (WAL, `synchronous = NORMAL`; a power cut is not simulated).
"""

import contextlib
import json
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import attrs

from haplan.plugin import HaplanError, SteadyClock, Tree

_TIME = SteadyClock()
"""Of this process: setting the machine's clock makes no pair form sooner or later."""
META = "create table if not exists meta (key text primary key, value text not null) without rowid"
NOW = "select (select value from meta where key = 'offset'), (select value from meta where key = 'reached')"


class Tx:
    """One transaction on the estate.

    Threads: one; it lives for one transaction.

    Attributes:
        db: Connection inside a transaction.
        now: The lab's clock, the same for the whole transaction unless a fault lets time pass.
    """

    def __init__(self, db: sqlite3.Connection, now: float) -> None:
        self.db = db
        self.now = now

    def one(self, sql: str, *values: Tree) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Tree) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def run(self, sql: str, *values: Tree) -> int:
        """Carry out a statement; gives how many rows it changed."""
        return self.db.execute(sql, values).rowcount

    def number(self, sql: str, *values: Tree) -> int:
        return int(self.db.execute(sql, values).fetchone()[0])

    def meta(self, key: str) -> str | None:
        row = self.one("select value from meta where key = ?", key)
        return None if row is None else str(row[0])

    def remember(self, key: str, value: str) -> None:
        self.run("insert into meta values (?, ?) on conflict (key) do update set value = excluded.value", key, value)

    def let_pass(self, seconds: float) -> None:
        """Move the clock of all processes."""
        self.run("update meta set value = value + ? where key = 'offset'", seconds)
        self.now += seconds

    def reached(self) -> None:
        """No process is behind this moment from now on."""
        self.run("update meta set value = ? where key = 'reached'", repr(self.now))


T = TypeVar("T", bound=Tx)
S = TypeVar("S", bound=attrs.AttrsInstance)


class Estate(ABC, Generic[T]):
    """Opens the file, makes it when missing, and hands out transactions. Subclass it: `tables`, `transaction`, `seed`.

    Threads: any, each with a connection of its own; who opened it closes it, when nobody serves it any more.

    Attributes:
        folder: Where it is kept.
        file: The database; nobody else reads it: it holds what clients were given.
        tables: SQL of its tables, separated by semicolons.
    """

    tables: str = ""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.file = folder / name
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._behind = 0.0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            self.close()
            said = error.strerror if isinstance(error, OSError) else error
            raise HaplanError(f"{self.file}: the simulated estate cannot be opened: {said}") from None

    @abstractmethod
    def transaction(self, db: sqlite3.Connection, now: float) -> T:
        """What a transaction is here."""

    def seed(self, tx: T) -> None:
        """Put in what a new or reopened estate has to have; called once, when it is opened."""

    @contextlib.contextmanager
    def write(self) -> Iterator[T]:
        """A transaction that is durable when the block ends, or undone when it raises."""
        db = self._connection()
        db.execute("begin immediate")
        try:
            tx = self.transaction(db, self.now())
            yield tx
            tx.reached()
        except BaseException:
            db.execute("rollback")
            raise
        db.execute("commit")

    @contextlib.contextmanager
    def read(self) -> Iterator[T]:
        """A consistent view."""
        db = self._connection()
        db.execute("begin")
        try:
            yield self.transaction(db, self.now())
        finally:
            db.execute("rollback")

    def now(self) -> float:
        """Time as it passes, and the offset that all processes agree on; asked often, so it is one statement.

        Two processes that began at different times may read the machine's clock a little differently: one that is
        behind what another has written goes on from there, so that nothing written lies in the future.
        """
        offset, reached = self._connection().execute(NOW).fetchone()
        now = _TIME.now() + float(offset)
        self._behind = max(self._behind, float(reached) - now)
        return now + self._behind

    def close(self) -> None:
        while self._connections:
            self._connections.pop().close()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            self.file.touch(mode=0o600)
            db = sqlite3.connect(self.file, timeout=30, isolation_level=None, check_same_thread=False)
            db.row_factory = sqlite3.Row
            for pragma in ("journal_mode = wal", "synchronous = normal", "cache_size = -32000"):
                db.execute(f"pragma {pragma}").fetchone()
            self._local.db = db
            self._connections.append(db)
        return db

    def _prepare(self) -> None:
        db = self._connection()
        db.execute("begin immediate")
        try:
            for statement in (META, *self.tables.split(";")):
                db.execute(statement)
            db.execute("insert or ignore into meta values ('offset', '0'), ('reached', '0')")
            self.seed(self.transaction(db, self.now()))
        except BaseException:
            db.execute("rollback")
            raise
        db.execute("commit")


class DefinedEstate(Estate[T], Generic[T, S]):
    """An estate with settings, which all its processes go by: kept in it, those of the definition that came last.

    Threads: any; the settings are one value, replaced when they changed.

    Attributes:
        settings: Class of them.
    """

    settings: type[S]

    def __init__(self, folder: Path, name: str) -> None:
        self._read: tuple[str, S] = ("", self.settings())
        super().__init__(folder, name)

    def settle(self, tx: T, settings: S) -> None:
        """These hold from now on."""
        tx.remember("settings", json.dumps(attrs.asdict(settings)))

    def settled(self, db: sqlite3.Connection) -> S:
        """The settings that hold; asked for every transaction, so they are read anew only where they changed."""
        row = db.execute("select value from meta where key = 'settings'").fetchone()
        text = "{}" if row is None else str(row[0])
        read = self._read  # another thread may put other ones there
        if text != read[0]:
            read = self._read = (text, self.settings(**json.loads(text)))
        return read[1]


class LabClock:
    """Wall time plus an offset that is stored in the estate, so that all its processes agree."""

    def __init__(self, estate: Estate[Any]) -> None:
        self._estate = estate

    def now(self) -> float:
        return self._estate.now()

    def sleep(self, seconds: float) -> None:
        """Lets the time pass at once, for everybody."""
        if seconds > 0:
            with self._estate.write() as tx:
                tx.let_pass(seconds)

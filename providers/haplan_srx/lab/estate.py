"""The estate: every simulated box, its configurations, commits and sessions, in one SQLite file; see `haplan.lab`.

What takes time is stored as timestamps and computed when somebody asks (`power.settle`).
"""

import contextlib
import hashlib
import pathlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from lxml import etree

from haplan.lab import Tx as LabTx
from haplan.lab import mishaps
from haplan.lab.estate import DefinedEstate
from haplan.plugin import Tree
from haplan_srx.lab.config.tree import Element
from haplan_srx.lab.definition import LabDefinition, Settings, names

TABLES = (
    """
create table if not exists configs (hash text primary key, xml text not null) without rowid;
create table if not exists boxes (
    mac text primary key, seq integer not null, serial text not null, model text not null, version text not null,
    name text not null, pair text, reached text not null, fxp0 integer not null, host_key text not null,
    db integer not null, cluster integer not null default 0, node integer not null default 0,
    next_cluster integer, next_node integer, booted real not null, down_until real,
    disabled integer not null default 0) without rowid;
create index if not exists boxes_by_down on boxes (down_until);
create index if not exists boxes_by_db on boxes (db);
create table if not exists dbs (
    id integer primary key, running text not null, candidate text, candidate_by text, candidate_at real,
    deadline real, rescue text, revision integer not null, look real);
create index if not exists dbs_by_deadline on dbs (deadline);
create index if not exists dbs_by_look on dbs (look);
create table if not exists commits (
    seq integer primary key, db integer not null, at real not null, user text not null, client text not null,
    log text not null, hash text not null, confirmed integer, mac text not null, session integer);
create index if not exists commits_by_db on commits (db, seq);
create table if not exists pending (
    seq integer primary key, mac text not null, due real not null, work text not null);
create table if not exists sessions (
    id integer primary key autoincrement, server text not null, mac text not null, user text not null,
    since real not null, mode text not null default '', private text, base text, used real not null);
create index if not exists sessions_by_mac on sessions (mac);
create table if not exists servers (id text primary key, pid integer not null, started text not null) without rowid;
create table if not exists users (name text primary key, password text not null, key text not null) without rowid;
create table if not exists broken (mac text not null, port text not null, since real not null,
    primary key (mac, port)) without rowid;
create table if not exists groups (
    db integer not null, id integer not null, owner integer not null, failovers integer not null, manual integer,
    primary key (db, id)) without rowid;
create table if not exists transitions (
    seq integer primary key, db integer not null, at real not null, id integer not null, node integer not null,
    old text not null, new text not null, reason text not null);
create table if not exists requests (
    seq integer primary key, at real not null, mac text not null, session integer not null, rpc text not null,
    result text not null);
"""
    + mishaps.TABLE
)

F = TypeVar("F")


class Tx(LabTx):
    """One transaction: the connection, the instant, the settings, and configurations by hash.

    Threads: one; it lives for one transaction.

    Attributes:
        settings: How the boxes behave.
    """

    def __init__(self, db: sqlite3.Connection, now: float, settings: Settings, configs: "Configs") -> None:
        super().__init__(db, now)
        self.settings, self._configs = settings, configs

    def insert(self, sql: str, *values: Tree) -> int:
        """Carry out an insert; gives the number of the new row."""
        return int(self.db.execute(sql, values).lastrowid or 0)

    @contextlib.contextmanager
    def at(self, instant: float) -> Iterator[None]:
        """What was due is dated when it was due, not when somebody looked."""
        now, self.now = self.now, instant
        yield
        self.now = now

    def box(self, mac: str) -> sqlite3.Row:
        row = self.one("select * from boxes where mac = ?", mac)
        if row is None:
            raise LookupError(f"no box {mac}")
        return row

    def config(self, hash_: str) -> Element:
        """A stored configuration; shared, never to be changed."""
        return self._configs.get(self, hash_)

    def once(self, key: tuple[Any, ...], compute: Callable[[], F]) -> F:
        """What follows from a stored configuration alone, computed once; the key begins with its hash."""
        return self._configs.once(key, compute)

    def keep(self, config: Element) -> str:
        """Store a configuration and give its hash."""
        return self._configs.put(self, config)


class Configs:
    """Parsed configurations of this process, by hash of their text, and what was found out about them.

    Threads: any. What is kept follows from its key, and whoever wants it keeps what it found itself: another thread may
    have let go of it in between.
    """

    def __init__(self) -> None:
        self._known: dict[str, Element] = {}
        self._found: dict[Any, Any] = {}

    def get(self, tx: Tx, hash_: str) -> Element:
        found = self._known.get(hash_)
        if found is None:
            row = tx.one("select xml from configs where hash = ?", hash_)
            if row is None:
                raise LookupError(f"no configuration {hash_}")
            found = etree.fromstring(row[0])
            self._remember(hash_, found)
        return found

    def once(self, key: tuple[Any, ...], compute: Callable[[], F]) -> F:
        """What follows from a configuration alone."""
        try:
            found: F = self._found[key]
        except KeyError:
            found = self._found[key] = compute()
        return found

    def put(self, tx: Tx, config: Element) -> str:
        text = etree.tostring(config, encoding="unicode")
        hash_ = hashlib.sha256(text.encode()).hexdigest()[:32]
        tx.run("insert or ignore into configs values (?, ?)", hash_, text)
        self._remember(hash_, etree.fromstring(text))
        return hash_

    def _remember(self, hash_: str, config: Element) -> None:
        if len(self._known) > 2000:
            self._known.clear()
            self._found.clear()
        self._known[hash_] = config


class Estate(DefinedEstate[Tx, Settings]):
    """The file `srx.db`."""

    tables = TABLES
    settings = Settings

    def __init__(
        self, folder: pathlib.Path, definition: LabDefinition, seed: Callable[[Tx, LabDefinition], None]
    ) -> None:
        self._configs = Configs()
        self._definition, self._seed = definition, seed
        super().__init__(folder, "srx.db")

    def transaction(self, db: sqlite3.Connection, now: float) -> Tx:
        return Tx(db, now, self.settled(db), self._configs)

    def seed(self, tx: Tx) -> None:
        self.settle(tx, self._definition.settings)
        self._seed(tx, self._definition)
        for sort in ("fault", "boot", "silent"):
            mishaps.replace_mishaps(tx, sort, "definition", getattr(self._definition, f"{sort}s"))


def next_mishap(
    tx: Tx, sort: str, box: sqlite3.Row, fits: Callable[[Mapping[str, Tree]], bool]
) -> dict[str, Tree] | None:
    """What goes wrong on purpose with this box, if it is its turn."""
    return mishaps.next_mishap(tx, sort, lambda spec: names(spec["device"], box["mac"], box["name"]) and fits(spec))

"""The tables, and how an older file becomes a newer one.

sqlite-utils makes tables and keeps account of migrations; it is imported only where something is created or migrated,
because it is slow to import and a plan of an up-to-date state does not need it.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from haplan.plugin import (
    FORMAT,
    StateError,
)

if TYPE_CHECKING:
    from sqlite_utils.db import Database
    from sqlite_utils.migrations import Migrations

BUSY = 10.0
"""Seconds to wait for another process's transaction; ours take milliseconds, so ten seconds mean something is wrong."""

ABANDONED = 3600.0
"""Seconds after which nobody is at work any more on a draft of a state: making one takes less than a second."""

TABLES = (
    "meta",
    "rows",
    "row_history",
    "placements",
    "orders",
    "order_history",
    "outputs",
    "output_history",
    "providers",
    "intents",
    "runs",
    "applied",
    "lock",
)

Step = tuple[str, Callable[["Database"], None]]


# --- Migrations: a step that was released is never edited; a change is a new step -------------------------------------


def _state(db: "Database") -> None:
    row = {
        "address": str,
        "deposed": str,
        "type": str,
        "provider": str,
        "alias": str,
        "schema_version": int,
        "id": str,
        "name": str,
        "owner": str,
        "values": str,
        "hash": str,
        "declared": str,
        "sensitive": str,
        "depends_on": str,
        "lifecycle": str,
        "status": str,
        "private": str,
        "source": str,
        "serial": int,
        "seq": int,
    }
    order = {"document": str, "list": str, "names": str}
    output = {"name": str, "value": str, "sensitive": int}
    _table(db, "meta", {"key": str, "value": str}, "key")
    # `since` and `until` are the state's serials between which a version stood. `serial` of a pushed row may be older.
    _table(db, "rows", {**row, "since": int}, "address", "deposed")
    _table(db, "row_history", {**row, "since": int, "until": int}, "address", "deposed", "since")
    _table(db, "orders", {**order, "since": int}, "document", "list")
    _table(db, "order_history", {**order, "since": int, "until": int}, "document", "list", "since")
    _table(db, "outputs", {**output, "since": int}, "name")
    _table(db, "output_history", {**output, "since": int, "until": int}, "name", "since")
    placement = {"address": str, "document": str, "part": str, "status": str}
    _table(db, "placements", placement, "address", "document", "part")
    _table(db, "providers", {"name": str, "kind": str, "content": str}, "name", "kind")
    _runs(db)
    _lock(db)


def _runs(db: "Database") -> None:
    run = {
        "id": str,
        "serial": int,
        "digest": str,
        "started": float,
        "who": str,
        "command": str,
        "ended": float,
        "result": str,
    }
    intent = {
        "id": int,
        "run": str,
        "transaction": str,
        "address": str,
        "document": str,
        "provider": str,
        "step": str,
        "key": str,
        "idempotent": int,
        "addresses": str,
        "outcome": str,
        "result": str,
    }
    _table(db, "runs", run, "id")
    _table(db, "applied", {"digest": str}, "digest")
    _table(db, "intents", intent, "id")
    db.table("intents").create_index(["outcome"])  # the open ones are few among many


def _lock(db: "Database") -> None:
    lock = {
        "only": int,
        "token": int,
        "id": str,
        "who": str,
        "where": str,
        "pid": int,
        "what": str,
        "since": float,
        "until": float,
    }
    # One row for ever: the fencing token goes on counting while nobody holds the lock.
    _table(db, "lock", lock, "only")
    db.table("lock").insert(
        {"only": 1, "token": 0, "id": "", "who": "", "where": "", "pid": 0, "what": "", "since": 0.0, "until": 0.0}
    )


def _table(db: "Database", name: str, columns: Mapping[str, type], *key: str) -> None:
    pk = key[0] if len(key) == 1 else key
    db.table(name).create(dict(columns), pk=pk, not_null=set(columns) - set(key), strict=True)


def _entries(db: "Database") -> None:
    """No table changes, but values may hold entries, and notes destinations, from here on: haplan 0.1.0 would
    lose both.
    """


STEPS: tuple[Step, ...] = (("0001_state", _state), ("0002_entries", _entries))


def _migrations() -> "Migrations":
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("haplan_state")
    for name, step in STEPS:
        migrations(name=name)(step)
    return migrations


def migrate(db: sqlite3.Connection) -> None:
    """Carry out what is pending, in one transaction."""
    from sqlite_utils.db import Database

    tables = Database(db, execute_plugins=False)
    db.execute("BEGIN IMMEDIATE")
    try:
        _migrations().apply(tables)
        db.execute("INSERT OR REPLACE INTO meta VALUES ('format', ?)", [str(FORMAT)])
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


# --- What a file is ---------------------------------------------------------------------------------------------------


def damaged(path: Path, why: object) -> StateError:
    """The one line for a state that cannot be read."""
    return StateError(
        f"state {path} is damaged: {why}; restore a backup of the file, or delete it and "
        "`haplan state push` a copy that `haplan state pull` made"
    )


def pending(db: sqlite3.Connection, path: Path) -> Sequence[str]:
    """Names of the steps an older state lacks. Reads only.

    Raises:
        StateError: The state is newer than this haplan, or no state at all.
    """
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"meta", "_sqlite_migrations"} <= tables:
        raise StateError(f"{path} is a SQLite database, but not a state of haplan; give another file with --state")
    formats = [value for (value,) in db.execute("SELECT value FROM meta WHERE key = 'format'")]
    sql = "SELECT name FROM _sqlite_migrations WHERE migration_set = 'haplan_state'"
    applied = [name for (name,) in db.execute(sql)]
    known = [name for name, _ in STEPS]
    newer = sorted(set(applied) - set(known))
    if not formats or not formats[0].isdigit():
        raise damaged(path, "its format is not recorded")
    if int(formats[0]) > FORMAT or newer:
        step = f", step {newer[-1]}" if newer else ""
        raise StateError(
            f"state {path} has format {formats[0]}{step}; this haplan reads up to format {FORMAT}, step {known[-1]}: "
            "upgrade haplan"
        )
    lacking = [name for name in known if name not in applied]
    if not lacking and (missing := sorted(set(TABLES) - tables)):
        raise damaged(path, f"table {', '.join(missing)} is missing")
    return lacking


# --- Making files -----------------------------------------------------------------------------------------------------


def create(path: Path) -> None:
    """A new, empty state; does nothing if another process was quicker.

    Made under another name and then linked into place: whoever is killed on the way leaves no half-made state, and
    an empty file at this path is always damage, never a beginning.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    draft = _private_file(path)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as db:
            # Most commits change a few short rows: of a page of 4,096 bytes nearly all would be written for nothing.
            db.execute("PRAGMA page_size = 1024")
            migrate(db)  # before there is a write-ahead log: what a full disk keeps from being folded in would be lost
            db.execute("PRAGMA journal_mode = WAL")
        _durable(draft)
        with suppress(FileExistsError):
            _publish(draft, path)
        _durable(path.parent)
    finally:
        for left in path.parent.glob(f"{draft.name}*"):  # with what SQLite kept beside it
            left.unlink(missing_ok=True)


def backup(db: sqlite3.Connection, path: Path, steps_done: int) -> Path:
    """A copy of an older state beside it, before it is migrated."""
    target = path.with_name(f"{path.name}.step-{steps_done}.backup")
    draft = _private_file(path)
    with closing(sqlite3.connect(draft)) as copy:
        db.backup(copy)
    _durable(draft)
    draft.replace(target)
    return target


def in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    """An older state as this haplan reads it, without touching the file."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    db.backup(copy)
    migrate(copy)
    return copy


def _sweep(path: Path) -> None:
    """Take away what runs that were killed in the middle of this left behind."""
    for left in path.parent.glob(f".{path.name}.*.new*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                left.unlink()


def _private_file(path: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)  # made with mode 0600
    os.close(handle)
    return Path(name)


def _publish(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if not path.exists():
            draft.rename(path)


def _durable(path: Path) -> None:
    with suppress(OSError):  # some systems cannot sync a folder; SQLite syncs what it writes later
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

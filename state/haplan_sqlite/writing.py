"""Writing a state: what one transaction does. The caller opens and ends the transaction; see `transaction`."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from haplan.plugin import (
    Intent,
    OrderRow,
    OutputRow,
    PlacementRow,
    Row,
    Run,
    State,
    StateError,
    Tree,
    Update,
    codec,
    versions,
)
from haplan_sqlite import frozen, schema
from haplan_sqlite.reading import connect, meta

Outcomes = Iterable[tuple[int, str, Mapping[str, Tree]]]
Key = tuple[str, str]


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that may write.

    WAL lets readers go on while a run writes. With it SQLite advises synchronous=NORMAL, which may lose the last
    commits at a power cut. FULL here, for every commit: an intent must be on disk before its remote write is sent,
    and a remote write takes a thousand times as long as the sync.
    """
    db = connect(path, "mode=rw")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA fullfsync = 1")  # macOS: an ordinary sync stops at the disk's cache
    return db


def close(db: sqlite3.Connection, path: Path) -> None:
    """Let go of it; what was committed is safe in the -wal, whatever goes wrong."""
    if frozen.reason(path):
        frozen.left(db, path)
        return
    with suppress(sqlite3.Error):
        db.close()


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """All or nothing; waits for another writer, as long as `schema.BUSY` says. Frozen files are not committed to."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        frozen.refuse(path)
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk may have rolled back already
            db.execute("ROLLBACK")
        raise


# --- Runs -------------------------------------------------------------------------------------------------------------


def begin(db: sqlite3.Connection, run: Run, mint: tuple[str, bytes]) -> Run:
    """Give a run the next serial; at the first, give the state its lineage and key.

    Raises:
        StateError: A run of that id is there already, and others came after it.
    """
    known = meta(db)
    current = int(known.get("serial", 0))
    if "lineage" not in known:
        _note(db, "lineage", mint[0])
        _note(db, "secret_key", mint[1].hex())
    stored = db.execute("SELECT serial FROM runs WHERE id = ?", [run.id]).fetchone()
    if stored is not None and stored[0] != current:
        raise StateError(f"run {run.id} cannot go on: others wrote the state since; make a new plan")
    opened = attrs.evolve(run, serial=stored[0] if stored else current + 1, ended=0.0, result="")
    _note(db, "serial", str(opened.serial))
    _runs(db, [opened])
    _applied(db, [run.digest] if run.digest else [])
    return opened


def end(db: sqlite3.Connection, run: Run, now: float) -> None:
    """Close a run with its result."""
    db.execute("UPDATE runs SET ended = ?, result = ? WHERE id = ?", [run.ended or now, run.result, run.id])


def _runs(db: sqlite3.Connection, runs: Sequence[Run]) -> None:
    cells = [attrs.astuple(run) for run in runs]
    db.executemany(f"INSERT OR REPLACE INTO runs ({codec.quoted(codec.RUN)}) VALUES ({_marks(codec.RUN)})", cells)


def _applied(db: sqlite3.Connection, digests: Iterable[str]) -> None:
    db.executemany("INSERT OR IGNORE INTO applied VALUES (?)", [(digest,) for digest in digests])


# --- Intents ----------------------------------------------------------------------------------------------------------


def journal(db: sqlite3.Connection, intents: Iterable[Intent]) -> list[Intent]:
    """Keep intents; gives them with their ids."""
    names = codec.INTENT[: codec.INTENT.index("id")]
    sql = f"INSERT INTO intents ({codec.quoted(names)}) VALUES ({_marks(names)})"
    return [
        attrs.evolve(intent, id=db.execute(sql, codec.intent_cells(intent)[: len(names)]).lastrowid or 0)
        for intent in intents
    ]


def settle(db: sqlite3.Connection, outcomes: Outcomes) -> None:
    """Record outcomes.

    Raises:
        StateError: There is no such intent.
    """
    for id, outcome, result in outcomes:
        done = db.execute("UPDATE intents SET outcome = ?, result = ? WHERE id = ?", [outcome, codec.dumps(result), id])
        if not done.rowcount:
            raise StateError(f"intent {id} is not in the state")


# --- One save ---------------------------------------------------------------------------------------------------------


def save(db: sqlite3.Connection, update: Update) -> None:
    """Write one update.

    Raises:
        Stale: A row was moved by another run.
        StateError: The run was not begun.
    """
    found = db.execute("SELECT serial FROM runs WHERE id = ?", [update.run]).fetchone()
    if found is None:
        raise StateError(f"run {update.run} was not begun in this state; nothing was saved")
    serial: int = found[0]
    _compare(db, update.expected, serial)
    _delete_rows(db, update.deleted, serial)
    _put_rows(db, update.rows, serial)
    gone = map(codec.placement_key, update.placements_gone)
    db.executemany("DELETE FROM placements WHERE address = ? AND document = ? AND part = ?", gone)
    _put_placements(db, update.placements)
    _put_orders(db, update.orders, serial)
    if update.outputs is not None:
        _replace_outputs(db, update.outputs, serial)
    _put_providers(db, update)
    settle(db, update.intents)


def _compare(db: sqlite3.Connection, expected: Mapping[Key, int], serial: int) -> None:
    for key, read in expected.items():
        found = db.execute("SELECT serial FROM rows WHERE address = ? AND deposed = ?", key).fetchone()
        stored = found[0] if found else 0
        if stored in (read, serial) or (not found and _deleted_by(db, key, serial)):
            continue  # as it was read, or moved by this very run
        run = db.execute("SELECT id FROM runs WHERE serial = ?", [stored]).fetchone()
        versions.refuse_moved(key[0], read, stored, run[0] if run else "")


def _deleted_by(db: sqlite3.Connection, key: Key, serial: int) -> bool:
    sql = "SELECT 1 FROM row_history WHERE address = ? AND deposed = ? AND until = ?"
    return db.execute(sql, [*key, serial]).fetchone() is not None


def _delete_rows(db: sqlite3.Connection, keys: Sequence[Key], serial: int) -> None:
    _archive(db, "rows", ("address", "deposed"), keys, serial)
    db.executemany("DELETE FROM rows WHERE address = ? AND deposed = ?", keys)
    # Placements carry no mark of deposed rows: they are those of the current one.
    db.executemany("DELETE FROM placements WHERE address = ?", [(address,) for address, deposed in keys if not deposed])


def _put_rows(db: sqlite3.Connection, rows: Sequence[Row], since: int) -> None:
    """Write rows as this run's."""
    _archive(db, "rows", ("address", "deposed"), [(row.address, row.deposed) for row in rows], since)
    sql = "SELECT seq FROM rows WHERE address = ? AND deposed = ?"
    found = {(r.address, r.deposed): db.execute(sql, [r.address, r.deposed]).fetchone() for r in rows}
    first = int(meta(db).get("seq", 0))
    made, last = versions.numbered(rows, {key: seq[0] for key, seq in found.items() if seq}, first, since)
    columns = (*codec.ROW, "since")
    db.executemany(
        f"INSERT OR REPLACE INTO rows ({codec.quoted(columns)}) VALUES ({_marks(columns)})",
        [(*codec.row_cells(row), since) for row in made],
    )
    if last != first:
        _note(db, "seq", str(last))


def _put_placements(db: sqlite3.Connection, placements: Iterable[PlacementRow]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO placements (address, document, part, status) VALUES (?, ?, ?, ?)",
        map(codec.placement_cells, placements),
    )


def _put_orders(db: sqlite3.Connection, orders: Sequence[OrderRow], since: int) -> None:
    keys = [codec.order_key(row) for row in orders]
    _archive(db, "orders", ("document", "list"), keys, since)
    db.executemany('DELETE FROM orders WHERE document = ? AND "list" = ?', keys)
    db.executemany(
        'INSERT INTO orders (document, "list", names, since) VALUES (?, ?, ?, ?)',
        [(*codec.order_key(row), codec.dumps(row.names), since) for row in orders if row.names],
    )


def _replace_outputs(db: sqlite3.Connection, outputs: Iterable[OutputRow], since: int) -> None:
    wanted = codec.output_cells(outputs)
    sql = "SELECT name, value, sensitive FROM outputs"
    stored = {name: (value, sensitive) for name, value, sensitive in db.execute(sql)}
    changed = sorted(name for name in wanted.keys() | stored.keys() if wanted.get(name) != stored.get(name))
    _archive(db, "outputs", ("name",), [(name,) for name in changed], since)
    db.executemany("DELETE FROM outputs WHERE name = ?", [(name,) for name in changed])
    db.executemany(
        "INSERT INTO outputs (name, value, sensitive, since) VALUES (?, ?, ?, ?)",
        [(name, *wanted[name], since) for name in changed if name in wanted],
    )


def _put_providers(db: sqlite3.Connection, notes: State | Update) -> None:
    sql = "INSERT OR REPLACE INTO providers (name, kind, content) VALUES (?, ?, ?)"
    db.executemany(sql, codec.provider_cells(notes))


def _archive(db: sqlite3.Connection, table: str, key: Sequence[str], keys: Sequence[Sequence[str]], until: int) -> None:
    """Keep the versions that are about to go. What the same run wrote before was never a result: it is not kept."""
    if not keys:
        return
    columns = codec.quoted(name for _, name, *_ in db.execute(f"PRAGMA table_info({table})"))
    where = " AND ".join(f'"{name}" = ?' for name in key)
    history = {"rows": "row_history", "orders": "order_history", "outputs": "output_history"}[table]
    sql = f"SELECT {columns}, ? FROM {table} WHERE {where} AND since < ?"
    cells = [(until, *wanted, until) for wanted in keys]
    db.executemany(f"INSERT OR IGNORE INTO {history} ({columns}, until) {sql}", cells)


def _note(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, value])


def _marks(columns: Sequence[str]) -> str:
    return ", ".join("?" * len(columns))


# --- Replacing everything ---------------------------------------------------------------------------------------------


def push(db: sqlite3.Connection, state: State, stored: State, mint: tuple[str, bytes]) -> None:
    """Put a pulled state in place of what is stored; the secret key stays, rows that go are kept as history."""
    if not stored.lineage:
        _note(db, "lineage", state.lineage)
        _note(db, "secret_key", mint[1].hex())
        _note(db, "pruned", str(state.serial))  # the runs of the document have no history here
    gone, changed = versions.rows_to_push(state, stored)
    _delete_rows(db, gone, state.serial)
    _push_rows(db, changed, state.serial)
    _put_orders(db, versions.orders_to_push(state, stored), state.serial)
    _replace_outputs(db, state.outputs.values(), state.serial)
    for table in ("placements", "providers", "runs", "applied"):
        db.execute(f"DELETE FROM {table}")
    _put_placements(db, state.placements.values())
    _put_providers(db, state)
    _runs(db, state.runs)
    _applied(db, sorted(state.applied))
    db.execute("DELETE FROM intents WHERE outcome = ''")
    names, cells = codec.quoted(codec.INTENT), [codec.intent_cells(intent) for intent in state.intents]
    db.executemany(f"INSERT OR REPLACE INTO intents ({names}) VALUES ({_marks(codec.INTENT)})", cells)
    _note(db, "serial", str(state.serial))


def _push_rows(db: sqlite3.Connection, rows: Sequence[Row], since: int) -> None:
    _archive(db, "rows", ("address", "deposed"), [(row.address, row.deposed) for row in rows], since)
    columns = (*codec.ROW, "since")
    cells = [(*codec.row_cells(row), since) for row in rows]
    db.executemany(f"INSERT OR REPLACE INTO rows ({codec.quoted(columns)}) VALUES ({_marks(columns)})", cells)
    last = max([int(meta(db).get("seq", 0)), *(row.seq for row in rows)])
    _note(db, "seq", str(last))


# --- Opening an older one ---------------------------------------------------------------------------------------------


def migrate(db: sqlite3.Connection, path: Path) -> Path | None:
    """Bring an older state up to date, with a copy of it beside; the copy's path, or None if it was up to date."""
    lacking = schema.pending(db, path)
    if not lacking:
        return None
    copy = schema.backup(db, path, len(schema.STEPS) - len(lacking))
    schema.migrate(db)
    return copy

"""What earlier runs recorded: versions of rows, orders and outputs, each with the serials between which it stood."""

import sqlite3
from contextlib import suppress
from typing import Any

from haplan.plugin import (
    State,
    codec,
    versions,
)
from haplan_sqlite import reading


def as_of(db: sqlite3.Connection, serial: int) -> State:
    """Rows, orders and outputs as the run of that serial left them; the rest is known for now only, and left empty.

    Raises:
        StateError: There is no such serial, or its history was pruned.
    """
    known = reading.meta(db)
    oldest, latest = int(known.get("pruned", 1)), int(known.get("serial", 0))
    versions.refuse_unkept(serial, oldest, latest)
    return State(
        lineage=known.get("lineage", ""),
        serial=serial,
        key=bytes.fromhex(known.get("secret_key", "")),
        rows=codec.rows(_versions(db, "rows", "row_history", codec.ROW, serial)),
        orders=codec.orders(_versions(db, "orders", "order_history", ("document", "list", "names"), serial)),
        outputs=codec.outputs(_versions(db, "outputs", "output_history", ("name", "value", "sensitive"), serial)),
        runs=tuple(run for run in reading.runs(db) if run.serial <= serial),
    )


def prune(db: sqlite3.Connection, keep: int) -> int:
    """Forget all but the latest runs, and what only they need; gives how many were forgotten.

    Digests that were applied stay known: a plan must not be applied twice, however old.
    """
    latest = db.execute("SELECT serial FROM runs ORDER BY serial DESC LIMIT ?", [max(keep, 1)]).fetchall()
    if not latest:
        return 0
    (oldest,) = latest[-1]
    for table in ("row_history", "order_history", "output_history"):
        db.execute(f"DELETE FROM {table} WHERE until <= ?", [oldest])
    gone = db.execute("DELETE FROM runs WHERE serial < ?", [oldest]).rowcount
    db.execute("DELETE FROM intents WHERE outcome <> '' AND run NOT IN (SELECT id FROM runs)")
    before = int(reading.meta(db).get("pruned", 1))
    db.execute("INSERT OR REPLACE INTO meta VALUES ('pruned', ?)", [str(max(before, oldest))])
    return gone


def give_back(db: sqlite3.Connection) -> None:
    """Make the file as long as what is in it; where that cannot be just now, the next to write uses the room."""
    ((free,),) = db.execute("PRAGMA freelist_count")
    with suppress(sqlite3.Error):
        if free:
            db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _versions(db: sqlite3.Connection, table: str, history: str, names: tuple[str, ...], serial: int) -> list[Any]:
    columns = codec.quoted(names)
    return db.execute(
        f"SELECT {columns} FROM {table} WHERE since <= ? "
        f"UNION ALL SELECT {columns} FROM {history} WHERE since <= ? AND until > ?",
        [serial, serial, serial],
    ).fetchall()

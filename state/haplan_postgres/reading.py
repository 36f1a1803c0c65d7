"""Reading a state: functions of an open transaction, which sees one moment."""

import re
from collections.abc import Iterator, Sequence

from haplan.plugin import (
    Holder,
    Run,
    State,
    Tree,
    codec,
    versions,
)
from haplan_postgres.link import Db, unescaped

COPY = re.compile(r"_step_[0-9]+_backup(_[0-9]+)?$")
"""Ends the names that `schema.backup` gives."""
HOLDER = f"SELECT {codec.quoted(codec.HOLDER)} FROM lock"


def records(db: Db, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[Tree, ...]]:
    """The answer of a query, texts as they went in."""
    return unescaped(iter(db.execute(sql, values or None)))


def meta(db: Db) -> dict[str, str]:
    """Lineage, serial, secret key and the like."""
    return dict(records(db, "SELECT key, value FROM meta"))


def holder(db: Db) -> Holder | None:
    """Who holds the lock, its lease run out or not."""
    (there,) = records(db, HOLDER)
    return codec.holder(there) if there[0] else None


def schemas(db: Db) -> list[str]:
    """The schemas of this database that have a state, copies of older ones left out."""
    sql = (
        "SELECT table_schema FROM information_schema.tables WHERE table_name IN ('meta', 'lock', 'intents', 'rows') "
        "GROUP BY table_schema HAVING count(*) = 4 ORDER BY table_schema"
    )
    return [name for (name,) in records(db, sql) if not COPY.search(name)]


def look(db: Db, addresses: Sequence[str]) -> State:
    """The rows of these addresses with their placements, outputs and runs; the rest is left empty."""
    known, among = meta(db), "address = ANY(%s)"
    rows = records(db, f"SELECT {codec.quoted(codec.ROW)} FROM rows WHERE {among} ORDER BY seq", [[*addresses]])
    placed = records(db, f"SELECT address, document, part, status FROM placements WHERE {among}", [[*addresses]])
    return State(
        lineage=known.get("lineage", ""),
        serial=int(known.get("serial", 0)),
        rows=codec.rows(rows),
        placements=codec.placements(placed),
        outputs=codec.outputs(records(db, "SELECT name, value, sensitive FROM outputs")),
        runs=runs(db),
    )


def load(db: Db) -> State:
    """The whole state."""
    known = meta(db)
    providers = codec.provider_notes(records(db, "SELECT name, kind, content FROM providers ORDER BY name"))
    intents = records(db, f"SELECT {codec.quoted(codec.INTENT)} FROM intents WHERE outcome = '' ORDER BY id")
    return State(
        lineage=known.get("lineage", ""),
        serial=int(known.get("serial", 0)),
        key=bytes.fromhex(known.get("secret_key", "")),
        rows=codec.rows(records(db, f"SELECT {codec.quoted(codec.ROW)} FROM rows ORDER BY seq, address, deposed")),
        placements=codec.placements(records(db, "SELECT address, document, part, status FROM placements")),
        orders=codec.orders(records(db, "SELECT document, list, names FROM orders")),
        outputs=codec.outputs(records(db, "SELECT name, value, sensitive FROM outputs")),
        **providers,
        intents=codec.intents(intents),
        runs=runs(db),
        applied=frozenset(digest for (digest,) in records(db, "SELECT digest FROM applied")),
    )


def runs(db: Db) -> tuple[Run, ...]:
    """Every run, the latest last."""
    sql = f"SELECT {codec.quoted(codec.RUN)} FROM runs ORDER BY serial, started, id"
    return codec.runs(records(db, sql))


# --- What earlier runs recorded ---------------------------------------------------------------------------------------


def as_of(db: Db, serial: int) -> State:
    """Rows, orders and outputs as the run of that serial left them; the rest is known for now only, and left empty.

    Raises:
        StateError: There is no such serial, or its history was pruned.
    """
    known = meta(db)
    versions.refuse_unkept(serial, int(known.get("pruned", 1)), int(known.get("serial", 0)))
    return State(
        lineage=known.get("lineage", ""),
        serial=serial,
        key=bytes.fromhex(known.get("secret_key", "")),
        rows=codec.rows(_versions(db, "rows", "row_history", codec.ROW, serial)),
        orders=codec.orders(_versions(db, "orders", "order_history", ("document", "list", "names"), serial)),
        outputs=codec.outputs(_versions(db, "outputs", "output_history", ("name", "value", "sensitive"), serial)),
        runs=tuple(run for run in runs(db) if run.serial <= serial),
    )


def _versions(db: Db, table: str, history: str, names: Sequence[str], serial: int) -> Iterator[tuple[Tree, ...]]:
    columns = codec.quoted(names)
    return records(
        db,
        f"SELECT {columns} FROM {table} WHERE since <= %s "
        f"UNION ALL SELECT {columns} FROM {history} WHERE since <= %s AND until > %s",
        [serial, serial, serial],
    )

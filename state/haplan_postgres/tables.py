"""Many records in one statement: each column travels as one array."""

from collections.abc import Sequence
from typing import Any

from haplan.state.cells import ROW, quoted
from haplan_postgres.link import Db

Record = Sequence[Any]

HISTORY = {"rows": "row_history", "orders": "order_history", "outputs": "output_history"}
"""Tables whose versions are kept, and where."""

_KEYS = {"rows": ("address", "deposed"), "orders": ("document", "list"), "outputs": ("name",)}
_COLUMNS: dict[str, tuple[str, ...]] = {
    "rows": (*ROW, "since"),
    "orders": ("document", "list", "names", "since"),
    "outputs": ("name", "value", "sensitive", "since"),
}
_TYPES = {"idempotent": "boolean", "started": "float8", "ended": "float8"}
_TYPES |= dict.fromkeys(("schema_version", "serial", "seq", "since"), "bigint")
_TYPES |= {"intents.id": "bigint", "outputs.sensitive": "bigint"}  # elsewhere these are text


def arrays(records: Sequence[Record]) -> list[list[Any]]:
    """Records as columns."""
    return [list(column) for column in zip(*records, strict=True)]


def put(db: Db, table: str, columns: Sequence[str], key: Sequence[str], records: Sequence[Record]) -> None:
    """Write records over those of the same key; of two with one key, the later."""
    at = [columns.index(name) for name in key]
    latest = list({tuple(record[i] for i in at): record for record in records}.values())
    if not latest:
        return
    others = [name for name in columns if name not in key]
    change = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
    db.execute(
        f"INSERT INTO {table} ({quoted(columns)}) SELECT * FROM unnest({_marks(table, columns)}) "
        f"ON CONFLICT ({quoted(key)}) DO {f'UPDATE SET {change}' if change else 'NOTHING'}",
        arrays(latest),
    )


def delete(db: Db, table: str, key: Sequence[str], keys: Sequence[Record]) -> None:
    """Delete records by key."""
    if keys:
        db.execute(f"DELETE FROM {table} WHERE {among(key)}", arrays(keys))


def archive(db: Db, table: str, keys: Sequence[Record], until: int) -> None:
    """Keep the versions that are about to go. What the same run wrote before was never a result: it is not kept."""
    if keys:
        columns = quoted(_COLUMNS[table])
        db.execute(
            f"INSERT INTO {HISTORY[table]} ({columns}, until) SELECT {columns}, %s::bigint FROM {table} "
            f"WHERE {among(_KEYS[table])} AND since < %s ON CONFLICT DO NOTHING",
            [until, *arrays(keys), until],
        )


def among(key: Sequence[str]) -> str:
    """The condition that a record's key is one of `arrays` of keys."""
    marks = ", ".join(["%s::text[]"] * len(key))
    return f"({quoted(key)}) IN (SELECT * FROM unnest({marks}))"


def _marks(table: str, columns: Sequence[str]) -> str:
    kinds = [_TYPES.get(f"{table}.{name}") or _TYPES.get(name, "text") for name in columns]
    return ", ".join(f"%s::{kind}[]" for kind in kinds)

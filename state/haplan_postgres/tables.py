"""Many records in one statement.

Those to write travel as one JSON text, which the server takes apart by the table's own types. Keys to look for travel
as arrays: of these the planner knows how many they are, and does not read a whole table for one of them.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg.types.json import Json

from haplan.plugin import (
    Tree,
    codec,
)
from haplan_postgres.link import Db, escaped, to_escape

Record = Sequence[Any]

HISTORY = {"rows": "row_history", "orders": "order_history", "outputs": "output_history"}
"""Tables whose versions are kept, and where."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "rows": (*codec.ROW, "since"),
    "orders": ("document", "list", "names", "since"),
    "outputs": ("name", "value", "sensitive", "since"),
}
"""What is kept of a version."""

_KEYS = {"rows": ("address", "deposed"), "orders": ("document", "list"), "outputs": ("name",)}


def arrays(keys: Iterable[Record]) -> list[list[Any]]:
    """Keys as columns, for `unnest`."""
    return [list(column) for column in zip(*keys, strict=True)]


def _many(columns: Sequence[str], records: Iterable[Record]) -> Json:
    made = [dict(zip(columns, record, strict=True)) for record in records]
    text = _dumps(made)
    if to_escape(text):
        text = _dumps([{name: escaped(cell) if type(cell) is str else cell for name, cell in m.items()} for m in made])
    return Json(text, dumps=str)


def _dumps(made: list[dict[str, Tree]]) -> str:
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def put(db: Db, table: str, columns: Sequence[str], key: Sequence[str], records: Sequence[Record]) -> None:
    """Write records over those of the same key; of two with one key, the later."""
    at = [columns.index(name) for name in key]
    latest = {tuple(record[i] for i in at): record for record in records}.values()
    if not latest:
        return
    names = codec.quoted(columns)
    change = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
    db.execute(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s) "
        f"ON CONFLICT ({codec.quoted(key)}) DO {f'UPDATE SET {change}' if change else 'NOTHING'}",
        [_many(columns, latest)],
    )


def delete(db: Db, table: str, key: Sequence[str], keys: Sequence[Record]) -> None:
    """Delete records by key."""
    if keys:
        db.execute(f"DELETE FROM {table} WHERE {among(key)}", arrays(keys))


def archive(db: Db, table: str, keys: Sequence[Record], until: int) -> None:
    """Keep the versions that are about to go. What the same run wrote before was never a result: it is not kept."""
    if keys:
        columns = codec.quoted(COLUMNS[table])
        db.execute(
            f"INSERT INTO {HISTORY[table]} ({columns}, until) SELECT {columns}, %s::bigint FROM {table} "
            f"WHERE {among(_KEYS[table])} AND since < %s ON CONFLICT DO NOTHING",
            [until, *arrays(keys), until],
        )


def among(key: Sequence[str]) -> str:
    """The condition that a record's key, of texts, is one of `arrays`."""
    marks = ", ".join(["%s::text[]"] * len(key))
    return f"({codec.quoted(key)}) IN (SELECT * FROM unnest({marks}))"

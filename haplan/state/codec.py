"""Between haplan's nouns and the cells of a table. A mapping or a list is one cell of canonical JSON.

Pure functions. A list comes back as a list wherever a tuple went in, except where the noun says tuple.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args

import attrs

from haplan.model.canonical import sorted_json
from haplan.model.document import Document
from haplan.model.entries import Entries
from haplan.model.state import (
    Holder,
    Intent,
    OrderRow,
    OutputRow,
    PlacementRow,
    PlacementStatus,
    Row,
    Run,
    State,
    Status,
    Update,
)
from haplan.model.value import TAG, Tree, encode

T = TypeVar("T")
PlacementKey = tuple[str, Document, str]


# --- JSON -------------------------------------------------------------------------------------------------------------


def dumps(tree: Tree) -> str:
    """A tree as a cell: canonical JSON, with sorted keys, in ASCII.

    ASCII, because a backend may answer with half a surrogate pair: JSON can say it escaped, UTF-8 cannot.

    Raises:
        ValueError: It holds NaN or an infinity, which JSON does not know.
    """
    return _as_cell(tree)


def document(tree: Tree, *, strict: bool = True) -> str:
    """A tree as a file for people: the same, on many lines. Not `strict` lets NaN pass, where nothing may be lost."""
    return sorted_json(_plain, strict=strict, indent=2)(tree) + "\n"


def _plain(leaf: object) -> Tree:
    """What JSON does not know by itself: other mappings, nouns in lists, references and secrets."""
    if isinstance(leaf, Mapping) and not isinstance(leaf, Entries):
        return dict(leaf)
    if isinstance(leaf, Row | Run | PlacementRow | OrderRow | OutputRow | Intent):
        return attrs.asdict(leaf, recurse=False)
    if isinstance(leaf, Document):
        return str(leaf)
    encoded = encode(leaf)
    if encoded is leaf:
        raise TypeError(f"{type(leaf).__name__} cannot be kept in a state")
    return encoded


def mapping(text: str) -> dict[str, Tree]:
    """A cell that holds a mapping.

    Raises:
        ValueError: It holds something else.
    """
    tree = {} if text == "{}" else _read(text)
    if not isinstance(tree, dict):
        raise ValueError("not a mapping")
    return tree


def _read(text: str) -> Tree:
    """The tree of a cell: haplan writes nothing before or behind it; with that it is read as any JSON."""
    tree, end = _JSON_TEXT.raw_decode(text) if text[:1] in ("{", "[") else (None, -1)
    return tree if end == len(text) else _JSON_TEXT.decode(text)


def strings(text: str) -> tuple[str, ...]:
    """A cell that holds a list of strings.

    Raises:
        ValueError: It holds something else.
    """
    tree = _read(text)
    if not isinstance(tree, list) or not all(isinstance(item, str) for item in tree):
        raise ValueError("not a list of strings")
    return tuple(tree)


def _finite(word: str) -> float:
    """A number as JSON knows them; haplan wrote no other.

    Raises:
        ValueError: It is none, such as NaN, or too large to be one.
    """
    if not math.isfinite(number := float(word)):
        raise ValueError(f"{word} is no number that JSON knows")
    return number


_JSON_TEXT = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)
_as_cell = sorted_json(_plain, strict=True, tight=True)


# --- Columns and records ----------------------------------------------------------------------------------------------

ROW = tuple(field.name for field in attrs.fields(Row))
INTENT = tuple(field.name for field in attrs.fields(Intent))
RUN = tuple(field.name for field in attrs.fields(Run))
HOLDER = tuple(field.name for field in attrs.fields(Holder))

_MAPPINGS = ("values", "lifecycle", "private")
_STRINGS = ("declared", "sensitive", "depends_on")
_JSON = frozenset((*_MAPPINGS, *_STRINGS))
_STATUSES = frozenset(get_args(Status))
_PLACED: Mapping[str, PlacementStatus] = {word: word for word in get_args(PlacementStatus)}


def quoted(names: Iterable[str]) -> str:
    """Column names for SQL; some of ours are words of SQL."""
    return ", ".join(f'"{name}"' for name in names)


def rows(records: Iterable[tuple[Tree, ...]]) -> dict[tuple[str, str], Row]:
    """Rows by key.

    Raises:
        ValueError: A cell cannot be read; it says whose and which.
    """
    lists = _Memo(strings)  # most rows share their lists of names with many others of the same type
    found = {}
    for record in records:
        try:
            row = _row(dict(zip(ROW, record, strict=True)), lists)
        except ValueError as error:
            raise _unreadable(record, error) from None
        found[(row.address, row.deposed)] = row
    return found


def _row(cells: dict[str, Tree], lists: "_Memo") -> Row:
    text = cells["values"]
    cells["values"] = mapping(text)
    for name in ("lifecycle", "private"):
        cells[name] = {} if cells[name] == "{}" else mapping(cells[name])
    for name in _STRINGS:
        cells[name] = () if cells[name] == "[]" else lists[cells[name]]
    if cells["status"] not in _STATUSES:
        raise ValueError(f"status of row {cells['address']}: {cells['status']!r} is unknown")
    row = Row(**cells)
    if _is_plain(text):
        object.__setattr__(row, "decoded", row.values)  # what would be worked out: there is nothing to decode
    return row


def _unreadable(record: tuple[Tree, ...], error: ValueError) -> ValueError:
    """What is wrong with a record, with the cell that cannot be read."""
    for name, cell in zip(ROW, record, strict=True):
        try:
            mapping(cell) if name in _MAPPINGS else strings(cell) if name in _STRINGS else None
        except ValueError as wrong:
            return ValueError(f"{name} of row {record[0]}: {wrong}")
    return error


def _is_plain(text: Tree) -> bool:
    """True of a cell with nothing in it that stands for something else, and no half of a character."""
    return TAG not in text and "\\u" not in text


def runs(records: Iterable[tuple[Tree, ...]]) -> tuple[Run, ...]:
    """Runs, in the order that they came in."""
    return tuple(Run(**dict(zip(RUN, record, strict=True))) for record in records)


def holder(record: tuple[Tree, ...]) -> Holder:
    """Who holds the lock; nobody has an id of ""."""
    return Holder(**dict(zip(HOLDER, record, strict=True)))


class _Memo(dict[str, Tree]):
    def __init__(self, decoder: Callable[[str], Any]) -> None:
        super().__init__()
        self._decoder = decoder

    def __missing__(self, text: str) -> Any:
        self[text] = self._decoder(text)
        return self[text]


def orders(records: Iterable[tuple[str, str, str]]) -> dict[tuple[Document, str], OrderRow]:
    """Orders by key."""
    rows = (OrderRow(document, name, strings(names)) for document, name, names in records)
    return {(row.document, row.list): row for row in rows}


def order_key(row: OrderRow) -> tuple[str, str]:
    """What an order is stored under."""
    return str(row.document), row.list


def placements(records: Iterable[tuple[str, str, str, str]]) -> dict[PlacementKey, PlacementRow]:
    """Placements by key.

    Raises:
        ValueError: A status is unknown; it says whose.
    """
    rows = (
        PlacementRow(address, document, part, _placed(status, address)) for address, document, part, status in records
    )
    return {(row.address, row.document, row.part): row for row in rows}


def _placed(status: str, address: str) -> PlacementStatus:
    if status not in _PLACED:
        raise ValueError(f"status of a placement of {address}: {status!r} is unknown")
    return _PLACED[status]


def placement_cells(row: PlacementRow) -> tuple[str, str, str, str]:
    """Address, document, part and status."""
    return row.address, str(row.document), row.part, row.status


def placement_key(key: PlacementKey) -> tuple[str, str, str]:
    """What a placement is stored under."""
    address, document, part = key
    return address, str(document), part


def outputs(records: Iterable[tuple[str, str, int]]) -> dict[str, OutputRow]:
    """Outputs by name."""
    return {name: OutputRow(name, mapping(value)["value"], bool(sensitive)) for name, value, sensitive in records}


def intents(records: Iterable[tuple[Tree, ...]]) -> tuple[Intent, ...]:
    """Intents, from records as `INTENT` says.

    Raises:
        ValueError: A cell cannot be read; it says whose.
    """
    return tuple(_intent(dict(zip(INTENT, record, strict=True))) for record in records)


def _intent(cells: dict[str, Tree]) -> Intent:
    decoders: Mapping[str, Callable[[str], Any]] = {"key": mapping, "result": mapping, "addresses": strings}
    for name, decoder in decoders.items():
        try:
            cells[name] = decoder(cells[name])
        except ValueError as error:
            raise ValueError(f"intent {cells['id']}: {name}: {error}") from None
    return Intent(**{**cells, "idempotent": bool(cells["idempotent"])})


def intent_cells(intent: Intent) -> tuple[Tree, ...]:
    """An intent as `INTENT` says, its id apart: the journal gives that."""
    cells = attrs.asdict(intent, recurse=False)
    for name in ("key", "result", "addresses"):
        cells[name] = dumps(cells[name])
    cells["document"] = str(intent.document)
    return tuple(cells[name] for name in INTENT)


def row_cells(row: Row) -> tuple[Tree, ...]:
    """A row as `ROW` says."""
    return tuple([_cell(getattr(row, name)) if name in _JSON else getattr(row, name) for name in ROW])


def _cell(tree: Tree) -> str:
    if tree:
        return dumps(tree)
    return "{}" if isinstance(tree, Mapping) else "[]"  # half of all cells


def output_cells(outputs: Iterable[OutputRow]) -> dict[str, tuple[str, int]]:
    """Value and mark of sensitivity by name.

    The value stands in a mapping of its own: a cell is never bare JSON such as null, whatever the value is.
    """
    return {row.name: (dumps({"value": row.value}), int(row.sensitive)) for row in outputs}


PROVIDER_NOTES: Mapping[str, str] = {
    "identity": "identities", "settings": "settings", "memory": "memories", "destination": "destinations",
}  # fmt: skip
"""Kind of a note about a provider → the field of a state, and of an update, that has it."""


def provider_notes(records: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, Tree]]:
    """Field of a state (see `PROVIDER_NOTES`) → provider key → what is noted.

    Raises:
        ValueError: A kind is unknown.
    """
    found: dict[str, dict[str, Tree]] = {field: {} for field in PROVIDER_NOTES.values()}
    for name, kind, content in records:
        if kind not in PROVIDER_NOTES:
            raise ValueError(f"providers: kind {kind!r} is unknown")
        found[PROVIDER_NOTES[kind]][name] = mapping(content)
    return found


def provider_cells(notes: State | Update) -> list[tuple[str, str, str]]:
    """What is noted of providers, as records of (provider key, kind, content)."""
    return [
        (name, kind, dumps(content))
        for kind, field in PROVIDER_NOTES.items()
        for name, content in getattr(notes, field).items()
    ]

"""Between haplan's nouns and JSON: the cells of the database, and the document of ``haplan state pull``.

Pure functions. A list comes back as a list wherever a tuple went in, except where the noun says tuple.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

import attrs

from haplan.errors import StateError
from haplan.model.state import FORMAT, Intent, OrderRow, OutputRow, PlacementRow, Row, Run, State
from haplan.model.value import Tree, encode

DOCUMENT = f"haplan-state/{FORMAT}"
"""The ``format`` of a pulled state."""

T = TypeVar("T")


# --- JSON -------------------------------------------------------------------------------------------------------------


def dumps(tree: Tree) -> str:
    """A tree as a cell: canonical JSON, with sorted keys, in ASCII.

    ASCII, because a backend may answer with half a surrogate pair: JSON can say it escaped, UTF-8 cannot.

    Raises:
        ValueError: It holds NaN or an infinity, which JSON does not know.
    """
    return _CELL.encode(tree)


def document(tree: Tree, *, strict: bool = True) -> str:
    """A tree as a file for people: the same, on many lines. Not `strict` lets NaN pass, where nothing may be lost."""
    return json.dumps(tree, default=_plain, sort_keys=True, allow_nan=not strict, indent=2) + "\n"


def _plain(leaf: object) -> Tree:
    """What JSON does not know by itself: other mappings, rows inside intents, references and secrets."""
    if isinstance(leaf, Mapping):
        return dict(leaf)
    if isinstance(leaf, Row | Run | PlacementRow | OrderRow | OutputRow | Intent):
        return attrs.asdict(leaf, recurse=False)
    encoded = encode(leaf)
    if encoded is leaf:
        raise TypeError(f"{type(leaf).__name__} cannot be kept in a state")
    return encoded


def mapping(text: str) -> dict[str, Any]:
    """A cell that holds a mapping.

    Raises:
        ValueError: It holds something else.
    """
    tree = json.loads(text)
    if not isinstance(tree, dict):
        raise ValueError("not a mapping")
    return tree


def strings(text: str) -> tuple[str, ...]:
    """A cell that holds a list of strings.

    Raises:
        ValueError: It holds something else.
    """
    tree = json.loads(text)
    if not isinstance(tree, list) or not all(isinstance(item, str) for item in tree):
        raise ValueError("not a list of strings")
    return tuple(tree)


_CELL = json.JSONEncoder(default=_plain, sort_keys=True, allow_nan=False, separators=(",", ":"))
"""Made once: `json.dumps` with options makes one for every cell."""


# --- Nouns ------------------------------------------------------------------------------------------------------------


def revive(cls: type[T], data: object, where: str) -> T:
    """A noun from plain JSON, every field checked.

    Raises:
        StateError: A field is missing, unknown or of another kind; `where` says in what.
    """
    if not isinstance(data, Mapping):
        raise StateError(f"{where}: expected a mapping, found {type(data).__name__}")
    fields = {field.name: field for field in attrs.fields(cls)}  # type: ignore[arg-type]  # only attrs classes come here
    for name in data:
        if name not in fields:
            raise StateError(f"{where}: unknown field {name!r}")
    for name, field in fields.items():
        if name not in data and field.default is attrs.NOTHING:
            raise StateError(f"{where}: field {name!r} is missing")
    return cls(**{name: _cast(fields[name].type, value, f"{where}.{name}") for name, value in data.items()})


def _cast(kind: Any, value: Tree, where: str) -> Tree:
    origin = get_origin(kind) or kind
    if kind is Any:
        return value
    if origin is Literal:
        return _expect(value in get_args(kind), value, where)
    if origin is tuple:
        _expect(isinstance(value, list | tuple) and all(isinstance(item, str) for item in value), value, where)
        return tuple(value)
    if origin is Mapping:
        return _expect(isinstance(value, Mapping), value, where)
    if kind is float:
        return _expect(isinstance(value, int | float) and not isinstance(value, bool), value, where)
    if kind is int:
        return _expect(isinstance(value, int) and not isinstance(value, bool), value, where)
    return _expect(isinstance(value, kind), value, where)


def _expect(right: bool, value: Tree, where: str) -> Tree:
    if not right:
        raise StateError(f"{where}: {value!r} is not allowed here")
    return value


# --- The document -----------------------------------------------------------------------------------------------------


def pull(state: State) -> bytes:
    """The state as a document to look at, keep or mend. The secret key stays in the backend."""
    parts = {
        "format": DOCUMENT,
        "lineage": state.lineage,
        "serial": state.serial,
        "rows": _sorted(state.rows),
        "placements": _sorted(state.placements),
        "orders": _sorted(state.orders),
        "outputs": _sorted(state.outputs),
        "identities": state.identities,
        "settings": state.settings,
        "memories": state.memories,
        "intents": state.intents,
        "runs": state.runs,
        "applied": sorted(state.applied),
    }
    return document(parts).encode()


def parse(text: bytes) -> State:
    """The state of a document that `pull` wrote, without the secret key.

    Raises:
        StateError: It is not such a document, or was made by a newer haplan.
    """
    data = _opened(text)
    nouns: dict[str, list[Any]] = {
        name: [revive(cls, item, f"{name}[{i}]") for i, item in enumerate(data[name])] for name, cls in _LISTS.items()
    }
    providers = ("identities", "settings", "memories")
    for name in providers:
        _cast(Mapping, data[name], name)
        for key, note in data[name].items():
            _cast(Mapping, note, f"{name}.{key}")
    return State(
        lineage=_cast(str, data["lineage"], "lineage"),
        serial=_cast(int, data["serial"], "serial"),
        rows=_keyed(nouns["rows"], lambda row: (row.address, row.deposed), "rows"),
        placements=_keyed(nouns["placements"], lambda row: (row.address, row.document, row.part), "placements"),
        orders=_keyed(nouns["orders"], lambda row: (row.document, row.list), "orders"),
        outputs=_keyed(nouns["outputs"], lambda row: row.name, "outputs"),
        intents=tuple(nouns["intents"]),
        runs=tuple(nouns["runs"]),
        applied=frozenset(_cast(tuple[str, ...], data["applied"], "applied")),
        **{name: data[name] for name in providers},
    )


_LISTS: Mapping[str, type] = {
    "rows": Row, "placements": PlacementRow, "orders": OrderRow, "outputs": OutputRow, "intents": Intent, "runs": Run,
}
_NAMES = frozenset(_LISTS) | {"format", "lineage", "serial", "identities", "settings", "memories", "applied"}


def _opened(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise StateError(f"this is not a pulled state: {error}") from None
    if not isinstance(data, dict) or not str(data.get("format", "")).startswith("haplan-state/"):
        raise StateError(f"this is not a pulled state: its format must be {DOCUMENT!r}")
    if data["format"] != DOCUMENT:
        raise StateError(f"the pulled state has format {data['format']}, this haplan reads {DOCUMENT}; upgrade haplan")
    if wrong := sorted(_NAMES ^ data.keys()):
        raise StateError(f"the pulled state is damaged: {', '.join(wrong)} missing or unknown")
    for name in _LISTS:
        _expect(isinstance(data[name], list), data[name], name)
    return data


def _sorted(nouns: Mapping[Any, T]) -> Sequence[T]:
    return [nouns[key] for key in sorted(nouns)]


def _keyed(nouns: Sequence[Any], key_of: Callable[[Any], Any], where: str) -> dict[Any, Any]:
    keyed = {key_of(noun): noun for noun in nouns}
    if len(keyed) != len(nouns):
        raise StateError(f"{where}: one key stands there twice")
    return keyed

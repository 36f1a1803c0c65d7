"""The document of ``haplan state pull``: a state to look at, keep or mend, and to push again. Pure functions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from haplan.errors import StateError
from haplan.model.canonical import parse as parse_json
from haplan.model.state import FORMAT, Intent, OrderRow, OutputRow, PlacementRow, Row, Run, State
from haplan.model.value import Tree
from haplan.state.codec import PROVIDER_NOTES, document
from haplan.state.nouns import revive

DOCUMENT = f"haplan-state/{FORMAT}"
"""The ``format`` of a pulled state."""

T = TypeVar("T")


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
        "destinations": state.destinations,
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
    nouns = {name: revive(kinds, data[name], name) for name, kinds in _LISTS.items()}
    return State(
        lineage=revive(str, data["lineage"], "lineage"),
        serial=revive(int, data["serial"], "serial"),
        rows=_keyed(nouns["rows"], lambda row: (row.address, row.deposed), "rows"),
        placements=_keyed(nouns["placements"], lambda row: (row.address, row.document, row.part), "placements"),
        orders=_keyed(nouns["orders"], lambda row: (row.document, row.list), "orders"),
        outputs=_keyed(nouns["outputs"], lambda row: row.name, "outputs"),
        intents=nouns["intents"],
        runs=nouns["runs"],
        applied=frozenset(revive(tuple[str, ...], data["applied"], "applied")),
        **{name: revive(Mapping[str, Mapping[str, Any]], data[name], name) for name in _PROVIDERS},
    )


_LISTS: Mapping[str, Any] = {
    "rows": tuple[Row, ...],
    "placements": tuple[PlacementRow, ...],
    "orders": tuple[OrderRow, ...],
    "outputs": tuple[OutputRow, ...],
    "intents": tuple[Intent, ...],
    "runs": tuple[Run, ...],
}
_PROVIDERS = tuple(PROVIDER_NOTES.values())
_NAMES = frozenset(_LISTS) | {"format", "lineage", "serial", *_PROVIDERS, "applied"}


def _opened(text: bytes) -> dict[str, Tree]:
    try:
        data = parse_json(text)
    except ValueError as error:
        raise StateError(f"this is not a pulled state: {error}") from None
    if not isinstance(data, dict) or not str(data.get("format", "")).startswith("haplan-state/"):
        raise StateError(f"this is not a pulled state: its format must be {DOCUMENT!r}")
    data = _brought_up(data)
    if data["format"] != DOCUMENT:
        raise StateError(f"the pulled state has format {data['format']}, this haplan reads {DOCUMENT}; upgrade haplan")
    if wrong := sorted(_NAMES ^ data.keys()):
        raise StateError(f"the pulled state is damaged: {', '.join(wrong)} missing or unknown")
    return data


def _brought_up(data: dict[str, Tree]) -> dict[str, Tree]:
    """A document of an older haplan, as this one writes it; its entries stay the mappings that they were."""
    if data["format"] == "haplan-state/1":  # it knew no destinations
        return {"destinations": {}, **data, "format": DOCUMENT}
    return data


def _sorted(nouns: Mapping[Any, T]) -> Sequence[T]:
    return [nouns[key] for key in sorted(nouns)]


def _keyed(nouns: Sequence[Any], key_of: Callable[[Any], Any], where: str) -> dict[Any, Any]:
    keyed = {key_of(noun): noun for noun in nouns}
    if len(keyed) != len(nouns):
        raise StateError(f"{where}: one key stands there twice")
    return keyed


def refuse_push(state: State, stored: State, place: str) -> None:
    """Refuse a document that must not stand in place of what is stored; `place` names that for people.

    Raises:
        StateError: It is damaged, of another lineage, older, or changed without a new serial.
    """
    if not state.lineage and (state.rows or state.serial):
        raise StateError("the pulled state has rows but no lineage: it is damaged; nothing was pushed")
    if not stored.lineage:
        return
    if state.lineage != stored.lineage:
        raise StateError(
            f"the pulled state has lineage {state.lineage or '(none)'}, state {place} has {stored.lineage}: "
            "they are two states; nothing was pushed"
        )
    if state.serial < stored.serial:
        raise StateError(
            f"the pulled state has serial {state.serial}, state {place} is at {stored.serial}: it would undo later "
            "runs; pull again and mend that"
        )
    if state.serial == stored.serial and pull(state) != pull(stored):
        raise StateError(
            f"the pulled state was changed but has the serial {state.serial} of the stored one, or a run was under way "
            f"when it was pulled; pull again, or, if you changed it, set its serial to {state.serial + 1}"
        )

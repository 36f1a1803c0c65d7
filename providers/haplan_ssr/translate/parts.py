"""Rows, targets and changes as the translation takes them, and what was there before haplan."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from haplan.plugin import (
    Action,
    Part,
    Row,
    Target,
    decode,
)
from haplan_ssr.translate import Piece
from haplan_ssr.translate.tree import Path

GOING = (Action.DELETE, Action.FORGET)
FOUND = "found"
"""Key in a row's private part: what was in the authority before haplan owned it."""

Found = dict[Path, Any]
"""Path → value of a leaf, or None for an entry."""


def of_rows(rows: Mapping[str, Row]) -> dict[str, Piece]:
    """What is recorded."""
    return {address: Piece(address, row.type, row.name, row.owner, decode(row.values)) for address, row in rows.items()}


def with_targets(pieces: Mapping[str, Piece], targets: Iterable[Target]) -> dict[str, Piece]:
    """What is recorded, as the targets want it; what only lives elsewhere is no piece."""
    wanted = {
        target.address: Piece(target.address, target.type, target.name, target.owner, target.values)
        for target in targets
        if not target.data
    }
    return {**pieces, **wanted}


def with_parts(pieces: Mapping[str, Piece], parts: Iterable[Part]) -> dict[str, Piece]:
    """What is recorded, as it is to be after these changes."""
    found = dict(pieces)
    for change in (part.change for part in parts):
        if change.action in GOING or change.after is None:
            found.pop(change.address, None)
        else:
            values = {name: value for name, value in change.after.items() if name != "name"}
            for path in change.unset:
                values = _without(values, path)
            found[change.address] = Piece(change.address, change.type, change.name, change.owner, values)
    return found


def _without(values: Mapping[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    if len(path) == 1:
        return {name: value for name, value in values.items() if name != path[0]}
    below = values.get(str(path[0]))
    return {**values, str(path[0]): _without(below, path[1:])} if isinstance(below, Mapping) else dict(values)


# --- What was there before --------------------------------------------------------------------------------------------


def found_before(rows: Iterable[Row]) -> Found:
    """What was there before haplan, as the rows remember it."""
    return {
        tuple(step if isinstance(step, str) else tuple(step) for step in json.loads(text)): _value(value)
        for row in rows
        for text, value in (row.private.get(FOUND) or {}).items()
    }


def remembered(found: Found) -> dict[str, Any]:
    """As a row keeps it."""
    return {
        json.dumps([step if isinstance(step, str) else list(step) for step in path]): value
        for path, value in found.items()
    }


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

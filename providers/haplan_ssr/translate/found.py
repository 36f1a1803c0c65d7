"""What was in the authority before haplan: kept in the rows of what took it over, and put back when that goes."""

import json
from collections.abc import Iterable
from typing import Any

from haplan.plugin import Row, Tree
from haplan_ssr.translate.tree import Path

FOUND = "found"
"""Key in a row's private part: what was in the authority before haplan owned it."""

Found = dict[Path, Any]
"""Path → value of a leaf, or None for an entry."""


def found_before(rows: Iterable[Row]) -> Found:
    """What was there before haplan, as the rows remember it."""
    return {
        tuple(step if isinstance(step, str) else tuple(step) for step in json.loads(text)): _value(value)
        for row in rows
        for text, value in (row.private.get(FOUND) or {}).items()
    }


def remembered(found: Found) -> dict[str, Tree]:
    """As a row keeps it."""
    return {
        json.dumps([step if isinstance(step, str) else list(step) for step in path]): value
        for path, value in found.items()
    }


def _value(value: Tree) -> Tree:
    return tuple(value) if isinstance(value, list) else value

"""Site variables: ``{{NAME}}`` in a text, put in per site."""

import re
from collections.abc import Mapping

from haplan.plugin import HOLE, VARIABLE, Tree, texts

GOOD_NAME = re.compile(r"[A-Za-z0-9_]+\Z")


def names(tree: Tree) -> tuple[str, ...]:
    """The variables that a tree uses, in order, each once."""
    return tuple(dict.fromkeys(found for text in texts(tree) for found in VARIABLE.findall(text)))


def bad_names(tree: Tree) -> tuple[str, ...]:
    """What stands between double braces and is no variable name (HA119)."""
    found = (hole.strip() for text in texts(tree) if "{{" in text for hole in HOLE.findall(text))
    return tuple(dict.fromkeys(name for name in found if not GOOD_NAME.match(name)))


def substitute(value: Tree, variables: Mapping[str, Tree] | None) -> str | None:
    """The text with its variables put in; None if it is no text, or a variable is missing or not known yet."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    given = {name: (variables or {}).get(name) for name in names(value)}
    if any(not isinstance(one, str) for one in given.values()) or bad_names(value):
        return None
    return VARIABLE.sub(lambda found: str(given[found[1]]), value)


def has_variable(value: Tree) -> bool:
    """True if the text differs from site to site."""
    return bool(names(value))

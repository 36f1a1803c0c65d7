"""Canonical JSON: the same tree gives the same bytes, whoever writes it. All JSON with sorted keys is made here."""

import hashlib
import json
from collections.abc import Callable

from haplan.model.value import Tree

SAFE = 2**53 - 1
"""The largest integer that every reader of JSON keeps as it is."""
Writer = Callable[[Tree], str]
"""A tree as text."""


def sorted_json(
    plain: Callable[[Tree], Tree] = str,
    *,
    ascii_only: bool = True,
    strict: bool = False,
    tight: bool = False,
    indent: int | None = None,
) -> Writer:
    """A writer of JSON with sorted keys, to be made once.

    Args:
        plain: Gives what JSON knows for what it does not know.
        ascii_only: Other characters are written escaped.
        strict: NaN and infinities are refused with ValueError.
        tight: Without blanks.
        indent: On many lines, so far apart.
    """
    separators = (",", ":") if tight else None
    return json.JSONEncoder(
        default=plain,
        sort_keys=True,
        ensure_ascii=ascii_only,
        allow_nan=not strict,
        separators=separators,
        indent=indent,
    ).encode


class Twice(ValueError):
    """A name stands twice in one mapping of a JSON text."""


_ordinary = sorted_json(ascii_only=False, strict=True, tight=True)


def canonical(tree: Tree) -> bytes:
    """The bytes of a tree of plain JSON, to be hashed, as RFC 8785 wants them.

    Python's own encoder writes what RFC 8785 wants, many times as fast, but for three things: fractions, integers that
    JavaScript does not know, and the order of keys beyond ASCII. A tree with one of them is left to rfc8785.
    """
    if _is_ordinary(tree):
        return _ordinary(tree).encode()
    import rfc8785

    return rfc8785.dumps(tree)


def parse(text: bytes | str) -> Tree:
    """A tree of JSON that comes from outside.

    Raises:
        Twice: A name stands twice in one of its mappings: of two values no reader would know which was meant.
        ValueError: It is none, or is nested so deeply that nobody wrote it to be read.
    """
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Tree]]) -> dict[str, Tree]:
    """A mapping, each of whose names stands in it once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Twice(f"{twice!r} stands in it twice")
    return found


def fingerprint(tree: Tree) -> str:
    """A short hash of a tree, to see quickly that nothing changed."""
    return hashlib.sha256(canonical(tree)).hexdigest()[:32]


def _is_ordinary(tree: Tree) -> bool:
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind is dict:
            if not all(type(key) is str and key.isascii() for key in one):
                return False
            waiting += one.values()
        elif kind is list or kind is tuple:
            waiting += one
        elif kind is int:
            if not -SAFE <= one <= SAFE:
                return False
        elif not (kind is str or kind is bool or one is None):
            return False
    return True

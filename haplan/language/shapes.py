"""The right spelling in the wrong shape: a value alone where a list is wanted, a number as text, and such.

What is proposed has been tried: a hint is given only where the attribute takes what it says.
"""

import json
from collections.abc import Callable, Iterator

from haplan.language.refs import has_token
from haplan.model.value import Tree, whole_in

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
LONGEST = 128
"""Bits of a whole number that is worth showing; Python refuses to write those of thousands of digits at all."""


def is_endless(value: Tree) -> bool:
    """True for a whole number that no message can hold."""
    return isinstance(value, int) and value.bit_length() > LONGEST


def meant(value: Tree, taken: Callable[[Tree], bool]) -> str:
    """``; write a list: ["1.1.1.1"]`` where that is `taken`; "" where no other shape of the value is."""
    return next((f"; write {words}" for words, other in _shapes(value) if taken(other)), "")


def _shapes(value: Tree) -> Iterator[tuple[str, Tree]]:
    """Other shapes of a value, with the words for each."""
    if is_endless(value):
        return
    if isinstance(value, str):
        yield from _of_text(value)
    elif isinstance(value, bool):
        yield f'it as text: "{str(value).lower()}"', str(value).lower()
    elif isinstance(value, int):
        yield f'it as text: "{value}"', str(value)
        if value in (0, 1):
            yield repr(bool(value)), bool(value)
    elif isinstance(value, list | tuple) and len(value) == 1:
        yield f"it alone, not in a list: {_literal(value[0])}".removesuffix(": "), value[0]
    if not isinstance(value, list | tuple | set | frozenset | dict):
        yield f"a list: [{_literal(value) or '…'}]", [value]


def _of_text(value: str) -> Iterator[tuple[str, Tree]]:
    parts = [part for part in value.replace(",", " ").split() if part]
    if len(parts) > 1:
        yield f"a list: {json.dumps(parts, ensure_ascii=False)}", parts
    if value.casefold() in _WORDS:
        yield repr(_WORDS[value.casefold()]), _WORDS[value.casefold()]
    if whole_in(value.removeprefix("-")) is not None:
        yield f"it as a number: {int(value)}", int(value)


def _literal(value: Tree) -> str:
    """A value as it is written in a stack; "" of one that has a name there."""
    if isinstance(value, str) and not has_token(value):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, int | float | bool) else ""

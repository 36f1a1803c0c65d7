"""Where the secrets come from that stand anywhere in a noun."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import attrs

from haplan.model.value import OUTPUT, PLAIN, TAG, TEXT, VARIABLE, Secret, pieces

COMMAND = "command:"
"""What begins a source that is a command line."""
_MANY = (tuple, list, set, frozenset)


def sources(*things: Any) -> tuple[str, ...]:
    """The sources of all secrets in nouns, mappings and sequences, each once and in order: ``env:NAME``, ``file:PATH``.

    A text with secrets in it gives the source of each. Sensitive variables are not among them: whoever applies gives
    those, and nothing is looked up for them.
    """
    found: set[str] = set()
    waiting = list(things)
    while waiting:
        one = waiting.pop()
        kind: Any = type(one)
        if kind in PLAIN:
            continue
        if kind is tuple or kind is list:
            waiting += [value for value in one if type(value) not in PLAIN]
        elif isinstance(one, Secret):
            found.update(_of(one.source))
        elif kind is dict or isinstance(one, Mapping):
            if one.get(TAG) == "secret":  # as a file has it; some parts of a plan and of a state stay so
                found.update(_of(str(one.get("source"))))
            waiting += [value for value in one.values() if type(value) not in PLAIN]
        elif isinstance(one, _MANY):
            waiting += [value for value in one if type(value) not in PLAIN]
        else:
            waiting += [value for name in _fields(kind) if type(value := getattr(one, name)) not in PLAIN]
    return tuple(sorted(found))


def commands(found: tuple[str, ...]) -> tuple[str, ...]:
    """Of sources those that are command lines."""
    return tuple(one for one in found if one.startswith(COMMAND))


def _of(source: str) -> Iterator[str]:
    if source.startswith(TEXT):
        for part in pieces(source):
            if isinstance(part, Secret):
                yield from _of(part.source)
    elif source and not source.startswith(OUTPUT) and source.partition(":")[0].partition(".")[0] != VARIABLE:
        yield source


@lru_cache(maxsize=512)
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind)) if attrs.has(kind) else ()

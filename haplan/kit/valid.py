"""What a setting may be: validators for the fields of a provider's config class.

A value that does not fit raises a `ValueError` that names the setting, what was expected and what came. The engine puts
the provider and the line of the stack in front, at validate already.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, TypeGuard

import attrs

from haplan.kit.settings import HOST
from haplan.plugin import Secret, whole_in

Wrong = tuple[str, str, object]
"""Where in a value, what was expected there, and what came."""
PORTS = 65535
PASSWORD = re.compile(r"//[^/@]*@")


@attrs.frozen
class Shape:
    """What a value may be; an attrs validator.

    Attributes:
        wrong: Gives of a value each part that is not as it should be: where in it, what was expected, and the part.
    """

    wrong: Callable[[object], Iterator[Wrong]]

    def __call__(self, _config: object, field: "attrs.Attribute[Any]", value: Any) -> None:
        for where, expected, part in self.wrong(value):
            got = f", got {_shown(part)}" if field.repr else ""  # of a password nothing is said
            raise ValueError(f"{field.name}: {where}expected {expected}{got}")


def _that(expected: str, good: Callable[[object], bool]) -> Shape:
    def wrong(value: object) -> Iterator[Wrong]:
        if not good(value):
            yield "", expected, value

    return Shape(wrong)


def _shown(value: object) -> str:
    if isinstance(value, Secret):
        return "a secret"
    return f'"{PASSWORD.sub("//…@", value)}"' if isinstance(value, str) else repr(value)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def _is_host(value: object) -> bool:
    """A name or an address, with or without scheme, user, port and path."""
    if not isinstance(value, str):
        return isinstance(value, Secret)
    name = (value.partition("://")[2] or value).partition("/")[0].rpartition("@")[2]
    given = name.rpartition(":")[2] if name.count(":") == 1 or "]:" in name else "1"
    return bool(HOST.fullmatch(name)) and 0 < (whole_in(given) or 0) <= PORTS


def _is_prefix(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.IPv4Network(value))
    except ValueError:
        return False


text = _that("text", lambda value: isinstance(value, str | Secret))
file = _that("the path of a file", lambda value: isinstance(value, str | Secret | PurePath))
host = _that("a host, with or without :port", lambda value: value == "" or _is_host(value))
flag = _that("True or False", lambda value: isinstance(value, bool))
seconds = _that("a number of seconds above 0", _is_seconds)
prefix = _that("a prefix such as 169.254.253.0/30", _is_prefix)


def whole(least: int, most: int) -> Shape:
    """A whole number within bounds."""
    return _that(f"a whole number from {least} to {most}", lambda value: _is_whole(value) and least <= value <= most)


port = whole(1, PORTS)


def one_of(*choices: str) -> Shape:
    """One of some words."""
    return _that(" or ".join(f'"{choice}"' for choice in choices), lambda value: value in choices)


def matching(pattern: re.Pattern[str], expected: str) -> Shape:
    """Text of a form; a secret, or "", is taken too."""

    def good(value: object) -> bool:
        return isinstance(value, Secret) or (isinstance(value, str) and (not value or bool(pattern.match(value))))

    return _that(expected, good)


def listed(each: Shape, expected: str) -> Shape:
    """A list whose entries each are as `each` says."""

    def wrong(value: object) -> Iterator[Wrong]:
        if not isinstance(value, list | tuple):
            yield "", expected, value
            return
        for one in value:
            yield from each.wrong(one)

    return Shape(wrong)


def one_or_more(each: Shape) -> Shape:
    """One, or a list of them; text may hold several with a comma between."""

    def wrong(value: object) -> Iterator[Wrong]:
        many = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
        for one in many:
            yield from each.wrong(one.strip() if isinstance(one, str) else one)

    return Shape(wrong)


def mapped(each: Shape, form: str) -> Shape:
    """A mapping from text to values that each are as `each` says."""

    def wrong(value: object) -> Iterator[Wrong]:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            yield "", form, value
            return
        for name, one in value.items():
            yield from ((f"{name}: {where}", expected, part) for where, expected, part in each.wrong(one))

    return Shape(wrong)

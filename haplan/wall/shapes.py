"""Shapes: what a plugin gives, checked against what the contract's annotations say, before anybody uses it.

An answer comes out as the engine takes it: mappings as dicts, sequences as tuples, read to their end, so that no code
of the plugin runs later. ``Any`` in a contract is plain data: JSON, with secrets by their sources; ``object`` is the
plugin's own affair and is not looked at.
"""

import math
import operator
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

import attrs

from haplan.model.canonical import SAFE
from haplan.model.entries import in_order
from haplan.model.value import PLAIN, SEQUENCES, Secret, is_mapping, kind_of, with_article

T = TypeVar("T")
Fit = Callable[[Any], Any]
"""Gives a value as the engine takes it; raises `Misfit`."""
_SEQUENCES = (tuple, list, Sequence, Iterable, Collection)
_SETS = (set, frozenset)
_MAPPINGS = (dict, Mapping)
_DUE: Mapping[Any, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class Misfit(Exception):
    """What is not of its shape; the text says where in it, what is there, and what is due. Never a value.

    Threads: one; raised and caught in one call.
    """

    def __init__(self, what: str, due: str) -> None:
        super().__init__()
        self._path: list[str] = []
        self._what = what
        self._due = due

    def under(self, *path: object) -> "Misfit":
        """The same, seen from further up."""
        self._path[:0] = map(str, path)
        return self

    def __str__(self) -> str:
        where = f" as {'.'.join(self._path)}" if self._path else ""
        return f"{self._what}{where}, where {self._due} is due"


def unlike(value: object, due: str) -> Misfit:
    """A value is not what is due."""
    return Misfit(kind_of(value), due)


@lru_cache(1000)
def fit(annotation: Any) -> Fit:
    """What checks values of an annotation."""
    if annotation is Any:
        return plain
    origin = get_origin(annotation)
    if origin is ClassVar:
        return fit(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _one_of(get_args(annotation))
    if origin is Literal:
        return _literal(get_args(annotation))
    if origin in _MAPPINGS:
        return _mapping(*get_args(annotation))
    if origin is tuple and Ellipsis not in get_args(annotation):
        return _fixed(get_args(annotation))
    if origin in _SEQUENCES or origin in _SETS:
        return _many(get_args(annotation)[0], frozenset if origin in _SETS else tuple)
    if origin is not None:
        return _instance(callable if origin is Callable else origin, "a function" if origin is Callable else "")
    return _simple(annotation)


def _simple(kind: Any) -> Fit:
    if kind in (None, NoneType):
        return _exactly(NoneType, "None")
    if kind is object:
        return lambda value: value
    if kind is str:
        return text
    if kind is float:
        return number
    if kind in _DUE:
        return _exactly(kind, _DUE[kind])
    if attrs.has(kind):
        return noun(kind)
    if getattr(kind, "_is_protocol", False):
        return _protocol(kind)
    return _instance(kind)


# --- Leaves -----------------------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """Text that can be written to a file."""
    if type(value) is not str:
        raise unlike(value, "text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Misfit("text with half a character in it", "text") from None
    return value


def number(value: Any) -> float:
    """A number that JSON knows."""
    if type(value) not in (int, float):
        raise unlike(value, "a number")
    if not math.isfinite(value):
        raise Misfit("a number without end", "a number")
    return float(value) if type(value) is float else value


def _whole(value: int) -> int:
    if not -SAFE <= value <= SAFE:
        raise Misfit("a whole number of over 15 digits", "a number that JSON keeps")
    return value


def plain(value: Any) -> Any:
    """Plain data: JSON, and secrets by their sources. What is only known after the apply is none."""
    kind = type(value)
    if kind is str:
        return text(value)
    if kind is dict:
        return _plain_entries(value)
    if kind is float:
        return number(value)
    if kind is int:
        return _whole(value)
    if kind in PLAIN or kind is Secret:
        return value
    if is_mapping(value):
        return in_order(_plain_entries(value), value)
    if isinstance(value, SEQUENCES):
        made = tuple if isinstance(value, tuple) else list
        return made(_at(plain, one, index) for index, one in enumerate(value))
    raise unlike(value, "plain data")


def _plain_entries(value: Mapping[Any, Any]) -> dict[str, Any]:
    found = {}
    pairs = value.items() if type(value) is dict else ((name, value[name]) for name in value)
    for name, one in pairs:  # no call for each that is surely right: most of what providers answer passes here
        key, kind = name if type(name) is str and name.isascii() else _key(name), type(one)
        if (kind is str and one.isascii()) or kind is bool or one is None:
            found[key] = one
            continue
        try:
            found[key] = plain(one)
        except Misfit as wrong:
            raise wrong.under(key) from None
    return found


def _plain_mapping(value: Any) -> dict[str, Any]:
    if not is_mapping(value):
        raise unlike(value, "a mapping")
    return _plain_entries(value)


def _key(key: Any) -> str:
    try:
        return text(key)
    except Misfit as wrong:
        raise wrong.under("a key") from None


def _at(check: Fit, value: Any, *path: object) -> Any:
    try:
        return check(value)
    except Misfit as wrong:
        raise wrong.under(*path) from None


def _exactly(kind: type, due: str) -> Fit:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise unlike(value, due)
        return value

    return check


def _instance(kind: Any, due: str = "") -> Fit:
    def check(value: Any) -> Any:
        if not (kind(value) if kind is callable else isinstance(value, kind)):
            raise unlike(value, due or with_article(kind.__name__))
        return value

    return check


def _literal(allowed: tuple[Any, ...]) -> Fit:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise unlike(value, f"one of {', '.join(map(repr, allowed))}")
        return value

    return check


# --- What holds others ------------------------------------------------------------------------------------------------


def _one_of(kinds: tuple[Any, ...]) -> Fit:
    checks = [fit(kind) for kind in kinds]

    def check(value: Any) -> Any:
        wrong = None
        for one in checks:
            try:
                return one(value)
            except Misfit as error:
                wrong = wrong or error
        raise wrong or unlike(value, "something else")

    return check


def _mapping(keys: Any, values: Any) -> Fit:
    if keys is str and values is Any:
        return _plain_mapping
    key, check = fit(keys), fit(values)

    def mapped(value: Any) -> dict[Any, Any]:
        if not is_mapping(value):
            raise unlike(value, "a mapping")
        found = {}
        for name in value:
            made = _at(key, name, "a key")
            try:
                found[made] = check(value[name])
            except Misfit as wrong:
                raise wrong.under(_shown(name)) from None
        return found

    return mapped


def _shown(key: Any) -> str:
    return ",".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _many(kind: Any, made: Callable[[Iterable[Any]], Any]) -> Fit:
    check = fit(kind)

    def many(value: Any) -> Any:
        if isinstance(value, str | bytes) or is_mapping(value) or not isinstance(value, Iterable):
            raise unlike(value, "a sequence")
        fitted = [_at(check, one, index) for index, one in enumerate(value)]
        same = type(value) is made and all(map(operator.is_, value, fitted))
        return value if same else made(fitted)

    return many


def _fixed(kinds: tuple[Any, ...]) -> Fit:
    checks = [fit(kind) for kind in kinds]

    def fixed(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, SEQUENCES) or len(value) != len(checks):
            raise unlike(value, f"a tuple of {len(checks)}")
        return tuple(_at(check, one, index) for index, (check, one) in enumerate(zip(checks, value, strict=True)))

    return fixed


def noun(kind: Any, known: Collection[str] = ()) -> Fit:
    """An attrs class of the contracts: of exactly these fields, each of its shape; some may be known to be right."""
    hints = typing.get_type_hints(kind)
    fields = [field for field in attrs.fields(kind) if field.init and field.name not in known]
    checks = [(field.name, fit(hints[field.name]), _unsaid(field)) for field in fields]

    def check_fields(value: Any) -> Any:
        if not isinstance(value, kind):
            raise unlike(value, with_article(kind.__name__))
        changed = {}
        for name, check, usual in checks:
            given = getattr(value, name)
            if given is usual:  # the plugin did not say it
                continue
            try:
                now = check(given)
            except Misfit as wrong:
                raise wrong.under(name) from None
            if now is not given:
                changed[name] = now
        return attrs.evolve(value, **changed) if changed else value

    return check_fields


def _unsaid(field: Any) -> Any:
    """What stands in a field that nobody fills, if that never changes; else what stands in none."""
    unchanging = type(field.default) in PLAIN or field.default == ()
    return field.default if unchanging else attrs.NOTHING


def _protocol(kind: Any) -> Fit:
    names = [name for name in {**kind.__annotations__, **vars(kind)} if not name.startswith("_")]

    def check(value: Any) -> Any:
        lacking = [name for name in names if not hasattr(value, name)]
        if lacking:
            raise Misfit(f"{kind_of(value)} without {', '.join(lacking)}", with_article(kind.__name__))
        return value

    return check

"""Kinds: what an attribute takes, how it is checked, and the plain value it becomes."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from haplan.language.record import PACKAGE, UNSTEADY, close_words, nearest
from haplan.language.refs import Ref, has_token, plain_secret
from haplan.language.taking import (
    BROKEN,
    HOLE,
    Broken,
    Kind,
    Taking,
    exact,
    is_surely_plain,
    misshapen,
    no_secret,
    other_shape,
    reference,
    shown,
    text,
)
from haplan.model import value as model

Tree = model.Tree


@attrs.frozen
class Text:
    """A string. `check` gives a complaint about a plain one, or "" (texts with variables are checked per site)."""

    words: str = "text"
    check: Callable[[str], str] | None = None
    clean: Callable[[str], str] | None = None

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if isinstance(value, Ref):
            return reference(value, taking)
        if isinstance(value, model.Secret):
            return plain_secret(value)
        if not isinstance(value, str):
            return misshapen(self, value, at, taking)
        found = text(value, at, taking)
        if not isinstance(found, str) or HOLE.search(found):
            return found
        complaint = _text_of(self.check, found) if self.check else ""
        if complaint:
            return taking.wrong(at, complaint)
        return _text_of(self.clean, found) if self.clean else found


def _text_of(function: Callable[[str], Any], value: str) -> str:
    """What a plugin's function makes of a text.

    Raises:
        TypeError: It gave something else than text.
    """
    found = function(value)
    if not isinstance(found, str):
        raise TypeError(f"it gave {shown(found)}, where text is due")
    return found


@attrs.frozen
class Name:
    """A text that is known at once: it names a part, so it holds no reference."""

    words: str = "name"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if not isinstance(value, str) or not value:
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}")
        if has_token(value):
            return taking.wrong(at, f"a {self.words} cannot hold a reference: it is known only after apply")
        return exact(value)


@attrs.frozen
class Whole:
    """An integer between bounds; `or_text` also takes a text with a variable (`10` and `"10"` are the same)."""

    low: int | None = None
    high: int | None = None
    or_text: bool = False

    @property
    def words(self) -> str:
        bounds = f" {self.low} to {self.high}" if self.low is not None and self.high is not None else ""
        return f"integer{bounds}" + (" or text" if self.or_text else "")

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if isinstance(value, Ref):
            return reference(value, taking, at, "" if self.or_text else self.words)
        if self.or_text and isinstance(value, str):
            found = text(value, at, taking)
            if not isinstance(found, str) or HOLE.search(found):
                return found
            number = model.whole_in(found.removeprefix("-"))
            value = value if number is None else -number if found.startswith("-") else number
        if not isinstance(value, int) or isinstance(value, bool):
            return misshapen(self, value, at, taking)
        if (
            (self.low is not None and value < self.low)
            or (self.high is not None and value > self.high)
            or not fits(value)
        ):
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}")
        return exact(value)


@attrs.frozen
class Flag:
    """True or False."""

    words: str = "bool"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if isinstance(value, Ref):
            return reference(value, taking, at, "True or False")
        if not isinstance(value, bool):
            return misshapen(self, value, at, taking, "True or False")
        return value


@attrs.frozen
class Choice:
    """One of a few words; `rule` is the design rule that says so, named in the message."""

    options: tuple[str, ...]
    rule: str = ""

    @property
    def words(self) -> str:
        return "one of " + ", ".join(self.options)

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if isinstance(value, Ref):
            return reference(value, taking)
        if not isinstance(value, str) or value not in self.options:
            hint = nearest(value, self.options) if isinstance(value, str) else other_shape(self, value, taking)
            rule = f" ({self.rule})" if self.rule else ""
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}{hint}{rule}")
        return exact(value)


@attrs.frozen
class ListOf:
    """A list or tuple, never a set: a set has no stable order. `single` also takes one item alone."""

    item: Kind
    single: bool = False
    least: int = 0

    @property
    def words(self) -> str:
        return f"list of {self.item.words}"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if isinstance(value, set | frozenset):
            return taking.wrong(at, "expected a list, got a set; a set has no order that stays, write a list")
        if self.single and not isinstance(value, list | tuple):
            value = [value]
        if isinstance(value, str) or not isinstance(value, Sequence):
            return misshapen(self, value, at, taking)
        if len(value) < self.least:
            return taking.wrong(at, f"expected at least {self.least}, got {len(value)}")
        return _whole([self.item.take(one, f"{at}[{index}]", taking) for index, one in enumerate(value)])


@attrs.frozen
class MapOf:
    """A mapping with text keys."""

    item: Kind
    words: str = "map"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if not isinstance(value, Mapping):
            return taking.wrong(at, f"expected a map, got {shown(value)}")
        taken: dict[str, Tree] = {}
        broken, any_kind = False, type(self.item) is Anything
        for key, one in value.items():
            if any_kind and type(key) is str and is_surely_plain(key) and is_surely_plain(one):
                taken[key] = one  # most entries: neither a call nor a way to a mistake is made for them
                continue
            if not isinstance(key, str):
                taking.wrong(at, f"expected text as key, got {shown(key)}")
                continue
            if not key.isascii() and has_token(key):
                taking.wrong(at, "a key cannot hold a reference: it is known only after apply")
                continue
            if PACKAGE in key:
                taking.wrong(at, f"a key {UNSTEADY}")
                continue
            taken[exact(key)] = found = self.item.take(one, f"{at}[{key!r}]", taking)
            broken = broken or found is BROKEN
        return BROKEN if broken else taken


@attrs.frozen
class ResourceOf:
    """A resource of one of these types: by reference, never by name. Becomes its remote name."""

    types: tuple[str, ...]

    @property
    def words(self) -> str:
        return " or ".join("".join(part.title() for part in name.split("_")) for name in self.types)

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        kind = getattr(type(value), "haplan_type", None)
        if kind is None or kind.name not in self.types:
            hint = self._declared(value, taking) or other_shape(self, value, taking)
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}{hint}")
        taking.refer(str(value.haplan_address))
        return value.haplan_name

    def _declared(self, value: Tree, taking: Taking) -> str:
        if not isinstance(value, str):
            return ""
        named = dict[str, Tree]()
        for found in taking.recording.resources.values():
            if type(found).haplan_type.name in self.types:
                named.setdefault(found.label, found)
                named.setdefault(str(found.haplan_name), found)
        near = next(iter(close_words(value, named)), "")
        if not near:
            return ""
        kind, place = type(named[near]).haplan_type.name.replace("_", " "), named[near].haplan_location.short
        if value == near:
            return f"; {model.with_article(kind)} of that name is declared at {place}"
        return f"; did you mean the {kind} {near!r}, declared at {place}?"


@attrs.frozen
class Made:
    """A value that a helper function makes; its class says how it becomes plain: ``plain(taking, at)``."""

    classes: tuple[type, ...]
    words: str

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if not isinstance(value, self.classes):
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}")
        made: Any = value
        return made.plain(taking, at)


@attrs.frozen
class SecretOf:
    """A ``secret(…)`` or a sensitive variable; never the text itself."""

    words: str = "secret"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, Broken):
            return BROKEN
        if isinstance(value, model.Secret):
            return plain_secret(value)
        if isinstance(value, str):
            found = text(value, at, taking)
            if isinstance(found, model.Secret | Broken):
                return found
        return no_secret(value, at, taking)


@attrs.frozen
class Anything:
    """Any plain data; resources become their names. For outputs, `extra` and `Data`."""

    words: str = "plain data"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        if isinstance(value, str):
            return text(value, at, taking)
        if isinstance(value, Broken):
            return BROKEN
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            if fits(value):
                return exact(value)
            return taking.wrong(at, f"{shown(value)} does not fit into JSON; write it as text")
        if isinstance(value, Ref):
            return reference(value, taking)
        if isinstance(value, model.Secret):
            return plain_secret(value)
        if isinstance(value, Mapping):
            return _ANY_MAP.take(value, at, taking)
        if isinstance(value, list | tuple | set | frozenset):
            return _ANY_LIST.take(value, at, taking)
        if hasattr(type(value), "haplan_type"):
            taking.refer(str(value.haplan_address))
            return value.haplan_name
        return taking.wrong(at, f"expected {self.words}, got {shown(value)}")


_ANY_MAP, _ANY_LIST = MapOf(Anything()), ListOf(Anything())


def fits(number: int | float) -> bool:
    """Numbers that every JSON reader takes for the same: whole ones up to 2^53, and finite ones (RFC 8785)."""
    return abs(number) < 2**53 if isinstance(number, int) else math.isfinite(number)


def _whole(items: list[Tree]) -> Tree:
    return BROKEN if any(item is BROKEN for item in items) else items

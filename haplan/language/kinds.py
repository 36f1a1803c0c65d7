"""Kinds: what an attribute takes, how it is checked, and the plain value it becomes.

A kind never raises for a wrong value: it records the mistake with the way to it and gives `BROKEN`.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from haplan.language.record import PACKAGE, UNSTEADY, Recording, nearest
from haplan.language.refs import Ref, has_token, plain_secret, scan
from haplan.language.shapes import meant
from haplan.model import value as model
from haplan.model.stack import Location, Reference

Tree = model.Tree


class Broken:
    """Stands for a value that was wrong; later checks skip it."""

    def __repr__(self) -> str:
        return "<broken>"


BROKEN = Broken()

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
"""A site variable inside a text: double braces, letters, digits, underscore (HA119)."""
HOLE = re.compile(r"\{\{(.*?)\}\}")
"""What stands between double braces, well named or not: such a text is judged per site."""
_LONE = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")


@attrs.define(kw_only=True)
class Taking:
    """One value on its way into a block: where mistakes go, and what was referred to.

    Threads: one, the load's.

    Attributes:
        by_hand: The value stands in the stack: a mistake may say how it is to be written.
    """

    recording: Recording
    subject: str
    location: Location
    references: list[Reference] = attrs.field(factory=list)
    via: str = ""
    by_hand: bool = True

    def wrong(self, at: str, text: str, location: Location | None = None) -> Broken:
        """Record a mistake at a part of the block, at that part's own line if it has one."""
        words = [self.subject, at, text]
        self.recording.mistake(": ".join(word for word in words if word), location or self.location)
        return BROKEN

    def refer(self, address: str) -> None:
        """Note a hard dependency."""
        self.references.append(Reference(address, self.via))


class Kind(Protocol):
    """What an attribute takes."""

    @property
    def words(self) -> str:
        """What it takes, for messages and ``haplan types``."""
        ...

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        """The plain value, or `BROKEN` with the mistake recorded."""
        ...


def shown(value: Tree) -> str:
    """A wrong value as a message shows it."""
    if isinstance(value, str):
        if has_token(value):
            return "text with a reference in it"
        return f'"{value}"' if len(value) < 60 else f'"{value[:57]}…"'
    if isinstance(value, model.Secret):
        return "a sensitive value"
    address = getattr(value, "haplan_address", None)
    if address is not None:
        return f"{type(value).__name__} {address}"
    return repr(value) if isinstance(value, int | float | bool | type(None)) else f"a {type(value).__name__}"


def misshapen(kind: Kind, value: Tree, at: str, taking: Taking, wanted: str = "") -> Broken:
    """Record a value of another shape than a kind takes, with the shape that it would take."""
    return taking.wrong(at, f"expected {wanted or kind.words}, got {shown(value)}{_meant(kind, value, taking)}")


def _meant(kind: Kind, value: Tree, taking: Taking) -> str:
    """The shape that a kind would take of a value, if there is one: it has been tried, and nothing of that stays."""

    def taken(other: Tree) -> bool:
        now = taking.recording
        trial = Recording(now.root, now.variable_value, now.types)
        kind.take(other, "", attrs.evolve(taking, recording=trial, references=[], by_hand=False))
        return not trial.mistakes

    return meant(value, taken) if taking.by_hand else ""


def reference(value: Tree, taking: Taking, at: str = "", wanted: str = "") -> Tree:
    """A `Ref` as data, with its edge noted unless it is derived; text where something else is `wanted` is a mistake."""
    ref = value.haplan_ref
    if wanted and _kind_of(ref, taking.recording) == "text":
        return taking.wrong(at, f"expected {wanted}, got {ref}, which is text")
    if not ref.derived:
        taking.refer(ref.address)
    return ref


def _kind_of(ref: model.Ref, recording: Recording) -> str:
    """What the attribute is that a reference leads to, in words; "" where that is not known."""
    found = recording.resources.get(ref.address)
    info = (
        type(found).haplan_type.attributes.get(str(ref.path[0])) if found is not None and len(ref.path) == 1 else None
    )
    return info.kind if info is not None else ""


def text(value: str, at: str, taking: Taking) -> Tree:
    """A string, scanned for references and for the lone braces that an f-string leaves of a site variable."""
    if value.isascii() and "{" not in value and PACKAGE not in value:
        return value
    if PACKAGE in value:
        return taking.wrong(at, UNSTEADY)
    lone = _LONE.search(value) if "{" in value else None
    if lone:
        return taking.wrong(
            at,
            f"{shown(value)} holds {{{lone[1]}}}; a site variable takes double braces, "
            f"in an f-string write {{site_var('{lone[1]}')}}",
        )
    try:
        value.encode()
        found = scan(value)
    except UnicodeEncodeError:
        return taking.wrong(at, "holds half of a character, which no file can keep")
    except ValueError as error:
        return taking.wrong(at, str(error))
    for ref in model.references(found):
        if not ref.derived:
            taking.refer(ref.address)
    return found


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
        complaint = self.check(found) if self.check else ""
        if complaint:
            return taking.wrong(at, complaint)
        return self.clean(found) if self.clean else found


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
        return value


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
            value = int(found) if re.fullmatch(r"-?[0-9]+", found) else value
        if not isinstance(value, int) or isinstance(value, bool):
            return misshapen(self, value, at, taking)
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            return taking.wrong(at, f"expected {self.words}, got {value}")
        return value


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
            hint = nearest(value, self.options) if isinstance(value, str) else _meant(self, value, taking)
            rule = f" ({self.rule})" if self.rule else ""
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}{hint}{rule}")
        return value


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
        broken = False
        for key, one in value.items():
            if not isinstance(key, str):
                taking.wrong(at, f"expected text as key, got {shown(key)}")
                continue
            if has_token(key):
                taking.wrong(at, "a key cannot hold a reference: it is known only after apply")
                continue
            if PACKAGE in key:
                taking.wrong(at, f"a key {UNSTEADY}")
                continue
            taken[key] = found = self.item.take(one, f"{at}[{key!r}]", taking)
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
            hint = self._declared(value, taking) or _meant(self, value, taking)
            return taking.wrong(at, f"expected {self.words}, got {shown(value)}{hint}")
        taking.refer(str(value.haplan_address))
        return value.haplan_name

    def _declared(self, value: Tree, taking: Taking) -> str:
        if not isinstance(value, str):
            return ""
        for found in taking.recording.resources.values():
            kind = type(found).haplan_type.name
            if kind in self.types and value in (found.label, found.haplan_name):
                return f"; a {kind.replace('_', ' ')} of that name is declared at {found.haplan_location.short}"
        return ""


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


def no_secret(value: Tree, at: str, taking: Taking) -> Broken:
    """Record that something else stands where a secret is expected; not what: it may be one."""
    got = "text" if isinstance(value, str) else "a reference" if isinstance(value, Ref) else "plain data"
    return taking.wrong(at, f'expected secret("env:NAME"), got {got}; a secret never stands in a stack')


def only_secrets(tree: Tree) -> bool:
    """True if nothing in a value would stand in plan and state in plain."""
    return all(isinstance(leaf, model.Secret) or leaf is None or leaf in ({}, []) for _, leaf in model.leaves(tree))


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
            return value if _fits(value) else taking.wrong(at, f"{value} does not fit into JSON; write it as text")
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


def _fits(number: int | float) -> bool:
    """Numbers that every JSON reader takes for the same: whole ones up to 2^53, and finite ones (RFC 8785)."""
    return abs(number) < 2**53 if isinstance(number, int) else math.isfinite(number)


def _whole(items: list[Tree]) -> Tree:
    return BROKEN if any(item is BROKEN for item in items) else items

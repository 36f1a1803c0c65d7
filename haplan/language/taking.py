"""What a block takes, on its way in: where mistakes go, how a wrong value is told, which text holds what.

A kind (see `haplan.language.kinds`) never raises for a wrong value: it records the mistake with the way to it and gives
`BROKEN`.
"""

import re
from typing import Protocol

import attrs

from haplan.language.record import PACKAGE, UNSTEADY, Recording
from haplan.language.refs import Ref, has_token, scan
from haplan.language.shapes import is_endless, meant
from haplan.model import value as model
from haplan.model.canonical import SAFE
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
        self.recording.mistake(": ".join(word for word in words if word), location or self.location, self.subject)
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


def exact(value: Tree) -> Tree:
    """A text or number of a class of the user's own, such as a member of an Enum, as the plain one that it is."""
    if isinstance(value, str) and type(value) is not str:
        return str.__str__(value)
    if isinstance(value, int) and type(value) not in (int, bool):
        return int.__index__(value)
    if isinstance(value, float) and type(value) is not float:
        return float.__float__(value)
    return value


def shown(value: Tree) -> str:
    """A wrong value as a message shows it."""
    value = exact(value)
    if isinstance(value, str):
        if has_token(value):
            return "text with a reference in it"
        return f'"{value}"' if len(value) < 60 else f'"{value[:57]}…"'
    if isinstance(value, model.Secret):
        return "a sensitive value"
    address = getattr(value, "haplan_address", None)
    if address is not None:
        return f"{type(value).__name__} {address}"
    if isinstance(value, bytes):
        return "bytes"
    if is_endless(value):
        return "a number of too many digits"
    return repr(value) if isinstance(value, int | float | bool | type(None)) else model.kind_of(value)


def misshapen(kind: Kind, value: Tree, at: str, taking: Taking, wanted: str = "") -> Broken:
    """Record a value of another shape than a kind takes, with the shape that it would take."""
    return taking.wrong(at, f"expected {wanted or kind.words}, got {shown(value)}{other_shape(kind, value, taking)}")


def other_shape(kind: Kind, value: Tree, taking: Taking) -> str:
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
    value = exact(value)
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


def is_surely_plain(value: Tree) -> bool:
    """True of most plain leaves, with few questions; False means only that more has to be asked."""
    kind = type(value)
    if kind is str:
        return value.isascii() and "{" not in value and PACKAGE not in value
    return kind is bool or value is None or (kind is int and -SAFE <= value <= SAFE)


def no_secret(value: Tree, at: str, taking: Taking) -> Broken:
    """Record that something else stands where a secret is expected; not what: it may be one."""
    got = "text" if isinstance(value, str) else "a reference" if isinstance(value, Ref) else "plain data"
    return taking.wrong(at, f'expected secret("env:NAME"), got {got}; a secret never stands in a stack')


def only_secrets(tree: Tree) -> bool:
    """True if nothing in a value would stand in plan and state in plain."""
    return all(isinstance(leaf, model.Secret) or leaf is None or leaf in ({}, []) for _, leaf in model.leaves(tree))

"""References as a stack's author handles them: objects that stand for a value not known yet.

In an f-string a reference becomes a token of private-use characters with a checksum; every string that enters a
resource, a variable or an output is scanned for it.
"""

import re
import zlib
from typing import Any, Generic, NoReturn, TypeVar

from haplan.errors import StackError
from haplan.language.record import current, here
from haplan.model import value as model

T = TypeVar("T", covariant=True)

_OPEN, _CLOSE, _ZERO = "\ue000aB", "\ue001", 0xE010  # letters of both cases, so that upper() and its like leave a trace
_TOKEN = re.compile(f"{_OPEN}([\ue010-\ue01f]*){_CLOSE}")
_PIECE = re.compile("[\ue000-\ue01f]")


class Ref(Generic[T]):
    """An attribute of a resource: known once the resource is there.

    It may stand in containers, attributes and f-strings. It is never a truth value, a number or one side of a
    comparison, because its value is not known while the stack loads.
    """

    __slots__ = ("_ref",)

    def __init__(self, ref: model.Ref) -> None:
        self._ref = ref

    @property
    def haplan_ref(self) -> model.Ref:
        """The reference as data."""
        return self._ref

    def __repr__(self) -> str:
        return f"<{self._ref}>"

    def __str__(self) -> str:
        return _token(self._ref)

    def __format__(self, spec: str) -> str:
        if spec:
            self._no(f"in an f-string with the format {spec!r}", "drop the format")
        return _token(self._ref)

    def __getitem__(self, step: "str | int") -> "Ref[Any]":
        """What stands below a key, or at a place in a list: known when the whole is."""
        if not isinstance(step, str | int) or isinstance(step, bool):
            self._no("with an index that is no key and no place", "name one entry")
        return Ref(model.Ref(self._ref.address, (*self._ref.path, step), self._ref.derived))

    def __hash__(self) -> int:
        return hash(self._ref)

    def __bool__(self) -> NoReturn:
        self._no("as a truth value", "decide on something the stack itself says")

    def __eq__(self, other: object) -> Any:
        self._no("in a comparison", "compare what the stack itself says")

    def __ne__(self, other: object) -> Any:
        self._no("in a comparison", "compare what the stack itself says")

    def __lt__(self, other: object) -> NoReturn:
        self._no("in a comparison", "compare what the stack itself says")

    __le__ = __gt__ = __ge__ = __lt__

    def __int__(self) -> NoReturn:
        self._no("as a number", "give it to an attribute as it is")

    def __index__(self) -> NoReturn:
        self._no("as a number", "give it to an attribute as it is")

    def __add__(self, other: object) -> NoReturn:
        self._no("in a sum", 'write it in an f-string, such as f"{site.id}-x"')

    __radd__ = __add__

    def __iter__(self) -> NoReturn:
        self._no("in a loop", "loop over something the stack itself says")

    def __len__(self) -> NoReturn:
        self._no("for its length", "count something the stack itself says")

    def _no(self, how: str, instead: str) -> NoReturn:
        raise StackError([f"{here()}: {self._ref} cannot be used {how}: it is known only after apply; {instead}"])


class Hidden(model.Secret):
    """A secret as a stack's author handles it: it may stand in containers and f-strings, and hides what it is in."""

    def __str__(self) -> str:
        return _token(plain_secret(self))

    def __format__(self, spec: str) -> str:
        if spec:
            self._no(f"in an f-string with the format {spec!r}", "drop the format")
        return _token(plain_secret(self))

    def __hash__(self) -> int:
        return hash(self.source)

    def __bool__(self) -> NoReturn:
        self._no("as a truth value", "a plan would tell what it is; decide on something that is no secret")

    def __eq__(self, other: object) -> Any:
        self._no("in a comparison", "a plan would tell what it is; compare something that is no secret")

    __ne__ = __eq__

    def __add__(self, other: object) -> NoReturn:
        self._no("in a sum", "write it in an f-string")

    __radd__ = __add__

    def _no(self, how: str, instead: str) -> NoReturn:
        names = model.variables(self.source)
        what = f"sensitive variable {' '.join(names)}" if names else f"secret {self.source}"
        raise StackError([f"{here()}: {what} cannot be used {how}: {instead}"])


def plain_secret(found: model.Secret) -> model.Secret:
    """A secret as data."""
    return model.Secret(found.source, found.version)


def _token(leaf: model.Ref | model.Secret) -> str:
    recording = current("a reference in a string")
    index = len(recording.refs)
    recording.refs.append(leaf)
    payload = f"{index:08x}{_sum(index, leaf):08x}"
    return _OPEN + "".join(chr(_ZERO + int(digit, 16)) for digit in payload) + _CLOSE


def _sum(index: int, leaf: model.Ref | model.Secret) -> int:
    said = leaf.source if isinstance(leaf, model.Secret) else str(leaf)
    return zlib.crc32(f"{index:08x}{said}".encode())


def has_token(text: str) -> bool:
    """True if a reference, or a piece of one, is in the text."""
    return not text.isascii() and _PIECE.search(text) is not None


def unresolved(text: bytes, most: int = 40) -> str:
    """What stands around a whole reference in UTF-8 text, without it; "" where there is none."""
    if _OPEN.encode() not in text:
        return ""
    whole = text.decode()
    found = _TOKEN.search(whole)
    return f"…{whole[max(0, found.start() - most) : found.start()]}…" if found and found[1] else ""


def scan(text: str) -> model.Tree:
    """The text as it is, or a `haplan.model.value.Ref`, `Text` or `Secret` where references or secrets stand in it.

    Raises:
        ValueError: A reference in it was cut or changed.
    """
    if not has_token(text):
        return text
    parts: list[str | model.Ref | model.Secret] = []
    at = 0
    for found in _TOKEN.finditer(text):
        parts += [text[at : found.start()], _referred(found.group(1))]
        at = found.end()
    parts.append(text[at:])
    if any(isinstance(part, str) and has_token(part) for part in parts):
        raise ValueError("a reference in this text was cut or changed; use f-strings only to put references into text")
    parts = [part for part in parts if part != ""]
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(part, model.Ref) for part in parts):
        return model.Text(tuple(parts))
    return model.joined(part for part in parts if not isinstance(part, model.Ref))


def _referred(digits: str) -> model.Ref | model.Secret:
    payload = "".join(f"{ord(digit) - _ZERO:x}" for digit in digits)
    refs = current("a reference in a string").refs
    damaged = ValueError("a reference in this text was cut or changed; use f-strings only to put references into text")
    if len(payload) != 16 or int(payload[:8], 16) >= len(refs):
        raise damaged
    leaf: model.Ref | model.Secret = refs[int(payload[:8], 16)]
    if f"{_sum(int(payload[:8], 16), leaf):08x}" != payload[8:]:
        raise damaged
    return leaf

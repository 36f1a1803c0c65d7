"""What a leaf may hold: the model's types, and values as the model's rules read them.

A value is JSON as it is on the wire. Rules and comparisons go by its text: `true` and `"true"` are the same boolean,
`24` and `"24"` the same number, as the conductor has it too.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import attrs

from haplan.plugin import Tree

INTEGERS = {
    "int8": (-(2**7), 2**7 - 1), "int64": (-(2**63), 2**63 - 1), "uint8": (0, 2**8 - 1), "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1),
}  # fmt: skip
EMPTY = ("", None, True, [None])
"""What may stand for an `empty` leaf, whose presence is its value; what the conductor writes is not documented."""

KEPT = 10_000
"""Values of a type that are remembered to fit."""

Pattern = tuple[str, str]
"""A regular expression as the model has it, and what is said where it does not fit, or ""."""


@attrs.frozen(eq=False, kw_only=True)
class Type:
    """A type of the model, its typedefs followed down to a built-in type.

    Attributes:
        base: Built-in type of YANG.
        values: Of an `enumeration` or `identityref`.
        ranges: (from, to) of a number's value or a text's length, each with the vendor's message or "".
        patterns: Regular expressions that a text has to match whole, each with the vendor's message or "".
        excluded: Those it must not match.
        members: Of a `union`.
        path: Of a `leafref`, without prefixes; "" where the model does not have its target.

    Threads: any. What fits is remembered, and forgotten when it is much: that takes no lock, it only saves work.
    """

    base: str
    values: frozenset[str] = frozenset()
    ranges: tuple[tuple[tuple[tuple[Decimal, Decimal], ...], str], ...] = ()
    patterns: tuple[Pattern, ...] = ()
    excluded: tuple[Pattern, ...] = ()
    members: tuple["Type", ...] = ()
    path: str = ""
    _good: set[str] = attrs.field(factory=set)

    def problem(self, value: object) -> str:
        """What is wrong with a JSON value, or "": the vendor's words where the model has some."""
        if type(value) is str and value in self._good:  # most are, again and again
            return ""
        if self.base == "empty":
            fits = any(type(value) is type(one) and value == one for one in EMPTY)
            return "" if fits else "must be empty: its presence is its value"
        if isinstance(value, Mapping | list | tuple) or value is None:
            return f"must be one value, not {_sort(value)}"
        if self.base == "string" and not isinstance(value, str):
            return f"must be a text, not {_sort(value)}"
        text = text_of(value)
        if text in self._good:
            return ""
        found = self.misfit(text)
        if not found:
            if len(self._good) >= KEPT:
                self._good.clear()
            self._good.add(text)
        return found

    def misfit(self, text: str) -> str:
        """What is wrong with a value's text, or ""."""
        if self.base == "union":
            said = [member.misfit(text) for member in self.members]
            return "" if "" in said else " or: ".join(dict.fromkeys(said))
        if self.base in ("enumeration", "identityref"):
            plain = text.rpartition(":")[2] if self.base == "identityref" else text
            return "" if plain in self.values else f"must be one of {', '.join(sorted(self.values))}"
        if self.base == "boolean":
            return "" if text in ("true", "false") else "must be true or false"
        if self.base in INTEGERS or self.base == "decimal64":
            return self._number(text)
        return self._text(text)

    def _number(self, text: str) -> str:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return "must be a number"
        if not number.is_finite():
            return "must be a number"
        if self.base in INTEGERS:
            low, high = INTEGERS[self.base]
            if not re.fullmatch(r"[+-]?\d+", text):
                return "must be a whole number"
            if not low <= number <= high:
                return f"must be {low}..{high}"
        return self._within(number, "must be")

    def _text(self, text: str) -> str:
        if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", text):
            return "must not hold control characters"
        for pattern, said in self.patterns:
            if not _compiled(pattern).fullmatch(text):
                return said or f"must match {pattern}"
        for pattern, said in self.excluded:
            if _compiled(pattern).fullmatch(text):
                return said or f"must not match {pattern}"
        return self._within(Decimal(len(text)), "length must be")

    def _within(self, number: Decimal, what: str) -> str:
        for parts, said in self.ranges:
            if not any(low <= number <= high for low, high in parts):
                return said or f"{what} {' or '.join(f'{low}..{high}' for low, high in parts)}"
        return ""


def text_of(value: object) -> str:
    """A value as the rules read it."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, list):
        return ""
    return str(value)


def _sort(value: object) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return {type(None): "null", bool: "true or false"}.get(type(value), "a number")


def make_types(data: Sequence[Mapping[str, Tree]], known: Callable[[str], bool]) -> tuple[Type, ...]:
    """The types of `model.json`; members of a union stand before it. `known` tells a leafref's target from none."""
    made: list[Type] = []
    for one in data:
        path = one.get("path", "")
        made.append(
            Type(
                base=one["base"],
                values=frozenset(one.get("values", ())),
                ranges=tuple(
                    (_parts(text, one["base"]), said) for text, said in one.get("ranges", one.get("lengths", ()))
                ),
                patterns=tuple((text, said) for text, said in one.get("patterns", ())),
                excluded=tuple((text, said) for text, said in one.get("not", ())),
                members=tuple(made[place] for place in one.get("of", ())),
                path=path if known(path) else "",
            )
        )
    return tuple(made)


@functools.lru_cache(1000)
def _compiled(text: str) -> re.Pattern[str]:
    """XSD's expressions of the model are Python's too, but for what `$` and `^` are: plain characters there."""
    return re.compile(re.sub(r"(?<!\\)(?<!\[)[$^]", lambda found: "\\" + found[0], text))


def _parts(text: str, base: str) -> tuple[tuple[Decimal, Decimal], ...]:
    low, high = INTEGERS.get(base, (0, 2**64 - 1))
    parts = []
    for part in text.split("|"):
        first, _, last = (one.strip() for one in part.partition(".."))
        ends = [Decimal({"min": low, "max": high}.get(end, end)) for end in (first, last or first)]
        parts.append((ends[0], ends[1]))
    return tuple(parts)

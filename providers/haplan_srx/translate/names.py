"""Names and numbers on one device: which characters, how long, and no two things called alike.

Each kind of list of a device is a space of its own. In it, what a user calls something is its name, if the list takes
that; what haplan makes a name for yields to it, and is told apart by a checksum. What a name or number was given to
keeps it (`given`), also when others come and go.
"""

import hashlib
import itertools
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

LONG = 63
"""Characters of a zone, address, application or policy name (vendor YANG)."""
SHORT = 32
"""Characters of an IKE gateway or an IPsec VPN (vendor YANG)."""

Key = tuple[str, ...]
"""The space, and what has the name there."""

OWN: Mapping[str, frozenset[str]] = {
    "address": frozenset({"any", "any-ipv4", "any-ipv6"}),
    "application": frozenset({"any"}),
    "instance": frozenset({"all", "default", "master"}),
    "term": frozenset({"rest"}),
    "zone": frozenset({"any", "global", "junos-global", "junos-host"}),
}
"""Names that mean something of their own on a device, or that haplan keeps for itself, by space."""
PREDEFINED = "junos-"
"""Beginning of the applications that a device brings along."""


@attrs.frozen
class Space:
    """What one kind of list takes.

    Attributes:
        length: Characters at most.
        also: Beside letters, digits, ``-`` and ``_``.
    """

    length: int = LONG
    also: str = ""


SPACES: Mapping[str, Space] = {
    "address": Space(LONG, ".:"),
    "tunnel": Space(SHORT),
    "overlay": Space(SHORT),
    "proposal": Space(SHORT),
    "probe": Space(SHORT),
    "screen": Space(SHORT),
}


CONFIGURED: Key = ("configured",)
"""Among what was given before: haplan has configured the device once."""
MARK, SEEN = "yes", "seen"
MARKED = frozenset({"monitored"})
"""Spaces of marks, which follow from nothing else: they are always recorded."""


class Names:
    """The names and numbers of one device.

    Threads: one; made for one translation.

    Attributes:
        given: All that was asked for, with what it was given.
    """

    def __init__(self, given: Mapping[Key, str] | None = None) -> None:
        """Take what was given before."""
        self._before = dict(given or {})
        self._taken: dict[str, dict[str, Key]] = {}
        self._labels: dict[str, frozenset[str]] = {}
        self.given: dict[Key, str] = {}

    def labels(self, space: str, labels: Iterable[str]) -> None:
        """What users call things there: nothing else is called so."""
        self._labels[space] = frozenset(labels)

    def name(self, space: str, *what: str, like: str = "") -> str:
        """The name of something.

        Args:
            space: The kind of list.
            what: What has the name: one word where a user calls it so.
            like: How it is called if nothing else is.
        """
        key = (space, *what)
        if key not in self.given:
            self._give(key, self._wishes(key, like))
        return self.given[key]

    def number(self, space: str, *what: str, wishes: Callable[[], Iterator[int]], taken: Iterable[int] = ()) -> int:
        """A number of something: the first of its wishes that is free; `taken` are those that others were told."""
        key = (space, *what)
        if key not in self.given:
            self._space(space).update({str(number): ("",) for number in taken})
            self._give(key, map(str, wishes()))
        return int(self.given[key])

    def mark(self, space: str, name: str) -> bool:
        """True for what is new on the device, and what was told so when it was: what came without stays without."""
        known = (space, name) in self._before or not {(SEEN, name), CONFIGURED} & self._before.keys()
        self.given |= {(space, name): MARK} if known else {(SEEN, name): MARK}
        return known

    def _give(self, key: Key, wishes: Iterator[str]) -> None:
        taken = self._space(key[0])
        before = self._before.get(key)
        first = () if before is None else (before,)
        found = next(name for name in itertools.chain(first, wishes) if taken.get(name, key) == key)
        taken[found] = key
        self.given[key] = found

    def _space(self, space: str) -> dict[str, Key]:
        """Name → what has it, now or before."""
        if space not in self._taken:
            mine = {name: key for key, name in self._before.items() if key[0] == space}
            self._taken[space] = {**dict.fromkeys(OWN.get(space, ()), ("",)), **mine}
        return self._taken[space]

    def _wishes(self, key: Key, like: str) -> Iterator[str]:
        (space, *what) = key
        limits = SPACES.get(space, Space())
        wish = like or "-".join(what)
        first = fit(wish, limits.length, limits.also)
        users = len(what) == 1 and not like and first == what[0]
        if users or first not in self._labels.get(space, ()):
            yield from () if space == "application" and first.startswith(PREDEFINED) else (first,)
        for number in itertools.count():
            mark = hashlib.sha256("\0".join([*key, str(number)]).encode()).hexdigest()[:8]
            clean = _clean(wish, limits.also)
            name = f"{clean[: limits.length - 9]}-{mark}"
            yield f"x{name[: limits.length - 1]}" if name.startswith(PREDEFINED) else name


def fit(name: str, length: int = LONG, also: str = "") -> str:
    """A name of letters, digits, ``-`` and ``_`` that begins with a letter or digit, as most lists of Junos want it.

    What is cut off or replaced is told apart by a checksum.

    Args:
        name: The name.
        length: Characters at most.
        also: Further characters that the list allows, such as the dots of an address book.
    """
    clean = _clean(name, also)
    if clean == name and len(clean) <= length:
        return clean
    return f"{clean[: length - 9]}-{zlib.crc32(name.encode()):08x}"


def _clean(name: str, also: str) -> str:
    clean = re.sub(rf"[^A-Za-z0-9_{re.escape(also)}-]", "-", name)
    return clean if clean[:1].isalnum() else f"x{clean}"


def host_name(text: str) -> str:
    """The name of a node: where it has odd characters, told apart by a checksum."""
    name = text.replace(" ", "-")
    return name if re.fullmatch(r"[A-Za-z0-9._-]{1,255}", name) else fit(text, also=".")


def address_of(prefix: str) -> str:
    """A prefix as part of a name."""
    return prefix.replace("/", "_")

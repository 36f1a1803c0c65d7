"""Configuration statements: what haplan says of a device, and what a device says of itself.

A path names one statement from the top: ``("security", "zones", ("security-zone", "wan0"), "interfaces")``. A list
entry is a tuple of its element and its keys. Names are the ones of Junos XML, which are not always those of the CLI.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

import attrs

from haplan.plugin import (
    FieldPath as Field,
)
from haplan.plugin import (
    whole_in,
)

Step: TypeAlias = str | tuple[str, ...]
"""An element, or an element with the keys of a list entry."""
Path: TypeAlias = tuple[Step, ...]

KEYS: Mapping[tuple[str, int], tuple[str, ...]] = {
    ("policy", 2): ("from-zone-name", "to-zone-name"),
    ("control-ports", 2): ("fpc", "port"),
}
"""Key elements of lists by element and number of keys; everywhere else it is ``name`` (vendor YANG, Junos 24.4R1)."""
SERVER = "name-server"
BUNDLES = "gigether-options"
"""Where a port is made part of a reth or a bundle."""
ORDERED = frozenset({"policy", "term", "rule", SERVER})
"""Lists whose order means something: security policies, terms of a filter, NAT rules, name servers."""


def _is_ordered(parent: Path, element: str) -> bool:
    """True for a list whose order means something: of policies, those of zones."""
    return element in ORDERED and (element != "policy" or parent[:2] == ("security", "policies"))


def tag(step: Step) -> str:
    """The element of a step."""
    return step if isinstance(step, str) else step[0]


def keys(step: Step) -> tuple[tuple[str, str], ...]:
    """Key element and key of a list entry; () for another element."""
    if isinstance(step, str):
        return ()
    names = KEYS.get((step[0], len(step) - 1), ("name",))
    return tuple(zip(names, step[1:], strict=True))


@attrs.frozen(kw_only=True)
class Statement:
    """One statement that haplan wants on a device.

    Attributes:
        path: Where.
        values: The value of a leaf, all values of a leaf that may stand several times; () for a statement without one.
        many: It may stand several times; haplan owns all of them.
        shared: It may stand several times, and others may have said some of them.
        least: It is a number of something that others have too: where there are more, that stays.
        secret: Source of the secret that is its value; `values` holds the fingerprint then.
        origin: Address of the resource that says it.
        field: Which of its attributes does.
    """

    path: Path
    values: tuple[str, ...] = ()
    many: bool = False
    shared: bool = False
    least: bool = False
    secret: str = ""
    origin: str = ""
    field: Field = ()

    def holds(self, values: tuple[str, ...]) -> bool:
        """True if what stands there is no less than what is wanted, where that is a number of at least so many."""
        found = whole_in(values[0]) if self.least and len(values) == 1 else None
        return found is not None and found >= int(self.values[0])


@attrs.frozen
class Configuration:
    """What haplan wants on one device.

    Attributes:
        statements: By path, in order: the order of list entries is the order of their first statements.
        sole: Paths below which elements of these names may be haplan's only: an interface has one address, a policy one
            action.
    """

    statements: Mapping[Path, Statement] = attrs.field(factory=dict)
    sole: Mapping[Path, frozenset[str]] = attrs.field(factory=dict)

    @cached_property
    def prefixes(self) -> frozenset[Path]:
        """Every path that a statement stands at or below."""
        return frozenset(path[:depth] for path in self.statements for depth in range(1, len(path) + 1))

    def sequences(self) -> Mapping[tuple[Path, str], tuple[Step, ...]]:
        """The entries of each ordered list, in order."""
        found: dict[tuple[Path, str], dict[Step, None]] = {}
        for path in self.statements:
            for depth, step in enumerate(path):
                if isinstance(step, tuple) and len(step) == 2 and _is_ordered(path[:depth], step[0]):
                    found.setdefault((path[:depth], step[0]), {})[step] = None
        return {where: tuple(entries) for where, entries in found.items()}

    def reths(self) -> tuple[str, ...]:
        """The redundant interfaces that it has."""
        entries = {path[1] for path in self.prefixes if len(path) == 2 and path[0] == "interfaces"}
        return tuple(sorted(entry[1] for entry in entries if entry[1].startswith("reth")))

    def of(self, origin: str) -> Iterator[Statement]:
        """What one resource says."""
        return (one for one in self.statements.values() if one.origin == origin)


@attrs.frozen
class Live:
    """What a device has.

    Attributes:
        values: Path of each leaf, and of each element without content, with its values.
        inactive: Paths of statements that are there and switched off.
        fingerprints: Path of each secret that can be read → its keyed fingerprint.
    """

    values: Mapping[Path, tuple[str, ...]] = attrs.field(factory=dict)
    inactive: frozenset[Path] = frozenset()
    fingerprints: Mapping[Path, str] = attrs.field(factory=dict)
    prefixes: frozenset[Path] = attrs.field(init=False, eq=False, repr=False)
    children: Mapping[Path, tuple[Step, ...]] = attrs.field(init=False, eq=False, repr=False)

    @prefixes.default
    def _prefixes(self) -> frozenset[Path]:
        return frozenset(path[:depth] for path in self.values for depth in range(1, len(path) + 1))

    @children.default
    def _children(self) -> Mapping[Path, tuple[Step, ...]]:
        found: dict[Path, dict[Step, None]] = {}
        for path in self.values:
            for depth in range(len(path)):
                found.setdefault(path[:depth], {})[path[depth]] = None
        return {path: tuple(steps) for path, steps in found.items()}

    def has(self, path: Path) -> bool:
        """True if something stands at or below a path, and is not switched off."""
        return path in self.prefixes and not self.off(path)

    def differs(self, path: Path, fingerprint: str) -> bool:
        """True if the secret at a path is known to be another one."""
        there = self.fingerprints.get(path, "")
        return bool(there) and fingerprint.partition(":")[0] == there.partition(":")[0] and there != fingerprint

    def holds(self, path: Path, fingerprint: str) -> bool:
        """True if the secret at a path is known to be this one."""
        return bool(fingerprint) and self.fingerprints.get(path) == fingerprint and not self.off(path)

    def off(self, path: Path) -> bool:
        """True if a path is switched off, by itself or above."""
        return bool(self.inactive) and any(path[:depth] in self.inactive for depth in range(1, len(path) + 1))

    def below(self, path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
        """Everything at or below a path."""
        if path in self.values:
            yield path, self.values[path]
        for step in self.children.get(path, ()):
            yield from self.below((*path, step))

    def sequence(self, parent: Path, element: str) -> tuple[Step, ...]:
        """The entries of a list, in order."""
        return tuple(step for step in self.children.get(parent, ()) if tag(step) == element)


@attrs.frozen
class Trouble:
    """Something of a resource that cannot be said on a device, and why."""

    origin: str
    text: str


@attrs.define(kw_only=True)
class Writer:
    """Collects statements while a device is translated.

    Threads: one; made for one translation.

    `origin` and `field` say who speaks until the next `speak`.
    """

    statements: dict[Path, Statement] = attrs.field(factory=dict)
    troubles: list[Trouble] = attrs.field(factory=list)
    sole_: dict[Path, set[str]] = attrs.field(factory=dict)
    origin: str = ""
    field: Field = ()

    def speak(self, origin: str, *field: str | int) -> None:
        """What is said from here on is said by this attribute of that resource."""
        self.origin, self.field = origin, field

    def trouble(self, text: str) -> None:
        """What is spoken of cannot be said on this device."""
        found = Trouble(self.origin, text)
        if found not in self.troubles:
            self.troubles.append(found)

    def set(self, *path: Step, value: str | int | None = None, least: bool = False) -> None:
        """A leaf, or an element without content. Who said it first, said it. `least`: or more, where others have it."""
        values = () if value is None else (str(value),)
        said = Statement(path=path, values=values, least=least, origin=self.origin, field=self.field)
        self.statements.setdefault(path, said)

    def several(self, *path: Step, values: Iterable[str], shared: bool = False) -> None:
        """All values of a leaf that may stand several times; more of them join. `shared`: others may have some too."""
        old = self.statements.get(path)
        joined = tuple(dict.fromkeys((*(old.values if old else ()), *values)))
        if joined:
            self.statements[path] = (
                attrs.evolve(old, values=joined)
                if old
                else Statement(path=path, values=joined, many=True, shared=shared, origin=self.origin, field=self.field)
            )

    def secret(self, *path: Step, source: str, fingerprint: str) -> None:
        """A leaf whose value is a secret."""
        self.statements[path] = Statement(
            path=path, values=(fingerprint,), secret=source, origin=self.origin, field=self.field
        )

    def sole(self, *path: Step, elements: Iterable[str]) -> None:
        """Below this path, elements of these names are haplan's only."""
        self.sole_.setdefault(path, set()).update(elements)

    def done(self) -> Configuration:
        """What was said."""
        return Configuration(dict(self.statements), {path: frozenset(found) for path, found in self.sole_.items()})

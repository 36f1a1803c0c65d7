"""What a translation is made of: entries and leaves of the authority, each with the attribute it comes from."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import attrs

from haplan.plugin import Tree
from haplan_ssr.translate.tree import HERE, Flat, Path, words

KNOWN = (str, int, float, tuple, type(HERE))
"""Types of what can be compared with a conductor."""
Way = tuple[str, ...]
"""The way to an attribute, down into it."""


@attrs.frozen
class Source:
    """Where something in the authority comes from: a resource and one of its attributes.

    The first one of what is given is the attribute that it is *of*: a difference is told there, and costs what a change
    of that attribute costs. So it is never one whose change replaces the resource, but for the entry that the resource
    itself is; what else a value was taken from comes behind it.
    """

    address: str
    way: Way


@attrs.frozen
class Given:
    """An entry or leaf.

    Attributes:
        value: `HERE`, a plain value, or a tuple for a leaf-list.
        sources: Where it comes from; the first one answers for it, the others have a part in it.
    """

    value: Tree
    sources: tuple[Source, ...]


@attrs.frozen(kw_only=True)
class Problem:
    """Something that cannot be, or should not be, put into the authority."""

    rule: str
    severity: Literal["error", "warning", "info"]
    address: str
    text: str
    hint: str = ""


@attrs.frozen
class Translation:
    """Resources as configuration.

    Attributes:
        entries: What haplan wants in the authority, and nothing else.
        own: Address → the entry that is the resource itself, where it has one.
        routers: Address → names of the routers whose configuration it has a part in.
        problems: What was wrong with it.
    """

    entries: Mapping[Path, Given]
    own: Mapping[str, Path]
    routers: Mapping[str, frozenset[str]]
    problems: tuple[Problem, ...]

    def flat(self) -> Flat:
        """The entries without their sources."""
        return {path: given.value for path, given in self.entries.items()}

    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid writing it."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


class Draft:
    """A translation while it is made.

    Threads: one; made for one translation.

    Attributes:
        values: What is at each path.
        sources: Where that comes from, each once, in order; what many resources share has many.
        own, problems: See `Translation`.
    """

    def __init__(self) -> None:
        self.values: dict[Path, Any] = {}
        self.sources: dict[Path, tuple[Source, ...] | dict[Source, None]] = {}
        self.own: dict[str, Path] = {}
        self.problems: list[Problem] = []
        self._names: dict[tuple[str, str], str] = {}

    def entry(self, path: Path, *sources: Source, **leaves: Any) -> Path:
        """An entry of a list, with leaves of the same sources; ``None`` leaves one out."""
        self._give(path, HERE, sources)
        for name, value in leaves.items():
            if value is not None:
                self.leaf((*path, name.replace("_", "-")), value, *sources)
        return path

    def leaf(self, path: Path, value: Tree, *sources: Source) -> None:
        """A leaf, or a tuple for a leaf-list."""
        self._give(path, value, sources)

    def _give(self, path: Path, value: Tree, sources: tuple[Source, ...]) -> None:
        if not isinstance(value, KNOWN):  # a reference: only the apply will tell
            return
        there = self.values.setdefault(path, value)
        known = self.sources.get(path)
        if known is None:  # most of it is said once, by one
            self.sources[path] = sources if len(sources) == 1 else dict.fromkeys(sources)
            return
        if there is not value and there != value:
            first, then = next(iter(known)).address, sources[0].address
            text = f"{words(path)}: {first} wants {there!r}, {then} wants {value!r}"
            self.problem("SSR006", then, text, "the authority holds it once: let both say the same")
            return
        if known != sources:
            self.sources[path] = known = dict.fromkeys(known) if isinstance(known, tuple) else known
            known.update(dict.fromkeys(sources))

    def problem(
        self, rule: str, address: str, text: str, hint: str = "",
        severity: Literal["error", "warning", "info"] = "error",
    ) -> None:  # fmt: skip
        """Something that cannot be."""
        found = Problem(rule=rule, severity=severity, address=address, text=text, hint=hint)
        if found not in self.problems:
            self.problems.append(found)

    def claim(self, kind: str, name: str, address: str, title: str) -> None:
        """Take a name of the authority; a second one that comes out the same is a problem."""
        taken = self._names.setdefault((kind, name), title)
        if taken != title:
            text = f"{title} and {taken} are both {kind} {name} on the conductor"
            self.problem("SSR001", address, text, "give one of them another name=")

    def done(self, routers: Mapping[str, Iterable[str]]) -> Translation:
        """The translation."""
        reached = {address: frozenset(names) for address, names in routers.items()}
        entries = {path: Given(value, tuple(self.sources[path])) for path, value in self.values.items()}
        return Translation(entries, self.own, reached, tuple(self.problems))

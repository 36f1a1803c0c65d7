"""Policies of others that a device asks before haplan's: written by hand, or added by a group with wildcards. Pure."""

import fnmatch
from collections.abc import Iterator, Sequence

import attrs

from haplan_srx.translate.statements import Configuration, Live, Path, Step, tag

POLICIES: Path = ("security", "policies")
MATCH = ("source-address", "destination-address", "application")
ANY = frozenset({"any", "any-ipv4"})


@attrs.frozen(kw_only=True)
class Stranger:
    """A policy of others in front of some of haplan's.

    Attributes:
        zones: From which zone to which.
        name, action: Of it.
        origins: Addresses of the policies of haplan's that come behind it.
        total: It matches all: nothing gets to them.
    """

    zones: tuple[str, str]
    name: str
    action: str
    origins: tuple[str, ...]
    total: bool

    def __str__(self) -> str:
        return f"policy {self.name} of others ({self.action}) is asked before, from {self.zones[0]} to {self.zones[1]}"


def in_front(said: Configuration, live: Live) -> Iterator[Stranger]:
    """Those of each pair of zones that haplan has policies in."""
    for (parent, element), entries in said.sequences().items():
        if element != "policy" or parent[:2] != POLICIES or len(parent) != 3:
            continue
        there = [step for step in live.sequence(parent, "policy") if not live.off((*parent, step))]
        for at, step in enumerate(there):
            behind = [one for one in entries if one not in there[:at]]
            if step not in entries and behind:
                yield _stranger(said, live, parent, (*parent, step), behind)
        for path in _inherited(live, parent[2]):
            yield _stranger(said, live, parent, path, entries)


def _inherited(live: Live, context: Step) -> Iterator[Path]:
    """What groups that are applied at the top add to a pair of zones."""
    for group in live.values.get(("apply-groups",), ()):
        top: Path = (("groups", group), *POLICIES)
        for step in live.children.get(top, ()):
            if isinstance(step, tuple) and len(step) == 3 and all(map(_fits, context[1:], step[1:])):
                yield from ((*top, step, one) for one in live.sequence((*top, step), "policy"))


def _fits(zone: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(zone, pattern[1:-1] if pattern[:1] == "<" else pattern)


def _stranger(said: Configuration, live: Live, parent: Path, path: Path, behind: Sequence[Step]) -> Stranger:
    wanted = {one: next(found.origin for where, found in said.statements.items() if where[:4] == (*parent, one))
              for one in behind}  # fmt: skip
    match = (live.values.get((*path, "match", name), ()) for name in MATCH)
    return Stranger(
        zones=(parent[2][1], parent[2][2]),
        name=path[-1][1],
        action=next((tag(step) for step in live.children.get((*path, "then"), ())), "no action"),
        origins=tuple(dict.fromkeys(wanted.values())),
        total=all(ANY & set(values) for values in match),
    )

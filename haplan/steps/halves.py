"""Halves: of two replacements of which one needs the other, what depends goes first and comes last.

A backend refuses to delete what is in use. So the old object of what depends is deleted before what it needs is
replaced, and its new one made afterwards: two placements where there was one. In a document that is written whole the
two stand side by side at no moment, and one write does it all.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.contracts import Provider
from haplan.model.document import Document
from haplan.model.graph import REFERENCE, Edge, contracted
from haplan.model.plan import Action, Change, Placement, in_half
from haplan.model.state import State

Placements = Mapping[str, Sequence[Placement]]


def in_halves(
    changes: Sequence[Change],
    placements: Placements,
    edges: Sequence[Edge],
    state: State,
    providers: Mapping[str, Provider],
    looks: Mapping[str, object],
) -> Placements:
    """The placements, with those of a replacement in two where it needs something that is replaced too.

    Args:
        edges: Between changes, in the direction of the work.

    Raises:
        ProviderError: A provider cannot say where the halves are placed.
    """
    replaced = {change.key: change for change in changes if _destroys_first(change, placements)}
    if len(replaced) < 2:
        return placements
    needs = dict(_needs(replaced, placements, edges, state))
    found = dict(placements)
    for key in _parted(replaced, needs, placements, providers):
        change = replaced[key]
        provider, look = providers[change.provider], looks.get(change.provider)
        old, new = (list(_placed(change, half, provider, look)) for half in ("old", "new"))
        if old and new:
            known = {(one.document, one.part) for one in (*old, *new)}
            left = (one for one in placements[key] if (one.document, one.part) not in known and not one.late)
            found[key] = (*old, *(attrs.evolve(one, half="old") for one in left), *new)
    return found


def _destroys_first(change: Change, placements: Placements) -> bool:
    plain = change.action is Action.REPLACE and not (change.create_first or change.deposed or change.importing)
    return plain and bool(placements[change.key])


def _needs(
    replaced: Mapping[str, Change], placements: Placements, edges: Sequence[Edge], state: State
) -> Iterator[tuple[str, set[str]]]:
    """Of what is replaced, what else is that it needs before and after; be it through what is not written."""
    references = [edge for edge in edges if edge.why == REFERENCE]
    into: dict[str, set[str]] = {}
    for edge in contracted(references, lambda one: bool(placements.get(one))):
        into.setdefault(edge.then, set()).add(edge.first)
    for key, change in replaced.items():
        row, now = state.row(change.address), into.get(key, set()) & replaced.keys()
        if now and row is not None and row.owner == change.owner:
            yield key, now & _needed(change.address, state, placements)


def _needed(address: str, state: State, placements: Placements) -> set[str]:
    """All that a resource needed when it was recorded, through what stays as it is."""
    waiting, found = [address], {address}
    while waiting:
        row = state.row(waiting.pop())
        for one in row.depends_on if row is not None else ():
            if one not in found:
                found.add(one)
                waiting += [] if placements.get(one) else [one]
    return found - {address}


def _parted(
    replaced: Mapping[str, Change],
    needs: Mapping[str, Collection[str]],
    placements: Placements,
    providers: Mapping[str, Provider],
) -> list[str]:
    """What is replaced in halves: what stands in one write with what it needs only if that is."""
    found: dict[str, None] = {}
    while True:
        more = [
            key
            for key, needed in needs.items()
            if key not in found
            and any(
                one in found or not _together(replaced[key], replaced[one], placements, providers) for one in needed
            )
        ]
        if not more:
            return list(found)
        found.update(dict.fromkeys(more))


def _together(one: Change, other: Change, placements: Placements, providers: Mapping[str, Provider]) -> bool:
    """True if one write that is all or nothing carries both."""
    here, there = (_main(placements[change.key]) for change in (one, other))
    return one.provider == other.provider and providers[one.provider].atomic and not here.isdisjoint(there)


def _main(placements: Sequence[Placement]) -> set[Document]:
    """The documents in which others meet a resource: its own, or all of several alike."""
    return {one.document for one in placements if not one.apart} or {one.document for one in placements}


def _placed(change: Change, half: str, provider: Provider, look: object) -> Iterable[Placement]:
    mark = Placement(document="", half="old" if half == "old" else "new")
    title = "delete the old one" if half == "old" else "create the new one"
    for one in provider.placements(in_half(change, mark), look):
        if one.somewhere and not one.late:
            yield attrs.evolve(one, half=mark.half, title=one.title or title)

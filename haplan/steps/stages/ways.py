"""Which placement waits for which: by the order inside a change, and by the hard edges and gates between changes."""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

from haplan.model.graph import REFERENCE, USED, Edge
from haplan.model.plan import Action, Change, Placement

Node = tuple[str, int]
"""One placement: key of the change, and its index among the change's placements."""
Placements = Mapping[str, Sequence[Placement]]


class Way(IntEnum):
    """How one placement comes before another; the stronger counts.

    ORDER: first in the same write, or in one before. VALUE: in one before, as a value is known only after it. GATE: in
    one before, that is verified.
    """

    ORDER = 0
    VALUE = 1
    GATE = 2


Ways = dict[Node, dict[Node, Way]]
"""Placement → those that come before it, and how."""


def ways(changes: Sequence[Change], placements: Placements, edges: Sequence[Edge], flows: Iterable[Edge]) -> Ways:
    """What each placement waits for.

    Args:
        edges: Between changes that are placed somewhere.
        flows: Those along which a value flows that is known only after the first is written.
    """
    found: Ways = {}
    for change in changes:
        before: Node | None = None
        half = ""
        for index, placement in enumerate(placements[change.key]):
            before = before if placement.half == half else None
            half = placement.half
            found[change.key, index] = {before: Way.ORDER} if before is not None and not placement.apart else {}
            before = before if placement.apart else (change.key, index)
    going = {change.key for change in changes if change.action is Action.DELETE}
    for edge in edges:
        if edge.kind != "soft":
            _join(found, edge, placements, retired=edge.why == USED)
            _join_apart(found, edge, placements, waits=edge.kind == "hard" and edge.then not in going)
    for edge in flows:
        _join_value(found, edge, placements)
    _join_old(found, changes, edges, placements)
    _join_retired(found, edges, placements)
    return found


def _wait(found: Ways, then: Node, first: Node, way: Way = Way.ORDER) -> None:
    found[then][first] = max(found[then].get(first, Way.ORDER), way)


def _join(found: Ways, edge: Edge, placements: Placements, *, retired: bool) -> None:
    """All early placements of the first before all of the second; a late one of the first after all of the second.

    After its late ones too: what is left over of the second may still use what is left over of the first.

    Args:
        retired: What is left over of the first may use the second: see `_join_retired`.
    """
    early, late = split(placements[edge.first])
    then_early, then_late = split(placements[edge.then])
    if early and then_early:
        way = Way.GATE if edge.kind == "gate" else Way.ORDER
        _wait(found, (edge.then, then_early[0]), (edge.first, early[-1]), way)
    if late and (then_early or then_late) and not retired:
        _wait(found, (edge.first, late[0]), (edge.then, (then_late or then_early)[-1]))


def _join_apart(found: Ways, edge: Edge, placements: Placements, *, waits: bool) -> None:
    """Placements that stand apart are ordered where both changes touch one document.

    Elsewhere one that `waits` does so for what does not stand apart and is referred to. Into what goes nothing flows.
    """
    if not any(one.apart for end in (edge.first, edge.then) for one in placements[end]):
        return
    early, _ = split(placements[edge.first])
    there = {
        one.document: index for index, one in enumerate(placements[edge.first]) if not (one.late or one.half == "old")
    }
    late = {one.document: index for index, one in enumerate(placements[edge.first]) if one.late}
    for index, one in enumerate(placements[edge.then]):
        if one.half == "old":
            continue
        at = there.get(one.document, early[-1] if early and one.apart and waits else None)
        if at is not None and (one.apart or placements[edge.first][at].apart):
            _wait(found, (edge.then, index), (edge.first, at))
        if one.apart and one.document in late:
            _wait(found, (edge.first, late[one.document]), (edge.then, index))


def _join_value(found: Ways, edge: Edge, placements: Placements) -> None:
    """Whatever the second writes, wherever, waits for the last of what the first writes; of what stands apart alone,
    for all of it: any of it may tell the value."""
    early, _ = split(placements[edge.first])
    sources = early[-1:] or [n for n, one in enumerate(placements[edge.first]) if not one.late and one.half != "old"]
    for index, one in enumerate(placements[edge.then]):
        if not one.late and one.half != "old":
            for at in sources:
                _wait(found, (edge.then, index), (edge.first, at), Way.VALUE)


def _join_old(found: Ways, changes: Sequence[Change], edges: Sequence[Edge], placements: Placements) -> None:
    """The old object of a replacement in two halves goes before what it needs is replaced, and before the new one
    comes; else it waits for what the new one waits for: what stops that one leaves it alone."""
    parted = {key: old for key, placed in placements.items() if (old := _old(placed))}
    if not parted:
        return
    for key, old in parted.items():
        for index, one in enumerate(placements[key]):
            if one.half == "new":
                for at in old:
                    _wait(found, (key, index), (key, at), Way.VALUE)
    into = [edge for edge in edges if edge.kind != "soft" and edge.then in parted]
    first = {change.key for change in changes if change.action is Action.REPLACE and not change.create_first}
    for edge in into:
        if edge.first in first and edge.why == REFERENCE:
            for at in range(len(placements[edge.first])):
                for index in parted[edge.then]:
                    _wait(found, (edge.first, at), (edge.then, index))
    for edge in into:
        early, _ = split(placements[edge.first])
        for index in parted[edge.then]:
            if early and not _leads(found, (edge.then, index), (edge.first, early[-1])):
                way = Way.GATE if edge.kind == "gate" else Way.ORDER
                _wait(found, (edge.then, index), (edge.first, early[-1]), way)


def _join_retired(found: Ways, edges: Sequence[Edge], placements: Placements) -> None:
    """What goes, or is let go of, waits for the old object of a replacement that creates first and used it; where that
    closed a circle, the old object goes last, as ever."""
    for edge in edges:
        _, late = split(placements[edge.first]) if edge.why == USED else ([], [])
        early, then_late = split(placements[edge.then])
        if not late or not (early or then_late):
            continue
        last, then = (edge.first, late[-1]), (edge.then, (early or then_late)[0])
        if placements[edge.first][late[-1]].verb == "delete" and not _leads(found, then, last):
            _wait(found, then, last)
        else:
            _wait(found, (edge.first, late[0]), (edge.then, (then_late or early)[-1]))


def _leads(found: Ways, start: Node, end: Node) -> bool:
    """True if `end` waits for `start`, be it through others."""
    waiting, visited = [end], {end}
    while waiting:
        before = [one for one in found[waiting.pop()] if one not in visited]
        visited.update(before)
        waiting += before
    return start in visited


def _old(placements: Sequence[Placement]) -> list[int]:
    return [index for index, one in enumerate(placements) if one.half == "old"]


def split(placements: Sequence[Placement]) -> tuple[list[int], list[int]]:
    """The early and the late ones, by index, of what does not stand apart; where an old half goes is neither."""
    kept = [(index, one) for index, one in enumerate(placements) if not one.apart and one.half != "old"]
    return [index for index, one in kept if not one.late], [index for index, one in kept if one.late]

"""Placements are put together into transactions, one document each, as far as the ways between them allow."""

from collections.abc import Collection, Mapping, Sequence, Set
from itertools import pairwise

import attrs

from haplan.errors import HaplanError
from haplan.model.document import Document
from haplan.model.graph import Edge, in_order
from haplan.model.plan import Change
from haplan.steps.stages.ways import Node, Placements, Way, Ways

Place = tuple[str, Document]
"""Provider key and document: two organisations may have documents of one name."""
Key = tuple[int, int, int]
"""Rank of the type, place of the change, index of the placement: by which ties are decided."""


@attrs.define
class Group:
    """What becomes one transaction.

    Threads: one; made for one staging.
    """

    number: int
    provider: str
    document: Document
    nodes: list[Node]


@attrs.frozen
class Between:
    """Which group waits for which: by hard ways, by gates, and by soft edges; `voided` are those that yielded."""

    hard: Mapping[int, set[int]]
    gates: Mapping[int, set[int]]
    soft: Mapping[int, set[int]]
    voided: tuple[Edge, ...]


def grouped(
    found: Ways,
    key: Mapping[Node, Key],
    documents: Mapping[Node, Place],
    whole: Collection[str],
    changes: Sequence[Change],
    edges: Sequence[Edge],
) -> list[Group]:
    """Merge placements into groups, greedily in topological order.

    A placement joins a group of its document unless a way leads from that group through another one to the placement,
    or stands between them as a gate or a value. Such a way stays once it is there, so no two of the result could still
    be merged. A value sets no two apart in a document of a provider that is `whole`.

    Raises:
        HaplanError: Some wait for one another.
    """
    groups: list[Group] = []
    by_document: dict[Place, list[Group]] = {}
    of: dict[Node, int] = {}
    after: list[set[int]] = []
    order = in_order(found, key.__getitem__)
    if len(order) < len(found):
        raise HaplanError(_told(_circle(found, found.keys() - set(order)), changes, edges))
    for node in order:
        parting = Way.GATE if documents[node][0] in whole else Way.VALUE
        before = {of[one] for one in found[node]}
        apart = {of[one] for one, way in found[node].items() if way >= parting}
        for group in by_document.get(documents[node], []):
            if group.number not in apart and not _leads(group.number, before - {group.number}, after):
                break
        else:
            group = Group(len(groups), *documents[node], [])
            groups.append(group)
            after.append(set())
            by_document.setdefault(documents[node], []).append(group)
        group.nodes.append(node)
        of[node] = group.number
        after[group.number] |= before - {group.number}
    return groups


def _circle(found: Ways, left: Set[Node]) -> list[str]:
    """One circle of those that wait for one another: keys of changes, each before the next, the last one the first."""
    way, node = list[Node](), min(left)
    while node not in way:
        way.append(node)
        node = min(one for one in found[node] if one in left)
    circle = [key for key, _ in (*way[way.index(node) :], node)][::-1]
    return [key for at, key in enumerate(circle) if not at or key != circle[at - 1]]


def _told(circle: Sequence[str], changes: Sequence[Change], edges: Sequence[Edge]) -> str:
    """A circle with the lines of the stack, and with what makes each step of it."""
    lines = {change.key: change.location for change in changes}
    why = {(edge.then, edge.first): f"the other way round: {edge.kind}, {edge.why}" for edge in edges}
    why |= {(edge.first, edge.then): f"{edge.kind}: {edge.why}" for edge in edges}
    steps = [
        f"{first} ({lines[first]}) before {then} [{why.get((first, then), 'order')}]"
        for first, then in pairwise(circle)
    ]
    return f"these changes wait for one another, none of them can be first: {', '.join(steps)}"


def between(found: Ways, groups: Sequence[Group], placements: Placements, edges: Sequence[Edge]) -> Between:
    """What the groups wait for."""
    of = {node: group.number for group in groups for node in group.nodes}
    hard: dict[int, set[int]] = {group.number: set() for group in groups}
    gates: dict[int, set[int]] = {group.number: set() for group in groups}
    for then, befores in found.items():
        for first, way in befores.items():
            if of[first] != of[then]:
                (gates if way is Way.GATE else hard)[of[then]].add(of[first])
    soft, voided = _soft(hard, gates, of, placements, edges, len(groups))
    return Between(hard, gates, soft, voided)


def _soft(
    hard: Mapping[int, set[int]],
    gates: Mapping[int, set[int]],
    of: Mapping[Node, int],
    placements: Placements,
    edges: Sequence[Edge],
    count: int,
) -> tuple[dict[int, set[int]], tuple[Edge, ...]]:
    after = [hard.get(number, set()) | gates.get(number, set()) for number in range(count)]
    soft: dict[int, set[int]] = {number: set() for number in range(count)}
    gated = _gated(hard, gates)
    voided: list[Edge] = []
    for edge in edges:
        if edge.kind != "soft" or not placements.get(edge.first) or not placements.get(edge.then):
            continue
        first, then = (
            {of[end, index] for index, one in enumerate(placements[end]) if not one.apart and one.half != "old"}
            for end in (edge.first, edge.then)
        )
        for one in sorted(first - then):
            for other in sorted(then - first):
                if one in after[other]:
                    continue
                if _leads(other, {one}, after):
                    voided.append(edge)
                elif gated[one] > gated[other]:  # nobody waits at a gate for the sake of order alone
                    voided.append(attrs.evolve(edge, kind="gate"))
                else:
                    after[other] = after[other] | {one}
                    soft[other].add(one)
    return soft, tuple(dict.fromkeys(voided))


def _gated(hard: Mapping[int, set[int]], gates: Mapping[int, set[int]]) -> dict[int, int]:
    """How many gates, one behind the other, open before a group's turn comes."""
    found: dict[int, int] = {}
    for number in in_order({one: hard[one] | gates[one] for one in hard}, lambda one: one):
        behind = (found[one] + 1 for one in gates[number])
        found[number] = max([*behind, *(found[one] for one in hard[number])], default=0)
    return found


def _leads(start: int, ends: set[int], after: list[set[int]]) -> bool:
    """True if one of `ends` comes after `start`, by the transactions each waits for."""
    waiting, visited = list(ends), set(ends)
    while waiting:
        for before in after[waiting.pop()]:
            if before == start:
                return True
            if before not in visited:
                visited.add(before)
                waiting.append(before)
    return False


def in_sequence(groups: Sequence[Group], waits: Between, key: Mapping[Node, Key]) -> list[int]:
    """The groups in order of work, by number: what is behind a gate comes after what is not, as it is carried out."""
    gated = _gated(waits.hard, waits.gates)
    best = {group.number: (gated[group.number], min(key[node] for node in group.nodes)) for group in groups}
    before = {number: waits.hard[number] | waits.gates[number] | waits.soft[number] for number in best}
    return in_order(before, best.__getitem__)

"""Stages: the changes' placements become transactions, one document each, in a stable order.

A pure function. A transaction holds all placements on its document that the hard edges and gates allow together; two
transactions of one document that could be merged without a circle do not occur. Soft edges order what is left, and
yield where they would close a circle.
"""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.errors import HaplanError
from haplan.model.document import Document
from haplan.model.graph import Edge, in_order
from haplan.model.plan import Action, Change, Order, Placed, Placement, Transaction, Verb

Node = tuple[str, int]
"""One placement: key of the change, and its index among the change's placements."""
Place = tuple[str, Document]
"""Provider key and document: two organisations may have documents of one name."""
Walk = dict[Node, dict[Node, bool]]
"""Placement → those that come before it → True where a gate stands between the two."""


@attrs.frozen
class Staged:
    """What staging gives.

    Attributes:
        transactions: In order.
        voided: Soft edges that yielded to "one document, one write" (HA161).
    """

    transactions: tuple[Transaction, ...]
    voided: tuple[Edge, ...]


@attrs.define
class _Group:
    number: int
    provider: str
    document: Document
    nodes: list[Node]


def stages(
    changes: Sequence[Change],
    placements: Mapping[str, Sequence[Placement]],
    edges: Iterable[Edge],
    ranks: Mapping[str, int],
    orders: Mapping[Place, Sequence[Order]],
) -> Staged:
    """Arrange the writes.

    Args:
        changes: What is to be done, in order of the graph.
        placements: `Change.key` → the documents it touches, in order.
        edges: Between changes, by key, of all kinds, in the direction of the work.
        ranks: Resource type → rank.
        orders: Provider key and document → sequences to set in it.
    """
    edges = _sorted(edges, changes)
    by_key = {change.key: change for change in changes}
    key = {
        (change.key, index): (ranks.get(change.type, 50), seq, index)
        for seq, change in enumerate(changes)
        for index in range(len(placements[change.key]))
    }
    walk = _placement_graph(changes, placements, edges)
    documents = {node: (by_key[node[0]].provider, placements[node[0]][node[1]].document) for node in key}
    groups = _grouped(walk, key, documents)
    of = {node: group.number for group in groups for node in group.nodes}
    hard, gates = _between(walk, of)
    soft, voided = _soft(hard, gates, of, placements, edges, len(groups))
    ordered = _in_order(groups, hard, gates, soft, key)
    return Staged(_transactions(ordered, groups, hard, gates, soft, by_key, placements, ranks, orders), voided)


def _sorted(edges: Iterable[Edge], changes: Sequence[Change]) -> tuple[Edge, ...]:
    """In order of the changes: which soft edge yields is the same in whatever order they come in."""
    place = {change.key: index for index, change in enumerate(changes)}
    last = len(place)
    return tuple(sorted(edges, key=lambda e: (place.get(e.first, last), place.get(e.then, last), e.kind, e.why)))


def _placement_graph(
    changes: Sequence[Change], placements: Mapping[str, Sequence[Placement]], edges: Sequence[Edge]
) -> Walk:
    walk: Walk = {}
    for change in changes:
        before: Node | None = None
        for index, placement in enumerate(placements[change.key]):
            walk[change.key, index] = {before: False} if before is not None and not placement.apart else {}
            before = before if placement.apart else (change.key, index)
    going = {change.key for change in changes if change.action is Action.DELETE}
    for edge in edges:
        if edge.kind != "soft" and placements.get(edge.first) and placements.get(edge.then):
            _join(walk, edge, placements)
            _join_apart(walk, edge, placements, waits=edge.kind == "hard" and edge.then not in going)
    return walk


def _join(walk: Walk, edge: Edge, placements: Mapping[str, Sequence[Placement]]) -> None:
    """All early placements of the first before all of the second; a late one of the first after all of the second.

    After its late ones too: what is left over of the second may still use what is left over of the first.
    """
    early, late = _split(placements[edge.first])
    then_early, then_late = _split(placements[edge.then])
    if early and then_early:
        first, then = (edge.first, early[-1]), (edge.then, then_early[0])
        walk[then][first] = walk[then].get(first, False) or edge.kind == "gate"
    if late and (then_early or then_late):
        walk[edge.first, late[0]].setdefault((edge.then, (then_late or then_early)[-1]), False)


def _join_apart(walk: Walk, edge: Edge, placements: Mapping[str, Sequence[Placement]], *, waits: bool) -> None:
    """Placements that stand apart are ordered where both changes touch one document.

    Elsewhere one that `waits` does so for what does not stand apart and is referred to: its values may flow into it.
    Into what goes nothing flows.
    """
    if not any(one.apart for end in (edge.first, edge.then) for one in placements[end]):
        return
    early, _ = _split(placements[edge.first])
    there = {one.document: index for index, one in enumerate(placements[edge.first]) if not one.late}
    late = {one.document: index for index, one in enumerate(placements[edge.first]) if one.late}
    for index, one in enumerate(placements[edge.then]):
        at = there.get(one.document, early[-1] if early and one.apart and waits else None)
        if at is not None and (one.apart or placements[edge.first][at].apart):
            walk[edge.then, index].setdefault((edge.first, at), False)
        if one.apart and one.document in late:
            walk[edge.first, late[one.document]].setdefault((edge.then, index), False)


def _split(placements: Sequence[Placement]) -> tuple[list[int], list[int]]:
    kept = [(index, placement) for index, placement in enumerate(placements) if not placement.apart]
    return [index for index, one in kept if not one.late], [index for index, one in kept if one.late]


def _grouped(walk: Walk, key: Mapping[Node, tuple[int, int, int]], documents: Mapping[Node, Place]) -> list[_Group]:
    """Merge placements into transactions, greedily in topological order.

    A placement joins a transaction of its document unless a way leads from that transaction through another one to the
    placement, or a gate stands between them. Such a way stays once it is there, so no two of the result could still be
    merged.
    """
    groups: list[_Group] = []
    by_document: dict[Place, list[_Group]] = {}
    of: dict[Node, int] = {}
    after: list[set[int]] = []
    order = in_order(walk, key.__getitem__)
    if len(order) < len(walk):
        names = ", ".join(sorted({address for address, _ in walk.keys() - set(order)}))
        raise HaplanError(f"these changes wait for one another, none of them can be first: {names}")
    for node in order:
        before = {of[one] for one in walk[node]}
        gates = {of[one] for one, gate in walk[node].items() if gate}
        for group in by_document.get(documents[node], []):
            if group.number not in gates and not _leads(group.number, before - {group.number}, after):
                break
        else:
            group = _Group(len(groups), *documents[node], [])
            groups.append(group)
            after.append(set())
            by_document.setdefault(documents[node], []).append(group)
        group.nodes.append(node)
        of[node] = group.number
        after[group.number] |= before - {group.number}
    return groups


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


def _between(walk: Walk, of: Mapping[Node, int]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Which transaction waits for which: by hard edges, and by gates."""
    hard: dict[int, set[int]] = {number: set() for number in of.values()}
    gates: dict[int, set[int]] = {number: set() for number in of.values()}
    for then, befores in walk.items():
        for first, gate in befores.items():
            if of[first] != of[then]:
                (gates if gate else hard)[of[then]].add(of[first])
    return hard, gates


def _soft(
    hard: Mapping[int, set[int]],
    gates: Mapping[int, set[int]],
    of: Mapping[Node, int],
    placements: Mapping[str, Sequence[Placement]],
    edges: Sequence[Edge],
    count: int,
) -> tuple[dict[int, set[int]], tuple[Edge, ...]]:
    after = [hard.get(number, set()) | gates.get(number, set()) for number in range(count)]
    soft: dict[int, set[int]] = {number: set() for number in range(count)}
    voided: list[Edge] = []
    for edge in edges:
        if edge.kind != "soft" or not placements.get(edge.first) or not placements.get(edge.then):
            continue
        first, then = (
            {of[end, index] for index, one in enumerate(placements[end]) if not one.apart}
            for end in (edge.first, edge.then)
        )
        for one in sorted(first - then):
            for other in sorted(then - first):
                if one in after[other]:
                    continue
                if _leads(other, {one}, after):
                    voided.append(edge)
                else:
                    after[other] = after[other] | {one}
                    soft[other].add(one)
    return soft, tuple(dict.fromkeys(voided))


def _in_order(
    groups: Sequence[_Group],
    hard: Mapping[int, set[int]],
    gates: Mapping[int, set[int]],
    soft: Mapping[int, set[int]],
    key: Mapping[Node, tuple[int, int, int]],
) -> list[int]:
    best = {group.number: min(key[node] for node in group.nodes) for group in groups}
    before = {number: hard[number] | gates[number] | soft[number] for number in best}
    return in_order(before, best.__getitem__)


def _transactions(
    ordered: Sequence[int],
    groups: Sequence[_Group],
    hard: Mapping[int, set[int]],
    gates: Mapping[int, set[int]],
    soft: Mapping[int, set[int]],
    changes: Mapping[str, Change],
    placements: Mapping[str, Sequence[Placement]],
    ranks: Mapping[str, int],
    orders: Mapping[Place, Sequence[Order]],
) -> tuple[Transaction, ...]:
    width = max(2, len(str(len(ordered))))
    names = {number: f"t{index:0{width}d}" for index, number in enumerate(ordered, start=1)}
    made: list[Transaction] = []
    stage, rank, members = 0, -1, set[int]()
    for number in ordered:
        group = groups[number]
        first = changes[group.nodes[0][0]]
        if ranks.get(first.type, 50) // 10 != rank or _waits_for(number, members, groups, hard, gates, changes):
            stage, rank, members = stage + 1, ranks.get(first.type, 50) // 10, set()
        members.add(number)
        transaction = Transaction(
            id=names[number],
            stage=stage,
            provider=group.provider,
            document=group.document,
            placed=tuple(Placed(address, placements[address][index]) for address, index in group.nodes),
            after=_named(hard[number], names),
            gates=_named(gates[number], names),
            soft=_named(soft[number], names),
            orders=tuple(orders.get((group.provider, group.document), ())),
            verb=_verb(group, changes, placements),
            seconds=_seconds(group, changes, placements),
        )
        made.append(transaction)
    return tuple(made)


def _waits_for(
    number: int,
    members: set[int],
    groups: Sequence[_Group],
    hard: Mapping[int, set[int]],
    gates: Mapping[int, set[int]],
    changes: Mapping[str, Change],
) -> bool:
    """True if a transaction begins a stage of its own: it waits behind a gate, or for another resource of its type."""
    own = {address for address, _ in groups[number].nodes}
    kind = changes[groups[number].nodes[0][0]].type
    return bool(gates[number] & members) or any(
        address not in own and changes[address].type == kind
        for one in hard[number] & members
        for address, _ in groups[one].nodes
    )


def _seconds(group: _Group, changes: Mapping[str, Change], placements: Mapping[str, Sequence[Placement]]) -> int:
    """A change takes its time where the last of it is placed; what is late only tidies up."""
    early = {address: _split(placements[address])[0] for address, _ in group.nodes}
    ends = (a for a, index in group.nodes if placements[a][index].apart or (early[a] and index == early[a][-1]))
    return max((changes[address].impact.seconds for address in ends), default=0)


def _named(numbers: Iterable[int], names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(sorted(names[number] for number in numbers))


def _verb(group: _Group, changes: Mapping[str, Change], placements: Mapping[str, Sequence[Placement]]) -> Verb:
    """What happens to the document, told by the resource whose own document it is."""
    for address, index in group.nodes:
        change, placement = changes[address], placements[address][index]
        if change.action is Action.READ:
            return "read"
        if change.owner or not (placement.own or placement.verb or not placement.part):
            continue
        if change.action is Action.DELETE or placement.verb == "delete":
            return "delete"
        if change.action is Action.CREATE or placement.verb == "create":
            return "create"
    return "update"

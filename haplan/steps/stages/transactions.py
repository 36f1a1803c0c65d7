"""Groups laid out as the transactions of a plan, with ids, stages, and what each waits for."""

from collections.abc import Iterable, Mapping, Sequence

from haplan.model.plan import Action, Change, Order, Placed, Transaction, Verb, in_half
from haplan.steps.stages.groups import Between, Group, Place
from haplan.steps.stages.ways import Placements, split


def transactions(
    ordered: Sequence[Group],
    waits: Between,
    changes: Mapping[str, Change],
    placements: Placements,
    ranks: Mapping[str, int],
    orders: Mapping[Place, Sequence[Order]],
) -> tuple[Transaction, ...]:
    """The transactions in order."""
    width = max(2, len(str(len(ordered))))
    names = {group.number: f"t{index:0{width}d}" for index, group in enumerate(ordered, start=1)}
    of = {group.number: group for group in ordered}
    made: list[Transaction] = []
    stage, rank, members = 0, -1, set[int]()
    for group in ordered:
        number = group.number
        first = changes[group.nodes[0][0]]
        if ranks.get(first.type, 50) // 10 != rank or _waits_for(group, members, of, waits, changes):
            stage, rank, members = stage + 1, ranks.get(first.type, 50) // 10, set()
        members.add(number)
        transaction = Transaction(
            id=names[number],
            stage=stage,
            provider=group.provider,
            document=group.document,
            placed=tuple(Placed(address, placements[address][index]) for address, index in group.nodes),
            after=_named(waits.hard[number], names),
            gates=_named(waits.gates[number], names),
            soft=_named(waits.soft[number], names),
            orders=tuple(orders.get((group.provider, group.document), ())),
            verb=_verb(group, changes, placements),
            seconds=_seconds(group, changes, placements),
        )
        made.append(transaction)
    return tuple(made)


def _waits_for(
    group: Group,
    members: set[int],
    of: Mapping[int, Group],
    waits: Between,
    changes: Mapping[str, Change],
) -> bool:
    """True if a transaction begins a stage of its own: it waits behind a gate, or for another resource of its type."""
    number, own = group.number, {address for address, _ in group.nodes}
    kind = changes[group.nodes[0][0]].type
    return bool(waits.gates[number] & members) or any(
        address not in own and changes[address].type == kind
        for one in waits.hard[number] & members
        for address, _ in of[one].nodes
    )


def _seconds(group: Group, changes: Mapping[str, Change], placements: Placements) -> int:
    """A change takes its time where the last of it is placed; what is late only tidies up."""
    early = {address: split(placements[address])[0] for address, _ in group.nodes}
    ends = (a for a, index in group.nodes if placements[a][index].apart or (early[a] and index == early[a][-1]))
    return max((changes[address].impact.seconds for address in ends), default=0)


def _named(numbers: Iterable[int], names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(sorted(names[number] for number in numbers))


def _verb(group: Group, changes: Mapping[str, Change], placements: Placements) -> Verb:
    """What happens to the document, told by the resource whose own document it is."""
    for address, index in group.nodes:
        placement = placements[address][index]
        change = in_half(changes[address], placement)
        if change.action is Action.READ:
            return "read"
        if change.owner or not (placement.own or placement.verb or not placement.part):
            continue
        if placement.verb == "update":
            return "update"
        if change.action is Action.DELETE or placement.verb == "delete":
            return "delete"
        if change.action is Action.CREATE or placement.verb == "create":
            return "create"
    return "update"

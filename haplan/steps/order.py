"""Order: the edges between changes, and the sequence of lists whose order means something."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from haplan.contracts import Node, OrderHook, Provider
from haplan.model.compare import kept_in_order
from haplan.model.graph import Edge
from haplan.model.plan import Action, Change, Order
from haplan.model.schema import TypeInfo
from haplan.model.selection import Selection
from haplan.model.stack import Block, Stack
from haplan.model.state import State
from haplan.model.value import decode

GOING = (Action.DELETE, Action.FORGET)
DISRUPTIVE = ("reboot", "outage")


@attrs.frozen
class Ordered:
    """What `reordered` gives: the changes, reorders among them, and document → the sequences to set in it."""

    changes: tuple[Change, ...]
    orders: Mapping[str, tuple[Order, ...]]


def as_new(block: Block) -> Change:
    """A block as a change that creates it: to ask a provider where it is placed."""
    return Change(
        address=block.address,
        type=block.type,
        name=str(block.name),
        provider=block.provider,
        action=Action.CREATE,
        after=block.values,
        owner=block.owner,
        extra=block.extra,
        depends_on=tuple(reference.address for reference in block.references),
        location=str(block.location),
    )


def reordered(
    stack: Stack,
    types: Mapping[str, TypeInfo],
    providers: Mapping[str, Provider],
    live: Mapping[tuple[str, str], tuple[str, ...]],
    changes: Sequence[Change],
    selection: Selection,
) -> Ordered:
    """Compare the sequences: what has to move becomes an update with reason ``reordered``.

    The order belongs to the document, so it is compared by a longest common sequence of wanted against seen: one block
    inserted in the middle of fifty moves nothing.
    """
    by_address = {change.address: change for change in changes}
    moved: dict[str, Change] = {}
    orders: dict[str, list[Order]] = {}
    for (_, kind), blocks in _lists(stack, types).items():
        document = _document(blocks[0], providers)
        if document is None:
            continue
        wanted = tuple(str(block.name) for block in blocks)
        before = tuple(name for name in live.get((document, kind), ()) if name in wanted)
        orders.setdefault(document, []).append(Order(document, kind, before, wanted))
        for block in blocks:
            if selection.has(block.address) and str(block.name) in _movers(wanted, before):
                position = (before.index(str(block.name)) + 1, wanted.index(str(block.name)) + 1)
                moved[block.address] = _moved(block, by_address.get(block.address), position)
    kept = [moved.pop(change.address, change) for change in changes]
    return Ordered((*kept, *moved.values()), {document: tuple(found) for document, found in orders.items()})


def _lists(stack: Stack, types: Mapping[str, TypeInfo]) -> dict[tuple[str, str], list[Block]]:
    found: dict[tuple[str, str], list[Block]] = {}
    for block in stack.blocks.values():
        if types[block.type].ordered and not block.data:
            found.setdefault((block.owner, block.type), []).append(block)
    return found


def _document(block: Block, providers: Mapping[str, Provider]) -> str | None:
    provider = providers.get(block.provider)
    placements = provider.placements(as_new(block)) if provider else ()
    return placements[0].document if placements else None


def _movers(wanted: tuple[str, ...], live: tuple[str, ...]) -> frozenset[str]:
    kept = kept_in_order(list(wanted), list(live))
    return frozenset(name for name in live if name not in kept)


def _moved(block: Block, change: Change | None, position: tuple[int, int]) -> Change:
    if change is not None:
        return attrs.evolve(change, position=position)
    same = as_new(block)
    return attrs.evolve(
        same, action=Action.UPDATE, reason="reordered", before=same.after, position=position, lifecycle=block.lifecycle
    )


def edges(
    stack: Stack, state: State, changes: Sequence[Change], references: Iterable[Edge], hooks: Sequence[OrderHook]
) -> tuple[Edge, ...]:
    """All edges between changes, in the direction of the work."""
    recorded = [
        Edge(needed, address, "hard", "recorded")
        for (address, deposed), row in state.rows.items()
        if not deposed
        for needed in row.depends_on
    ]
    hard = edges_of_work(changes, references, recorded)
    changing = {change.address for change in changes}
    nodes = _nodes(stack, state, changes)
    found = [edge for hook in hooks for edge in hook(nodes) if edge.first in changing and edge.then in changing]
    return tuple(dict.fromkeys((*hard, *found)))


def _nodes(stack: Stack, state: State, changes: Sequence[Change]) -> tuple[Node, ...]:
    by_address = {change.address: change for change in changes}
    nodes = [
        _node(block, by_address.get(block.address), seq)
        for seq, block in enumerate(stack.blocks.values())
        if not block.data
    ]
    for (address, deposed), row in state.rows.items():
        if address in stack.blocks or deposed:
            continue
        going = by_address.get(address)
        nodes.append(
            Node(
                address,
                row.type,
                row.name,
                row.owner,
                row.provider_key,
                decode(row.values),
                None,
                going is not None,
                going is not None,
                going is not None and going.impact.kind in DISRUPTIVE,
                row.seq,
            )
        )
    return tuple(nodes)


def _node(block: Block, change: Change | None, seq: int) -> Node:
    disruptive = change is not None and change.impact.kind in DISRUPTIVE
    before = change.before if change else block.values
    return Node(
        block.address,
        block.type,
        str(block.name),
        block.owner,
        block.provider,
        before,
        block.values,
        change is not None,
        False,
        disruptive,
        seq,
    )


def edges_of_work(changes: Sequence[Change], hard: Iterable[Edge], recorded: Iterable[Edge]) -> tuple[Edge, ...]:
    """Hard edges between changes, in the direction of the work; resources that stay pass the order on.

    Args:
        hard: Edges of the stack: what is depended on comes first.
        recorded: Edges of the state, for what goes: the dependant comes first.
    """
    by_address = {change.address: change for change in changes}
    found = [
        Edge(first, then, "hard", "reference")
        for first, then in _passed_on(hard, by_address, lambda change: change.action not in GOING)
    ]
    going = [Edge(edge.then, edge.first, edge.kind, edge.why) for edge in recorded]
    for first, then in _passed_on(going, by_address, lambda change: True):
        if by_address[then].action is Action.DELETE or _destroys_first(by_address[then], by_address[first]):
            found.append(Edge(first, then, "hard", "goes before what it needs"))
    return tuple(dict.fromkeys(found))


def _destroys_first(target: Change, dependant: Change) -> bool:
    """A dependant that goes must be gone before what it needs is replaced."""
    return target.action is Action.REPLACE and dependant.action is Action.DELETE


def _passed_on(
    edges: Iterable[Edge], changes: Mapping[str, Change], counts: Callable[[Change], bool]
) -> Iterable[tuple[str, str]]:
    onward: dict[str, list[str]] = {}
    for edge in edges:
        onward.setdefault(edge.first, []).append(edge.then)
    for start, change in changes.items():
        if not counts(change):
            continue
        waiting, visited = list(onward.get(start, ())), {start}
        while waiting:
            address = waiting.pop()
            if address in visited:
                continue
            visited.add(address)
            if address in changes:
                if counts(changes[address]):
                    yield start, address
            else:
                waiting += onward.get(address, ())

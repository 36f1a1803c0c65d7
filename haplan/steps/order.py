"""Order: the edges between changes, and the sequence of lists whose order means something."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.contracts import Node, OrderHook, Provider
from haplan.errors import Gathering
from haplan.model.compare import kept_in_order
from haplan.model.document import Document
from haplan.model.graph import REFERENCE, USED, Edge, contracted
from haplan.model.plan import Action, Change, Order, Placement
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.selection import Selection
from haplan.model.stack import Block, Stack
from haplan.model.state import OrderRow, State
from haplan.model.value import decode

GOING = (Action.DELETE, Action.FORGET)
DISRUPTIVE = ("reboot", "outage")


@attrs.frozen
class Ordered:
    """What `reordered` gives: the changes, reorders among them, and the sequences to set, by provider and document."""

    changes: tuple[Change, ...]
    orders: Mapping[tuple[str, Document], tuple[Order, ...]]


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
    looks: Mapping[str, object],
    live: Mapping[tuple[Document, str], tuple[str, ...]],
    changes: Sequence[Change],
    same: Mapping[str, Change],
    selection: Selection,
    state: State,
    gathering: Gathering,
) -> Ordered:
    """Compare the sequences: what has to move becomes an update with reason ``reordered``.

    The order belongs to the document, so it is compared by a longest common sequence of wanted against seen: one block
    inserted in the middle of fifty moves nothing. `same` has a change for each block that is as it should be. What a
    dead run moved and did not record is gone on with. Where a provider cannot say where a list is, `gathering` knows.
    """
    by_address = {change.address: change for change in changes if not change.deposed}
    moved: dict[str, Change] = {}
    orders: dict[tuple[str, Document], list[Order]] = {}
    begun = {intent.document for intent in state.intents}
    for (_, kind), blocks in _lists(stack, types).items():
        names = {str(block.name): place for place, block in enumerate(blocks, start=1)}
        documents: tuple[Document, ...] = ()
        with gathering:
            documents = _documents(blocks[0], providers, looks)
        for document in documents:
            before = tuple(name for name in live.get((document, kind), ()) if name in names)
            orders.setdefault((blocks[0].provider, document), []).append(Order(document, kind, before, tuple(names)))
            recorded = state.orders.get((document, kind)) if document in begun else None
            astray = _to_move(before, recorded.names if recorded else (), names)
            for block in blocks:
                name, change = str(block.name), by_address.get(block.address) or same.get(block.address)
                if selection.has(block.address) and change is not None and name in astray:
                    place, reason = astray[name]
                    moved[block.address] = _moved(change, (place, names[name]), reason)
    done = [change if change.deposed else moved.pop(change.address, change) for change in changes]
    done = [_named_yet(change, types, providers, looks, live) for change in done]
    return Ordered((*done, *moved.values()), {where: tuple(found) for where, found in orders.items()})


def _to_move(seen: Sequence[str], recorded: Sequence[str], names: Mapping[str, int]) -> dict[str, tuple[int, Reason]]:
    """Name → its place and why it moves: as against what is seen, else as against what a dead run recorded."""
    return {
        **{name: (place, Reason.RESUMED) for name, place in _astray(recorded, names)},
        **{name: (place, Reason.REORDERED) for name, place in _astray(seen, names)},
    }


def _named_yet(
    change: Change,
    types: Mapping[str, TypeInfo],
    providers: Mapping[str, Provider],
    looks: Mapping[str, object],
    live: Mapping[tuple[Document, str], tuple[str, ...]],
) -> Change:
    """What is gone and stands in a list yet leaves that too: a run may have died, or failed, in between."""
    provider, kind = providers.get(change.provider), types.get(change.type)
    if change.action is not Action.FORGET or change.reason is not Reason.GONE or provider is None or kind is None:
        return change
    if not (kind.ordered and provider.ordered):
        return change
    placed = provider.placements(attrs.evolve(change, action=Action.DELETE), looks.get(change.provider))
    named = any(change.name in live.get((one.document, change.type), ()) for one in placed)
    return attrs.evolve(change, action=Action.DELETE, reason=Reason.RESUMED) if named else change


def in_sequence(
    stack: Stack,
    types: Mapping[str, TypeInfo],
    providers: Mapping[str, Provider],
    looks: Mapping[str, object],
    recorded: Mapping[tuple[Document, str], OrderRow],
) -> Stack:
    """The stack with the blocks of each list in the sequence that was recorded of it."""
    place = {address: at for at, address in enumerate(stack.blocks)}
    for (_, kind), blocks in _lists(stack, types).items():
        document = next(iter(_documents(blocks[0], providers, looks)), None)
        row = recorded.get((document, kind)) if document is not None else None
        names = {name: at for at, name in enumerate(row.names)} if row else {}
        wanted = sorted(blocks, key=lambda block: (names.get(str(block.name), len(names)), place[block.address]))
        spots = sorted(place[block.address] for block in blocks)
        place.update({block.address: spot for block, spot in zip(wanted, spots, strict=True)})
    return attrs.evolve(stack, blocks={one: stack.blocks[one] for one in sorted(place, key=place.__getitem__)})


def _lists(stack: Stack, types: Mapping[str, TypeInfo]) -> dict[tuple[str, str], list[Block]]:
    found: dict[tuple[str, str], list[Block]] = {}
    ordered = {name for name in {block.type for block in stack.blocks.values()} if types[name].ordered}
    for block in stack.blocks.values() if ordered else ():
        if block.type in ordered and not block.data:
            found.setdefault((block.owner, block.type), []).append(block)
    return found


def _documents(block: Block, providers: Mapping[str, Provider], looks: Mapping[str, object]) -> tuple[Document, ...]:
    """The documents that carry a list: one, or one of each device that it is on; none where no sequence is kept."""
    provider = providers.get(block.provider)
    kept = provider is not None and provider.ordered
    asked = provider.placements(as_new(block), looks.get(block.provider)) if provider and kept else ()
    placements = [one for one in asked if one.somewhere]
    apart = [one.document for one in placements if one.apart]
    return tuple(dict.fromkeys(apart or [one.document for one in placements[:1]]))


def _astray(sequence: Iterable[str], names: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Of a sequence, the names that stand elsewhere than they are to, with their places in it."""
    there = [name for name in sequence if name in names]
    kept = kept_in_order(list(names), there)
    return ((name, place) for place, name in enumerate(there, start=1) if name not in kept)


def _moved(change: Change, position: tuple[int, int], reason: Reason) -> Change:
    if change.reason is not Reason.NONE:
        return attrs.evolve(change, position=position)
    return attrs.evolve(change, reason=reason, position=position)


def edges(
    stack: Stack,
    state: State,
    changes: Sequence[Change],
    references: Sequence[Edge],
    hooks: Sequence[OrderHook],
    placements: Mapping[str, Sequence[Placement]] | None = None,
) -> tuple[Edge, ...]:
    """All edges between changes, in the direction of the work.

    Args:
        placements: `Change.key` → the documents it touches; without them each is taken to touch one.

    Raises:
        PluginError: Hooks broke: without their gates nothing is safe to begin.
    """
    if not changes:
        return ()
    current = [change for change in changes if not change.deposed]
    unwritten = {change.address for change in current if placements is not None and not placements[change.key]}
    let_go = unwritten or any(change.action in (*GOING, Action.REPLACE) for change in current)
    recorded = _recorded(state) if let_go else ()
    nodes = _nodes(stack, state, current) if hooks else ()
    found, gathering = list[Edge](), Gathering()
    for hook in hooks:
        with gathering:
            found += hook(nodes)
    gathering.refuse()
    hooked = _of_hooks(found, references, {change.address for change in current})
    gates = [edge for edge in hooked if edge.kind != "soft"]
    hard = (*edges_of_work(current, references, recorded, unwritten, gates), *_deposed(changes, state))
    return tuple(dict.fromkeys((*hard, *hooked)))


def _recorded(state: State) -> list[Edge]:
    """What needed what when it was recorded: for what goes or is let go of, which is all that asks."""
    return [
        Edge(needed, address, "hard", "recorded")
        for (address, deposed), row in state.rows.items()
        if not deposed
        for needed in row.depends_on
    ]


def _of_hooks(found: Sequence[Edge], references: Sequence[Edge], changing: set[str]) -> Sequence[Edge]:
    """The edges of hooks between what changes; a gate holds also where something that stays lies between."""
    there = [edge for edge in found if edge.first in changing and edge.then in changing]
    gates = [edge for edge in found if edge.kind == "gate" and edge not in there]
    if gates:
        ways = contracted((*references, *gates, *there), changing.__contains__)
        there += [edge for edge in ways if edge.kind == "gate"]
    return there


def _deposed(changes: Sequence[Change], state: State) -> Iterable[Edge]:
    """A deposed object goes after all that may still use it, and before what it needs itself."""
    old = [change for change in changes if change.deposed]
    if not old:
        return
    current = {change.address: change for change in changes if not change.deposed}
    users: dict[str, list[str]] = {}
    for address in current:
        row = state.row(address)
        for needed in row.depends_on if row else ():
            users.setdefault(needed, []).append(address)
    retired: dict[str, list[str]] = {}
    for change in old:
        retired.setdefault(change.address, []).append(change.key)
    for change in old:
        for user in (change.address, *users.get(change.address, ())):
            if user in current:
                yield Edge(user, change.key, "hard", USED)
        for needed in change.depends_on:
            if needed in current and current[needed].action is Action.DELETE:
                yield Edge(change.key, needed, "hard", USED)
            if needed in current and current[needed].create_first:
                yield Edge(needed, change.key, "hard", "its old one goes before what it needs")
            for other in retired.get(needed, ()):
                yield Edge(change.key, other, "hard", USED)


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
                address=address,
                type=row.type,
                name=row.name,
                owner=row.owner,
                provider=row.provider_key,
                before=decode(row.values),
                after=None,
                changing=going is not None,
                deleting=going is not None,
                disruptive=going is not None and going.impact.kind in DISRUPTIVE,
                seq=row.seq,
            )
        )
    return tuple(nodes)


def _node(block: Block, change: Change | None, seq: int) -> Node:
    disruptive = change is not None and change.impact.kind in DISRUPTIVE
    before = change.before if change else block.values
    return Node(
        address=block.address,
        type=block.type,
        name=str(block.name),
        owner=block.owner,
        provider=block.provider,
        before=before,
        after=block.values,
        changing=change is not None,
        deleting=False,
        disruptive=disruptive,
        seq=seq,
    )


def edges_of_work(
    changes: Sequence[Change],
    hard: Iterable[Edge],
    recorded: Iterable[Edge],
    unwritten: Collection[str] = (),
    gates: Iterable[Edge] = (),
) -> tuple[Edge, ...]:
    """Hard edges between changes, in the direction of the work; resources that stay pass the order on.

    Args:
        hard: Edges of the stack: what is depended on comes first.
        recorded: Edges of the state, for what goes or is let go of: the dependant comes first.
        unwritten: Addresses of changes that are written nowhere: they pass the order on, whatever becomes of them.
        gates: Edges that no order of what is let go of may contradict.
    """
    by_address = {change.address: change for change in changes}
    found = [
        Edge(first, then, "hard", REFERENCE)
        for first, then in _passed_on(hard, by_address, lambda change: change.action not in GOING)
    ]
    going = [Edge(edge.then, edge.first, edge.kind, edge.why) for edge in recorded]
    loose: list[Edge] = []
    for first, then in _passed_on(going, by_address, lambda change: True):
        edge = Edge(first, then, "hard", USED)
        if by_address[then].action in GOING:
            found.append(edge)
        elif (then in unwritten or by_address[then].action is Action.REPLACE) and _lets_go(by_address[first], then):
            loose.append(edge)
    return tuple(dict.fromkeys((*found, *_without_circle((*found, *gates), loose))))


def _lets_go(dependant: Change, needed: str) -> bool:
    """True of one that goes, or needs it no more: it is better done before what it needed is replaced."""
    return dependant.action in GOING or needed not in dependant.depends_on


def _without_circle(found: Iterable[Edge], loose: Iterable[Edge]) -> Iterable[Edge]:
    """Those of the loose edges that close no circle."""
    onward: dict[str, list[str]] = {}
    for edge in found:
        onward.setdefault(edge.first, []).append(edge.then)
    for edge in loose:
        waiting, visited = [edge.then], {edge.then}
        while waiting and edge.first not in visited:
            ahead = [one for one in onward.get(waiting.pop(), ()) if one not in visited]
            visited.update(ahead)
            waiting += ahead
        if edge.first not in visited:
            onward.setdefault(edge.first, []).append(edge.then)
            yield edge


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

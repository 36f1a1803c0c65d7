"""Drift: what moved in the estate since it was recorded: seen against recorded, owned fields only."""

from collections.abc import Callable, Iterator, Mapping

from haplan.contracts import Seen, called
from haplan.model import value as model
from haplan.model.compare import differences, kept_in_order, seen_as, unordered
from haplan.model.document import Document
from haplan.model.drift import Drift
from haplan.model.identity import Names
from haplan.model.left_alone import as_path, as_there, ignored
from haplan.model.schema import TypeInfo
from haplan.model.selection import Selection
from haplan.model.stack import Block, Stack
from haplan.model.state import Row, State
from haplan.model.value import Path, Secret, Tree, at_path

Mark = Callable[[Secret], Secret]
"""Gives a secret its fingerprint."""

Sides = tuple[dict[str, Tree], dict[str, Tree]]
"""What is not as recorded: as it was, and as it is."""


def drift(
    stack: Stack,
    state: State,
    seen: Mapping[str, Seen],
    types: Mapping[str, TypeInfo],
    selection: Selection,
    marked: Mark,
) -> Iterator[Drift]:
    """Compare each row with what is there. What a run left half done has not drifted; what is ignored is not ours.

    Nor has a secret that is there as the stack says: the fingerprint that was recorded may be of a key that is lost.

    Args:
        marked: Gives a secret its fingerprint.
    """
    unsettled, names = state.unsettled(), Names(stack=stack, state=state, live=called(seen))
    for (address, deposed), row in state.rows.items():
        half = row.status not in ("ok", "tainted") or address in unsettled
        if deposed or half or row.provider == "haplan" or not selection.has(address) or row.type not in types:
            continue
        one = _drifted(address, row, types[row.type], stack, seen.get(address), names, marked)
        if one is not None:
            yield one


def _drifted(
    address: str, row: Row, kind: TypeInfo, stack: Stack, found: Seen | None, names: Names, marked: Mark
) -> Drift | None:
    """What moved of one row; None where all is as recorded."""
    recorded = {name: value for name, value in model.decode(row.values).items() if name in row.declared}
    alone = _left_alone(address, row, kind, stack)
    for path in alone:
        told = {} if found is None or model.hides(at_path(recorded, path)) else found.values
        recorded = dict(as_there(recorded, {}, told, path))
    if found is None:
        return Drift(address=address, type=row.type, name=row.name, recorded=recorded, seen=None)
    moved = _moved(kind, row, recorded, found, names, named=("name",) not in alone)
    moved = _without_wanted(moved, stack.blocks.get(address), marked)
    if not moved and not found.amiss:
        return None
    before, after = moved or ({}, {})
    return Drift(
        address=address,
        type=row.type,
        name=row.name,
        recorded=before,
        seen=after,
        who=found.who if moved else "",
        when=found.when if moved else 0.0,
        amiss=found.amiss,
    )


def reorders(
    state: State,
    live: Mapping[tuple[Document, str], tuple[str, ...]],
    types: Mapping[str, TypeInfo],
    selection: Selection,
) -> Iterator[Drift]:
    """Entries of a list that stand elsewhere than recorded; one that moved past others is told, not those others."""
    begun = {intent.document for intent in state.intents}  # nobody recorded yet what became of these
    for (document, kind), order in state.orders.items():
        if (document, kind) not in live or kind not in types or document in begun:
            continue
        now = [name for name in live[document, kind] if name in order.names]
        then = [name for name in order.names if name in now]
        kept = kept_in_order(then, now)
        for row in (row for row in map(state.row, _placed(state, document)) if row is not None and row.type == kind):
            if row.name in now and row.name not in kept and selection.has(row.address):
                before, after = {"position": then.index(row.name) + 1}, {"position": now.index(row.name) + 1}
                yield Drift(address=row.address, type=kind, name=row.name, recorded=before, seen=after)


def _placed(state: State, document: Document) -> list[str]:
    return sorted({address for address, where, _ in state.placements if where == document})


def _left_alone(address: str, row: Row, kind: TypeInfo, stack: Stack) -> tuple[Path, ...]:
    block = stack.blocks.get(address)
    names = [*row.lifecycle.get("ignore_changes", ()), *(block.lifecycle.ignore_changes if block is not None else ())]
    going = (
        [path for path in map(as_path, block.lifecycle.leave) if at_path(block.wanted, path) is None] if block else []
    )
    return (*ignored(names, kind.attributes), *going)


def _without_wanted(moved: Sides | None, block: Block | None, marked: Mark) -> Sides | None:
    if moved is None or block is None:
        return moved
    before, after = moved
    stays = {
        top
        for top, value in after.items()
        if not model.hides(value) or model.transform(block.values.get(top), lambda leaf: _marked(leaf, marked)) != value
    }
    before, after = ({top: side[top] for top in side if top in stays} for side in moved)
    return (before, after) if stays else None


def _marked(leaf: Tree, marked: Mark) -> Tree:
    return marked(leaf) if isinstance(leaf, Secret) else leaf


def _moved(
    kind: TypeInfo, row: Row, recorded: Mapping[str, Tree], seen: Seen, names: Names, *, named: bool
) -> Sides | None:
    live = names.as_recorded(kind, row, recorded, seen_as(recorded, seen.values, recorded, kind))
    tops = dict.fromkeys(str(path[0]) for path in differences(recorded, live, unordered(kind.attributes, recorded)))
    before, after = {top: recorded.get(top) for top in tops}, {top: live.get(top) for top in tops}
    if named and seen.values.get("name", row.name) != row.name:
        before, after = {"name": row.name, **before}, {"name": seen.values["name"], **after}
    return (before, after) if before or after else None

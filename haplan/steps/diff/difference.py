"""The comparison of a whole stack, block by block in order of the graph."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from haplan.model import value as model
from haplan.model.compare import ordered
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block
from haplan.model.value import Tree
from haplan.steps.diff.compared import compared, has_other_name, untouched
from haplan.steps.diff.data import data_source
from haplan.steps.diff.leaving import deletion, leaving
from haplan.steps.diff.new import exists_already, new, take
from haplan.steps.diff.one_address import doubled
from haplan.steps.diff.work import Work, change_of, literal
from haplan.wall.deriving import misfit


@attrs.frozen(kw_only=True)
class Difference:
    """What a diff gives.

    Attributes:
        changes: In order of the graph, deletions last in reverse; no-ops left out.
        unchanged: How many stay as they are.
        same: Address → what would be the change of those whose list has an order, for a reorder.
        findings: Reasons to refuse.
        known: Address → values known now, for references.
        readable: Address → name of data sources that can be read now that their names are known.
    """

    changes: tuple[Change, ...]
    unchanged: int
    same: Mapping[str, Change]
    findings: tuple[Finding, ...]
    known: Mapping[str, Mapping[str, Tree]]
    readable: Mapping[str, str]


def diff(order: Iterable[str], work: Work) -> Difference:
    """Compare.

    Args:
        order: Addresses of the stack, each after what it depends on.
        work: What is compared; of this diff alone.
    """
    for address in order:
        change = _wanted(work, work.stack.blocks[address])
        if change is not None:
            work.changes[address] = change
    _spread_create_first(work)
    going = [deletion(work, row) for row in leaving(work)]
    changes = (*work.changes.values(), *going)
    return Difference(
        changes=changes,
        unchanged=work.unchanged,
        same=work.same,
        findings=(*work.findings, *exists_already(work), *doubled(work, changes)),
        known=work.known,
        readable=work.readable,
    )


def _wanted(work: Work, block: Block) -> Change | None:
    row, seen = work.state.row(block.address), work.seen.get(block.address)
    if block.data:
        return data_source(work, block, seen)
    if not work.selection.has(block.address):
        work.know(block.address, {**row.decoded, "id": row.id} if row else {}, seen)
        return None
    after = _after(work, block)
    work.findings += _misfits(block, after, work.types[block.type])
    if row is None:
        return (take if work.selection.taking else new)(work, block, after, seen)
    recorded = row.decoded
    if seen is None:
        after = dict(ordered(after, recorded))
        work.know(block.address, {}, None, literal(after))
        return change_of(block, Action.CREATE, Reason.GONE, after, row, id="", private={})
    if untouched(work, block, after, row, recorded, seen):
        work.know(block.address, recorded, seen, after)
        work.unchanged += 1
        return None
    return compared(work, block, after, row, recorded, seen)


def _after(work: Work, block: Block) -> dict[str, Tree]:
    """Wanted values with everything resolved that is known now; the rest stays a reference."""
    return dict(model.transform(block.wanted, work.leaf))


_REFERRING = (model.Ref, model.Text)


def _misfits(block: Block, after: Mapping[str, Tree], kind: TypeInfo) -> Iterator[Finding]:
    """What came by reference and is not what the attribute takes; what is not known yet is looked at in the apply."""
    for name, value in block.values.items():
        if type(value) in _REFERRING and (why := misfit(kind, name, after.get(name), block.address)):
            sources = " and ".join(dict.fromkeys(map(str, model.references(value))))
            text = f"{name}: {why}; it comes from {sources}"
            yield Finding.at(block, "VALUE", text)


def _spread_create_first(work: Work) -> None:
    """What a resource depends on that is created before its old self goes is so too: the old self still uses it."""
    waiting = [change.address for change in work.changes.values() if change.create_first]
    visited = set(waiting)
    while waiting:
        for reference in work.stack.blocks[waiting.pop()].references:
            needed = work.changes.get(reference.address)
            if needed is not None and needed.action is Action.REPLACE and has_other_name(needed):
                work.changes[needed.address] = attrs.evolve(needed, create_first=True)
            if reference.address not in visited:
                visited.add(reference.address)
                waiting.append(reference.address)

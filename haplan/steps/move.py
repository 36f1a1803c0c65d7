"""Move: state under the addresses that ``moved(…)`` gives it; in memory, until the apply saves it."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.errors import StackError
from haplan.model.address import within
from haplan.model.plan import Action, Change
from haplan.model.renames import living_in
from haplan.model.selection import Selection
from haplan.model.stack import Block, Move, Stack, followed
from haplan.model.state import Row, State
from haplan.model.unfinished import with_orphans
from haplan.model.value import decode


def names(stack: Stack, state: State) -> dict[str, str]:
    """Address in state → address in the stack, of what moves; what lives in a moved resource follows.

    Raises:
        StackError: The new address is in state too, or two resources would come to have it.
    """
    if not stack.moves:
        return {}
    known = sorted({*(address for address, _ in state.rows), *state.unsettled()})
    found = {old: new for old in known if (new := followed(old, stack.moves)[-1]) != old}
    living = living_in(with_orphans(state), found, stack.blocks)
    found |= {old: new for old, new in living.items() if old not in stack.blocks}
    mistakes = list(_taken(found, stack.moves, {address for address, _ in state.rows}))
    if mistakes:
        raise StackError(mistakes)
    return found


def _taken(found: Mapping[str, str], moves: Sequence[Move], there: set[str]) -> Iterable[str]:
    first: dict[str, str] = {}
    for old, new in found.items():
        other = new if new in there and new not in found else first.setdefault(new, old)
        if other != old and old in there:
            place = next((f"{move.location}: " for move in moves if within(old, move.old)), "")
            yield (
                f"{place}moved: {old} cannot become {new}: {other} is in state too; "
                "delete one of them, or make one forgotten with `haplan state rm`"
            )


def told(
    changes: Iterable[Change], names: Mapping[str, str], stack: Stack, state: State, chosen: Selection
) -> tuple[Change, ...]:
    """The changes, each with the address before; what only moves is a change of its own, and no write.

    Args:
        state: Under the new addresses.
    """
    if not names:
        return tuple(changes)
    before = {new: old for old, new in names.items()}
    done = [
        change
        if change.deposed
        else attrs.evolve(change, previous_address=before.get(change.address, change.previous_address))
        for change in changes
    ]
    told = {change.address for change in done if not change.deposed}
    for address, old in before.items():
        row, block = state.row(address), stack.blocks.get(address)
        if row is not None and block is not None and address not in told and chosen.has(address):
            done.append(_only_moved(row, block, old))
    return tuple(done)


def _only_moved(row: Row, block: Block, old: str) -> Change:
    values = {name: value for name, value in decode(row.values).items() if name in row.declared}
    return Change(
        address=row.address,
        type=row.type,
        name=row.name,
        provider=row.provider_key,
        action=Action.NO_OP,
        before=values,
        after=values,
        owner=row.owner,
        id=row.id,
        previous_address=old,
        sensitive=row.sensitive,
        extra=block.extra,
        depends_on=row.depends_on,
        lifecycle=block.lifecycle,
        location=str(block.location),
        serial=row.serial,
        private=row.private,
    )

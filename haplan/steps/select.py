"""Select: which addresses a plan is about, from ``--target``, ``--exclude`` and ``--replace``."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.errors import HaplanError
from haplan.language.record import nearest
from haplan.model.address import matches, within
from haplan.model.selection import Selection
from haplan.model.stack import Stack
from haplan.model.state import State


def select(
    stack: Stack, state: State, targets: Sequence[str] = (), excludes: Sequence[str] = (), replaces: Sequence[str] = ()
) -> Selection:
    """What a plan is about: targets with what they need, without the excluded and what needs those.

    What goes needs those gone, or pointed elsewhere, that still use it.

    Raises:
        HaplanError: A pattern matches nothing.
    """
    adopting = {one.address: one.id for one in stack.imports if state.row(one.address) is None}
    plain = Selection(adopting=adopting, forgetting=_forgotten(stack, state))
    if not (targets or excludes or replaces):
        return plain
    known = list(dict.fromkeys([*stack.blocks, *(address for address, _ in state.rows)]))
    needs = _needs(stack, state)
    replace = _matching(replaces, known, "--replace")
    wanted = _closure(_matching(targets, known, "--target"), needs)
    unwanted = _closure(_matching(excludes, known, "--exclude"), _turned(needs))
    only = None if not wanted and not unwanted else frozenset(wanted or known) - unwanted
    return attrs.evolve(plain, only=only, replace=replace)


def left_out(unread: Iterable[str], stack: Stack, state: State) -> dict[str, str]:
    """What cannot be planned because something could not be read: address → the unread one that it hangs on.

    What needs it, and what may only go once it is gone, hang on it; it hangs on itself.
    """
    onward = _turned(_needs(stack, state))
    found = {address: address for address in sorted(unread)}
    waiting = deque(found)
    while waiting:
        address = waiting.popleft()
        for one in sorted(onward.get(address, ())):
            if one not in found:
                found[one] = found[address]
                waiting.append(one)
    return found


def without(chosen: Selection, left: Iterable[str], stack: Stack, state: State) -> Selection:
    """A selection without what is left out."""
    gone = frozenset(left)
    if not gone:
        return chosen
    known = chosen.only if chosen.only is not None else frozenset([*stack.blocks, *(a for a, _ in state.rows)])
    return attrs.evolve(chosen, only=known - gone)


def used_by(left: Mapping[str, str], going: Iterable[str], stack: Stack, state: State) -> dict[str, str]:
    """Of what goes or is replaced, that which something that is left out still uses: → the unread one behind it."""
    used: dict[str, str] = {}
    for address, behind in left.items():
        block, row = stack.blocks.get(address), state.row(address)
        needed = [reference.address for reference in block.references] if block is not None else []
        for one in (*needed, *(row.depends_on if row is not None else ())):
            used.setdefault(one, behind)
    return {address: used[address] for address in going if address in used and address not in left}


def _forgotten(stack: Stack, state: State) -> frozenset[str]:
    places = [removal.address for removal in stack.removals if not removal.destroy]
    if not places:
        return frozenset()
    return frozenset(address for address, _ in state.rows if any(within(address, place) for place in places))


def _matching(patterns: Iterable[str], known: Iterable[str], option: str) -> frozenset[str]:
    found: set[str] = set()
    for pattern in patterns:
        matched = {address for address in known if matches(address, pattern)}
        if not matched:
            raise HaplanError(f"{option} {pattern}: no such resource{nearest(pattern, known)}")
        found |= matched
    return frozenset(found)


def _needs(stack: Stack, state: State) -> dict[str, set[str]]:
    needs = {address: {reference.address for reference in block.references} for address, block in stack.blocks.items()}
    for (address, _), row in state.rows.items():
        needs.setdefault(address, set())
        for needed in row.depends_on:
            if needed not in stack.blocks:
                needs.setdefault(needed, set()).add(address)
    return needs


def _turned(needs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    turned: dict[str, set[str]] = {}
    for address, needed in needs.items():
        for other in needed:
            turned.setdefault(other, set()).add(address)
    return turned


def _closure(start: Iterable[str], onward: Mapping[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            waiting += onward.get(address, ())
    return frozenset(found)

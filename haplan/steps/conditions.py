"""Conditions: what ``lifecycle(precondition=…, postcondition=…)`` says of the plan; what is unknown waits for apply."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from haplan.model.condition import complaint, holds, with_known
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change
from haplan.model.selection import Selection
from haplan.model.stack import Block, Lifecycle, Stack
from haplan.model.value import Tree

Known = Mapping[str, Mapping[str, Tree]]


@attrs.frozen
class Judged:
    """The changes, with what is known now in their conditions, and what does not hold."""

    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]


def judge(stack: Stack, changes: Iterable[Change], known: Known, chosen: Selection) -> Judged:
    """Judge each condition whose values are known.

    A precondition that does not hold forbids the apply. A postcondition is judged after the write; of what is not
    written it is a warning.
    """
    changes = tuple(changes)
    asked = [
        block
        for block in stack.blocks.values()
        if (block.lifecycle.precondition or block.lifecycle.postcondition) and chosen.has(block.address)
    ]
    if not asked:
        return Judged(changes, ())
    cycles = {block.address: _lifecycle(block, known) for block in asked}
    done = tuple(
        attrs.evolve(change, lifecycle=cycles[change.address])
        if change.address in cycles and not change.deposed
        else change
        for change in changes
    )
    written = {change.address for change in changes if change.action is not Action.NO_OP}
    found = tuple(one for block in asked for one in _findings(block, cycles[block.address], known, written))
    return Judged(done, found)


def _lifecycle(block: Block, known: Known) -> Lifecycle:
    others = {address: values for address, values in known.items() if address != block.address}
    return attrs.evolve(
        block.lifecycle,
        precondition=tuple(with_known(one, known) for one in block.lifecycle.precondition),
        postcondition=tuple(with_known(one, others) for one in block.lifecycle.postcondition),
    )


def _findings(block: Block, cycle: Lifecycle, known: Known, written: set[str]) -> Iterator[Finding]:
    for one in cycle.precondition:
        if holds(one) is False:
            yield Finding(
                rule="PRECONDITION",
                severity="error",
                address=block.address,
                message=complaint(one),
                location=one.location,
            )
    for one in cycle.postcondition:
        now = with_known(one, known)
        if block.address not in written and holds(now) is False:
            yield Finding(
                rule="POSTCONDITION",
                severity="warning",
                address=block.address,
                message=complaint(now),
                location=one.location,
            )

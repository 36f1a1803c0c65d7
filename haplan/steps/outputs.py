"""Outputs: what changes in them."""

from collections.abc import Mapping

from haplan.model import value as model
from haplan.model.compare import same
from haplan.model.plan import OutputChange
from haplan.model.stack import Stack
from haplan.model.state import State
from haplan.model.value import Tree


def outputs(stack: Stack, state: State, known: Mapping[str, Mapping[str, Tree]]) -> tuple[OutputChange, ...]:
    """What changes in the outputs."""
    found: list[OutputChange] = []
    for name, out in stack.outputs.items():
        after = model.partly(out.value, known)
        before = state.outputs.get(name)
        if before is None or not same(after, model.decode(before.value)):
            found.append(OutputChange(name, model.decode(before.value) if before else None, after, out.sensitive))
    for name, row in state.outputs.items():
        if name not in stack.outputs:
            found.append(OutputChange(name, model.decode(row.value), None, row.sensitive))
    return tuple(found)

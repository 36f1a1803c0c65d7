"""Outputs: what changes in them."""

from collections.abc import Callable, Mapping

from haplan.model import value as model
from haplan.model.compare import same
from haplan.model.plan import OutputChange
from haplan.model.stack import Stack
from haplan.model.state import State
from haplan.model.value import Tree


def outputs(
    stack: Stack,
    state: State,
    known: Mapping[str, Mapping[str, Tree]],
    fingerprint: Callable[[model.Secret], model.Secret],
) -> tuple[OutputChange, ...]:
    """What changes in the outputs. One that a secret flows into is sensitive, said or not."""
    found: list[OutputChange] = []
    for name, out in stack.outputs.items():
        after = model.transform(
            model.partly(out.value, known), lambda leaf: fingerprint(leaf) if isinstance(leaf, model.Secret) else leaf
        )
        before, sensitive = state.outputs.get(name), out.sensitive or model.hides(after)
        if before is None or before.sensitive != sensitive or not same(after, model.decode(before.value)):
            found.append(OutputChange(name, model.decode(before.value) if before else None, after, sensitive))
    for name, row in state.outputs.items():
        if name not in stack.outputs:
            found.append(OutputChange(name, model.decode(row.value), None, row.sensitive))
    return tuple(found)

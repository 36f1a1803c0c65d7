"""Outputs: what changes in them."""

from collections.abc import Callable, Mapping
from functools import partial

import attrs

from haplan.model import value as model
from haplan.model.compare import same
from haplan.model.plan import OutputChange
from haplan.model.stack import Output, Stack
from haplan.model.state import State
from haplan.model.value import Secret, Tree

Hide = Callable[[str, Tree], Secret]
"""(name of the output, plain value in it) → the secret that stands for it."""


def outputs(
    stack: Stack,
    state: State,
    known: Mapping[str, Mapping[str, Tree]],
    fingerprint: Callable[[Secret], Secret],
    hide: Hide,
) -> tuple[OutputChange, ...]:
    """What changes in the outputs. One that a secret flows into is sensitive, said or not."""
    found: list[OutputChange] = []
    for name, out in stack.outputs.items():
        after = _after(out, known, fingerprint, hide)
        row, sensitive = state.outputs.get(name), out.sensitive or model.hides(after)
        before = model.decode(row.value) if row else None
        kept = model.sealed(after, name, state.key) if sensitive else after
        if row is None or row.sensitive != sensitive or not _same(kept, before):
            found.append(OutputChange(name, before, after, sensitive))
    for name, row in state.outputs.items():
        if name not in stack.outputs:
            found.append(OutputChange(name, model.decode(row.value), None, row.sensitive))
    return tuple(found)


def _after(
    out: Output, known: Mapping[str, Mapping[str, Tree]], fingerprint: Callable[[Secret], Secret], hide: Hide
) -> Tree:
    """What is known of it now; of one that is said to be sensitive, nothing stands in plain."""
    after = model.partly(out.value, known)
    if out.sensitive:
        after = model.hidden(after, partial(hide, out.name))
    return model.transform(after, lambda leaf: fingerprint(leaf) if isinstance(leaf, Secret) else leaf)


def _same(after: Tree, before: Tree) -> bool:
    """Where state has no fingerprint to compare with, as after a first apply from a plan file, there is no change."""
    if all(found.fingerprint for found in model.secrets(before)):
        return same(after, before)
    return same(_unmarked(after), _unmarked(before))


def _unmarked(tree: Tree) -> Tree:
    return model.transform(tree, lambda leaf: attrs.evolve(leaf, fingerprint="") if isinstance(leaf, Secret) else leaf)

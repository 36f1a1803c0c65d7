"""What a run saves: changes and what came of them, as rows. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import rfc8785

from haplan.contracts import Written
from haplan.model import value as model
from haplan.model.compare import without
from haplan.model.plan import Action, Change, OutputChange, Placement
from haplan.model.state import OutputRow, PlacementRow, Row, State, Status
from haplan.model.value import Path, Tree

GOING = (Action.DELETE, Action.FORGET)


def row_of(change: Change, written: Written, old: Row | None, status: Status, serial: int) -> Row:
    """The row of a change that was written."""
    after = dict(without(change.after or {}, change.unset))
    name = str(after.pop("name", change.name))
    values = model.encode({**after, **written.values.get(change.address, {})})
    provider, _, alias = change.provider.partition(".")
    private = {**change.private, **(old.private if old and change.action is not Action.REPLACE else {})}
    private |= written.private.get(change.address, {})
    return Row(
        address=change.address,
        type=change.type,
        provider=provider,
        alias=alias,
        id=written.ids.get(change.address) or change.id,
        name=name,
        owner=change.owner,
        values=values,
        hash=fingerprint(values),
        declared=tuple(sorted(after)),
        sensitive=change.sensitive,
        depends_on=change.depends_on,
        lifecycle=_lifecycle(change),
        status=status,
        private=private,
        source=change.location,
        serial=serial,
        seq=old.seq if old else 0,
    )


def fingerprint(values: Tree) -> str:
    """The hash of a row's values, to see quickly that nothing changed."""
    return hashlib.sha256(rfc8785.dumps(values)).hexdigest()[:32]


def _lifecycle(change: Change) -> dict[str, Any]:
    kept = attrs.asdict(change.lifecycle)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items() if value}


def placement_row(change: Change, placement: Placement, status: str) -> PlacementRow:
    """One placement, as saved."""
    return PlacementRow(change.address, placement.document, placement.part, status)


def resolved(tree: Tree, known: Mapping[str, Mapping[str, Tree]]) -> Tree:
    """A tree with its references replaced by what is known now; what is not stays `Unknown`, named."""

    def look(ref: model.Ref) -> Tree:
        found = model.at_path(known.get(ref.address), ref.path)
        return model.Unknown(str(ref)) if found is None else found

    return model.resolve(tree, look)


def unknown_in(tree: Tree) -> Path | None:
    """The first path that is still unknown."""
    return next((path for path, leaf in model.leaves(tree) if isinstance(leaf, model.Unknown)), None)


def outputs_after(
    changes: Iterable[OutputChange], state: State, known: Mapping[str, Mapping[str, Tree]]
) -> tuple[OutputRow, ...]:
    """All outputs as they are after the run; one that waits for something that failed keeps its old value."""
    rows = dict(state.outputs)
    for change in changes:
        if change.after is None:
            rows.pop(change.name, None)
            continue
        value = resolved(change.after, known)
        if unknown_in(value) is None:
            rows[change.name] = OutputRow(change.name, model.encode(value), change.sensitive)
    return tuple(rows[name] for name in sorted(rows))

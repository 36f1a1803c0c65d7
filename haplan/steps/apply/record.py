"""What a run saves: changes and what came of them, as rows. Pure."""

from collections.abc import Callable, Iterable, Mapping

import attrs

from haplan.contracts import Written
from haplan.model import value as model
from haplan.model.canonical import fingerprint
from haplan.model.compare import with_secrets, without
from haplan.model.plan import Action, Change, OutputChange, Placement, Plan
from haplan.model.state import OutputRow, PlacementRow, PlacementStatus, Row, State, Status, deposed_mark
from haplan.model.value import Path, Tree

GOING = (Action.DELETE, Action.FORGET)


def row_of(
    change: Change, written: Written, old: Row | None, status: Status, serial: int, schema_version: int = 1
) -> Row:
    """The row of a change that was written.

    A change with several placements is recorded once for each: what an earlier one of this run gave stays.
    """
    earlier = old if old is not None and old.serial == serial else None
    after = dict(without(change.after or {}, change.unset))
    name = str(after.pop("name", change.name))
    fresh = change.action in (Action.CREATE, Action.REPLACE) or (old is not None and old.id != change.id)
    values = _values(after, written.values.get(change.address, {}), earlier if fresh else old)
    private = {} if change.action is Action.REPLACE else dict(change.private)
    private |= {**(earlier.private if earlier else {}), **written.private.get(change.address, {})}
    provider, _, alias = change.provider.partition(".")
    return Row(
        address=change.address,
        type=change.type,
        provider=provider,
        alias=alias,
        schema_version=schema_version,
        id=written.ids.get(change.address) or (earlier.id if earlier else "") or change.id,
        name=name,
        owner=change.owner,
        values=values,
        hash=fingerprint(values),
        declared=tuple(sorted(after)),
        sensitive=change.sensitive,
        depends_on=change.depends_on,
        lifecycle=change.lifecycle.plain,
        status=status,
        private=private,
        source=change.location,
        serial=serial,
        seq=old.seq if old else 0,
    )


def _values(after: Mapping[str, Tree], given: Mapping[str, Tree], kept: Row | None) -> dict[str, Tree]:
    """What is recorded: what the stack says, what the write gave, and what was computed before and stays."""
    told = {n: with_secrets(value, after.get(n), after.get(n)) for n, value in given.items()}
    values = model.encode({**after, **told})
    computed = {n: v for n, v in kept.values.items() if n not in kept.declared} if kept else {}
    return {**{n: v for n, v in computed.items() if n not in values}, **values}


def deposed_row(old: Row | None, serial: int) -> Row | None:
    """What is kept of the old object of a replacement that creates first, until it is deleted."""
    if old is None or old.serial == serial or not old.id:
        return None
    return attrs.evolve(old, deposed=deposed_mark(old.id))


def placement_row(change: Change, placement: Placement, status: PlacementStatus) -> PlacementRow:
    """One placement, as saved."""
    return PlacementRow(change.address, placement.document, placement.part, status)


def joined(written: Written, more: Written) -> Written:
    """What a write gave, with what became known while it settled."""
    return Written(
        ids={**written.ids, **more.ids},
        values={a: {**written.values.get(a, {}), **more.values.get(a, {})} for a in {**written.values, **more.values}},
        private={
            a: {**written.private.get(a, {}), **more.private.get(a, {})} for a in {**written.private, **more.private}
        },
        settling=written.settling,
        receipt=more.receipt or written.receipt,
    )


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
    changes: Iterable[OutputChange],
    state: State,
    known: Mapping[str, Mapping[str, Tree]],
    marked: Callable[[Tree], Tree],
) -> tuple[OutputRow, ...]:
    """All outputs as they are after the run; one that waits for something that failed keeps its old value."""
    rows = dict(state.outputs)
    for change in changes:
        if change.after is None:
            rows.pop(change.name, None)
            continue
        value = resolved(change.after, known)
        if unknown_in(value) is None:
            value = model.transform(value, marked)
            sensitive = change.sensitive or model.hides(value)
            value = model.sealed(value, change.name, state.key) if sensitive else value
            rows[change.name] = OutputRow(change.name, model.encode(value), sensitive)
    return tuple(rows[name] for name in sorted(rows))


def shown(change: OutputChange, known: Mapping[str, Mapping[str, Tree]]) -> Tree:
    """An output as the run's result has it: as state has it after the run, of a sensitive one that it is one."""
    value = resolved(change.after, known)
    if unknown_in(value) is not None and change.before is not None:
        value = change.before
    return model.Secret(f"{model.OUTPUT}{change.name}") if change.sensitive or model.hides(value) else value


def held(plan: Plan, state: State) -> dict[str, set[tuple[str, str]]]:
    """Owner → what lives in it before and after this run."""
    found: dict[str, set[tuple[str, str]]] = {}
    for change in plan.changes:
        before = str((change.before or {}).get("name", change.name))
        found.setdefault(change.owner, set()).update({(change.type, change.name), (change.type, before)})
    for row in state.rows.values():
        found.setdefault(row.owner, set()).update({(row.type, row.name), (row.type, row.id)})
    return found

"""What leaves: rows of state that the stack has no longer, and old selves that were replaced."""

import attrs

from haplan.model import value as model
from haplan.model.address import keyed
from haplan.model.compare import merged, seen_as
from haplan.model.plan import Action, Change
from haplan.model.reason import Reason
from haplan.model.stack import Lifecycle
from haplan.model.state import Row
from haplan.model.unfinished import LEFT, still_there
from haplan.steps.diff.one_address import recorded_elsewhere
from haplan.steps.diff.work import Work, as_declared


def leaving(work: Work) -> list[Row]:
    """The rows that leave, what was made last first."""
    rows = [row for (address, deposed), row in work.state.rows.items() if (deposed or address not in work.stack.blocks)]
    return sorted((row for row in rows if work.selection.has(row.address)), key=lambda row: -row.seq)


def deletion(work: Work, row: Row) -> Change:
    """The deletion of a row; only of the row where nothing is there any more."""
    seen = work.seen.get(keyed(row.address, row.deposed))
    old = row.deposed and seen is not None and seen.id == row.id  # found by its name, it is another one
    seen = None if row.deposed else seen
    if seen is not None and not row.serial and recorded_elsewhere(work, row, seen.id):
        seen = None  # a dead run began to create it, and what has its name by now is another's
    kind, before = work.types.get(row.type), as_declared(row, model.decode(row.values))
    if seen is not None and kind is not None:
        before = seen_as(before, seen.values, before, kind)
        if not row.serial:  # of what a dead run began nothing is recorded: where it lives is told by what is there
            before = {**before, **{name: seen.values[name] for name in kind.owned_by if seen.values.get(name)}}
    forgotten = row.address in work.selection.forgetting and not row.deposed
    left = bool(row.private.get(LEFT)) and not forgotten
    before = merged(before, still_there(row.private)) if left else before
    there = seen is not None or bool(old) or left
    return Change(
        address=row.address,
        type=row.type,
        name=row.name,
        provider=row.provider_key,
        action=Action.DELETE if there else Action.FORGET,
        reason=Reason.RESUMED if left and not row.deposed else _reason(row, stays=there or forgotten),
        before=before,
        owner=row.owner,
        id=seen.id if seen else row.id,
        deposed=row.deposed,
        sensitive=row.sensitive,
        depends_on=row.depends_on,
        lifecycle=_kept_lifecycle(row),
        location=row.source,
        serial=row.serial,
        private={**row.private, **(seen.private if seen else {})},
    )


def _reason(row: Row, *, stays: bool) -> Reason:
    if row.deposed and stays:
        return Reason.DEPOSED
    return Reason.NOT_IN_STACK if stays else Reason.GONE


def _kept_lifecycle(row: Row) -> Lifecycle:
    kept = dict(row.lifecycle)
    for name in ("ignore_changes", "leave"):
        kept[name] = tuple(kept.get(name, ()))
    return Lifecycle(**kept)


def as_asked(change: Change, *, destroy: bool, run: str) -> Change:
    """A change that goes though no stack says so: with who does.

    Args:
        destroy: Everything goes.
        run: Id of the run to go back to, or "".
    """
    if change.reason is not Reason.NOT_IN_STACK:
        return change
    if run:
        return attrs.evolve(change, because=f"run {run} did not have it")
    return attrs.evolve(change, reason=Reason.DESTROYED) if destroy else change

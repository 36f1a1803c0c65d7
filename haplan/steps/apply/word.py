"""The provider's word: whether what a write gave is what the plan said. Pure."""

from collections.abc import Iterator, Mapping

from haplan.contracts import Task, Written
from haplan.model import value as model
from haplan.model.compare import differences, ours, unordered, without_secrets
from haplan.model.plan import Action, Change
from haplan.model.schema import TypeInfo
from haplan.model.state import Row
from haplan.steps.apply.ledger import Ledger
from haplan.wall.computed import misgiven

FRESH = (Action.CREATE, Action.REPLACE)


def broken_word(task: Task, written: Written, types: Mapping[str, TypeInfo], ledger: Ledger) -> str:
    """What the provider gave against its plan, or ""; it names the provider."""
    for part in task.parts:
        change, kind = part.change, types.get(part.change.type)
        if kind is None or part.placement.late:
            continue
        row = ledger.rows.made(change.address) if change.action in FRESH else ledger.rows.get(change.address)
        complete = ledger.placements.completes(task.transaction, change)
        for text in _broken(change, written, row, kind, complete=complete):
            return f"{change.address}: {text}; report it to the author of provider {change.provider!r}"
    return ""


def _broken(change: Change, written: Written, row: Row | None, kind: TypeInfo, *, complete: bool) -> Iterator[str]:
    """A value the stack set may not come back changed, and what only an apply can tell is known once all is done.

    Args:
        row: What is recorded; of what is new, by this run: an object that was replaced takes its values along.
    """
    wanted, got = without_secrets(change.after or {}), written.values.get(change.address, {})
    wanted = {name: value for name, value in wanted.items() if name in got and (name,) not in change.unset}
    for path in differences(wanted, ours(kind, wanted, got), unordered(kind.attributes, wanted)):
        words = f"planned {model.at_path(wanted, path)!r}, got {model.at_path(got, path)!r}"
        yield f"{'.'.join(map(str, path))}: {words}"
    for name, misfit in misgiven(kind, got):
        yield f"{name}: got {misfit}"
    if complete and change.action in FRESH:
        known = {*(row.values if row else {}), *got}
        known |= {"id"} if written.ids.get(change.address) or (row is not None and row.id) else set()
        lacking = [name for name in kind.computed if name not in known]
        if lacking:
            yield f"{', '.join(lacking)} not known after the apply"

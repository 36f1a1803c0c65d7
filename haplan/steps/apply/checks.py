"""The last look at a write: the provider's checks, the rules after a step, and the conditions of the stack."""

from collections.abc import Mapping

import attrs

from haplan.contracts import CheckView, Provider, Query, Settlement, Task
from haplan.errors import Denied, HaplanError
from haplan.model import value as model
from haplan.model.condition import complaint, holds, settled
from haplan.model.finding import Finding
from haplan.model.plan import Change
from haplan.model.schema import TypeInfo
from haplan.model.value import Tree
from haplan.steps.apply.ledger import Ledger
from haplan.steps.apply.run_context import RunContext
from haplan.steps.apply.worker import MAX_AGE, target_of
from haplan.wall.deriving import misfit


def refuse_misfits(change: Change, after: Mapping[str, Tree], types: Mapping[str, TypeInfo]) -> None:
    """Refuse what came by reference and is not what the attribute takes.

    Raises:
        HaplanError: Naming the attribute, and what it takes.
    """
    kind = types.get(change.type)
    for name, planned in (change.after or {}).items():
        if (
            kind is not None
            and isinstance(planned, model.Ref | model.Text)
            and (why := misfit(kind, name, after.get(name), change.address))
        ):
            raise HaplanError(f"{change.address}: {name}: {why}; it comes from {' and '.join(_sources(planned))}")


def _sources(tree: Tree) -> list[str]:
    return list(dict.fromkeys(map(str, model.references(tree))))


@attrs.frozen
class Checked:
    """What the last look at a write found; `error` says that nobody could look.

    Attributes:
        settlement: How it settled.
    """

    task: Task
    settlement: Settlement
    found: tuple[Finding, ...] = ()
    error: HaplanError | None = None


def looked_at(task: Task, context: RunContext) -> bool:
    """True if a check comes between the write and its record."""
    return calls(task, context) or any(part.change.lifecycle.postcondition for part in task.parts)


def calls(task: Task, context: RunContext) -> bool:
    """True if the check asks somebody, which may take its time."""
    provider = context.providers[task.transaction.provider]
    return bool(context.after) or type(provider).verify is not Provider.verify


def check(task: Task, settlement: Settlement, context: RunContext) -> Checked:
    """Look at what was written, in a thread of its own; never raises."""
    try:
        return Checked(task, settlement, tuple(_look(task, context)))
    except HaplanError as error:
        return Checked(task, settlement, error=error)


def _look(task: Task, context: RunContext) -> list[Finding]:
    """What the provider's check and the rules find."""
    provider = context.providers[task.transaction.provider]
    found = [*provider.verify(task)]
    if context.after:
        targets = tuple(target_of(part.change, part.row, None) for part in task.parts)
        document = task.transaction.document
        reading = provider.read(Query(targets=targets, max_age=MAX_AGE, recorded=task.recorded, document=document))
        view = CheckView(task, provider.facts(targets, reading.look), reading.seen)
        found += [finding for rule in context.after for finding in rule.check(view)]
    return found


# --- Conditions of the stack ------------------------------------------------------------------------------------------


def refuse_unmet(change: Change, known: Mapping[str, Mapping[str, Tree]]) -> None:
    """Refuse a write whose precondition does not hold.

    Raises:
        Denied: Naming the condition.
    """
    for one in change.lifecycle.precondition:
        now = settled(one, lambda ref: _looked_up(ref, known))
        if not holds(now):
            raise Denied(f"{change.address}: precondition ({one.location}): {complaint(now)}")


def unmet(task: Task, known: Mapping[str, Mapping[str, Tree]], ledger: Ledger) -> list[Finding]:
    """The postconditions that do not hold, of what is complete with this transaction."""
    found = []
    for part in task.parts:
        change = part.change
        if part.placement.late or not ledger.placements.completes(task.transaction, change):
            continue
        for one in change.lifecycle.postcondition:
            now = settled(one, lambda ref: _looked_up(ref, known))
            if not holds(now):
                found.append(
                    Finding(
                        rule="POSTCONDITION",
                        severity="error",
                        address=change.address,
                        message=complaint(now),
                        location=one.location,
                    )
                )
    return found


def _looked_up(ref: model.Ref, known: Mapping[str, Mapping[str, Tree]]) -> Tree:
    found = model.at_path(known.get(ref.address), ref.path)
    return model.Unknown(str(ref)) if found is None else found

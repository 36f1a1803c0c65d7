"""The last look at a write: the provider's checks, the rules after a step, and whether the provider kept its word."""

from collections.abc import Mapping

from haplan.contracts import CheckView, Provider, Query, Task, Written
from haplan.errors import Denied, HaplanError
from haplan.model import value as model
from haplan.model.compare import differences, owned, unordered, without_secrets
from haplan.model.condition import complaint, holds, settled
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change
from haplan.model.schema import TypeInfo
from haplan.model.state import Row
from haplan.model.value import Tree
from haplan.steps.apply.ledger import Ledger
from haplan.steps.apply.run_context import RunContext
from haplan.steps.apply.worker import MAX_AGE, target_of


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
            and (why := kind.misfit(name, after.get(name)))
        ):
            raise HaplanError(f"{change.address}: {name}: {why}; it comes from {' and '.join(_sources(planned))}")


def _sources(tree: Tree) -> list[str]:
    return list(dict.fromkeys(map(str, model.references(tree))))


def looked_at(task: Task, context: RunContext) -> bool:
    """True if something comes between the write and its record: a check, or the step that confirms it."""
    provider = context.providers[task.transaction.provider]
    checks = bool(context.after) or any(part.change.lifecycle.postcondition for part in task.parts)
    return checks or context.confirms(task.transaction) or type(provider).verify is not Provider.verify


def look(task: Task, context: RunContext) -> list[Finding]:
    """What the provider's check and the rules find."""
    provider = context.providers[task.transaction.provider]
    found = list(provider.verify(task))
    if context.after:
        targets = tuple(target_of(part.change, part.row, None) for part in task.parts)
        document = task.transaction.document
        reading = provider.read(Query(targets, MAX_AGE, recorded=task.recorded, document=document))
        view = CheckView(task, provider.facts(targets, reading.look), reading.seen)
        found += [finding for rule in context.after for finding in rule.check(view)]
    return found


def broken_word(task: Task, written: Written, types: Mapping[str, TypeInfo], ledger: Ledger) -> str:
    """What the provider gave against its plan, or ""."""
    for part in task.parts:
        change, kind = part.change, types.get(part.change.type)
        if kind is None or part.placement.late:
            continue
        complete = ledger.completes(task.transaction, change.key)
        text = _broken(change, written, ledger.row(change.address), kind, complete=complete)
        if text:
            return text
    return ""


def _broken(change: Change, written: Written, row: Row | None, kind: TypeInfo, *, complete: bool) -> str:
    """What the provider gave against its plan, or "": a value the stack set may not come back changed, and what only
    an apply can tell must be known once the change is complete."""
    wanted, got = without_secrets(change.after or {}), written.values.get(change.address, {})
    wanted = {name: value for name, value in wanted.items() if name in got and (name,) not in change.unset}
    for path in differences(wanted, owned(wanted, got), unordered(kind.attributes, wanted)):
        words = f"planned {model.at_path(wanted, path)!r}, got {model.at_path(got, path)!r}"
        return f"{change.address}: {'.'.join(map(str, path))}: {words}; report it to the provider's author"
    if complete and change.action in (Action.CREATE, Action.REPLACE):
        known = {*(row.values if row else {}), *got}
        known |= {"id"} if written.ids.get(change.address) or (row is not None and row.id) else set()
        lacking = [name for name in kind.computed if name not in known]
        if lacking:
            return f"{change.address}: {', '.join(lacking)} not known after the apply; report it to its author"
    return ""


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
        if part.placement.late or not ledger.completes(task.transaction, change.key):
            continue
        for one in change.lifecycle.postcondition:
            now = settled(one, lambda ref: _looked_up(ref, known))
            if not holds(now):
                found.append(Finding("POSTCONDITION", "error", change.address, complaint(now), one.location))
    return found


def _looked_up(ref: model.Ref, known: Mapping[str, Mapping[str, Tree]]) -> Tree:
    found = model.at_path(known.get(ref.address), ref.path)
    return model.Unknown(str(ref)) if found is None else found

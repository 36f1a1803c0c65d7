"""What a write is refused for: what could not be read, and what moved since the plan."""

from collections.abc import Mapping, Sequence

from haplan.contracts import Part, Reading, Seen, Target, Task
from haplan.errors import ProviderError, Stale
from haplan.model.compare import differences, ours, unordered, without, without_secrets
from haplan.model.identity import ById
from haplan.model.plan import Action, Change
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.unfinished import LEFT
from haplan.steps.apply.own import Own


def refuse_unread(reading: Reading, targets: Sequence[Target]) -> None:
    """Refuse to write what could not be looked at first.

    Raises:
        ProviderError: Naming it, and why.
    """
    for address in (target.address for target in targets if target.address in reading.unread):
        raise ProviderError(f"{address}: could not be read: {reading.unread[address]}")


def refuse_moved(task: Task, own: Own, types: Mapping[str, TypeInfo], by_id: ById) -> None:
    """Refuse if what the plan was made on is no longer so.

    Raises:
        Stale: Naming what moved, and where known who and when.
    """
    touched = own.changes()
    for part in task.parts:
        change, seen = part.change, part.seen
        if change.key in touched or change.deposed or change.action is Action.FORGET:
            continue
        if change.action is Action.CREATE and seen is not None and not _expected(change, seen):
            raise Stale(f"{change.address}: exists now (id {seen.id}), it did not when the plan was made; plan again")
        if change.action in (Action.UPDATE, Action.REPLACE, Action.IMPORT):
            _refuse_changed(part, types[change.type], own, by_id)
        resumed = change.reason is Reason.RESUMED  # of a deletion: half gone is how the run that died left it
        if change.action is Action.DELETE and not resumed and seen is not None and change.type in types:
            _refuse_changed(part, types[change.type], own, by_id)


def refuse_gone(task: Task) -> None:
    """Refuse to change what went while an earlier run's write took itself back; what is as before is written again.

    Raises:
        Stale: Naming it.
    """
    for part in task.parts:
        if part.change.action is Action.UPDATE and part.seen is None:
            text = "is gone: an earlier run made it, and its write was taken back meanwhile; plan again"
            raise Stale(f"{part.change.address}: {text}")


def _expected(change: Change, seen: Seen) -> bool:
    return seen.status == "incomplete" or change.reason is Reason.RESUMED


def _refuse_changed(part: Part, kind: TypeInfo, own: Own, by_id: ById) -> None:
    change, seen, left = part.change, part.seen, part.change.address in own.left
    if seen is None:
        why = ": what an earlier run sent came through" if left else ""
        raise Stale(f"{change.address}: is gone, it was there when the plan was made{why}; plan again")
    half = left or change.reason is Reason.RESUMED or LEFT in change.private or bool(change.unset)
    if part.placement.state and seen.state and not half:
        if seen.state != part.placement.state:
            who = f" by {seen.who}" if seen.who else ""
            raise Stale(f"{change.address}: changed{who} on {part.placement.document} since the plan; plan again")
        return
    # an owner may have been renamed by now; what is not in it any more counts as gone
    local = {*kind.local, *kind.owned_by, "name"}
    if part.row is not None:  # what it names may be called otherwise by now, and still be told as it was written
        told = part.row.values
        local |= {name for name in by_id.get(kind.name, ()) if seen.values.get(name) == told.get(name)}
    before = without_secrets({name: value for name, value in (change.before or {}).items() if name not in local})
    sets = unordered(kind.attributes, before)
    moved = set(differences(before, ours(kind, before, seen.values), sets))
    if moved and (half or own.changes().intersection(change.depends_on)):
        # our own write to it, or to what it refers to, may have shown here already: such as a new name
        planned = without(change.after or {}, change.unset)
        wanted = without_secrets({name: planned.get(name) for name in before})
        moved &= set(differences(wanted, ours(kind, before, seen.values, change.after or {}), sets))
    if moved:
        who = " by an earlier run, or by somebody else," if left else f" by {seen.who}" if seen.who else ""
        words = ", ".join(".".join(map(str, path)) for path in sorted(moved, key=str)[:3])
        raise Stale(f"{change.address}: {words} changed{who} since the plan; plan again")

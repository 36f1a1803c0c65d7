"""What a transaction is about: the paths of the authority that its changes change, and no others. Pure.

A resource has a part in paths that another one answers for: a service carries the policies of hub and spoke, and its
`applies-to` names every router. What runs there otherwise than it is recorded is a person's doing, and of the plan only
if the plan changes that very path.
"""

from collections.abc import Mapping

from haplan.plugin import Change, Reason, Stale, Task, at_path
from haplan_ssr.translate import Given, Translation
from haplan_ssr.translate.edits import stands
from haplan_ssr.translate.tree import Flat, Path, parents, words


def scope(task: Task, before: Translation, after: Translation) -> frozenset[Path]:
    """The paths that a transaction sets or takes away, with the entries around what it sets.

    One that goes on with what a dead run left is about all that its resources have a part in: rows may say more by now
    than what runs.
    """
    changes = {part.change.address: part.change for part in task.parts}
    resumed = {address for address, change in changes.items() if change.reason is Reason.RESUMED}
    found = {
        path
        for path, given in {**before.entries, **after.entries}.items()
        if _otherwise(before.entries.get(path), after.entries.get(path))
        or _is_changed(given, changes)
        or any(source.address in resumed for source in given.sources)
    }
    above = {one for path in found if path in after.entries for one in parents(path)}
    return frozenset(found | (above & after.entries.keys()))


def refuse_moved(task: Task, about: frozenset[Path], before: Translation, after: Translation, live: Flat) -> None:
    """Refuse to write over what somebody else did to a path that this plan changes for a resource it does not change.

    What is not as planned of the resources in the plan, the engine has looked at.

    Raises:
        Stale: Naming the path, and whose it is.
    """
    if any(part.change.reason is Reason.RESUMED for part in task.parts):
        return
    changing = {part.change.address for part in task.parts}
    for path in sorted(about & before.entries.keys(), key=repr):
        given = before.entries[path]
        address = given.sources[0].address
        there = (_runs(live, path, one) for one in (given, after.entries.get(path)))
        if address not in changing and not any(there):
            what = "changed" if path in live else "is gone"
            text = f"{words(path)} {what} on the conductor, and this plan changes it too"
            raise Stale(f"{address}: {text}; plan again, with {address} in the plan")


def _otherwise(before: Given | None, after: Given | None) -> bool:
    return before is None or after is None or before.value != after.value


def _is_changed(given: Given, changes: Mapping[str, Change]) -> bool:
    """True if the attribute that answers for it changes: it was found otherwise, and is put back."""
    first = given.sources[0]
    change = changes.get(first.address)
    if change is None or change.before is None or change.after is None:
        return change is not None
    before, after = (at_path(side, first.way) for side in (change.before, change.after))
    return bool(before != after)


def _runs(live: Flat, path: Path, given: Given | None) -> bool:
    return path not in live if given is None else stands(live, path, given.value)

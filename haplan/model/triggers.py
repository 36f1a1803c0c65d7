"""Triggers: what ``lifecycle(replace_triggered_by=…)`` waits for."""

from collections.abc import Collection, Iterable, Mapping

from haplan.model.compare import same
from haplan.model.plan import Action, Change
from haplan.model.reason import Reason
from haplan.model.value import Path, Ref, Tree, at_path

_ONLY_STATE = (Reason.REMEMBERED, Reason.RESUMED, Reason.SENT_AGAIN)


def fired(
    triggers: Iterable[Ref],
    changes: Mapping[str, Change],
    known: Mapping[str, Mapping[str, Tree]],
    had: Collection[str] = (),
) -> Ref | None:
    """The first trigger whose resource, or attribute, changes in this plan.

    Args:
        had: What the resource that waits for them depended on when it was recorded: of that nothing is new, be it that
            somebody took it out of the state meanwhile.
    """
    for ref in triggers:
        change = changes.get(ref.address)
        if change is not None and _changes(change, ref.path, known.get(ref.address, {}), ref.address in had):
            return ref
    return None


def _changes(change: Change, path: Path, known: Mapping[str, Tree], had: bool) -> bool:
    if change.action is Action.CREATE:
        return change.reason is Reason.GONE or had
    comes = change.action is Action.IMPORT and had
    if not (comes or change.action in (Action.UPDATE, Action.REPLACE)) or change.reason in _ONLY_STATE:
        return False
    if not path:
        return not comes or not same(change.after, change.before)
    before, after = change.before or {}, change.after or {}
    if path[0] in before or path[0] in after:
        return not same(at_path(after, path), at_path(before, path))
    return path[0] not in known

"""What a write that broke off left, by attribute: compared with what was intended and with what was before. Pure."""

from collections.abc import Mapping

import attrs

from haplan.contracts import Seen, Task
from haplan.model import value as model
from haplan.model.compare import differences, merged, ours, owned, same, unordered, without_secrets
from haplan.model.plan import Action, Change
from haplan.model.schema import TypeInfo
from haplan.model.value import Path


@attrs.frozen
class Half:
    """What became of one change.

    Attributes:
        address: Of the resource.
        planned: Attributes that are as planned.
        before: Attributes that are as they were.
        neither: Attributes that are neither.
    """

    address: str
    planned: tuple[str, ...]
    before: tuple[str, ...]
    neither: tuple[str, ...] = ()

    @property
    def in_doubt(self) -> bool:
        """True if it is neither as it was nor as planned."""
        return bool(self.neither or (self.planned and self.before))

    def __str__(self) -> str:
        groups = {"as planned": self.planned, "as before": self.before, "neither": self.neither}
        said = [f"{', '.join(names)} {how}" for how, names in groups.items() if names]
        return f"{self.address}: {'; '.join(said) or 'as planned'}"


def halves(task: Task, seen: Mapping[str, Seen], types: Mapping[str, TypeInfo]) -> list[Half]:
    """What became of each change of a task, from what is there now."""
    changes = {part.change.key: part.change for part in task.parts if not part.placement.late}
    return [_half(change, seen.get(key), types.get(change.type)) for key, change in changes.items()]


def _half(change: Change, seen: Seen | None, kind: TypeInfo | None) -> Half:
    if change.action is Action.DELETE or change.after is None:
        return Half(change.address, ("its absence",), ()) if seen is None else Half(change.address, (), ("it",))
    if seen is None or (change.previous_id and seen.id == change.previous_id):
        return Half(change.address, (), ("it",))
    after, before = without_secrets(change.after), without_secrets(change.before or {})
    sets = unordered(kind.attributes, after) if kind else frozenset()
    local = {*kind.local, *kind.owned_by} if kind else set()
    found: dict[str, list[str]] = {"planned": [], "before": [], "neither": []}
    fresh = change.action in (Action.CREATE, Action.REPLACE)
    shape = merged(after, before)
    live = ours(kind, shape, seen.values, before) if kind else owned(shape, seen.values)
    for path in differences(after, {} if fresh else before, sets):
        if path[0] not in local:
            found[_side(path, after, {} if fresh else before, live, as_set=path[0] in sets)].append(_words(path))
    return Half(change.address, **{name: tuple(paths) for name, paths in found.items()})


def _side(path: Path, after: model.Tree, before: model.Tree, live: model.Tree, *, as_set: bool) -> str:
    now = model.at_path(live, path)
    if same(model.at_path(after, path), now, as_set):
        return "planned"
    return "before" if same(model.at_path(before, path), now, as_set) else "neither"


def _words(path: Path) -> str:
    return ".".join(map(str, path))

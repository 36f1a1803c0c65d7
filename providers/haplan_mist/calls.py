"""How many calls an apply is expected to take: writes, looks before them, and polls. Makes none."""

import math
from collections.abc import Iterable, Mapping, Sequence

from haplan.plugin import Action, Change, Task
from haplan_mist.client import PAGE
from haplan_mist.estate import Known
from haplan_mist.translate.documents import GOING, LISTS, PREFIXES, Piece, binding

OPENING = 3
"""Who the token is, which organisation, what is left of the budget: asked again where a plan file is applied."""


def expected(estate: Known, tasks: Sequence[Task], poll_seconds: float) -> int:
    """All calls, stage by stage: within one, a list that was read answers for all, and one poll asks for all."""
    if not tasks:
        return 0
    stages: dict[int, list[Task]] = {}
    for task in tasks:
        stages.setdefault(task.transaction.stage, []).append(task)
    looks = sum(map(_settings, tasks)) + sum(map(_devices, tasks))
    total, read, waited = OPENING + sum(map(writes_of, tasks)) + looks, set[str](), False
    for _, together in sorted(stages.items()):
        read = set() if waited else read
        kinds = {kind for task in together for kind in _lists(task)}
        total += _pages(estate, kinds - read)
        read |= kinds
        polls = {task.transaction.id: math.ceil(seconds / poll_seconds) + 1 for task in together
                 if (seconds := _seconds(task))}  # fmt: skip
        waited = bool(polls)
        total += max(polls.values(), default=0) * _pages(estate, ["stats"])
        total += max((polls.get(t.transaction.id, 0) for t in together if not _of_pair(t)), default=0)
    return total


def _pages(estate: Known, kinds: Iterable[str]) -> int:
    return sum(max(1, math.ceil(len(estate.known(kind)) / PAGE)) for kind in kinds)


def _of_pair(task: Task) -> bool:
    return task.transaction.document.kind == "cluster"


def _seconds(task: Task) -> int:
    """How long the task is waited for; what goes is not, nor is a template that is bound before its pair forms."""
    stay = [part.change for part in task.parts if part.change.action not in GOING]
    return max((change.impact.seconds for change in stay if _of_pair(task) or change.type != "cluster"), default=0)


def _lists(task: Task) -> set[str]:
    """Lists that are looked at before the write."""
    kind = task.transaction.document.kind
    if kind != "cluster":
        return {LISTS.get(kind, "sites")}
    sides = [side for part in task.parts for side in (part.change.before, part.change.after) if side is not None]
    return {"sites", "inventory", *(LISTS[binding(side)[0]] for side in sides)}


def _settings(task: Task) -> int:
    """Settings that are looked at before the write: of sites that are there, with variables."""
    if task.transaction.document.kind not in ("site", "setting"):
        return 0
    return sum(part.change.type == "site" and bool(_variables(part.change.before)) for part in task.parts)


def _devices(task: Task) -> int:
    """Devices that are looked at before and in the write: of pairs with vendor keys."""
    changes = [part.change for part in task.parts if _of_pair(task) and part.change.action not in GOING]
    return sum(2 for change in changes if _extra(change.before) or _extra(change.after))


def _extra(values: Mapping[str, object] | None) -> object:
    return (values or {}).get("extra")


def _variables(values: Mapping[str, object] | None) -> object:
    return (values or {}).get("variables")


def writes_of(task: Task) -> int:
    """Writes that a task is expected to take."""
    kind = task.transaction.document.kind
    if kind == "cluster":
        return _cluster_writes(task.parts[0].change) if task.parts else 1
    replaced = [p for p in task.parts if p.change.action is Action.REPLACE and p.placement.part == Piece.WHOLE]
    own = [part for part in replaced if part.change.type in PREFIXES]
    return 2 if own else 1


def _cluster_writes(change: Change) -> int:
    """Writes towards a pair, with that to its device where its vendor keys change or the pair is made."""
    if change.action in GOING:
        return _pair_writes(change)
    made = change.action is not Action.UPDATE and bool(_extra(change.after))
    return _pair_writes(change) + int(made or _extra(change.before) != _extra(change.after))


def _pair_writes(change: Change) -> int:
    hub_before, hub_after = bool((change.before or {}).get("profile")), bool((change.after or {}).get("profile"))
    form, dissolve = 3 if hub_after else 1, 2 if hub_before else 1
    if change.action in GOING:
        return dissolve
    if change.action is Action.REPLACE:
        return dissolve + form
    before, after = (set((side or {}).get("nodes") or {}) for side in (change.before, change.after))
    if change.action is Action.CREATE or len(before) < 2:
        return form
    if before != after:
        return 3
    return int(binding(change.before) != binding(change.after))

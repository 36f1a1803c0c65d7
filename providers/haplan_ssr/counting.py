"""How many calls the transactions of a plan take, by the edits that they lead to and the routers that are waited for.
Pure."""

from collections.abc import Sequence

from haplan.design.resources import GOING
from haplan.plugin import Task
from haplan_ssr.read.resources import Look
from haplan_ssr.settle import ONE_BY_ONE
from haplan_ssr.translate.edits import Edit, any_above, edits
from haplan_ssr.translate.routers import router_path
from haplan_ssr.translate.tree import Path, is_entry
from haplan_ssr.write.sending import calls_for

SESSION = 3
"""Calls before the first write: login, what the conductor is, what runs."""
ROUND = 6
"""Calls of a write beside its edits: what runs, the candidate's version, validate, the candidate, commit, what runs."""
LONG = ("reboot", "outage")
"""Impacts that are waited for."""


def expected(tasks: Sequence[Task], look: Look, poll_seconds: float) -> int:
    """About how many calls tasks take; what is written in one stage is waited for with one look for all."""
    polls: dict[int, int] = {}
    calls = SESSION if tasks else 0
    for task in tasks:
        own, waiting = _of(task, look, poll_seconds)
        calls, stage = calls + own, task.transaction.stage
        polls[stage] = max(polls.get(stage, 0), waiting)
    return calls + sum(polls.values())


def _of(task: Task, look: Look, poll_seconds: float) -> tuple[int, int]:
    """Its own calls, and the looks while it is waited for."""
    made = edits_of(task, look)
    if not made:
        return 1, 0
    going = {part.change.address for part in task.parts if part.change.action in GOING}
    reached = {name for part in task.parts for name in _routers(part.change.address, look)}
    reached |= {edit.path[1][1] for edit in made if len(edit.path) > 1 and edit.path[1][0] == "router"}
    staying = {name for name in reached if look.router_of(name) not in going}
    formed = any(router_path(name) in look.recorded.entries for name in staying)
    forming = max((one.change.impact.seconds for one in task.parts if one.change.impact.kind in LONG), default=0)
    asked = 1 if len(staying) > ONE_BY_ONE else len(staying)
    polls = int(forming / poll_seconds) + 1 if staying else 0
    return ROUND + calls_for(made, look.release) + formed + asked, polls


def _routers(address: str, look: Look) -> frozenset[str]:
    none = frozenset[str]()
    return look.recorded.routers.get(address, none) | look.wanted.routers.get(address, none)


def edits_of(task: Task, look: Look) -> list[Edit]:
    """The edits of a task, as far as a plan can tell: those of the entries of the authority that it changes."""
    going = {part.change.address for part in task.parts if part.change.action in GOING}
    asked = [part.change.address for part in task.parts if part.change.action not in GOING]
    moving = {path for address in asked for path in look.moving.get(address, ())}
    leaving = {path for address in going for path in look.given_by.get(address, ()) if _leaves(path, going, look)}
    whole = {path[:2] for path in moving | leaving}
    live = {path: look.live[path] for entry in whole for path in look.by_entry.get(entry, ())}
    gone = leaving | {path for path in moving if path not in look.wanted.entries}
    entries = {path for path in gone if is_entry(path)}
    made = {path: value for path, value in live.items() if path not in gone and not any_above(path, entries)}
    made |= {path: look.wanted.entries[path].value for path in moving if path in look.wanted.entries}
    try:
        return edits(live, made)
    except ValueError:  # for which the write has the words
        return []


def _leaves(path: Path, going: set[str], look: Look) -> bool:
    """True if all that give it go, and it was not there before."""
    return (
        path in look.live
        and path not in look.kept
        and all(one.address in going for one in look.recorded.entries[path].sources)
    )

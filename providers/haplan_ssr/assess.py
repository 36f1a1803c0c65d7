"""What a change costs the network and which sites it reaches; from what was read, without calls."""

from collections.abc import Iterable
from functools import lru_cache

from haplan.design.resources import GOING, steers_otherwise
from haplan.design.settling import cost_of_forming, cost_of_refreshing
from haplan.plugin import Action, Assessment, Change, Finding, Impact
from haplan_ssr.model import model
from haplan_ssr.read.resources import Look
from haplan_ssr.translate import Problem
from haplan_ssr.translate.tree import AUTHORITY, Flat, Path, is_entry, name_of, parents, words

PUSH = 60
"""Seconds until a commit has reached the routers."""


def assess(at: Look, change: Change) -> Assessment:
    """Cost and reach of one change."""
    routers = at.recorded.routers.get(change.address, frozenset()) | at.wanted.routers.get(change.address, frozenset())
    reached = tuple(sorted({at.sites[name] for name in routers if at.sites.get(name)}))
    problems = () if change.action in GOING else at.wanted.problems
    findings = tuple(finding(one, change.location) for one in problems if one.address == change.address)
    overwrites = tuple(at.others.overwritten(change))
    return Assessment(impact=_impact(at, change, routers), sites=reached, findings=findings, overwrites=overwrites)


def finding(problem: Problem, location: str) -> Finding:
    """A problem of the translation as a rule says it."""
    return Finding(
        rule=problem.rule,
        severity=problem.severity,
        address=problem.address,
        message=problem.text,
        location=location,
        hint=problem.hint,
    )


def _impact(at: Look, change: Change, routers: Iterable[str]) -> Impact:
    count = len(list(routers))
    if change.type == "cluster" and change.action in GOING:
        return Impact("outage", PUSH, False, f"router {change.name} goes; its site loses its WAN edge")
    forming = _forming(at, change) if change.type == "cluster" else None
    if forming is not None:
        return forming
    if not count or not at.says(change):
        return Impact()
    paths = _touched(at, change)
    wanted = {} if change.action in GOING else at.flat
    restarting = sorted({words(path) for path in paths if needs_restart(path, at.live, wanted)})
    note = f"{count} router{'s' if count != 1 else ''} configured anew"
    if restarting:
        more = f" and {len(restarting) - 1} more" if restarting[1:] else ""
        return cost_of_forming(f"needs an SSR restart: {restarting[0]}{more}")
    if any(_interrupts(path) for path in paths) or steers_otherwise(change):
        return Impact("traffic", PUSH, True, note)
    return Impact("config-push", PUSH, True, note)


def _forming(at: Look, change: Change) -> Impact | None:
    """What it costs to set up nodes; None where all stay."""
    refresh = cost_of_refreshing(change)
    if refresh is not None:
        return refresh
    if change.action in (Action.CREATE, Action.REPLACE):
        return cost_of_forming("both nodes are set up and restart")
    before, after = (set((side or {}).get("nodes") or {}) for side in (change.before, change.after))
    if len(before) < 2 or before == after:
        return _another_box(at, change)
    new, old = ", ".join(sorted(after - before)), ", ".join(sorted(before - after))
    return cost_of_forming(f"{new} is set up in the place of {old}")


def _another_box(at: Look, change: Change) -> Impact | None:
    """What it costs to give a node another box than the one that the authority names there; None where none gets one.

    Whether the stack names another one or somebody named another one on the conductor: the box that comes is set up.
    """
    changed = [path for path in at.moving.get(change.address, ()) if path[-1] == "asset-id" and path in at.live]
    if not changed:
        return None
    said = ", ".join(
        f"{path[2][1]} is another box: {at.live[path]} on the conductor, {at.flat[path]} from now on"
        for path in changed if path in at.flat
    )  # fmt: skip
    return cost_of_forming(said) if said else None


def _touched(at: Look, change: Change) -> tuple[Path, ...]:
    """The paths that a change has a part in, and that are not as they are to be."""
    if change.action not in GOING:
        return at.moving.get(change.address, ())
    return tuple(
        path
        for path, given in at.recorded.entries.items()
        if any(source.address == change.address for source in given.sources)
    )


def _interrupts(path: Path) -> bool:
    """True for what an interface, a node or its redundancy is made of."""
    return any(name_of(step) in ("node", "redundancy-group") for step in path)


def needs_restart(path: Path, live: Flat, wanted: Flat) -> bool:
    """True if the vendor's model marks this kind of change of a node with `require-reboot-on`."""
    marks = _marks("/".join(name_of(step) for step in path[1:]))
    if not is_entry(path):
        # a leaf that comes or goes with its entry is part of that; in one that stays it is a change from its default
        entry = next(above for above in parents(path) if is_entry(above) or above == AUTHORITY)
        return "modify" in marks and entry in live and entry in wanted
    return (path not in live and "create" in marks) or (path not in wanted and "delete" in marks)


@lru_cache(10_000)
def _marks(path: str) -> frozenset[str]:
    """The marks of a node of the model; those of a list's keys are about its entries."""
    try:
        node = model().at(path)
    except KeyError:
        return frozenset()
    return node.restart.union(*(node.children[key].restart for key in node.keys if key in node.children))

"""Waiting for pairs and devices: how long each may take, and how that is said. The same words whoever is waited for."""

from haplan.design.clusters import refresh_note, refreshes
from haplan.plugin import Change, Impact, Settlement, Task

FORMATION = 900
"""Seconds that forming a pair is expected to take (Juniper's design guide: up to 15 minutes)."""
FORMATION_LIMIT = 2100
"""Seconds after which it is given up, unless `timeouts` of the cluster say otherwise (D1 of the design rules)."""
UNCONFIRMED = 600
"""Seconds after which a device that is connected, and is not as it should be, is given up (HA163)."""


def formation_limit(task: Task) -> float:
    """Seconds after which the pair of a task is given up."""
    return task.timeouts.get("formation", FORMATION_LIMIT)


def forming(task: Task, now: float, lacking: str, verb: str = "form") -> Settlement:
    """A pair that still lacks something: it is waited for, and given up in the end."""
    limit, elapsed = formation_limit(task), now - task.started
    if elapsed > limit:
        text = f"the pair did not {verb} within {limit / 60:.0f} min: {lacking}; look at the boxes, then apply again"
        return Settlement(state="failed", text=text)
    return under_way(elapsed, lacking)


def under_way(elapsed: float, lacking: str) -> Settlement:
    """A pair that is waited for, and what it is at."""
    text = f"{elapsed // 60:.0f} of about {FORMATION // 60} min: {lacking}"
    return Settlement(state="waiting", text=text, doing=lacking)


def done_on(done: int, count: int, others: str, what: str = "") -> str:
    """What became of one write for several devices; of one device only what became of it."""
    return f"done on {done} of {count}{what}: {others}" if count > 1 else others


def cost_of_forming(note: str = "both nodes restart") -> Impact:
    """What it costs that nodes of a pair restart."""
    return Impact("reboot", FORMATION, False, note)


def cost_of_refreshing(change: Change) -> Impact | None:
    """What a hardware refresh costs; None of a change that is none."""
    if not refreshes(change.before, change.after):
        return None
    return Impact("outage", FORMATION, False, refresh_note(change.before, change.after))


def cost_of_replacing() -> Impact:
    """What it costs that a pair becomes another one of the same boxes."""
    return Impact("outage", FORMATION, False, "the pair is dissolved and formed again")

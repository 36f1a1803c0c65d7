"""What became of a commit that takes itself back, as the device's history tells it; pure."""

from collections.abc import Sequence
from enum import StrEnum

from haplan_srx.device.operational import Commit

CONFIRMED, TAKEN_BACK = " confirmed", " taken back"
"""What the log of a confirmation, or of a way back, has beyond that of its commit."""
ITSELF = "other"
"""The client of what a device commits by itself: a way back after a time that nobody confirmed in."""


class Fate(StrEnum):
    """What became of it; `OPEN`: it is the newest, and its time runs. `OTHERS`: somebody else's commit followed, which
    confirmed it. `UNKNOWN`: it is not in the history."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    BACK = "back"
    OTHERS = "others"
    UNKNOWN = "unknown"


def fate(history: Sequence[Commit], log: str) -> tuple[Fate, Commit | None]:
    """By the log of a commit; and what followed it.

    Args:
        history: The newest first.
    """
    at = next((place for place, entry in enumerate(history) if entry.log == log), None)
    if at is None:
        return Fate.UNKNOWN, None
    if at == 0:
        return Fate.OPEN, None
    after = history[at - 1]
    if after.log == f"{log}{CONFIRMED}":
        return Fate.CONFIRMED, after
    if after.log == f"{log}{TAKEN_BACK}" or (after.client == ITSELF and not after.log):
        return Fate.BACK, after
    return Fate.OTHERS, after


def stands(history: Sequence[Commit], log: str) -> bool:
    """True if what a commit brought is there."""
    return fate(history, log)[0] in (Fate.OPEN, Fate.CONFIRMED, Fate.OTHERS)

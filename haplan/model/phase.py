"""How far a transaction of a run has got, and how it ended."""

from enum import Enum


class Phase(Enum):
    """Where a transaction is. It begins as waiting; whoever moves it on says to which."""

    WAITING = "waiting"
    WRITING = "writing"
    SETTLING = "settling"
    RECORDED = "recorded"
    PENDING = "pending"
    """Accepted by the backend and held back there, by an offline device or a closed window."""
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    """Something was sent, and nobody knows what became of it."""
    RED = "red"
    """Written, and found wrong by a look at what came of it."""
    PARTLY = "partly"
    """Written, and found wrong on some of the devices that it reaches; the others have it."""
    SKIPPED = "skipped"
    STOPPED = "stopped"
    """Behind a gate that did not open."""


UNENDED = (Phase.WAITING, Phase.WRITING, Phase.SETTLING)
GOOD = (Phase.RECORDED, Phase.PENDING, Phase.PARTLY)
"""Ends after which what waited may start: what it refers to is there."""

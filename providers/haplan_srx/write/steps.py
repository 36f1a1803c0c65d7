"""The steps of a write, as they are announced and stand in the journal."""

from enum import StrEnum


class Step(StrEnum):
    """What is sent to a device next."""

    COMMIT = "commit"
    JOIN_0 = "join node0"
    JOIN_1 = "join node1"
    LEAVE = "leave"
    TAKE_OFF = "take off"


JOIN = (Step.JOIN_0, Step.JOIN_1)
"""By number of the node."""

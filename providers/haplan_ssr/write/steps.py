"""The steps of a write, as they are announced and stand in the journal."""

from enum import StrEnum


class Step(StrEnum):
    """What is sent to the conductor next: edits, and the commit that makes them count."""

    COMMIT = "commit"

"""Time, as it comes in from outside."""

from typing import Protocol


class Clock(Protocol):
    """Time comes in from outside."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass: really, or by moving a simulated clock."""
        ...

"""Time, as it comes in from outside."""

import time
from typing import Protocol


class Clock(Protocol):
    """Time comes in from outside."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass: really, or by moving a simulated clock."""
        ...


class SteadyClock:
    """Time as it passes: from the moment of its making on, however the machine's clock is set meanwhile.

    Spans are measured with it, and what is due in this process. What other processes or hosts compare with their own
    time goes by theirs. The hours that a machine sleeps pass too.
    """

    def __init__(self) -> None:
        self._made = time.time() - _ticks()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._made + _ticks()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


def _ticks() -> float:
    """Seconds since some moment, those included in which the machine slept, where the system tells."""
    asleep_too = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if asleep_too is None else time.clock_gettime(asleep_too)

"""Time as it is."""

import time


class RealClock:
    """What the machine's clock says now: for deadlines in a file, which other processes read by the same clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

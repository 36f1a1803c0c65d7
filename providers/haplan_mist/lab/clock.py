"""The lab's clock."""

from .estate import Estate


class LabClock:
    """Wall time plus an offset that is stored in the estate, so that all its processes agree."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def now(self) -> float:
        return self._estate.now()

    def sleep(self, seconds: float) -> None:
        """Lets the time pass at once, for everybody."""
        if seconds > 0:
            with self._estate.write() as tx:
                tx.let_pass(seconds)

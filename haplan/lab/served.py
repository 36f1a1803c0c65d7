"""A lab that runs: the estate, its clock, and what serves it on loopback."""

from typing import Any, Generic, Protocol, Self, TypeVar

from haplan.lab.estate import Estate, LabClock

E = TypeVar("E", bound=Estate[Any])


class Stops(Protocol):
    """A server that can be ended."""

    def stop(self) -> None:
        """End it."""
        ...


class ServedLab(Generic[E]):
    """A simulator over an estate: it serves from `start`, which a product's lab brings, until `stop`.

    Threads: one, of whoever started it; its servers have theirs.

    Attributes:
        estate: What it knows.
        clock: Wall time plus what was slept; sleeping takes no time.
    """

    def __init__(self, estate: E) -> None:
        self.estate = estate
        self.clock = LabClock(estate)
        self._servers: list[Stops] = []

    def stop(self) -> None:
        """End it; the estate stays."""
        if self._servers:
            while self._servers:
                self._servers.pop().stop()
            self.ended()
        self.estate.close()

    def ended(self) -> None:
        """What is to be put right in the estate when nothing serves it any more."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

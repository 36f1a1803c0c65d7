"""The lease of a run: renewed with every heartbeat, and sure to outlive each write that is begun."""

from collections.abc import Callable, Mapping
from math import inf

from haplan.contracts import Provider
from haplan.errors import PluginError
from haplan.state.lease import HEARTBEAT, LEASE


def refuse_slow(providers: Mapping[str, Provider]) -> None:
    """Refuse providers whose writes no lease outlives.

    Raises:
        PluginError: A provider's writes may take longer than the lock is sure to last.
    """
    for key, provider in providers.items():
        if provider.write_seconds > LEASE - HEARTBEAT:
            seconds = f"{provider.write_seconds:g} s: the lock is sure to last {LEASE - HEARTBEAT:g} s"
            raise PluginError(f"provider {key!r} says that a write may take {seconds}; report it to its author")


class Lease:
    """Keeps the lease.

    Threads: one, that of the run's loop.

    Args:
        renew: Renews it; raises `Locked` if it was lost.
        wall: Real time, by which leases go.
    """

    def __init__(self, renew: Callable[[], None], wall: Callable[[], float]) -> None:
        self._renew = renew
        self._wall = wall
        self._beat = -inf

    def keep(self, longest: float = 0.0) -> None:
        """Renew it when a heartbeat is due, or a write that takes `longest` seconds would outlive it.

        Raises:
            Locked: It was lost.
        """
        now = self._wall()
        if now - self._beat >= min(HEARTBEAT, LEASE - longest):
            self._renew()
            self._beat = now

    def latest(self, seconds: float) -> float:
        """Until when a write that takes so long may begin."""
        return self._beat + LEASE - seconds

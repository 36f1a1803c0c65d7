"""Pace: how many writes each provider takes at once, and how many calls a second; as it declares."""

from collections import Counter
from collections.abc import Iterable, Mapping

from haplan.contracts import Clock, Provider
from haplan.model.plan import Transaction

LOOK = 1
"""Calls of a transaction beside its writes: the look before them."""


class Pace:
    """Says which providers may not begin another write just now; what waits for that takes no place of the others.

    Threads: one, that of the loop.
    """

    def __init__(self, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._most = {key: one.writes_at_once for key, one in providers.items() if one.writes_at_once}
        self._rate = {key: one.calls_a_second for key, one in providers.items() if one.calls_a_second}
        self._clock = clock
        self._free: dict[str, float] = {}

    def full(self, running: Iterable[Transaction]) -> frozenset[str]:
        """The providers that may begin nothing now, with what they are writing."""
        if not (self._most or self._rate):
            return frozenset()
        count, now = Counter(one.provider for one in running), self._clock.now()
        busy = {key for key, most in self._most.items() if count[key] >= most}
        return frozenset(busy | {key for key, free in self._free.items() if free > now})

    def begins(self, transaction: Transaction) -> None:
        """A transaction begins: its calls are given their time."""
        rate = self._rate.get(transaction.provider)
        if rate:
            self._free[transaction.provider] = self._clock.now() + (LOOK + transaction.writes) / rate

    def due(self) -> float:
        """When the next of those that are held back by their rate may begin; 0 if none is."""
        now = self._clock.now()
        return min((free for free in self._free.values() if free > now), default=0.0)

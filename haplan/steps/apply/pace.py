"""Pace: how many writes each provider takes at once, and how many calls a second; as it declares.

Every call that a run makes is given its time: what follows waits for it, if it can. Writes and polls can; a commit that
has to be confirmed, or is to be taken back, cannot, and so others wait the longer. What a provider sends within one
write it spaces itself (`haplan.kit.budget`).
"""

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
        self._checks = {key for key, one in providers.items() if type(one).verify is not Provider.verify}
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
        """A transaction begins: its calls are given their time, with the check that follows it."""
        check = transaction.provider in self._checks
        self.calls(transaction.provider, LOOK + transaction.writes + check)

    def calls(self, provider: str, number: int = 1) -> None:
        """A provider is called now."""
        rate = self._rate.get(provider)
        if rate:
            self._free[provider] = max(self._clock.now(), self.free(provider)) + number / rate

    def free(self, provider: str) -> float:
        """When a provider may be called again."""
        return self._free.get(provider, 0.0)

    def due(self) -> float:
        """When the next of those that are held back by their rate may begin; 0 if none is."""
        now = self._clock.now()
        return min((free for free in self._free.values() if free > now), default=0.0)

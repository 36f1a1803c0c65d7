"""Timeouts: how long a transaction may take from its first write until it has settled, as lifecycles say; where they
say nothing, how long it may go on without a sign."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.contracts import Clock, Provider
from haplan.model.plan import Action, Change, Plan

STEPS: Mapping[Action, tuple[str, ...]] = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.IMPORT: ("update",),
    Action.REPLACE: ("delete", "create"),
    Action.DELETE: ("delete",),
}
"""What is bounded by which of the timeouts; a replacement has the time of both."""


@attrs.frozen
class Limit:
    """The seconds that a transaction may take, and what says so."""

    seconds: int
    why: str

    def __str__(self) -> str:
        return f"within {self.seconds} s ({self.why})"


class Watch:
    """How long the transactions of a run take, and which of them too long.

    Threads: one, that of the run's loop.
    """

    def __init__(self, plan: Plan, clock: Clock, providers: Mapping[str, Provider]) -> None:
        self.clock = clock
        self._since: dict[str, float] = {}
        self._signs: dict[str, float] = {}
        self._silence = {
            transaction.id: int(providers[transaction.provider].hangs_after) + 2 * transaction.seconds
            for transaction in plan.transactions
        }
        timed = {change.key: change for change in plan.changes if change.lifecycle.timeouts}
        self._limits = {
            transaction.id: limit(timed[one.address] for one in transaction.placed if one.address in timed)
            for transaction in plan.transactions
            if timed
        }
        self._limited = {number for number, found in self._limits.items() if found is not None}

    def start(self, number: str) -> None:
        """A transaction begins now."""
        self._since[number] = self._signs[number] = self.clock.now()

    def heard(self, number: str) -> None:
        """A transaction gave a sign of itself."""
        self._signs[number] = self.clock.now()

    def elapsed(self, number: str) -> float:
        """Seconds since it began."""
        return self.clock.now() - self._since[number]

    def overdue(self, number: str) -> Limit | None:
        """The limit that it has passed, if it has one and did."""
        found = self._limits.get(number)
        return found if found is not None and self.elapsed(number) > found.seconds else None

    def hangs(self, number: str) -> Limit | None:
        """The limit that it has passed, its own or that of how long it may give no sign, if it did."""
        if number in self._limited:
            return self.overdue(number)
        most, since = self._silence[number], self._signs.get(number)
        silent = since is not None and self.clock.now() - since > most
        return Limit(most, "no sign of it since; `timeouts` set another limit") if silent else None


def limit(changes: Iterable[Change]) -> Limit | None:
    """The shortest limit of those that a transaction carries; None where nobody sets one."""
    found = [one for one in map(_of, changes) if one is not None]
    return min(found, key=lambda one: (one.seconds, one.why), default=None)


def _of(change: Change) -> Limit | None:
    given = {name: change.lifecycle.timeouts.get(name) for name in STEPS.get(change.action, ())}
    said = {name: seconds for name, seconds in given.items() if seconds is not None}
    return Limit(sum(said.values()), f"timeouts of {change.address}: {', '.join(said)}") if said else None

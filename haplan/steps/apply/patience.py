"""Patience: how long what settles is waited for, of whom nobody can tell how far it is, and what takes too long."""

from collections.abc import Iterator, Mapping

import attrs

from haplan.contracts import Settlement
from haplan.steps.apply.timeouts import Limit, Watch

DEAF = 3
"""Looks at what settles that may fail one after another before the wait is given up."""


@attrs.define
class Patience:
    """What is waited for, and how often nobody could tell of it.

    Threads: one, that of the run's loop.

    Attributes:
        watch: How long it takes.
        taking_back: Ids of transactions that take themselves back; for that there is always time.
    """

    watch: Watch
    taking_back: set[str] = attrs.field(factory=set)
    _unanswered: dict[str, int] = attrs.field(factory=dict)

    def judged(self, found: Mapping[str, Settlement], *, hurried: bool) -> Iterator[tuple[str, Settlement]]:
        """What was said of each, with what is not waited for any more as failed; of whom nobody could tell is asked
        again, and stays ``unanswered`` until then.

        Args:
            hurried: The run ends: nobody is asked again.
        """
        for number, settlement in found.items():
            if settlement.state != "unanswered":
                self._unanswered.pop(number, None)
            elif self._is_given_up(number) or hurried:
                yield number, self.failed(number, settlement.text)
                continue
            if settlement.state == "waiting" and self.overdue(number) is not None:
                settlement = attrs.evolve(settlement, state="failed", text=self.failed(number, settlement.text).text)
            yield number, settlement

    def failed(self, number: str, text: str) -> Settlement:
        """What is said of one that is not waited for any more."""
        overdue = self.overdue(number) or (self.watch.hangs(number) if number not in self.taking_back else None)
        return Settlement(state="failed", text=f"not settled {overdue}: {text}" if overdue is not None else text)

    def overdue(self, number: str) -> Limit | None:
        """The limit that a transaction has passed; to be taken back there is always time."""
        return None if number in self.taking_back else self.watch.overdue(number)

    def hangs(self, number: str) -> bool:
        """True if nobody answers about a transaction, and its time is over; to be taken back there is always time."""
        return number not in self.taking_back and self.watch.hangs(number) is not None

    def _is_given_up(self, number: str) -> bool:
        """True if nobody could tell too often in a row, or when its time was over."""
        self._unanswered[number] = times = self._unanswered.get(number, 0) + 1
        return times >= DEAF or self.overdue(number) is not None

"""Writes that hang: one that is still under way past its time is not waited for, and nobody knows what it does.

So with a look at what was written: that counts as one that found nothing good.
"""

import time
from collections.abc import Callable

import attrs

from haplan.contracts import Task
from haplan.errors import ProviderError
from haplan.model.plan import Transaction
from haplan.steps.apply.checks import Checked
from haplan.steps.apply.run_context import Progress
from haplan.steps.apply.timeouts import Limit
from haplan.steps.apply.transactions import WHOLLY, Transactions
from haplan.steps.apply.worker import Broke, Done, Ended

GRACE = 5.0
"""Seconds of real time in which a write whose time is over may still end by itself, and say what it left."""


@attrs.define
class Hanging:
    """What is under way too long.

    Threads: one, that of the run's loop.

    Attributes:
        transactions: What is under way, how long it takes, and what is to be taken back: for that there is always time.
        ticks: Real time.
        given_up: Ids of transactions whose writes were given up: what they say later counts no more.
        unchecked: The same of those whose checks were.
    """

    transactions: Transactions
    ticks: Callable[[], float] = time.monotonic
    given_up: set[str] = attrs.field(init=False, factory=set)
    unchecked: set[str] = attrs.field(init=False, factory=set)
    _since: dict[str, float] = attrs.field(init=False, factory=dict)

    def late(self, message: object) -> bool:
        """True for what a write says that was given up."""
        match message:
            case Progress():
                return message.transaction in self.given_up
            case Done() | Broke() | Ended():
                return message.task.transaction.id in self.given_up
            case Checked():
                return message.task.transaction.id in self.unchecked
        return False

    def give_up(self) -> bool:
        """Wait no more for what is under way and its time is over, and write in none of the documents that may still be
        written; True if there was something."""
        return any([self._give_up_checks(), self._give_up_writes()])

    def _give_up_checks(self) -> bool:
        checking = sorted(self.transactions.schedule.checking)
        late = {number: limit for number in checking if (limit := self._limit(number)) is not None}
        for number, limit in late.items():
            self.unchecked.add(number)
            task = self.transactions.answers[number].task
            text = f"{task.transaction.document}: the check gives no answer {limit}"
            self.transactions.checked(Checked(task, WHOLLY, error=ProviderError(text)))
        return bool(late)

    def _give_up_writes(self) -> bool:
        schedule, failures = self.transactions.schedule, self.transactions.failures
        late = {number: limit for number in sorted(schedule.running) if (limit := self._limit(number)) is not None}
        for number, limit in late.items():
            self.given_up.add(number)
            transaction = schedule.get(number)
            self._end(transaction, f"{transaction.document}: the write gives no answer {limit}")
            for other in map(schedule.get, schedule.waiting()):
                if (other.provider, other.document) == (transaction.provider, transaction.document):
                    failures.fail(other, f"not begun: {other.document} may still be written")
        return bool(late)

    def _limit(self, number: str) -> Limit | None:
        """The limit that a write has passed, since so long that it would have said so itself."""
        limit = self.transactions.watch.hangs(number)
        if limit is None or self.transactions.failures.why.get(number):
            self._since.pop(number, None)
            return None
        return limit if self.ticks() - self._since.setdefault(number, self.ticks()) >= GRACE else None

    def _end(self, transaction: Transaction, text: str) -> None:
        answer = self.transactions.answers.get(transaction.id)
        if answer is not None:
            self.transactions.not_ended(answer.task, "confirm", text)
            return
        task = Task(transaction=transaction, parts=())
        self.transactions.recorder.broke(Broke(task, ProviderError(text, lost=True)))

"""Recording: what a write gave goes into the state, and only what is durable there is told as recorded."""

from collections.abc import Collection, Mapping

import attrs

from haplan.contracts import Task, Written
from haplan.errors import Denied, ProviderError, Stale, Unauthorized
from haplan.model import devices
from haplan.model.phase import Phase
from haplan.model.plan import Action, Plan, Transaction
from haplan.model.state import Status
from haplan.model.value import Tree
from haplan.steps.apply.events import Teller
from haplan.steps.apply.failures import Failures
from haplan.steps.apply.ledger import Ledger
from haplan.steps.apply.run_context import Ending
from haplan.steps.apply.tasks import Tasks
from haplan.steps.apply.timeouts import Watch
from haplan.steps.apply.worker import Broke


@attrs.frozen
class Answer:
    """What a write gave, with what became known of it since, and what ends it after its checks."""

    task: Task
    written: Written
    ending: Ending


@attrs.define(kw_only=True)
class Recorder:
    """Writes into the ledger what came of transactions.

    Threads: one, that of the run's loop.

    Attributes:
        ledger: What is saved.
        tasks: What is known of resources.
        watch: How long transactions take.
        teller: Tells of them.
        failures: Why some did not come to a good end.
    """

    ledger: Ledger
    tasks: Tasks
    watch: Watch
    teller: Teller
    failures: Failures
    _unsaid: list[tuple[Transaction, Mapping[str, Tree]]] = attrs.field(factory=list)

    def keep(self, answer: Answer, status: Status) -> None:
        """What is known of a write that is not recorded yet."""
        changes = [part.change for part in answer.task.parts]
        confirmed = not answer.ending.confirms
        self.ledger.wrote(answer.task.transaction, changes, answer.written, status, confirmed=confirmed)

    def record(self, task: Task, written: Written, phase: Phase) -> None:
        """A transaction came to a good end, or waits for its device."""
        transaction = task.transaction
        self.tasks.learn(task, written)
        changes = list({part.change.key: part.change for part in task.parts}.values())
        self.ledger.record(transaction, changes, written, queued=phase is Phase.PENDING)
        self.failures.end(transaction, phase)
        if phase is Phase.PENDING:
            self.teller.tell("queued", transaction, self.failures.why[transaction.id])
        self._unsaid.append((transaction, {"seconds": self.watch.elapsed(transaction.id), "ids": dict(written.ids)}))

    def record_partly(self, task: Task, written: Written, lacking: Collection[str], text: str) -> None:
        """Some of the devices that a transaction reaches have it: what it lacks elsewhere fails those changes alone.

        Args:
            lacking: Addresses of these.
        """
        transaction = task.transaction
        self.tasks.learn(task, written)
        changes = list({part.change.key: part.change for part in task.parts}.values())
        told = self.failures.devices.get(transaction.id, ())
        keys = {
            one.key: devices.lacking(devices.reached(told, one.address)) for one in changes if one.address in lacking
        }
        self.failures.lacking[transaction.id] = frozenset(keys)
        self.ledger.record(transaction, changes, written, lacking=keys)
        self.failures.fail(transaction, text, phase=Phase.PARTLY)

    def record_unplaced(self, plan: Plan) -> None:
        """What no transaction carries is forgotten, or only remembered: that needs no write."""
        for change in plan.changes:
            if not self.ledger.placements.placed(change) and change.action is not Action.NO_OP:
                self.ledger.record(None, [self.tasks.final(change)], Written())
        self.save()

    def broke(self, message: Broke) -> None:
        """A write did not end well; or nobody knows, and its intents stay open for the next run."""
        transaction, error, left = message.task.transaction, message.error, message.halves
        self.failures.stop_if_fatal(error)
        text = f"{error}; read back: {', '.join(map(str, left))}" if left else str(error)
        lost = isinstance(error, ProviderError) and error.lost and transaction.id in self.ledger.journal.announced
        if lost or any(half.in_doubt for half in left):
            changes = {part.change.address: part.change for part in message.task.parts}
            self.ledger.doubt([changes[half.address] for half in left if half.in_doubt])
            if not lost:
                self.ledger.journal.close(transaction, "failed", last=True)
            self.failures.fail(transaction, f"outcome in doubt: {text}", phase=Phase.IN_DOUBT, code=8)
            return
        if not isinstance(error, Unauthorized):  # who was let in no more may have been so in the middle: the next looks
            self.ledger.journal.close(transaction, "failed", last=True)
        code = 5 if isinstance(error, Stale) else 4 if isinstance(error, Denied) else 3
        self.failures.fail(transaction, text, code=code)

    def save(self) -> None:
        """What was recorded is durable from here on; only then is it told, and may start what waits for it."""
        self.ledger.flush()
        if self.ledger.unsaved is not None:  # what is under way comes to its end, and is kept for one last try
            self.failures.codes.add(3)
            self.failures.stop_if_fatal(self.ledger.unsaved)
            return
        unsaid, self._unsaid = self._unsaid, []
        for transaction, data in unsaid:
            self.teller.tell("recorded", transaction, data=data)

"""The way back of what a dead run was taking back: it is waited for before this run writes in that document."""

from collections.abc import Callable

import attrs

from haplan.contracts import Settlement, Task
from haplan.model.phase import Phase
from haplan.steps.apply.failures import Failures
from haplan.steps.apply.journal import Journal
from haplan.steps.apply.patience import Patience
from haplan.steps.apply.schedule import Schedule
from haplan.steps.apply.timeouts import Watch
from haplan.steps.apply.worker import Job


@attrs.define(kw_only=True)
class WayBack:
    """Jobs that wait until a dead run's write of their document is taken back.

    Threads: one, that of the run's loop.

    Attributes:
        schedule: Where they stand as settling.
        journal: Where the dead run's intents end.
        watch: How long transactions take; for this one their time begins after it.
        patience: How long what settles is waited for.
        failures: Why some did not come to a good end.
        begin_write: Hands a job to a writer.
    """

    schedule: Schedule
    journal: Journal
    watch: Watch
    patience: Patience
    failures: Failures
    begin_write: Callable[[Job], None]
    _jobs: dict[str, Job] = attrs.field(factory=dict)

    def begin(self, job: Job) -> None:
        """A transaction begins, at once where nothing is being taken back."""
        number, back = job.task.transaction.id, job.carried
        if back is None or not back.going_back:
            self.begin_write(job)
            return
        self._jobs[number] = attrs.evolve(job, task=attrs.evolve(job.task, started=back.started, receipt=back.receipt))
        self.patience.taking_back.add(number)
        self.schedule.settles(number)

    def task(self, number: str) -> Task | None:
        """What is waited for in a transaction, by which its provider is asked; None if that is its own write."""
        return self._jobs[number].task if number in self._jobs else None

    def ended(self, number: str, settlement: Settlement) -> bool:
        """A provider said how far it is. True if it was one of these and is not waited for any more: it is as before
        and this run's write begins, or nobody knows."""
        if number not in self._jobs or settlement.state == "waiting":
            return False
        job = self._jobs.pop(number)
        transaction, back = job.task.transaction, job.carried
        self.patience.taking_back.discard(number)
        if settlement.state != "done" or back is None:
            run = back.run if back is not None else ""
            text = f"outcome in doubt: what run {run} wrote was not taken back: {settlement.text}"
            self.failures.fail(transaction, text, phase=Phase.IN_DOUBT, code=8)
            return True
        self.journal.adopt(transaction, back.intents)
        self.journal.close(transaction, "reverted")
        self.watch.start(number)
        self.schedule.works(number)
        self.begin_write(attrs.evolve(job, task=attrs.evolve(job.task, started=self.watch.clock.now(), receipt={})))
        return True

"""A transaction after its write: settled, verified, confirmed, recorded; or failed, and what then.

Called by the loop alone. Nothing here waits: a check that asks somebody is handed to `Transactions.begin_check`, a
write that ends another one to `Transactions.end_write`.
"""

from collections.abc import Callable, Sequence

import attrs

from haplan.contracts import Settlement, Task, Written
from haplan.model.finding import Finding
from haplan.model.phase import Phase
from haplan.model.plan import Transaction
from haplan.steps.apply.checks import Checked, calls, looked_at, unmet
from haplan.steps.apply.devices import settlements
from haplan.steps.apply.events import Teller
from haplan.steps.apply.failures import Failures
from haplan.steps.apply.ledger import Ledger
from haplan.steps.apply.patience import Patience
from haplan.steps.apply.record import joined
from haplan.steps.apply.recorder import Answer, Recorder
from haplan.steps.apply.run_context import Ending, Polled, RunContext
from haplan.steps.apply.schedule import Schedule
from haplan.steps.apply.tasks import Tasks
from haplan.steps.apply.timeouts import Watch
from haplan.steps.apply.way_back import WayBack
from haplan.steps.apply.word import broken_word
from haplan.steps.apply.worker import Done, Ended, LastStep

WHOLLY = Settlement(state="done")
"""What came out well, or did not, on every device alike."""


@attrs.define(kw_only=True)
class Transactions:
    """Where every transaction is, and what came of those that ended.

    Threads: one, that of the run's loop.

    Attributes:
        context: What the run works with.
        schedule: Which may start.
        ledger: What is saved.
        tasks: What is known of resources.
        watch: How long it takes.
        teller: Tells of it.
        failures: Why some did not come to a good end.
        recorder: Saves what came of them.
        patience: How long what settles is waited for.
        way_back: What dead runs were taking back.
        begin_check: Looks at a write that has settled.
        end_write: Confirms a write, or takes it back.
        answers: Id of a transaction → what its write gave.
        findings: Of the checks.
        moved: What is not as it was recorded, beside what the plan changes.
    """

    context: RunContext
    schedule: Schedule
    ledger: Ledger
    tasks: Tasks
    watch: Watch
    teller: Teller
    failures: Failures
    recorder: Recorder
    patience: Patience
    way_back: WayBack
    begin_check: Callable[[Task, Settlement], None]
    end_write: Callable[[Task, LastStep], None]
    answers: dict[str, Answer] = attrs.field(factory=dict)
    moved: list[str] = attrs.field(factory=list)
    findings: list[Finding] = attrs.field(factory=list)
    _unverified: list[str] = attrs.field(factory=list)

    def settling(self) -> list[Task]:
        """What is written, and waited for."""
        return [self.way_back.task(number) or self.answers[number].task for number in sorted(self.schedule.settling)]

    # --- Written, settled, verified, recorded ---

    def written(self, message: Done) -> None:
        """A write ended well, of this run or of a dead one."""
        transaction, written = message.task.transaction, message.written
        if message.carried is not None:
            self.ledger.journal.adopt(transaction, message.carried.intents)
        task = self._answered(message.task, written, message.ending)
        self.tasks.learn(task, written)
        self.moved += message.moved
        if transaction.verb == "read":
            self.recorder.record(task, written, Phase.RECORDED)
            return
        self.teller.tell("written", transaction, data={"seconds": self.watch.elapsed(transaction.id)})
        if written.settling or _waits(self.answers[transaction.id], self.context):
            self.recorder.keep(self.answers[transaction.id], "pending")
            if message.carried is None:
                self.ledger.journal.keep(task, self.context.redact(written.receipt))
        if written.settling:
            self.schedule.settles(transaction.id)
        else:
            self._unverified.append(transaction.id)

    def _answered(self, task: Task, written: Written, ending: Ending) -> Task:
        """Take note of what a write gave, or what became known of it; gives the task with its receipt."""
        task = attrs.evolve(task, receipt=written.receipt)
        self.answers[task.transaction.id] = Answer(task, written, ending)
        return task

    def polled(self, message: Polled) -> None:
        """A provider said how far its settling transactions are; of some perhaps that nobody can tell."""
        if message.error is not None:
            self.failures.stop_if_fatal(message.error)
        found = settlements(message, self.schedule.settling, self.ledger.rows, self.context.redact)
        again: dict[str, None] = {}
        for number, settlement in self.patience.judged(found, hurried=self.failures.fatal):
            if settlement.state == "unanswered":
                again[settlement.text] = None
            elif not self.way_back.ended(number, settlement):
                self._settlement(number, settlement)
        for text in again:
            self.teller.warn(f"{text}; asking again")

    def give_up_unanswered(self, provider: str) -> None:
        """A provider is asked and does not answer: what has passed its time is not waited for."""
        for number in sorted(self.schedule.settling):
            if self.schedule.get(number).provider == provider and self.patience.hangs(number):
                text = f"provider {provider!r}: settled gives no answer"
                self._settlement(number, self.patience.failed(number, text))

    def _settlement(self, number: str, settlement: Settlement) -> None:
        if settlement.state == "waiting":
            transaction = self.schedule.get(number)
            data: dict[str, object] = {"elapsed": self.watch.elapsed(number), "expected": transaction.seconds}
            data |= {"doing": settlement.doing} if settlement.doing else {}
            self.teller.tell("settling", transaction, settlement.text, data=data)
        if number not in self.answers:  # a dead run's write, which takes itself back
            return
        answer, self.failures.devices[number] = self.answers[number], settlement.devices
        written = joined(answer.written, settlement.written)
        task = self._answered(answer.task, written, answer.ending)
        match settlement.state:
            case "done" if number in self.patience.taking_back:
                self._taken_back(task)
            case "failed" | "queued" if number in self.patience.taking_back:
                self.not_ended(task, "revert", settlement.text)
            case "failed":
                self._red(task.transaction, settlement.text, settlement)
            case "queued":
                self.failures.why[number] = settlement.text
                self.recorder.record(task, written, Phase.PENDING)
            case "done":
                self._verify(task, settlement)

    def verify_written(self) -> None:
        """Verify what settled at once. Whatever the look at it takes or tells, the ids of what was made are durable
        before."""
        answers, self._unverified = [self.answers[number] for number in self._unverified], []
        if any(_waits(answer, self.context) for answer in answers):
            self.recorder.save()
        for answer in answers:
            self._verify(answer.task)

    def _verify(self, task: Task, settlement: Settlement = WHOLLY) -> None:
        """The last look: the provider's own, the rules after a step, and the conditions of the stack."""
        if calls(task, self.context):
            self.begin_check(task, settlement)
        else:
            self.checked(Checked(task, settlement))

    def checked(self, message: Checked) -> None:
        """A write was looked at. A red one stops what lies behind a gate."""
        task, transaction, settlement = message.task, message.task.transaction, message.settlement
        if message.error is not None:
            self.failures.stop_if_fatal(message.error)
            self._red(transaction, str(message.error))
            return
        written = self.answers[transaction.id].written
        found = [*message.found, *unmet(task, self.tasks.known, self.ledger)]
        self.findings += found
        self.teller.found(transaction, found)
        red = [finding for finding in found if finding.severity == "error"]
        wrong = "" if red else broken_word(task, written, self.context.types, self.ledger)
        if red or wrong:
            self._red(transaction, wrong or _said(settlement, red), WHOLLY if wrong else _with(settlement, red))
            return
        self.teller.tell("verified", transaction)
        if self.answers[transaction.id].ending.confirms:
            self.end_write(task, "confirm")
        else:
            self.recorder.record(task, written, Phase.RECORDED)

    def ended(self, message: Ended) -> None:
        """A write was confirmed, or taken back; or nobody knows, and its intents stay open for the next run."""
        task, transaction, error = message.task, message.task.transaction, message.error
        if error is not None:
            self.failures.stop_if_fatal(error)
            self.not_ended(task, message.step, str(error))
        elif message.step == "confirm":
            self.recorder.record(task, self.answers[transaction.id].written, Phase.RECORDED)
        elif message.written.settling:
            self.patience.taking_back.add(transaction.id)
            answer = self.answers[transaction.id]
            task = self._answered(task, joined(answer.written, message.written), answer.ending)
            self.ledger.journal.keep(task, self.context.redact(task.receipt))
            self.schedule.settles(transaction.id)
        else:
            self._taken_back(task)

    def _taken_back(self, task: Task) -> None:
        transaction = task.transaction
        self.ledger.reverted(transaction)
        self.failures.fail(transaction, f"{self.failures.why[transaction.id]}; taken back", phase=Phase.RED)

    def not_ended(self, task: Task, step: LastStep, text: str) -> None:
        """Nobody knows whether a write was confirmed, or taken back."""
        transaction = task.transaction
        if not self.failures.fatal:
            self.recorder.keep(self.answers[transaction.id], "in_doubt")
        what = f"{self.failures.why[transaction.id]}; not taken back" if step == "revert" else "not confirmed"
        self.failures.fail(transaction, f"outcome in doubt: {what}: {text}", phase=Phase.IN_DOUBT, code=8)

    def _red(self, transaction: Transaction, text: str, settlement: Settlement = WHOLLY) -> None:
        """What was written did not come out well: it is taken back where the provider can. Where it did come out well
        on some devices, it fails for the others alone."""
        self.failures.why[transaction.id] = text
        answer = self.answers[transaction.id]
        if answer.ending.reverts:
            self.end_write(answer.task, "revert")
            return
        if settlement.partly and not answer.ending.confirms:
            every = [part.change.address for part in answer.task.parts]
            self.recorder.record_partly(answer.task, answer.written, settlement.lacking or every, text)
            return
        self.recorder.keep(answer, "incomplete")
        self.failures.fail(transaction, text, phase=Phase.RED)


def _said(settlement: Settlement, red: Sequence[Finding]) -> str:
    """What is wrong with what was written; where it came out well on some devices, what those said that did not."""
    return settlement.text if settlement.partly else "; ".join(f"{one.rule}: {one.message}" for one in red)


def _with(settlement: Settlement, red: Sequence[Finding]) -> Settlement:
    """A settlement that lacks what was found wrong, too."""
    lacking = {*settlement.lacking, *(one.address for one in red)} if settlement.lacking else ()
    return attrs.evolve(settlement, lacking=tuple(lacking))


def _waits(answer: Answer, context: RunContext) -> bool:
    """True if something comes between the write and its record: a check, or the step that confirms it."""
    return answer.ending.confirms or looked_at(answer.task, context)

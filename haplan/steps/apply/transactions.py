"""The transactions of a transaction after its write: settled, verified, confirmed, recorded; or failed, and what then.

Called by the loop alone. Nothing here waits: a write that ends another one is handed to `Transactions.end_write`.
"""

from collections.abc import Callable, Mapping

import attrs

from haplan.contracts import Settlement, Task, Written
from haplan.errors import Denied, HaplanError, Locked, ProviderError, Stale, StateNotSaved, Unauthorized
from haplan.model.finding import Finding
from haplan.model.phase import Phase
from haplan.model.plan import Transaction
from haplan.model.state import Status
from haplan.model.value import Tree
from haplan.steps.apply.carried import kept
from haplan.steps.apply.checks import look, looked_at, unmet
from haplan.steps.apply.events import Teller
from haplan.steps.apply.ledger import Ledger
from haplan.steps.apply.outcome import because
from haplan.steps.apply.record import joined
from haplan.steps.apply.run_context import Ending, Polled, RunContext
from haplan.steps.apply.schedule import Schedule
from haplan.steps.apply.tasks import Tasks
from haplan.steps.apply.timeouts import Limit, Watch
from haplan.steps.apply.word import broken_word
from haplan.steps.apply.worker import Broke, Done, Ended, LastStep

FATAL = {
    Unauthorized: "the credentials are not accepted any more",
    Locked: "the lock was lost",
    StateNotSaved: "the state could not be saved just then",
}
"""Errors that end a run, in words."""
DEAF = 3
"""Looks at what settles that may fail one after another before the wait is given up."""


@attrs.frozen
class Answer:
    """What a write gave, with what became known of it since, and what ends it after its checks."""

    task: Task
    written: Written
    ending: Ending


@attrs.define
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
        end_write: Confirms a write, or takes it back.
        gates: Transactions that others are behind as behind a gate.
        answers: Id of a transaction → what its write gave.
        why: Id of a transaction → why it did not come to a good end.
        taking_back: Ids of those that take themselves back, and are waited for.
        findings: Of the checks.
        codes: Exit codes, of which one wins.
        fatal: True once nothing else could succeed.
    """

    context: RunContext
    schedule: Schedule
    ledger: Ledger
    tasks: Tasks
    watch: Watch
    teller: Teller
    end_write: Callable[[Task, LastStep], None]
    gates: frozenset[str]
    answers: dict[str, Answer] = attrs.field(factory=dict)
    why: dict[str, str] = attrs.field(factory=dict)
    findings: list[Finding] = attrs.field(factory=list)
    codes: set[int] = attrs.field(factory=set)
    fatal: bool = False
    taking_back: set[str] = attrs.field(factory=set)
    _unanswered: dict[str, int] = attrs.field(factory=dict)
    _unverified: list[str] = attrs.field(factory=list)
    _unsaid: list[tuple[Transaction, Mapping[str, Tree]]] = attrs.field(factory=list)

    def settling(self) -> list[Task]:
        """What is written, and waited for."""
        return [self.answers[number].task for number in sorted(self.schedule.settling)]

    # --- Written, settled, verified, recorded ---

    def written(self, message: Done) -> None:
        """A write ended well, of this run or of a dead one."""
        transaction, written = message.task.transaction, message.written
        if message.carried is not None:
            self.ledger.adopt(transaction, message.carried.intents)
        task = self._answered(message.task, written, message.ending)
        self.tasks.learn(task, written)
        if transaction.verb == "read":
            self._record(task, written, Phase.RECORDED)
            return
        self.teller.tell("written", transaction, data={"seconds": self.watch.elapsed(transaction.id)})
        if written.settling or self._waits(self.answers[transaction.id]):
            self._keep(task, "pending")
            if message.carried is None:
                self.ledger.keep(transaction, kept(task, self.context.redact(written.receipt)))
        if written.settling:
            self.schedule.settles(transaction.id)
        else:
            self._unverified.append(transaction.id)

    def _answered(self, task: Task, written: Written, ending: Ending) -> Task:
        """Take note of what a write gave, or what became known of it; gives the task with its receipt."""
        task = attrs.evolve(task, receipt=written.receipt)
        self.answers[task.transaction.id] = Answer(task, written, ending)
        return task

    def _waits(self, answer: Answer) -> bool:
        """True if something comes between the write and its record: a check, or the step that confirms it."""
        return answer.ending.confirms or looked_at(answer.task, self.context)

    def _keep(self, task: Task, status: Status) -> None:
        """Make durable what is known of a write that is not recorded yet."""
        transaction = task.transaction
        answer = self.answers[transaction.id]
        changes = [part.change for part in task.parts]
        self.ledger.wrote(transaction, changes, answer.written, status, confirmed=not answer.ending.confirms)

    def polled(self, message: Polled) -> None:
        """A provider said how far its settling transactions are; of some perhaps that nobody can tell."""
        if message.error is not None:
            self.stop_if_fatal(message.error)
        again: dict[str, None] = {}
        for number, settlement in message.found.items():
            if number not in self.schedule.settling:
                continue
            if settlement.state != "unanswered":
                self._unanswered.pop(number, None)
                self._settlement(number, settlement)
            elif self._is_given_up(number, settlement.text):
                self._unsettled(self.schedule.get(number), settlement.text)
            else:
                again[settlement.text] = None
        for text in again:
            self.teller.warn(f"{text}; asking again")

    def _is_given_up(self, number: str, text: str) -> bool:
        """True if nobody could tell too often in a row, or when its time was over."""
        self._unanswered[number] = times = self._unanswered.get(number, 0) + 1
        return times >= DEAF or self.fatal or self._overdue(number) is not None

    def give_up_unanswered(self, provider: str) -> None:
        """A provider is asked and does not answer: what has passed its time is not waited for."""
        for number in sorted(self.schedule.settling):
            if self.schedule.get(number).provider == provider and self._overdue(number) is not None:
                self._unsettled(self.schedule.get(number), f"provider {provider!r}: settled gives no answer")

    def _settlement(self, number: str, settlement: Settlement) -> None:
        answer = self.answers[number]
        written = joined(answer.written, settlement.written)
        task = self._answered(answer.task, written, answer.ending)
        match settlement.state:
            case "done" if number in self.taking_back:
                self._taken_back(task)
            case "failed" | "queued" if number in self.taking_back:
                self._not_ended(task, "revert", settlement.text)
            case "waiting" if (overdue := self._overdue(number)) is not None:
                self._red(task.transaction, f"not settled {overdue}: {settlement.text}")
            case "waiting":
                data: dict[str, object] = {"elapsed": self.watch.elapsed(number), "expected": task.transaction.seconds}
                data |= {"doing": settlement.doing} if settlement.doing else {}
                self.teller.tell("settling", task.transaction, settlement.text, data=data)
            case "failed":
                self._red(task.transaction, settlement.text)
            case "queued":
                self.why[number] = settlement.text
                self._record(task, written, Phase.PENDING)
            case "done":
                self._verify(task, written)

    def _overdue(self, number: str) -> Limit | None:
        """The limit that a transaction has passed; to be taken back there is always time."""
        return None if number in self.taking_back else self.watch.overdue(number)

    def _unsettled(self, transaction: Transaction, text: str) -> None:
        """Nobody can tell how far it is."""
        overdue = self._overdue(transaction.id)
        if transaction.id in self.taking_back:
            self._not_ended(self.answers[transaction.id].task, "revert", text)
        else:
            self._red(transaction, f"not settled {overdue}: {text}" if overdue is not None else text)

    def verify_written(self) -> None:
        """Verify what settled at once. Whatever the look at it takes or tells, the ids of what was made are durable
        before."""
        answers, self._unverified = [self.answers[number] for number in self._unverified], []
        if any(self._waits(answer) for answer in answers):
            self.save()
        for answer in answers:
            self._verify(answer.task, answer.written)

    def _verify(self, task: Task, written: Written) -> None:
        """The last look: the provider's own and the rules after a step. A red one stops what lies behind a gate."""
        transaction = task.transaction
        try:
            found = [*look(task, self.context), *unmet(task, self.tasks.known, self.ledger)]
        except HaplanError as error:
            self.stop_if_fatal(error)
            self._red(transaction, str(error))
            return
        self.findings += found
        red = [finding for finding in found if finding.severity == "error"]
        wrong = "" if red else broken_word(task, written, self.context.types, self.ledger)
        if red or wrong:
            self._red(transaction, wrong or "; ".join(f"{f.rule}: {f.message}" for f in red))
            return
        self.teller.tell("verified", transaction)
        if self.answers[transaction.id].ending.confirms:
            self.end_write(task, "confirm")
        else:
            self._record(task, written, Phase.RECORDED)

    def ended(self, message: Ended) -> None:
        """A write was confirmed, or taken back; or nobody knows, and its intents stay open for the next run."""
        task, transaction, error = message.task, message.task.transaction, message.error
        if error is not None:
            self.stop_if_fatal(error)
            self._not_ended(task, message.step, str(error))
        elif message.step == "confirm":
            self._record(task, self.answers[transaction.id].written, Phase.RECORDED)
        elif message.written.settling:
            self.taking_back.add(transaction.id)
            answer = self.answers[transaction.id]
            self._answered(task, joined(answer.written, message.written), answer.ending)
            self.schedule.settles(transaction.id)
        else:
            self._taken_back(task)

    def _taken_back(self, task: Task) -> None:
        transaction = task.transaction
        self.ledger.reverted(transaction)
        self._fail(transaction, f"{self.why[transaction.id]}; taken back", phase=Phase.RED)

    def _not_ended(self, task: Task, step: LastStep, text: str) -> None:
        """Nobody knows whether a write was confirmed, or taken back."""
        transaction = task.transaction
        if not self.fatal:
            self._keep(task, "in_doubt")
        what = f"{self.why[transaction.id]}; not taken back" if step == "revert" else "not confirmed"
        self._fail(transaction, f"outcome in doubt: {what}: {text}", phase=Phase.IN_DOUBT, code=8)

    def _record(self, task: Task, written: Written, phase: Phase) -> None:
        transaction = task.transaction
        self.tasks.learn(task, written)
        changes = list({part.change.key: part.change for part in task.parts}.values())
        self.ledger.record(transaction, changes, written, queued=phase is Phase.PENDING)
        self._end(transaction, phase)
        if phase is Phase.PENDING:
            self.teller.tell("queued", transaction, self.why[transaction.id])
        self._unsaid.append((transaction, {"seconds": self.watch.elapsed(transaction.id), "ids": dict(written.ids)}))

    def save(self) -> None:
        """What was recorded is durable from here on; only then is it told, and may start what waits for it."""
        self.ledger.flush()
        if self.ledger.unsaved is not None:  # what is under way comes to its end, and is kept for one last try
            self.codes.add(3)
            self.stop_if_fatal(self.ledger.unsaved)
            return
        unsaid, self._unsaid = self._unsaid, []
        for transaction, data in unsaid:
            self.teller.tell("recorded", transaction, data=data)

    # --- Failed ---

    def broke(self, message: Broke) -> None:
        """A write did not end well; or nobody knows, and its intents stay open for the next run."""
        transaction, error, left = message.task.transaction, message.error, message.halves
        self.stop_if_fatal(error)
        text = f"{error}; read back: {', '.join(map(str, left))}" if left else str(error)
        lost = isinstance(error, ProviderError) and error.lost and transaction.id in self.ledger.announced
        if lost or any(half.in_doubt for half in left):
            self.ledger.doubt([half.address for half in left if half.in_doubt])
            if not lost:
                self.ledger.close(transaction.id, "failed", last=True)
            self._fail(transaction, f"outcome in doubt: {text}", phase=Phase.IN_DOUBT, code=8)
            return
        self.ledger.close(transaction.id, "failed", last=True)
        code = 5 if isinstance(error, Stale) else 4 if isinstance(error, Denied) else 3
        self._fail(transaction, text, code=code)

    def stop_if_fatal(self, error: HaplanError) -> None:
        """Some errors end the run, because nothing else could succeed; what waits is not begun any more."""
        why = next((words for kind, words in FATAL.items() if isinstance(error, kind)), "")
        if why and not self.fatal:
            self.fatal = True
            self.context.stop.set()
            for number in self.schedule.waiting():
                self.why[number] = f"not begun: {why}"

    def _red(self, transaction: Transaction, text: str) -> None:
        """What was written did not come out well: it is taken back where the provider can."""
        self.why[transaction.id] = text
        answer = self.answers[transaction.id]
        if answer.ending.reverts:
            self.end_write(answer.task, "revert")
            return
        self._keep(answer.task, "incomplete")
        self._fail(transaction, text, phase=Phase.RED)

    def _fail(self, transaction: Transaction, text: str, *, phase: Phase = Phase.FAILED, code: int = 3) -> None:
        self.why[transaction.id] = text
        self.codes.add(10 if phase is Phase.RED and transaction.id in self.gates else code)
        self.teller.tell("failed", transaction, text)
        self._end(transaction, phase)

    def _end(self, transaction: Transaction, phase: Phase) -> None:
        for barred in self.schedule.ends(transaction.id, phase):
            self.why[barred.transaction.id] = because(barred)
            if barred.phase is Phase.STOPPED:
                self.codes.add(10)
            self.teller.tell("skipped", barred.transaction, self.why[barred.transaction.id])

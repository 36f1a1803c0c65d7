"""The loop of a run: start what may start, poll, take what arrived, save.

Writes run in threads, at most `parallelism` at once; waiting costs no place. The loop alone talks to the state and to
the observers. It ends when nothing runs, nothing settles and nothing may start any more.
"""

from collections.abc import Sequence
from functools import partial

from haplan.contracts import Task
from haplan.errors import Abandoned, HaplanError, Locked, ProviderError
from haplan.model.event import EventKind
from haplan.model.plan import Plan
from haplan.model.result import Result, left_out
from haplan.model.state import Intent
from haplan.steps.apply.checkers import Checkers
from haplan.steps.apply.checks import Checked
from haplan.steps.apply.events import Teller
from haplan.steps.apply.failures import Failures
from haplan.steps.apply.hanging import Hanging
from haplan.steps.apply.lease import Lease, refuse_slow
from haplan.steps.apply.ledger import Ledger
from haplan.steps.apply.mailbox import Mailbox, surely
from haplan.steps.apply.outcome import Endings, exit_code, sort_outcomes, subject_of
from haplan.steps.apply.pace import Pace
from haplan.steps.apply.patience import Patience
from haplan.steps.apply.polling import Pollers
from haplan.steps.apply.record import shown
from haplan.steps.apply.recorder import Recorder
from haplan.steps.apply.run_context import Announce, Polled, Progress, RunContext
from haplan.steps.apply.schedule import Schedule
from haplan.steps.apply.tasks import Tasks
from haplan.steps.apply.timeouts import Watch
from haplan.steps.apply.transactions import Transactions
from haplan.steps.apply.way_back import WayBack
from haplan.steps.apply.worker import Broke, Done, Ended, Job, LastStep, Steps, end, work
from haplan.steps.apply.writers import Writers


def apply(plan: Plan, context: RunContext) -> Result:
    """Carry out a plan. What goes wrong while writing is in the result.

    Raises:
        PluginError: A provider's writes may take longer than the lock is sure to last.
        StateNotSaved: The state could not be saved; a recovery file was written.
        Abandoned: Ctrl-C twice, in the middle of writes.
    """
    refuse_slow(context.providers)
    started = context.clock.now()
    loop = _Loop(plan, context)
    try:
        loop.run()
    except KeyboardInterrupt:
        loop.refuse_to_forget()
        raise
    finally:
        loop.leave()
    loop.ledger.finish(plan, loop.tasks.known, loop.tasks.marked)
    return loop.result(context.clock.now() - started)


class _Loop:
    """One run.

    Threads: one, its own. Workers and pollers have jobs and tasks, which are frozen, and the mailbox.
    """

    def __init__(self, plan: Plan, context: RunContext) -> None:
        self.plan = plan
        self.context = context
        self.schedule = Schedule(plan.transactions)
        self.ledger = Ledger(plan, context)
        self.tasks = Tasks(plan, context, self.ledger)
        self.watch = Watch(plan, context.clock, context.providers)
        self.teller = Teller(context.tell, context.clock, self.tasks.changes, self.watch.heard)
        gates = frozenset(before for transaction in plan.transactions for before in transaction.gates)
        self.failures = Failures(schedule=self.schedule, teller=self.teller, stop=context.stop, gates=gates)
        self.recorder = Recorder(
            ledger=self.ledger, tasks=self.tasks, watch=self.watch, teller=self.teller, failures=self.failures
        )
        patience, journal = Patience(self.watch), self.ledger.journal
        self.way_back = WayBack(
            schedule=self.schedule, journal=journal, watch=self.watch, patience=patience, failures=self.failures,
            begin_write=self._begin_write,
        )  # fmt: skip
        self.pace = Pace(context.providers, context.clock)
        self.lease = Lease(self.ledger.keep_lease, context.wall)
        self.mailbox = Mailbox(context.wall)
        self.writers = Writers(context.parallelism, self.mailbox.put, "haplan-write")
        self.checkers = Checkers(context, self.schedule, self.mailbox.put)
        self.pollers = Pollers(context.providers, context.clock, self.mailbox.put, self.pace)
        self.transactions = Transactions(
            context=context, schedule=self.schedule, ledger=self.ledger, tasks=self.tasks, watch=self.watch,
            teller=self.teller, failures=self.failures, recorder=self.recorder, patience=patience,
            way_back=self.way_back, begin_check=self.checkers.begin, end_write=self._end_write,
        )  # fmt: skip
        self.hanging, self.writes = Hanging(self.transactions), 0

    def run(self) -> None:
        self.recorder.record_unplaced(self.plan)
        while True:
            self._start_ready()
            waiting = (self.schedule.settling or self.schedule.ready()) and not self.context.stop.is_set()
            if not self.schedule.busy() and not self.pollers.awaited(self.transactions.settling()) and not waiting:
                return
            self.pollers.start_due(self.transactions.settling())
            try:
                self._take(self._arrived())
            finally:
                self.recorder.save()
            self._keep_lease()
            self.context.catch_up()

    def leave(self) -> None:
        """Nothing is waited for: at the end all is done, and after an error a writer must not hold up the way out."""
        self.mailbox.close()
        self.writers.close()
        self.checkers.close()
        self.pollers.close()

    def refuse_to_forget(self) -> None:
        """Name the writes that were announced and not answered, when a run is left.

        Raises:
            Abandoned: There are some.
        """
        under_way = sorted(self.ledger.journal.announced.intersection(self.schedule.running))
        if under_way:
            names = ", ".join(subject_of(self.schedule.get(number)) for number in under_way)
            raise Abandoned(f"left at once, in the middle of: {names}; the next plan finds out what became of it")

    def result(self, seconds: float) -> Result:
        schedule, plan, failures, known = self.schedule, self.plan, self.failures, self.tasks.known
        if self.context.stop.is_set() and not failures.fatal and schedule.left():
            failures.codes.add(7)
        ended = Endings(schedule.phase, failures.why, failures.lacking, failures.devices)
        outcomes = sort_outcomes(plan.changes, plan.transactions, ended, known, self.context.state)
        outputs = {out.name: shown(out, known) for out in plan.outputs if out.after is not None}
        return Result(
            run=self.context.run.id,
            exit_code=exit_code(failures.codes, bool(self.writes or schedule.recorded())),
            findings=tuple(self.transactions.findings),
            moved=tuple(dict.fromkeys(self.transactions.moved)),
            left_out=left_out(plan),
            outputs=outputs,
            seconds=seconds,
            writes=self.writes,
            **outcomes,
        )

    # --- Start what may start ---

    def _start_ready(self) -> None:
        while self.schedule.busy() < self.context.parallelism and not self.context.stop.is_set():
            transaction = self.schedule.next(self.pace.full(map(self.schedule.get, self.schedule.running)))
            if transaction is None:
                return
            self.pace.begins(transaction)
            self.watch.start(transaction.id)
            data = {"stage": transaction.stage, "expected_seconds": transaction.seconds}
            self.teller.tell("writing", transaction, data=data)
            try:
                self.way_back.begin(self._job(self.tasks.task(transaction)))
            except HaplanError as error:
                self.recorder.broke(Broke(Task(transaction=transaction, parts=()), error))

    def _begin_write(self, job: Job) -> None:
        self.writers.start(partial(surely, lambda: work(job), lambda error: Broke(job.task, error)))

    def _end_write(self, task: Task, step: LastStep) -> None:
        """Confirm a write, or take it back: in a thread, and in a place of its own among the writes."""
        self.schedule.works(task.transaction.id)
        self.pace.calls(task.transaction.provider)
        job = self._job(task)
        self.writers.start(partial(surely, lambda: end(job, step), lambda error: Ended(task, step, error)))

    def _job(self, task: Task) -> Job:
        tell = partial(self._progress, task.transaction.id)
        return self.tasks.job(task, Steps(task, self.mailbox.ask, tell, run=self.context.run.id, own=self.tasks.own))

    def _progress(self, number: str, kind: EventKind, text: str) -> None:
        self.mailbox.put(Progress(number, kind, text))

    # --- Take what arrived ---

    def _arrived(self) -> list[object]:
        """The messages that are there; none when it is time to look around."""
        busy = bool(self.schedule.busy()) or self.pollers.busy()
        found = self.mailbox.arrived(busy=busy, running=self.schedule.busy())
        if not busy and not found:
            self.pollers.let_time_pass(self.transactions.settling(), self.pace.due())
        return found

    def _take(self, messages: Sequence[object]) -> None:
        self._announce([one for one in messages if isinstance(one, Announce)])  # writers wait for it
        for message in messages:
            if not self.hanging.late(message):
                self._handle(message)
        self.transactions.verify_written()
        if self.hanging.give_up():
            self.writers.replace()
            self.checkers.replace()
        for provider in filter(self.pollers.hangs, self.context.providers):
            self.transactions.give_up_unanswered(provider)

    def _handle(self, message: object) -> None:
        match message:
            case Progress():
                self.teller.tell(message.kind, self.schedule.get(message.transaction), message.text)
            case Done():
                self.transactions.written(message)
            case Broke():
                self.recorder.broke(message)
            case Checked():
                self.transactions.checked(message)
            case Ended():
                self.transactions.ended(message)
            case Polled():
                self.pollers.answered(message)
                self.transactions.polled(message)

    def _announce(self, messages: Sequence[Announce]) -> None:
        """Answer writers once their intents are durable, in one commit; those that ask again need the lease alone."""
        messages = [message for message in messages if not self._refused_overdue(message)]
        new = [message.intent for message in messages if not message.again]
        try:
            if messages:
                self.lease.keep(max(self._deadline(message.intent) for message in messages))
            if new:
                self.ledger.journal.announce(new)
        except HaplanError as error:
            for message in messages:
                message.answer.put(error)
            return
        self.writes += len(new)
        for intent in new:
            self.teller.tell("step", self.schedule.get(intent.transaction), intent.step, address=intent.address)
        for message in messages:
            message.answer.put(self.lease.latest(self._deadline(message.intent)))

    def _refused_overdue(self, message: Announce) -> bool:
        """Nothing more is begun of what is not written in time; to confirm it or take it back there is always time."""
        number = message.intent.transaction
        self.watch.heard(number)
        overdue = self.watch.overdue(number) if number not in self.transactions.answers else None
        if overdue is None:
            return False
        message.answer.put(ProviderError(f"{message.intent.document}: {message.intent.step}: not begun {overdue}"))
        return True

    def _deadline(self, intent: Intent) -> float:
        return self.context.providers[intent.provider].write_seconds

    def _keep_lease(self) -> None:
        try:
            self.lease.keep()
        except HaplanError as error:  # lost, or nobody can tell any more whether it is held
            self.failures.codes.add(1)
            self.failures.stop_if_fatal(error if isinstance(error, Locked) else Locked(str(error)))
            self.teller.warn(f"the lock was lost, nothing more is written: {error}")

"""The loop of a run: starts what may start, polls what settles, and enters what came of it in the ledger.

Writes run in threads, at most `parallelism` at once; waiting costs no place. The loop alone talks to the state and to
the observers. It ends when nothing runs, nothing settles and nothing may start any more.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from threading import Event as Flag
from typing import Any

import attrs

from haplan.contracts import Part, Provider, Settlement, Target, Task, Written
from haplan.errors import (
    Abandoned,
    Denied,
    HaplanError,
    Locked,
    PluginError,
    ProviderError,
    Stale,
    StateNotSaved,
    Unauthorized,
)
from haplan.model.event import Event
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, Placement, Plan, Transaction
from haplan.model.state import Intent, Status
from haplan.model.value import Secret, Tree, transform
from haplan.state.lease import HEARTBEAT, LEASE
from haplan.steps.apply.checks import broken_word, look, looked_at, refuse_misfits, refuse_unmet, unmet
from haplan.steps.apply.ledger import Ledger
from haplan.steps.apply.outcome import DOUBT, Result, because, exit_code, sort_outcomes, subject_of
from haplan.steps.apply.record import held, joined, resolved, shown, unknown_in
from haplan.steps.apply.schedule import FAILED, PENDING, RECORDED, RED, STOPPED, Schedule
from haplan.steps.apply.setting import Announce, Polled, Progress, Setting
from haplan.steps.apply.timeouts import Limit, limit
from haplan.steps.apply.worker import Broke, Done, Ended, Job, LastStep, Steps, broken, end, target_of, work

DEAF = 3
"""Looks at what settles that may fail one after another before the wait is given up."""
NEARLY = 0.002
"""Seconds after which what ended is saved: what ends nearly at the same time is one commit."""
TICK = 0.25
"""Seconds of real time after which a waiting loop looks at Ctrl-C and the lease again."""


def apply(plan: Plan, setting: Setting) -> Result:
    """Carry out a plan. What goes wrong while writing is in the result.

    Raises:
        PluginError: A provider's writes may take longer than the lock is sure to last.
        StateNotSaved: The state could not be saved; a recovery file was written.
        Abandoned: Ctrl-C twice, in the middle of writes.
    """
    _refuse_slow(setting.providers)
    started = setting.clock.now()
    loop = _Loop(plan, setting)
    try:
        loop.run()
    except KeyboardInterrupt:
        loop.refuse_to_forget()
        raise
    finally:
        loop.leave()
    loop.ledger.finish(plan, loop.known, loop.marked)
    return loop.result(setting.clock.now() - started)


def _refuse_slow(providers: Mapping[str, Provider]) -> None:
    for key, provider in providers.items():
        if provider.write_seconds > LEASE - HEARTBEAT:
            seconds = f"{provider.write_seconds:g} s: the lock is sure to last {LEASE - HEARTBEAT:g} s"
            raise PluginError(f"provider {key!r} says that a write may take {seconds}; report it to its author")


class _Loop:
    def __init__(self, plan: Plan, setting: Setting) -> None:
        self.plan = plan
        self.setting = setting
        self.clock = setting.clock
        self.changes = {change.key: change for change in plan.changes}
        self.held = held(plan, setting.state)
        self.gates = {before for transaction in plan.transactions for before in transaction.gates}
        self.schedule = Schedule(plan.transactions)
        self.ledger = Ledger(setting.backend, setting.holder, setting.run, setting.state, plan, setting.types)
        self.queue: SimpleQueue[Any] = SimpleQueue()
        self.writers = ThreadPoolExecutor(setting.parallelism, thread_name_prefix="haplan-write")
        self.pollers = ThreadPoolExecutor(max(1, len(setting.providers)), thread_name_prefix="haplan-poll")
        self.tasks: dict[str, tuple[Task, Written]] = {}
        self.why: dict[str, str] = {}
        timed = {change.key for change in plan.changes if change.lifecycle.timeouts}
        self.limited = {t.id for t in plan.transactions if timed and any(p.address in timed for p in t.placed)}
        self.known: dict[str, dict[str, Tree]] = {address: dict(values) for address, values in plan.known.items()}
        self.touched: set[str] = set()
        self.documents: set[tuple[str, str]] = set()
        self.findings: list[Finding] = []
        self.codes: set[int] = set()
        self.polling: set[str] = set()
        self.deaf: Counter[str] = Counter()
        self.fatal = False
        self.left = Flag()
        self.next_poll: dict[str, float] = {}
        self.since: dict[str, float] = {}
        self.writes = 0
        self.beat = -inf
        self.written: list[str] = []
        self.unsaid: list[tuple[Transaction, Mapping[str, Any]]] = []

    def run(self) -> None:
        for change in self.plan.changes:
            if (
                not self.ledger.placed(change.key) and change.action is not Action.NO_OP
            ):  # forgotten, or only remembered
                self.ledger.record(None, [self._final(change)], Written())
        self._save()
        while True:
            self._start_ready()
            settling = self.schedule.settling and not self.setting.stop.is_set()
            if self.schedule.idle() and not self.polling and not settling:
                return
            self._poll_due()
            try:
                arrived = self._arrived()
                self._announce([one for one in arrived if isinstance(one, Announce)])  # writers wait for it
                for message in arrived:
                    self._handle(message)
                self._verify_written()
            finally:
                self._save()
            self._keep_lease()

    def leave(self) -> None:
        """Nothing is waited for: at the end all is done, and after an error a writer must not hold up the way out."""
        self.left.set()
        self.writers.shutdown(wait=False, cancel_futures=True)
        self.pollers.shutdown(wait=False, cancel_futures=True)

    def refuse_to_forget(self) -> None:
        """Name the writes that were announced and not answered, when a run is left.

        Raises:
            Abandoned: There are some.
        """
        under_way = sorted(self.ledger.announced.intersection(self.schedule.running))
        if under_way:
            names = ", ".join(subject_of(self.schedule.get(number)) for number in under_way)
            raise Abandoned(f"left at once, in the middle of: {names}; the next plan finds out what became of it")

    def result(self, seconds: float) -> Result:
        schedule, plan = self.schedule, self.plan
        if self.setting.stop.is_set() and not self.fatal and schedule.left():
            self.codes.add(7)
        outcomes = sort_outcomes(plan.changes, plan.transactions, schedule.phase, self.why, self.known)
        outputs = {out.name: shown(out, self.known) for out in plan.outputs if out.after is not None}
        return Result(
            run=self.setting.run.id,
            exit_code=exit_code(self.codes, bool(self.writes or schedule.recorded())),
            findings=tuple(self.findings),
            outputs=outputs,
            seconds=seconds,
            writes=self.writes,
            **outcomes,
        )

    # --- Starting ---

    def _start_ready(self) -> None:
        while len(self.schedule.running) < self.setting.parallelism and not self.setting.stop.is_set():
            transaction = self.schedule.next()
            if transaction is None:
                return
            self.since[transaction.id] = self.clock.now()
            data = {"stage": transaction.stage, "expected_seconds": transaction.seconds}
            self._tell("writing", transaction, data=data)
            try:
                self.writers.submit(self._work, self._job(self._task(transaction)))
            except HaplanError as error:
                self._broke(Broke(Task(transaction, ()), error))

    def _work(self, job: Job) -> None:
        self.queue.put(work(job))

    def _end_write(self, task: Task, step: LastStep) -> None:
        """Confirm a write, or take it back: in a thread, and in a place of its own among the writes."""
        self.schedule.works(task.transaction.id)
        self.writers.submit(lambda: self.queue.put(end(self._job(task), step)))

    def _task(self, transaction: Transaction) -> Task:
        parts = tuple(self._part(placed.address, placed.placement) for placed in transaction.placed)
        timeouts = {name: s for part in parts for name, s in part.change.lifecycle.timeouts.items()}
        key = transaction.provider
        recorded = self.ledger.of_provider(key) if self.setting.providers[key].composes else {}
        timeouts = {**self.plan.timeouts, **timeouts}
        return Task(transaction, parts, transaction.orders, timeouts, self.clock.now(), recorded)

    def _job(self, task: Task) -> Job:
        transaction, setting = task.transaction, self.setting
        targets = {part.change.key: self._target(part) for part in task.parts}
        needed = {one for part in task.parts for one in part.change.depends_on}
        return Job(
            task=task,
            provider=setting.providers[transaction.provider],
            targets=tuple(targets.values()),
            touched=frozenset(self.touched & {*targets, *needed}),
            reordered=(transaction.provider, transaction.document) in self.documents,
            io=self._steps(task),
            rules=setting.before,
            types=setting.types,
        )

    def _steps(self, task: Task) -> Steps:
        number = task.transaction.id
        return Steps(
            task, self._ask, lambda kind, text: self.queue.put(Progress(number, kind, text)), self.setting.run.id
        )

    def _target(self, part: Part) -> Target:
        held = frozenset(self.held.get(part.change.address, ()))
        return target_of(part.change, part.row, self._owner(part.change), held)

    def _part(self, key: str, placement: Placement) -> Part:
        change = self._final(self.changes[key])
        refuse_unmet(change, self.known)
        return Part(change, placement, None, self.ledger.row(change.address, change.deposed))

    def _final(self, change: Change) -> Change:
        """The change with its references resolved, and its secrets marked by fingerprint."""
        if change.after is None:
            return change
        after = resolved(change.after, self.known)
        missing = unknown_in(after)
        if missing is not None:
            words = ".".join(map(str, missing))
            raise ProviderError(f"{change.address}: {words} is still unknown: what it refers to gave no such value")
        refuse_misfits(change, after, self.setting.types)
        return attrs.evolve(change, after=transform(after, self.marked))

    def marked(self, leaf: Tree) -> Tree:
        return self.setting.fingerprint(leaf) if isinstance(leaf, Secret) and not leaf.fingerprint else leaf

    def _owner(self, change: Change) -> Any:
        return self.changes.get(change.owner) or self.ledger.row(change.owner)

    def _ask(self, intent: Intent, again: bool) -> None:
        """Called in a worker: wait until the loop has made the intent durable, and the lease outlives the write."""
        while True:
            asked = Announce(intent, SimpleQueue(), again)
            self.queue.put(asked)
            until = self._answer(asked)
            if self.setting.wall() <= until:
                return
            again = True  # this process slept in between: somebody else may have the lock by now

    def _answer(self, asked: Announce) -> float:
        while not self.left.is_set():
            with suppress(Empty):
                answer = asked.answer.get(timeout=TICK)
                if isinstance(answer, HaplanError):
                    raise answer
                return answer
        raise HaplanError(f"{asked.intent.document}: the run has ended; nothing more is written")

    # --- Waiting ---

    def _arrived(self) -> list[Any]:
        """The messages that are there; none when it is time to look around."""
        busy = not self.schedule.idle() or self.polling
        found: list[Any] = []
        try:
            found.append(self.queue.get(timeout=TICK) if busy else self.queue.get_nowait())
            while True:  # while others are on their way, what they are about to tell is worth a moment
                soon = len(found) < len(self.schedule.running)
                found.append(self.queue.get(timeout=NEARLY) if soon else self.queue.get_nowait())
        except Empty:
            if not busy and not found:
                self._let_time_pass()
        return found

    def _let_time_pass(self) -> None:
        """Nothing is being written: sleep until the next poll, in slices short enough for Ctrl-C and the lease."""
        waiting = {self.schedule.get(number).provider for number in self.schedule.settling}
        until = min((self.next_poll.get(key, 0.0) for key in waiting), default=0.0)
        pause = min(until - self.clock.now(), HEARTBEAT)
        if pause > 0:
            self.clock.sleep(pause)

    def _poll_due(self) -> None:
        """One poller a provider asks about all its settling transactions at once."""
        waiting: dict[str, list[Task]] = {}
        for number in sorted(self.schedule.settling):
            waiting.setdefault(self.schedule.get(number).provider, []).append(self.tasks[number][0])
        now = self.clock.now()
        for key, tasks in waiting.items():
            if key not in self.polling and now >= self.next_poll.get(key, 0.0):
                provider = self.setting.providers[key]
                self.polling.add(key)
                self.next_poll[key] = now + provider.poll_seconds
                self.pollers.submit(self._poll, key, provider, tasks)

    def _poll(self, key: str, provider: Provider, tasks: Sequence[Task]) -> None:
        try:
            self.queue.put(Polled(key, provider.settled(tasks)))
        except HaplanError as error:
            self.queue.put(Polled(key, {}, error))
        except Exception as error:  # a provider is a plugin: name it
            self.queue.put(Polled(key, {}, broken(provider, "waiting", error)))

    def _keep_lease(self) -> None:
        try:
            self._renewed()
        except Locked as error:
            self.codes.add(1)
            self._stop_if_fatal(error)
            self._warn(f"the lock was lost, nothing more is written: {error}")

    def _renewed(self, longest: float = 0.0) -> None:
        """Renew the lease when a heartbeat is due, or a write that takes so long would outlive it."""
        now = self.setting.wall()
        if now - self.beat >= min(HEARTBEAT, LEASE - longest):
            self.ledger.keep_lease()
            self.beat = now

    # --- What happened ---

    def _handle(self, message: Any) -> None:
        match message:
            case Progress():
                self._tell(message.kind, self.schedule.get(message.transaction), message.text)
            case Done():
                self._written(message.task, message.written)
            case Broke():
                self._broke(message)
            case Ended():
                self._ended(message)
            case Polled():
                self._polled(message)

    def _announce(self, messages: Sequence[Announce]) -> None:
        """Answer writers once their intents are durable, in one commit; those that ask again need the lease alone."""
        messages = [message for message in messages if not self._refused_overdue(message)]
        new = [message.intent for message in messages if not message.again]
        try:
            if messages:
                self._renewed(max(self._deadline(message.intent) for message in messages))
            if new:
                self.ledger.announce(new)
        except HaplanError as error:
            for message in messages:
                message.answer.put(error)
            return
        self.writes += len(new)
        for intent in new:
            self._tell("step", self.schedule.get(intent.transaction), intent.step, address=intent.address)
        for message in messages:
            message.answer.put(self.beat + LEASE - self._deadline(message.intent))

    def _refused_overdue(self, message: Announce) -> bool:
        """Nothing more is begun of what is not written in time; to confirm it or take it back there is always time."""
        number = message.intent.transaction
        overdue = self._overdue(number) if number not in self.tasks else None
        if overdue is None:
            return False
        message.answer.put(ProviderError(f"{message.intent.document}: {message.intent.step}: not begun {overdue}"))
        return True

    def _overdue(self, number: str) -> Limit | None:
        if number not in self.limited:
            return None
        found = limit(self.changes[placed.address] for placed in self.schedule.get(number).placed)
        return found if found is not None and self.clock.now() - self.since[number] > found.seconds else None

    def _deadline(self, intent: Intent) -> float:
        return self.setting.providers[intent.provider].write_seconds

    def _written(self, task: Task, written: Written) -> None:
        transaction = task.transaction
        self.tasks[transaction.id] = (task, written)
        self.documents.add((transaction.provider, transaction.document))
        self._learn(task, written)
        if transaction.verb == "read":
            self._record(task, written, RECORDED)
            return
        self._tell("written", transaction, data={"seconds": self.clock.now() - self.since[transaction.id]})
        if written.settling or looked_at(task, self.setting):
            self._keep(task, "pending")
        if written.settling:
            self.schedule.settles(transaction.id)
        else:
            self.written.append(transaction.id)

    def _keep(self, task: Task, status: Status) -> None:
        """Make durable what is known of a write that is not recorded yet."""
        transaction = task.transaction
        _, written = self.tasks[transaction.id]
        confirmed = not self.setting.confirms(transaction)
        changes = [part.change for part in task.parts]
        self.ledger.wrote(transaction, changes, written, status, confirmed=confirmed)

    def _learn(self, task: Task, written: Written) -> None:
        """From now on references may use what the write gave, and later writes expect it."""
        for part in task.parts:
            change = part.change
            if not change.deposed:
                known = self.known.setdefault(change.address, {})
                before = known.get("id") if change.key in self.touched else ""
                identity = written.ids.get(change.address) or before or change.id
                known.update({**(change.after or {}), **written.values.get(change.address, {})})
                known.update({"id": identity} if identity else {})
            self.touched.add(change.key)

    def _polled(self, message: Polled) -> None:
        self.polling.discard(message.provider)
        if message.error is not None:
            self._stop_if_fatal(message.error)
            self.deaf[message.provider] += 1
            if self.deaf[message.provider] < DEAF and not self.fatal:
                self._warn(f"{message.error}; asking again")
                return
            waiting = [n for n in self.schedule.settling if self.schedule.get(n).provider == message.provider]
            for number in sorted(waiting):
                self._red(self.schedule.get(number), str(message.error))
            return
        self.deaf[message.provider] = 0
        for number, settlement in message.found.items():
            if number in self.schedule.settling:
                self._settlement(number, settlement)

    def _settlement(self, number: str, settlement: Settlement) -> None:
        task, written = self.tasks[number]
        written = joined(written, settlement.written)
        self.tasks[number] = (task, written)
        match settlement.state:
            case "waiting" if (overdue := self._overdue(number)) is not None:
                self._red(task.transaction, f"not settled {overdue}: {settlement.text}")
            case "waiting":
                elapsed = self.clock.now() - self.since[number]
                data = {"elapsed": elapsed, "expected": task.transaction.seconds}
                self._tell("settling", task.transaction, settlement.text, data=data)
            case "failed":
                self._red(task.transaction, settlement.text)
            case "queued":
                self.why[number] = settlement.text
                self._record(task, written, PENDING)
            case "done":
                self._verify(task, written)

    def _verify_written(self) -> None:
        """Whatever the look at it takes or tells, the ids of what was made are durable before."""
        written, self.written = self.written, []
        tasks = [self.tasks[number] for number in written]
        if any(looked_at(task, self.setting) for task, _ in tasks):
            self._save()
        for task, answer in tasks:
            self._verify(task, answer)

    def _verify(self, task: Task, written: Written) -> None:
        """The last look: the provider's own and the rules after a step. A red one stops what lies behind a gate."""
        transaction = task.transaction
        try:
            found = [*look(task, self.setting), *unmet(task, self.known, self.ledger)]
        except HaplanError as error:
            self._stop_if_fatal(error)
            self._red(transaction, str(error))
            return
        except Exception as error:  # a provider is a plugin: name it
            self._red(transaction, str(broken(self.setting.providers[transaction.provider], "checking", error)))
            return
        self.findings += found
        red = [finding for finding in found if finding.severity == "error"]
        wrong = "" if red else broken_word(task, written, self.setting.types, self.ledger)
        if red or wrong:
            self._red(transaction, wrong or "; ".join(f"{f.rule}: {f.message}" for f in red))
            return
        self._tell("verified", transaction)
        if self.setting.confirms(transaction):
            self._end_write(task, "confirm")
        else:
            self._record(task, written, RECORDED)

    def _ended(self, message: Ended) -> None:
        """A write was confirmed, or taken back; or nobody knows, and its intents stay open for the next run."""
        task, transaction, error = message.task, message.task.transaction, message.error
        if error is None and message.step == "confirm":
            self._record(task, self.tasks[transaction.id][1], RECORDED)
        elif error is None:
            self.ledger.reverted(transaction)
            self._fail(transaction, f"{self.why[transaction.id]}; taken back", phase=RED)
        else:
            self._stop_if_fatal(error)
            if not self.fatal:
                self._keep(task, "in_doubt")
            what = f"{self.why[transaction.id]}; not taken back" if message.step == "revert" else "not confirmed"
            self._fail(transaction, f"{DOUBT}: {what}: {error}", code=8)

    def _record(self, task: Task, written: Written, phase: str) -> None:
        transaction = task.transaction
        self._learn(task, written)
        changes = list({part.change.key: part.change for part in task.parts}.values())
        self.ledger.record(transaction, changes, written, queued=phase == PENDING)
        self._end(transaction, phase)
        if phase == PENDING:
            self._tell("queued", transaction, self.why[transaction.id])
        seconds = self.clock.now() - self.since[transaction.id]
        self.unsaid.append((transaction, {"seconds": seconds, "ids": dict(written.ids)}))

    def _save(self) -> None:
        """What was recorded is durable from here on; only then is it told, and may start what waits for it."""
        self.ledger.flush()
        if self.ledger.unsaved is not None:  # what is under way comes to its end, and is kept for one last try
            self.codes.add(3)
            self._stop_if_fatal(self.ledger.unsaved)
            return
        unsaid, self.unsaid = self.unsaid, []
        for transaction, data in unsaid:
            self._tell("recorded", transaction, data=data)

    # --- Failing ---

    def _broke(self, message: Broke) -> None:
        transaction, error, left = message.task.transaction, message.error, message.halves
        self._stop_if_fatal(error)
        text = f"{error}; read back: {', '.join(map(str, left))}" if left else str(error)
        lost = isinstance(error, ProviderError) and error.lost and transaction.id in self.ledger.announced
        if lost or any(half.in_doubt for half in left):
            self.ledger.doubt([half.address for half in left if half.in_doubt])
            if not lost:
                self.ledger.close(transaction.id, "failed", last=True)
            self._fail(transaction, f"{DOUBT}: {text}", code=8)  # its intents stay open for the next run
            return
        self.ledger.close(transaction.id, "failed", last=True)
        code = 5 if isinstance(error, Stale) else 4 if isinstance(error, Denied) else 3
        self._fail(transaction, text, code=code)

    def _red(self, transaction: Transaction, text: str) -> None:
        """What was written did not come out well: it is taken back where the provider can."""
        self.why[transaction.id] = text
        task, _ = self.tasks[transaction.id]
        if self.setting.reverts(transaction):
            self._end_write(task, "revert")
            return
        self._keep(task, "incomplete")
        self._fail(transaction, text, phase=RED)

    def _stop_if_fatal(self, error: HaplanError) -> None:
        """Credentials that are not accepted any more, or a lost lock, end the run: nothing else could succeed."""
        if isinstance(error, Unauthorized | Locked | StateNotSaved):
            self.fatal = True
            self.setting.stop.set()

    def _fail(self, transaction: Transaction, text: str, *, phase: str = FAILED, code: int = 3) -> None:
        self.why[transaction.id] = text
        self.codes.add(10 if phase == RED and transaction.id in self.gates else code)
        self._tell("failed", transaction, text)
        self._end(transaction, phase)

    def _end(self, transaction: Transaction, phase: str) -> None:
        for barred in self.schedule.ends(transaction.id, phase):
            self.why[barred.transaction.id] = because(barred)
            if barred.phase == STOPPED:
                self.codes.add(10)
            self._tell("skipped", barred.transaction, self.why[barred.transaction.id])

    # --- Telling ---

    def _warn(self, text: str) -> None:
        self.setting.tell(Event("warning", self.clock.now(), text=text))

    def _tell(
        self,
        kind: str,
        transaction: Transaction,
        text: str = "",
        *,
        address: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        addresses = [address] if address else list(dict.fromkeys(placed.address for placed in transaction.placed))
        more = {
            "transaction": transaction.id,
            "addresses": addresses,
            "actions": {one: self.changes[one].action.value for one in addresses if one in self.changes},
            **(data or {}),
        }
        subject = address or subject_of(transaction)
        self.setting.tell(Event(kind, self.clock.now(), subject, transaction.document, text, more))

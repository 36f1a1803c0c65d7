"""The loop of a run: starts what may start, keeps the journal, polls what settles, saves what came of it.

Writes run in threads, at most `parallelism` at once; waiting costs no place. The loop alone talks to the state and to
the observers. It ends when nothing runs, nothing settles and nothing may start any more.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event as Flag
from typing import Any

import attrs

from haplan.contracts import (
    CheckView,
    Clock,
    Part,
    Provider,
    Query,
    Settlement,
    StateBackend,
    Task,
    TypeInfo,
    Written,
)
from haplan.errors import Denied, HaplanError, Locked, ProviderError, Stale, StateNotSaved, Unauthorized
from haplan.model.event import Event
from haplan.model.finding import Finding, Rule
from haplan.model.plan import Action, Change, Plan, Transaction
from haplan.model.state import Holder, Intent, OrderRow, Row, Run, State, Status, Update
from haplan.model.value import Tree
from haplan.steps.apply.record import GOING, outputs_after, placement_row, resolved, row_of, unknown_in
from haplan.steps.apply.worker import Broke, Done, Job, target_of, work

HEARTBEAT = 15.0
"""Seconds between two renewals of the lease (design section 5)."""
TICK = 0.25
"""Seconds of real time after which a waiting loop looks at Ctrl-C and the lease again."""


@attrs.frozen
class Setting:
    """What a run works with.

    Attributes:
        backend: Where state is kept; locked by `holder`.
        holder: Who holds the lock.
        run: The run, opened.
        state: As loaded under the lock.
        providers: By key.
        types: Resource types by name.
        rules: Of all moments.
        clock: Time.
        tell: Takes every event.
        stop: Set once Ctrl-C was pressed: nothing new is started.
        parallelism: Most writes at once.
    """

    backend: StateBackend
    holder: Holder
    run: Run
    state: State
    providers: Mapping[str, Provider]
    types: Mapping[str, TypeInfo]
    rules: tuple[Rule, ...]
    clock: Clock
    tell: Callable[[Event], None]
    stop: Flag
    parallelism: int = 10


@attrs.frozen
class Outcome:
    """What came of one change."""

    address: str
    action: Action
    text: str = ""
    id: str = ""


@attrs.frozen
class Result:
    """What came of a run. `exit_code` as in the design: 0, 3, 4, 5, 7, 8, 9 or 10."""

    run: str
    exit_code: int
    done: tuple[Outcome, ...] = ()
    failed: tuple[Outcome, ...] = ()
    skipped: tuple[Outcome, ...] = ()
    stopped: tuple[Outcome, ...] = ()
    in_doubt: tuple[Outcome, ...] = ()
    pending: tuple[Outcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    outputs: Mapping[str, Tree] = attrs.field(factory=dict)
    seconds: float = 0.0
    writes: int = 0


@attrs.frozen
class _Announce:
    """A worker wants an intent made durable, and waits."""

    intent: Intent
    answer: "SimpleQueue[HaplanError | None]"


@attrs.frozen
class _Progress:
    document: str
    transaction: str
    text: str


@attrs.frozen
class _Polled:
    provider: str
    found: Mapping[str, Settlement]
    error: HaplanError | None = None


@attrs.define
class _Loop:
    plan: Plan
    setting: Setting
    queue: "SimpleQueue[Any]" = attrs.field(factory=SimpleQueue)
    phase: dict[str, str] = attrs.field(factory=dict)  # transaction id → waiting, writing, settling or how it ended
    tasks: dict[str, tuple[Task, Written]] = attrs.field(factory=dict)  # written, by transaction id
    why: dict[str, str] = attrs.field(factory=dict)  # transaction id → why it failed, was skipped or is pending
    known: dict[str, dict[str, Tree]] = attrs.field(factory=dict)
    rows: dict[tuple[str, str], Row] = attrs.field(factory=dict)
    versions: dict[tuple[str, str], int] = attrs.field(factory=dict)
    left: dict[str, int] = attrs.field(factory=dict)  # address → placements still to be recorded
    intents: dict[str, list[int]] = attrs.field(factory=dict)  # transaction id → open intents
    findings: list[Finding] = attrs.field(factory=list)
    touched: set[str] = attrs.field(factory=set)
    codes: set[int] = attrs.field(factory=set)
    polling: set[str] = attrs.field(factory=set)
    next_poll: dict[str, float] = attrs.field(factory=dict)
    since: dict[str, float] = attrs.field(factory=dict)
    writes: int = 0
    beat: float = 0.0


def apply(plan: Plan, setting: Setting) -> Result:
    """Carry out a plan. Everything that can go wrong while writing is in the result; what stops the whole run is too.

    Raises:
        StateNotSaved: The state could not be saved; a recovery file was written.
    """
    loop = _Loop(plan, setting)
    started = setting.clock.now()
    _prepare(loop)
    pool = ThreadPoolExecutor(setting.parallelism, thread_name_prefix="haplan-write")
    pollers = ThreadPoolExecutor(max(1, len(setting.providers)), thread_name_prefix="haplan-poll")
    try:
        _without_writes(loop)
        _turn(loop, pool, pollers)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        pollers.shutdown(wait=False, cancel_futures=True)
    _finish(loop)
    return _result(loop, setting.clock.now() - started)


def _prepare(loop: _Loop) -> None:
    plan, state = loop.plan, loop.setting.state
    loop.known = {address: dict(values) for address, values in plan.known.items()}
    loop.rows = dict(state.rows)
    loop.versions = {key: row.serial for key, row in state.rows.items()}
    loop.beat = loop.setting.clock.now()
    for transaction in plan.transactions:
        loop.phase[transaction.id] = "waiting"
        for placed in transaction.placed:
            loop.left[placed.address] = loop.left.get(placed.address, 0) + 1
    _settle_orphans(loop)


def _settle_orphans(loop: _Loop) -> None:
    """Intents of dead runs are settled when their address is recorded; those of other addresses led to nothing."""
    changing = {change.address for change in loop.plan.changes}
    orphans = [i for i in loop.setting.state.intents if i.run != loop.setting.run.id]
    gone: list[tuple[int, str, Mapping[str, Any]]] = [
        (i.id, "reconciled", {}) for i in orphans if i.address not in changing
    ]
    if gone:
        loop.setting.backend.settle_intents(gone)
    for intent in orphans:
        if intent.address in changing:
            loop.intents.setdefault(f"address {intent.address}", []).append(intent.id)


def _without_writes(loop: _Loop) -> None:
    """Changes that touch no document: what is gone is forgotten, what is only remembered is saved."""
    for change in loop.plan.changes:
        if change.address not in loop.left:
            loop.left[change.address] = 0
            _save(loop, None, [change], Written(), "ok")


def _turn(loop: _Loop, pool: ThreadPoolExecutor, pollers: ThreadPoolExecutor) -> None:
    while True:
        _skip_hopeless(loop)
        _start_ready(loop, pool)
        busy = "writing" in loop.phase.values() or bool(loop.polling)
        settling = "settling" in loop.phase.values()
        if not busy and (not settling or loop.setting.stop.is_set()):
            break
        _poll_due(loop, pollers)
        _handle(loop, _next(loop))
        _keep_lease(loop)


# --- Starting ---------------------------------------------------------------------------------------------------------


def _start_ready(loop: _Loop, pool: ThreadPoolExecutor) -> None:
    if loop.setting.stop.is_set() or loop.codes & {1, 9}:
        return
    writing = sum(phase == "writing" for phase in loop.phase.values())
    for transaction in loop.plan.transactions:
        if writing >= loop.setting.parallelism:
            return
        if loop.phase[transaction.id] == "waiting" and _may_start(loop, transaction):
            _start(loop, transaction, pool)
            writing += 1


def _may_start(loop: _Loop, transaction: Transaction) -> bool:
    phase = loop.phase
    documents = {t.document for t in loop.plan.transactions if phase[t.id] in ("writing", "settling")}
    return (
        all(phase[before] in ("recorded", "pending") for before in transaction.after)
        and all(phase[before] == "recorded" for before in transaction.gates)
        and all(phase[before] not in ("waiting", "writing") for before in transaction.soft)
        and transaction.document not in documents
    )


def _skip_hopeless(loop: _Loop) -> None:
    """What waits for something that failed is skipped, and what lies behind a red gate is stopped."""
    bad = {"failed": "failed", "red": "was verified red", "skipped": "was skipped", "stopped": "was stopped"}
    for transaction in loop.plan.transactions:
        if loop.phase[transaction.id] != "waiting":
            continue
        for before in (*transaction.after, *transaction.gates):
            phase = loop.phase[before]
            if phase not in bad and not (phase == "pending" and before in transaction.gates):
                continue
            behind = before in transaction.gates or phase == "stopped"
            loop.phase[transaction.id] = "stopped" if behind else "skipped"
            source = next(t for t in loop.plan.transactions if t.id == before)
            loop.why[transaction.id] = f"{_subject(source)} {bad.get(phase, 'is not confirmed yet')}"
            if behind:
                loop.codes.add(10)
            _tell(loop, "skipped", transaction, loop.why[transaction.id])
            break


def _start(loop: _Loop, transaction: Transaction, pool: ThreadPoolExecutor) -> None:
    loop.phase[transaction.id] = "writing"
    loop.since[transaction.id] = loop.setting.clock.now()
    _tell(
        loop,
        "writing",
        transaction,
        data={"stage": transaction.stage, "expected_seconds": _expected_seconds(loop, transaction)},
    )
    try:
        job = _job(loop, transaction)
    except HaplanError as error:
        loop.queue.put(Broke(Task(transaction, ()), error))
        return
    pool.submit(lambda: loop.queue.put(work(job)))


def _job(loop: _Loop, transaction: Transaction) -> Job:
    parts: list[Part] = []
    targets = []
    for placed in transaction.placed:
        change = loop.plan.change(placed.address)
        if change is None:
            raise ProviderError(
                f"{placed.address}: is in a stage but not among the changes; the plan is damaged, plan again"
            )
        change = _with_known(loop, change)
        row = loop.rows.get((change.address, change.deposed))
        parts.append(Part(change, placed.placement, None, row))
        owner = loop.plan.change(change.owner) or loop.rows.get((change.owner, ""))
        targets.append(target_of(change, row, owner))
    setting = loop.setting
    timeouts = {**loop.plan.timeouts, **{k: v for part in parts for k, v in part.change.lifecycle.timeouts.items()}}
    task = Task(transaction, tuple(parts), transaction.orders, timeouts, setting.clock.now())
    return Job(
        task=task,
        provider=setting.providers[transaction.provider],
        targets=tuple({target.address: target for target in targets}.values()),
        touched=frozenset(loop.touched),
        announce=lambda intent: _ask(loop, intent),
        progress=lambda text: loop.queue.put(_Progress(transaction.document, transaction.id, text)),
        rules=tuple(rule for rule in setting.rules if "A" in rule.moments),
        types=setting.types,
        run=setting.run.id,
    )


def _with_known(loop: _Loop, change: Change) -> Change:
    if change.after is None:
        return change
    after = resolved(change.after, loop.known)
    missing = unknown_in(after)
    if missing is not None:
        words = ".".join(map(str, missing))
        raise ProviderError(f"{change.address}: {words} is still unknown: what it refers to gave no such value")
    return attrs.evolve(change, after=after)


def _ask(loop: _Loop, intent: Intent) -> None:
    """Called in a worker: wait until the loop has made the intent durable."""
    answer: SimpleQueue[HaplanError | None] = SimpleQueue()
    loop.queue.put(_Announce(intent, answer))
    refusal = answer.get()
    if refusal is not None:
        raise refusal


# --- Waiting ----------------------------------------------------------------------------------------------------------


def _next(loop: _Loop) -> Any:
    """The next message; None when it is time to look around."""
    busy = "writing" in loop.phase.values() or bool(loop.polling)
    try:
        return loop.queue.get(timeout=TICK) if busy else loop.queue.get_nowait()
    except Empty:
        if not busy:
            _let_time_pass(loop)
        return None


def _let_time_pass(loop: _Loop) -> None:
    """Nothing is being written: sleep until the next poll, in slices short enough for Ctrl-C and the lease."""
    now = loop.setting.clock.now()
    until = min((at for at in loop.next_poll.values()), default=now)
    pause = min(max(until - now, 0.0), HEARTBEAT)
    if pause > 0:
        loop.setting.clock.sleep(pause)


def _poll_due(loop: _Loop, pollers: ThreadPoolExecutor) -> None:
    """One poller a provider asks about all its settling transactions at once."""
    now = loop.setting.clock.now()
    for key, provider in loop.setting.providers.items():
        tasks = [self_task for t in _in_phase(loop, "settling", key) for self_task in [loop.tasks[t.id][0]]]
        if not tasks or key in loop.polling or now < loop.next_poll.get(key, 0.0):
            continue
        loop.polling.add(key)
        loop.next_poll[key] = now + provider.poll_seconds
        pollers.submit(_poll, loop.queue, key, provider, tasks)


def _poll(queue: "SimpleQueue[Any]", key: str, provider: Provider, tasks: list[Task]) -> None:
    try:
        queue.put(_Polled(key, provider.settled(tasks)))
    except HaplanError as error:
        queue.put(_Polled(key, {}, error))
    except Exception as error:  # a provider is a plugin: name it
        text = f"provider {key!r} broke while waiting: {type(error).__name__}: {error}"
        queue.put(_Polled(key, {}, ProviderError(text)))


def _in_phase(loop: _Loop, phase: str, provider: str) -> Iterable[Transaction]:
    return [t for t in loop.plan.transactions if loop.phase[t.id] == phase and t.provider == provider]


def _keep_lease(loop: _Loop) -> None:
    now = loop.setting.clock.now()
    if now - loop.beat < HEARTBEAT:
        return
    loop.beat = now
    try:
        loop.setting.backend.renew(loop.setting.holder)
    except Locked as error:
        loop.codes.add(1)
        loop.setting.stop.set()
        loop.setting.tell(Event("warning", now, text=f"the lock was lost, nothing more is written: {error}"))


# --- What happened ----------------------------------------------------------------------------------------------------


def _handle(loop: _Loop, message: Any) -> None:
    match message:
        case _Announce():
            _announce(loop, message)
        case _Progress():
            loop.setting.tell(
                Event(
                    "progress",
                    loop.setting.clock.now(),
                    document=message.document,
                    text=message.text,
                    data={"transaction": message.transaction},
                )
            )
        case Done():
            _written(loop, message)
        case Broke():
            _broke(loop, message)
        case _Polled():
            _polled(loop, message)


def _announce(loop: _Loop, message: _Announce) -> None:
    intent = message.intent
    try:
        loop.setting.backend.renew(loop.setting.holder)
        loop.beat = loop.setting.clock.now()
        made = loop.setting.backend.journal(intent)
    except HaplanError as error:
        message.answer.put(error)
        return
    loop.writes += 1
    loop.intents.setdefault(intent.transaction, []).append(made.id)
    transaction = next(t for t in loop.plan.transactions if t.id == intent.transaction)
    _tell(loop, "step", transaction, intent.step, address=intent.address)
    message.answer.put(None)


def _written(loop: _Loop, message: Done) -> None:
    task, written = message.task, message.written
    transaction = task.transaction
    loop.tasks[transaction.id] = (task, written)
    loop.touched |= {part.change.address for part in task.parts}
    changes = [part.change for part in task.parts]
    for change in changes:
        _learn(loop, change, written)
    _tell(loop, "written", transaction, data={"seconds": loop.setting.clock.now() - loop.since[transaction.id]})
    if written.settling:
        loop.phase[transaction.id] = "settling"
        _save(
            loop, transaction, [change for change in changes if change.action is not Action.DELETE], written, "pending"
        )
        loop.next_poll[transaction.provider] = min(
            loop.next_poll.get(transaction.provider, 0.0), loop.setting.clock.now() + TICK
        )
    else:
        _verify(loop, task, written)


def _learn(loop: _Loop, change: Change, written: Written) -> None:
    known = {**(change.after or {}), **written.values.get(change.address, {})}
    if change.address in written.ids or change.id:
        known["id"] = written.ids.get(change.address) or change.id
    loop.known[change.address] = {**loop.known.get(change.address, {}), **known}


def _polled(loop: _Loop, message: _Polled) -> None:
    loop.polling.discard(message.provider)
    if message.error is not None:
        _stop_if_fatal(loop, message.error)
        for transaction in _in_phase(loop, "settling", message.provider):
            _fail(loop, transaction, str(message.error), red=True)
        return
    for number, settlement in message.found.items():
        if loop.phase.get(number) == "settling":
            _settlement(loop, number, settlement)


def _settlement(loop: _Loop, number: str, settlement: Settlement) -> None:
    task, written = loop.tasks[number]
    written = _more(written, settlement.written)
    loop.tasks[number] = (task, written)
    elapsed = loop.setting.clock.now() - loop.since[number]
    data = {"elapsed": elapsed, "expected": _expected_seconds(loop, task.transaction)}
    match settlement.state:
        case "waiting":
            _tell(loop, "settling", task.transaction, settlement.text, data=data)
        case "failed":
            _fail(loop, task.transaction, settlement.text, red=True)
        case "queued":
            loop.why[number] = settlement.text
            _record(loop, task, written, "pending")
        case "done":
            _verify(loop, task, written)


def _more(written: Written, more: Written) -> Written:
    return Written(
        {**written.ids, **more.ids},
        {a: {**written.values.get(a, {}), **more.values.get(a, {})} for a in {**written.values, **more.values}},
        {a: {**written.private.get(a, {}), **more.private.get(a, {})} for a in {**written.private, **more.private}},
        written.settling,
    )


def _verify(loop: _Loop, task: Task, written: Written) -> None:
    """The last look: the provider's own and the rules after a step. A red one stops what lies behind a gate."""
    try:
        findings = [*loop.setting.providers[task.transaction.provider].verify(task), *_checks(loop, task)]
    except HaplanError as error:
        _stop_if_fatal(loop, error)
        _fail(loop, task.transaction, str(error), red=True)
        return
    loop.findings += findings
    red = [finding for finding in findings if finding.severity == "error"]
    if red:
        _fail(loop, task.transaction, "; ".join(f"{f.rule}: {f.message}" for f in red), red=True)
        return
    _tell(loop, "verified", task.transaction)
    _record(loop, task, written, "recorded")


def _checks(loop: _Loop, task: Task) -> list[Finding]:
    rules = [rule for rule in loop.setting.rules if "C" in rule.moments]
    if not rules:
        return []
    provider = loop.setting.providers[task.transaction.provider]
    targets = tuple(target_of(part.change, part.row, None) for part in task.parts)
    reading = provider.read(Query(targets, 60.0))
    view = CheckView(task, provider.facts(targets), reading.seen)
    return [finding for rule in rules for finding in rule.check(view)]


# --- Recording --------------------------------------------------------------------------------------------------------


def _record(loop: _Loop, task: Task, written: Written, phase: str) -> None:
    transaction = task.transaction
    for part in task.parts:
        _learn(loop, part.change, written)
        loop.left[part.change.address] -= 1
    loop.phase[transaction.id] = phase
    _save(loop, transaction, [part.change for part in task.parts], written, "ok")
    if phase == "pending":
        _tell(loop, "queued", transaction, loop.why[transaction.id])
    seconds = loop.setting.clock.now() - loop.since[transaction.id]
    _tell(loop, "recorded", transaction, data={"seconds": seconds, "ids": dict(written.ids)})


def _save(
    loop: _Loop, transaction: Transaction | None, changes: list[Change], written: Written, status: Status
) -> None:
    """One durable update: rows, placements and sequences of a transaction, and its intents."""
    rows: list[Row] = []
    deleted: list[tuple[str, str]] = []
    for change in {change.address: change for change in changes}.values():
        key = (change.address, change.deposed)
        if change.action in GOING or change.after is None:
            if loop.left[change.address] == 0:
                deleted.append(key)
            continue
        final: Status = status if loop.left[change.address] == 0 or status != "ok" else "pending"
        rows.append(row_of(change, written, loop.rows.get(key), final, loop.setting.run.serial))
    expected = {key: loop.versions.get(key, 0) for key in [*((row.address, row.deposed) for row in rows), *deleted]}
    placements = [
        placement_row(
            change, placed.placement, "pending" if transaction and loop.phase[transaction.id] == "pending" else "done"
        )
        for change in changes
        for placed in (transaction.placed if transaction else ())
        if placed.address == change.address and change.action not in GOING and status == "ok"
    ]
    intents = _settled_intents(loop, transaction, changes, written) if status == "ok" else []
    update = Update(
        run=loop.setting.run.id,
        rows=tuple(rows),
        deleted=tuple(deleted),
        expected=expected,
        placements=tuple(placements),
        orders=_orders(transaction) if status == "ok" else (),
        intents=tuple(intents),
    )
    loop.setting.backend.save(update)
    for row in rows:
        loop.rows[row.address, row.deposed] = row
        loop.versions[row.address, row.deposed] = loop.setting.run.serial
    for key in deleted:
        loop.rows.pop(key, None)
        loop.versions.pop(key, None)


def _orders(transaction: Transaction | None) -> tuple[OrderRow, ...]:
    return tuple(OrderRow(o.document, o.list, o.after) for o in transaction.orders) if transaction else ()


def _settled_intents(
    loop: _Loop, transaction: Transaction | None, changes: list[Change], written: Written
) -> list[tuple[int, str, Mapping[str, Any]]]:
    numbers = loop.intents.pop(transaction.id, []) if transaction else []
    for change in changes:
        if loop.left[change.address] == 0:
            numbers += loop.intents.pop(f"address {change.address}", [])
    return [(number, "done", dict(written.ids)) for number in numbers]


# --- Failing ----------------------------------------------------------------------------------------------------------


def _broke(loop: _Loop, message: Broke) -> None:
    transaction = message.task.transaction
    announced = loop.intents.get(transaction.id, [])
    error = message.error
    _stop_if_fatal(loop, error)
    if isinstance(error, ProviderError) and error.lost and announced:
        loop.codes.add(8)
        loop.phase[transaction.id] = "failed"
        loop.why[transaction.id] = f"outcome in doubt: {error}"
        _tell(loop, "failed", transaction, loop.why[transaction.id])
        return
    if announced:
        loop.setting.backend.settle_intents([(number, "failed", {}) for number in loop.intents.pop(transaction.id)])
    code = 5 if isinstance(error, Stale) else 4 if isinstance(error, Denied) else 3
    _fail(loop, transaction, str(error), red=False, code=code)


def _stop_if_fatal(loop: _Loop, error: HaplanError) -> None:
    """Credentials that are not accepted any more, or a lost lock, end the run: nothing else could succeed."""
    if isinstance(error, Unauthorized | Locked | StateNotSaved):
        loop.setting.stop.set()


def _fail(loop: _Loop, transaction: Transaction, text: str, *, red: bool, code: int = 3) -> None:
    gates = any(transaction.id in other.gates for other in loop.plan.transactions)
    loop.phase[transaction.id] = "red" if red else "failed"
    loop.why[transaction.id] = text
    loop.codes.add(10 if red and gates else code)
    if red:
        task, written = loop.tasks[transaction.id]
        kept = [part.change for part in task.parts if part.change.after is not None]
        _save(loop, transaction, kept, written, "incomplete")
        loop.setting.backend.settle_intents([(number, "done", {}) for number in loop.intents.pop(transaction.id, [])])
    _tell(loop, "failed", transaction, text)


# --- The end ----------------------------------------------------------------------------------------------------------


def _finish(loop: _Loop) -> None:
    setting, plan = loop.setting, loop.plan
    interrupted = [t for t in plan.transactions if loop.phase[t.id] in ("waiting", "settling")]
    if interrupted and setting.stop.is_set() and not loop.codes:
        loop.codes.add(7)
    setting.backend.save(
        Update(
            run=setting.run.id,
            outputs=outputs_after(plan.outputs, setting.state, loop.known),
            identities=plan.identities,
            settings=plan.settings,
            memories=plan.memories,
        )
    )


def _result(loop: _Loop, seconds: float) -> Result:
    found: dict[str, list[Outcome]] = {
        name: [] for name in ("done", "failed", "skipped", "stopped", "in_doubt", "pending")
    }
    for change in loop.plan.changes:
        phases = [
            (loop.phase[t.id], t.id)
            for t in loop.plan.transactions
            if any(p.address == change.address for p in t.placed)
        ]
        name, text = _came_of(loop, phases)
        known = loop.known.get(change.address, {}).get("id", change.id)
        found[name].append(Outcome(change.address, change.action, text, str(known or "")))
    order = (9, 8, 3, 10, 7, 5, 4, 1)
    code = next((code for code in order if code in loop.codes), 0)
    if code == 3 and not loop.writes:
        code = 1
    outputs = {out.name: resolved(out.after, loop.known) for out in loop.plan.outputs if out.after is not None}
    return Result(
        run=loop.setting.run.id,
        exit_code=code,
        findings=tuple(loop.findings),
        outputs=outputs,
        seconds=seconds,
        writes=loop.writes,
        **{name: tuple(outcomes) for name, outcomes in found.items()},
    )


def _came_of(loop: _Loop, phases: list[tuple[str, str]]) -> tuple[str, str]:
    """The worst of a change's transactions decides."""
    for phase, name in (
        ("failed", "failed"),
        ("red", "failed"),
        ("stopped", "stopped"),
        ("skipped", "skipped"),
        ("waiting", "skipped"),
        ("settling", "pending"),
        ("pending", "pending"),
    ):
        for found, number in phases:
            if found == phase:
                why = loop.why.get(number, "")
                if why.startswith("outcome in doubt"):
                    return "in_doubt", why
                if phase in ("waiting", "settling"):
                    why = why or (
                        "interrupted before it began"
                        if phase == "waiting"
                        else "interrupted while waiting; the next apply goes on"
                    )
                return name, why
    return "done", ""


def _subject(transaction: Transaction) -> str:
    return transaction.placed[0].address if transaction.placed else transaction.document


def _expected_seconds(loop: _Loop, transaction: Transaction) -> int:
    return max((change.impact.seconds for change in loop.plan.of(transaction)), default=0)


def _tell(
    loop: _Loop,
    kind: str,
    transaction: Transaction,
    text: str = "",
    *,
    address: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    changes = [loop.plan.change(placed.address) for placed in transaction.placed]
    loop.setting.tell(
        Event(
            kind,
            loop.setting.clock.now(),
            address=address or _subject(transaction),
            document=transaction.document,
            text=text,
            data={
                "transaction": transaction.id,
                "addresses": list(dict.fromkeys(placed.address for placed in transaction.placed)),
                "actions": {change.address: change.action.value for change in changes if change},
                **(data or {}),
            },
        )
    )

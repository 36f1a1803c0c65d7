"""One write: read once more, refuse what moved since the plan, then hand the task to the provider.

Runs in a thread of its own. Whatever must be durable is asked of the run's loop, which alone talks to the state.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import attrs

from haplan.contracts import ApplyView, Part, Provider, Query, Reading, Seen, Target, Task, Written
from haplan.errors import Denied, HaplanError, Locked, ProviderError, Unauthorized
from haplan.model.compare import merged
from haplan.model.document import Document
from haplan.model.event import EventKind
from haplan.model.finding import Finding, Rule
from haplan.model.plan import Action, Change
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.state import Intent, Row
from haplan.model.targets import asked_with
from haplan.model.unfinished import BEGUN, places
from haplan.model.value import Tree
from haplan.steps.apply.beside import Beside, rebased
from haplan.steps.apply.carried import Carried, as_written, carries, written
from haplan.steps.apply.own import Own
from haplan.steps.apply.partial import Half, halves
from haplan.steps.apply.refusals import refuse_gone, refuse_moved, refuse_unread
from haplan.steps.apply.run_context import Ending
from haplan.wall.announcing import announcement, told

MAX_AGE = 60.0
"""Seconds that a bulk list may be old to answer for a comparison before a write (design: "no older than 60 s")."""


@attrs.frozen(kw_only=True)
class Job:
    """What a worker is given.

    Attributes:
        task: With references resolved.
        provider: Who writes.
        targets: The task's resources, as `Provider.read` takes them.
        own: What runs of haplan wrote since the plan: that is expected to have moved. It is asked after what is there
            was read: others write meanwhile.
        io: What the provider reports to.
        rules: Of the moment before a write.
        types: Resource types.
        beside: What else is in the document.
        recorded: The rows to look with, as for the plan, where documents are made of many resources.
        carried: What a dead run left of this very write, or None.
    """

    task: Task
    provider: Provider
    targets: tuple[Target, ...]
    own: Own
    io: "Steps"
    rules: tuple[Rule, ...]
    types: Mapping[str, TypeInfo]
    beside: Beside
    recorded: Mapping[str, Row]
    carried: Carried | None = None


@attrs.frozen(kw_only=True)
class Done:
    """A write that ended well, and what ends it after its checks; with `carried` it is a dead run's, which is gone on
    with. `moved` is what is not as it was recorded beside it.
    """

    task: Task
    written: Written
    ending: Ending = Ending()
    carried: Carried | None = None
    moved: tuple[str, ...] = ()


@attrs.frozen
class Broke:
    """A write that did not; `halves` is what it left, where that was looked at."""

    task: Task
    error: HaplanError
    halves: tuple[Half, ...] = ()


LastStep = Literal["confirm", "revert"]


@attrs.frozen
class Ended:
    """A write that was confirmed, or is being taken back; `error` says that it was not.

    Attributes:
        written: What `Provider.revert` gave.
    """

    task: Task
    step: LastStep
    error: HaplanError | None = None
    written: Written = Written(settling=False)


class Steps:
    """What the provider reports to.

    Threads: one, the worker's; what it is given passes on through the mailbox.

    Args:
        announce: Makes an intent durable, or is asked about one that is; raises if this run may not write any more.
        tell: Tells how it goes, or what is kept: the event's kind and its text.
        run: Id of the run.
        own: Is told before each write.
    """

    def __init__(
        self,
        task: Task,
        announce: Callable[[Intent, bool], None],
        tell: Callable[[EventKind, str], None],
        *,
        run: str,
        own: Own,
    ) -> None:
        self._task = task
        self._own = own
        self._last: Intent | None = None
        self._carries: dict[str, Tree] = {BEGUN: carries(task.parts, own.several)}
        self._announce = announce
        self._tell = tell
        self.run = run
        self.announced = False

    def about_to(self, step: str, address: str, key: Mapping[str, Tree], *, idempotent: bool = False) -> None:
        transaction = self._task.transaction
        self._last = Intent(
            run=self.run,
            transaction=transaction.id,
            address=address,
            addresses=tuple(dict.fromkeys(part.change.address for part in self._task.parts)),
            document=transaction.document,
            provider=transaction.provider,
            step=str(step),
            key=announcement(self._task, str(step), address, key),
            idempotent=idempotent,
            result={} if self.announced else self._carries,
        )
        self._announce(self._last, False)
        self._own.begins(self._task)
        self.announced = True

    def still(self) -> None:
        if self._last is not None:
            self._announce(self._last, True)

    def progress(self, text: str) -> None:
        self._tell("progress", told(text))

    def evidence(self, text: str) -> None:
        self._tell("evidence", told(text))


def work(job: Job) -> Done | Broke:
    """Carry out one transaction; never raises."""
    task = job.task
    try:
        if task.parts and task.parts[0].change.action is Action.READ:
            return Done(task=task, written=_looked_up(job))
        document = task.transaction.document
        asked = Query(
            targets=(*job.targets, *job.beside.targets(task)),
            max_age=MAX_AGE,
            recorded=job.recorded,
            document=document,
            orders=task.orders,
        )
        reading = job.provider.read(asked)
        moved = job.beside.moved(task, asked, reading)
        refuse_unread(reading, job.targets)
        task = _with_seen(task, reading.seen)
        went_back = job.carried is not None and job.carried.going_back
        if went_back:
            refuse_gone(task)
        else:
            task = _found_again(task, job.own)
            refuse_moved(task, job.own, job.types, job.provider.by_id)
        if not (job.own.wrote(task.transaction.provider, document) or went_back):
            task = attrs.evolve(task, orders=tuple(rebased(one, reading) for one in task.orders))
        _refuse_by_rule(task, job, reading)
        ending = _ending(job.provider, document)
        if job.carried is not None and not went_back and as_written(*_as_it_runs(task, job, reading), job.types):
            return _gone_on(task, job.carried, ending, job)
        gave = job.provider.write(_with_what_is_left(task), job.io)
        return Done(task=task, written=gave, ending=ending, moved=moved)
    except HaplanError as error:
        return Broke(task, error, _left_behind(job, task, error))


def _with_what_is_left(task: Task) -> Task:
    """What a document may still have from before changes that it did not confirm is what goes from it now."""
    parts = []
    for part in task.parts:
        left = places(part.row.private) if part.row is not None else {}
        was = left.get((part.placement.document, part.placement.part))
        if was is not None:  # of what is gone elsewhere, and made again, too
            part = attrs.evolve(part, change=attrs.evolve(part.change, before=merged(was, part.change.before or {})))
        parts.append(part)
    return attrs.evolve(task, parts=tuple(parts))


def _as_it_runs(task: Task, job: Job, reading: Reading) -> tuple[Task, Reading]:
    """Read once more, with what the document has of it though it does not count as having it yet."""
    if not any(target.waiting for target in job.targets):
        return task, reading
    targets = tuple(attrs.evolve(target, waiting=frozenset()) for target in job.targets)
    document = task.transaction.document
    found = job.provider.read(
        Query(targets=targets, max_age=MAX_AGE, recorded=job.recorded, document=document, orders=task.orders)
    )
    refuse_unread(found, job.targets)
    return _with_seen(task, found.seen), found


def _ending(provider: Provider, document: Document) -> Ending:
    """What will end the write; asked for before it, so that who cannot tell writes nothing."""
    if not (provider.confirmed or provider.revertible):
        return Ending()
    takes_back = provider.takes_back(document)
    return Ending(provider.confirmed and takes_back, provider.revertible and takes_back)


def _gone_on(task: Task, carried: Carried, ending: Ending, job: Job) -> Done:
    job.io.progress(f"run {carried.run} wrote it; going on from there")
    gave = written(task, carried.receipt, job.types)
    task = attrs.evolve(task, started=carried.started)
    return Done(task=task, written=gave, ending=ending, carried=carried)


def _looked_up(job: Job) -> Written:
    """What a data source is like now, as if it had been written."""
    (part,) = job.task.parts
    (target,) = job.targets
    reading = job.provider.read(Query(targets=(target,)))
    refuse_unread(reading, job.targets)
    seen = reading.seen.get(target.address)
    if seen is None:
        kind = part.change.type.replace("_", " ")
        raise ProviderError(f"{target.address}: no {kind} named {target.name!r} exists; create it, or mend the name")
    return Written(ids={target.address: seen.id}, values={target.address: seen.values}, settling=False)


def end(job: Job, step: LastStep) -> Ended:
    """Confirm a write, or take it back: one more remote write, announced as any other. Never raises."""
    task = job.task
    try:
        job.io.about_to(step, task.parts[0].change.address, {}, idempotent=True)
        if step == "revert":
            return Ended(task, step, written=job.provider.revert(task))
        job.provider.confirm(task)
    except HaplanError as error:
        return Ended(task, step, error)
    return Ended(task, step)


def _left_behind(job: Job, task: Task, error: HaplanError) -> tuple[Half, ...]:
    """What there is of a write that broke off, where it is not all or nothing, or its answer got lost; nothing if
    nobody can tell."""
    unknown = not job.provider.atomic or (isinstance(error, ProviderError) and error.lost)
    if not unknown or not job.io.announced or isinstance(error, Unauthorized | Locked):
        return ()
    targets = tuple(attrs.evolve(target, pending=True, waiting=frozenset()) for target in job.targets)
    try:
        reading = job.provider.read(Query(targets=targets, recorded=job.recorded, document=task.transaction.document))
    except HaplanError:  # what broke the write may well break the look; the write's own error is what is told
        return ()
    found = () if reading.unread else tuple(halves(task, reading.seen, job.types))
    # old and new of a replacement may stand beside each other: its address tells of one of them alone
    replaced = {part.change.address for part in task.parts if part.change.action is Action.REPLACE}
    return tuple(one for one in found if not (job.provider.atomic and one.address in replaced))


def _with_seen(task: Task, seen: Mapping[str, Seen]) -> Task:
    return attrs.evolve(task, parts=tuple(attrs.evolve(part, seen=seen.get(part.change.key)) for part in task.parts))


def _found_again(task: Task, own: Own) -> Task:
    """What a dead run made, and what came to be seen only after the plan, is gone on with: made again it would be
    there twice."""

    def again(part: Part) -> Part:
        change, seen = part.change, part.seen
        if change.action is not Action.CREATE or seen is None or change.address not in own.left - own.changes():
            return part
        found = attrs.evolve(
            change, action=Action.IMPORT, reason=Reason.RESUMED, id=seen.id, importing=seen.id, incomplete=True
        )
        return attrs.evolve(part, change=attrs.evolve(found, before={}, private=dict(seen.private)))

    return attrs.evolve(task, parts=tuple(map(again, task.parts)))


def _refuse_by_rule(task: Task, job: Job, reading: Reading) -> None:
    if not job.rules:
        return
    view = ApplyView(task, job.provider.facts(job.targets, reading.look))
    found: list[Finding] = [
        finding for rule in job.rules for finding in rule.check(view) if finding.severity == "error"
    ]
    if found:
        raise Denied("; ".join(f"{finding.rule}: {finding.message}" for finding in found))


def target_of(
    change: Change, row: Row | None, owner: Change | Row | None, holds: frozenset[tuple[str, str]] = frozenset()
) -> Target:
    """A change as `Provider.read` is asked for it."""
    if change.action is Action.READ:
        name = str((change.after or {}).get("name", change.name))
        return Target(address=change.key, type=change.type, name=name, data=True)
    return Target(
        address=change.key,
        type=change.type,
        name=str((change.before or {}).get("name", change.name)),
        id=change.id,
        owner=change.owner,
        owner_name=owner.name if owner else "",
        owner_type=owner.type if owner else "",
        values=asked_with(change, row),
        row=row,
        pending=change.reason is Reason.RESUMED,
        needs=change.depends_on,
        holds=holds,
    )

"""One device's transaction: private copy → load → compare → check → confirmed commit.

The commit's log carries the run: that is how haplan knows its own commit again after a session that ended in the middle
of it. Nobody confirms before the checks over a new session; a device that is left alone goes back by itself.
"""

from collections.abc import Callable, Mapping, Sequence

import attrs

from haplan.design.clusters import refreshes
from haplan.design.index import Resource
from haplan.design.resources import GOING, of_change
from haplan.plugin import (
    Change,
    Clock,
    Document,
    Io,
    Part,
    ProviderError,
    Reason,
    Task,
    Tree,
    Written,
    decode,
)
from haplan_srx.device.operational import Commit
from haplan_srx.device.replies import Refused
from haplan_srx.device.rpcs import Box
from haplan_srx.estate import Estate, Nodes
from haplan_srx.private import Given, Private, as_plain, from_plain, given_in, kept_in
from haplan_srx.translate import xml
from haplan_srx.translate.difference import Difference, Scope, Set, difference
from haplan_srx.translate.log import CommitLog
from haplan_srx.translate.losses import origin as origin_of
from haplan_srx.translate.monitoring import probed
from haplan_srx.translate.recorded import (
    after,
    before,
    joined,
    nodes_of,
    of_device,
    recorded,
)
from haplan_srx.translate.statements import Configuration, Live, Path, Statement
from haplan_srx.write.fate import stands
from haplan_srx.write.receipt import Receipt
from haplan_srx.write.steps import Step

OVERWRITTEN = "overwritten"
"""Key of what a commit overwrites, in its announcement."""
WAIT = 10.0
"""Seconds between two looks for a commit whose session ended."""


@attrs.frozen(kw_only=True)
class Writer:
    """What a transaction is written with.

    Attributes:
        estate: The devices.
        secret: Gives the secret behind a source.
        io: Whom to tell.
        overrides: Model → slots per node, as the user says.
    """

    estate: Estate
    secret: Callable[[str], str]
    io: Io
    overrides: Mapping[str, int]


@attrs.frozen(kw_only=True)
class Work:
    """One transaction worked out: what it is to do on a device.

    Attributes:
        nodes: Where it is reached.
        wanted, owned: What haplan says then, and what it said until now.
        kept: What haplan once overwrote there.
        scope: What the task is about; None is about all that haplan says there.
        untold: No state has the order of some interfaces: what runs tells it.
        given: Names and numbers on it that are to be recorded.
    """

    nodes: Nodes
    wanted: Configuration
    owned: Configuration
    kept: Mapping[Path, tuple[str, ...]]
    scope: Scope | None = None
    untold: bool = False
    given: Given = Given()

    def on(self, live: Live) -> Difference:
        """The edits for what a device has."""
        return difference(self.wanted, self.owned, live, self.kept, self.scope)


def prepare(task: Task, overrides: Mapping[str, int], live: Live | None = None) -> Work:
    """Work out what a transaction is to do; pure. `live` is asked for what no state tells, see `Work.untold`.

    Raises:
        ProviderError: The cluster of the document is neither recorded nor in the task.
    """
    name = task.transaction.document.name
    touched = [
        (part.change.address, values) for part in task.parts for values in (part.change.before, part.change.after)
    ]
    task = attrs.evolve(task, recorded=of_device(task.recorded, name, touched))
    then, was = after(task, overrides), before(task, overrides)
    fresh = {part.change.address for part in task.parts if part.change.before is None}
    now = recorded({address: row for address, row in task.recorded.items() if address not in fresh}, overrides)
    cluster = _named(name, *(picture.design.of("cluster") for picture in (then, was, now)))
    if cluster is None:
        raise ProviderError(f"device:{name}: its cluster is not recorded any more; plan again")
    untold = any(picture.untold for picture in (then, was, now))
    if untold and live is not None:
        then, was, now = (picture.told({cluster.address: live}, {}) for picture in (then, was, now))
    then = then.following(was if was.translation(cluster.address) is not None else then)
    owned, wanted, scope = Configuration(), then.configuration(cluster.address), None
    if _configured(task, cluster.address):
        known = (was.configuration(cluster.address), *now.said(cluster.address))
        owned, scope = joined(*known), _scope(task, wanted, known)
    kept = kept_in(task.recorded.values(), task.transaction.document)
    earlier = given_in(task.recorded.values()).get(task.transaction.document, Given())
    given = Given(earlier.number + 1, then.to_record(cluster.address))
    return Work(
        nodes=nodes_of(cluster), wanted=wanted, owned=owned, kept=kept, scope=scope, untold=untold,
        given=given if given.names or earlier.names else Given(),
    )  # fmt: skip


def _scope(task: Task, wanted: Configuration, known: Sequence[Configuration]) -> Scope | None:
    """What a task is about: what its resources say, and what becomes another statement by them.

    One that goes on with what a dead run left is about all: rows may say more by now than the device has. So is one
    that finds other boxes there, which have nothing of it.
    """
    changes = [part.change for part in task.parts]
    if any(one.reason is Reason.RESUMED or refreshes(one.before, one.after) for one in changes):
        return None
    changing = {part.change.address for part in task.parts}
    paths = set()
    for said in (wanted, *known):
        for path, one in said.statements.items():
            same = all(path in other.statements and _alike(one, other.statements[path]) for other in (wanted, *known))
            if one.origin in changing or not same:
                paths.add(path)
    return Scope(frozenset(paths), bool(task.orders))


def _alike(one: Statement, other: Statement) -> bool:
    return (one.values, one.secret) == (other.values, other.secret)


def _configured(task: Task, cluster: str) -> bool:
    """Whether haplan ever configured a device: rows may be there before it, from other devices of the same run.

    The row of a pair that is being replaced, because it moves to another site, begins anew; its change still knows.
    """
    row = task.recorded.get(cluster)
    noted = [row.private] if row is not None else []
    noted += [part.change.private for part in task.parts if part.change.address == cluster]
    return any(Private.of(private).configured for private in noted)


def _named(name: str, *listed: list[Resource]) -> Resource | None:
    return next((one for clusters in listed for one in clusters if one.name == name), None)


def write(task: Task, writer: Writer) -> Written:
    """Carry out one transaction, up to the commit that is still to be confirmed.

    Raises:
        Refused: The device does not want it; nothing was changed.
        ProviderError: Nothing was changed, unless it is `lost`.
    """
    estate, io = writer.estate, writer.io
    what = prepare(task, writer.overrides)
    box = estate.primary(what.nodes)
    written = _written(task, box)
    try:
        live = box.configuration()
        what = prepare(task, writer.overrides, live) if what.untold else what
        found = what.on(live)
        history, document = box.history(), task.transaction.document
        logs = [str(key.get("log")) for key in task.announced if stands(history, str(key.get("log")))]
        found = _with_earlier(_without_ours(found, what, logs), task, logs)
        if not found.edits:
            written = _keeping(written, task, what, found)
            return _with_receipt(written, estate, what, _unconfirmed(history, document))
        _refuse_trial(estate, history, document)
        log = str(CommitLog(io.run, task.transaction.id, task.transaction.document))
        if not load(
            box, found, writer.secret, io.evidence
        ):  # a copy without changes is not committed, nor in the history
            written = _keeping(written, task, what, found)
            return _with_receipt(written, estate, what, _unconfirmed(history, document))
        key = {"log": log, OVERWRITTEN: as_plain(found.overwritten)}
        io.about_to(Step.COMMIT, task.parts[0].change.address, key, idempotent=True)
        _commit(estate, what.nodes, box, log)
    finally:
        box.put_away()
        estate.outdate(what.nodes.cluster)
    return _with_receipt(_keeping(written, task, what, found), estate, what, log, probed(found))


def _with_receipt(
    written: Written, estate: Estate, what: Work, log: str, targets: tuple[str, ...] = ()
) -> Written:  # fmt: skip
    until = estate.clock.now() + estate.access.confirm_minutes * 60
    receipt = Receipt(log=log, nodes=what.nodes, until=until, probed=targets, reths=what.wanted.reths())
    return attrs.evolve(written, receipt=receipt.plain())


def _unconfirmed(history: Sequence[Commit], document: Document) -> str:
    """The log of the newest commit where it is one of this document that may still take itself back; a run that died
    made it."""
    newest = next(iter(history), None)
    return newest.log if newest is not None and newest.confirmed and _is_of(newest, document) else ""


def _is_of(entry: Commit, document: Document) -> bool:
    log = CommitLog.parse(entry.log)
    return log is not None and log.document == document


def _refuse_trial(estate: Estate, history: Sequence[Commit], document: Document) -> None:
    """What somebody else tries out for some minutes would be there for good by our commit.

    Raises:
        ProviderError: Somebody does; it names who.
    """
    newest = next(iter(history), None)
    if newest is not None and newest.pending(estate.clock.now()) and not _is_of(newest, document):
        raise ProviderError(f"{document}: {on_trial(newest)}; a commit now would confirm that too: apply again then")


def on_trial(entry: Commit) -> str:
    """A commit whose time runs, for people."""
    return f"{entry.user}'s commit of {entry.when} still waits to be confirmed"


def _with_earlier(found: Difference, task: Task, logs: Sequence[str]) -> Difference:
    """With what a run overwrote that died before it could record it: it announced that with its commit."""
    earlier: dict[Path, tuple[str, ...]] = {}
    for key in task.announced:
        if key.get("log") in logs:
            earlier.update(from_plain(key.get(OVERWRITTEN) or ()))
    return attrs.evolve(found, overwritten={**found.overwritten, **earlier}) if earlier else found


def _without_ours(found: Difference, what: Work, logs: Sequence[str]) -> Difference:
    """What a run wrote that died before it could record it is nothing of others."""
    if not found.overwritten or not logs:
        return found
    said = what.wanted.statements
    others = {path: values for path, values in found.overwritten.items()
              if path not in said or said[path].values != values}  # fmt: skip
    return attrs.evolve(found, overwritten=others)


def load(box: Box, found: Difference, secret: Callable[[str], str], keep: Callable[[str], None]) -> bool:
    """Put edits into the candidate, keep what the device says of them, and let it check them; false where they change
    nothing there."""
    box.open_candidate()
    return check(box, found, secret, keep)


def check(box: Box, found: Difference, secret: Callable[[str], str], keep: Callable[[str], None]) -> bool:
    """The same where the candidate is open."""
    secrets = {edit.secret: secret(edit.secret) for edit in found.edits if isinstance(edit, Set) and edit.secret}
    for source, text in secrets.items():
        if not text.isprintable():
            raise ProviderError(f"secret {source}: a device takes no control characters or line ends in it")
    box.load(xml.document(list(found.edits), secrets))
    text = box.compare()
    keep(text)
    if text.strip():
        box.check()
    return bool(text.strip())


def _commit(estate: Estate, nodes: Nodes, box: Box, log: str) -> None:
    try:
        box.commit(log, estate.access.confirm_minutes)
    except Refused as error:
        if not _stands(box, log, error):
            raise
    except ProviderError as error:
        if not error.lost or not committed(estate, nodes, log):
            raise


def _stands(box: Box, log: str, refused: Refused) -> bool:
    """Whether a commit was carried out although an error came back: a daemon that was late, a node that was busy.

    Raises:
        ProviderError: The device does not tell: nobody knows.
    """
    try:
        return any(entry.log == log for entry in box.history())
    except ProviderError as error:
        raise ProviderError(f"{refused}; looking what became of it failed too: {error}", lost=True) from None


def committed(estate: Estate, nodes: Nodes, log: str) -> bool:
    """Whether a commit whose answer was lost was carried out: it goes on when its session has ended.

    Raises:
        ProviderError: The device is not reached any more: nobody knows.
    """
    clock: Clock = estate.clock
    until = clock.now() + estate.access.commit_timeout
    while True:
        try:
            if any(entry.log == log for entry in estate.primary(nodes, anew=True).history()):
                return True
        except ProviderError as error:
            if clock.now() >= until:
                raise ProviderError(str(error), lost=True) from None
        if clock.now() >= until:
            return False
        clock.sleep(WAIT)


# --- what the engine records ---


def _written(task: Task, box: Box) -> Written:
    """Ids of what the task carries, and what each said before: other devices may still have that."""
    ids: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    private: dict[str, dict[str, Tree]] = {}
    for part in task.parts:
        change = part.change
        if change.action in GOING:
            continue
        id_ = change.id or id_of(change)
        ids[change.address] = id_
        if change.type not in ("steering", "policy"):
            values[change.address] = {"id": id_}
        if change.before is not None and part.placement.apart:
            private[change.address] = Private(was=_said_before(part)).plain()
        if change.type == "cluster" and part.placement.own:
            private[change.address] = Private(configured=True, serials=box.serials()).plain()
    return Written(ids=ids, values=values, private=private, settling=True)


def _said_before(part: Part) -> Mapping[str, Tree]:
    """What a resource said before a change, as it was recorded: what was seen of it holds words where a device has
    something else."""
    row = part.row
    if row is None:
        return part.change.before or {}
    earlier = Private.of(row.private).was if row.status != "ok" else None
    if earlier is not None:  # a device took the change already, or may have
        return earlier
    return {"name": row.name, **{name: value for name, value in decode(row.values).items() if name in row.declared}}


def id_of(change: Change) -> str:
    """Of a cluster the MAC address of its node0; what a device has no id for is known by its name."""
    if change.type != "cluster":
        return change.name
    return next(iter(nodes_of(of_change(change, change.after)).hosts), change.name)


def _keeping(written: Written, task: Task, what: Work, found: Difference) -> Written:
    """With what was overwritten, in the row of the resource that said what stands there now, and with the names and
    numbers that were given, in all of them."""
    stay = [part.change.address for part in task.parts if part.change.action not in GOING]
    document = task.transaction.document
    private = dict(written.private)
    for address, kept in _kept(task, what, found, stay).items():
        private[address] = attrs.evolve(Private.of(private.get(address, {})), kept={document: kept}).plain()
    for address in stay if what.given.number else ():
        private[address] = attrs.evolve(Private.of(private.get(address, {})), given={document: what.given}).plain()
    return attrs.evolve(written, private=private)


def _kept(task: Task, what: Work, found: Difference, stay: Sequence[str]) -> dict[str, dict[Path, tuple[str, ...]]]:
    """Address → what was overwritten for it in this document, now and before."""
    rows = {row.address: row for row in task.recorded.values()}
    by_address: dict[str, dict[Path, tuple[str, ...]]] = {}
    for path, values in found.overwritten.items() if stay else ():
        origin = origin_of(what.wanted, path)
        by_address.setdefault(origin if origin in stay else stay[0], {})[path] = values
    for address, overwritten in by_address.items():
        earlier = Private.of(rows[address].private).kept.get(task.transaction.document, {}) if address in rows else {}
        by_address[address] = {**earlier, **{path: one for path, one in overwritten.items() if path not in earlier}}
    return by_address

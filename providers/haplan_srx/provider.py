"""The provider ``srx``: translates the vocabulary to chassis clusters of SRX, one confirmed commit a device."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import attrs

from haplan.design import haplan_types
from haplan.design.resources import GOING
from haplan.plugin import (
    Assessment,
    Calls,
    Change,
    Context,
    Document,
    Finding,
    Io,
    Lab,
    LabRequest,
    Placement,
    Provider,
    ProviderError,
    Query,
    Reading,
    Reason,
    Rehearsal,
    Settlement,
    Task,
    Tree,
    Written,
)
from haplan_srx import assess, example, verify
from haplan_srx.config import SrxConfig, access
from haplan_srx.estate import Fleet
from haplan_srx.read import resources
from haplan_srx.translate import documents, recorded
from haplan_srx.translate.recorded import Picture, nodes_of
from haplan_srx.write import forming, writer

PAIRS_POLL, DEVICE_POLL = 5.0, 0.2
"""Seconds until pairs that restart are looked at again, and until a device is looked at that has just been written."""
LONGEST_WRITE = 45.0
"""Seconds that the lock is sure to last. A commit may take longer: it takes itself back unless it is confirmed."""


class SrxProvider(Provider):
    """Pairs of SRX, configured directly over NETCONF.

    Threads: those of an apply. What was sent and seen is under a lock; the fleet takes any.
    """

    name: ClassVar[str] = "srx"
    types: ClassVar[tuple[str, ...]] = haplan_types
    config: ClassVar[type] = SrxConfig
    confirmed: ClassVar[bool] = True
    revertible: ClassVar[bool] = True
    composes: ClassVar[bool] = True
    poll_seconds: float = PAIRS_POLL

    def __init__(self, fleet: Fleet, context: Context, slots: Mapping[str, int]) -> None:
        self._fleet, self._context, self._slots = fleet, context, slots
        self._wanted = self._recorded = Picture(())
        self._sent: dict[str, writer.Sent] = {}
        self._health: dict[str, verify.Health] = {}
        self._lock = threading.Lock()
        self.write_seconds = min(fleet.access.commit_timeout, LONGEST_WRITE)

    @classmethod
    def open(cls, settings: Any, context: Context) -> "SrxProvider":
        """Make one; nothing is sent yet."""
        config = SrxConfig(**settings) if isinstance(settings, Mapping) else settings
        found = access(config, context.environ, context.secret)
        return cls(Fleet(found, context.clock), context, config.slots)

    @classmethod
    def lab(cls, request: LabRequest) -> Lab:
        """Start the simulator."""
        from haplan_srx.labs import start

        return start(request)

    @classmethod
    def example(cls) -> Mapping[str, str]:
        """A pair in one site."""
        return example.FILES

    @classmethod
    def check_extra(cls, type_name: str, extra: Mapping[str, Tree]) -> Iterable[str]:
        """Statements of Junos beside the vocabulary are not taken yet."""
        return [f"{', '.join(extra)}: SRX direct takes no vendor keys"] if extra else []

    # --- looking ---

    def identity(self) -> Mapping[str, str]:
        """The devices are the estate: each is told by the MAC addresses that the stack gives."""
        alias = self._context.key.partition(".")[2]
        return {"kind": "srx devices", "id": "srx", "name": f"SRX devices {alias}".rstrip()}

    def read(self, query: Query) -> Reading:
        """Read each device once."""
        if query.document:
            touched = [(target.address, target.values) for target in query.targets]
            rows = recorded.of_device(query.recorded, query.document.name, touched)
            query = attrs.evolve(query, recorded=rows)
        then, now = recorded.wanted(query, self._slots), recorded.recorded(query.recorded, self._slots)
        if not query.document:
            self._wanted, self._recorded = then, now
        return resources.read(self._fleet, query, now, then)

    def recall(self, query: Query) -> Any:
        """The design, recorded and wanted."""
        self._wanted, self._recorded = (
            recorded.wanted(query, self._slots),
            recorded.recorded(query.recorded, self._slots),
        )
        return None

    def placements(self, change: Change, look: Any) -> Sequence[Placement]:
        """The devices that carry a resource; of a cluster also its forming."""
        reached = self._recorded.reach(change.address) | self._wanted.reach(change.address)
        if change.type != "cluster":
            return documents.apart(self._to_write(change, reached), self._name)
        own = documents.of_cluster(
            change, forms=documents.forms(change), dissolves=bool(change.private.get("formed"))
        )  # fmt: skip
        return [*documents.apart(self._to_write(change, reached - {change.address}), self._name), *own]

    def _to_write(self, change: Change, reached: Iterable[str]) -> list[str]:
        """Of the devices that a change reaches, those that are not as wanted already."""
        if change.position is not None or change.reason is Reason.NONE:
            return sorted(reached)
        return [one for one in sorted(reached) if self._edits(one)]

    def _edits(self, cluster: str) -> bool:
        one = self._wanted.design.resources.get(cluster) or self._recorded.design.resources[cluster]
        look = self._fleet.known(one.name)
        if look is None or not look.clustered:
            return True
        what = writer.Work(nodes_of(one), self._wanted.configuration(cluster), self._recorded.owned(cluster), {})
        return bool(what.on(look.live).edits)

    def _name(self, cluster: str) -> str:
        found = self._wanted.design.resources.get(cluster) or self._recorded.design.resources[cluster]
        return found.name

    def assess(self, change: Change, look: Any) -> Assessment:
        """Cost, reach, and what cannot be done; from what was read."""
        return assess.assess(self._fleet, self._recorded, self._wanted, change, self._slots)

    def calls(self, transactions: Sequence[Task], look: Any) -> Calls:
        """Sessions opened, and those expected: one to write, one to check, one to confirm."""
        return Calls(self.name, self._fleet.calls, 3 * len(transactions), writes=len(transactions))

    # --- writing ---

    def rehearse(self, task: Task) -> Rehearsal | None:
        """Load into a private copy, compare, check, throw away; only of a pair that is formed."""
        look = self._fleet.known(task.transaction.document.name)
        if task.transaction.document.kind == documents.CLUSTER or look is None or not look.clustered:
            return None
        return Rehearsal(writer.rehearse(self._fleet, task, self._slots, self._context.secret))

    def write(self, task: Task, io: Io) -> Written:
        """Carry out one transaction."""
        if task.transaction.document.kind == documents.CLUSTER:
            return forming.write(self._fleet, task, io)
        sent = writer.write(self._fleet, task, io, self._slots, self._context.secret)
        with self._lock:
            self._sent[task.transaction.id] = sent
            self.poll_seconds = DEVICE_POLL
        return sent.written

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        """Pairs by their status; configured devices are looked at over new sessions, many at once."""
        now = self._context.clock.now()
        pairs = [one for one in tasks if one.transaction.document.kind == documents.CLUSTER]
        devices = [one.transaction.id for one in tasks if one not in pairs]
        health = self._fleet.each(devices, lambda number: verify.look(self._fleet, self._sent[number].nodes))
        with self._lock:
            self._health.update(health)
            self.poll_seconds = DEVICE_POLL if self._sent.keys() - self._health.keys() else PAIRS_POLL
        formed = self._fleet.each(range(len(pairs)), lambda at: forming.settled(self._fleet, pairs[at], now))
        return {
            **{number: Settlement("done") for number in devices},
            **{pairs[at].transaction.id: found for at, found in formed.items()},
        }

    def verify(self, task: Task) -> Sequence[Finding]:
        """What was seen over the new session."""
        health = self._health.get(task.transaction.id)
        if health is None:
            return ()
        name = task.transaction.document.name
        going = any(part.change.type == "cluster" and part.change.name == name and part.change.action in GOING
                    for part in task.parts)  # fmt: skip
        return tuple(verify.findings(health, task.parts[0].change.address, name, going=going))

    def takes_back(self, document: Document) -> bool:
        """A commit is; joining and leaving a cluster is not."""
        return document.kind != documents.CLUSTER

    def confirm(self, task: Task) -> None:
        """Confirm the commit, unless the device has gone back by itself."""
        sent = self._sent.get(task.transaction.id)
        if sent is None or not sent.log:
            return
        box = self._fleet.primary(sent.nodes)
        newest = next(iter(box.history()), None)
        if newest is None or newest.log != sent.log:
            raise ProviderError(f"{sent.nodes.cluster}: {sent.log} is not the newest commit any more; it went back")
        box.confirm(f"{sent.log} confirmed")

    def revert(self, task: Task) -> Written:
        """Let the device go back by itself, and see that it did."""
        sent = self._sent.get(task.transaction.id)
        if sent is None or not sent.log:
            return Written(settling=False)
        clock, minutes = self._context.clock, self._fleet.access.confirm_minutes
        until = clock.now() + minutes * 60 + self._fleet.access.commit_timeout
        clock.sleep(minutes * 60)
        while not self._went_back(sent):
            if clock.now() >= until:
                raise ProviderError(f"{sent.nodes.cluster}: did not go back within {minutes} min", lost=True)
            clock.sleep(writer.WAIT)
        self._fleet.outdate(sent.nodes.cluster)
        return Written(settling=False)

    def _went_back(self, sent: writer.Sent) -> bool:
        history = self._fleet.history(attrs.evolve(sent.nodes))
        newest = next(iter(history), None)
        return newest is not None and newest.log != sent.log

    def close(self) -> None:
        """Let go of connections."""
        self._fleet.close()

"""The provider ``srx``: translates the vocabulary to chassis clusters of SRX, one confirmed commit a device."""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from haplan.design import haplan_types
from haplan.design.index import Resource
from haplan.plugin import (
    Assessment,
    Calls,
    Change,
    Context,
    Destination,
    Document,
    Finding,
    Io,
    Lab,
    LabRequest,
    Placement,
    Provider,
    Query,
    Reading,
    Rehearsal,
    Resources,
    Settlement,
    Target,
    Task,
    Tree,
    Written,
)
from haplan_srx import assess, example, settle, verify
from haplan_srx.config import SrxConfig, access, destinations
from haplan_srx.estate import Estate
from haplan_srx.private import stripped
from haplan_srx.read import facts, resources
from haplan_srx.read.look import Look, recall
from haplan_srx.translate import documents
from haplan_srx.translate.recorded import nodes_of
from haplan_srx.write import confirming, forming, retiring
from haplan_srx.write.rehearsal import rehearse
from haplan_srx.write.writer import Writer, write

PAIRS_POLL, DEVICE_POLL = 5.0, 0.2
"""Seconds until pairs that restart are looked at again, and until a device is looked at that has just been written."""
LONGEST_WRITE = 45.0
"""Seconds that the lock is sure to last. A commit may take longer: it takes itself back unless it is confirmed."""
WRITERS = {documents.DEVICE: write, documents.CLUSTER: forming.write, documents.RETIRED: retiring.write}
"""By kind of document."""


class SrxProvider(Provider):
    """Pairs of SRX, configured directly over NETCONF.

    Threads: those of an apply. How soon to look again is under a lock; the estate takes any.
    """

    name: ClassVar[str] = "srx"
    types: ClassVar[tuple[str, ...]] = haplan_types
    config: ClassVar[type] = SrxConfig
    confirmed: ClassVar[bool] = True
    revertible: ClassVar[bool] = True
    by_id: ClassVar[Mapping[str, tuple[str, ...]]] = {"cluster": ("site", "template", "profile")}
    composes: ClassVar[bool] = True
    checks_first: ClassVar[bool] = True
    poll_seconds: float = PAIRS_POLL

    def __init__(self, estate: Estate, context: Context, slots: Mapping[str, int]) -> None:
        self._estate, self._context, self._slots = estate, context, slots
        self._written: set[str] = set()
        self._lock = threading.Lock()
        self.write_seconds = min(estate.access.commit_timeout, LONGEST_WRITE)

    @classmethod
    def open(cls, settings: SrxConfig, context: Context) -> "SrxProvider":
        """Make one; nothing is sent yet."""
        found = access(settings, context.environ, context.secret)
        return cls(Estate(found, context.clock, context.log, context.fingerprint), context, settings.slots)

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
        """Statements of Junos beside the vocabulary, that a device takes and haplan does not say."""
        from haplan_srx.translate import extra as statements

        return tuple(statements.wrong(type_name, extra))

    @classmethod
    def destinations(
        cls, settings: SrxConfig, environ: Mapping[str, str], resources: Resources
    ) -> Sequence[Destination]:
        """The nodes of the clusters."""
        clusters = (values for kind, values in resources if kind == "cluster")
        nodes = [nodes_of(Resource(address="", type="cluster", name="", values=values)) for values in clusters]
        return destinations(settings, environ, [pair for one in nodes for pair in one.hosts.items()])

    @classmethod
    def keeps(cls, private: Mapping[str, Tree]) -> Mapping[str, Tree]:
        """Without the secrets of others that 0.1.0 kept."""
        return stripped(private)

    # --- looking ---

    def identity(self) -> Mapping[str, str]:
        """The devices are the estate: each is told by the MAC addresses that the stack gives. Those of an alias are
        other ones; 0.1.0 called all of them alike."""
        alias = self._context.key.partition(".")[2]
        if not alias:
            return {"kind": "srx devices", "id": "srx", "name": "SRX devices"}
        return {"kind": "srx devices", "id": f"srx.{alias}", "name": f"SRX devices {alias}", "formerly": "srx"}

    def read(self, query: Query) -> Reading:
        """Read each device once."""
        return resources.read(self._estate, query, self._slots)

    def recall(self, query: Query) -> Look:
        """The design, as if all devices were as recorded."""
        return recall(query, self._slots)

    def facts(self, targets: Sequence[Target], look: Look) -> Mapping[str, Mapping[str, Tree]]:
        """What rules want to know of pairs that stand; from what was read."""
        return facts.facts(targets, look)

    def placements(self, change: Change, look: Look) -> Sequence[Placement]:
        """The devices that carry a resource; of a cluster also its forming."""
        return look.placements(change)

    def assess(self, change: Change, look: Look) -> Assessment:
        """Cost, reach, and what cannot be done; from what was read."""
        return assess.assess(look, change, self._estate.access, self._slots)

    def calls(self, transactions: Sequence[Task], look: Any) -> Calls:
        """Sessions opened, and those expected: one to write, one to check, one to confirm."""
        return Calls(
            provider=self.name, made=self._estate.calls, expected=3 * len(transactions), writes=len(transactions)
        )

    # --- writing ---

    def rehearse(self, task: Task) -> Rehearsal | None:
        """Load into a private copy, compare, check, throw away; a box of a pair that is to be formed does that too."""
        if task.transaction.document.kind != documents.DEVICE:
            return None
        said = rehearse(self._estate, task, self._slots, self._context.secret)
        return None if said is None else Rehearsal(said)

    def write(self, task: Task, io: Io) -> Written:
        """Carry out one transaction."""
        kind = task.transaction.document.kind
        if kind == documents.DEVICE:
            self._look_soon({task.transaction.id})
        writer = Writer(estate=self._estate, secret=self._context.secret, io=io, overrides=self._slots)
        return WRITERS[kind](task, writer)

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        """Pairs by their status; configured devices are looked at over new sessions, many at once."""
        self._looked_at({task.transaction.id for task in tasks})
        return settle.settled(self._estate, tasks)

    def _look_soon(self, numbers: Collection[str]) -> None:
        """A device that has been written is looked at soon; how soon is all that is remembered of it."""
        with self._lock:
            self._written |= set(numbers)
            self.poll_seconds = DEVICE_POLL

    def _looked_at(self, numbers: Collection[str]) -> None:
        with self._lock:
            self._written -= set(numbers)
            self.poll_seconds = DEVICE_POLL if self._written else PAIRS_POLL

    def verify(self, task: Task) -> Sequence[Finding]:
        """What was seen over the new session."""
        return verify.told(task)

    def takes_back(self, document: Document) -> bool:
        """A commit is; joining and leaving a cluster is not."""
        return document.kind == documents.DEVICE

    def confirm(self, task: Task) -> None:
        """Confirm the commit, unless the device has gone back by itself."""
        confirming.confirm(self._estate, task, self._slots)

    def revert(self, task: Task) -> Written:
        """Take a commit back at once; where no session does that, the device goes back by itself."""
        return confirming.take_back(self._estate, task)

    def close(self) -> None:
        """Let go of connections."""
        self._estate.close()

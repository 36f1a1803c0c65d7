"""What a provider promises, and its simulator."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import attrs

from haplan.contracts.clock import Clock
from haplan.contracts.exchange import (
    Assessment,
    Context,
    Io,
    Query,
    Reading,
    Rehearsal,
    Seen,
    Settlement,
    Target,
    Task,
    Written,
)
from haplan.contracts.reserved import AdoptQuery, Flow, Found, Procedure, Request, Way
from haplan.errors import ProviderError, Unsupported
from haplan.model.document import Document
from haplan.model.finding import Finding
from haplan.model.origin import Destination
from haplan.model.plan import Calls, Change, Placement
from haplan.model.stack import Block
from haplan.model.state import Intent
from haplan.model.value import Tree
from haplan.model.vendor_keys import Doubt


@attrs.frozen(kw_only=True)
class LabRequest:
    """What a provider's simulator is started with.

    Attributes:
        folder: Where its estate lives, ``.haplan/lab`` or, for an alias, a folder of its own below that; made by the
            lab when it first writes.
        definition: The stack's ``lab.toml``, or None: then `blocks` seed it.
        blocks: The stack's resources for this provider.
        port: Port to listen on at loopback; 0 takes a free one.
        tls: Serve as the real thing does, for clients that insist.
        key: What the stack calls the provider: its name, or ``name.alias``. Each alias has an estate of its own.
        keys: All providers of the stack; empty where the stack is not read.
    """

    folder: Path
    definition: Path | None
    blocks: tuple[Block, ...]
    port: int = 0
    tls: bool = False
    key: str = ""
    keys: tuple[str, ...] = ()

    @property
    def alias(self) -> str:
        """The alias, or ""."""
        return self.key.partition(".")[2]


Resources = Iterable[tuple[str, Mapping[str, Tree]]]
"""(type, values) each."""


class Lab(Protocol):
    """A running simulator."""

    @property
    def clock(self) -> Clock:
        """Its clock, which the run goes by."""
        ...

    @property
    def settings(self) -> Mapping[str, Tree]:
        """Provider settings that reach it; they stand in for the stack's own and for the environment."""
        ...

    def describe(self) -> Sequence[str]:
        """Lines that tell another client how to reach it."""
        ...

    def stop(self) -> None:
        """End it; the estate stays."""
        ...


class Provider:
    """A provider: reads and writes one kind of estate. Subclass it and override what you need.

    The smallest useful provider names itself, gives its types, and overrides `read` and `write`.

    It remembers nothing from one call to the next: what a later call needs is in the look that `read` gave and in the
    receipt that `write` gave, and comes back with that call. Connections, and lists that are young enough, may be kept:
    another object that is opened anew between two calls comes to the same, with more calls.

    Class attributes:
        name: The entry-point name; types of its own begin with it.
        types: Resource types of other plugins that it serves, for ``haplan types``; its own need not be named.
        config: An attrs class of settings, taken from ``provider("name", …)``; ``alias`` is the engine's.
        confirmed: A write takes itself back unless `confirm` follows: called once it has settled and was verified.
            Nothing is recorded before; what a run left unconfirmed the next one writes again.
        revertible: `revert` takes a write back, and is called after a red check.
        atomic: A write is all or nothing, so that no part of a document needs what another part of it gives; of one
            that is not, the engine reads back what it left when it broke off, and writes such parts one after another.
        ordered: The sequence of policies means something to its backend; else none is kept, compared or set.
        orderless: Type → attributes that are named entries whose order says nothing to its backend: another one is no
            change there.
        by_id: Type → attributes that hold another resource by its id, or that nothing holds: no document spells what
            that one is called, so that another name of it is no change there. Of what something lives in that is so.
        composes: Its documents are made of many resources, changed and unchanged ones: it is given every row.
        checks_first: What is written after a restart is rehearsed in every plan that looks, asked for or not: what a
            backend would refuse is known before anything restarts.
        writes_at_once: Most transactions of it under way at once; 0 sets no limit beside ``--parallelism``.
        calls_a_second: Most calls a second: of writes, as `calls` expects them, of polls and of checks; 0 sets none.
            What waits for either limit keeps no other provider from writing. What goes out within one write the
            provider spaces itself, as clients of `haplan.kit` do when they are given it.
        hangs_after: Seconds beside the expected ones after which a write without a sign to `Io` hangs; see `timeouts`.
        poll_seconds: Seconds between two calls of `settled`; read at each call, so a provider may set it as it goes.
        write_seconds: Seconds that an announced remote write takes at most, its deadline: it begins only if the lease
            of the lock lasts longer. At most 45; what waits longer in between asks `Io.still`.
    """

    name: ClassVar[str]
    types: ClassVar[tuple[str, ...]] = ()
    config: ClassVar[type]
    confirmed: ClassVar[bool] = False
    revertible: ClassVar[bool] = False
    atomic: ClassVar[bool] = True
    ordered: ClassVar[bool] = True
    orderless: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    by_id: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    composes: ClassVar[bool] = False
    checks_first: ClassVar[bool] = False
    writes_at_once: ClassVar[int] = 0
    calls_a_second: ClassVar[float] = 0.0
    hangs_after: ClassVar[float] = 900.0
    poll_seconds: float = 30.0
    write_seconds: float = 30.0

    @classmethod
    def open(cls, settings: Any, context: Context) -> "Provider":
        """Make one from its settings; nothing is sent yet."""
        raise Unsupported(cls.name, "open")

    @classmethod
    def lab(cls, request: LabRequest) -> Lab:
        """Start its simulator."""
        raise Unsupported(cls.name, "lab")

    @classmethod
    def example(cls) -> Mapping[str, str]:
        """What ``haplan init`` writes: file name → text; ``stack.py``, a small one that plans, and files beside it."""
        raise Unsupported(cls.name, "example")

    @classmethod
    def check_extra(cls, type_name: str, extra: Mapping[str, Tree]) -> Iterable[str | Doubt]:
        """One line for each vendor key in ``extra={"<name>": …}`` that is wrong, and a `Doubt` for each that its
        description does not know: that is sent, and told as a warning (an error with ``strict_extra=True``). Offline.

        `type_name` is a resource type, or what a part of one is: ``wan``, ``lan``, ``ha_data``,
        ``ha_control``, ``path``.
        """
        return ()

    @classmethod
    def destinations(cls, settings: Any, environ: Mapping[str, str], resources: Resources) -> Sequence[Destination]:
        """Every host that it would send to: offline, and without a look at any secret.

        They stand in the plan; who applies a plan file is asked about those that neither environment nor state knows.
        What the machine itself decides (its certificates, a proxy) is left out; what a setting decides is said.

        Args:
            settings, environ: As `open` and `Context.environ` have them.
            resources: (type, values) of its resources; a value that is not known yet stands there as a reference.
        """
        return ()

    @classmethod
    def keeps(cls, private: Mapping[str, Tree]) -> Mapping[str, Tree]:
        """A row's private part as this version keeps it: what it leaves out goes from a row with its next write."""
        return private

    def identity(self) -> Mapping[str, str]:
        """Which estate this is: ``kind``, ``id`` and ``name``; ``formerly`` is an id that an older version gave it."""
        raise Unsupported(self.name, "identity")

    def read(self, query: Query) -> Reading:
        """Read many resources with as few calls as possible."""
        raise Unsupported(self.name, "read")

    def recall(self, query: Query) -> Any:
        """The look that `read` would give if all were as recorded; makes no call. `Query.recorded` has every row.

        For ``--no-refresh``. A provider that says what a change touches or costs has to say this too, be it with None.

        Raises:
            haplan.errors.ProviderError: It cannot tell from what is recorded alone.
        """
        mine = type(self)
        if (mine.placements, mine.assess) != (Provider.placements, Provider.assess):
            raise ProviderError(f"provider {self.name!r} cannot plan from what is recorded: leave --no-refresh out")
        return None

    def facts(self, targets: Sequence[Target], look: Any) -> Mapping[str, Mapping[str, Tree]]:
        """What rules want to know beyond values, by address; from the look of the reading that had these targets."""
        return {}

    def placements(self, change: Change, look: Any) -> Sequence[Placement]:
        """The documents a change touches, in order where one must precede another.

        Pure: a function of the change and of the look of the plan's reading.
        One that touches none is at one without a name, `Placement("")`: then the state alone changes.
        Where a value that only the apply will tell decides on the document, `Placement.title` says so.
        """
        return (Placement(document=Document("", change.address)),)

    def assess(self, change: Change, look: Any) -> Assessment:
        """What a change costs, and whether it can be done; from the look of the plan's reading. Makes no calls."""
        return Assessment()

    def calls(self, transactions: Sequence[Task], look: Any) -> Calls:
        """Calls made so far, and those expected for these tasks: writes, looks before them, polls."""
        return Calls(provider=self.name, made=0, expected=sum(task.transaction.writes for task in transactions))

    def rehearse(self, task: Task) -> Rehearsal | None:
        """Have the backend check one transaction, and leave nothing behind; None where it cannot."""
        return None

    def write(self, task: Task, io: Io) -> Written:
        """Carry out one transaction, announcing each remote write through `io` first."""
        raise Unsupported(self.name, "write")

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        """How far these written transactions have got, by transaction id: one bulk look for all.

        One that `revert` was called for is done when it is as before its write.
        """
        return {task.transaction.id: Settlement(state="done") for task in tasks}

    def verify(self, task: Task) -> Sequence[Finding]:
        """Look at what a settled transaction led to; a finding of severity ``error`` is a red check."""
        return ()

    def takes_back(self, document: Document) -> bool:
        """Whether a write of this document is one that `confirm` and `revert` are for, where both are declared."""
        return True

    def confirm(self, task: Task) -> None:
        """Make a confirmed write permanent (`confirmed`)."""

    def revert(self, task: Task) -> Written:
        """Begin to take a write back after a red check (`revertible`); `settled` gets the receipt given here."""
        return Written(settling=False)

    def identify(self, intent: Intent) -> Seen | None:
        """What became of an announced write: the object by identity or natural key, or None if it is not there."""
        return None

    def close(self) -> None:
        """Let go of connections."""

    # --- Beside planning and applying: none of these changes anything ---

    def check(self) -> Sequence[Finding]:
        """First contact: what of host, credentials, rights and versions is not as planning and applying need it."""
        raise Unsupported(self.name, "check")

    def wire(self, task: Task) -> Sequence[Request]:
        """What a write of this task would send, in order."""
        raise Unsupported(self.name, "wire")

    def snapshot(self, targets: Sequence[Target]) -> Mapping[str, Mapping[str, Tree]]:
        """What is up now, by address: plain data that compares before and after."""
        raise Unsupported(self.name, "snapshot")

    def procedures(self) -> Sequence[Procedure]:
        """What can be done under guards beside what a stack says."""
        raise Unsupported(self.name, "procedures")

    def adopt(self, query: AdoptQuery) -> Sequence[Found]:
        """What runs, in the words of the vocabulary, for a stack to be written from it."""
        raise Unsupported(self.name, "adopt")

    def path(self, flow: Flow) -> Way:
        """Which way traffic goes now, and whether it gets there."""
        raise Unsupported(self.name, "path")

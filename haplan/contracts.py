"""The contracts: what the engine asks of plugins, and what it gives them.

A plugin need not inherit from anything here, except that `Provider` carries a default for everything optional.
Providers are plain synchronous Python. The engine calls them from several threads, but never twice at once for one
document. State backends and observers are called from one thread only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import attrs

from haplan.model.event import Event
from haplan.model.finding import Finding
from haplan.model.graph import Edge
from haplan.model.plan import Calls, Change, Impact, Order, Placement, Transaction
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block, Stack
from haplan.model.state import Holder, Intent, Row, Run, State, Update
from haplan.model.value import Tree

API = 1
"""The version of these contracts; a plugin module declares ``haplan_api = 1``."""


class Clock(Protocol):
    """Time comes in from outside."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass: really, or by moving a simulated clock."""
        ...


# --- What a provider is told ------------------------------------------------------------------------------------------


@attrs.frozen
class Context:
    """What a provider is opened with.

    Attributes:
        clock: Time.
        environ: The environment variables it may read; empty of real credentials in the lab.
        secret: Gives the secret behind a `haplan.model.value.Secret` source.
        log: Takes one redacted line for ``--log``.
        tell: Takes one line for people, such as "waiting 40 s: the hour's budget is used up".
    """

    clock: Clock
    environ: Mapping[str, str]
    secret: Callable[[str], str]
    log: Callable[[str], None] = lambda line: None
    tell: Callable[[str], None] = lambda line: None


@attrs.frozen
class Target:
    """One resource a provider is asked about.

    Attributes:
        address: Its address.
        type: Resource type.
        name: Remote name; "" where it is not known yet.
        id: The backend's id as recorded, or "".
        owner: Address of its owner, or "".
        owner_name: Remote name of its owner, or "".
        owner_type: Type of its owner, or "".
        values: Wanted values, or recorded ones where the stack no longer has it.
        row: What is recorded, or None.
        data: True for a data source.
        pending: True if it was begun by a run that died: look for it by its natural key too.
        leaving: True if the stack no longer has it: `values` are the recorded ones then.
        waiting: Documents that do not have it yet as it was last wanted: what they have of it does not count.
        holds: (type, remote name) of every resource that lives in it, asked about or not: what else is there is not
            owned.
    """

    address: str
    type: str
    name: str
    id: str = ""
    owner: str = ""
    owner_name: str = ""
    owner_type: str = ""
    values: Mapping[str, Tree] = attrs.field(factory=dict)
    row: Row | None = None
    data: bool = False
    pending: bool = False
    leaving: bool = False
    waiting: frozenset[str] = frozenset()
    holds: frozenset[tuple[str, str]] = frozenset()


@attrs.frozen
class Query:
    """A bulk read. The provider decides how few calls serve it.

    Attributes:
        targets: What to read.
        max_age: Seconds that a list read before may be old; 0 reads afresh.
        memory: What the provider gave as `Reading.memory` when state was last saved.
        recorded: Address → row of everything the provider has in state, asked about or not; for one that `composes`.
        document: The document that is about to be written: what the targets are like there is enough; "" asks
            everywhere.
        orders: The sequences that are planned for it.
    """

    targets: tuple[Target, ...]
    max_age: float = 0.0
    memory: Mapping[str, Any] = attrs.field(factory=dict)
    recorded: Mapping[str, Row] = attrs.field(factory=dict)
    document: str = ""
    orders: tuple[Order, ...] = ()


@attrs.frozen
class Seen:
    """One resource as it is in the estate.

    Attributes:
        address: As asked.
        id: The backend's id.
        values: Everything the vocabulary can say of it, the backend's defaults filled in, names for references.
            Mappings hold all entries, owned or not: the engine compares what is owned.
        private: What the provider wants back in the row.
        who: Who changed it last, where known.
        when: When, epoch seconds, where known.
        found_by_name: True if it was not known by id but found by its natural key.
        status: ``ok``, or ``incomplete`` for a half-made object that can be resumed.
    """

    address: str
    id: str
    values: Mapping[str, Tree]
    private: Mapping[str, Any] = attrs.field(factory=dict)
    who: str = ""
    when: float = 0.0
    found_by_name: bool = False
    status: Literal["ok", "incomplete"] = "ok"


@attrs.frozen
class Reading:
    """What a bulk read found.

    Attributes:
        seen: By address; what is not there is left out.
        orders: (document, list) → all names in the list as it is, owned or not.
        unowned: Lines about entries that nobody here owns, by document, for the plan.
        memory: For the next refresh.
        notes: Lines for people.
    """

    seen: Mapping[str, Seen]
    orders: Mapping[tuple[str, str], tuple[str, ...]] = attrs.field(factory=dict)
    unowned: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    memory: Mapping[str, Any] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()


@attrs.frozen
class Assessment:
    """What a provider says of a planned change.

    Attributes:
        impact: What it costs the network.
        sites: Names of the sites it reaches.
        replaces: Paths that force a replacement beyond those the type names.
        findings: Reasons to refuse (severity ``error``) or to warn.
        resume: True if a half-made object is gone on with.
    """

    impact: Impact = Impact()
    sites: tuple[str, ...] = ()
    replaces: tuple[tuple[str | int, ...], ...] = ()
    findings: tuple[Finding, ...] = ()
    resume: bool = False


@attrs.frozen
class Part:
    """One placement inside a task, with its change; references in `change.after` are resolved by now.

    Attributes:
        change: The change.
        placement: Which part of it.
        seen: The resource as read just before the write, or None.
        row: What is recorded, or None.
    """

    change: Change
    placement: Placement
    seen: Seen | None = None
    row: Row | None = None


@attrs.frozen
class Task:
    """One transaction to carry out: one document, all its parts, the sequences of its lists.

    Attributes:
        transaction: As planned.
        parts: In order of work.
        orders: Lists whose sequence is to be set.
        timeouts: Seconds by name of the step; `formation` bounds the forming of a pair. ``create``, ``update`` and
            ``delete`` bound the time until a write has settled: the engine sees to those.
        started: When the write began, epoch seconds; 0 before.
        recorded: Address → row of everything the provider has in state just before this write; for one that `composes`.
    """

    transaction: Transaction
    parts: tuple[Part, ...]
    orders: tuple[Order, ...] = ()
    timeouts: Mapping[str, int] = attrs.field(factory=dict)
    started: float = 0.0
    recorded: Mapping[str, Row] = attrs.field(factory=dict)


@attrs.frozen
class Written:
    """What a write gave.

    Attributes:
        ids: Address → id of what was created or found.
        values: Address → computed values, by attribute.
        private: Address → what the provider wants back.
        settling: False if the effect was there with the answer, so that `Provider.settled` need not be asked.
    """

    ids: Mapping[str, str] = attrs.field(factory=dict)
    values: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    private: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    settling: bool = True


@attrs.frozen
class Settlement:
    """How far a written transaction has got.

    Attributes:
        state: ``waiting``; ``done``; ``queued`` (accepted, but held back by an offline device or a closed window: not
            waited for, listed as pending); or ``failed``.
        text: For people, such as "7 of about 15 min: nodes rebooting".
        written: Ids and values that became known by it.
    """

    state: Literal["waiting", "done", "queued", "failed"]
    text: str = ""
    written: Written = Written()


@attrs.frozen
class Rehearsal:
    """What a backend says of a transaction that it checked and did not carry out.

    Attributes:
        text: What it would change, in its own words; without secrets.
        errors: Why it would refuse, one line each.
    """

    text: str = ""
    errors: tuple[str, ...] = ()


class Io(Protocol):
    """What a write reports to, step by step."""

    @property
    def run(self) -> str:
        """Id of the run, for what the backend itself keeps of a write, such as the log of a commit."""
        ...

    def about_to(self, step: str, address: str, key: Mapping[str, Any], *, idempotent: bool = False) -> None:
        """Announce the next remote write. Returns when that is durable; raises if this run may not write any more."""
        ...

    def still(self) -> None:
        """Ask once more, before an announced write is sent after a wait or sent again; raises as `about_to` does."""
        ...

    def progress(self, text: str) -> None:
        """Say how it goes."""
        ...

    def evidence(self, text: str) -> None:
        """Keep something in the run's record, such as what a device says that a write changes; without secrets."""
        ...


@attrs.frozen
class LabRequest:
    """What a provider's simulator is started with.

    Attributes:
        folder: Where its estate lives (``.haplan/lab``); made by the lab when it first writes.
        definition: The stack's ``lab.toml``, or None: then `blocks` seed it.
        blocks: The stack's resources for this provider.
        port: Port to listen on at loopback; 0 takes a free one.
        tls: Serve as the real thing does, for clients that insist.
    """

    folder: Path
    definition: Path | None
    blocks: tuple[Block, ...]
    port: int = 0
    tls: bool = False


class Lab(Protocol):
    """A running simulator."""

    clock: Clock
    settings: Mapping[str, Any]
    """Provider settings that reach it; they stand in for the stack's own and for the environment."""

    def describe(self) -> Sequence[str]:
        """Lines that tell another client how to reach it."""
        ...

    def stop(self) -> None:
        """End it; the estate stays."""
        ...


class Provider:
    """A provider: reads and writes one kind of estate. Subclass it and override what you need.

    The smallest useful provider names itself, gives its types, and overrides `read` and `write`.

    Class attributes:
        name: The entry-point name; types of its own begin with it.
        types: Resource types of other plugins that it serves, for ``haplan types``; its own need not be named.
        config: An attrs class of settings, taken from ``provider("name", …)``; ``alias`` is the engine's.
        confirmed: A write takes itself back unless `confirm` follows: called once it has settled and was verified.
            Nothing is recorded before; what a run left unconfirmed the next one writes again.
        revertible: `revert` takes a write back, and is called after a red check.
        atomic: A write is all or nothing; of one that is not, the engine reads back what it left when it broke off.
        ordered: The sequence of policies means something to its backend; else none is kept, compared or set.
        composes: Its documents are made of many resources, changed and unchanged ones: it is given every row.
        poll_seconds: Seconds between two calls of `settled`.
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
    composes: ClassVar[bool] = False
    poll_seconds: ClassVar[float] = 30.0
    write_seconds: float = 30.0

    @classmethod
    def open(cls, settings: Any, context: Context) -> "Provider":
        """Make one from its settings; nothing is sent yet."""
        raise NotImplementedError

    @classmethod
    def lab(cls, request: LabRequest) -> Lab:
        """Start its simulator."""
        raise NotImplementedError(f"provider {cls.name} has no lab")

    @classmethod
    def check_extra(cls, type_name: str, extra: Mapping[str, Tree]) -> Iterable[str]:
        """One line for each vendor key in ``extra={"<name>": …}`` that is wrong; offline."""
        return ()

    def identity(self) -> Mapping[str, str]:
        """Which estate this is: ``kind``, ``id`` and ``name``."""
        raise NotImplementedError

    def read(self, query: Query) -> Reading:
        """Read many resources with as few calls as possible."""
        raise NotImplementedError

    def facts(self, targets: Sequence[Target]) -> Mapping[str, Mapping[str, Any]]:
        """What rules want to know beyond values, by address; taken from what `read` has fetched."""
        return {}

    def placements(self, change: Change) -> Sequence[Placement]:
        """The documents a change touches, in order where one must precede another.

        Pure: a function of the change, and for a provider that `composes` of what `read` was asked last.
        Where a value that only the apply will tell decides on the document, `Placement.title` says so.
        """
        return (Placement(document=change.address),)

    def assess(self, change: Change) -> Assessment:
        """What a change costs, and whether it can be done. Makes no calls."""
        return Assessment()

    def calls(self, transactions: Sequence[Task]) -> Calls:
        """Calls made so far, and those expected for these tasks: writes, looks before them, polls."""
        return Calls(self.name, 0, sum(task.transaction.writes for task in transactions))

    def rehearse(self, task: Task) -> Rehearsal | None:
        """Have the backend check one transaction, and leave nothing behind; None where it cannot."""
        return None

    def write(self, task: Task, io: Io) -> Written:
        """Carry out one transaction, announcing each remote write through `io` first."""
        raise NotImplementedError

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        """How far these written transactions have got, by transaction id: one bulk look for all."""
        return {task.transaction.id: Settlement("done") for task in tasks}

    def verify(self, task: Task) -> Sequence[Finding]:
        """Look at what a settled transaction led to; a finding of severity ``error`` is a red check."""
        return ()

    def takes_back(self, document: str) -> bool:
        """Whether a write of this document is one that `confirm` and `revert` are for, where both are declared."""
        return True

    def confirm(self, task: Task) -> None:
        """Make a confirmed write permanent (`confirmed`)."""

    def revert(self, task: Task) -> None:
        """Take a write back after a red check (`revertible`)."""

    def identify(self, intent: Intent) -> Seen | None:
        """What became of an announced write: the object by identity or natural key, or None if it is not there."""
        return None

    def close(self) -> None:
        """Let go of connections."""


# --- Rules ------------------------------------------------------------------------------------------------------------


@attrs.frozen
class ValidateView:
    """What a rule may look at when validating (V): the stack alone."""

    stack: Stack

    def of(self, type_name: str) -> tuple[Block, ...]:
        """The blocks of one type, data sources left out, in order of declaration."""
        return tuple(b for b in self.stack.blocks.values() if b.type == type_name and not b.data)


@attrs.frozen
class PlanView:
    """What a rule may look at when planning (P): the changes, what is seen, facts by address, and calls."""

    stack: Stack | None
    state: State
    changes: tuple[Change, ...]
    seen: Mapping[str, Seen]
    facts: Mapping[str, Mapping[str, Any]]
    edges: tuple[Edge, ...] = ()
    calls: tuple[Calls, ...] = ()


@attrs.frozen
class ApplyView:
    """What a rule may look at before a write (A): the task, freshly read."""

    task: Task
    facts: Mapping[str, Mapping[str, Any]]


@attrs.frozen
class CheckView:
    """What a rule may look at after a step (C): the task and the facts as they are now."""

    task: Task
    facts: Mapping[str, Mapping[str, Any]]
    seen: Mapping[str, Seen]


# --- Order ------------------------------------------------------------------------------------------------------------


@attrs.frozen
class Node:
    """One resource as `haplan_order` sees it.

    Attributes:
        address: Its address.
        type: Resource type.
        name: Remote name.
        owner: Address of its owner, or "".
        provider: Provider key.
        before: Values as they are, or None.
        after: Values as they are to be, or None.
        changing: True if it is in the plan with something to do.
        deleting: True if it goes.
        disruptive: True if its impact is ``reboot`` or ``outage``: a pair is formed or dissolved.
        seq: Order of declaration.
    """

    address: str
    type: str
    name: str
    owner: str
    provider: str
    before: Mapping[str, Tree] | None
    after: Mapping[str, Tree] | None
    changing: bool
    deleting: bool
    disruptive: bool
    seq: int


OrderHook = Callable[[Sequence[Node]], Iterable[Edge]]


# --- State ------------------------------------------------------------------------------------------------------------


class StateBackend(Protocol):
    """Where state is kept. Reading never writes and never waits for a writer; no state yet is an empty `State`.

    Every write but `lock` and `unlock` needs the lock, and compares its fencing token in the transaction that writes.
    `haplan.state` has what backends share: cells, the pulled document, the rules of lock and versions, recovery files.

    Raises everywhere: `haplan.errors.StateError` for what is damaged or newer, or cannot be reached.
    """

    @property
    def url(self) -> str:
        """Where, for people: without a password."""
        ...

    @property
    def migrated(self) -> str:
        """Where the copy is that was made of an older state before this object migrated it; "" if it did not."""
        ...

    def now(self) -> float:
        """Seconds since the epoch on the clock that leases go by: the server's, where there is one."""
        ...

    # --- Reading ---

    def load(self) -> State:
        """The whole state."""
        ...

    def holder(self) -> Holder | None:
        """Who holds the lock, its lease run out or not."""
        ...

    def as_of(self, serial: int) -> State:
        """Rows, orders and outputs as the run of that serial left them; what is known for now only is left empty.

        Raises:
            haplan.errors.StateError: There is no such serial, or its history was pruned.
        """
        ...

    # --- The lock ---

    def lock(self, holder: Holder, *, takeover: bool = True) -> Holder:
        """Take the lock; a holder whose lease has run out is replaced. Gives the holder with its fencing token.

        Makes the state where there is none, and migrates an older one; see `migrated`.

        Raises:
            haplan.errors.Locked: Somebody else holds it; the message says who, where, since when and for what.
        """
        ...

    def renew(self, holder: Holder) -> Holder:
        """Extend the lease; raises `Locked` if it was lost."""
        ...

    def unlock(self, holder_id: str) -> Holder | None:
        """Give the lock back, or take it from the holder of that id; None if nobody held it."""
        ...

    # --- Writing ---

    def begin(self, run: Run) -> Run:
        """Open a run: mints lineage and key at the first, gives it the next serial. Lock first."""
        ...

    def save(self, update: Update) -> None:
        """Write one update, all or nothing.

        Raises:
            haplan.errors.Stale: A row is not what `Update.expected` says.
            haplan.errors.StateNotSaved: It could not be written; the message says which recovery file has it.
        """
        ...

    def end(self, run: Run) -> None:
        """Close a run with its result."""
        ...

    def journal(self, intents: Sequence[Intent]) -> list[Intent]:
        """Make intents durable together, all or none; gives them with their ids."""
        ...

    def settle_intents(self, outcomes: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
        """Record outcomes: (id, outcome, result)."""
        ...

    def push(self, document: bytes) -> None:
        """Put a pulled state (`haplan.state.document`) in place of this one; the secret key stays.

        Raises:
            haplan.errors.StateError: It is damaged, of another lineage, older, or changed without a new serial.
        """
        ...

    def prune(self, keep: int) -> int:
        """Forget the history of all but the latest `keep` runs; gives how many runs were forgotten.

        Digests that were applied stay known.
        """
        ...

    def close(self) -> None:
        """Let go of the file or connection. The lock stays as it is."""
        ...


OpenState = Callable[[str, Clock], StateBackend]
"""Opens a state backend from a URL such as ``sqlite:///path/state.db``."""


class Observer(Protocol):
    """Told of every event of a run."""

    def __call__(self, event: Event) -> None: ...


__all__ = [
    "API",
    "ApplyView",
    "Assessment",
    "Calls",
    "CheckView",
    "Clock",
    "Context",
    "Io",
    "Lab",
    "LabRequest",
    "Node",
    "Observer",
    "OpenState",
    "OrderHook",
    "Part",
    "PlanView",
    "Provider",
    "Query",
    "Reading",
    "Rehearsal",
    "Seen",
    "Settlement",
    "StateBackend",
    "Target",
    "Task",
    "TypeInfo",
    "ValidateView",
    "Written",
]

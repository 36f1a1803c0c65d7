"""A plan: what changes, in which writes, in which order, and what it depends on."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Literal

import attrs

from haplan.model.address import keyed
from haplan.model.document import Document, as_document
from haplan.model.drift import Drift
from haplan.model.finding import Finding
from haplan.model.graph import Edge
from haplan.model.origin import Destination, Origin
from haplan.model.reason import Reason
from haplan.model.stack import Lifecycle, Limits
from haplan.model.value import Path, Tree
from haplan.model.wiring import Sheet

FORMAT = "haplan-plan/1"

ImpactKind = Literal["none", "config-push", "traffic", "reboot", "outage"]
IMPACTS: tuple[ImpactKind, ...] = ("none", "config-push", "traffic", "reboot", "outage")
"""From harmless to worst."""


Verb = Literal["create", "update", "delete", "read"]
Command = Literal["apply", "destroy", "refresh", "rollback"]


class Action(Enum):
    """What happens to one resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    READ = "read"
    IMPORT = "import"
    FORGET = "forget"
    NO_OP = "no-op"


@attrs.frozen
class Impact:
    """What a change costs the network.

    Attributes:
        kind: From ``none`` to ``outage``.
        seconds: Expected duration.
        undoable: False if it cannot be undone quickly.
        note: One line, or "".
    """

    kind: ImpactKind = "none"
    seconds: int = 0
    undoable: bool = True
    note: str = ""


@attrs.frozen(kw_only=True)
class Change:
    """One resource's part of a plan.

    Attributes:
        address: The resource.
        type: Resource type.
        name: Remote name.
        provider: Provider key.
        action: See `Action`.
        reason: Why; see `Reason`.
        because: Why, where more can be said than the reason does: for people only.
        before: Owned values as they are; None when there is nothing.
        after: Owned values as they are to be; leaves may be references until the apply. None when deleted.
        unset: Paths that leave the resource.
        respelled: Attributes that name the same resource as before, which is called otherwise.
        replaces: Paths that force a replacement.
        create_first: In a replacement, the new one comes first.
        owner: Address of the owner, or "".
        id: The backend's id, or "".
        previous_id: When the id changes: the one before.
        importing: Id that is taken into state, or "".
        incomplete: What is there is half made: the provider goes on with it.
        deposed: Mark of a deposed object, or "".
        previous_address: Before a move, or "".
        position: (before, after) in its list, for a reorder.
        sensitive: Attributes never shown.
        extra: Vendor keys.
        depends_on: Direct hard dependencies.
        lifecycle: See `Lifecycle`.
        location: ``file:line``, with the calls.
        impact: See `Impact`.
        sites: Names of the sites it reaches.
        overwrites: What of others its write changes or takes away, a line each: what nobody wrote down in haplan.
        serial: Serial of the row it was planned on; 0 = none.
        private: What the provider keeps in the row, as planned.
    """

    address: str
    type: str
    name: str
    provider: str
    action: Action
    reason: Reason = Reason.NONE
    because: str = ""
    before: Mapping[str, Tree] | None = None
    after: Mapping[str, Tree] | None = None
    unset: tuple[Path, ...] = ()
    respelled: tuple[str, ...] = ()
    replaces: tuple[Path, ...] = ()
    create_first: bool = False
    owner: str = ""
    id: str = ""
    previous_id: str = ""
    importing: str = ""
    incomplete: bool = False
    deposed: str = ""
    previous_address: str = ""
    position: tuple[int, int] | None = None
    sensitive: tuple[str, ...] = ()
    extra: Mapping[str, Tree] = attrs.field(factory=dict)
    depends_on: tuple[str, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    location: str = ""
    impact: Impact = Impact()
    sites: tuple[str, ...] = ()
    overwrites: tuple[str, ...] = ()
    serial: int = 0
    private: Mapping[str, Tree] = attrs.field(factory=dict)

    @property
    def key(self) -> str:
        """Its name in the plan: the address, with the mark of a deposed object."""
        return keyed(self.address, self.deposed)

    @property
    def why(self) -> str:
        """Why, in words for people."""
        return self.because or self.reason.value

    @property
    def moving(self) -> str:
        """How its place in a list changes, in words for people; "" where it does not."""
        before, after = self.position or (0, 0)
        if before == after:
            return f"stays at {after} while others pass it" if after else ""
        return f"moves from {before} to {after}"


def replaced(change: Change, reason: Reason, because: str, forcing: tuple[Path, ...], *, create_first: bool) -> Change:
    """A change of what is there as its replacement. Whatever asks for one, this is what it comes to."""
    return attrs.evolve(
        change,
        action=Action.REPLACE,
        reason=reason,
        because=because,
        replaces=forcing,
        create_first=create_first or change.lifecycle.create_before_destroy,
        previous_id=change.id,
    )


@attrs.frozen(kw_only=True)
class Placement:
    """One document's part of one change.

    Attributes:
        document: Such as ``gatewaytemplate:ha-spoke``; "" in the only placement of a change that touches none: then the
            state alone changes.
        part: Which part of the resource, where it has several; ordered within a change.
        title: What is done there, for people; "" says it all by the action.
        verb: What happens to the document, where that is not what happens to the resource: of a replacement that makes
            a new one in one document and deletes the old one in another, or where others keep the document.
        late: Comes after everything that depends on the resource was re-pointed: names used by others shrink last.
        own: The document is the resource's own, although the part has a name.
        half: Of a replacement whose old object goes before what that needs is replaced: ``old`` where it goes, ``new``
            where the new one comes; see `in_half`.
        apart: One of several alike, such as the devices that carry a policy: nothing in another document waits for it,
            and it waits there only for what it refers to that does not stand apart: values of that may flow into it.
        state: What this document has of the resource, as the plan saw it, where documents have each their own; then it
            is this that is compared before the write, not the values, of which the resource has one for all.
    """

    document: Document = attrs.field(converter=as_document)
    part: str = attrs.field(default="", converter=str)
    title: str = ""
    verb: Literal["", "create", "update", "delete"] = ""
    late: bool = False
    own: bool = False
    apart: bool = False
    half: Literal["", "old", "new"] = ""
    state: str = ""

    @property
    def somewhere(self) -> bool:
        """False for what touches no document."""
        return bool(str(self.document))


def in_half(change: Change, placement: Placement) -> Change:
    """A change as one document is to carry it out: of a replacement in two halves the deletion of the old object, or
    the creation of the new one."""
    if not placement.half or change.action not in (Action.REPLACE, Action.CREATE):
        return change
    plain = attrs.evolve(change, previous_id="", importing="", replaces=(), unset=(), reason=Reason.NONE, position=None)
    if placement.half == "new":
        return attrs.evolve(plain, action=Action.CREATE, before=None, id="", private={})
    named = str((change.before or {}).get("name", change.name))
    before_it_goes = attrs.evolve(change.lifecycle, precondition=(), postcondition=())
    return attrs.evolve(plain, action=Action.DELETE, name=named, after=None, lifecycle=before_it_goes)


@attrs.frozen
class Placed:
    """A placement of a change; `address` is the change's `Change.key`."""

    address: str
    placement: Placement


@attrs.frozen
class Order:
    """The wanted sequence of one list of one document; `before` is what is there of it."""

    document: Document = attrs.field(converter=as_document)
    list: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Transaction:
    """One document's write.

    Attributes:
        id: Such as ``t07``; unique in the plan.
        stage: Counted from 1.
        provider: Provider key.
        document: The document.
        placed: What it carries, in order of work.
        after: Transactions that must be recorded before.
        gates: Transactions that must be verified before, and whose failure stops this with exit code 10.
        soft: Transactions that are written first where nothing stands against it; nobody waits for their outcome.
        orders: Lists whose sequence it sets.
        writes: Calls that change something, as the provider expects.
        verb: ``create``, ``update`` or ``delete``: what happens to the document; ``read`` writes nothing.
        seconds: Expected duration.
        rehearsed: What the backend says that it would change, where it was asked to check.
    """

    id: str
    stage: int
    provider: str
    document: Document = attrs.field(converter=as_document)
    placed: tuple[Placed, ...]
    after: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    writes: int = 1
    verb: Verb = "update"
    seconds: int = 0
    rehearsed: str = ""


@attrs.frozen(kw_only=True)
class Calls:
    """Calls to one provider's backend: made while planning, expected at apply, and left of the budget.

    `left` is None where the backend has no budget. `writes` of the expected ones change something; None says: all.
    """

    provider: str
    made: int
    expected: int
    left: int | None = None
    limit: int | None = None
    writes: int | None = None


@attrs.frozen
class OutputChange:
    """An output before and after; unknown parts as references."""

    name: str
    before: Tree
    after: Tree
    sensitive: bool = False


@attrs.frozen(kw_only=True)
class Plan:
    """The approved plan is what runs.

    Attributes:
        stack: Name of the stack.
        environment: Such as ``default`` or ``lab``.
        command: ``apply``, ``destroy`` or ``refresh``.
        lineage: Of the state it was made on; "" for a new state.
        serial: Of that state.
        changes: In order of the graph, no-ops left out.
        unchanged: How many resources stay as they are.
        drift: What moved in the estate.
        transactions: The stages, in order.
        edges: Of all kinds, between what is in the plan.
        outputs: What changes in them.
        findings: Of the rules at validate and plan time.
        accepted: Ids of the warnings that were acknowledged.
        limits: See `Limits`.
        identities: Provider key → estate.
        settings: Provider key → settings without secrets.
        calls: By provider.
        versions: (address, deposed) as text → serial of each row the plan depends on.
        known: Address → values that flow into changes and are known: ids, names.
        facts: What the rules of later moments need, by address.
        targets: --target, --exclude, --replace, --no-refresh as given.
        inputs: Files of the stack.
        voided: Soft edges that yielded to "one document, one write"; of kind ``gate``: to a gate that they would wait
            at.
        notes: Lines for people: takeovers, a run alive, ignored extras.
        plugins: Name → version of the plugins it needs.
        variables: Values of the variables; sensitive ones as fingerprints.
        timeouts: Seconds by name.
        memories: Provider key → what the provider learned while reading.
        unread: Address → why it could not be read: the plan says nothing of it.
        left_out: Address → the unread one that it hangs on: the plan says nothing of that either.
        origin: Who made it of what, and where it is carried out.
        sources: Where the secrets come from that carrying it out may need.
        destinations: Hosts that its providers send to; none on simulators.
        pairs: How the pairs that change are cabled, once for all whose picture is the same.
        read: It was read from a file: whoever carries it out has not made it.
    """

    stack: str
    environment: str
    command: Command
    lineage: str
    serial: int
    changes: tuple[Change, ...]
    unchanged: int = 0
    drift: tuple[Drift, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    edges: tuple[Edge, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    accepted: tuple[str, ...] = ()
    limits: Limits = Limits()
    identities: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    settings: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    calls: tuple[Calls, ...] = ()
    versions: Mapping[str, int] = attrs.field(factory=dict)
    known: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    facts: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    targets: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    inputs: tuple[str, ...] = ()
    voided: tuple[Edge, ...] = ()
    notes: tuple[str, ...] = ()
    plugins: Mapping[str, str] = attrs.field(factory=dict)
    variables: Mapping[str, Tree] = attrs.field(factory=dict)
    timeouts: Mapping[str, int] = attrs.field(factory=dict)
    memories: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    unread: Mapping[str, str] = attrs.field(factory=dict)
    left_out: Mapping[str, str] = attrs.field(factory=dict)
    origin: Origin = Origin()
    sources: tuple[str, ...] = ()
    destinations: tuple[Destination, ...] = ()
    pairs: tuple[Sheet, ...] = ()
    read: bool = attrs.field(default=False, eq=False)

    def change(self, address: str) -> Change | None:
        """The change of an address."""
        return next((change for change in self.changes if change.key == address), None)

    def count(self, *actions: Action) -> int:
        """How many changes have one of these actions."""
        return sum(change.action in actions for change in self.changes)

    def empty(self) -> bool:
        """True if an apply would do nothing."""
        return not self.changes and not self.outputs

    def worst(self) -> Impact:
        """The worst impact of any change."""
        return max((change.impact for change in self.changes), key=lambda i: IMPACTS.index(i.kind), default=Impact())

    def seconds(self) -> int:
        """Expected duration of the apply: the longest way through the transactions."""
        ends: dict[str, int] = {}
        for transaction in self.transactions:
            start = max((ends[before] for before in (*transaction.after, *transaction.gates)), default=0)
            ends[transaction.id] = start + transaction.seconds
        return max(ends.values(), default=0)

    def of(self, transaction: Transaction) -> Iterator[Change]:
        """The changes that a transaction carries."""
        wanted = {placed.address for placed in transaction.placed}
        return (change for change in self.changes if change.key in wanted)

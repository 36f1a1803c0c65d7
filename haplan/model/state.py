"""What haplan remembers: rows, the orders of lists, outputs, and open intents. Data only; backends keep it."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import attrs

from haplan.model.document import Document, as_document
from haplan.model.value import Tree, decode

FORMAT = 2
"""Version of the stored shape; a newer one is refused. Since 2 a value may hold entries in their order."""

Status = Literal["ok", "pending", "incomplete", "tainted", "in_doubt"]
PlacementStatus = Literal["done", "pending", "reverted"]
IntentOutcome = Literal["", "done", "failed", "reverted", "reconciled"]
RunResult = Literal["", "done", "failed", "interrupted"]


@attrs.frozen(kw_only=True)
class Row:
    """One resource, as recorded.

    Attributes:
        address: With `deposed`, the key.
        deposed: "" for the current object, else the mark of one that waits to be deleted.
        type: Resource type.
        provider: Provider name.
        alias: Provider alias, or "".
        schema_version: Of the type, when written.
        id: The backend's id, or "".
        name: Remote name.
        owner: Address of the owner, or "".
        values: Declared and computed attributes (encoded as `haplan.model.value.encode` does).
        hash: Fingerprint of `values`.
        declared: Attributes the stack declared; the others are computed.
        sensitive: Attributes never shown.
        depends_on: Direct hard dependencies, by address.
        lifecycle: As plain data.
        status: See `Status`.
        private: What the provider wants back, plain JSON. ``prior`` in it holds what was there before first ownership.
        source: ``file:line`` of the block.
        serial: The run's serial that wrote it.
        seq: Order of creation; deletion without edges goes backwards.
    """

    address: str
    type: str
    provider: str
    alias: str = ""
    deposed: str = ""
    schema_version: int = 1
    id: str = ""
    name: str = ""
    owner: str = ""
    values: Mapping[str, Tree] = attrs.field(factory=dict)
    hash: str = ""
    declared: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    lifecycle: Mapping[str, Tree] = attrs.field(factory=dict)
    status: Status = "ok"
    private: Mapping[str, Tree] = attrs.field(factory=dict)
    source: str = ""
    serial: int = 0
    seq: int = 0

    @cached_property
    def decoded(self) -> Mapping[str, Tree]:
        """The values as `haplan.model.value.decode` gives them, once for all who ask: nobody writes into them."""
        found: Mapping[str, Tree] = decode(self.values)
        return found

    @property
    def plain(self) -> bool:
        """True if all values were read as plain JSON, in which nothing stands for something else."""
        return self.decoded is self.values

    @property
    def provider_key(self) -> str:
        """``name`` or ``name.alias``."""
        return f"{self.provider}.{self.alias}" if self.alias else self.provider

    @property
    def forgotten(self) -> bool:
        """True of what is in no state any more, and a rollback looks for by its id: no run wrote it."""
        return self.status == "ok" and not self.serial


def deposed_mark(identity: str) -> str:
    """The mark of a deposed object, from its id."""
    return hashlib.sha256(identity.encode()).hexdigest()[:8]


@attrs.frozen
class PlacementRow:
    """Whether one document carries its part of a resource: ``done``, ``pending``, or ``reverted`` by a red check."""

    address: str
    document: Document = attrs.field(converter=as_document)
    part: str
    status: PlacementStatus = "done"


@attrs.frozen
class OrderRow:
    """The sequence of names in one list of one document."""

    document: Document = attrs.field(converter=as_document)
    list: str
    names: tuple[str, ...]


@attrs.frozen
class OutputRow:
    """An output, as last recorded."""

    name: str
    value: Tree
    sensitive: bool = False


@attrs.frozen(kw_only=True)
class Intent:
    """A remote write that was announced; open until its outcome is recorded.

    Attributes:
        id: Given by the journal; 0 before.
        run: Id of the run.
        transaction: Id in the plan.
        address: The resource that the step is told of.
        addresses: All resources that the write carries: each may have come to be by it.
        document: The document.
        provider: Provider key.
        step: Name of the step, such as ``create``.
        key: Natural key by which the outcome can be found, plain JSON.
        idempotent: True if doing it twice is the same as once.
        outcome: "" while open, else ``done``, ``failed``, ``reverted`` or ``reconciled``.
        result: What the backend gave: ids; of one that is written and still open, what to go on from.
    """

    run: str
    transaction: str
    address: str
    document: Document = attrs.field(converter=as_document)
    provider: str
    step: str
    key: Mapping[str, Tree]
    idempotent: bool = False
    addresses: tuple[str, ...] = ()
    outcome: IntentOutcome = ""
    result: Mapping[str, Tree] = attrs.field(factory=dict)
    id: int = 0

    def touches(self) -> frozenset[str]:
        """All resources that the write may have touched."""
        return frozenset((self.address, *self.addresses))


@attrs.frozen(kw_only=True)
class Run:
    """One run that wrote.

    Attributes:
        id: Such as ``2026-11-22-0001-ab12``.
        serial: The state's serial it opened.
        digest: Of the plan it carried out.
        started: Epoch seconds.
        ended: Epoch seconds, 0 while it runs.
        who: user@host.
        command: ``apply`` or ``destroy``.
        result: ``done``, ``failed``, ``interrupted``, "" while it runs.
    """

    id: str
    serial: int
    digest: str
    started: float
    who: str
    command: str = "apply"
    ended: float = 0.0
    result: RunResult = ""


@attrs.frozen(kw_only=True)
class Holder:
    """Who holds the lock: for people to read, and for takeover to decide."""

    id: str
    who: str
    where: str
    pid: int
    what: str
    since: float
    until: float
    token: int = 0


@attrs.frozen(kw_only=True)
class State:
    """A snapshot of what is remembered.

    Attributes:
        lineage: Identity of this state from its first save; "" before.
        serial: Count of the runs that wrote.
        key: The secret key for fingerprints, minted with the lineage; never shown.
        rows: By (address, deposed).
        placements: By (address, document, part).
        orders: By (document, list).
        outputs: By name.
        identities: Provider key → the estate it reached, as plain data.
        settings: Provider key → settings without secrets.
        memories: Provider key → what the provider wants to know at the next refresh.
        destinations: Provider key → name of a destination → what was sent to and believed, as plain data.
        intents: The open ones.
        runs: The latest last.
        applied: Digests already applied.
    """

    lineage: str = ""
    serial: int = 0
    key: bytes = attrs.field(default=b"", repr=False)
    rows: Mapping[tuple[str, str], Row] = attrs.field(factory=dict)
    placements: Mapping[tuple[str, Document, str], PlacementRow] = attrs.field(factory=dict)
    orders: Mapping[tuple[Document, str], OrderRow] = attrs.field(factory=dict)
    outputs: Mapping[str, OutputRow] = attrs.field(factory=dict)
    identities: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    settings: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    memories: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    destinations: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    intents: tuple[Intent, ...] = ()
    runs: tuple[Run, ...] = ()
    applied: frozenset[str] = frozenset()

    def unsettled(self) -> frozenset[str]:
        """Addresses that an announced write may have touched, whose outcome nobody recorded."""
        return frozenset(address for intent in self.intents for address in intent.touches())

    def announced(self) -> dict[str, tuple[Mapping[str, Tree], ...]]:
        """Address → the keys of its announced writes whose outcome nobody recorded."""
        found: dict[str, tuple[Mapping[str, Tree], ...]] = {}
        for intent in self.intents:
            found[intent.address] = (*found.get(intent.address, ()), intent.key)
        return found

    def waiting(self) -> dict[str, set[Document]]:
        """Address → documents that do not have it yet as it was last wanted."""
        found: dict[str, set[Document]] = {}
        for one in self.placements.values():
            if one.status != "done":
                found.setdefault(one.address, set()).add(one.document)
        return found

    def of_provider(self, key: str) -> dict[str, Row]:
        """The current rows of a provider, by address."""
        return {
            address: row for (address, deposed), row in self.rows.items() if not deposed and row.provider_key == key
        }

    def row(self, address: str) -> Row | None:
        """The current row of an address."""
        return self.rows.get((address, ""))


@attrs.frozen(kw_only=True)
class Update:
    """One save: all of it or nothing.

    Attributes:
        run: Id of the run.
        rows: To write; each is refused if the stored row's serial is not what `expected` says.
        deleted: Keys of rows to delete, with their placements.
        expected: (address, deposed) → serial the row had when this run read it; 0 = no row.
        placements: To write.
        placements_gone: Keys to delete.
        orders: To write; empty names delete the row.
        outputs: To replace all with, or None to leave.
        identities, settings, memories, destinations: To merge in, by provider.
        intents: (id, outcome, result) of intents that are settled by this save; without an outcome it stays open.
    """

    run: str
    rows: tuple[Row, ...] = ()
    deleted: tuple[tuple[str, str], ...] = ()
    expected: Mapping[tuple[str, str], int] = attrs.field(factory=dict)
    placements: tuple[PlacementRow, ...] = ()
    placements_gone: tuple[tuple[str, Document, str], ...] = ()
    orders: tuple[OrderRow, ...] = ()
    outputs: tuple[OutputRow, ...] | None = None
    identities: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    settings: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    memories: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    destinations: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    intents: tuple[tuple[int, IntentOutcome, Mapping[str, Tree]], ...] = ()

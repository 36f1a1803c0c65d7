"""What passes between the engine and a provider: questions, tasks, and what comes back."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import attrs

from haplan.contracts.clock import Clock
from haplan.model.devices import OnDevice
from haplan.model.document import Document
from haplan.model.finding import Finding
from haplan.model.plan import Change, Impact, Order, Placement, Transaction
from haplan.model.state import Row
from haplan.model.value import Tree


@attrs.frozen(kw_only=True)
class Context:
    """What a provider is opened with. The functions may be called in any thread.

    Attributes:
        clock: Time.
        environ: The environment variables it may read; empty of real credentials in the lab.
        secret: Gives the secret behind a `haplan.model.value.Secret` source.
        log: Takes one redacted line for ``--log``.
        tell: Takes one line for people, such as "waiting 40 s: the hour's budget is used up".
        key: What the stack calls it: its name, or ``name.alias``.
        fingerprint: Gives the keyed fingerprint of a secret that a backend told, as `Secret` has that of one of the
            stack; "" where the state has no key yet.
    """

    clock: Clock
    environ: Mapping[str, str]
    secret: Callable[[str], str]
    log: Callable[[str], None] = lambda line: None
    tell: Callable[[str], None] = lambda line: None
    key: str = ""
    fingerprint: Callable[[str], str] = lambda text: ""


@attrs.frozen(kw_only=True)
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
        waiting: Documents that do not have it yet as it was last wanted: what they have of it does not count as moved.
        needs: Addresses of what it refers to.
        holds: (type, remote name) of every resource that lives in it, asked about or not: what else is there is not
            owned.
        announced: The keys of writes that runs announced of it before they died, and nobody recorded.
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
    waiting: frozenset[Document] = frozenset()
    needs: tuple[str, ...] = ()
    holds: frozenset[tuple[str, str]] = frozenset()
    announced: tuple[Mapping[str, Tree], ...] = ()


@attrs.frozen(kw_only=True)
class Query:
    """A bulk read. The provider decides how few calls serve it.

    Attributes:
        targets: What to read.
        max_age: Seconds that a list read before may be old; 0 reads afresh.
        memory: What the provider gave as `Reading.memory` when state was last saved.
        recorded: Address → row of everything the provider has in state, asked about or not; for one that `composes`.
        document: The document that is about to be written: what the targets are like there is enough; None asks
            everywhere.
        orders: The sequences that are planned for it.
        begun: Documents that a run was writing when it ended, and nobody knows what came of it: a change that reaches
            one of them is placed there, even if all is there as wanted, since that may still be taken back.
        deep: Somebody asked to look at what costs a call for each device as well; the provider says how many before.
    """

    targets: tuple[Target, ...]
    max_age: float = 0.0
    memory: Mapping[str, Tree] = attrs.field(factory=dict)
    recorded: Mapping[str, Row] = attrs.field(factory=dict)
    document: Document | None = None
    orders: tuple[Order, ...] = ()
    begun: frozenset[Document] = frozenset()
    deep: bool = False


@attrs.frozen(kw_only=True)
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
        amiss: What of it does not run though it is written as it should be, one line each: a device that refuses its
            configuration. That is drift, whatever the values say.
        send_again: True if what is amiss may be well once all of it is sent again: the plan offers that.
        state: What the document that was asked about has of it, as the `state` of its placement there.
        called: Other names by which a person may ask for it, beside its id and its name.
    """

    address: str
    id: str
    values: Mapping[str, Tree]
    private: Mapping[str, Tree] = attrs.field(factory=dict)
    who: str = ""
    when: float = 0.0
    found_by_name: bool = False
    status: Literal["ok", "incomplete"] = "ok"
    amiss: tuple[str, ...] = ()
    send_again: bool = False
    state: str = ""
    called: tuple[str, ...] = ()


def called(seen: Mapping[str, Seen]) -> dict[str, tuple[str, str]]:
    """Address → name and id of what was seen, where it has a name."""
    found = ((address, one.values.get("name"), one.id) for address, one in seen.items())
    return {address: (name, id_) for address, name, id_ in found if isinstance(name, str)}


@attrs.frozen(kw_only=True)
class Reading:
    """What a bulk read found.

    Attributes:
        seen: By address; what is not there is left out.
        orders: (document, list) → all names in the list as it is, owned or not.
        unowned: Lines about entries that nobody here owns, by document, for the plan.
        memory: For the next refresh.
        notes: Lines for people.
        look: What the provider wants to know again of what it saw: a value of its own that never changes, given back to
            `Provider.placements`, `Provider.assess` and `Provider.facts` in this process, and kept nowhere.
        unread: Address → why it could not be read: in one line, what happened and what to do. The plan goes on without
            it, and without what hangs on it; what is not there is no such thing, and is left out.
    """

    seen: Mapping[str, Seen]
    orders: Mapping[tuple[Document, str], tuple[str, ...]] = attrs.field(factory=dict)
    unowned: Mapping[Document, tuple[str, ...]] = attrs.field(factory=dict)
    memory: Mapping[str, Tree] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()
    look: Any = None
    unread: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Assessment:
    """What a provider says of a planned change.

    Attributes:
        impact: What it costs the network.
        sites: Names of the sites it reaches.
        replaces: Paths that force a replacement beyond those the type names.
        findings: Reasons to refuse (severity ``error``) or to warn.
        resume: True if a half-made object is gone on with.
        overwrites: What of others its write changes or takes away, a line each.
    """

    impact: Impact = Impact()
    sites: tuple[str, ...] = ()
    replaces: tuple[tuple[str | int, ...], ...] = ()
    findings: tuple[Finding, ...] = ()
    resume: bool = False
    overwrites: tuple[str, ...] = ()


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


@attrs.frozen(kw_only=True)
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
        receipt: What the write gave as `Written.receipt`, with what came of it since; perhaps to another process.
        announced: The keys of writes that runs announced for this document before they died, and nobody recorded.
    """

    transaction: Transaction
    parts: tuple[Part, ...]
    orders: tuple[Order, ...] = ()
    timeouts: Mapping[str, int] = attrs.field(factory=dict)
    started: float = 0.0
    recorded: Mapping[str, Row] = attrs.field(factory=dict)
    receipt: Mapping[str, Tree] = attrs.field(factory=dict)
    announced: tuple[Mapping[str, Tree], ...] = ()


def _plain(_written: "Written", _field: Any, receipt: Any) -> None:
    """Refuse a receipt that another process would not get as it was given: no secret, no object, no tuple."""
    if not isinstance(receipt, Mapping) or json.loads(json.dumps(receipt, allow_nan=False)) != receipt:
        raise TypeError("a receipt is a mapping of plain JSON: names to texts, numbers, lists and mappings of such")


@attrs.frozen(kw_only=True)
class Written:
    """What a write gave.

    Attributes:
        ids: Address → id of what was created or found.
        values: Address → computed values, by attribute.
        private: Address → what the provider wants back.
        settling: False if the effect was there with the answer, so that `Provider.settled` need not be asked.
        receipt: What the provider needs to go on from here, plain JSON without secrets: journaled before anything else
            happens, and given back as `Task.receipt` to `settled`, `verify`, `confirm` and `revert`.
    """

    ids: Mapping[str, str] = attrs.field(factory=dict)
    values: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    private: Mapping[str, Mapping[str, Tree]] = attrs.field(factory=dict)
    settling: bool = True
    receipt: Mapping[str, Tree] = attrs.field(factory=dict, validator=_plain)


@attrs.frozen(kw_only=True)
class Settlement:
    """How far a written transaction has got.

    Attributes:
        state: ``waiting``; ``done``; ``queued`` (accepted, but held back by an offline device or a closed window: not
            waited for, listed as pending); ``failed``; or ``unanswered`` (nobody could tell just now: it is asked
            again, a few times).
        text: For people, such as "7 of about 15 min: nodes rebooting".
        written: Ids and values that became known by it; a receipt in it stands in the place of the one before.
        doing: What it is at, such as "nodes rebooting", where `text` says beside it how long that has taken: a new one
            is news.
        partly: Some of the devices that the write reaches have it: what is said of others holds for these alone.
        lacking: Addresses of the changes that reach one of those others; () = all that the write carries.
        devices: What became of it on each of the devices that it reaches, where that is told.
    """

    state: Literal["waiting", "done", "queued", "failed", "unanswered"]
    text: str = ""
    written: Written = Written()
    doing: str = ""
    partly: bool = False
    lacking: tuple[str, ...] = ()
    devices: tuple[OnDevice, ...] = ()


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

    def about_to(self, step: str, address: str, key: Mapping[str, Tree], *, idempotent: bool = False) -> None:
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

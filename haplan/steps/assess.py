"""Assess: what the providers say of the changes: cost, reach, documents, calls."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from haplan.contracts import Assessment, Part, Provider, Task
from haplan.errors import Gathering
from haplan.model import devices
from haplan.model.address import keyed
from haplan.model.compare import differences, lost, unordered, without
from haplan.model.document import Document, said
from haplan.model.finding import Finding
from haplan.model.plan import Action, Calls, Change, Impact, OutputChange, Placement, Transaction, in_half, replaced
from haplan.model.reason import Reason, forced_by
from haplan.model.schema import TypeInfo
from haplan.model.stack import Stack
from haplan.model.state import Row, State
from haplan.model.unfinished import HALF, Place, places, remembering, with_left
from haplan.model.value import Tree, decode, references

NEVER_SENT = (Action.FORGET, Action.NO_OP)
"""Only the state changes: an object is left alone, or has another address."""


@attrs.frozen
class Assessed:
    """Changes with their impact, `Change.key` → the documents each touches, and reasons to refuse or to warn."""

    changes: tuple[Change, ...]
    placements: Mapping[str, tuple[Placement, ...]]
    findings: tuple[Finding, ...]


def assess(
    changes: Iterable[Change],
    providers: Mapping[str, Provider],
    looks: Mapping[str, object],
    types: Mapping[str, TypeInfo],
    state: State,
    gathering: Gathering,
) -> Assessed:
    """Ask each provider about its changes, by the look of its reading. Makes no calls.

    Args:
        gathering: What went wrong before in deciding the same changes.

    Raises:
        HaplanError: What went wrong then, and what a provider cannot say now, of one change or of several.
    """
    unsettled, had, recorded = state.unsettled(), _carried(state), _recorded(state, changes)
    placements, done, findings = dict[str, tuple[Placement, ...]](), list[Change](), list[Finding]()
    for change in changes:
        provider, look = providers.get(change.provider), looks.get(change.provider)
        row = state.rows.get((change.address, change.deposed))
        if provider is not None and provider.confirmed and change.address in unsettled:
            change = _to_confirm(change)
        if change.action is Action.FORGET and row is not None and devices.MISSING in row.private:
            change = _to_confirm(change)  # gone from the document, and not from all that it is for
        reads = change.action is Action.READ
        placements[change.key] = (Placement(document=Document("", change.address)),) if reads else ()
        with gathering:
            if provider is not None and change.address in recorded:
                gone = state.rows[change.address, ""]
                change = _still_beside(change, gone, recorded[change.address], provider, look)
            if provider is not None and _is_sent(change, types, provider, look):
                said = provider.assess(change, look)
                findings += said.findings
                change = _as_said(change, said)
                placed = _alone(change, (one for one in provider.placements(change, look) if one.somewhere))
                placements[change.key] = left = _missing(change, placed, had.get(change.address, ()), row)
                change = _as_left(change, placed, left, had.get(change.address, ()), row)
        done.append(change)
    gathering.refuse()
    return Assessed(tuple(_without_moot(done)), placements, tuple(findings))


def _alone(change: Change, placements: Iterable[Placement]) -> tuple[Placement, ...]:
    """Where a change is written; of what was replaced already only where it stands itself: what carried it beside that
    carries the new one, perhaps under the same name."""
    found = tuple(placements)
    return (change.deposed and tuple(one for one in found if not one.apart)) or found


def _recorded(state: State, changes: Iterable[Change]) -> dict[str, set[Place]]:
    """Address → where it was recorded, of what is gone."""
    gone = {one.address for one in changes if one.reason is Reason.GONE and (one.address, "") in state.rows}
    found: dict[str, set[Place]] = {}
    for one in state.placements.values() if gone else ():
        if one.address in gone:
            found.setdefault(one.address, set()).add((one.document, one.part))
    return found


def _still_beside(change: Change, row: Row, recorded: set[Place], provider: Provider, look: object) -> Change:
    """What is gone may stand yet in documents beside its own, under the name and with the values of then: nobody sees
    it there. It goes from there too, before it is made again or forgotten."""
    before = {name: value for name, value in decode(row.values).items() if name in row.declared}
    going = attrs.evolve(change, action=Action.DELETE, reason=Reason.RESUMED, before=before, after=None, name=row.name)
    beside = [(one.document, one.part) for one in provider.placements(going, look) if one.apart]
    left = remembering(row, [one for one in beside if one in recorded], before)
    if not left:
        return change
    private = with_left(change.private, {**left, **places(row.private)})
    return attrs.evolve(going if change.action is Action.FORGET else change, private=private)


def _is_sent(change: Change, types: Mapping[str, TypeInfo], provider: Provider, look: object) -> bool:
    """True if something is written for a change. What a dead run made is there as wanted perhaps, and not in its list
    or in another document that is to have it."""
    if change.action in (*NEVER_SENT, Action.READ):
        return False
    kind = types[change.type]
    if not _only_remembered(change, kind):
        return True
    half = change.action is Action.IMPORT and change.reason is Reason.RESUMED
    return half and (kind.ordered or len(provider.placements(change, look)) > 1)


def _as_said(change: Change, said: Assessment) -> Change:
    """The change with what its provider says of it."""
    if said.replaces and change.action in (Action.UPDATE, Action.IMPORT):
        because = forced_by(said.replaces, change.after)
        change = replaced(change, Reason.FORCED, because, said.replaces, create_first=False)
    if (said.impact, said.sites) != (change.impact, change.sites):
        change = attrs.evolve(change, impact=said.impact, sites=said.sites)
    if said.overwrites:
        change = attrs.evolve(change, overwrites=said.overwrites)
    return change


def _carried(state: State) -> dict[str, set[tuple[Document, str]]]:
    """Address → document and part, where they have it, of those that not all documents have."""
    half = {row.address for row in state.rows.values() if row.status in HALF and not row.deposed}
    found: dict[str, set[tuple[Document, str]]] = {address: set() for address in half}
    if half:
        for one in state.placements.values():
            if one.address in half and one.status == "done":
                found[one.address].add((one.document, one.part))
    return found


def _missing(
    change: Change, placements: tuple[Placement, ...], had: Iterable[tuple[Document, str]], row: Row | None
) -> tuple[Placement, ...]:
    """Of a change that is only gone on with, the placements that are missing; where something is still to go, too."""
    left = {} if row is None or change.deposed else {**places(change.private), **places(row.private)}
    named = {(one.document, one.part) for one in placements}
    more = tuple(
        Placement(document=document, part=part, apart=True) for document, part in left if (document, part) not in named
    )
    if change.action is Action.DELETE and left:
        # of a document that has it no longer nothing is said any more; what has it may call the part otherwise
        there, whole = {*left, *had}, {document for document, _ in had} - {document for document, _ in left}
        return (*(one for one in placements if one.document in whole or (one.document, one.part) in there), *more)
    if change.action is Action.CREATE and more:  # what is gone elsewhere goes there too, before it is made again
        again = (one for one in placements if one.apart and (one.document, one.part) in left)
        new = (attrs.evolve(one, half="new") for one in placements)
        return (*(attrs.evolve(one, half="old") for one in (*more, *again)), *new)
    placements = (*placements, *more)
    if change.action is not Action.UPDATE or change.reason is not Reason.RESUMED or not _as_recorded(change, row):
        return placements
    done = set(had) - set(left)
    return tuple(one for one in placements if (one.document, one.part) not in done) or placements


def _as_recorded(change: Change, row: Row | None) -> bool:
    """True if the row says what is wanted: then a document that is done has that, and nothing else."""
    if row is None or row.name != change.name:
        return False
    after = without_name(without(change.after or {}, change.unset))
    declared = {name: value for name, value in decode(row.values).items() if name in row.declared}
    return not any(True for _ in lost(declared, after)) and not any(True for _ in differences(after, declared))


def without_name(values: Tree) -> dict[str, Tree]:
    """Attributes alone: a change has its name among them where that differs."""
    return {name: value for name, value in values.items() if name != "name"}


def _as_left(
    change: Change,
    placed: Iterable[Placement],
    left: Iterable[Placement],
    had: Iterable[tuple[Document, str]],
    row: Row | None,
) -> Change:
    """The change, saying where it is missing if other documents or devices have it, or where it still is if others let
    it go."""
    on = dict.fromkeys(name for name, _ in devices.missing(row.private)) if row is not None else {}
    if on and change.action is Action.DELETE:
        return attrs.evolve(change, because=f"still on {devices.some(on)}")
    if on and change.reason is Reason.RESUMED:
        return attrs.evolve(change, because=f"missing on {devices.some(on)}")
    places = {one.document for one in left}
    if change.action is Action.DELETE and places and {one.document for one in placed} - places:
        return attrs.evolve(change, because=f"still on {said(places)}")
    if change.reason is not Reason.RESUMED or not places or not {document for document, _ in had} - places:
        return change
    return attrs.evolve(change, because=f"missing on {said(places)}")


def _to_confirm(change: Change) -> Change:
    """What a dead run may have written and not confirmed may still take itself back, so it is sent again."""
    if change.action is Action.FORGET and change.reason is Reason.GONE:
        return attrs.evolve(change, action=Action.DELETE, reason=Reason.RESUMED, because="")
    return attrs.evolve(change, incomplete=True) if change.action in (Action.IMPORT, Action.UPDATE) else change


def _without_moot(changes: Iterable[Change]) -> Iterator[Change]:
    """A site whose edge is gone has nothing left to lose: what is deleted there afterwards costs nothing more. And
    what another write reaches anyhow is not sent again beside it."""
    changes, gone = [*changes], set[str]()
    others = (one for one in changes if one.reason is not Reason.SENT_AGAIN and one.impact.kind != "none")
    reached = {site for one in others for site in one.sites}
    for change in changes:
        if change.reason is Reason.SENT_AGAIN and change.sites and reached.issuperset(change.sites):
            continue
        if change.action is Action.DELETE and change.sites:
            if gone.issuperset(change.sites):
                change = attrs.evolve(change, impact=Impact())
            elif change.impact.kind == "outage":
                gone |= set(change.sites)
        yield change


def _only_remembered(change: Change, kind: TypeInfo) -> bool:
    """True for an object that is taken into state as it is, and for a change of what is never sent."""
    if change.incomplete or change.action not in (Action.IMPORT, Action.UPDATE) or change.position is not None:
        return False
    local = {name for name, attribute in kind.attributes.items() if attribute.local}
    paths = list(differences(change.after, change.before, unordered(kind.attributes, change.after or {})))
    return all(path and path[0] in local for path in paths)


def side_by_side(changes: Iterable[Change], transactions: Iterable[Transaction]) -> tuple[Finding, ...]:
    """Refuse replacements that create first, where old and new would stand side by side under one name.

    A name is what a backend tells the objects of a type by. In one transaction the two are one step.
    """
    steps: dict[str, set[tuple[str, bool]]] = {}
    for transaction in transactions:
        for placed in transaction.placed:
            steps.setdefault(placed.address, set()).add((transaction.id, placed.placement.late))
    found = []
    for change in changes:
        same = (change.before or {}).get("name", change.name) == change.name
        if change.action is Action.REPLACE and change.create_first and same:
            late, early = ({t for t, late in steps[change.key] if late is side} for side in (True, False))
            if late - early:
                text = f"old and new would both be named {change.name!r} for a while: the new one is created first"
                hint = "give the new one another name=, or let the old one go first"
                found.append(Finding.at(change, "EXISTS", text, hint=hint))
    return tuple(found)


def used_by_old(changes: Iterable[Change], transactions: Iterable[Transaction], state: State) -> tuple[Finding, ...]:
    """Refuse to delete first what the old one of something that is created first still uses: where nothing goes that is
    in use, neither could be first. In one transaction the two are one step."""
    late, early = dict[str, set[str]](), dict[str, set[str]]()
    for transaction in transactions:
        for placed in transaction.placed:
            if placed.placement.half != "new":
                (late if placed.placement.late else early).setdefault(placed.address, set()).add(transaction.id)
    replaced = {one.address: one for one in changes if one.action is Action.REPLACE and not one.deposed}
    found = []
    for change in replaced.values():
        row = state.row(change.address)
        for needed in row.depends_on if row is not None and change.create_first else ():
            other = replaced.get(needed)
            if other is None or other.create_first or needed not in change.depends_on:
                continue
            if late.get(change.key, early.get(change.key, set())).isdisjoint(early.get(other.key, set())):
                text = (
                    f"its new one is created first, and its old one uses {needed} ({other.location}) until then, which "
                    "is deleted before it is made again"
                )
                hint = f"give {needed} another name=, then it is created first too; or let the old one of this go first"
                found.append(Finding.at(change, "ORDER", text, hint=hint))
    return tuple(found)


def count(
    transactions: tuple[Transaction, ...],
    changes: Iterable[Change],
    providers: Mapping[str, Provider],
    looks: Mapping[str, object],
) -> tuple[tuple[Transaction, ...], tuple[Calls, ...]]:
    """How many calls each provider made, and expects.

    Raises:
        ProviderError: A provider cannot count them.
    """
    gathering = Gathering()
    by_key = {change.key: change for change in changes}
    counted: list[Transaction] = []
    looked_up = {transaction.id for transaction in transactions if transaction.verb == "read"}
    for transaction in transactions:
        if transaction.id in looked_up:
            counted.append(attrs.evolve(transaction, writes=0))
            continue
        with gathering:
            said = providers[transaction.provider].calls([_task(transaction, by_key)], looks.get(transaction.provider))
            writes = said.expected if said.writes is None else said.writes
            transaction = transaction if transaction.writes == writes else attrs.evolve(transaction, writes=writes)
        counted.append(transaction)
    tasks: dict[str, list[Task]] = {key: [] for key in providers if key != "haplan"}
    for transaction in counted:
        if transaction.id not in looked_up and transaction.provider in tasks:
            tasks[transaction.provider].append(_task(transaction, by_key))
    calls = []
    for key, mine in tasks.items():
        with gathering:
            calls.append(attrs.evolve(providers[key].calls(mine, looks.get(key)), provider=key))
    gathering.refuse()
    return tuple(counted), tuple(calls)


def _task(transaction: Transaction, changes: Mapping[str, Change]) -> Task:
    parts = tuple(Part(in_half(changes[one.address], one.placement), one.placement) for one in transaction.placed)
    return Task(transaction=transaction, parts=parts, orders=transaction.orders)


def versions(changes: Iterable[Change], outputs: Iterable[OutputChange], stack: Stack, state: State) -> dict[str, int]:
    """The row versions a plan depends on: those it changes, and those whose values flow into changes and outputs."""
    found = {}
    for out in outputs:
        for ref in references(stack.outputs[out.name].value) if out.name in stack.outputs else ():
            found[ref.address] = row.serial if (row := state.row(ref.address)) else 0
    for change in changes:
        needed = () if change.action in (Action.DELETE, Action.FORGET) else change.depends_on
        needed = (*needed, change.previous_address) if change.previous_address else needed
        for address, deposed in ((change.address, change.deposed), *((one, "") for one in needed)):
            row = state.rows.get((address, deposed))
            found[keyed(address, deposed)] = row.serial if row else 0
    return dict(sorted(found.items()))


def flowing(
    changes: Iterable[Change], stack: Stack, known: Mapping[str, Mapping[str, Tree]]
) -> dict[str, Mapping[str, Tree]]:
    """What references in the changes and outputs may need of resources that do not change: ids and names."""
    wanted = {ref.address for change in changes for ref in references(change.after)}
    wanted |= {ref.address for out in stack.outputs.values() for ref in references(out.value)}
    return {address: {"id": known[address]["id"]} for address in sorted(wanted) if "id" in known.get(address, {})}

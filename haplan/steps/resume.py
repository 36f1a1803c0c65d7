"""Resume: what is left of a plan whose run did not end. Pure.

The plan stays what was approved: same changes, same transactions. What the run recorded is left out; what it began and
could not record is compared with what is there: as intended, as before, or something that neither the plan nor the run
knows, and then nothing more is done.
"""

from collections.abc import Iterable, Mapping

import attrs

from haplan.contracts import Reading, Seen, Target
from haplan.errors import HaplanError, Stale
from haplan.model import value as model
from haplan.model.address import keyed
from haplan.model.compare import differences, merged, same, seen_as, unordered
from haplan.model.document import Document
from haplan.model.plan import Action, Change, Placement, Plan, Transaction
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.state import Row, Run, State
from haplan.model.targets import asked_with
from haplan.model.value import Tree

GOING = (Action.DELETE, Action.FORGET)


@attrs.frozen(kw_only=True)
class Begun:
    """How far the runs of a plan got.

    Attributes:
        plan: The plan.
        state: As it is, with what those runs did not record taken into account.
        serials: Of those runs.
        open: Transactions with announced writes whose outcome nobody recorded.
        touched: Addresses that those writes may have touched.
        reverted: Addresses of which a placement was taken back.
        confirmed: Provider keys whose writes take themselves back until they are confirmed.
    """

    plan: Plan
    state: State
    serials: frozenset[int]
    open: frozenset[str]
    touched: frozenset[str]
    reverted: frozenset[str]
    confirmed: frozenset[str]

    def mine(self, address: str) -> Row | None:
        """The row, if these runs wrote it last."""
        row = self.state.row(address)
        return row if row is not None and row.serial in self.serials else None

    def has(self, change: Change) -> bool:
        """True if the change was begun."""
        return change.address in self.touched or self.mine(change.address) is not None


def runs_of(digest: str, state: State) -> tuple[Run, ...]:
    """The runs that carried out a plan, latest last.

    Raises:
        HaplanError: One of them came to its end.
    """
    found = tuple(run for run in state.runs if run.digest == digest)
    ended = next((run for run in found if run.result == "done"), None)
    if ended is not None:
        raise HaplanError(f"run {ended.id} carried this plan out to its end: there is nothing to go on with")
    return found


def begun(plan: Plan, state: State, runs: Iterable[Run], left: State, confirmed: frozenset[str]) -> Begun:
    """How far the runs of a plan got.

    Args:
        plan: The plan.
        state: As it is now.
        runs: That carried it out.
        left: The state as the latest of them left it.
        confirmed: Provider keys whose writes take themselves back until they are confirmed.

    Raises:
        Stale: Somebody else wrote a row of it since.
    """
    now, then = ({keyed(*key): row.serial for key, row in one.rows.items()} for one in (state, left))
    for name in plan.versions:
        if now.get(name, 0) != then.get(name, 0):
            raise Stale(f"{name}: another run wrote it since (serial {now.get(name, 'gone')}); make a new plan")
    runs = tuple(runs)
    intents = [intent for intent in state.intents if intent.run in {run.id for run in runs}]
    return Begun(
        plan=plan,
        state=state,
        serials=frozenset(run.serial for run in runs),
        open=frozenset(intent.transaction for intent in intents),
        touched=frozenset(address for intent in intents for address in intent.touches()),
        reverted=frozenset(one.address for one in state.placements.values() if one.status == "reverted"),
        confirmed=confirmed,
    )


def targets(work: Begun) -> dict[str, list[Target]]:
    """What to look at, by provider key: all that was begun and is not recorded, and what is in the same documents."""
    left, found, waiting = _left(work), dict[str, list[Target]](), work.state.waiting()
    announced = work.state.announced()
    written = _written(work, left)
    beside = {p.address for t in work.plan.transactions if (t.provider, t.document) in written for p in t.placed}
    by_address = {change.address: change for change in work.plan.changes if not change.deposed}
    for change in work.plan.changes:
        if change.deposed or not left.get(change.key) or not (work.has(change) or change.key in beside):
            continue
        row, owner = work.state.row(change.address), by_address.get(change.owner) or work.state.row(change.owner)
        target = Target(
            address=change.address,
            type=change.type,
            name=str((change.before or {}).get("name", change.name)),
            id=row.id if row is not None else change.id,
            owner=change.owner,
            owner_name=owner.name if owner else "",
            owner_type=owner.type if owner else "",
            values=asked_with(change, row),
            row=row,
            pending=change.address in work.touched,
            needs=change.depends_on,
            waiting=frozenset(waiting.get(change.address, ())),  # as each write will look at it
            announced=announced.get(change.address, ()),
        )
        found.setdefault(change.provider, []).append(target)
    return found


def rest(work: Begun, readings: Iterable[Reading], types: Mapping[str, TypeInfo]) -> Plan:
    """The plan without what is done, going on from what was found.

    Raises:
        Stale: What is there is neither what was planned from nor what was to be.
    """
    readings = tuple(readings)
    seen = {address: one for reading in readings for address, one in reading.seen.items()}
    lists = {where: names for reading in readings for where, names in reading.orders.items()}
    left = _left(work)
    written = _written(work, left)
    changes = [
        _gone_on(work, change, seen.get(change.address), types)
        if work.has(change) and left[change.key] and not change.deposed
        else change
        for change in work.plan.changes
        if change.key in left
    ]
    idle = {change.key for change in changes if change.action is Action.FORGET}
    gone = {change.key for change in changes if change.action is Action.CREATE}
    lists = {where: names for where, names in lists.items() if where[0] in {document for _, document in written}}
    transactions = [_shorter(one, left, idle, gone, lists) for one in work.plan.transactions]
    kept = {one.id for one in transactions if one.placed}
    return attrs.evolve(
        work.plan,
        changes=tuple(changes),
        transactions=tuple(_without(one, kept) for one in transactions if one.placed),
        known={**work.plan.known, **_known(work)},
        targets={**work.plan.targets, "targets": tuple(change.address for change in changes)},
    )


# --- What is done -----------------------------------------------------------------------------------------------------


def _left(work: Begun) -> dict[str, list[Placement]]:
    """Change → its placements that are still to be carried out; changes that are done are left out."""
    placed: dict[str, list[tuple[bool, Placement]]] = {change.key: [] for change in work.plan.changes}
    for transaction in work.plan.transactions:
        for one in transaction.placed:
            placed[one.address].append((transaction.id in work.open, one.placement))
    found: dict[str, list[Placement]] = {}
    for change in work.plan.changes:
        # a placement that is recorded as done may be so from before these runs: of an open write nothing is
        waiting = [one for is_open, one in placed[change.key] if is_open or not _done(work, change, one)]
        if waiting or not _recorded(work, change):
            found[change.key] = waiting
    return found


def _recorded(work: Begun, change: Change) -> bool:
    """True if the change as a whole was recorded."""
    if change.action in GOING or change.after is None:
        return (change.address, change.deposed) not in work.state.rows
    row = work.mine(change.address)
    return row is not None and row.status == "ok" and change.address not in work.reverted


def _done(work: Begun, change: Change, placement: Placement) -> bool:
    if change.action in GOING or change.after is None:
        return _recorded(work, change)
    row = work.mine(change.address)
    if placement.half == "old":  # it is gone, or the new one is there
        return work.state.row(change.address) is None or (row is not None and row.id != change.previous_id)
    if row is None or (placement.half == "new" and row.id == change.previous_id):
        return False
    if placement.late:
        return row.status == "ok" and not _retires(work, change)
    there = work.state.placements.get((change.address, placement.document, placement.part))
    if there is not None and there.status == "reverted":
        return False
    return row.status == "ok" or (there is not None and there.status == "done")


def _retires(work: Begun, change: Change) -> bool:
    """True if the object that the change replaced waits to be deleted."""
    rows = work.state.rows.values()
    return any(row.deposed and row.address == change.address and row.id == change.previous_id for row in rows)


def _known(work: Begun) -> dict[str, dict[str, Tree]]:
    """What the runs recorded, for what refers to it."""
    rows = [row for change in work.plan.changes if (row := work.mine(change.address)) is not None]
    return {
        row.address: {
            **work.plan.known.get(row.address, {}),
            **model.decode(row.values),
            **({"id": row.id} if row.id else {}),
        }
        for row in rows
    }


def _written(work: Begun, left: Mapping[str, list[Placement]]) -> set[tuple[str, Document]]:
    """Provider and document of what these runs wrote, or may have."""
    return {
        (one.provider, one.document)
        for one in work.plan.transactions
        if one.id in work.open or any(placed.placement not in left.get(placed.address, ()) for placed in one.placed)
    }


# --- What is left -----------------------------------------------------------------------------------------------------


def _gone_on(work: Begun, change: Change, seen: Seen | None, types: Mapping[str, TypeInfo]) -> Change:
    """A change that was begun, as it is to be gone on with."""
    if change.action is Action.DELETE:
        may_return = change.provider in work.confirmed and change.address in work.touched
        return (
            change if seen is not None or may_return else attrs.evolve(change, action=Action.FORGET, reason=Reason.GONE)
        )
    made = work.mine(change.address)
    new = made is not None and made.id not in ("", change.previous_id)
    if change.action is Action.CREATE and seen is None and not new:
        return change
    if change.action is Action.REPLACE and not new:
        if seen is None:  # the old one went, the new one did not come
            return attrs.evolve(change, action=Action.CREATE, before=None, id="", private={})
        if seen.id == change.previous_id:
            return change
    if seen is None:
        raise Stale(f"{change.address}: is gone, an interrupted run left it there; make a new plan")
    return _compared(change, seen, work.state.row(change.address), types[change.type])


def _compared(change: Change, seen: Seen, row: Row | None, kind: TypeInfo) -> Change:
    after, before = change.after or {}, change.before or {}
    recorded = model.decode(row.values) if row is not None else {}
    live = seen_as(merged(after, before), seen.values, recorded, kind)
    sets = unordered(kind.attributes, after)
    if change.action in (Action.UPDATE, Action.IMPORT):
        for path in differences(before, live, sets):
            if not same(model.at_path(after, path), model.at_path(live, path), path[0] in sets):
                words = ".".join(map(str, path))
                raise Stale(f"{change.address}: {words} is neither as it was nor as planned; make a new plan")
    fresh = change.action in (Action.CREATE, Action.REPLACE)
    half = fresh or not any(True for _ in differences(after, live, sets))
    action = Action.IMPORT if row is None else Action.UPDATE if fresh else change.action
    return attrs.evolve(
        change,
        action=action,
        reason=Reason.RESUMED if half else change.reason,
        because="" if half else change.because,
        before=live,
        id=seen.id,
        importing=seen.id if row is None else change.importing,
        incomplete=half,
        private={**(row.private if row is not None and fresh else change.private), **seen.private},
    )


def _shorter(
    transaction: Transaction,
    left: Mapping[str, list[Placement]],
    idle: set[str],
    gone: set[str],
    lists: Mapping[tuple[Document, str], tuple[str, ...]],
) -> Transaction:
    """A transaction without what is done; lists that these runs may have written are taken as they are."""
    placed = [one for one in transaction.placed if one.placement in left.get(one.address, ())]
    orders = []
    for one in transaction.orders:
        live = lists.get((one.document, one.list))
        known = () if live is None else tuple(name for name in live if name in (*one.before, *one.after))
        orders.append(one if live is None else attrs.evolve(one, before=known))
    placed = [one for one in placed if one.address not in idle]
    placed = [one for one in placed if one.placement.half != "old" or one.address not in gone]
    return attrs.evolve(transaction, placed=tuple(placed), orders=tuple(orders))


def _without(transaction: Transaction, kept: set[str]) -> Transaction:
    return attrs.evolve(
        transaction,
        after=tuple(one for one in transaction.after if one in kept),
        gates=tuple(one for one in transaction.gates if one in kept),
        soft=tuple(one for one in transaction.soft if one in kept),
    )

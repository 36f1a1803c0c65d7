"""What stands in a document beside what a plan changes there: looked at before the write, told if it moved, left as it
runs."""

from collections.abc import Iterator, Mapping

import attrs

from haplan.contracts import Query, Reading, Seen, Target, Task
from haplan.errors import Stale
from haplan.model import value as model
from haplan.model.compare import differences, kept_in_order, seen_as, unordered, without
from haplan.model.document import Document
from haplan.model.plan import Order, Plan
from haplan.model.schema import TypeInfo
from haplan.model.state import Row, State
from haplan.steps.apply.record import GOING

Place = tuple[str, Document]
"""Provider key and document."""


class Beside:
    """The rows that lie in each document and that a plan has nothing to do with, as they were recorded.

    Threads: any; nothing of it changes.

    Args:
        plan: What it changes, what that flows into, and what it told of as drift, is left out.
        state: Where the rows are placed.
        types: Resource types.
    """

    def __init__(self, plan: Plan, state: State, types: Mapping[str, TypeInfo]) -> None:
        self._types = types
        self._orders = state.orders
        self._reordered = {one.type for one in plan.drift if "position" in one.recorded}
        changing = {change.address for change in plan.changes}
        known = changing | {one.address for one in plan.drift if one.moved} | state.unsettled() | set(state.waiting())
        written = {(transaction.provider, transaction.document) for transaction in plan.transactions}
        self._rows: dict[Place, dict[str, Row]] = {}
        for address, document, _ in state.placements:
            row = state.row(address)
            place = (row.provider_key, document) if row is not None else None
            if row is None or place not in written or address in known or row.status != "ok" or row.type not in types:
                continue
            if changing.isdisjoint(row.depends_on):
                self._rows.setdefault(place, {})[address] = row
        leaving = {change.address for change in plan.changes if change.action in GOING and not change.deposed}
        self._leaving = {
            (document, row.type, row.name)
            for address, document, _ in state.placements
            if address in leaving and (row := state.row(address)) is not None
        }
        self._owners = {address: row for (address, deposed), row in state.rows.items() if not deposed}

    def targets(self, task: Task) -> tuple[Target, ...]:
        """What is to be looked at beside a task."""
        rows = self._rows.get((task.transaction.provider, task.transaction.document), {})
        return tuple(self._target(row) for row in rows.values())

    def moved(self, task: Task, query: Query, reading: Reading) -> tuple[str, ...]:
        """What is not as it was recorded, in words."""
        place = (task.transaction.provider, task.transaction.document)
        rows = self._rows.get(place, {})
        asked = {target.address for target in query.targets}
        found = [
            line
            for address, row in rows.items()
            if address in asked and address not in reading.unread
            for line in self._moved(row, reading.seen.get(address))
        ]
        return (*found, *self._reorders(task, reading))

    def _target(self, row: Row) -> Target:
        owner = self._owners.get(row.owner)
        return Target(
            address=row.address,
            type=row.type,
            name=row.name,
            id=row.id,
            owner=row.owner,
            owner_name=owner.name if owner else "",
            owner_type=owner.type if owner else "",
            values={"name": row.name, **model.decode(row.values)},
            row=row,
        )

    def _moved(self, row: Row, seen: Seen | None) -> Iterator[str]:
        if seen is None:
            yield f"{row.address} (is gone)"
            return
        kind = self._types[row.type]
        ignored = tuple(tuple(name.split(".")) for name in row.lifecycle.get("ignore_changes", ()))
        recorded = {name: value for name, value in model.decode(row.values).items() if name in row.declared}
        recorded = dict(without(recorded, ignored))
        live = seen_as(recorded, seen.values, recorded, kind, kind.owned_by)
        sets = unordered(kind.attributes, recorded)
        names = dict.fromkeys(str(path[0]) for path in differences(recorded, live, sets))
        if names:
            yield f"{row.address} ({', '.join(names)}{f' by {seen.who}' if seen.who else ''})"

    def _reorders(self, task: Task, reading: Reading) -> Iterator[str]:
        here = [(where, order) for where, order in self._orders.items() if where[0] == task.transaction.document]
        for (document, kind), order in here:
            if kind in self._reordered:
                continue
            stay = [name for name in order.names if (document, kind, name) not in self._leaving]
            now = [name for name in reading.orders.get((document, kind), ()) if name in stay]
            then = [name for name in order.names if name in now]
            if len(kept_in_order(then, now)) < len(now):
                yield f"{document} (the order of {kind.replace('_', ' ')})"


def rebased(order: Order, reading: Reading) -> Order:
    """A sequence that is to be set, by what runs: where others moved what the plan does not move, that stays, and what
    is new comes behind the same neighbour.

    Raises:
        Stale: The plan changes the order of what was moved, or something of it is not there any more.
    """
    live = [name for name in reading.orders.get((order.document, order.list), ()) if name in order.before]
    if live == list(order.before):
        return order
    stay = [name for name in order.before if name in order.after]
    if len(live) < len(order.before) or stay != [name for name in order.after if name in order.before]:
        raise Stale(f"{order.document}: the order of {order.list} moved since the plan; plan again")
    after = [name for name in live if name in order.after]
    for number, name in enumerate(order.after):
        if name not in after:
            before = [one for one in order.after[:number] if one in after]
            after.insert(after.index(before[-1]) + 1 if before else 0, name)
    return attrs.evolve(order, before=tuple(live), after=tuple(after))

"""The book of a run: the only place of a run that talks to the state.

What a run is told is durable after `flush`, and the run goes on then. If the state cannot be saved any more, what is
told from then on is kept for one last try at the end.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from haplan.contracts import StateBackend, Written
from haplan.errors import StateNotSaved
from haplan.model import renames
from haplan.model.origin import remembered
from haplan.model.plan import Action, Change, Placement, Plan, Transaction
from haplan.model.schema import TypeInfo
from haplan.model.state import (
    Holder,
    Intent,
    IntentOutcome,
    OrderRow,
    PlacementRow,
    PlacementStatus,
    Row,
    Run,
    State,
    Status,
    Update,
    deposed_mark,
)
from haplan.model.value import Tree
from haplan.steps.apply.group import Group
from haplan.steps.apply.record import GOING, deposed_row, outputs_after, placement_row, row_of

NOTHING = Written()
Key = tuple[str, str]
"""Address and mark of deposed."""


class Ledger:
    """Rows, intents and versions as this run leaves them.

    Threads: one, that of the run's loop; what it gives out is a copy.

    Attributes:
        unsaved: Why something could not be saved; None while all is well. Nothing may be announced any more.
        announced: Transactions that may have written something.
    """

    def __init__(
        self,
        backend: StateBackend,
        holder: Holder,
        run: Run,
        state: State,
        plan: Plan,
        types: Mapping[str, TypeInfo],
    ) -> None:
        self._backend = backend
        named = {change.type for change in plan.changes}
        self._shapes = {name: types[name].schema_version for name in named if name in types}
        self._group = Group(backend.save)
        self.unsaved: StateNotSaved | None = None
        self._holder = holder
        self._run = run
        self._versions = {key: row.serial for key, row in state.rows.items()}
        self._state = self._moved(state, plan.changes)
        self._rows: dict[Key, Row] = dict(self._state.rows)
        self._intents: dict[str, list[int]] = {}
        self._orphans: dict[int, set[str]] = {}
        self._open: dict[str, list[Placement]] = {}
        for transaction in plan.transactions:
            for placed in transaction.placed:
                self._open.setdefault(placed.address, []).append(placed.placement)
        self._retiring = {
            change.key
            for change in plan.changes
            if change.previous_id and any(one.late for one in self._open.get(change.key, ()))
        }
        self.announced: set[str] = set()
        self._before: dict[str, dict[Key, Row | None]] = {}
        looked_at_all = not (plan.targets.get("targets") or plan.targets.get("excludes") or plan.unread)
        self._settle_orphans({change.address for change in plan.changes}, looked_at_all)
        self._keep_deposed(plan.changes)

    def row(self, address: str, deposed: str = "") -> Row | None:
        """The row as it is now."""
        return self._rows.get((address, deposed))

    def made(self, address: str) -> Row | None:
        """The row as it is now, if this run wrote it."""
        row = self.row(address)
        return row if row is not None and row.serial == self._run.serial else None

    def of_provider(self, key: str) -> dict[str, Row]:
        """The rows of a provider as they are now, by address."""
        return attrs.evolve(self._state, rows=self._rows).of_provider(key)

    def placed(self, key: str) -> bool:
        """True if some transaction of the plan carries the change."""
        return key in self._open

    def completes(self, transaction: Transaction, key: str) -> bool:
        """True if a change waits for nothing but this transaction, and the deletion of what it replaced."""
        here = [placed.placement for placed in transaction.placed if placed.address == key]
        return all(one in here or one.late for one in self._open.get(key, ()))

    def keep_lease(self) -> None:
        """Renew the lease; raises `Locked` if it was lost."""
        self._backend.renew(self._holder)

    def flush(self) -> None:
        """Make durable what was recorded."""
        if self.unsaved is None:
            self._flush()

    def announce(self, intents: Sequence[Intent]) -> None:
        """Make remote writes durable before they begin, all or none.

        Raises:
            Locked: The lock is another's by now.
            StateNotSaved: They are not durable; none of them may begin.
        """
        if self.unsaved is not None:
            raise self.unsaved
        try:
            made = self._backend.journal(intents)
        except StateNotSaved as error:
            self.unsaved = error
            raise
        for intent in made:
            self._intents.setdefault(intent.transaction, []).append(intent.id)
            self.announced.add(intent.transaction)

    def wrote(
        self,
        transaction: Transaction,
        changes: Sequence[Change],
        written: Written,
        status: Status,
        *,
        confirmed: bool = True,
    ) -> None:
        """Ids are kept, whatever comes; the rows are not final yet. Durable after `flush`.

        Until a write is confirmed it may take itself back: rows keep the values from before it.
        """
        kept = [change for change in changes if change.after is not None and change.action not in GOING]
        if confirmed:
            rows = [row for change in kept for row in self._made(change, written, status)]
        else:
            rows = [row for change in changes for row in self._unconfirmed(change, written, status)]
        before = self._before.setdefault(transaction.id, {})
        for key in ((row.address, row.deposed) for row in rows):
            before.setdefault(key, self._rows.get(key))
        self._save(rows, [], placements=[row for change in kept for row in self._awaited(change)])
        if status == "incomplete":
            self.close(transaction.id, "done")

    def keep(self, transaction: Transaction, result: Mapping[str, Tree]) -> None:
        """What another run needs to go on from here, in the journal of a write that is not recorded yet. Durable after
        `flush`."""
        numbers = self._intents.get(transaction.id)
        if numbers:
            self._group.add(Update(self._run.id, intents=((numbers[-1], "", result),)))

    def adopt(self, transaction: Transaction, numbers: Iterable[int]) -> None:
        """The intents of a dead run's write are this one's: it goes on with it."""
        for number in numbers:
            self._orphans.pop(number, None)
            self._intents.setdefault(transaction.id, []).append(number)

    def reverted(self, transaction: Transaction) -> None:
        """A write was taken back: rows are as before it, and its placements are still to be carried out."""
        before = self._before.pop(transaction.id, {})
        rows = [row for row in before.values() if row is not None]
        made = [key for key, row in before.items() if row is None]
        there = {row.address for row in rows}
        left = [one for one in transaction.placed if one.address in there]
        placements = [PlacementRow(one.address, transaction.document, one.placement.part, "reverted") for one in left]
        self._save(rows, made, placements=placements)
        self.close(transaction.id, "reverted")

    def doubt(self, addresses: Iterable[str]) -> None:
        """Resources that are neither as before nor as planned."""
        rows = [row for address in addresses if (row := self._rows.get((address, ""))) is not None]
        self._save([attrs.evolve(row, status="in_doubt") for row in rows], [], placements=[])

    def record(
        self, transaction: Transaction | None, changes: Sequence[Change], written: Written, *, queued: bool = False
    ) -> None:
        """The final entry of a transaction; of a resource when it was its last. Durable after `flush`."""
        done: PlacementStatus = "pending" if queued else "done"
        rows: list[Row] = []
        deleted: list[Key] = []
        placements: list[PlacementRow] = []
        numbers = self._intents.pop(transaction.id, []) if transaction else []
        self._before.pop(transaction.id if transaction else "", None)
        by_key = {change.key: change for change in changes}
        changes = [change for change in changes if change.action is not Action.READ]  # that is in no state
        for placed in transaction.placed if transaction else ():
            self._open[placed.address].remove(placed.placement)
            if by_key[placed.address].action not in (*GOING, Action.READ):
                placements.append(placement_row(by_key[placed.address], placed.placement, done))
        for change in changes:
            left = self._open.get(change.key, [])
            if not left:
                numbers += self._settled_orphans(change.address)
            if change.action in GOING or change.after is None:
                deleted += [(change.address, change.deposed)] if not left else []
                continue
            waits = any(not one.late for one in left) if change.key in self._retiring else bool(left)
            rows += self._made(change, written, "pending" if waits else "ok")
            placements += self._awaited(change)
            old = (change.address, deposed_mark(change.previous_id))
            deleted += [old] if not left and old in self._rows else []
        self._save(rows, deleted, placements=placements, numbers=numbers, written=written, transaction=transaction)

    def close(self, transaction: str, outcome: IntentOutcome, *, last: bool = False) -> None:
        """Settle the open intents of a transaction: all, or its last alone while what went before it stays open."""
        numbers = self._intents.pop(transaction, [])
        numbers = numbers[-1:] if last else numbers
        if numbers:
            self._group.add(Update(self._run.id, intents=tuple((number, outcome, {}) for number in numbers)))

    def finish(self, plan: Plan, known: Mapping[str, Mapping[str, Tree]], marked: Callable[[Tree], Tree]) -> None:
        """The last entry: outputs, estates, and what the providers want to remember.

        Raises:
            StateNotSaved: Not all could be saved; what was not is in one recovery file.
        """
        self._group.add(
            Update(
                run=self._run.id,
                outputs=outputs_after(plan.outputs, self._state, known, marked),
                identities=plan.identities,
                settings=plan.settings,
                memories=plan.memories,
                destinations=remembered(plan.destinations),
            )
        )
        earlier, self.unsaved = self.unsaved, None
        self._flush()
        lost = self.unsaved is not None and self.unsaved.file is None  # no room for another recovery file either
        if earlier is not None and earlier.file is not None and not lost:
            earlier.file.unlink(missing_ok=True)  # what is in it was saved now, or is in the later one with the rest
        if self.unsaved is not None:
            raise earlier if lost and earlier is not None else self.unsaved

    def _flush(self) -> None:
        try:
            self._group.flush()
        except StateNotSaved as error:
            self.unsaved = error

    def _made(self, change: Change, written: Written, status: Status) -> list[Row]:
        """The row of a change; with it the old object's, while that waits to be deleted."""
        old = self._rows.get((change.address, change.deposed))
        shape = self._shapes.get(change.type, 1)
        rows = [row_of(change, written, old, status, self._run.serial, shape)]
        deposed = deposed_row(old, self._run.serial) if self._open.get(change.key) else None
        if deposed is None or change.key not in self._retiring:
            return rows
        resumed = change.action is not Action.REPLACE  # then the row may be the new object's already
        return rows if resumed and deposed.id != change.previous_id else [*rows, deposed]

    def _unconfirmed(self, change: Change, written: Written, status: Status) -> Iterable[Row]:
        """The rows of a change until its write is confirmed: new objects with their ids, others as they were."""
        old = self._rows.get((change.address, change.deposed))
        if change.after is not None and (old is None or change.action in (Action.CREATE, Action.REPLACE)):
            return self._made(change, written, status)
        if old is None or change.action is Action.FORGET:
            return []
        if change.after is None:
            return [attrs.evolve(old, status="in_doubt")]
        private = {**change.private, **written.private.get(change.address, {})}
        return [attrs.evolve(old, status=status, private=private)]

    def _awaited(self, change: Change) -> list[PlacementRow]:
        """The placements that are still to be carried out, as rows."""
        return [placement_row(change, one, "pending") for one in self._open.get(change.key, ()) if not one.late]

    def _save(
        self,
        rows: Sequence[Row],
        deleted: Sequence[Key],
        *,
        placements: Sequence[PlacementRow],
        numbers: Sequence[int] = (),
        written: Written = NOTHING,
        transaction: Transaction | None = None,
    ) -> None:
        keys = [*((row.address, row.deposed) for row in rows), *deleted]
        update = Update(
            run=self._run.id,
            rows=tuple(rows),
            deleted=tuple(deleted),
            expected={key: self._versions.get(key, 0) for key in keys},
            placements=tuple(placements),
            orders=tuple(OrderRow(o.document, o.list, o.after) for o in transaction.orders) if transaction else (),
            intents=tuple((number, "done", dict(written.ids)) for number in numbers),
        )
        self._group.add(update)
        for row in rows:
            self._rows[row.address, row.deposed] = row
            self._versions[row.address, row.deposed] = self._run.serial
        for key in deleted:
            self._rows.pop(key, None)
            self._versions.pop(key, None)

    def _moved(self, state: State, changes: Iterable[Change]) -> State:
        """The state under the addresses of the plan. Saved before anything else: what moves has one address."""
        names = {change.previous_address: change.address for change in changes if change.previous_address}
        if names:
            update = renames.update(state, names, self._run.id)
            self._backend.save(update)
            self._versions.update({(row.address, row.deposed): self._run.serial for row in update.rows})
        return renames.renamed(state, names)

    def _keep_deposed(self, changes: Iterable[Change]) -> None:
        """A dead run replaced something and could not say so: its old object has a row before anything is written."""
        rows = [
            attrs.evolve(row, deposed=change.deposed, id=change.id)
            for change in changes
            if change.deposed and (change.address, change.deposed) not in self._rows
            if (row := self._rows.get((change.address, ""))) is not None
        ]
        if rows:
            self._save(rows, [], placements=[])
            self.flush()

    def _settle_orphans(self, changing: set[str], looked_at_all: bool) -> None:
        """Intents of dead runs are settled when their addresses are recorded.

        Those of other addresses led to nothing, provided that the plan looked at them.
        """
        gone: list[tuple[int, str, Mapping[str, Tree]]] = []
        for intent in self._state.intents:
            if intent.run == self._run.id:
                continue
            still = intent.touches() & changing
            if still:
                self._orphans[intent.id] = set(still)
            elif looked_at_all:
                gone.append((intent.id, "reconciled", {}))
        if gone:
            self._backend.settle_intents(gone)

    def _settled_orphans(self, address: str) -> list[int]:
        """Intents of dead runs of which this was the last address to be recorded."""
        done: list[int] = []
        for number, addresses in list(self._orphans.items()):
            addresses.discard(address)
            if not addresses:
                done.append(number)
                del self._orphans[number]
        return done

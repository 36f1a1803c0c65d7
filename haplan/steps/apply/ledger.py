"""The book of a run: rows, placements and the journal of its writes, as they are saved together.

What a run is told is durable after `flush`, and the run goes on then. If the state cannot be saved any more, what is
told from then on is kept for one last try at the end.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from haplan.contracts import Written
from haplan.errors import StateNotSaved
from haplan.model import renames
from haplan.model.document import Document
from haplan.model.origin import remembered
from haplan.model.plan import Action, Change, Plan, Transaction
from haplan.model.state import (
    OrderRow,
    PlacementRow,
    Row,
    State,
    Status,
    Update,
    deposed_mark,
)
from haplan.model.value import Tree
from haplan.steps.apply.group import Group
from haplan.steps.apply.journal import Journal
from haplan.steps.apply.placements import Placements
from haplan.steps.apply.record import GOING, outputs_after, placement_row
from haplan.steps.apply.rows import Key, Rows
from haplan.steps.apply.run_context import RunContext

NOTHING = Written()


class Ledger:
    """What this run leaves in the state; nothing else of a run talks to it.

    Threads: one, that of the run's loop.

    Attributes:
        placements: Which documents have their part of a change.
        rows: What is recorded of each resource.
        journal: What was announced, and is open.
    """

    def __init__(self, plan: Plan, context: RunContext) -> None:
        backend, state, run = context.backend, context.state, context.run
        self._backend = backend
        self._group = Group(backend.save)
        self._holder = context.holder
        self._run = run
        versions = {key: row.serial for key, row in state.rows.items()}
        self._state = self._moved(state, versions, plan.changes)
        self.placements = Placements(plan, self._state.placements)
        self.rows = Rows(
            state=self._state, versions=versions, run=run, plan=plan, types=context.types, placements=self.placements
        )
        left, several = self._state.intents, self.placements.several
        self.journal = Journal(backend=backend, group=self._group, run=run, left=left, plan=plan, several=several)
        self._before: dict[str, dict[Key, Row | None]] = {}
        there = [*self.rows.deposed(plan.changes), *self.rows.imported(plan.changes)]
        if there:  # before anything is written
            self._save(there, [], placements=[])
            self.flush()

    @property
    def unsaved(self) -> StateNotSaved | None:
        """Why something could not be saved; None while all is well. Nothing may be announced any more."""
        return self._group.unsaved

    def keep_lease(self) -> None:
        """Renew the lease; raises `Locked` if it was lost."""
        self._backend.renew(self._holder)

    def flush(self) -> None:
        """Make durable what was recorded; after a save that failed, only `finish` tries again."""
        if self._group.unsaved is None:
            self._group.flush()

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
            rows = [row for change in kept for row in self.rows.after(change, written, status)]
        else:
            rows = [row for change in changes for row in self.rows.unconfirmed(change, written, status)]
        before = self._before.setdefault(transaction.id, {})
        for key in ((row.address, row.deposed) for row in rows):
            before.setdefault(key, self.rows.get(*key))
        self._save(rows, [], placements=[row for change in kept for row in self.placements.awaited(change)])
        if status == "incomplete":
            self.journal.close(transaction, "done")

    def reverted(self, transaction: Transaction) -> None:
        """A write was taken back: rows are as before it, and its placements are still to be carried out."""
        before = self._before.pop(transaction.id, {})
        rows = [row for row in before.values() if row is not None]
        made = [key for key, row in before.items() if row is None]
        there = {row.address for row in rows}
        left = [one for one in transaction.placed if one.address in there]
        placements = [PlacementRow(one.address, transaction.document, one.placement.part, "reverted") for one in left]
        self._save(rows, made, placements=placements)
        self.journal.close(transaction, "reverted")

    def doubt(self, changes: Sequence[Change]) -> None:
        """Resources that are neither as before nor as planned: their documents do not count as having the change."""
        awaited = [row for change in changes for row in self.placements.awaited(change)]
        self._save(self.rows.in_doubt(change.address for change in changes), [], placements=awaited)

    def record(
        self,
        transaction: Transaction | None,
        changes: Sequence[Change],
        written: Written,
        *,
        queued: bool = False,
        lacking: Mapping[str, Tree] = {},
    ) -> None:
        """The final entry of a transaction; of a resource when it was its last. Durable after `flush`.

        Args:
            queued: It waits for its device.
            lacking: Keys of changes that not all devices have, and of which: the next run goes on with them.
        """
        rows, deleted = list[Row](), list[Key]()
        numbers = self.journal.ended(transaction) if transaction else []
        self._before.pop(transaction.id if transaction else "", None)
        placements = self._carried_out(transaction, changes, lacking, queued=queued) if transaction else []
        placed, where = (transaction.placed, transaction.document) if transaction else ((), None)
        first_halves = {one.address for one in placed if one.placement.half == "old"}
        for change in changes:
            if change.action is Action.READ:  # that is in no state
                continue
            left = self.placements.left(change)
            if not left and change.key not in first_halves:
                numbers += self.journal.recorded(change.address)
            if change.action in GOING or change.after is None:
                if left or change.key in self.placements.lacking:
                    rows += self.rows.leaving(change, where, lacking.get(change.key))
                else:
                    deleted.append((change.address, change.deposed))
                continue
            rows += self.rows.after(change, written, self.placements.status(change), where, lacking.get(change.key))
            placements += self.placements.awaited(change)
            old = (change.address, deposed_mark(change.previous_id))
            deleted += [old] if not left and self.rows.get(*old) is not None else []
        gone = self.placements.left_behind(transaction, changes) if transaction else []
        self._save(
            rows, deleted, placements=placements, gone=gone, numbers=numbers, written=written, transaction=transaction
        )

    def _carried_out(
        self, transaction: Transaction, changes: Iterable[Change], lacking: Collection[str], *, queued: bool
    ) -> list[PlacementRow]:
        """The placements of a transaction are done; gives the rows of those that stay."""
        self.placements.carried_out(transaction.placed, lacking)
        staying = {change.key: change for change in changes if change.action not in (*GOING, Action.READ)}
        return [
            placement_row(
                staying[one.address], one.placement, "pending" if queued or one.address in lacking else "done"
            )
            for one in transaction.placed
            if one.address in staying
        ]

    def finish(self, plan: Plan, known: Mapping[str, Mapping[str, Tree]], marked: Callable[[Tree], Tree]) -> None:
        """The last entry: outputs, estates, and what the providers want to remember.

        Raises:
            StateNotSaved: Not all could be saved; what was not is in one recovery file.
        """
        self._group.add(
            Update(
                run=self._run.id,
                orders=tuple(_without_forgotten(plan, self._state)),
                outputs=outputs_after(plan.outputs, self._state, known, marked),
                identities=plan.identities,
                settings=plan.settings,
                memories=plan.memories,
                destinations=remembered(plan.destinations),
            )
        )
        earlier = self.unsaved
        self._group.flush()
        lost = self.unsaved is not None and self.unsaved.file is None  # no room for another recovery file either
        if earlier is not None and earlier.file is not None and not lost:
            earlier.file.unlink(missing_ok=True)  # what is in it was saved now, or is in the later one with the rest
        if self.unsaved is not None:
            raise earlier if lost and earlier is not None else self.unsaved

    def _save(
        self,
        rows: Sequence[Row],
        deleted: Sequence[Key],
        *,
        placements: Sequence[PlacementRow],
        gone: Sequence[tuple[str, Document, str]] = (),
        numbers: Sequence[int] = (),
        written: Written = NOTHING,
        transaction: Transaction | None = None,
    ) -> None:
        update = Update(
            run=self._run.id,
            rows=tuple(rows),
            deleted=tuple(deleted),
            expected=self.rows.expected([*((row.address, row.deposed) for row in rows), *deleted]),
            placements=tuple(placements),
            placements_gone=tuple(gone),
            orders=tuple(OrderRow(o.document, o.list, o.after) for o in transaction.orders) if transaction else (),
            intents=tuple((number, "done", dict(written.ids)) for number in numbers),
        )
        self._group.add(update)
        self.rows.take(rows, deleted)

    def _moved(self, state: State, versions: dict[Key, int], changes: Iterable[Change]) -> State:
        """The state under the addresses of the plan. Saved before anything else: what moves has one address."""
        names = {change.previous_address: change.address for change in changes if change.previous_address}
        if names:
            update = renames.update(state, names, self._run.id)
            self._backend.save(update)
            versions.update({(row.address, row.deposed): self._run.serial for row in update.rows})
        return renames.renamed(state, names)


def _without_forgotten(plan: Plan, state: State) -> Iterable[OrderRow]:
    """The sequences of which something was only forgotten, without it; what this run wrote of them says it already."""
    written = {(order.document, order.list) for one in plan.transactions for order in one.orders}
    gone: dict[tuple[Document, str], set[str]] = {}
    forgotten = {change.address: change for change in plan.changes if change.action is Action.FORGET}
    for address, document, _ in state.placements:
        if address in forgotten:
            gone.setdefault((document, forgotten[address].type), set()).add(forgotten[address].name)
    for where, names in gone.items():
        order = state.orders.get(where)
        if order is not None and where not in written and not names.isdisjoint(order.names):
            yield OrderRow(*where, tuple(name for name in order.names if name not in names))

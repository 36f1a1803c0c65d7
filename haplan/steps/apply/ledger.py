"""The book of a run: the only place of a run that talks to the state. Each entry is durable before the run goes on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from haplan.contracts import StateBackend, Written
from haplan.model.plan import Change, Plan, Transaction
from haplan.model.state import Holder, Intent, OrderRow, Row, Run, State, Status, Update
from haplan.model.value import Tree
from haplan.steps.apply.record import GOING, outputs_after, placement_row, row_of

Key = tuple[str, str]
"""Address and mark of deposed."""


class Ledger:
    """Rows, intents and versions as this run leaves them."""

    def __init__(self, backend: StateBackend, holder: Holder, run: Run, state: State, plan: Plan) -> None:
        self._backend = backend
        self._holder = holder
        self._run = run
        self._state = state
        self._rows: dict[Key, Row] = dict(state.rows)
        self._versions = {key: row.serial for key, row in state.rows.items()}
        self._intents: dict[str, list[int]] = {}
        self._orphans: dict[int, set[str]] = {}
        self._left: dict[str, int] = {}
        for transaction in plan.transactions:
            for placed in transaction.placed:
                self._left[placed.address] = self._left.get(placed.address, 0) + 1
        self.announced: set[str] = set()
        self._settle_orphans({change.address for change in plan.changes})

    def row(self, address: str, deposed: str = "") -> Row | None:
        """The row as it is now."""
        return self._rows.get((address, deposed))

    def placed(self, address: str) -> bool:
        """True if some transaction of the plan carries the address."""
        return address in self._left

    def keep_lease(self) -> None:
        """Renew the lease; raises `Locked` if it was lost."""
        self._backend.renew(self._holder)

    def announce(self, intent: Intent) -> None:
        """Make the next remote write durable, after making sure that the lease outlives it."""
        self.keep_lease()
        made = self._backend.journal(intent)
        self._intents.setdefault(intent.transaction, []).append(made.id)
        self.announced.add(intent.transaction)

    def wrote(self, transaction: Transaction, changes: Sequence[Change], written: Written, status: Status) -> None:
        """Ids are durable from now on, whatever comes; the rows are not final yet."""
        kept = [change for change in changes if change.after is not None and change.action not in GOING]
        rows = [self._made(change, written, status) for change in kept]
        self._save(rows, [], written, intents=())
        if status == "incomplete":
            self.close(transaction.id, "done")

    def record(
        self, transaction: Transaction | None, changes: Sequence[Change], written: Written, *, queued: bool = False
    ) -> None:
        """The final entry of a transaction; of a resource when it was its last."""
        rows: list[Row] = []
        deleted: list[Key] = []
        for change in changes:
            for placed in transaction.placed if transaction else ():
                if placed.address == change.address:
                    self._left[change.address] -= 1
            complete = not self._left.get(change.address)
            if change.action in GOING or change.after is None:
                deleted += [(change.address, change.deposed)] if complete else []
            else:
                rows.append(self._made(change, written, "ok" if complete else "pending"))
        numbers = self._intents.pop(transaction.id, []) if transaction else []
        for change in changes:
            if not self._left.get(change.address):
                numbers += self._settled_orphans(change.address)
        self._save(rows, deleted, written, numbers, transaction, changes, queued)

    def close(self, transaction: str, outcome: str) -> None:
        """Settle the open intents of a transaction."""
        numbers = self._intents.pop(transaction, [])
        if numbers:
            self._backend.settle_intents([(number, outcome, {}) for number in numbers])

    def finish(self, plan: Plan, known: Mapping[str, Mapping[str, Tree]]) -> None:
        """The last entry: outputs, estates, and what the providers want to remember."""
        self._backend.save(
            Update(
                run=self._run.id,
                outputs=outputs_after(plan.outputs, self._state, known),
                identities=plan.identities,
                settings=plan.settings,
                memories=plan.memories,
            )
        )

    def _made(self, change: Change, written: Written, status: Status) -> Row:
        return row_of(change, written, self._rows.get((change.address, change.deposed)), status, self._run.serial)

    def _save(
        self,
        rows: Sequence[Row],
        deleted: Sequence[Key],
        written: Written,
        intents: Iterable[int],
        transaction: Transaction | None = None,
        changes: Sequence[Change] = (),
        queued: bool = False,
    ) -> None:
        keys = [*((row.address, row.deposed) for row in rows), *deleted]
        placed = transaction.placed if transaction else ()
        by_address = {change.address: change for change in changes if change.action not in GOING}
        update = Update(
            run=self._run.id,
            rows=tuple(rows),
            deleted=tuple(deleted),
            expected={key: self._versions.get(key, 0) for key in keys},
            placements=tuple(
                placement_row(by_address[one.address], one.placement, "pending" if queued else "done")
                for one in placed
                if one.address in by_address
            ),
            orders=tuple(OrderRow(o.document, o.list, o.after) for o in transaction.orders) if transaction else (),
            intents=tuple((number, "done", dict(written.ids)) for number in intents),
        )
        self._backend.save(update)
        for row in rows:
            self._rows[row.address, row.deposed] = row
            self._versions[row.address, row.deposed] = self._run.serial
        for key in deleted:
            self._rows.pop(key, None)
            self._versions.pop(key, None)

    def _settle_orphans(self, changing: set[str]) -> None:
        """Intents of dead runs are settled when their address is recorded; those of other addresses led to nothing."""
        gone: list[tuple[int, str, Mapping[str, Any]]] = []
        for intent in self._state.intents:
            if intent.run == self._run.id:
                continue
            still = intent.touches() & changing
            if still:
                self._orphans[intent.id] = set(still)
            else:
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

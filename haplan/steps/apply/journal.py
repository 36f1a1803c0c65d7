"""The journal of a run: which remote writes were announced, of this run and of dead ones, and what became of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from haplan.contracts import StateBackend, Task
from haplan.errors import StateNotSaved
from haplan.model.plan import Plan, Transaction
from haplan.model.state import Intent, IntentOutcome, Run, Update
from haplan.model.value import Tree
from haplan.steps.apply.carried import kept
from haplan.steps.apply.group import Group


class Journal:
    """Open intents.

    Threads: one, that of the run's loop.

    Args:
        group: Where outcomes are saved with everything else.
        left: The open intents as loaded.
        several: Keys of the changes that are written in more than one place.

    Attributes:
        announced: Transactions that may have written something.
    """

    def __init__(
        self,
        *,
        backend: StateBackend,
        group: Group,
        run: Run,
        left: Iterable[Intent],
        plan: Plan,
        several: Collection[str],
    ) -> None:
        self._several = several
        self._backend = backend
        self._group = group
        self._run = run
        self._open: dict[str, list[int]] = {}
        self._orphans: dict[int, set[str]] = {}
        self.announced: set[str] = set()
        looked_at_all = not (plan.targets.get("targets") or plan.targets.get("excludes") or plan.unread)
        self._settle_orphans(left, {change.address for change in plan.changes}, looked_at_all)

    def announce(self, intents: Sequence[Intent]) -> None:
        """Make remote writes durable before they begin, all or none.

        Raises:
            Locked: The lock is another's by now.
            StateNotSaved: They are not durable; none of them may begin.
        """
        if self._group.unsaved is not None:
            raise self._group.unsaved
        try:
            made = self._backend.journal(intents)
        except StateNotSaved as error:
            self._group.unsaved = error
            raise
        for intent in made:
            self._open.setdefault(intent.transaction, []).append(intent.id)
            self.announced.add(intent.transaction)

    def keep(self, task: Task, receipt: Mapping[str, Tree]) -> None:
        """What another run needs to go on from here: it stands with the latest step of a write that is not recorded
        yet. Durable after a flush."""
        numbers = self._open.get(task.transaction.id)
        if numbers:
            result = kept(task, receipt, self._several)
            self._group.add(Update(run=self._run.id, intents=((numbers[-1], "", result),)))

    def adopt(self, transaction: Transaction, numbers: Iterable[int]) -> None:
        """The intents of a dead run's write are this one's: it goes on with it."""
        for number in numbers:
            self._orphans.pop(number, None)
            self._open.setdefault(transaction.id, []).append(number)

    def close(self, transaction: Transaction, outcome: IntentOutcome, *, last: bool = False) -> None:
        """Settle the open intents of a transaction: all, or its last alone while what went before it stays open."""
        numbers = self.ended(transaction)
        numbers = numbers[-1:] if last else numbers
        if numbers:
            self._group.add(Update(run=self._run.id, intents=tuple((number, outcome, {}) for number in numbers)))

    def ended(self, transaction: Transaction) -> list[int]:
        """The open intents of a transaction, which are settled with what is saved now."""
        return self._open.pop(transaction.id, [])

    def recorded(self, address: str) -> list[int]:
        """Intents of dead runs of which this was the last address to be recorded."""
        done: list[int] = []
        for number, addresses in list(self._orphans.items()):
            addresses.discard(address)
            if not addresses:
                done.append(number)
                del self._orphans[number]
        return done

    def _settle_orphans(self, left: Iterable[Intent], changing: set[str], looked_at_all: bool) -> None:
        """Intents of dead runs are settled when their addresses are recorded.

        Those of other addresses led to nothing, provided that the plan looked at them.
        """
        gone: list[tuple[int, IntentOutcome, Mapping[str, Tree]]] = []
        for intent in left:
            if intent.run == self._run.id:
                continue
            still = intent.touches() & changing
            if still:
                self._orphans[intent.id] = set(still)
            elif looked_at_all:
                gone.append((intent.id, "reconciled", {}))
        if gone:
            self._backend.settle_intents(gone)

"""Tasks: what a transaction's write is given, with everything resolved that is known by then."""

from collections.abc import Mapping
from typing import Any

import attrs

from haplan.contracts import Part, Target, Task, Written
from haplan.errors import ProviderError
from haplan.model.document import Document
from haplan.model.plan import Action, Change, Placement, Plan, Transaction, in_half
from haplan.model.state import Row
from haplan.model.value import Secret, Tree, decode, transform
from haplan.steps.apply.beside import Beside
from haplan.steps.apply.carried import Carried, carried, content
from haplan.steps.apply.checks import refuse_misfits, refuse_unmet
from haplan.steps.apply.ledger import Ledger
from haplan.steps.apply.own import Own
from haplan.steps.apply.record import held, resolved, unknown_in
from haplan.steps.apply.run_context import RunContext
from haplan.steps.apply.worker import Job, Steps, target_of


class Tasks:
    """Makes tasks and jobs, and learns from each write what later ones may use.

    Threads: one, that of the run's loop; jobs and tasks are frozen.

    Attributes:
        changes: What the plan changes, by key.
        known: Address → values that references may use.
        own: What this run wrote by now.
    """

    def __init__(self, plan: Plan, context: RunContext, ledger: Ledger) -> None:
        self._plan = plan
        self._context = context
        self._ledger = ledger
        self.changes = {change.key: change for change in plan.changes}
        self.known: dict[str, dict[str, Tree]] = {address: dict(values) for address, values in plan.known.items()}
        self._held = held(plan, context.state)
        self._announced: dict[tuple[str, Document], tuple[Mapping[str, Tree], ...]] = {}
        for intent in context.state.intents:
            if intent.run != context.run.id:
                where = intent.provider, intent.document
                self._announced[where] = (*self._announced.get(where, ()), intent.key)
        self._beside = Beside(plan, context.state, context.types)
        self._carried = carried(context.state.intents, context.run.id)
        self._waiting, self._left = context.state.waiting(), context.state.announced()
        self._touched: set[str] = set()
        self._forgotten = self._unplaced()
        self.own = Own(context.state.intents, context.run.id, ledger.placements.several)

    def task(self, transaction: Transaction) -> Task:
        """What is to be written.

        Raises:
            HaplanError: A value is still unknown or does not fit, or a precondition does not hold.
        """
        parts = tuple(self._part(placed.address, placed.placement) for placed in transaction.placed)
        timeouts = {name: s for part in parts for name, s in part.change.lifecycle.timeouts.items()}
        key = transaction.provider
        recorded = self._ledger.rows.of_provider(key) if self._context.providers[key].composes else {}
        timeouts = {**self._plan.timeouts, **timeouts}
        announced = self._announced.get((key, transaction.document), ())
        now = self._context.clock.now()
        return Task(
            transaction=transaction,
            parts=parts,
            orders=transaction.orders,
            timeouts=timeouts,
            started=now,
            recorded=recorded,
            announced=announced,
        )

    def job(self, task: Task, io: Steps) -> Job:
        """A task with what its worker needs beside it."""
        transaction, context = task.transaction, self._context
        targets = {part.change.key: self._target(part) for part in task.parts}
        return Job(
            task=task,
            provider=context.providers[transaction.provider],
            targets=tuple(targets.values()),
            own=self.own,
            io=io,
            rules=context.before,
            types=context.types,
            beside=self._beside,
            recorded={**self._forgets(transaction.provider), **task.recorded} if task.recorded else {},
            carried=self._carried_of(task),
        )

    def _forgets(self, provider: str) -> dict[str, Row]:
        """The rows of a provider that the run only forgets: what was looked at for the plan was so with them."""
        return {address: row for address, row in self._forgotten.items() if row.provider_key == provider}

    def _unplaced(self) -> dict[str, Row]:
        placed = {one.address for transaction in self._plan.transactions for one in transaction.placed}
        going = [change for change in self._plan.changes if change.after is None and change.key not in placed]
        rows = {change.address: self._context.state.row(change.address) for change in going if not change.deposed}
        return {address: row for address, row in rows.items() if row is not None}

    def _carried_of(self, task: Task) -> Carried | None:
        found = self._carried.get((task.transaction.provider, task.transaction.document))
        return found if found is not None and (found.going_back or found.content == content(task)) else None

    def final(self, change: Change) -> Change:
        """The change with its references resolved, and its secrets marked by fingerprint.

        Raises:
            HaplanError: A value is still unknown, or is not what its attribute takes.
        """
        if change.after is None:
            return change
        after = resolved(change.after, self.known)
        missing = unknown_in(after)
        if missing is not None:
            words = ".".join(map(str, missing))
            raise ProviderError(f"{change.address}: {words} is still unknown: what it refers to gave no such value")
        refuse_misfits(change, after, self._context.types)
        return attrs.evolve(change, after=transform(after, self.marked))

    def marked(self, leaf: Tree) -> Tree:
        """A value; with its fingerprint if it is a secret."""
        return self._context.fingerprint(leaf) if isinstance(leaf, Secret) and not leaf.fingerprint else leaf

    def learn(self, task: Task, written: Written) -> None:
        """From now on references may use what the write gave, and later writes expect it."""
        for part in task.parts:
            change = part.change
            if part.placement.half == "old":
                self.known.pop(change.address, None)  # nobody may take the old one's values for the new one's
            elif not change.deposed:
                known = self.known.setdefault(change.address, {})
                before = known.get("id") if change.key in self._touched else ""
                identity = written.ids.get(change.address) or before or change.id
                known.update({**self._told(change), **(change.after or {}), **written.values.get(change.address, {})})
                known.update({"id": identity} if identity else {})
            self._touched.add(change.key)

    def _told(self, change: Change) -> dict[str, Tree]:
        """What is recorded of an object that stays, beside what the stack sets: such as what another document gave."""
        row = self._ledger.rows.get(change.address, change.deposed)
        if row is None or change.action is Action.REPLACE:
            return {}
        return {name: value for name, value in decode(row.values).items() if name not in row.declared}

    def _part(self, key: str, placement: Placement) -> Part:
        change = self.final(in_half(self.changes[key], placement))
        refuse_unmet(change, self.known)
        return Part(change, placement, None, self._ledger.rows.get(change.address, change.deposed))

    def _target(self, part: Part) -> Target:
        held = frozenset(self._held.get(part.change.address, ()))
        target = target_of(part.change, part.row, self._owner(part.change), held)
        waiting = frozenset(self._waiting.get(part.change.address, ()))
        return attrs.evolve(target, waiting=waiting, announced=self._left.get(part.change.address, ()))

    def _owner(self, change: Change) -> Any:
        return self.changes.get(change.owner) or self._ledger.rows.get(change.owner)

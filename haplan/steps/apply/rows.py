"""The rows of a run: what is recorded of each resource by now, and what a change makes of it."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.contracts import Written
from haplan.model import devices
from haplan.model.document import Document
from haplan.model.plan import Action, Change, Plan
from haplan.model.schema import TypeInfo
from haplan.model.state import Row, Run, State, Status
from haplan.model.unfinished import LEFT, places, remembering, with_left
from haplan.model.value import Tree
from haplan.steps.apply.placements import Placements
from haplan.steps.apply.record import deposed_row, row_of

Key = tuple[str, str]
"""Address and mark of deposed."""


class Rows:
    """Rows and their versions as this run leaves them.

    Threads: one, that of the run's loop; what it gives out is a copy.

    Args:
        state: Under the addresses of the plan.
        versions: Key → serial of the row in the state backend.
    """

    def __init__(
        self,
        *,
        state: State,
        versions: Mapping[Key, int],
        run: Run,
        plan: Plan,
        types: Mapping[str, TypeInfo],
        placements: Placements,
    ) -> None:
        self._state = state
        self._now: dict[Key, Row] = {**state.rows, **_with_what_is_left(state, plan)}
        self._versions = dict(versions)
        self._serial = run.serial
        self._placements = placements
        named = {change.type for change in plan.changes}
        self._shapes = {name: types[name].schema_version for name in named if name in types}

    def get(self, address: str, deposed: str = "") -> Row | None:
        """The row as it is now."""
        return self._now.get((address, deposed))

    def made(self, address: str) -> Row | None:
        """The row as it is now, if this run wrote it."""
        row = self.get(address)
        return row if row is not None and row.serial == self._serial else None

    def of_provider(self, key: str) -> dict[str, Row]:
        """The rows of a provider as they are now, by address."""
        return attrs.evolve(self._state, rows=self._now).of_provider(key)

    def expected(self, keys: Iterable[Key]) -> dict[Key, int]:
        """The versions that the state backend has."""
        return {key: self._versions.get(key, 0) for key in keys}

    def take(self, rows: Iterable[Row], deleted: Iterable[Key]) -> None:
        """These are the rows from now on."""
        for row in rows:
            self._now[row.address, row.deposed] = row
            self._versions[row.address, row.deposed] = self._serial
        for key in deleted:
            self._now.pop(key, None)
            self._versions.pop(key, None)

    def after(
        self, change: Change, written: Written, status: Status, where: Document | None = None, missing: Tree = None
    ) -> list[Row]:
        """The row of a change; with it the old object's, while that waits to be deleted.

        Args:
            where: The document that was written.
            missing: The devices of it that do not have the change; see `haplan.model.devices.lacking`.
        """
        old = self.get(change.address, change.deposed)
        row = row_of(change, written, old, status, self._serial, self._shapes.get(change.type, 1))
        private = self._with_left(row.private, change, old)
        if where is not None and status != "ok":
            private = devices.with_missing(private, old.private if old is not None else {}, where, missing)
        rows = [attrs.evolve(row, private=devices.without_missing(private) if status == "ok" else private)]
        deposed = deposed_row(old, self._serial) if self._placements.left(change) else None
        if deposed is None or not self._placements.retires(change):
            return rows
        resumed = change.action is not Action.REPLACE  # then the row may be the new object's already
        known = self.get(deposed.address, deposed.deposed) is not None  # then the row may have the new one's words
        if known or (resumed and deposed.id != change.previous_id):
            return rows
        return [*rows, attrs.evolve(deposed, private=with_left(deposed.private, {}))]

    def _with_left(self, private: Mapping[str, Tree], change: Change, old: Row | None) -> dict[str, Tree]:
        """With what may still stand in documents that do not have the change yet."""
        return with_left(private, remembering(old, self._placements.open(change), change.before))

    def leaving(self, change: Change, where: Document | None = None, missing: Tree = None) -> list[Row]:
        """The row of what some documents, or devices, have no longer, and others still have; see `after`."""
        old = self.get(change.address, change.deposed)
        if old is None:
            return []
        private = self._with_left(old.private, change, old)
        if where is not None:
            private = devices.with_missing(private, old.private, where, missing)
        return [attrs.evolve(old, status="pending", private=private)]

    def unconfirmed(self, change: Change, written: Written, status: Status) -> Sequence[Row]:
        """The rows of a change until its write is confirmed: new objects with their ids, others as they were."""
        old = self.get(change.address, change.deposed)
        if change.after is not None and (old is None or change.action in (Action.CREATE, Action.REPLACE)):
            return self.after(change, written, status)
        if old is None or change.action is Action.FORGET:
            return []
        if change.after is None:
            return [attrs.evolve(old, status="in_doubt")]
        private = {**change.private, **written.private.get(change.address, {})}
        private = with_left(private, places(old.private))
        return [attrs.evolve(old, status=status, private=private)]

    def in_doubt(self, addresses: Iterable[str]) -> list[Row]:
        """The rows of resources that are neither as before nor as planned."""
        rows = (self.get(address) for address in addresses)
        return [attrs.evolve(row, status="in_doubt") for row in rows if row is not None]

    def imported(self, changes: Iterable[Change]) -> list[Row]:
        """The rows of what is imported and replaced, as it is now: it is in state before its replacement begins, which
        then is one like any other."""
        entering = [one for one in changes if one.action is Action.REPLACE and one.importing]
        return [
            row_of(
                attrs.evolve(one, action=Action.IMPORT, after=one.before, unset=()),
                Written(),
                None,
                "ok",
                0,
                self._shapes.get(one.type, 1),
            )
            for one in entering
            if self.get(one.address) is None
        ]

    def deposed(self, changes: Iterable[Change]) -> list[Row]:
        """A dead run replaced something and could not say so: the rows of its old objects, where there are none, and
        of the new ones, which nothing else would remember if this run failed too."""
        return [
            one
            for change in changes
            if change.deposed and (change.address, change.deposed) not in self._now
            if (row := self.get(change.address)) is not None
            for one in (row, attrs.evolve(row, deposed=change.deposed, id=change.id))
        ]


def _with_what_is_left(state: State, plan: Plan) -> dict[Key, Row]:
    """The rows of which the plan found that other documents may have them yet."""
    found: dict[Key, Row] = {}
    for change in plan.changes:
        row = state.rows.get((change.address, change.deposed))
        if row is not None and not change.deposed and change.private.get(LEFT):
            left = {**places(change.private), **places(row.private)}
            found[row.address, ""] = attrs.evolve(row, private=with_left(row.private, left))
    return found

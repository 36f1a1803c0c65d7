"""Which documents do not carry their part of a change yet, as a run goes on."""

from collections.abc import Iterable

from haplan.model.document import Document
from haplan.model.plan import Action, Change, Placed, Placement, Plan, Transaction
from haplan.model.state import PlacementRow, Status
from haplan.model.unfinished import Place
from haplan.steps.apply.record import GOING, placement_row

Key = tuple[str, Document, str]
"""Address, document and part: of a placement in state."""


class Placements:
    """The placements that are still to be carried out.

    Threads: one, that of the run's loop.

    Args:
        recorded: The placements in state.

    Attributes:
        several: Keys of the changes that are written in more than one place.
        lacking: Keys of the changes that some devices of a document do not have, though it was written.
    """

    def __init__(self, plan: Plan, recorded: Iterable[Key] = ()) -> None:
        self.lacking: set[str] = set()
        self._left: dict[str, list[Placement]] = {}
        self._there: dict[tuple[str, Document], list[Key]] = {}
        for key in recorded:
            self._there.setdefault(key[:2], []).append(key)
        for transaction in plan.transactions:
            for placed in transaction.placed:
                self._left.setdefault(placed.address, []).append(placed.placement)
        self.several = frozenset(
            key for key, found in self._left.items() if len({(one.document, one.part) for one in found}) > 1
        )
        self._retiring = {
            change.key
            for change in plan.changes
            if change.previous_id and any(one.late for one in self._left.get(change.key, ()))
        }

    def placed(self, change: Change) -> bool:
        """True if some transaction of the plan carries the change."""
        return change.key in self._left

    def left(self, change: Change) -> bool:
        """True if something of it is still to be carried out."""
        return bool(self._of(change))

    def waits(self, change: Change) -> bool:
        """True if something of it is still to be carried out, beside the deletion of what it replaced."""
        left = self._of(change)
        return any(not one.late for one in left) if self.retires(change) else bool(left)

    def retires(self, change: Change) -> bool:
        """True if it replaces an object that is deleted after everything else."""
        return change.key in self._retiring

    def completes(self, transaction: Transaction, change: Change) -> bool:
        """True if a change waits for nothing but this transaction, and the deletion of what it replaced."""
        here = [placed.placement for placed in transaction.placed if placed.address == change.key]
        return all(one in here or one.late for one in self._of(change))

    def status(self, change: Change) -> Status:
        """What its row says by now."""
        if change.key in self.lacking:
            return "incomplete"
        return "pending" if self.waits(change) else "ok"

    def carried_out(self, placed: Iterable[Placed], lacking: Iterable[str] = ()) -> None:
        """These are done; of changes that some devices do not have, their keys are `lacking`."""
        self.lacking.update(lacking)
        for one in placed:
            self._left[one.address].remove(one.placement)

    def open(self, change: Change) -> list[Place]:
        """Documents and parts that do not have it yet."""
        return [(one.document, one.part) for one in self._of(change) if not one.late]

    def left_behind(self, transaction: Transaction, changes: Iterable[Change]) -> list[Key]:
        """What was recorded of a document that has a resource no longer, while others still have it.

        Its parts may be called otherwise in a deletion: what the document had goes whole.
        """
        going = {change.key for change in changes if change.action in GOING and not change.deposed}
        where = {(one.address, one.placement.document) for one in transaction.placed if one.address in going}
        still = {(address, one.document, one.part) for address in going for one in self._left.get(address, ())}
        return [key for place in where for key in self._there.get(place, ()) if key not in still]

    def awaited(self, change: Change) -> list[PlacementRow]:
        """Those that are still to be carried out, as rows."""
        return [placement_row(change, one, "pending") for one in self._of(change) if not one.late]

    def _of(self, change: Change) -> list[Placement]:
        """What is left of a change; of one half of a replacement, what is left of that."""
        left = self._left.get(change.key, [])
        if not any(one.half for one in left) or change.action is Action.REPLACE:
            return left
        return [one for one in left if (one.half == "old") == (change.action is Action.DELETE)]

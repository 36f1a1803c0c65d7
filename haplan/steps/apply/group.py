"""Saves that are written together: one synced commit for all that comes about at nearly the same time."""

from collections.abc import Callable, Sequence

import attrs

from haplan.errors import StateNotSaved
from haplan.model.document import Document
from haplan.model.state import OrderRow, OutputRow, PlacementRow, Row, Update


class Group:
    """Updates on their way into the state, in order. Nothing that waits for one of them may go on before `flush`.

    Threads: one, that of the run's loop.

    Attributes:
        unsaved: Why the last save failed; None while all is well.
    """

    def __init__(self, save: Callable[[Update], None]) -> None:
        self._save = save
        self._waiting: list[Update] = []
        self.unsaved: StateNotSaved | None = None

    def add(self, update: Update) -> None:
        """Take one more."""
        self._waiting.append(update)

    def flush(self) -> None:
        """Save what waits; if that fails it goes on waiting."""
        self.unsaved = None
        if not self._waiting:
            return
        try:
            self._save(self._waiting[0] if len(self._waiting) == 1 else joined(self._waiting))
        except StateNotSaved as error:
            self.unsaved = error
        else:
            self._waiting = []


def joined(updates: Sequence[Update]) -> Update:
    """Several updates of one run as one that leaves the same: what is said later counts, what was there first is
    expected."""
    rows: dict[tuple[str, str], Row] = {}
    deleted: dict[tuple[str, str], None] = {}
    placements: dict[tuple[str, Document, str], PlacementRow] = {}
    gone: dict[tuple[str, Document, str], None] = {}
    orders: dict[tuple[Document, str], OrderRow] = {}
    expected: dict[tuple[str, str], int] = {}
    outputs: tuple[OutputRow, ...] | None = None
    for one in updates:
        expected = {**one.expected, **expected}
        for key in one.deleted:
            rows.pop(key, None)
            deleted[key] = None
            if not key[1]:  # a current row takes its placements along
                placements = {place: row for place, row in placements.items() if row.address != key[0]}
        rows.update({(row.address, row.deposed): row for row in one.rows})
        for place in one.placements_gone:
            placements.pop(place, None)
            gone[place] = None
        placements.update({(row.address, row.document, row.part): row for row in one.placements})
        orders.update({(row.document, row.list): row for row in one.orders})
        outputs = outputs if one.outputs is None else one.outputs
    return attrs.evolve(
        updates[0],
        rows=tuple(rows.values()),
        deleted=tuple(deleted),
        expected=expected,
        placements=tuple(placements.values()),
        placements_gone=tuple(gone),
        orders=tuple(orders.values()),
        outputs=outputs,
        identities={key: known for one in updates for key, known in one.identities.items()},
        settings={key: known for one in updates for key, known in one.settings.items()},
        memories={key: known for one in updates for key, known in one.memories.items()},
        destinations={key: known for one in updates for key, known in one.destinations.items()},
        intents=tuple({outcome[0]: outcome for one in updates for outcome in one.intents}.values()),
    )

"""Saves that are written together: one synced commit for all transactions that end at about the same time."""

from collections.abc import Callable, Hashable, Iterator, Sequence

import attrs

from haplan.model.state import Update


class Group:
    """Updates on their way into the state, in order. Nothing that waits for one of them may go on before `flush`."""

    def __init__(self, save: Callable[[Update], None]) -> None:
        self._save = save
        self._waiting: list[Update] = []
        self._subjects: set[Hashable] = set()

    def add(self, update: Update) -> None:
        """Take one more. Two that speak of the same thing are never one save: it would not know which came first."""
        subjects = set(_subjects(update))
        if subjects & self._subjects:
            self.flush()
        self._waiting.append(update)
        self._subjects |= subjects

    def flush(self) -> None:
        """Save what waits. It is durable from now on.

        Raises:
            StateNotSaved: None of it could be saved; all of it is in the recovery file.
        """
        waiting, self._waiting, self._subjects = self._waiting, [], set()
        if waiting:
            self._save(_joined(waiting))


def _subjects(update: Update) -> Iterator[Hashable]:
    yield from (row.address for row in update.rows)
    yield from (address for address, _ in update.deleted)
    yield from (row.address for row in update.placements)
    yield from ((order.document, order.list) for order in update.orders)


def _joined(updates: Sequence[Update]) -> Update:
    """Several updates of one run as one; outputs and what is known of providers are saved by themselves."""
    return attrs.evolve(
        updates[0],
        rows=tuple(row for one in updates for row in one.rows),
        deleted=tuple(key for one in updates for key in one.deleted),
        expected={key: serial for one in updates for key, serial in one.expected.items()},
        placements=tuple(row for one in updates for row in one.placements),
        orders=tuple(row for one in updates for row in one.orders),
        intents=tuple(outcome for one in updates for outcome in one.intents),
    )

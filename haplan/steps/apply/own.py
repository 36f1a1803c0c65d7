"""Own writes: what may have moved since the plan because a run wrote it, this one or one that died."""

import threading
from collections.abc import Iterable

from haplan.contracts import Task
from haplan.model.document import Document
from haplan.model.state import Intent


class Own:
    """What was written, or is being written at this moment.

    A write is in it from before it is sent, so whoever reads and asks afterwards never takes it for somebody else's.

    Threads: any, under one lock: each writer says what it begins, and asks what others did.

    Attributes:
        left: Addresses that a run which died may have written without saying what came of it; that may show at any
            time.
        several: Keys of the changes that this run writes in more than one place.
    """

    def __init__(self, intents: Iterable[Intent], run: str, several: frozenset[str] = frozenset()) -> None:
        self.several = several
        self.left = frozenset(address for one in intents if one.run != run for address in one.touches())
        self._lock = threading.Lock()
        self._changes: set[str] = set()
        self._documents: set[tuple[str, Document]] = set()

    def begins(self, task: Task) -> None:
        """A write of this task is about to be sent."""
        with self._lock:
            self._changes.update(part.change.key for part in task.parts)
            self._documents.add((task.transaction.provider, task.transaction.document))

    def changes(self) -> frozenset[str]:
        """The changes that this run has written by now, by key, or is writing."""
        with self._lock:
            return frozenset(self._changes)

    def wrote(self, provider: str, document: Document) -> bool:
        """True if this run wrote the document, or is writing it."""
        with self._lock:
            return (provider, document) in self._documents

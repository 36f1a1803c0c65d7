"""What is remembered of one stack in one environment: to look at, and to mend. The estate is never touched.

Whatever changes a state does so under its lock, as a run of its own: history shows it, and a rollback takes it back.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from haplan import engine, repair
from haplan.api import approvals
from haplan.api.expected import expected
from haplan.host import records
from haplan.host.backend import look
from haplan.host.records import Freed
from haplan.host.session import Session
from haplan.model.state import Holder, Run, State
from haplan.repair import Mended
from haplan.steps.history import Chapter

T = TypeVar("T")


class States:
    """The state of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, serial: int = 0) -> State:
        """What is remembered, or was after the run of an earlier serial."""
        return self._do(lambda: engine.read_state(self._session, serial))

    def look(self, *addresses: str) -> State:
        """What is remembered of these addresses, beside outputs and runs; the rest is left empty."""
        return self._do(lambda: look(self._session.backend, addresses))

    def runs(self) -> tuple[Run, ...]:
        """The runs that wrote, latest last."""
        return self.look().runs

    def holder(self) -> Holder | None:
        """Who holds the lock, alive or not."""
        return self._do(lambda: self._session.backend.holder())

    def writing(self) -> bool:
        """True while somebody holds the lock, and is alive."""
        return self._do(lambda: engine.writing(self._session))

    def unlock(self, lock: str) -> Holder:
        """Take the lock from its holder.

        Raises:
            HaplanError: Nobody holds a lock of that id.
        """
        return self._do(lambda: engine.force_unlock(self._session, lock))

    # --- Mending ------------------------------------------------------------------------------------------------------

    def move(self, source: str, target: str) -> Mended:
        """Give a resource, or a module, another address."""
        return self._mended("state mv", lambda: repair.move(self._session, source, target))

    def forget(self, patterns: Iterable[str]) -> Mended:
        """Drop resources from state; the estate keeps them."""
        return self._mended("state rm", lambda: repair.forget(self._session, patterns))

    def taint(self, address: str) -> Mended:
        """Mark a resource to be replaced."""
        return self._mended("state taint", lambda: repair.taint(self._session, address))

    def untaint(self, address: str) -> Mended:
        """Take that mark away."""
        return self._mended("state untaint", lambda: repair.untaint(self._session, address))

    # --- History ------------------------------------------------------------------------------------------------------

    def history(self, address: str = "", last: int = 0) -> list[Chapter]:
        """What each run changed, latest last: of one resource, or of the last so many runs."""
        return self._do(lambda: repair.history(self._session, address, last))

    def prune(self, keep: int) -> int:
        """Forget the history of all but the latest `keep` runs; gives how many were forgotten."""
        return self._do(lambda: repair.prune(self._session, keep))

    def prune_records(self, keep: int) -> Freed:
        """Take away the records of all but the latest `keep` runs; their history stays."""
        freed = self._do(lambda: repair.prune_records(self._session, keep))
        digests = {run.digest for run in self.runs() if run.id in self.sizes()}
        self._do(lambda: approvals.prune(self._session.folder, digests))
        return freed

    def sizes(self) -> dict[str, int]:
        """Run → bytes of its record beside the state."""
        return self._do(lambda: records.sizes(self._session))

    # --- Copies -------------------------------------------------------------------------------------------------------

    def pull(self) -> bytes:
        """The state as one document."""
        return self._do(lambda: repair.pull(self._session))

    def push(self, document: bytes) -> State | None:
        """Put a document that `pull` gave, mended perhaps, in place of the state; None if it says what is there.

        Raises:
            StateError: It is damaged, of another lineage, older, or changed without a new serial.
        """
        return self._mended("state push", lambda: repair.push(self._session, document))

    def recover(self, file: Path | None = None) -> tuple[Path, ...]:
        """Merge what could not be saved back into the state; gives the files."""
        return self._do(lambda: repair.recover(self._session, file))

    def _mended(self, what: str, work: Callable[[], T]) -> T:
        self._do(lambda: approvals.refuse_ungoverned(self._session, what))
        return self._do(work)

    def _do(self, work: Callable[[], T]) -> T:
        with expected(self._session.redact):
            return work()

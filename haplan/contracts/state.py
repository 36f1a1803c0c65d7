"""What a state backend promises."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from haplan.contracts.clock import Clock
from haplan.model.state import Holder, Intent, Run, State, Update
from haplan.model.value import Tree


class StateBackend(Protocol):
    """Where state is kept. Reading never writes and never waits for a writer; no state yet is an empty `State`.

    Every write but `lock` and `unlock` needs the lock, and compares its fencing token in the transaction that writes.
    `haplan.state` has what backends share: cells, the pulled document, the rules of lock and versions, recovery files.

    Raises everywhere: `haplan.errors.StateError` for what is damaged or newer, or cannot be reached.
    """

    @property
    def url(self) -> str:
        """Where, for people: without a password."""
        ...

    @property
    def migrated(self) -> str:
        """Where the copy is that was made of an older state before this object migrated it; "" if it did not."""
        ...

    def now(self) -> float:
        """Seconds since the epoch on the clock that leases go by: the server's, where there is one."""
        ...

    # --- Reading ---

    def load(self) -> State:
        """The whole state."""
        ...

    def holder(self) -> Holder | None:
        """Who holds the lock, its lease run out or not."""
        ...

    def as_of(self, serial: int) -> State:
        """Rows, orders and outputs as the run of that serial left them; what is known for now only is left empty.

        Raises:
            haplan.errors.StateError: There is no such serial, or its history was pruned.
        """
        ...

    # --- The lock ---

    def lock(self, holder: Holder, *, takeover: bool = True) -> Holder:
        """Take the lock; a holder whose lease has run out is replaced. Gives the holder with its fencing token.

        Makes the state where there is none, and migrates an older one; see `migrated`.

        Raises:
            haplan.errors.Locked: Somebody else holds it; the message says who, where, since when and for what.
        """
        ...

    def renew(self, holder: Holder) -> Holder:
        """Extend the lease; raises `Locked` if it was lost."""
        ...

    def unlock(self, holder_id: str) -> Holder | None:
        """Give the lock back, or take it from the holder of that id; None if nobody held it."""
        ...

    # --- Writing ---

    def begin(self, run: Run) -> Run:
        """Open a run: mints lineage and key at the first, gives it the next serial. Lock first."""
        ...

    def save(self, update: Update) -> None:
        """Write one update, all or nothing.

        Raises:
            haplan.errors.Stale: A row is not what `Update.expected` says.
            haplan.errors.StateNotSaved: It could not be written; the message says which recovery file has it.
        """
        ...

    def end(self, run: Run) -> None:
        """Close a run with its result."""
        ...

    def journal(self, intents: Sequence[Intent]) -> list[Intent]:
        """Make intents durable together, all or none; gives them with their ids."""
        ...

    def settle_intents(self, outcomes: Sequence[tuple[int, str, Mapping[str, Tree]]]) -> None:
        """Record outcomes: (id, outcome, result)."""
        ...

    def push(self, document: bytes) -> None:
        """Put a pulled state (`haplan.state.document`) in place of this one; the secret key stays.

        Raises:
            haplan.errors.StateError: It is damaged, of another lineage, older, or changed without a new serial.
        """
        ...

    def prune(self, keep: int) -> int:
        """Forget the history of all but the latest `keep` runs; gives how many runs were forgotten.

        Digests that were applied stay known.
        """
        ...

    def close(self) -> None:
        """Let go of the file or connection. The lock stays as it is."""
        ...


class Looks(Protocol):
    """What a state backend may do beside: give a part of a state without reading all of it."""

    def look(self, addresses: Sequence[str]) -> State:
        """The rows of these addresses, with their placements; outputs, runs and what the state is. The rest is left
        empty, and not looked at: what is wrong with it is not found."""
        ...


class Siblings(Protocol):
    """What a state backend may do beside: tell which other states lie where its own does."""

    def siblings(self) -> Sequence[str]:
        """The URLs of the states there, without passwords; its own too, if it is there."""
        ...


OpenState = Callable[[str, Clock], StateBackend]
"""Opens a state backend from a URL such as ``sqlite:///path/state.db``."""

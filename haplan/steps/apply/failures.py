"""Why transactions did not come to a good end, and what that means for the others and for the run."""

from threading import Event as Flag

import attrs

from haplan.errors import HaplanError, Locked, StateNotSaved, Unauthorized
from haplan.model.devices import OnDevice
from haplan.model.phase import Phase
from haplan.model.plan import Transaction
from haplan.steps.apply.events import Teller
from haplan.steps.apply.outcome import because
from haplan.steps.apply.schedule import Schedule

FATAL = {
    Unauthorized: "the credentials are not accepted any more",
    Locked: "the lock was lost",
    StateNotSaved: "the state could not be saved just then",
}
"""Errors that end a run, in words."""


@attrs.define(kw_only=True)
class Failures:
    """What went wrong so far.

    Threads: one, that of the run's loop.

    Attributes:
        schedule: Where what ends is noted.
        teller: Tells of it.
        stop: Set once nothing new may be begun.
        gates: Transactions that others are behind as behind a gate.
        why: Id of a transaction → why it did not come to a good end.
        lacking: Id of one that went partly well → keys of the changes that did not.
        devices: Id of one that reaches several devices → what became of it on each.
        codes: Exit codes, of which one wins.
        fatal: True once nothing else could succeed.
    """

    schedule: Schedule
    teller: Teller
    stop: Flag
    gates: frozenset[str]
    why: dict[str, str] = attrs.field(factory=dict)
    lacking: dict[str, frozenset[str]] = attrs.field(factory=dict)
    devices: dict[str, tuple[OnDevice, ...]] = attrs.field(factory=dict)
    codes: set[int] = attrs.field(factory=set)
    fatal: bool = False

    def stop_if_fatal(self, error: HaplanError) -> None:
        """Some errors end the run, because nothing else could succeed; what waits is not begun any more."""
        why = next((words for kind, words in FATAL.items() if isinstance(error, kind)), "")
        if why and not self.fatal:
            self.fatal = True
            self.stop.set()
            for number in self.schedule.waiting():
                self.why[number] = f"not begun: {why}"

    def fail(self, transaction: Transaction, text: str, *, phase: Phase = Phase.FAILED, code: int = 3) -> None:
        """A transaction did not come to a good end."""
        self.why[transaction.id] = text
        self.codes.add(10 if phase in (Phase.RED, Phase.PARTLY) and transaction.id in self.gates else code)
        self.teller.tell("failed", transaction, text)
        self.end(transaction, phase)

    def end(self, transaction: Transaction, phase: Phase) -> None:
        """A transaction came to an end, good or bad; what can never start because of it is told."""
        for barred in self.schedule.ends(transaction.id, phase):
            self.why[barred.transaction.id] = because(barred)
            if barred.phase is Phase.STOPPED:
                self.codes.add(10)
            self.teller.tell("skipped", barred.transaction, self.why[barred.transaction.id])

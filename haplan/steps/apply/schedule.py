"""Which transaction may start. Bookkeeping only: no threads, no clock, no state.

A transaction waits for three kinds of others: hard ones must be recorded (or accepted and held back by the backend),
gates must be verified and recorded. Soft ones only say which write comes first: they hold while the other can be
written without waiting for a backend.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

import attrs

from haplan.model.phase import GOOD, UNENDED, Phase
from haplan.model.plan import Transaction


@attrs.frozen
class Barred:
    """A transaction that will not start, with the one that it waited for."""

    transaction: Transaction
    phase: Phase
    source: Transaction
    source_phase: Phase


class Schedule:
    """The phase of every transaction, and which of them may start next.

    Threads: one, that of the run's loop.
    """

    def __init__(self, transactions: Sequence[Transaction]) -> None:
        self._place = {t.id: index for index, t in enumerate(transactions)}
        self._transactions = transactions
        self.phase = {t.id: Phase.WAITING for t in transactions}
        self._open = {t.id: {*t.after, *t.gates, *t.soft} for t in transactions}
        self._behind: dict[str, list[Transaction]] = {}
        for transaction in transactions:
            for before in self._open[transaction.id]:
                self._behind.setdefault(before, []).append(transaction)
        self._ready = [index for index, t in enumerate(transactions) if not self._open[t.id]]
        self._held_up: set[str] = set()
        self.running: set[str] = set()
        self.settling: set[str] = set()
        self.checking: set[str] = set()

    def next(self, full: frozenset[str] = frozenset()) -> Transaction | None:
        """The next that may start, in order of the plan, and is of no provider that is `full`; it counts as being
        written from now on."""
        held: list[int] = []
        found = None
        while self._ready and found is None:
            place = heappop(self._ready)
            transaction = self._transactions[place]
            if self.phase[transaction.id] is not Phase.WAITING:
                continue
            if transaction.provider in full:
                held.append(place)
            else:
                found = transaction
        for place in held:
            heappush(self._ready, place)
        if found is not None:
            self.phase[found.id] = Phase.WRITING
            self.running.add(found.id)
        return found

    def ready(self) -> bool:
        """True if something may start as soon as its provider takes it."""
        return any(self.phase[self._transactions[place].id] is Phase.WAITING for place in self._ready)

    def get(self, number: str) -> Transaction:
        """The transaction of an id."""
        return self._transactions[self._place[number]]

    def settles(self, number: str) -> None:
        """It was written, and its effect is being waited for."""
        self.running.discard(number)
        self.settling.add(number)
        self.phase[number] = Phase.SETTLING
        self._let_by(number)

    def _let_by(self, number: str) -> None:
        """What comes behind one that settles, or behind what waits for it, by nothing but a soft edge may start."""
        waiting = [number]
        while waiting:
            one = waiting.pop()
            if one in self._held_up:
                continue
            self._held_up.add(one)
            for other in self._behind.get(one, ()):
                if one in (*other.after, *other.gates):
                    waiting.append(other.id)
                else:
                    self._release(other, one)

    def checks(self, number: str) -> None:
        """It was written and has settled, and is looked at."""
        self.running.discard(number)
        self.settling.discard(number)
        self.checking.add(number)
        self.phase[number] = Phase.SETTLING

    def works(self, number: str) -> None:
        """It was written, and one more write ends it."""
        self.settling.discard(number)
        self.checking.discard(number)
        self.running.add(number)
        self.phase[number] = Phase.WRITING

    def ends(self, number: str, phase: Phase) -> list[Barred]:
        """It came to an end; gives what can never start because of it."""
        self.running.discard(number)
        self.settling.discard(number)
        self.checking.discard(number)
        self.phase[number] = phase
        barred: list[Barred] = []
        ended = deque([number])
        while ended:
            source = ended.popleft()
            for other in self._behind.get(source, ()):
                if self.phase[other.id] is not Phase.WAITING:
                    continue
                verdict = self._verdict(other, source, self.phase[source])
                if verdict is None:
                    self._release(other, source)
                    continue
                self.phase[other.id] = verdict
                barred.append(Barred(other, verdict, self.get(source), self.phase[source]))
                ended.append(other.id)
        return barred

    def _verdict(self, other: Transaction, number: str, phase: Phase) -> Phase | None:
        if number in other.gates and phase is not Phase.RECORDED:
            return Phase.STOPPED
        if number in other.after and phase not in GOOD:
            return Phase.STOPPED if phase is Phase.STOPPED else Phase.SKIPPED
        return None

    def _release(self, other: Transaction, number: str) -> None:
        self._open[other.id].discard(number)
        if not self._open[other.id] and self.phase[other.id] is Phase.WAITING:
            heappush(self._ready, self._place[other.id])

    def busy(self) -> int:
        """How many are being written, or looked at."""
        return len(self.running) + len(self.checking)

    def recorded(self) -> bool:
        """True if anything came to a good end."""
        return any(phase in GOOD for phase in self.phase.values())

    def waiting(self) -> list[str]:
        """Ids of what was not begun."""
        return [number for number, phase in self.phase.items() if phase is Phase.WAITING]

    def left(self) -> Iterable[Transaction]:
        """What never came to an end."""
        return [t for t in self._transactions if self.phase[t.id] in UNENDED]

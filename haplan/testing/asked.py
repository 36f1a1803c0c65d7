"""How a provider is asked by its tests: a resource, changes of it, and what a run would do with them."""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import attrs
import pytest

from haplan.contracts import Clock, Part, Provider, Query, Seen, Target, Task, Written
from haplan.model.compare import owned, same
from haplan.model.plan import Action, Change, Placed, Transaction
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.state import Intent, Row
from haplan.model.value import Tree
from haplan.steps.apply.record import joined, row_of
from haplan.steps.apply.worker import target_of
from haplan.testing.cloud import FakeClock

Opened = Callable[[], Provider]
PATIENCE = 100
"""Looks at what settles before the contract gives up."""


class Refused(Exception):
    """What an announcement raises when the run may not write any more."""


class Announcing:
    """An `Io` that keeps what is announced, and refuses from the given announcement on.

    Threads: one, the test's.
    """

    run = "r1"

    def __init__(self, refuse_from: int = 0) -> None:
        self.intents: list[Intent] = []
        self._left = refuse_from - 1
        self.task: Task | None = None

    def about_to(self, step: str, address: str, key: Mapping[str, Tree], *, idempotent: bool = False) -> None:
        if self._left == 0:
            raise Refused(step)
        self._left -= 1
        assert self.task is not None
        transaction = self.task.transaction
        self.intents.append(
            Intent(
                run="r1",
                transaction=transaction.id,
                address=address,
                document=transaction.document,
                provider=transaction.provider,
                step=str(step),
                key=key,
                idempotent=idempotent,
            )
        )

    def still(self) -> None:
        pass

    def progress(self, text: str) -> None:
        assert isinstance(text, str)

    def evidence(self, text: str) -> None:
        assert isinstance(text, str)


@attrs.frozen
class Made:
    """What a change came to."""

    change: Change
    written: Written
    row: Row
    intents: tuple[Intent, ...]

    @property
    def id(self) -> str:
        return self.row.id


class Asked:
    """How a provider is asked: its estate, a resource and changes of it.

    Attributes:
        resource: The resource class that is written.
        wanted: Its values.
        changed: Some of them, changed so that nothing is replaced.
    """

    resource: ClassVar[type]
    wanted: ClassVar[Mapping[str, Tree]]
    changed: ClassVar[Mapping[str, Tree]]

    @pytest.fixture
    def opened(self) -> Opened:
        raise NotImplementedError("give a fixture `opened`: a function that opens the provider on the same estate")

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock that runs go by: the one that `opened` gives, where what is written settles by it."""
        return FakeClock()

    @pytest.fixture
    def provider(self, opened: Opened) -> Iterator[Provider]:
        made = opened()
        yield made
        made.close()

    def info(self) -> TypeInfo:
        found: TypeInfo = self.resource.haplan_type  # type: ignore[attr-defined]  # set by @resource
        return found

    def target(self, name: str, made: Made | None = None) -> Target:
        change = self.create(name) if made is None else attrs.evolve(made.change, id=made.id)
        return target_of(change, made.row if made else None, None)

    def create(self, name: str = "one") -> Change:
        kind = self.info().name
        return Change(
            address=f"{kind}.{name}",
            type=kind,
            name=name,
            provider="it",
            action=Action.CREATE,
            reason=Reason.NEW,
            after=dict(self.wanted),
        )

    def update(self, made: Made) -> Change:
        after = {**self.wanted, **self.changed}
        more: dict[str, Tree] = {"id": made.id, "private": made.row.private, "serial": 1}
        return attrs.evolve(
            made.change, action=Action.UPDATE, reason=Reason.CHANGED, before=made.change.after, after=after, **more
        )

    def delete(self, made: Made) -> Change:
        more: dict[str, Tree] = {"id": made.id, "private": made.row.private, "serial": 1}
        return attrs.evolve(made.change, action=Action.DELETE, before=made.change.after, after=None, **more)

    def make(self, provider: Provider, name: str = "one") -> Made:
        return self.carry_out(provider, self.create(name))

    def look(self, provider: Provider, made: Made | None) -> Seen | None:
        target = self.target("one", made)
        return provider.read(Query(targets=(target,))).seen.get(target.address)

    def found(self, provider: Provider, made: Made, intent: Intent) -> Seen | None:
        """What the next run finds of an announced creation: by `identify` where there is one, else by its name."""
        if type(provider).identify is not Provider.identify:
            return provider.identify(intent)
        target = attrs.evolve(self.target(made.change.name), pending=True)
        return provider.read(Query(targets=(target,))).seen.get(target.address)

    def expect(self, seen: Seen | None, identity: str, values: Mapping[str, Tree]) -> None:
        assert seen is not None
        assert seen.id == identity
        sets = {name: one.unordered for name, one in self.info().attributes.items()}
        for name, value in values.items():
            assert same(value, owned(value, seen.values.get(name)), as_set=sets[name]), name

    def carry_out(
        self, provider: Provider, change: Change, io: Announcing | None = None, before: Made | None = None
    ) -> Made:
        """As a run does it: each document in a transaction of its own, and waited for."""
        io, row = io or Announcing(), before.row if before else None
        written = Written()
        look = provider.read(Query(targets=(target_of(change, row, None),))).look
        placements = list(provider.placements(change, look))
        for number, document in enumerate(dict.fromkeys(one.document for one in placements), start=1):
            here = [one for one in placements if one.document == document]
            placed = tuple(Placed(change.key, one) for one in here)
            transaction = Transaction(id=f"t{number}", stage=number, provider="it", document=document, placed=placed)
            seen = provider.read(Query(targets=(target_of(change, row, None),))).seen.get(change.key)
            task = Task(transaction=transaction, parts=tuple(Part(change, one, seen, row) for one in here))
            io.task = task
            written = joined(written, _waited_for(provider, task, provider.write(task, io)))
        made = row_of(change, written, row, "ok", 1)
        return Made(change, written, made, tuple(io.intents))


def _waited_for(provider: Provider, task: Task, written: Written) -> Written:
    if not written.settling:
        return written
    task = attrs.evolve(task, receipt=written.receipt)
    for _ in range(PATIENCE):
        found = provider.settled([task])[task.transaction.id]
        written = joined(written, found.written)
        assert found.state != "failed", found.text
        if found.state in ("done", "queued"):
            return written
    pytest.fail(f"{task.transaction.document}: not settled after {PATIENCE} looks")

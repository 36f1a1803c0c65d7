"""The contract of providers: ours in memory keeps it, and one that breaks a promise is caught."""

import inspect
from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from haplan.contracts import Io, Query, Reading, Seen, Task, Written
from haplan.errors import ProviderError
from haplan.model.plan import Action, Change, Placement
from haplan.model.value import Unknown
from haplan.testing import Cloud, Mem, ProviderContract, Thing
from haplan.testing.asked import Opened


class TestMem(ProviderContract):
    resource = Thing
    wanted = {"size": 1, "tags": {"a": "b"}, "members": ["x", "y"], "also": ["X"]}
    changed = {"size": 2, "members": ["y", "z"]}

    @pytest.fixture
    def opened(self) -> Opened:
        cloud = Cloud()
        return type("Mem", (Mem,), {"cloud": cloud})


class TestMemThatSettles(TestMem):
    @pytest.fixture
    def opened(self) -> Opened:
        cloud = Cloud()
        cloud.held["thing:one"] = "offline"
        cloud.seconds["thing:two"] = 0.0
        return type("Mem", (Mem,), {"cloud": cloud})


class Forgets(Mem):
    def read(self, query: Query) -> Reading:
        found = super().read(query)
        return Reading(seen={name: attrs.evolve(one, values={}) for name, one in found.seen.items()})


class Rushes(Mem):
    def write(self, task: Task, io: Io) -> Written:
        class Late:
            run = "r1"

            def __init__(self) -> None:
                self.said: list[Any] = []

            def about_to(self, *said: Any, **more: Any) -> None:
                self.said.append((said, more))

            def still(self) -> None: ...

            def progress(self, text: str) -> None: ...

            def evidence(self, text: str) -> None: ...

        late = Late()
        written = super().write(task, late)
        for said, more in late.said:
            io.about_to(*said, **more)
        return written


class Wavers(Mem):
    def placements(self, change: Change, look: Any) -> Sequence[Placement]:
        self.cloud.reads += 1
        return (Placement(document=f"thing:{self.cloud.reads}"),)


class Changes(Mem):
    """Gives back another value than the stack set."""

    def write(self, task: Task, io: Io) -> Written:
        found = super().write(task, io)
        values = {one: {**known, "size": 99} for one, known in found.values.items()}
        return attrs.evolve(found, values=values)


class Knows(Mem):
    """Reads a computed value that is none, or that nobody knows yet."""

    token: Any = None

    def read(self, query: Query) -> Reading:
        found = super().read(query)
        seen = {a: attrs.evolve(one, values={**one.values, "token": self.token}) for a, one in found.seen.items()}
        return attrs.evolve(found, seen=seen)


class KnowsLater(Knows):
    token = Unknown("the apply")


class Gives(Mem):
    """Writes, and gives nothing for a computed value, or what nobody knows yet."""

    token: Any = None

    def write(self, task: Task, io: Io) -> Written:
        found = super().write(task, io)
        values = {one: {**known, "token": self.token} for one, known in found.values.items()}
        return attrs.evolve(found, values=values)


class GivesLater(Gives):
    token = Unknown("the apply")


class Numbers(Mem):
    """Its ids are numbers."""

    def write(self, task: Task, io: Io) -> Written:
        found = super().write(task, io)
        return attrs.evolve(found, ids={address: int(one.partition("-")[2]) for address, one in found.ids.items()})


class Stumbles(Mem):
    """Deletes once, and cannot a second time."""

    def write(self, task: Task, io: Io) -> Written:
        for part in task.parts:
            if part.change.action is Action.DELETE and part.change.id not in self.cloud.objects:
                raise ProviderError("404")
        return super().write(task, io)


class Keeps(Mem):
    """Says of what was deleted that it is still there."""

    def read(self, query: Query) -> Reading:
        found = super().read(query)
        for target in query.targets:
            if target.address not in found.seen and target.id and target.row is not None:
                found = attrs.evolve(
                    found, seen={**found.seen, target.address: Seen(address=target.address, id=target.id, values={})}
                )
        return found


class Wobbles(Mem):
    """Spells a value otherwise each time it is written."""

    def write(self, task: Task, io: Io) -> Written:
        found = super().write(task, io)
        for part in task.parts:
            if part.change.action is Action.UPDATE:
                thing = self.cloud.objects[part.change.id]
                thing.values["tags"] = {name: f"{value} " for name, value in thing.values["tags"].items()}
        return found


class Misnames(Mem):
    """Tells another id after a write than when it reads."""

    def write(self, task: Task, io: Io) -> Written:
        found = super().write(task, io)
        return attrs.evolve(found, ids={address: f"{one}x" for address, one in found.ids.items()}, values=found.values)


class Steered(Mem):
    """Decides by a text that is for people."""

    def placements(self, change: Change, look: Any) -> Sequence[Placement]:
        elsewhere = change.because == "for no reason"
        return (Placement(document="thing:elsewhere"),) if elsewhere else super().placements(change, look)


class Remembers(Mem):
    """Reads what it wrote itself, and knows nothing of what another object wrote."""

    def __init__(self) -> None:
        self.mine: set[str] = set()

    def read(self, query: Query) -> Reading:
        found = super().read(query)
        return attrs.evolve(found, seen={a: one for a, one in found.seen.items() if one.id in self.mine})

    def write(self, task: Task, io: Io) -> Written:
        found = super().write(task, io)
        self.mine |= {*found.ids.values()}
        return found


class Holds(Mem):
    """Writes only what the same object read before."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def read(self, query: Query) -> Reading:
        self.known |= {target.address for target in query.targets}
        return super().read(query)

    def write(self, task: Task, io: Io) -> Written:
        if {part.change.address for part in task.parts} - self.known:
            raise ProviderError("nobody read that")
        return super().write(task, io)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (Changes, "test_what_the_stack_set_is_given_back_unchanged"),
        (Knows, "test_what_is_known_of_it_is_never_none_and_never_unknown"),
        (KnowsLater, "test_what_is_known_of_it_is_never_none_and_never_unknown"),
        (Gives, "test_what_is_known_of_it_is_never_none_and_never_unknown"),
        (GivesLater, "test_what_is_known_of_it_is_never_none_and_never_unknown"),
        (Numbers, "test_ids_are_text_and_the_same_wherever_they_are_told"),
        (Stumbles, "test_a_deletion_written_twice_is_harmless"),
        (Keeps, "test_what_was_deleted_is_left_out"),
        (Wobbles, "test_what_was_read_can_be_written_back_and_is_read_the_same"),
        (Misnames, "test_ids_are_text_and_the_same_wherever_they_are_told"),
        (Steered, "test_nothing_is_decided_by_words_for_people"),
        (Remembers, "test_what_was_created_is_read_as_it_was_written"),
        (Holds, "test_it_remembers_nothing_between_two_calls"),
        (Forgets, "test_what_was_created_is_read_as_it_was_written"),
        (Wavers, "test_placements_are_a_function_of_the_change"),
    ],
)
def test_a_broken_promise_is_caught(broken: type[Mem], promise: str) -> None:
    """The fault breaks that promise; and without it the promise is kept."""
    for cls, kept in ((Mem, True), (broken, False)):
        opened = type("Broken", (cls,), {"cloud": Cloud()})
        test = getattr(TestMem(), promise)
        given = {"provider": opened(), "opened": opened}
        asked = [given[name] for name in inspect.signature(test).parameters]
        if kept:
            test(*asked)
            continue
        with pytest.raises((AssertionError, ProviderError)):
            test(*asked)


def test_a_write_before_its_announcement_is_caught() -> None:
    opened = type("Broken", (Rushes,), {"cloud": Cloud()})
    with pytest.raises(AssertionError):
        TestMem().test_nothing_is_written_before_it_is_announced(opened(), opened, Action.CREATE)

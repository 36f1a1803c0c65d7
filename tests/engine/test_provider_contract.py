"""The contract of providers: ours in memory keeps it, and one that breaks a promise is caught."""

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from haplan.contracts import Io, Query, Reading, Task, Written
from haplan.model.plan import Action, Change, Placement
from haplan.testing import Cloud, Mem, ProviderContract, Thing
from haplan.testing.provider_contract import Opened


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
        return Reading({name: attrs.evolve(one, values={}) for name, one in found.seen.items()})


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
        return (Placement(f"thing:{self.cloud.reads}"),)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (Forgets, "test_what_was_created_is_read_as_it_was_written"),
        (Wavers, "test_placements_are_a_function_of_the_change"),
    ],
)
def test_a_broken_promise_is_caught(broken: type[Mem], promise: str) -> None:
    opened = type("Broken", (broken,), {"cloud": Cloud()})
    with pytest.raises(AssertionError):
        getattr(TestMem(), promise)(opened(), opened)


def test_a_write_before_its_announcement_is_caught() -> None:
    opened = type("Broken", (Rushes,), {"cloud": Cloud()})
    with pytest.raises(AssertionError):
        TestMem().test_nothing_is_written_before_it_is_announced(opened(), opened, Action.CREATE)

"""What a dead run began to create and nobody recorded leaves the estate when it has left the stack meanwhile."""

from collections.abc import Callable

import pytest

from haplan.errors import ProviderError
from haplan.model.plan import Action
from haplan.model.reason import Reason
from haplan.testing import Project

Make = Callable[..., Project]
KEPT = 'Thing("kept")\n'


def left(project: Make, more: str, *numbers: int, then: str = KEPT, parallelism: int = 1) -> Project:
    """An apply in which the answers of some writes never came; and the stack without what they made."""
    made = project(KEPT, applied=True)
    made.write(KEPT + more)
    for number in numbers:
        made.cloud.lost.add(made.cloud.tried + number)
    assert made.apply(parallelism=parallelism).exit_code == 8
    made.write(then)
    return made


def settled(project: Project, *names: str) -> None:
    """The estate and the state have these and nothing else, and nothing is left to do or to find out."""
    assert sorted(project.cloud.names()) == sorted(names)
    assert project.plan().empty()
    state = project.state()
    assert {row.name for row in state.rows.values()} == set(names)
    assert (state.intents, {row.status for row in state.rows.values()}) == ((), {"ok"})


def test_it_is_deleted_and_the_plan_says_so(project: Make) -> None:
    made = left(project, 'Thing("zeta", size=2)\n', 1)
    assert "zeta" in made.cloud.names()
    (change,) = made.plan().changes
    assert (change.address, change.action, change.reason) == ("mem_thing.zeta", Action.DELETE, Reason.NOT_IN_STACK)
    assert made.apply().exit_code == 0
    settled(made, "kept")


def test_what_was_never_made_is_no_change(project: Make) -> None:
    made = project(KEPT, applied=True)
    made.write(KEPT + 'Thing("zeta")\n')
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("not today")
    assert made.apply().exit_code != 0
    made.write(KEPT)
    assert made.apply().exit_code == 0
    settled(made, "kept")


def test_what_goes_goes_before_what_it_needs(project: Make) -> None:
    made = left(project, 'b = Thing("b")\nThing("a", tags={"of": b.id})\n', 2)
    assert {"a", "b"} <= set(made.cloud.names())
    assert [change.name for change in made.plan().changes] == ["a", "b"]
    assert made.apply().exit_code == 0
    settled(made, "kept")


@pytest.mark.parametrize(
    "options", [{"refresh": False}, {"targets": ("mem_thing.zeta",)}, {"excludes": ("mem_thing.kept",)}]
)
def test_so_it_is_the_other_ways_through(project: Make, options: dict[str, object]) -> None:
    made = left(project, 'Thing("zeta")\n', 1)
    made.apply(**options)
    made.apply()
    settled(made, "kept")


def test_moved_meanwhile_it_is_taken_over(project: Make) -> None:
    moved = 'moved("mem_thing.zeta", "mem_thing.eta")\nThing("eta", name="zeta")\n'
    made = left(project, 'Thing("zeta")\n', 1, then=KEPT + moved)
    assert made.apply().exit_code == 0
    settled(made, "kept", "zeta")


def test_a_destroy_takes_it_too(project: Make) -> None:
    made = left(project, 'Thing("zeta")\n', 1)
    assert made.apply(destroy=True).exit_code == 0
    assert (made.cloud.names(), made.state().rows, made.state().intents) == ([], {}, ())

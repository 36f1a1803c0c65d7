"""A provider that left the stack while state still has objects of it."""

from collections.abc import Callable

import pytest

from haplan.errors import HaplanError
from haplan.model.plan import Action
from haplan.testing import Project

Make = Callable[..., Project]
TWO = 'two = provider("mem", alias="two")\n'


def test_its_objects_are_named_with_what_to_do(project: Make) -> None:
    made = project(TWO + 'Thing("a")\nfor n in range(5):\n    Thing(f"b{n}", provider=two)', applied=True)
    with pytest.raises(HaplanError) as caught:
        made.write('Thing("a")').plan()
    assert str(caught.value) == (
        "mem_thing.b0, mem_thing.b1, mem_thing.b2 and 2 more: in state, and the stack has no provider 'mem.two' any "
        'more; put provider("mem", alias="two") back until they are deleted, or leave them in the estate: '
        'removed("mem_thing.b0")'
    )
    assert made.write(TWO + 'Thing("a")').plan().count(Action.DELETE) == 5


def test_what_is_left_in_the_estate_needs_no_provider(project: Make) -> None:
    made = project(TWO + 'Thing("a")\nThing("b", provider=two)', applied=True)
    assert made.write('Thing("a")\nremoved("mem_thing.b")').apply().exit_code == 0
    assert made.state().row("mem_thing.b") is None
    assert {one.name for one in made.cloud.objects.values()} == {"a", "b"}


def test_what_the_plan_is_not_about_needs_none(project: Make) -> None:
    made = project(TWO + 'Thing("a", size=1)\nThing("b", provider=two)', applied=True)
    assert made.write('Thing("a", size=2)').plan(targets=("mem_thing.a",)).count(Action.UPDATE) == 1


def test_destroy_has_the_providers_of_the_stack(project: Make) -> None:
    made = project(TWO + 'Thing("a")\nThing("b", provider=two)', applied=True)
    assert made.write(TWO).plan(destroy=True).count(Action.DELETE) == 2

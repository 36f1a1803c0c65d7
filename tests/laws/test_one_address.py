"""One object, one address: after any plan no two rows have one object, those that wait to be deleted included."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.errors import Denied, ProviderError, StackError
from haplan.model.plan import Plan
from haplan.testing import Project
from tests.laws.stacks import World, law

BEFORE = (
    'a = Thing("a", name="a-{0}", model="{0}")\nThing("b")\nRule("r", thing=a)\nThing("user", tags={{"of": a.id}})\n'
)
KEPT = {"a": 'a = Thing("a", name="a-y", model="y")\nRule("r", thing=a)', "b": 'Thing("b")', "user": 'Thing("user")'}
"""What the stack may still have, or not."""
IMPORTS = ("x", "y", "z")
"""Labels that come in."""


def errors(plan: Plan) -> list[str]:
    return [finding.message for finding in plan.findings if finding.severity == "error"]


def with_a_deposed_object(world: World) -> Project:
    """A thing of each kind: one whose old self waits to be deleted, one that stands alone, one that nobody has."""
    made = world.project.write(BEFORE.format("x"))
    made.apply()
    made.cloud.add("strange", size=7)
    made.cloud.errors[made.cloud.tried + 3] = ProviderError("409")
    assert made.write(BEFORE.format("y")).apply().exit_code == 3
    assert [deposed for _, deposed in made.state().rows if deposed]
    return made


@st.composite
def stacks(draw: st.DrawFn) -> str:
    """Some of what was there, and imports of any object to any of a few addresses."""
    lines = [text for name, text in KEPT.items() if draw(st.booleans())]
    lines += [
        f"removed('mem_thing.{name}')" for name, text in KEPT.items() if text not in lines and draw(st.booleans())
    ]
    for label in draw(st.lists(st.sampled_from(IMPORTS), unique=True, max_size=3)):
        lines.append(f"Thing({label!r})")
        lines.append(f"imported('mem_thing.{label}', 'id-{draw(st.integers(1, 6))}')")
    return "\n".join([*lines, ""])


@given(stacks())
@law(25)
def test_no_object_has_two_addresses_after_a_plan(text: str) -> None:
    has_one_address_each(text)


@pytest.mark.deep
@given(stacks())
@law(2000)
def test_no_object_has_two_addresses_after_any_of_many_plans(text: str) -> None:
    has_one_address_each(text)


def has_one_address_each(text: str) -> None:
    with World() as world:
        made = with_a_deposed_object(world).write(text)
        try:
            plan = made.plan()
        except StackError:  # one object twice: told offline
            return
        if errors(plan):
            with pytest.raises(Denied):
                made.apply(plan)
            return
        before = {(one.type, one.id) for one in made.cloud.objects.values()}
        assert made.apply(plan).exit_code == 0
        rows = made.state().rows.values()
        doubled = Counter((row.type, row.id) for row in rows)
        assert [what for what, count in doubled.items() if count > 1] == []
        there = {(one.type, one.id) for one in made.cloud.objects.values()}
        assert set(doubled) <= there
        came = {(change.type, change.importing) for change in plan.changes if change.importing}
        assert came <= before & there
        assert made.plan().empty()


def test_two_imports_of_one_object_are_a_mistake_that_names_both_lines() -> None:
    with World() as world:
        made = world.project.write(
            "Thing('a')\nThing('b')\nimported('mem_thing.a', 'id-1')\nimported('mem_thing.b', 'id-1')"
        )
        made.cloud.add("t")
        with pytest.raises(
            StackError, match=r"stack.py:7: imported: id-1 is imported as mem_thing.a too, at stack.py:6"
        ):
            made.plan()


def test_two_aliases_of_one_estate_cannot_have_one_object() -> None:
    text = (
        "east = provider('mem', alias='east')\nThing('a', provider=east)\nThing('b')\n"
        "imported('mem_thing.a', 'id-1')\nimported('mem_thing.b', 'id-1')"
    )
    with World() as world:
        made = world.project.write(text)
        made.cloud.add("t")
        assert [one for one in errors(made.plan()) if "one object, one address" in one]


def test_an_import_of_what_waits_to_be_deleted_is_refused_and_the_hint_leads_on() -> None:
    with World() as world:
        made = with_a_deposed_object(world)
        made.write(BEFORE.format("y") + "Thing('x')\nimported('mem_thing.x', 'id-1')")
        (finding,) = [one for one in made.plan().findings if one.severity == "error"]
        assert "is the old self of mem_thing.a, which waits to be deleted" in finding.message
        assert finding.hint == "take its import out: the next apply deletes it"
        assert made.write(BEFORE.format("y")).apply().exit_code == 0
        assert "a-x" not in made.cloud.names()


def test_an_object_that_is_in_state_is_not_imported_to_a_second_address() -> None:
    with World() as world:
        made = world.project.write("Thing('a')")
        made.apply()
        made.write("Thing('a')\nThing('x')\nimported('mem_thing.x', 'id-1')")
        assert errors(made.plan()) == ["this mem thing (id id-1) is in state as mem_thing.a: one object, one address"]
        made.write("Thing('x', name='a')\nimported('mem_thing.x', 'id-1')\nremoved('mem_thing.a')")
        assert made.apply().exit_code == 0
        assert {address for address, _ in made.state().rows} == {"mem_thing.x"}
        assert (made.cloud.names(), made.plan().empty()) == (["a"], True)

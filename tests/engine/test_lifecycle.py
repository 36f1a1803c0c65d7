"""What comes before what when things go, what guards them, and which of them a plan is about."""

from collections.abc import Callable

import pytest

from haplan import engine
from haplan.errors import Denied, HaplanError, ProviderError
from haplan.model.plan import Plan
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.testing import Project

Make = Callable[..., Project]


def steps(made: Project) -> list[tuple[str, str]]:
    return [(write.step, write.name) for write in made.cloud.writes]


def said(plan: Plan) -> list[tuple[str, str]]:
    return [(change.address.rpartition(".")[2], change.action.value) for change in plan.changes]


# --- Order ------------------------------------------------------------------------------------------------------------


def test_what_depends_goes_first_though_it_was_made_first(project: Make) -> None:
    made = project('Thing("user")', applied=True)
    made.write('a = Thing("a")\nThing("user", tags={"of": a.id})').apply()
    made.cloud.writes.clear()
    plan = made.plan(destroy=True)
    assert plan.transactions[1].after == ("t01",)
    assert made.apply(plan).exit_code == 0
    assert steps(made) == [("delete", "user"), ("delete", "a")]


def test_an_update_that_drops_a_reference_precedes_the_delete_of_what_it_dropped(project: Make) -> None:
    text = 'a = Thing("a")\nThing("user", tags={"of": a.id})'
    made = project(text, applied=True).write('Thing("user", tags={"of": "none"})')
    made.cloud.writes.clear()
    plan = made.plan()
    assert [(str(one.document), one.after) for one in plan.transactions] == [("thing:user", ()), ("thing:a", ("t01",))]
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("no")
    result = made.apply(plan)
    assert [(one.address, one.text) for one in result.skipped] == [("mem_thing.a", "mem_thing.user failed")]
    assert made.cloud.names() == ["a", "user"]
    assert made.apply().exit_code == 0
    assert steps(made) == [("update", "user"), ("delete", "a")]


def test_order_passes_through_what_stays_as_it_is(project: Make) -> None:
    text = (
        'a = Thing("a", size={0})\nmid = Thing("mid", tags={{"of": a.id}})\n'
        'Thing("user", size={0}, tags={{"of": mid.id}})'
    )
    made = project(text.format(1), applied=True)
    plan = made.write(text.format(2)).plan()
    assert [(str(one.document), one.after) for one in plan.transactions] == [("thing:a", ()), ("thing:user", ("t01",))]


# --- Guards -----------------------------------------------------------------------------------------------------------


def test_prevent_destroy_is_kept_and_guards_after_the_block_is_gone_and_against_destroy(project: Make) -> None:
    made = project('Thing("a", lifecycle=lifecycle(prevent_destroy=True))\nThing("b")', applied=True)
    for text, options in (('Thing("b")', {}), ('Thing("a")\nThing("b")', {"destroy": True})):
        plan = made.write(text).plan(**options)
        with pytest.raises(Denied, match=r"^stack\.py:4: PROTECTED: mem_thing\.a: delete is forbidden by") as caught:
            made.apply(plan)
        assert caught.value.exit_code == 4
        # the rest of the plan stands beside it
        assert [change.name for change in plan.changes] == (["b", "a"] if options else ["a"])
        assert "mem_thing.a: delete is forbidden by prevent_destroy" in plain(plan_lines(plan))
    assert said(made.write("").plan(targets=("*.b",))) == [("b", "delete")]


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({}, "put its block back with prevent_destroy=False, apply that, then take it out again"),
        ({"destroy": True}, "apply the stack once with prevent_destroy=False first"),
    ],
)
def test_the_hint_of_a_guard_leads_on(project: Make, options: dict[str, object], hint: str) -> None:
    made = project('Thing("a", lifecycle=lifecycle(prevent_destroy=True))', applied=True)
    made.write("")
    assert [one.hint for one in made.plan(**options).findings] == [hint]
    made.write('Thing("a", lifecycle=lifecycle(prevent_destroy=False))').apply()
    made.write("")
    assert made.apply(**options).exit_code == 0
    assert made.cloud.objects == {}


@pytest.mark.parametrize("options", [{"replaces": ("*.a",)}, {"excludes": ("*.b",), "replaces": ("mem_thing.?",)}])
def test_it_guards_against_a_replacement_that_is_asked_for(project: Make, options: dict[str, object]) -> None:
    made = project('Thing("a", lifecycle=lifecycle(prevent_destroy=True))\nThing("b")', applied=True)
    plan = made.plan(**options)
    (finding,) = plan.findings
    assert finding.message == "mem_thing.a: replace is forbidden by prevent_destroy (asked for by --replace)"
    with pytest.raises(Denied, match=r"write prevent_destroy=False to let it be replaced"):
        made.apply(plan)
    # the hint leads on
    made.write('Thing("a")\nThing("b")')
    assert made.apply(**options).exit_code == 0


# --- What a plan is about ---------------------------------------------------------------------------------------------

MANY = 'a = Thing("a-1")\nb = Thing("b-1", tags={"of": a.id})\nThing("c-1", tags={"of": b.id})\nThing("x-1")\n'


@pytest.mark.parametrize(
    ("options", "about"),
    [
        ({"targets": ("*.b*",)}, ["a-1", "b-1"]),
        ({"targets": ("mem_thing.x-?", "*.a-*")}, ["a-1", "x-1"]),
        ({"excludes": ("*.b*",)}, ["a-1", "x-1"]),
        ({"targets": ("*.c*", "*.x*"), "excludes": ("*.c*",)}, ["a-1", "b-1", "x-1"]),
    ],
)
def test_targets_bring_what_they_need_and_exclusions_take_along_what_needs_them(
    project: Make, options: dict[str, tuple[str, ...]], about: list[str]
) -> None:
    made = project(MANY)
    assert sorted(change.name for change in made.plan(**options).changes) == about
    assert made.apply(**options).exit_code == 0
    assert made.cloud.names() == about
    assert {change.name for change in made.plan().changes} == {"a-1", "b-1", "c-1", "x-1"} - set(about)


def test_replace_takes_globs_and_repeats(project: Make) -> None:
    made = project(MANY, applied=True)
    plan = made.plan(replaces=("*.x*", "mem_thing.c-?"))
    assert said(plan) == [("c-1", "replace"), ("x-1", "replace")]


def test_destroy_goes_by_targets_too_with_what_still_uses_them(project: Make) -> None:
    made = project(MANY, applied=True)
    assert made.apply(destroy=True, targets=("*.b*",)).exit_code == 0
    assert made.cloud.names() == ["a-1", "x-1"]
    assert made.apply(destroy=True, excludes=("*.x*",)).exit_code == 0
    assert made.cloud.names() == ["x-1"]


# --- Import -----------------------------------------------------------------------------------------------------------


def imported(made: Project, address: str, identity: str) -> Plan:
    with made.session() as session:
        plan = engine.import_(session, address, identity)
        engine.apply(session, plan)
    return plan


def test_import_takes_one_object_as_it_is_and_the_next_plan_makes_it_as_the_stack_says(project: Make) -> None:
    made = project('Thing("a", size=1)\nThing("b")')
    other = made.cloud.add("elsewhere", size=9)
    assert said(imported(made, "mem_thing.a", other.id)) == [("a", "import")]
    assert made.cloud.writes == []
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert (row.id, row.values["size"]) == (other.id, 9)
    assert said(made.plan()) == [("a", "update"), ("b", "create")]
    assert made.apply().exit_code == 0
    assert (made.cloud.thing("a").id, made.cloud.thing("a").values["size"]) == (other.id, 1)


@pytest.mark.parametrize(
    ("address", "identity", "words"),
    [
        ("mem_thing.z", "id-1", "mem_thing.z: the stack has no such resource; declare it first, then import it"),
        ("mem_thing.b", "id-1", "mem_thing.b: is in state already"),
        ("mem_thing.a", "id-9", "mem_thing.a: there is no such object with id id-9"),
    ],
)
def test_an_import_that_cannot_be_is_one_clear_line(project: Make, address: str, identity: str, words: str) -> None:
    made = project('Thing("b")', applied=True).write('Thing("a")\nThing("b")')
    with pytest.raises(HaplanError, match=words):
        imported(made, address, identity)

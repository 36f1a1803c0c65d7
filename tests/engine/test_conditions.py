"""What a lifecycle asks: conditions before and after, replacements that follow others, time for each step."""

import json
from collections.abc import Callable

import pytest

from haplan import engine, repair
from haplan.errors import Denied, StackError
from haplan.model.plan import Action, Plan
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.steps.approve import digest
from haplan.testing import Project

Make = Callable[..., Project]


def said(plan: Plan) -> list[tuple[str, str, str]]:
    return [(c.address.rpartition(".")[2], c.action.value, c.why) for c in plan.changes]


def found(plan: Plan) -> list[tuple[str, str, str]]:
    return [(one.rule, one.severity, one.message) for one in plan.findings]


def mistake(made: Project) -> str:
    with pytest.raises(StackError) as caught:
        made.plan()
    return str(caught.value)


# --- Before -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ("equals(size, 2)", "1 is 2: does not hold, got 1"),
        ("one_of(size, [2, 3])", "1 is one of [2, 3]: does not hold, got 1"),
        ('matches("abc", "^x")', '"abc" matches "^x": does not hold, got "abc"'),
        ("known([])", "[] is known: does not hold, got []"),
        ("all_of(equals(1, 1), equals(size, 2))", "1 is 2: does not hold, got 1"),
        ('equals(size, 2, message="a is two")', "a is two: does not hold, got 1"),
        ("lambda thing: thing.size > 1", "what its function says: does not hold"),
        ("lambda thing: equals(thing.size, 2)", "1 is 2: does not hold, got 1"),
    ],
)
def test_a_precondition_that_does_not_hold_forbids_the_apply(condition: str, complaint: str, project: Make) -> None:
    made = project(f'size = 1\nThing("a", size=size, lifecycle=lifecycle(precondition={condition}))')
    (one,) = made.plan().findings
    assert (one.rule, one.severity, one.location) == ("PRECONDITION", "error", "stack.py:5")
    assert one.message == complaint
    with pytest.raises(Denied, match="does not hold"):
        made.apply()


def test_one_that_holds_is_silent(project: Make) -> None:
    text = (
        'precondition=[all_of(equals(1, 1), known("x")), one_of(2, [1, 2]), matches("abc", "b"), lambda t: t.size == 1]'
    )
    made = project(f'Thing("a", size=1, lifecycle=lifecycle({text}))')
    assert made.plan().findings == ()
    assert made.apply().exit_code == 0
    assert made.plan().empty()


def test_what_is_unknown_is_judged_at_apply_and_stops_what_depends_on_it(project: Make) -> None:
    made = project(
        'a = Thing("a")\nb = Thing("b", lifecycle=lifecycle(precondition=equals(a.token, "other")))\n'
        'Thing("c", tags={"of": b.id})\nThing("d")'
    )
    plan = made.plan()
    assert plan.findings == ()
    assert 'checked before: mem_thing.a.token is "other"' in plain(plan_lines(plan))
    result = made.apply(plan, parallelism=1)
    assert [one.address for one in result.done] == ["mem_thing.a", "mem_thing.d"]
    assert [(one.address, one.text) for one in result.failed] == [
        (
            "mem_thing.b",
            'mem_thing.b: precondition (stack.py:5): mem_thing.a.token is "other": does not hold, got "token-id-1"',
        )
    ]
    assert [(one.address, one.text) for one in result.skipped] == [("mem_thing.c", "mem_thing.b failed")]
    assert result.exit_code == 4
    assert sorted(one.name for one in made.cloud.objects.values()) == ["a", "d"]


def test_conditions_travel_in_a_plan_file(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", lifecycle=lifecycle(precondition=all_of(equals(a.token, "no"))))')
    file = made.folder.parent / "a.plan"
    with made.session() as session:
        plan = engine.plan(session)
        engine.write_plan(session, plan, file)
    assert digest(engine.read_plan(file).plan) == digest(plan)
    assert [one.address for one in made.apply(engine.read_plan(file).plan).failed] == ["mem_thing.b"]


def test_a_condition_makes_an_edge(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", lifecycle=lifecycle(precondition=known(a.id)))', applied=True)
    assert made.state().row("mem_thing.b").depends_on == ("mem_thing.a",)  # type: ignore[union-attr]


# --- After ------------------------------------------------------------------------------------------------------------


def test_a_postcondition_that_does_not_hold_makes_it_red(project: Make) -> None:
    made = project(
        'a = Thing("a", lifecycle=lifecycle(postcondition=lambda thing: matches(thing.token, "^secret")))\n'
        'Thing("b", tags={"of": a.id})'
    )
    result = made.apply()
    assert [(one.address, one.text) for one in result.failed] == [
        (
            "mem_thing.a",
            'POSTCONDITION: mem_thing.a.token matches "^secret": does not hold, got "token-id-1"',
        )
    ]
    assert [one.address for one in result.skipped] == ["mem_thing.b"]
    assert made.state().row("mem_thing.a").status == "incomplete"  # type: ignore[union-attr]
    good = 'lifecycle=lifecycle(postcondition=lambda thing: matches(thing.token, "^token"))'
    assert made.write(f'a = Thing("a", {good})\nThing("b", tags={{"of": a.id}})').apply().exit_code == 0
    assert made.plan().empty()


def test_of_what_is_not_written_it_is_a_warning(project: Make) -> None:
    text = 'Thing("a", size=1, lifecycle=lifecycle(postcondition=lambda thing: matches(thing.token, "{}")))'
    made = project(text.format("^token"), applied=True)
    assert found(made.write(text.format("^x")).plan()) == [
        ("POSTCONDITION", "warning", 'mem_thing.a.token matches "^x": does not hold, got "token-id-1"')
    ]


# --- How it is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("precondition=3", "lifecycle: precondition: expected a condition such as equals(…), or a function, got 3"),
        ('precondition=matches("x", "(")', 'matches: "(" is no regular expression'),
        ("precondition=all_of(True)", "all_of: expected conditions such as equals(…), got True"),
        ("precondition=lambda thing: thing.size", "lifecycle.precondition: its function gave 1, expected True, False"),
        ("precondition=lambda thing: thing.id == 'x'", "mem_thing.a.id cannot be used in a comparison"),
        ('precondition=equals(secret("env:X"), "y")', "equals: a secret is not compared"),
        ("replace_triggered_by=['x']", 'replace_triggered_by: expected a resource or an attribute of one, got "x"'),
    ],
)
def test_what_does_not_fit_is_a_mistake_with_its_line(text: str, words: str, project: Make) -> None:
    line = mistake(project(f'Thing("a", size=1, lifecycle=lifecycle({text}))'))
    assert line.startswith("stack.py:4: ")
    assert words in line


def test_conditions_are_checks_in_json(project: Make) -> None:
    made = project(
        'a = Thing("a", lifecycle=lifecycle(precondition=equals(1, 1)))\n'
        'Thing("b", lifecycle=lifecycle(precondition=equals(1, 1), postcondition=known(a.id)))\n'
        'Thing("c", lifecycle=lifecycle(precondition=[equals(1, 1), equals(1, 2)]))'
    )
    document = json.loads(json.dumps(plan_json(made.plan(), digest="sha256:x", made=0.0)))
    assert {one["address"]["to_display"]: one["status"] for one in document["checks"]} == {
        "mem_thing.a": "pass",
        "mem_thing.b": "unknown",
        "mem_thing.c": "fail",
    }
    assert document["checks"][2]["instances"][0]["problems"] == [{"message": "1 is 2: does not hold, got 1"}]
    assert document["errored"] is True


# --- Triggers ---------------------------------------------------------------------------------------------------------


def test_a_replacement_follows_a_resource(project: Make) -> None:
    text = 'a = Thing("a", size={})\nThing("b", lifecycle=lifecycle(replace_triggered_by=[a]))'
    made = project(text.format(1), applied=True)
    assert made.plan().empty()
    plan = made.write(text.format(2)).plan()
    assert said(plan) == [
        ("a", "update", "changed"),
        ("b", "replace", "replaced because mem_thing.a changed (replace_triggered_by)"),
    ]
    reasons = {one["address"]: one.get("action_reason") for one in _changes(plan)}
    assert reasons["mem_thing.b"] == "replace_by_triggers"
    assert made.apply(plan).exit_code == 0
    assert (made.cloud.thing("a").id, made.cloud.thing("b").id) == ("id-1", "id-3")
    assert made.plan().empty()


def _changes(plan: Plan) -> list[dict[str, object]]:
    return list(plan_json(plan, digest="sha256:x", made=0.0)["resource_changes"])


@pytest.mark.parametrize(
    ("trigger", "change", "fires"),
    [
        ("a.size", "size=2", True),
        ("a.size", "size=1, zone='x'", False),
        ("a.id", "size=2", False),
        ("a.token", "size=2", True),
        ("a", "size=1, lifecycle=lifecycle(prevent_destroy=True)", False),
        ("a.id", "size=1, zone='x'", True),
    ],
)
def test_a_replacement_follows_one_attribute(trigger: str, change: str, fires: bool, project: Make) -> None:
    trigger = f'Ref(model.Ref("mem_thing.a", ("{trigger.partition(".")[2]}",)))' if trigger == "a.size" else trigger
    text = (
        "from haplan.model import value as model\na = Thing('a', {})\n"
        f"Thing('b', lifecycle=lifecycle(replace_triggered_by=[{trigger}]))"
    )
    made = project(text.format("size=1"), applied=True)
    plan = made.write(text.format(change)).plan()
    assert any(c.action is Action.REPLACE and c.name == "b" for c in plan.changes) is fires


def test_what_is_gone_fires_and_what_is_new_does_not(project: Make) -> None:
    text = 'a = Thing("a")\nThing("b", lifecycle=lifecycle(replace_triggered_by=[a]))'
    made = project('Thing("b")', applied=True).write(text)
    assert made.plan().count(Action.REPLACE) == 0
    made.apply()
    made.cloud.remove("a")
    assert said(made.plan())[1][1] == "replace"


def test_what_was_taken_out_of_the_state_fires_where_another_object_comes_or_it_changes(project: Make) -> None:
    text = 'a = Thing("a", name="{}", size={})\nThing("b", lifecycle=lifecycle(replace_triggered_by=[a])){}'
    imported = "\nimported('mem_thing.a', 'id-1')"
    made = project(text.format("a", 1, ""), applied=True)
    with made.session() as session:
        repair.forget(session, ["mem_thing.a"])
    for name, size, more, actions in (
        ("new", 1, "", [("a", "create"), ("b", "replace")]),
        ("a", 1, imported, [("a", "import")]),
        ("a", 2, imported, [("a", "import"), ("b", "replace")]),
    ):
        plan = made.write(text.format(name, size, more)).plan()
        assert [one[:2] for one in said(plan)] == actions
    assert made.apply().exit_code == 0
    assert made.plan().empty()


# --- Time -------------------------------------------------------------------------------------------------------------


def test_timeouts_reach_the_task(project: Make) -> None:
    made = project('Thing("a", group="g", lifecycle=lifecycle(timeouts={"formation": 5}))\nThing("b", group="g")')
    with made.session() as session:
        plan = engine.plan(session)
        provider = session.providers.of_plan(plan)["mem"]
        taken: list[object] = []
        write = provider.write
        provider.write = lambda task, io: (taken.append(dict(task.timeouts)), write(task, io))[1]  # type: ignore[method-assign]
        assert engine.apply(session, plan).exit_code == 0
    assert taken == [{"formation": 5}]

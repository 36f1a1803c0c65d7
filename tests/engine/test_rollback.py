"""Back to what an earlier run recorded: as any plan, without stack code."""

from collections.abc import Callable

import attrs
import pytest

from haplan import engine, repair
from haplan.errors import HaplanError
from haplan.host.options import PlanOptions, sorted_out
from haplan.model.plan import Action, Plan
from haplan.model.result import Result
from haplan.testing import Project

Make = Callable[..., Project]


def latest(project: Project) -> str:
    return project.state().runs[-1].id


def planned(project: Project, run: str, **options: object) -> Plan:
    opening, asked = sorted_out(options)
    with project.session(**opening) as session:
        return engine.rollback(session, run, asked)


def back(project: Project, run: str, **options: object) -> Result:
    """Go back; the second time there is nothing left to do."""
    opening, asked = sorted_out(options)
    with project.session(**opening) as session:
        result = engine.apply(session, engine.rollback(session, run, asked))
    assert result.exit_code == 0
    assert planned(project, run, **options).empty()
    return result


def said(plan: Plan) -> list[tuple[str, Action, str]]:
    return [(change.address, change.action, change.why) for change in plan.changes]


def test_what_was_changed_created_and_deleted_since_is_as_it_was(project: Make) -> None:
    made = project('Thing("a", size=1, tags={"x": 1})\nThing("b", size=2)\noutput("o", 1)', applied=True)
    first = latest(made)
    made.write('Thing("a", size=7)\nThing("c")\noutput("o", 2)\noutput("p", 3)').apply()
    assert made.cloud.names() == ["a", "c"]
    plan = planned(made, first)
    assert said(plan) == [
        ("mem_thing.a", Action.UPDATE, "changed"),
        ("mem_thing.b", Action.CREATE, "new"),
        ("mem_thing.c", Action.DELETE, f"run {first} did not have it"),
    ]
    assert (plan.command, plan.targets["to"]) == ("rollback", (first,))
    back(made, first)
    assert made.cloud.names() == ["a", "b"]
    assert made.cloud.thing("a").values == {"size": 1, "tags": {"x": 1}}
    assert {name: out.value for name, out in made.state().outputs.items()} == {"o": 1}
    assert [run.command for run in made.state().runs] == ["apply", "apply", "rollback"]


def test_it_needs_no_stack_code(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    first = latest(made)
    made.write('Thing("a", size=2)').apply()
    made.write("raise SystemExit('this is not run')")
    back(made, first)
    assert made.cloud.thing("a").values["size"] == 1


def test_a_rollback_can_be_rolled_back(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    first = latest(made)
    made.write('Thing("a", size=2)\nThing("b")').apply()
    second = latest(made)
    back(made, first)
    back(made, second)
    assert made.cloud.names() == ["a", "b"]
    assert made.cloud.thing("a").values["size"] == 2


def test_after_a_destroy_all_is_created_again_and_ids_are_the_new_ones(project: Make) -> None:
    text = 'a = Thing("a", group=f"g")\nThing("b", zone=a.id, tags={"at": f"see {a.id}, {a.token}"})'
    made = project(text + '\noutput("id", a.id)', applied=True)
    first, old = latest(made), made.cloud.thing("a").id
    made.apply(destroy=True)
    assert made.cloud.names() == []
    back(made, first)
    new = made.cloud.thing("a").id
    assert new != old
    assert made.cloud.thing("b").values == {"zone": new, "tags": {"at": f"see {new}, token-{new}"}}
    assert made.state().outputs["id"].value == new
    assert made.plan().empty()


def test_what_uses_something_that_is_replaced_gets_its_new_id(project: Make) -> None:
    text = 'a = Thing("a", zone="{}")\nThing("b", tags={{"at": a.id}})'
    made = project(text.format("z1"), applied=True)
    first = latest(made)
    made.write(text.format("z2")).apply()
    back(made, first)
    assert made.cloud.thing("a").values["zone"] == "z1"
    assert made.cloud.thing("b").values["tags"] == {"at": made.cloud.thing("a").id}
    assert made.cloud.names() == ["a", "b"]


def test_the_order_of_a_list_comes_back(project: Make) -> None:
    head = 't = Thing("t")\n'
    rules = [f'Rule("{name}", thing=t)\n' for name in "xyz"]
    made = project(head + "".join(rules), applied=True)
    first = latest(made)
    made.write(head + rules[2] + rules[0]).apply()
    assert made.cloud.sequences["rules:mem_thing.t"] == ["z", "x"]
    back(made, first)
    assert made.cloud.sequences["rules:mem_thing.t"] == ["x", "y", "z"]


def test_a_move_is_taken_back_in_state_alone(project: Make) -> None:
    made = project('a = Thing("a", size=1)\nThing("b", tags={"at": a.id})', applied=True)
    first, objects = latest(made), dict(made.cloud.objects)
    with made.session() as session:
        repair.move(session, "mem_thing.a", "mem_thing.c")
    plan = planned(made, first)
    assert [(c.address, c.previous_address, c.why) for c in plan.changes] == [
        ("mem_thing.a", "mem_thing.c", "remembered"),
        ("mem_thing.b", "", "remembered"),
    ]
    assert plan.transactions == ()
    writes = len(made.cloud.writes)
    back(made, first)
    assert (made.cloud.objects, len(made.cloud.writes)) == (objects, writes)
    assert sorted(address for address, _ in made.state().rows) == ["mem_thing.a", "mem_thing.b"]
    assert made.plan().empty()


def test_a_move_and_a_change_are_taken_back_together(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    first, old = latest(made), made.cloud.thing("a").id
    with made.session() as session:
        repair.move(session, "mem_thing.a", "mem_thing.c")
    made.write('Thing("c", size=9)').apply()
    back(made, first)
    (row,) = made.state().rows.values()
    assert (row.address, row.id, row.name) == ("mem_thing.a", old, "a")
    assert made.cloud.thing("a").values["size"] == 1


def test_what_was_forgotten_is_taken_into_state_and_not_made_twice(project: Make) -> None:
    made = project('Thing("a", size=1)\nThing("b", size=2)', applied=True)
    first = latest(made)
    with made.session() as session:
        repair.forget(session, ["mem_thing.*"])
    made.cloud.edit("b", size=5)
    plan = planned(made, first)
    assert set(said(plan)) == {  # which of two equal ones was recorded first is not said
        ("mem_thing.a", Action.IMPORT, "taken into state"),
        ("mem_thing.b", Action.IMPORT, "taken into state"),
    }
    assert [placed.address for t in plan.transactions for placed in t.placed] == ["mem_thing.b"]
    assert plan.drift == ()
    back(made, first)
    assert made.cloud.names() == ["a", "b"]
    assert made.cloud.thing("b").values["size"] == 2
    assert made.plan().empty()


def test_an_object_that_was_made_anew_and_moved_is_known_by_its_name(project: Make) -> None:
    made = project('t = Thing("t")\nRule("x", thing=t)\nRule("y", thing=t)', applied=True)
    first = latest(made)
    made.apply(destroy=True)
    made.apply()
    with made.session() as session:
        repair.move(session, "mem_thing.t", "mem_thing.u")
    plan = planned(made, first)
    assert [(c.address, c.previous_address) for c in plan.changes] == [
        ("mem_thing.t", "mem_thing.u"),
        ("mem_rule.t.x", "mem_rule.u.x"),
        ("mem_rule.t.y", "mem_rule.u.y"),
    ]
    assert plan.transactions == ()


def test_an_object_is_not_taken_into_state_twice(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    first = latest(made)
    with made.session() as session:
        repair.forget(session, ["mem_thing.a"])
    made.cloud.thing("a").name = "c"
    made.write('Thing("c", size=1)')
    with made.session() as session:
        engine.apply(session, engine.import_(session, "mem_thing.c", made.cloud.thing("c").id))
    assert [(c.address, c.previous_address) for c in planned(made, first).changes] == [("mem_thing.a", "mem_thing.c")]


def test_a_mark_of_taint_does_not_come_back(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    with made.session() as session:
        repair.taint(session, "mem_thing.a")
    tainted = latest(made)
    made.apply()
    assert planned(made, tainted).empty()


def test_only_what_is_targeted_goes_back(project: Make) -> None:
    made = project('Thing("a", size=1)\nThing("b", size=1)', applied=True)
    first = latest(made)
    made.write('Thing("a", size=2)\nThing("b", size=2)').apply()
    back(made, first, targets=("mem_thing.a",))
    assert [made.cloud.thing(name).values["size"] for name in "ab"] == [1, 2]


def test_prevent_destroy_guards_against_a_rollback_too(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    first = latest(made)
    made.write('Thing("a")\nThing("b", lifecycle=lifecycle(prevent_destroy=True))').apply()
    (finding,) = planned(made, first).findings
    assert finding.message == "mem_thing.b: delete is forbidden by prevent_destroy"


def test_a_type_that_no_plugin_knows_any_more_is_refused_unless_it_is_left_out(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project('Thing("a", size=1)\nData("d", input=1)', applied=True)
    first = latest(made)
    made.write('Thing("a", size=2)\nData("d", input=2)').apply()
    with made.session() as session:
        session.types = {name: kind for name, kind in session.types.items() if name != "mem_thing"}
        with pytest.raises(HaplanError) as error:
            engine.rollback(session, first)
        assert str(error.value) == (
            "mem_thing.a: cannot be brought back: no plugin that is installed knows the type mem_thing"
        )
    without = PlanOptions(excludes=("mem_thing.a",))
    with made.session() as session:
        session.types = {name: kind for name, kind in session.types.items() if name != "mem_thing"}
        assert [change.address for change in engine.rollback(session, first, without).changes] == ["record.d"]


def test_a_type_whose_recorded_shape_cannot_be_brought_up_to_date_is_refused_else_it_is_brought(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    first = latest(made)
    made.write('Thing("a", size=2)').apply()
    with made.session() as session:
        session.types = dict(session.types)
        kind = session.types["mem_thing"]
        session.types["mem_thing"] = attrs.evolve(kind, schema_version=2)
        with pytest.raises(HaplanError, match="was recorded in version 1, and its plugin cannot bring that up to date"):
            engine.rollback(session, first)
        session.types["mem_thing"] = attrs.evolve(kind, schema_version=0)
        with pytest.raises(HaplanError, match=r"was recorded by a newer plugin \(version 1, here 0\)"):
            engine.rollback(session, first)
    with made.session() as session:
        upgraded = attrs.evolve(kind, schema_version=2, upgrade=lambda values, version: {**values, "size": 10})
        session.types = {**session.types, "mem_thing": upgraded}
        (change,) = engine.rollback(session, first).changes
        assert change.after == {"size": 10}


def test_a_run_that_never_was_or_was_pruned_is_refused(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    first = latest(made)
    made.write('Thing("a", size=2)').apply()
    with pytest.raises(HaplanError, match="no run 'r0' wrote this state"):
        planned(made, "r0")
    with made.session() as session:
        repair.prune(session, 1)
    with pytest.raises(HaplanError, match=f"no run '{first}' wrote this state"):
        planned(made, first)


def test_an_edit_at_the_portal_between_plan_and_apply_is_refused(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    first = latest(made)
    made.write('Thing("a", size=2)').apply()
    plan = planned(made, first)
    made.cloud.edit("a", size=3)
    assert made.apply(plan).exit_code == 5
    assert made.cloud.thing("a").values["size"] == 3


def test_what_a_failed_run_got_done_can_be_gone_back_to(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.errors[made.cloud.tried + 2] = RuntimeError("no")
    assert made.write('Thing("a", size=2)\nThing("b", size=2)\nThing("c")').apply().exit_code != 0
    failed = latest(made)
    made.cloud.errors.clear()
    made.write('Thing("a", size=3)\nThing("b")\nThing("c")').apply()
    plan = planned(made, failed)
    assert f"run {failed} failed: what it recorded by then is what this goes back to" in plan.notes
    back(made, failed)


@pytest.mark.parametrize(
    "later",
    [
        'removed("mem_rule.t.r", destroy=False)',
        'moved("mem_rule.t.r", "mem_rule.t.q")\nRule("q", name="r", thing=t, text="x")',
    ],
)
def test_what_names_another_resource_comes_back_after_it_was_forgotten_or_moved(project: Make, later: str) -> None:
    made = project('t = Thing("t")\nRule("r", thing=t, text="x")', applied=True)
    first = latest(made)
    assert made.write(f't = Thing("t")\n{later}').apply().exit_code == 0
    back(made, first)
    assert sorted(row.address for row in made.state().rows.values()) == ["mem_rule.t.r", "mem_thing.t"]

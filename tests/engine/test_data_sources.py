"""Data sources: read at plan when they can be, else at apply, with the reason."""

import json
from collections.abc import Callable

import pytest

from haplan import engine
from haplan.model.plan import Action, Change, Plan
from haplan.model.value import Ref
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.testing import Project

Make = Callable[..., Project]
BY_NAME = """
a = Thing("a", zone="{0}")
found = Thing.existing("found", name=f"of-{{a.id}}")
Thing("user", tags={{"of": found.id}})
output("token", found.token)
"""
AFTER = """
a = Thing("a", size={0})
found = Thing.existing("found", name="other", depends_on=[a])
Thing("user", tags={{"of": found.id}})
"""


def read(plan: Plan) -> Change:
    (change,) = [change for change in plan.changes if change.action is Action.READ]
    return change


def text(plan: Plan) -> str:
    return plain(plan_lines(plan))


def test_one_whose_name_is_unknown_is_read_at_apply_and_what_uses_it_waits(project: Make) -> None:
    made = project(BY_NAME.format("x"))
    made.cloud.add("of-id-2")
    plan = made.plan()
    assert [(change.address, change.action.value) for change in plan.changes] == [
        ("mem_thing.a", "create"),
        ("data.mem_thing.found", "read"),
        ("mem_thing.user", "create"),
    ]
    assert read(plan).why == "read at apply: mem_thing.a.id is known after apply"
    assert (plan.changes[2].after or {})["tags"] == {"of": Ref("data.mem_thing.found", ("id",))}
    assert [(str(one.document), one.verb, one.writes) for one in plan.transactions] == [
        ("thing:a", "create", 1),
        ("data.mem_thing.found", "read", 0),
        ("thing:user", "create", 1),
    ]
    result = made.apply(plan)
    assert result.exit_code == 0
    assert made.cloud.thing("user").values["tags"] == {"of": "id-1"}
    assert result.outputs == {"token": "token-id-1"}
    assert sorted(address for address, _ in made.state().rows) == ["mem_thing.a", "mem_thing.user"]
    assert made.plan().empty()


def test_one_whose_name_is_known_by_now_is_read_at_plan(project: Make) -> None:
    made = project(BY_NAME.format("x"))
    made.cloud.add("of-id-2")
    made.apply()
    made.cloud.add("of-id-2-b")
    made.write(BY_NAME.format("x") + 'Thing.existing("again", name=f"{found.name}-{found.id}")\n')
    (finding,) = made.plan().findings
    assert finding.message == "no mem thing named 'of-id-2-id-1' exists"
    made.write(BY_NAME.format("x").replace("of-{a.id}", "of-{a.id}-b"))
    (change,) = made.plan().changes
    assert (change.address, change.after) == ("mem_thing.user", {"tags": {"of": "id-4"}})


def test_data_sources_that_name_one_another_are_read_in_turn(project: Make) -> None:
    text = 'a = Thing.existing("a")\nb = Thing.existing("b", name=a.token)\nThing("c", tags={"of": b.id})\n'
    made = project(text)
    made.cloud.add("a")
    made.cloud.add("token-id-1")
    (change,) = made.plan().changes
    assert change.after == {"tags": {"of": "id-2"}}


def test_one_that_depends_on_what_changes_is_read_at_apply(project: Make) -> None:
    made = project(AFTER.format(1))
    made.cloud.add("other")
    assert read(made.plan()).why == "read at apply: mem_thing.a changes before"
    assert made.apply().exit_code == 0
    assert made.plan().empty()
    plan = made.write(AFTER.format(2)).plan()
    assert [(c.address, c.action.value) for c in plan.changes] == [
        ("mem_thing.a", "update"),
        ("data.mem_thing.found", "read"),
        ("mem_thing.user", "update"),
    ]
    made.cloud.remove("other")
    made.cloud.add("other")
    assert made.apply(plan).exit_code == 0
    assert made.cloud.thing("user").values["tags"] == {"of": made.cloud.thing("other").id}


def test_one_that_is_not_there_at_apply_fails_and_skips_what_uses_it(project: Make) -> None:
    made = project(AFTER.format(1))
    result = made.apply()
    assert result.exit_code == 3
    assert [outcome.text for outcome in result.failed] == [
        "data.mem_thing.found: no mem thing named 'other' exists; create it, or mend the name"
    ]
    assert [outcome.address for outcome in result.skipped] == ["mem_thing.user"]
    made.cloud.add("other")
    with made.session() as session:
        assert engine.resume(session, result.run).exit_code == 0
    assert made.plan().empty()


def test_text_and_json_say_that_it_is_read_and_why(project: Make) -> None:
    plan = project(BY_NAME.format("x")).plan()
    assert "2 to create, 0 to change, 0 to replace, 0 to delete, 1 to read" in text(plan)
    shown = text(plan)[text(plan).index(" <= ") :]
    assert shown.splitlines()[:3] == [
        " <= data.mem_thing.found  stack.py:6",
        "      read at apply: mem_thing.a.id is known after apply",
        "      name  (known after apply)",
    ]
    found = json.loads(json.dumps(plan_json(plan, digest="", made=0.0, computed={"mem_thing": ["id", "token"]})))
    (entry,) = [one for one in found["resource_changes"] if one["mode"] == "data"]
    assert (entry["change"]["actions"], entry["action_reason"]) == (["read"], "read_because_config_unknown")
    assert entry["change"]["after_unknown"] == {"id": True, "name": True, "token": True}
    plan = project(AFTER.format(1)).plan()
    found = plan_json(plan, digest="", made=0.0, computed={"mem_thing": ["id", "token"]})
    (entry,) = [one for one in found["resource_changes"] if one["mode"] == "data"]
    assert entry["action_reason"] == "read_because_dependency_pending"
    assert entry["change"]["after"] == {"name": "other"}


def test_it_travels_in_a_plan_file(project: Make) -> None:
    made = project(BY_NAME.format("x"))
    made.cloud.add("of-id-2")
    file = made.folder / "a.plan"
    with made.session() as session:
        engine.write_plan(session, engine.plan(session), file)
    (made.folder / "stack.py").unlink()
    told = {"environ": {}, "clock": made.cloud.clock, "plugins": made.plugins()}
    session, plan = engine.open_plan(file, **told)
    with session:
        assert engine.apply(session, plan).exit_code == 0
    assert made.cloud.thing("user").values["tags"] == {"of": "id-1"}


@pytest.mark.parametrize("options", [{"targets": ("mem_thing.user",)}, {"refresh": False}])
def test_targets_bring_it_and_without_refresh_it_is_read_too(project: Make, options: dict[str, object]) -> None:
    made = project(AFTER.format(1))
    made.cloud.add("other")
    assert made.apply(**options).exit_code == 0
    assert made.cloud.thing("user").values["tags"] == {"of": "id-1"}


def test_the_graph_has_edges_from_what_is_only_looked_up(project: Make) -> None:
    made = project('a = Thing.existing("a")\nb = Thing.existing("b", name=a.token)\nThing("c", tags={"of": b.id})\n')
    with made.session() as session:
        _, edges = engine.dependencies(session)
    assert [(one.first, one.then) for one in edges] == [
        ("data.mem_thing.a", "data.mem_thing.b"),
        ("data.mem_thing.b", "mem_thing.c"),
    ]

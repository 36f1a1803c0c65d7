"""Replacements: which comes first, and what becomes of the old object."""

from collections.abc import Callable

from haplan.errors import ProviderError
from haplan.model.plan import Action
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.testing import Project

Make = Callable[..., Project]
TEXT = 'a = Thing("a", model="{}")\nThing("user", tags={{"of": a.id}})\n'


def test_destroy_first_deletes_before_it_creates(project: Make) -> None:
    made = project('Thing("a", zone="x")', applied=True)
    made.write('Thing("a", zone="y")').apply()
    assert [one.id for one in made.cloud.objects.values()] == ["id-2"]
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert (row.id, row.values["token"]) == ("id-2", "token-id-2")


def test_create_first_creates_re_points_and_deletes(project: Make) -> None:
    made = project(TEXT.format("x"), applied=True)
    made.cloud.writes.clear()
    plan = made.write(TEXT.format("y")).plan()
    assert [t.document for t in plan.transactions] == ["thing:a", "thing:user", "thing:a"]
    assert made.apply(plan).exit_code == 0
    assert [(write.step, write.name) for write in made.cloud.writes] == [
        ("create", "a"),
        ("update", "user"),
        ("delete", "a"),
    ]
    state = made.state()
    row = state.row("mem_thing.a")
    assert row is not None
    assert (row.id, row.status, row.values["token"]) == ("id-3", "ok", "token-id-3")
    assert all(not deposed for _, deposed in state.rows)
    assert made.cloud.thing("user").values["tags"] == {"of": "id-3"}
    assert made.plan().empty()


UNKNOWN = 'a = Thing("a")\nThing("b", zone="x", model="m")\n'


def test_an_unknown_that_decides_on_a_replacement_is_shown_as_such(project: Make) -> None:
    made = project(UNKNOWN, applied=True)
    plan = made.write('a = Thing("a")\nc = Thing("c")\nThing("b", zone=f"z-{c.id}", model="n")').plan()
    change = plan.change("mem_thing.b")
    assert change is not None
    assert change.reason == "replaced because model changed and zone may change (known after apply)"
    assert '~ zone   "x" → (known after apply)  # forces replacement' in plain(plan_lines(plan))
    found = {one["address"]: one for one in plan_json(plan, digest="sha256:x", made=0.0)["resource_changes"]}
    there = found["mem_thing.b"]["change"]
    assert (there["after_unknown"]["zone"], there["replace_paths"]) == (True, [["zone"], ["model"]])
    assert found["mem_thing.b"]["haplan"]["reason"] == change.reason
    assert made.apply(plan).exit_code == 0
    assert made.cloud.thing("b").values["zone"] == f"z-{made.cloud.thing('c').id}"
    assert made.plan().empty()


def test_an_unknown_that_decides_on_a_document_is_shown_as_such(project: Make) -> None:
    made = project('c = Thing("c")\nThing("b", group=c.id)')
    plan = made.plan()
    assert "create  1 write   which group is known after apply" in plain(plan_lines(plan))
    stages = plan_json(plan, digest="sha256:x", made=0.0)["haplan"]["stages"]
    titles = [one["placed"][0]["placement"]["title"] for one in stages]
    assert titles == ["", "which group is known after apply"]
    assert made.apply(plan).exit_code == 0
    assert made.plan().empty()


def interrupted(project: Make) -> Project:
    """Created and re-pointed, but the old one could not be deleted."""
    made = project(TEXT.format("x"), applied=True)
    made.cloud.errors[5] = ProviderError("409: in use")
    assert made.write(TEXT.format("y")).apply().exit_code == 3
    return made


def test_the_old_object_is_deposed_until_it_is_deleted(project: Make) -> None:
    made = interrupted(project)
    rows = {(row.id, bool(row.deposed), row.status) for row in made.state().rows.values() if row.name == "a"}
    assert rows == {("id-1", True, "ok"), ("id-3", False, "ok")}


def test_the_next_plan_deletes_the_deposed_object_and_nothing_else(project: Make) -> None:
    made = interrupted(project)
    plan = made.plan()
    (change,) = plan.changes
    assert (change.action, change.id, bool(change.deposed)) == (Action.DELETE, "id-1", True)
    assert made.apply(plan).exit_code == 0
    assert [one.id for one in made.cloud.objects.values() if one.name == "a"] == ["id-3"]
    assert made.plan().empty()


def test_a_deposed_object_and_a_change_of_its_successor_are_one_plan(project: Make) -> None:
    made = interrupted(project)
    plan = made.write(TEXT.format("y").replace('model="y"', 'model="y", size=5')).plan()
    assert [(c.address, c.action.value, bool(c.deposed)) for c in plan.changes] == [
        ("mem_thing.a", "update", False),
        ("mem_thing.a", "delete", True),
    ]
    assert made.apply(plan).exit_code == 0
    assert made.cloud.thing("a").values["size"] == 5
    assert made.plan().empty()


def test_destroy_takes_the_deposed_object_along(project: Make) -> None:
    made = interrupted(project)
    assert made.apply(destroy=True).exit_code == 0
    assert made.cloud.objects == {}
    assert made.state().rows == {}


def test_users_are_re_pointed_before_a_deposed_object_goes(project: Make) -> None:
    made = project(TEXT.format("x"), applied=True)
    made.cloud.errors[4] = ProviderError("409")
    assert made.write(TEXT.format("y")).apply().exit_code == 3
    assert made.cloud.names() == ["a", "a", "user"]
    made.cloud.writes.clear()
    assert made.apply().exit_code == 0
    assert [(write.step, write.name) for write in made.cloud.writes] == [("update", "user"), ("delete", "a")]
    assert made.plan().empty()

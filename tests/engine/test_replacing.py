"""Replacements: which comes first, and what becomes of the old object."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from haplan.contracts import Target
from haplan.errors import Denied, ProviderError
from haplan.model.plan import Action
from haplan.model.value import Tree
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.testing import Mem, Project

Make = Callable[..., Project]
TEXT = 'a = Thing("a", name="a-{0}", model="{0}")\nThing("user", tags={{"of": a.id}})\n'


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
    assert [str(t.document) for t in plan.transactions] == ["thing:a-y", "thing:user", "thing:a-y"]
    assert made.apply(plan).exit_code == 0
    assert [(write.step, write.name) for write in made.cloud.writes] == [
        ("create", "a-y"),
        ("update", "user"),
        ("delete", "a-y"),
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
    assert change.why == "replaced because model changed and zone may change (known after apply)"
    assert '~ zone   "x" → (known after apply)  # forces replacement' in plain(plan_lines(plan))
    found = {one["address"]: one for one in plan_json(plan, digest="sha256:x", made=0.0)["resource_changes"]}
    there = found["mem_thing.b"]["change"]
    assert (there["after_unknown"]["zone"], there["replace_paths"]) == (True, [["model"], ["zone"]])
    assert found["mem_thing.b"]["haplan"]["reason"] == change.why
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
    rows = {(row.id, bool(row.deposed), row.status) for row in made.state().rows.values() if row.name != "user"}
    assert rows == {("id-1", True, "ok"), ("id-3", False, "ok")}


def test_the_next_plan_deletes_the_deposed_object_and_nothing_else(project: Make) -> None:
    made = interrupted(project)
    plan = made.plan()
    (change,) = plan.changes
    assert (change.action, change.id, bool(change.deposed)) == (Action.DELETE, "id-1", True)
    assert made.apply(plan).exit_code == 0
    assert [one.id for one in made.cloud.objects.values() if one.name != "user"] == ["id-3"]
    assert made.plan().empty()


def test_what_rules_look_at_is_of_what_stands_at_an_address_and_not_of_its_old_self(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, asked = interrupted(project), list[str]()

    def facts(self: Mem, targets: Sequence[Target], look: object) -> Mapping[str, Mapping[str, Tree]]:
        asked.extend(one.address for one in targets)
        return {}

    monkeypatch.setattr(Mem, "facts", facts)
    assert made.plan().changes[0].deposed
    assert sorted(asked) == ["mem_thing.a", "mem_thing.user"]


def test_a_deposed_object_and_a_change_of_its_successor_are_one_plan(project: Make) -> None:
    made = interrupted(project)
    plan = made.write(TEXT.format("y").replace('model="y"', 'model="y", size=5')).plan()
    assert [(c.address, c.action.value, bool(c.deposed)) for c in plan.changes] == [
        ("mem_thing.a", "update", False),
        ("mem_thing.a", "delete", True),
    ]
    assert made.apply(plan).exit_code == 0
    assert made.cloud.thing("a-y").values["size"] == 5
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
    assert made.cloud.names() == ["a-x", "a-y", "user"]
    made.cloud.writes.clear()
    assert made.apply().exit_code == 0
    assert [(write.step, write.name) for write in made.cloud.writes] == [("update", "user"), ("delete", "a-x")]
    assert made.plan().empty()


# --- What create-first asks of others ---------------------------------------------------------------------------------


def test_create_before_destroy_spreads_to_what_it_depends_on_and_is_kept_in_state(project: Make) -> None:
    text = (
        'c = Thing("c")\nb = Thing("b", tags={{"of": c.id}})\nThing("x")\n'
        'Thing("a", tags={{"of": b.id}}, lifecycle=lifecycle(create_before_destroy={}))'
    )
    made = project(text.format(True), applied=True)
    kept = {row.name: row.lifecycle.get("create_before_destroy", False) for row in made.state().rows.values()}
    assert kept == {"a": True, "b": True, "c": True, "x": False}
    assert made.plan().empty()
    made.write("")
    assert all(change.lifecycle.create_before_destroy == (change.name != "x") for change in made.plan().changes)
    (first, *_) = made.write(text.format(True)).plan(replaces=("mem_thing.c",)).changes
    assert (first.name, first.create_first) == ("c", True)
    made.write(text.format(False)).apply()
    assert not any(row.lifecycle for row in made.state().rows.values())


CHAIN = (
    'b = Thing("b", name="b-{0}", zone="{0}")\na = Thing("a", name="a-{0}", model="{0}", tags={{"of": b.id}})\n'
    'Thing("user", tags={{"of": a.id}})\n'
)


def test_what_is_needed_by_one_that_is_created_first_is_created_first_in_the_same_plan(project: Make) -> None:
    made = project(CHAIN.format("x"), applied=True)
    made.cloud.writes.clear()
    seen: list[list[str]] = []
    made.cloud.during = lambda document, name: seen.append(made.cloud.names())
    plan = made.write(CHAIN.format("y")).plan()
    assert [(change.name, change.create_first) for change in plan.changes] == [
        ("b-y", True),
        ("a-y", True),
        ("user", False),
    ]
    assert made.apply(plan).exit_code == 0
    assert [(write.step, write.name) for write in made.cloud.writes] == [
        ("create", "b-y"),
        ("create", "a-y"),
        ("update", "user"),
        ("delete", "a-y"),
        ("delete", "b-y"),
    ]
    assert seen[-1] == ["a-y", "b-x", "b-y", "user"]
    assert made.plan().empty()


def test_old_and_new_under_one_name_side_by_side_are_refused(project: Make) -> None:
    text = (
        'a = Thing("a", model="{}", lifecycle=lifecycle(create_before_destroy=True))\n'
        'Thing("user", tags={{"of": a.id}})\n'
    )
    made = project(text.format("x"), applied=True)
    (finding,) = made.write(text.format("y")).plan().findings
    assert (finding.severity, finding.address, finding.location) == ("error", "mem_thing.a", "stack.py:4")
    assert finding.message == "old and new would both be named 'a' for a while: the new one is created first"
    with pytest.raises(Denied, match="give the new one another name="):
        made.apply()


def test_what_did_not_ask_to_be_created_first_and_keeps_its_name_is_deleted_first(project: Make) -> None:
    text = 'a = Thing("a", model="{}")\nThing("user", tags={{"of": a.id}})\n'
    made = project(text.format("x"), applied=True)
    plan = made.write(text.format("y")).plan()
    assert ([change.create_first for change in plan.changes], plan.findings) == ([False, False], ())
    assert made.apply(plan).exit_code == 0
    assert (made.cloud.names(), made.plan().empty()) == (["a", "user"], True)


def test_what_such_a_one_needs_is_not_created_first_for_its_sake_under_the_name_that_it_has(project: Make) -> None:
    made = project(CHAIN.replace("b-{0}", "b").format("x"), applied=True)
    plan = made.write(CHAIN.replace("b-{0}", "b").format("y")).plan()
    assert [finding.message for finding in plan.findings if finding.rule == "EXISTS"] == []


def test_inside_a_transaction_a_replacement_is_one_step(project: Make) -> None:
    text = (
        'a = Thing("a", group="g", model="{}", lifecycle=lifecycle(create_before_destroy=True))\n'
        'Thing("user", group="g", tags={{"of": "a"}}, depends_on=[a])\n'
    )
    made = project(text.format("x"), applied=True)
    deposed: list[bool] = []
    made.cloud.during = lambda document, name: deposed.append(any(mark for _, mark in made.state().rows))
    plan = made.write(text.format("y")).plan()
    assert (len(plan.transactions), plan.findings) == (1, ())
    assert made.apply(plan).exit_code == 0
    assert deposed == [False, False]
    assert made.cloud.names() == ["a", "user"]
    assert made.plan().empty()


FIRST = 'y = Thing("y", zone="{0}"{2})\nThing("x", name="x-{1}", model="{1}", tags={{"of": y.id}})\n'


def test_what_is_created_first_and_uses_what_is_deleted_first_is_an_error_of_the_plan_with_both_lines(
    project: Make,
) -> None:
    made = project(FIRST.format("a", "a", ""), applied=True)
    made.cloud.guarded = True
    plan = made.write(FIRST.format("b", "b", "")).plan()
    (finding,) = [one for one in plan.findings if one.severity == "error"]
    assert (finding.rule, finding.address, finding.location) == ("ORDER", "mem_thing.x", "stack.py:5")
    assert finding.message == (
        "its new one is created first, and its old one uses mem_thing.y (stack.py:4) until then, which is deleted "
        "before it is made again"
    )
    with pytest.raises(Denied, match="ORDER"):
        made.apply()
    assert "give mem_thing.y another name=" in finding.hint
    assert made.write(FIRST.format("b", "b", ', name="y-b"')).apply().exit_code == 0
    assert (made.cloud.names(), made.plan().empty()) == (["x-b", "y-b"], True)


def test_what_was_used_is_used_no_more_when_it_is_let_go_of(project: Make) -> None:
    made = project(FIRST.format("a", "a", ""), applied=True)
    text = FIRST.format("b", "b", "").replace(', tags={"of": y.id}', "")
    assert not [one for one in made.write(text).plan().findings if one.severity == "error"]


def test_an_old_self_that_is_gone_is_forgotten_and_one_that_nobody_could_look_at_is_not(project: Make) -> None:
    made = project(TEXT.format("x"), applied=True)
    made.cloud.errors[made.cloud.tried + 3] = ProviderError("409")
    assert made.write(TEXT.format("y")).apply().exit_code == 3
    assert [(one.address, one.action) for one in made.plan(refresh=False).changes] == [("mem_thing.a", Action.DELETE)]
    made.cloud.remove("a-x")
    made.cloud.add("a-x")  # another one of its name
    assert [(one.address, one.action) for one in made.plan(refresh=False).changes] == [("mem_thing.a", Action.DELETE)]
    plan = made.plan()
    assert [(one.key, one.action, one.why) for one in plan.changes] == [
        (f"mem_thing.a (deposed {plan.changes[0].deposed})", Action.FORGET, "gone")
    ]
    assert made.apply(plan).exit_code == 0
    assert (made.cloud.names(), made.plan().empty()) == (["a-x", "a-y", "user"], True)
    assert not any(deposed for _, deposed in made.state().rows)

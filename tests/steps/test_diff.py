"""Wanted against seen, remembering recorded: what becomes a change, and why."""

from collections.abc import Callable

import pytest

from haplan.errors import Denied
from haplan.model.plan import Action, Change, Plan
from haplan.model.value import Ref, Secret
from haplan.testing import Project

Make = Callable[..., Project]


def only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def said(plan: Plan) -> list[tuple[str, str, str]]:
    """Each change as label, action, reason."""
    return [(c.address.rpartition(".")[2], c.action.value, c.why) for c in plan.changes]


# --- Create, update, nothing ------------------------------------------------------------------------------------------


def test_a_new_block_is_created_and_what_refers_to_it_waits(project: Make) -> None:
    plan = project('a = Thing("a")\nThing("b", tags={"of": a.id, "name": f"x-{a.id}", "a": a})').plan()
    assert said(plan) == [("a", "create", "new"), ("b", "create", "new")]
    tags = (plan.changes[1].after or {})["tags"]
    assert (tags["of"], tags["a"]) == (Ref("mem_thing.a", ("id",)), "a")


def test_what_is_as_wanted_is_no_change(project: Make) -> None:
    made = project('a = Thing("a", size=1)\nThing("b", tags={"of": a.id})', applied=True)
    plan = made.plan()
    assert plan.empty()
    assert plan.unchanged == 2


def test_a_changed_line_is_an_update_and_names_its_place(project: Make) -> None:
    made = project('Thing("a", size=1, tags={"x": 1})', applied=True)
    change = only(made.write('Thing("a", size=2, tags={"x": 1})').plan())
    assert (change.action, change.why) == (Action.UPDATE, "changed")
    assert (change.before, change.after) == ({"size": 1, "tags": {"x": 1}}, {"size": 2, "tags": {"x": 1}})
    assert change.location == "stack.py:4"


def test_a_computed_value_of_what_changes_is_known_after_apply(project: Make) -> None:
    made = project('d = Data("d", input=1)\nThing("a", size=d.output)', applied=True)
    plan = made.write('d = Data("d", input=2)\nThing("a", size=d.output)').plan()
    assert said(plan) == [("d", "update", "changed"), ("a", "update", "changed")]
    assert (plan.changes[1].after or {})["size"] == Ref("record.d", ("output",))
    assert made.apply(plan).exit_code == 0
    assert made.cloud.thing("a").values["size"] == 2


def test_the_id_of_what_is_only_updated_stays_known(project: Make) -> None:
    made = project('a = Thing("a", size=1)\nThing("b", tags={"of": a.id})', applied=True)
    assert said(made.write('a = Thing("a", size=2)\nThing("b", tags={"of": a.id})').plan()) == [
        ("a", "update", "changed")
    ]


def test_the_id_of_what_is_replaced_is_known_after_apply(project: Make) -> None:
    made = project('a = Thing("a", zone="x")\nThing("b", tags={"of": a.id})', applied=True)
    plan = made.write('a = Thing("a", zone="y")\nThing("b", tags={"of": a.id})').plan()
    assert said(plan) == [("a", "replace", "replaced because zone changed"), ("b", "update", "changed")]
    assert made.apply(plan).exit_code == 0
    assert made.cloud.thing("b").values["tags"]["of"] == made.cloud.thing("a").id == "id-3"
    assert made.plan().empty()


# --- Ownership --------------------------------------------------------------------------------------------------------


def test_what_the_stack_does_not_declare_is_not_compared(project: Make) -> None:
    made = project('Thing("a", tags={"mine": 1})', applied=True)
    made.cloud.edit("a", size=5, tags={"mine": 1, "theirs": 2})
    plan = made.plan()
    assert plan.empty()
    assert plan.drift == ()


def test_an_unordered_list_is_compared_as_a_set(project: Make) -> None:
    made = project('Thing("a", members=["x", "y"])', applied=True)
    made.cloud.edit("a", members=["y", "x"])
    assert made.plan().empty()


def test_a_line_that_left_unsets_the_field(project: Make) -> None:
    made = project('Thing("a", size=1, tags={"x": 1, "y": 2})', applied=True)
    plan = made.write('Thing("a", tags={"x": 1})').plan()
    assert said(plan) == [("a", "update", "unset")]
    assert only(plan).unset == (("size",), ("tags", "y"))
    assert made.apply(plan).exit_code == 0
    assert made.plan().empty()


def test_leave_leaves_it_and_it_is_owned_no_more(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.write('Thing("a", lifecycle=lifecycle(leave=["size"]))')
    assert said(made.plan()) == [("a", "update", "remembered")]
    assert made.apply().writes == 0
    made.cloud.edit("a", size=9)
    plan = made.plan()
    assert (plan.empty(), plan.drift) == (True, ())


def test_what_had_a_value_before_gets_it_back(project: Make) -> None:
    made = project('Thing("a", tags={"x": 1})', applied=True)
    made.cloud.edit("a", size=7)
    assert made.write('Thing("a", size=1, tags={"x": 1})').apply().exit_code == 0
    assert made.cloud.thing("a").values["size"] == 1
    change = only(made.write('Thing("a", tags={"x": 1})').plan())
    assert change.unset == (("size",),)
    assert (change.after or {})["size"] == 7
    assert made.apply().exit_code == 0
    assert made.cloud.thing("a").values["size"] == 7
    assert made.plan().empty()


def test_a_second_field_does_not_make_the_first_one_s_old_value_forgotten(project: Make) -> None:
    made = project('Thing("a", tags={"x": 1})', applied=True)
    made.cloud.edit("a", size=7, zone="old")
    made.write('Thing("a", size=1, tags={"x": 1})').apply()
    made.cloud.edit("a", group="g0")
    made.write('Thing("a", size=1, group="g", tags={"x": 1})').apply()
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert row.private["prior"] == {"size": 7, "group": "g0"}


def test_ignored_changes_are_left_alone_and_are_no_drift(project: Make) -> None:
    text = 'Thing("a", size={}, tags={{"x": 1, "y": 1}}, lifecycle=lifecycle(ignore_changes=["size", "tags.x"]))'
    made = project(text.format(1), applied=True)
    made.cloud.edit("a", size=9, tags={"x": 9, "y": 1})
    plan = made.write(text.format(2)).plan()
    assert (said(plan), plan.drift) == ([], ())
    made.cloud.edit("a", tags={"x": 9, "y": 9})
    change = only(made.plan())
    assert (change.after or {})["tags"] == {"x": 9, "y": 1}


def test_a_local_attribute_is_remembered_and_never_sent(project: Make) -> None:
    made = project('Thing("a", note="one")', applied=True)
    plan = made.write('Thing("a", note="two")').plan()
    assert said(plan) == [("a", "update", "changed")]
    assert plan.transactions == ()
    assert made.apply(plan).writes == 0
    assert made.plan().empty()


def test_a_lifecycle_alone_is_remembered_without_a_write(project: Make) -> None:
    made = project('Thing("a", lifecycle=lifecycle(prevent_destroy=True))', applied=True)
    with pytest.raises(Denied, match="forbidden by prevent_destroy"):
        made.write("").apply()
    plan = made.write('Thing("a")').plan()
    assert said(plan) == [("a", "update", "remembered")]
    assert made.apply(plan).writes == 0
    assert said(made.write("").plan()) == [("a", "delete", "not in the stack")]


def test_a_new_dependency_is_remembered_for_the_order_of_deletion(project: Make) -> None:
    made = project('a = Thing("a")\nb = Thing("b")', applied=True)
    assert made.write('a = Thing("a")\nb = Thing("b", depends_on=[a])').apply().writes == 0
    assert [w.name for w in _destroyed(made)] == ["b", "a"]


def _destroyed(made: Project) -> list[object]:
    made.cloud.writes.clear()
    assert made.apply(destroy=True).exit_code == 0
    return list(made.cloud.writes)


# --- Secrets ----------------------------------------------------------------------------------------------------------


def test_a_secret_is_seen_to_change_by_its_fingerprint_from_the_first_apply_on(project: Make) -> None:
    text = 'Thing("a", psk=secret("file:{}"))'
    folder = project().folder
    (folder / "psk").write_text("one")
    made = project(text.format(folder / "psk"), applied=True)
    assert made.plan().empty()
    (folder / "psk").write_text("two")
    change = only(made.plan())
    assert isinstance((change.after or {})["psk"], Secret)
    assert made.apply().exit_code == 0
    assert made.plan().empty()
    kept = (folder / ".haplan").rglob("*")
    assert not any(b"two" in file.read_bytes() for file in kept if file.is_file())


def test_a_secret_that_cannot_be_resolved_is_not_compared(project: Make) -> None:
    folder = project().folder
    (folder / "psk").write_text("one")
    made = project(f'Thing("a", psk=secret("file:{folder / "psk"}"))', applied=True)
    (folder / "psk").unlink()
    assert made.plan().empty()


# --- Replace ----------------------------------------------------------------------------------------------------------


def test_what_forces_a_replacement_says_which_comes_first(project: Make) -> None:
    made = project('Thing("a", zone="x")\nThing("b", model="x")', applied=True)
    first, second = made.write('Thing("a", zone="y")\nThing("b", name="b-2", model="y")').plan().changes
    assert (first.action, first.replaces, first.create_first) == (Action.REPLACE, (("zone",),), False)
    assert (second.action, second.replaces, second.create_first) == (Action.REPLACE, (("model",),), True)
    assert first.previous_id == made.cloud.thing("a").id


def test_replace_can_be_asked_for_and_ordered_by_lifecycle(project: Make) -> None:
    made = project('Thing("a", lifecycle=lifecycle(create_before_destroy=True))', applied=True)
    change = only(made.plan(replaces=("*.a",)))
    assert (change.why, change.create_first) == ("asked for by --replace", True)


def test_prevent_destroy_forbids_a_replacement_but_not_a_look(project: Make) -> None:
    text = 'Thing("a", zone="{}", lifecycle=lifecycle(prevent_destroy=True))'
    made = project(text.format("x"), applied=True)
    with pytest.raises(Denied, match=r"mem_thing\.a: replace is forbidden by prevent_destroy \(replaced because zone"):
        made.write(text.format("y")).apply()
    assert made.plan(refresh_only=True).changes == ()


def test_a_data_block_is_replaced_when_its_replace_changes(project: Make) -> None:
    made = project('d = Data("d", input=1, replace="x")\noutput("id", d.id)', applied=True)
    before = made.state().outputs["id"].value
    plan = made.write('d = Data("d", input=1, replace="y")\noutput("id", d.id)').plan()
    assert said(plan) == [("d", "replace", "replaced because replace changed")]
    made.apply(plan)
    assert made.state().outputs["id"].value != before
    assert made.plan().empty()


# --- Delete, gone, import ---------------------------------------------------------------------------------------------


def test_what_left_the_stack_is_deleted_dependants_first(project: Make) -> None:
    made = project('a = Thing("a")\nb = Thing("b", tags={"x": a.id})\nThing("c", tags={"x": b.id})', applied=True)
    plan = made.write("").plan()
    assert [str(t.document) for t in plan.transactions] == ["thing:c", "thing:b", "thing:a"]
    assert {reason for _, _, reason in said(plan)} == {"not in the stack"}


def test_what_is_gone_is_created_again_or_forgotten(project: Make) -> None:
    made = project('Thing("a")\nThing("b")', applied=True)
    made.cloud.remove("a")
    made.cloud.remove("b")
    plan = made.write('Thing("a")').plan()
    assert said(plan) == [("a", "create", "gone"), ("b", "forget", "gone")]
    assert made.apply(plan).exit_code == 0
    assert made.cloud.names() == ["a"]
    assert list(made.state().rows) == [("mem_thing.a", "")]


def test_what_exists_already_is_refused_with_the_way_to_import_it(project: Make) -> None:
    made = project('Thing("a")')
    made.cloud.add("a")
    (finding,) = made.plan().findings
    assert (finding.rule, finding.severity) == ("EXISTS", "error")
    command = f"haplan import {made.folder.resolve()} mem_thing.a id-1"
    assert finding.hint == f"run: {command}; or give this one another name="
    with pytest.raises(Denied, match="named 'a' exists already"):
        made.apply()


def test_another_label_for_an_object_in_state_is_refused_instead_of_deleting_it(project: Make) -> None:
    made = project('Thing("a")', applied=True).write('Thing("b", name="a")')
    (finding,) = made.plan().findings
    assert finding.message == "this mem thing (id id-1) is in state as mem_thing.a: one object, one address"
    assert finding.hint == 'write moved("mem_thing.a", "mem_thing.b") if this is its new label'
    with pytest.raises(Denied, match="is in state as mem_thing"):
        made.apply()


def test_a_rename_at_the_portal_is_drift_and_a_rename_in_the_stack_is_not(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.thing("a").name = "z"
    plan = made.plan()
    assert said(plan) == [("a", "update", "drifted")]
    assert (plan.drift[0].recorded, plan.drift[0].seen) == ({"name": "a"}, {"name": "z"})
    made.apply()
    assert said(made.write('Thing("a", name="b", size=1)').plan()) == [("a", "update", "changed")]
    made.apply()
    assert made.cloud.names() == ["b"]
    assert made.plan().empty()


# --- Drift ------------------------------------------------------------------------------------------------------------


def test_drift_is_seen_against_recorded_with_who_and_when(project: Make) -> None:
    made = project('Thing("a", size=1, tags={"x": 1})', applied=True)
    made.cloud.edit("a", size=9, who="ana")
    plan = made.plan()
    (drift,) = plan.drift
    assert (drift.recorded, drift.seen, drift.who, drift.when) == ({"size": 1}, {"size": 9}, "ana", 1_800_000_000.0)
    assert said(plan) == [("a", "update", "drifted")]


def test_drift_of_what_also_changed_in_the_stack_is_a_change(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.edit("a", size=9)
    plan = made.write('Thing("a", size=2)').plan()
    assert said(plan) == [("a", "update", "changed")]
    assert plan.drift[0].seen == {"size": 9}


def test_drift_to_what_the_stack_now_wants_is_only_remembered(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.edit("a", size=2)
    plan = made.write('Thing("a", size=2)').plan()
    assert said(plan) == [("a", "update", "remembered")]
    assert made.apply(plan).writes == 0
    plan = made.plan()
    assert (plan.empty(), plan.drift) == (True, ())


def test_what_is_gone_has_drifted_away(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.remove("a")
    assert made.plan().drift[0].seen is None


def test_a_look_changes_nothing_and_tells_the_drift(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.edit("a", size=9)
    plan = made.plan(refresh_only=True)
    assert (plan.command, plan.changes, plan.transactions, plan.outputs) == ("refresh", (), (), ())
    assert len(plan.drift) == 1


def test_without_refresh_state_is_believed_but_data_sources_are_read(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    made.cloud.edit("a", size=9)
    other = made.cloud.add("other")
    made.write('Thing("a", size=1)\no = Thing.existing("other")\nThing("b", tags={"of": o.id})')
    plan = made.plan(refresh=False)
    assert said(plan) == [("b", "create", "new")]
    assert (plan.changes[0].after or {})["tags"] == {"of": other.id}
    assert (plan.drift, plan.findings) == ((), ())


# --- Order ------------------------------------------------------------------------------------------------------------

RULES = 't = Thing("t")\nfor n in "{}":\n    Rule(n, thing=t, text=f"{{t.id}}")\n'


def test_one_rule_inserted_is_one_create(project: Make) -> None:
    made = project(RULES.format("abcdef"), applied=True)
    plan = made.write(RULES.format("abcxdef")).plan()
    assert said(plan) == [("x", "create", "new")]
    assert made.apply(plan).exit_code == 0
    assert made.cloud.sequences["rules:mem_thing.t"] == list("abcxdef")


def test_one_rule_that_moves_is_one_reorder(project: Make) -> None:
    made = project(RULES.format("abcdef"), applied=True)
    plan = made.write(RULES.format("abdefc")).plan()
    assert said(plan) == [("c", "update", "reordered")]
    assert (plan.changes[0].position, len(plan.transactions)) == ((3, 6), 1)
    before = made.state().row("mem_rule.t.c")
    assert made.apply(plan).exit_code == 0
    after = made.state().row("mem_rule.t.c")
    assert before is not None
    assert after is not None
    assert (before.id, before.values) == (after.id, after.values)
    assert made.cloud.sequences["rules:mem_thing.t"] == list("abdefc")
    assert made.plan().empty()


def test_a_reorder_at_the_portal_is_mended(project: Make) -> None:
    made = project(RULES.format("abcd"), applied=True)
    made.cloud.sequences["rules:mem_thing.t"] = list("bcda")
    assert said(made.plan()) == [("a", "update", "reordered")]
    assert made.apply().exit_code == 0
    assert made.plan().empty()


# --- Outputs ----------------------------------------------------------------------------------------------------------


def test_outputs_are_known_as_far_as_possible_and_kept(project: Make) -> None:
    made = project('a = Data("a", input=1)\noutput("x", f"{a.output}")', applied=True)
    text = 'a = Data("a", input=1)\nb = Data("b", input=2)\noutput("x", f"{a.output}-{b.output}")\noutput("y", [1])'
    plan = made.write(text).plan()
    assert [out.name for out in plan.outputs] == ["x", "y"]
    result = made.apply(plan)
    assert result.outputs == {"x": "1-2", "y": [1]}
    assert made.plan().empty()
    assert [(out.name, out.after) for out in made.write("").plan().outputs] == [("x", None), ("y", None)]

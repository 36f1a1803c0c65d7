"""What a stack says of its state: another address, taken into state, forgotten."""

import json
from collections.abc import Callable

import pytest

from haplan.errors import Denied, StackError
from haplan.model.plan import Action, Change, Plan
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from haplan.testing import Project

Make = Callable[..., Project]


def only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def said(plan: Plan) -> list[tuple[str, str, str, str]]:
    return [(c.previous_address, c.address, c.action.value, c.why) for c in plan.changes]


def mistakes(made: Project) -> list[str]:
    with pytest.raises(StackError) as caught:
        made.plan()
    return list(caught.value.mistakes)


# --- moved ------------------------------------------------------------------------------------------------------------


def test_what_moves_keeps_its_id_and_is_written_nowhere(project: Make) -> None:
    made = project('a = Thing("a", size=1)\nThing("user", tags={"of": a.id})', applied=True)
    made.write(
        'b = Thing("b", name="a", size=1)\nThing("user", tags={"of": b.id})\nmoved("mem_thing.a", "mem_thing.b")'
    )
    plan = made.plan()
    assert said(plan) == [("mem_thing.a", "mem_thing.b", "no-op", "")]
    assert (plan.transactions, plan.unchanged, plan.drift) == ((), 1, ())
    writes, state = len(made.cloud.writes), made.state()
    assert made.apply(plan).writes == 0
    assert len(made.cloud.writes) == writes
    now = made.state()
    assert now.row("mem_thing.a") is None
    assert now.row("mem_thing.b").id == state.row("mem_thing.a").id  # type: ignore[union-attr]
    assert now.row("mem_thing.user").depends_on == ("mem_thing.b",)  # type: ignore[union-attr]
    assert {key[0] for key in now.placements} == {"mem_thing.b", "mem_thing.user"}
    assert made.plan().empty()


def test_a_move_and_a_change_are_one(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    plan = made.write('Thing("b", size=2)\nmoved("mem_thing.a", "mem_thing.b")').plan()
    assert said(plan) == [("mem_thing.a", "mem_thing.b", "update", "changed")]
    assert only(plan).before == {"name": "a", "size": 1}
    assert made.apply(plan).exit_code == 0
    assert (made.cloud.thing("b").id, made.cloud.thing("b").values["size"]) == ("id-1", 2)
    assert made.plan().empty()


def test_moves_are_a_chain(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    made.write('Thing("c", name="a")\nmoved("mem_thing.b", "mem_thing.c")\nmoved("mem_thing.a", "mem_thing.b")')
    assert said(made.plan()) == [("mem_thing.a", "mem_thing.c", "no-op", "")]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (("module.k.mem_thing.a", "module.k.mem_thing.b"), ("module.k", "module.m")),
        (("module.m.mem_thing.a", "module.m.mem_thing.b"), ("module.k", "module.m")),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_chain_leads_through_the_move_of_a_module(
    project: Make, first: tuple[str, str], then: tuple[str, str], turned: bool
) -> None:
    made = project('with module("k"):\n    Thing("a")', applied=True)
    moves = [f'moved("{old}", "{new}")' for old, new in (first, then)]
    lines = ['with module("m"):', '    Thing("b", name="a")', *(reversed(moves) if turned else moves)]
    made.write("\n".join(lines))
    assert said(made.plan()) == [("module.k.mem_thing.a", "module.m.mem_thing.b", "no-op", "")]


def test_a_module_moves_with_all_that_is_in_it(project: Make) -> None:
    text = (
        'with module("{}"):\n    t = Thing("t")\n    Rule("r", thing=t)\n    with module("in"):\n        Thing("u")\n'
    )
    made = project(text.format("a"), applied=True)
    made.write(text.format("b") + 'moved("module.a", "module.b")')
    assert sorted(said(made.plan())) == [
        ("module.a.mem_rule.t.r", "module.b.mem_rule.t.r", "no-op", ""),
        ("module.a.mem_thing.t", "module.b.mem_thing.t", "no-op", ""),
        ("module.a.module.in.mem_thing.u", "module.b.module.in.mem_thing.u", "no-op", ""),
    ]
    assert made.apply().exit_code == 0
    assert made.state().row("module.b.mem_rule.t.r").owner == "module.b.mem_thing.t"  # type: ignore[union-attr]
    assert made.plan().empty()
    assert (
        made.write('with module("b"):\n    moved("mem_thing.t", "mem_thing.x")\n    Thing("x", name="t")')
        .plan()
        .count(Action.NO_OP)
    )


def test_what_lives_in_a_moved_resource_follows(project: Make) -> None:
    made = project('t = Thing("t")\nRule("r", thing=t)\nRule("s", thing=t)', applied=True)
    made.write('t = Thing("x", name="t")\nRule("r", thing=t)\nRule("s", thing=t)\nmoved("mem_thing.t", "mem_thing.x")')
    plan = made.plan()
    assert {c.address: c.action.value for c in plan.changes} == {
        "mem_thing.x": "no-op",
        "mem_rule.x.r": "no-op",
        "mem_rule.x.s": "no-op",
    }
    made.apply(plan)
    assert made.plan().empty()


def test_a_target_moves_alone(project: Make) -> None:
    made = project('Thing("a")\nThing("b")', applied=True)
    made.write(
        'Thing("x", name="a")\nThing("y", name="b")\n'
        'moved("mem_thing.a", "mem_thing.x")\nmoved("mem_thing.b", "mem_thing.y")'
    )
    assert made.apply(targets=("mem_thing.y",)).exit_code == 0
    assert {address for address, _ in made.state().rows} == {"mem_thing.a", "mem_thing.y"}
    assert said(made.plan()) == [("mem_thing.a", "mem_thing.x", "no-op", "")]


def test_a_move_onto_something_in_state_names_both(project: Make) -> None:
    made = project('Thing("a")\nThing("b")', applied=True)
    (mistake,) = mistakes(made.write('Thing("b")\nmoved("mem_thing.a", "mem_thing.b")'))
    assert mistake.startswith("stack.py:5: moved: mem_thing.a cannot become mem_thing.b: mem_thing.b is in state too")


def test_two_that_move_to_one_address_are_named(project: Make) -> None:
    made = project('Thing("a")\nThing("b")', applied=True)
    made.write('Thing("c")\nmoved("mem_thing.a", "mem_thing.c")\nmoved("mem_thing.b", "mem_thing.c")')
    (mistake,) = mistakes(made)
    assert mistake.startswith("stack.py:6: moved: mem_thing.b cannot become mem_thing.c: mem_thing.a is in state too")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('Thing("a")\nThing("b")\nmoved("mem_thing.a", "mem_thing.b")', "a is still in the stack, at stack.py:4"),
        ('Thing("bb")\nmoved("mem_thing.a", "mem_thing.b")', "there is no mem_thing.b in the stack; did you mean"),
        ('moved("record.a", "record.b")\nmoved("record.b", "record.a")', "in a circle: record.a → record.b → record.a"),
        ('Thing("b")\nmoved("record.b", "mem_thing.b")', "a move keeps the type"),
        ('Thing("b")\nmoved("module.b", "mem_thing.b")', "a module moves to a module"),
        ('Thing("b")\nmoved("mem_thing", "mem_thing.b")', "'mem_thing' is not an address"),
        ('b = Thing("b")\nmoved("mem_thing.a", b)', "expected an address as text, such as 'site.branch', got Thing"),
        ('Thing("b")\nmoved("mem_thing.b", "mem_thing.b")', "that is where it is"),
        ('imported("mem_thing.a", "id-1")', "there is no mem_thing.a in the stack; declare it"),
        ('Thing("a")\nimported("mem_thing.a", 7)', "expected the id of an existing object, got 7"),
        ('Thing("a")\nimported("mem_thing.a", "x")\nimported("mem_thing.a", "y")', "twice; first at stack.py:5"),
        ('Thing("a")\nremoved("mem_thing.a")', "mem_thing.a is still in the stack, at stack.py:4; take its block out"),
        ('with module("m"):\n    Thing("a")\nremoved("module.m")', "module.m.mem_thing.a is still in the stack"),
        ('removed("data.mem_thing.a")', "a data source is in no state"),
    ],
)
def test_what_does_not_fit_is_a_mistake_with_its_line(text: str, words: str, project: Make) -> None:
    found = mistakes(project(text))
    assert words in "\n".join(found)
    assert all(line.startswith("stack.py:") for line in found)


def test_a_run_that_died_is_gone_on_with_under_the_new_address(project: Make) -> None:
    made = project('Thing("a", size=1)')
    made.cloud.lost = {1}
    assert made.apply().exit_code == 8
    made.write('Thing("b", name="a", size=1)\nmoved("mem_thing.a", "mem_thing.b")')
    assert [(c.address, c.why) for c in made.plan().changes] == [("mem_thing.b", "resume")]
    assert made.apply().exit_code == 0
    assert (len(made.cloud.objects), made.state().intents, made.plan().empty()) == (1, (), True)


# --- imported ---------------------------------------------------------------------------------------------------------


def test_import_and_update_are_one_change_and_then_ignored(project: Make) -> None:
    made = project('Thing("a", size=2, tags={"mine": 1})\nimported("mem_thing.a", "id-1")')
    made.cloud.add("portal's", "mem_thing", size=1, tags={"theirs": 2})
    plan = made.plan()
    assert said(plan) == [("", "mem_thing.a", "import", "taken into state")]
    assert (only(plan).importing, (only(plan).before or {})["size"], (only(plan).after or {})["size"]) == ("id-1", 1, 2)
    assert made.apply(plan).exit_code == 0
    assert made.cloud.thing("a").values["size"] == 2
    assert (len(made.cloud.objects), made.plan().empty()) == (1, True)


def test_an_import_that_fits_writes_nothing(project: Make) -> None:
    made = project('Thing("a", size=1)\nimported("mem_thing.a", "id-1")')
    made.cloud.add("a", "mem_thing", size=1)
    assert made.apply().writes == 0
    assert made.state().row("mem_thing.a").id == "id-1"  # type: ignore[union-attr]


def test_an_import_of_nothing_is_refused(project: Make) -> None:
    made = project('Thing("a")\nimported("mem_thing.a", "id-7")')
    (finding,) = made.plan().findings
    assert (finding.severity, finding.message) == ("error", "imported: there is no mem thing with id id-7")
    with pytest.raises(Denied, match="no mem thing with id id-7"):
        made.apply()


# --- removed ----------------------------------------------------------------------------------------------------------


def test_what_is_removed_leaves_the_state_and_stays_in_the_estate(project: Make) -> None:
    made = project('Thing("a", lifecycle=lifecycle(prevent_destroy=True))\nThing("b")', applied=True)
    plan = made.write('Thing("b")\nremoved("mem_thing.a")').plan()
    assert said(plan) == [("", "mem_thing.a", "forget", "not in the stack")]
    assert made.apply(plan).writes == 0
    assert made.cloud.thing("a").id == "id-1"
    assert made.state().row("mem_thing.a") is None
    assert made.plan().empty()


def test_destroy_says_that_it_goes(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    assert said(made.write('removed("mem_thing.a", destroy=True)').plan()) == [
        ("", "mem_thing.a", "delete", "not in the stack")
    ]


def test_a_module_is_removed_whole_and_destroy_leaves_it_too(project: Make) -> None:
    made = project('with module("m"):\n    Thing("a")\n    Thing("b")\nThing("c")', applied=True)
    made.write('Thing("c")\nremoved("module.m")')
    plan = made.plan(destroy=True)
    assert {c.address: c.action.value for c in plan.changes} == {
        "mem_thing.c": "delete",
        "module.m.mem_thing.a": "forget",
        "module.m.mem_thing.b": "forget",
    }
    assert made.apply(plan).exit_code == 0
    assert sorted(one.name for one in made.cloud.objects.values()) == ["a", "b"]


# --- Told -------------------------------------------------------------------------------------------------------------


def test_text_and_json_tell_all_three(project: Make) -> None:
    made = project('Thing("a", size=1)\nThing("gone")', applied=True)
    made.cloud.add("there", "mem_thing")
    made.write(
        'Thing("b", name="a", size=1)\nThing("c", name="there")\nmoved("mem_thing.a", "mem_thing.b")\n'
        'imported("mem_thing.c", "id-3")\nremoved("mem_thing.gone")'
    )
    plan = made.plan()
    text = plain(plan_lines(plan))
    assert "1 to import, 1 to forget, 1 to move · no writes" in text
    assert "moves from mem_thing.a" in text
    document = json.loads(json.dumps(plan_json(plan, digest="sha256:x", made=0.0)))
    found = {one["address"]: one for one in document["resource_changes"]}
    assert found["mem_thing.b"]["previous_address"] == "mem_thing.a"
    assert {name: one["change"]["actions"] for name, one in found.items()} == {
        "mem_thing.b": ["no-op"],
        "mem_thing.c": ["no-op"],
        "mem_thing.gone": ["forget"],
    }
    assert found["mem_thing.c"]["change"]["importing"] == {"id": "id-3"}

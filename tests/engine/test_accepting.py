"""``apply --refresh-only``: what moved in the estate is taken into state, and nothing is written in the estate."""

from collections.abc import Callable
from pathlib import Path

import pytest

from haplan import engine
from haplan.errors import Stale
from haplan.model.plan import Action
from haplan.testing import Project

Make = Callable[..., Project]
RULES = 'a = Thing("a")\nfor name in "bcd":\n    Rule(name, thing=a)\n'


def test_what_moved_is_remembered_and_the_next_plan_changes_it_back(project: Make) -> None:
    made = project('Thing("a", size=1, tags={"x": "y"})')
    made.apply()
    writes = len(made.cloud.writes)
    made.cloud.edit("a", size=9, tags={"x": "z"})

    result = made.apply(refresh_only=True)

    assert (result.exit_code, [(one.address, one.action) for one in result.done]) == (0, [("mem_thing.a", Action.READ)])
    assert len(made.cloud.writes) == writes
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert (row.values["size"], row.values["tags"], row.declared) == (9, {"x": "z"}, ("size", "tags"))
    plan = made.plan()
    assert plan.drift == ()
    assert [(change.action, change.why) for change in plan.changes] == [(Action.UPDATE, "changed")]


def test_what_is_gone_is_forgotten_and_the_next_plan_makes_it_anew(project: Make) -> None:
    made = project('Thing("a")\nThing("b")')
    made.apply()
    made.cloud.remove("a")
    result = made.apply(refresh_only=True)
    assert [(one.address, one.action) for one in result.done] == [("mem_thing.a", Action.FORGET)]
    assert made.state().row("mem_thing.a") is None
    plan = made.plan()
    assert (plan.drift, [(change.address, change.why) for change in plan.changes]) == ((), [("mem_thing.a", "new")])


@pytest.mark.parametrize("live", [["d", "b", "c"], ["c", "b", "d"], ["d", "c", "b"]])
def test_another_order_is_remembered(project: Make, live: list[str]) -> None:
    made = project(RULES)
    made.apply()
    made.cloud.sequences["rules:mem_thing.a"] = live
    made.apply(refresh_only=True)
    assert [order.names for order in made.state().orders.values()] == [tuple(live)]
    assert made.plan().drift == ()


def test_a_name_that_was_changed_is_remembered(project: Make) -> None:
    made = project('Thing("a")')
    made.apply()
    made.cloud.thing("a").name = "other"
    made.apply(refresh_only=True)
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert row.name == "other"
    assert [change.after["name"] for change in made.plan().changes if change.after] == ["a"]


def test_without_drift_nothing_is_recorded(project: Make) -> None:
    made = project('Thing("a")')
    made.apply()
    assert made.apply(refresh_only=True).run == ""
    assert len(made.state().runs) == 1


def test_a_plan_file_of_it_is_refused_once_the_row_moved_and_a_second_time(project: Make, tmp_path: Path) -> None:
    made = project('Thing("a", size=1)')
    made.apply()
    made.cloud.edit("a", size=9)
    with made.session() as session:
        plan = engine.drift(session)
        engine.write_plan(session, plan, tmp_path / "one.plan")
    kept = engine.read_plan(tmp_path / "one.plan").plan
    assert made.apply(kept).exit_code == 0
    with pytest.raises(Stale, match="applied already"):
        made.apply(kept)
    made.cloud.edit("a", size=10)
    later = made.plan(refresh_only=True)
    made.apply()
    with pytest.raises(Stale, match="its state moved since the plan"):
        made.apply(later)

"""What a plan is to be is said with each call: a session keeps nothing of it for the next."""

from collections.abc import Callable

from haplan import engine
from haplan.host.options import PlanOptions
from haplan.steps.approve import digest
from haplan.testing import Project

Make = Callable[..., Project]


def test_a_plan_after_a_look_for_drift_is_the_plan_before_it(project: Make) -> None:
    with project('Thing("a", size=1)').session() as session:
        first = engine.plan(session)
        looked = engine.drift(session)
        again = engine.plan(session)
    assert (first.command, looked.command, again.command) == ("apply", "refresh", "apply")
    assert digest(again) == digest(first)
    assert not first.empty()


def test_a_plan_after_a_rollback_is_no_rollback(project: Make) -> None:
    made = project('Thing("a", size=1)', applied=True)
    run = made.state().runs[-1].id
    made.write('Thing("a", size=2)')
    with made.session() as session:
        assert engine.rollback(session, run).targets["to"] == (run,)
        plan = engine.plan(session)
    assert (plan.command, "to" in plan.targets) == ("apply", False)


def test_each_plan_of_a_session_is_what_its_own_options_say(project: Make) -> None:
    made = project('Thing("a")', applied=True)
    made.write('Thing("a")\nThing("b")\nThing("c")')
    with made.session() as session:
        asked = [
            PlanOptions(targets=("mem_thing.b",)),
            PlanOptions(destroy=True),
            PlanOptions(),
            PlanOptions(excludes=("mem_thing.b",)),
            PlanOptions(refresh_only=True),
            PlanOptions(),
        ]
        plans = [engine.plan(session, options) for options in asked]
    said = [(plan.command, [change.address for change in plan.changes]) for plan in plans]
    assert said == [
        ("apply", ["mem_thing.b"]),
        ("destroy", ["mem_thing.a"]),
        ("apply", ["mem_thing.b", "mem_thing.c"]),
        ("apply", ["mem_thing.c"]),
        ("refresh", []),
        ("apply", ["mem_thing.b", "mem_thing.c"]),
    ]


def test_a_look_for_drift_takes_the_options_of_a_plan(project: Make) -> None:
    made = project('Thing("a", size=1)\nThing("b", size=1)', applied=True)
    made.cloud.edit("a", size=9)
    made.cloud.edit("b", size=9)
    with made.session() as session:
        assert {one.address for one in engine.drift(session).drift} == {"mem_thing.a", "mem_thing.b"}
        found = engine.drift(session, PlanOptions(targets=("mem_thing.b",)))
    assert {one.address for one in found.drift} == {"mem_thing.b"}

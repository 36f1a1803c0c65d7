"""apply --resume: the very plan of a run that did not end, without what that run recorded."""

import json
import signal
from collections.abc import Callable

import pytest

from haplan import engine, repair
from haplan.errors import HaplanError, PlanFileError, ProviderError, Stale
from haplan.model.event import Event
from haplan.model.plan import Action
from haplan.model.result import Result
from haplan.steps import approve
from haplan.testing import Project
from tests import person

Make = Callable[..., Project]
CHAIN = 'a = Thing("a", size=1)\nb = Thing("b", tags={"of": a.id})\nThing("c", tags={"of": b.id}, zone=a.token)\n'


def latest(project: Project) -> str:
    return project.state().runs[-1].id


def resume(project: Project, run: str = "", **options: object) -> Result:
    with project.session(**options) as session:
        return engine.resume(session, run or latest(project))


def stopped_at(project: Project, name: str, **options: object) -> Result:
    """An apply with Ctrl-C while that thing is being written."""

    class Events(list):  # type: ignore[type-arg]
        def append(self, event: Event) -> None:  # type: ignore[override]
            if event.kind == "step" and event.address == f"mem_thing.{name}":
                signal.raise_signal(signal.SIGINT)

    project.events = Events()
    try:
        return person.apply(project, parallelism=1, **options)
    finally:
        project.events = []


def lost_at(project: Project, number: int, **options: object) -> Result:
    """An apply in which the answer of one write never comes."""
    project.cloud.lost.add(project.cloud.tried + number)
    return project.apply(parallelism=1, **options)


def whole(project: Project) -> None:
    """All is there once, and nothing is left to do or to find out."""
    assert project.cloud.names() == sorted(set(project.cloud.names()))
    assert project.plan().empty()
    assert project.state().intents == ()
    assert {row.status for row in project.state().rows.values()} <= {"ok"}


def test_what_the_run_recorded_is_left_out_and_the_rest_is_done(project: Make) -> None:
    made = project(CHAIN)
    assert stopped_at(made, "b").exit_code == 7
    run, done = latest(made), len(made.cloud.writes)
    result = resume(made, run)
    assert [(o.address, o.action) for o in result.done] == [("mem_thing.c", Action.CREATE)]
    assert [write.name for write in made.cloud.writes[done:]] == ["c"]
    ids = {name: made.cloud.thing(name).id for name in "ab"}
    assert made.cloud.thing("c").values == {"tags": {"of": ids["b"]}, "zone": f"token-{ids['a']}"}
    whole(made)
    first, second = made.state().runs
    assert (first.digest, first.result, second.result) == (second.digest, "interrupted", "done")


def test_the_stack_may_have_changed_meanwhile(project: Make) -> None:
    made = project(CHAIN + 'output("o", a.id)')
    stopped_at(made, "b")
    made.write("raise SystemExit('not run')")
    assert resume(made).exit_code == 0
    assert made.cloud.names() == ["a", "b", "c"]
    assert made.state().outputs["o"].value == made.cloud.thing("a").id


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_write_whose_answer_was_lost_is_not_done_twice(project: Make, number: int) -> None:
    made = project(CHAIN)
    assert lost_at(made, number).exit_code == 8
    assert resume(made).exit_code == 0
    assert made.cloud.names() == ["a", "b", "c"]
    whole(made)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_same_of_updates_and_of_a_document_that_many_share(project: Make, number: int) -> None:
    text = "".join(f'Thing("{name}", group="g", size={{0}})\n' for name in "abc")
    made = project(text.format(1), applied=True)
    made.write(text.format(2))
    assert lost_at(made, number).exit_code == 8
    assert resume(made).exit_code == 0
    assert [made.cloud.thing(name).values["size"] for name in "abc"] == [2, 2, 2]
    whole(made)


@pytest.mark.parametrize("also", [(), ("X",)])
@pytest.mark.parametrize("lost", [True, False])
def test_what_was_applied_before_and_is_in_doubt_now_is_written(
    project: Make, lost: bool, also: tuple[str, ...]
) -> None:
    """Its documents carried what an earlier run wrote: that is not what this plan writes."""
    text = f'Thing("a", size={{0}}, tags={{{{"of": "{{0}}"}}}}, also={list(also)!r})\nThing("b", size={{0}})'
    made = project(text.format(1), applied=True)
    made.write(text.format(2))
    made.cloud.atomic = False
    if lost:  # the second of three attributes
        made.cloud.lost.add(made.cloud.tried + 2)
    else:
        made.cloud.errors[made.cloud.tried + 3] = ProviderError("refused")
    assert made.apply(parallelism=1).exit_code == 8
    assert resume(made).exit_code == 0
    assert [made.cloud.thing(name).values["size"] for name in "ab"] == [2, 2]
    assert made.cloud.thing("a").values["tags"] == {"of": "2"}
    whole(made)


@pytest.mark.parametrize("attribute", ["zone", "model"])
def test_the_same_of_replacements(project: Make, attribute: str) -> None:
    made = project(f'a = Thing("a", name="a1", {attribute}="1")\nThing("b", tags={{"of": a.id}})', applied=True)
    old = made.cloud.thing("a1").id
    made.write(f'a = Thing("a", name="a2", {attribute}="2")\nThing("b", tags={{"of": a.id}})')
    assert lost_at(made, 1).exit_code == 8
    assert resume(made).exit_code == 0
    new = made.cloud.thing("a2")
    assert (new.id != old, new.values[attribute]) == (True, "2")
    assert made.cloud.thing("b").values["tags"] == {"of": new.id}
    whole(made)


def test_an_old_object_that_waits_to_be_deleted_is_deleted(project: Make) -> None:
    text = 'a = Thing("a", name="a{0}", model="{0}")\nThing("b", tags={{"of": a.id}})'
    made = project(text.format(1), applied=True)
    old = made.cloud.thing("a1").id
    made.write(text.format(2))
    assert stopped_at(made, "b").exit_code == 7
    assert old in made.cloud.objects
    assert resume(made).exit_code == 0
    assert old not in made.cloud.objects
    whole(made)


def test_an_old_object_is_not_lost_when_the_resumed_run_stops_too(project: Make) -> None:
    text = 'a = Thing("a", name="a{0}", model="{0}")\nThing("b", tags={{"of": a.id}})'
    made = project(text.format(1), applied=True)
    old = made.cloud.thing("a1").id
    made.write(text.format(2))
    assert lost_at(made, 1).exit_code == 8
    run = latest(made)
    assert sorted(made.cloud.names()) == ["a1", "a2", "b"]
    made.cloud.lost = {made.cloud.tried + 2}  # the write of b, which stands before the deletion of the old a
    assert resume(made, run).exit_code == 8
    assert [row.id for (_, deposed), row in made.state().rows.items() if deposed] == [old]
    made.cloud.lost.clear()
    assert made.apply().exit_code == 0
    assert old not in made.cloud.objects
    whole(made)


def test_deletions_go_on(project: Make) -> None:
    made = project(CHAIN, applied=True)
    assert lost_at(made, 2, destroy=True).exit_code == 8
    result = resume(made)
    assert result.exit_code == 0
    assert made.cloud.names() == []
    assert made.state().rows == {}
    assert made.state().intents == ()


def test_a_document_that_failed_is_written_again_and_the_other_is_not(project: Make) -> None:
    made = project('Thing("d", size=1, also=["X"])')
    made.cloud.errors[2] = ProviderError("no")
    assert made.apply().exit_code == 3
    made.cloud.errors.clear()
    assert resume(made).exit_code == 0
    assert sorted((write.document, write.step) for write in made.cloud.writes) == [
        ("X", "update"),
        ("thing:d", "create"),
    ]
    whole(made)


def test_rules_of_a_list_stand_in_order_afterwards(project: Make) -> None:
    text = 't = Thing("t")\n' + "".join(f'Rule("{name}", thing=t)\n' for name in "xyz")
    made = project('t = Thing("t")\nRule("z", thing=t)\nRule("y", thing=t)', applied=True)
    made.write(text)
    assert lost_at(made, 1).exit_code == 8
    assert resume(made).exit_code == 0
    assert made.cloud.sequences["rules:mem_thing.t"] == ["x", "y", "z"]
    whole(made)


def test_what_settles_goes_on(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", tags={"of": a.id})')
    made.cloud.seconds["thing:a"] = 900.0
    sleep = made.cloud.clock.sleep
    made.cloud.clock.sleep = lambda seconds: (signal.raise_signal(signal.SIGINT), sleep(seconds))[1]  # type: ignore[method-assign]
    assert person.apply(made).exit_code == 7
    made.cloud.clock.sleep = sleep  # type: ignore[method-assign]
    assert resume(made).exit_code == 0
    whole(made)


def test_a_resumed_run_can_be_resumed(project: Make) -> None:
    made = project(CHAIN + 'Thing("d", tags={"of": b.id})')
    stopped_at(made, "a")
    first = latest(made)
    made.cloud.lost.add(made.cloud.tried + 1)
    assert resume(made, first).exit_code == 8
    assert resume(made, latest(made)).exit_code == 0
    assert made.cloud.names() == ["a", "b", "c", "d"]
    whole(made)
    with pytest.raises(HaplanError, match="carried this plan out to its end: there is nothing to go on with"):
        resume(made, first)


def test_the_digest_is_the_approved_one_although_another_haplan_would_seal_it_otherwise(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(CHAIN)
    stopped_at(made, "b")
    first = made.state().runs[-1]
    kept = (made.folder / ".haplan" / "default" / "runs" / first.id / "plan.json").read_bytes()
    monkeypatch.setattr(approve, "sealed", lambda plan, more: ("sha256:other", b""))
    assert resume(made, first.id).exit_code == 0
    second = made.state().runs[-1]
    assert second.digest == first.digest
    assert (made.folder / ".haplan" / "default" / "runs" / second.id / "plan.json").read_bytes() == kept


# --- What is refused --------------------------------------------------------------------------------------------------


def test_what_another_run_wrote_since_is_refused(project: Make) -> None:
    made = project(CHAIN)
    stopped_at(made, "b")
    run = latest(made)
    with made.session() as session:
        repair.taint(session, "mem_thing.a")
    with pytest.raises(Stale, match=r"mem_thing\.a: another run wrote it since"):
        resume(made, run)


def test_an_unrelated_run_in_between_does_no_harm(project: Make) -> None:
    made = project(CHAIN)
    stopped_at(made, "b")
    run = latest(made)
    made.write(CHAIN + 'Thing("z")').apply(targets=("mem_thing.z",))
    assert resume(made, run).exit_code == 0
    assert made.cloud.names() == ["a", "b", "c", "z"]


def test_what_a_person_changed_meanwhile_is_refused(project: Make) -> None:
    made = project('Thing("a", size=1)\nThing("b", size=1)', applied=True)
    made.write('Thing("a", size=2)\nThing("b", size=2)')
    assert lost_at(made, 1).exit_code == 8
    made.cloud.edit("a", size=7)
    with pytest.raises(Stale, match=r"mem_thing\.a: size is neither as it was nor as planned; make a new plan"):
        resume(made)
    made.cloud.edit("a", size=2)
    made.cloud.edit("b", size=9)
    if made.state().row("mem_thing.b").serial == 1:  # type: ignore[union-attr]  # it is there
        assert resume(made).exit_code == 5
        assert made.cloud.thing("b").values["size"] == 9


def test_what_was_made_and_is_gone_is_refused(project: Make) -> None:
    made = project('Thing("d", size=1, also=["X"])')
    made.cloud.errors[2] = ProviderError("no")
    assert made.apply().exit_code == 3
    made.cloud.errors.clear()
    made.cloud.remove("d")
    with pytest.raises(Stale, match=r"mem_thing\.d: is gone, an interrupted run left it there"):
        resume(made)


def test_a_kept_plan_that_was_tampered_with_is_refused(project: Make) -> None:
    made = project(CHAIN)
    stopped_at(made, "b")
    file = made.folder / ".haplan" / "default" / "runs" / latest(made) / "plan.json"
    kept = file.read_text()
    file.write_text(kept.replace('"size":1', '"size":2'))
    with pytest.raises(PlanFileError, match="changed after it was written"):
        resume(made)
    other = json.loads(kept)
    with made.session() as session:
        engine.write_plan(session, made.plan(), file)
    with pytest.raises(HaplanError, match="is not the plan that run"):
        resume(made)
    file.unlink()
    with pytest.raises(HaplanError, match="its plan is not kept here"):
        resume(made)
    assert other["format"] == "haplan-plan/1"


def test_runs_without_a_plan_and_unknown_ones_are_refused(project: Make) -> None:
    made = project(CHAIN, applied=True)
    with pytest.raises(HaplanError, match="to its end"):
        resume(made)
    with made.session() as session:
        repair.taint(session, "mem_thing.a")
    with pytest.raises(HaplanError, match="was `haplan state taint`: it had no plan to go on with"):
        resume(made)
    with pytest.raises(HaplanError, match="no run 'r9' wrote this state"):
        resume(made, "r9")

"""Writes that are confirmed, taken back or broken off: what is recorded when, and what the next run makes of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from haplan import engine
from haplan.contracts import Node, Provider
from haplan.errors import ProviderError
from haplan.hookspecs import hookimpl
from haplan.model.graph import Edge
from haplan.model.result import Result
from haplan.model.state import Row
from haplan.testing import Cloud, Mem, Project

Make = Callable[..., Project]
LATER = 700.0
"""Seconds after which the test cloud has taken back what nobody confirmed."""


def row(made: Project, name: str = "a") -> Row | None:
    return made.state().row(f"mem_thing.{name}")


def steps(made: Project) -> list[tuple[str, str]]:
    return [(write.step, write.name) for write in made.cloud.writes]


def said(made: Project) -> list[tuple[str, str, str]]:
    plan = made.plan()
    assert plan.drift == ()
    return [(c.address.rpartition(".")[2], c.action.value, c.why) for c in plan.changes]


def size(made: Project) -> object:
    made.cloud.expire()
    return made.cloud.thing("a").values["size"]


@pytest.fixture
def confirmed(project: Make) -> Make:
    """Projects on a cloud whose writes have to be confirmed."""

    def make(text: str, **more: object) -> Project:
        cloud = Cloud()
        cloud.confirmed = True
        return project(text, cloud=cloud, **more)

    return make


@pytest.fixture
def revertible(project: Make) -> Make:
    """Projects on a cloud whose writes can be taken back."""

    def make(text: str, **more: object) -> Project:
        cloud = Cloud()
        cloud.revertible = True
        return project(text, cloud=cloud, **more)

    return make


# --- Confirmed --------------------------------------------------------------------------------------------------------


def test_a_write_settles_is_verified_and_confirmed_and_then_recorded(confirmed: Make) -> None:
    made = confirmed('Thing("a", size=1)', applied=True)
    made.cloud.seconds["thing:a"] = 60.0
    made.events.clear()
    rows: list[Row | None] = []
    made.cloud.during = lambda document, name: rows.append(row(made))
    assert made.write('Thing("a", size=2)').apply().exit_code == 0
    kinds = [event.kind if event.kind != "step" else event.text for event in made.events]
    order = ["writing", "update", "written", "verified", "confirm", "recorded"]
    assert [kind for kind in kinds if kind in order] == order
    before, while_unconfirmed = rows
    assert before is not None
    assert while_unconfirmed is not None
    assert (before.status, while_unconfirmed.status) == ("ok", "pending")
    assert while_unconfirmed.values["size"] == 1
    after = row(made)
    assert after is not None
    assert (after.status, after.values["size"]) == ("ok", 2)
    made.cloud.clock.sleep(LATER)
    assert said(made) == []


def test_a_confirmation_without_any_check_before_it_is_waited_for_too(
    confirmed: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mem, "verify", Provider.verify)
    made = confirmed('Thing("a")')
    statuses: list[str] = []
    made.cloud.during = lambda document, name: statuses.append(getattr(row(made), "status", ""))
    assert made.apply().exit_code == 0
    assert statuses == ["", "pending"]


def test_ids_of_new_objects_are_durable_before_the_confirmation(confirmed: Make) -> None:
    made = confirmed('Thing("a", size=1)')
    ids: list[str] = []
    made.cloud.during = lambda document, name: ids.append(getattr(row(made), "id", ""))
    assert made.apply().exit_code == 0
    assert ids == ["", "id-1"]


def test_what_depends_on_an_unconfirmed_write_waits(confirmed: Make) -> None:
    made = confirmed('a = Thing("a")\nThing("b", tags={"of": a.id})')
    assert made.apply().exit_code == 0
    assert steps(made) == [("create", "a"), ("confirm", "thing:a"), ("create", "b"), ("confirm", "thing:b")]


def test_a_red_check_is_not_confirmed_and_the_backend_takes_it_back(confirmed: Make) -> None:
    made = confirmed('Thing("a", size=1)', applied=True)
    made.cloud.red["thing:a"] = "no tunnel came up"
    assert made.write('Thing("a", size=2)').apply().exit_code == 3
    assert said(made) == [("a", "update", "resume")]
    made.cloud.clock.sleep(LATER)
    assert said(made) == [("a", "update", "changed")]
    assert size(made) == 1
    made.cloud.red.clear()
    assert made.apply().exit_code == 0
    assert (size(made), said(made)) == (2, [])


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("pause", [0.0, LATER])
def test_a_confirmation_that_fails_leaves_it_in_doubt_and_the_next_run_writes_and_confirms(
    confirmed: Make, pause: float, lost: bool
) -> None:
    made = confirmed('Thing("a", size=1)', applied=True)
    number = made.cloud.tried + 2
    if lost:
        made.cloud.lost.add(number)
    else:
        made.cloud.errors[number] = ProviderError("the session was closed")
    result = made.write('Thing("a", size=2)').apply()
    assert result.exit_code == 8
    words = "thing:a: the answer never came" if lost else "the session was closed"
    assert result.in_doubt[0].text == f"outcome in doubt: not confirmed: {words}"
    kept = row(made)
    assert kept is not None
    assert (kept.status, kept.values["size"]) == ("in_doubt", 1)
    assert [intent.step for intent in made.state().intents] == ["update", "confirm"]
    made.cloud.clock.sleep(pause)
    assert made.apply().exit_code == 0
    made.cloud.clock.sleep(LATER)
    assert (size(made), said(made), made.state().intents) == (2, [], ())


def test_a_plugin_that_breaks_while_confirming_is_named(confirmed: Make) -> None:
    made = confirmed('Thing("a")')
    made.cloud.errors[2] = KeyError("oops")
    result = made.apply()
    assert result.in_doubt[0].text == (
        "outcome in doubt: not confirmed: provider 'mem': confirm of thing:a broke: KeyError: 'oops'; "
        "report it to its author"
    )


def killed(folder: Path, text: str, number: int, moment: str) -> None:
    """Apply in a process of its own that dies at a write, before or after it took effect."""
    child = os.fork()
    if child == 0:
        cloud = Cloud(folder / "cloud.json")
        cloud.confirmed = True
        keep = cloud._keep

        def die(*_: object) -> None:
            if moment == "before" and cloud.tried == number:
                os._exit(9)

        def kept() -> None:
            keep()
            if moment == "after" and cloud.tried == number:
                os._exit(9)

        cloud.during, cloud._keep = die, kept  # type: ignore[method-assign]
        Project(folder, text, cloud=cloud).apply()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def reopened(folder: Path, text: str, pause: float = 0.0) -> Project:
    cloud = Cloud(folder / "cloud.json")
    cloud.confirmed = True
    cloud.clock.sleep(pause)
    return Project(folder, text, cloud=cloud)


@pytest.mark.parametrize("pause", [0.0, LATER])
@pytest.mark.parametrize(("number", "moment"), [(1, "after"), (2, "before"), (2, "after")])
@pytest.mark.parametrize(
    ("before", "text", "wanted"),
    [
        ("", 'Thing("a", size=2)', [("a", 2)]),
        ('Thing("a", size=1)', 'Thing("a", size=2)', [("a", 2)]),
        ('Thing("a", zone="x", size=2)', 'Thing("a", zone="y", size=2)', [("a", 2)]),
        ('Thing("a", size=1)', "", []),
    ],
)
def test_killed_around_the_confirmation_the_next_run_finds_out(
    tmp_path: Path, before: str, text: str, wanted: list[tuple[str, int]], number: int, moment: str, pause: float
) -> None:
    folder = tmp_path / "stack"
    folder.mkdir()
    if before:
        assert reopened(folder, before).apply().exit_code == 0
    killed(folder, text, number, moment)
    made = reopened(folder, text, pause)
    assert made.apply().exit_code == 0
    made.cloud.clock.sleep(LATER)
    made.cloud.expire()
    assert said(made) == []
    assert sorted((one.name, one.values["size"]) for one in made.cloud.objects.values()) == wanted
    state = made.state()
    assert (state.intents, {one.status for one in state.rows.values()}) == ((), {"ok"} if wanted else set())


def test_a_deletion_that_was_not_confirmed_is_gone_on_with_by_resume(confirmed: Make) -> None:
    made = confirmed('Thing("a")', applied=True)
    made.cloud.errors[made.cloud.tried + 2] = ProviderError("the session was closed")
    run = made.write("").apply().run
    with made.session() as session:
        assert engine.resume(session, run).exit_code == 0
    made.cloud.clock.sleep(LATER)
    made.cloud.expire()
    assert (made.cloud.names(), made.state().rows, made.state().intents) == ([], {}, ())


# --- Taken back -------------------------------------------------------------------------------------------------------


class Gate:
    """A plugin with a gate from ``a`` to ``b``."""

    haplan_api = 2

    @hookimpl
    def haplan_order(self, nodes: list[Node]) -> list[Edge]:
        return [Edge("mem_thing.a", "mem_thing.b", "gate", "test")]


def test_a_red_check_takes_the_write_back_and_the_next_plan_offers_it_again(revertible: Make) -> None:
    made = revertible('Thing("a", size=1)\nThing("b", size=1)', more=[Gate()], applied=True)
    made.cloud.red["thing:a"] = "no tunnel came up"
    result = made.write('Thing("a", size=2)\nThing("b", size=2)').apply()
    assert result.exit_code == 10
    assert [outcome.text for outcome in result.failed] == ["MEM: no tunnel came up; taken back"]
    assert [outcome.address for outcome in result.stopped] == ["mem_thing.b"]
    kept = row(made)
    assert kept is not None
    assert (size(made), kept.status, kept.values["size"]) == (1, "ok", 1)
    assert made.state().intents == ()
    made.cloud.red.clear()
    assert said(made) == [("a", "update", "changed"), ("b", "update", "changed")]
    assert made.apply().exit_code == 0


def test_a_new_object_that_was_taken_back_is_in_no_state(revertible: Make) -> None:
    made = revertible('Thing("a", size=1)\nThing("b", group="g")\nRule("r", thing=Thing("c", group="g"))')
    made.cloud.red["group:g"] = "no"
    made.apply()
    assert made.cloud.names() == ["a"]
    assert list(made.state().rows) == [("mem_thing.a", "")]
    made.cloud.red.clear()
    assert made.apply().exit_code == 0
    assert said(made) == []


def test_a_replacement_and_a_deletion_are_taken_back(revertible: Make) -> None:
    made = revertible('Thing("a", group="g", zone="x", size=1)\nThing("b", group="g")', applied=True)
    made.cloud.red["group:g"] = "no"
    made.write('Thing("a", group="g", zone="y", size=1)').apply()
    assert {one.name: one.id for one in made.cloud.objects.values()} == {
        one.name: one.id for one in made.state().rows.values()
    }
    made.cloud.red.clear()
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a"]


def test_a_write_whose_settling_fails_is_taken_back_too(revertible: Make) -> None:
    made = revertible('Thing("a", size=1)', applied=True)
    made.cloud.seconds["thing:a"] = 30.0
    made.cloud.broken["thing:a"] = "the device went offline"
    result = made.write('Thing("a", size=2)').apply()
    assert [outcome.text for outcome in result.failed] == ["the device went offline; taken back"]
    assert size(made) == 1


def test_a_write_that_cannot_be_taken_back_is_in_doubt(revertible: Make) -> None:
    made = revertible('Thing("a", size=1)', applied=True)
    made.cloud.red["thing:a"] = "no"
    made.cloud.errors[made.cloud.tried + 2] = ProviderError("no session")
    result = made.write('Thing("a", size=2)').apply()
    assert result.exit_code == 8
    assert result.in_doubt[0].text == "outcome in doubt: MEM: no; not taken back: no session"
    made.cloud.red.clear()
    assert said(made) == [("a", "update", "resume")]
    assert made.apply().exit_code == 0
    assert said(made) == []


def test_a_resumed_run_writes_again_what_was_taken_back(revertible: Make) -> None:
    made = revertible('Thing("a", size=1)', applied=True)
    made.cloud.red["thing:a"] = "no"
    run = made.write('Thing("a", size=2)').apply().run
    made.cloud.red.clear()
    with made.session() as session:
        resumed: Result = engine.resume(session, run)
    assert resumed.exit_code == 0
    assert (size(made), said(made)) == (2, [])


# --- Broken off -------------------------------------------------------------------------------------------------------


@pytest.fixture
def stepwise(project: Make) -> Make:
    """Projects on a cloud that sets attributes one by one."""

    def make(text: str, **more: object) -> Project:
        cloud = Cloud()
        cloud.atomic = False
        return project(text, cloud=cloud, **more)

    return make


OLD, NEW = 'Thing("a", size=1, tags={"x": 1})', 'Thing("a", size=2, tags={"x": 2})'


def test_what_a_write_left_that_broke_off_is_read_back_and_told_by_attribute(stepwise: Make) -> None:
    made = stepwise(OLD, applied=True)
    made.cloud.errors[made.cloud.tried + 2] = ProviderError("400: x must be odd")
    result = made.write(NEW).apply()
    assert result.exit_code == 8
    assert result.in_doubt[0].text == (
        "outcome in doubt: 400: x must be odd; read back: mem_thing.a: size as planned; tags.x as before"
    )
    kept = row(made)
    assert kept is not None
    assert (kept.status, kept.values["size"]) == ("in_doubt", 1)
    plan = made.plan()
    assert (plan.drift, [(c.before, c.after) for c in plan.changes]) == (
        (),
        [({"size": 2, "tags": {"x": 1}}, {"size": 2, "tags": {"x": 2}})],
    )
    assert made.apply().exit_code == 0
    assert (said(made), made.state().intents) == ([], ())


def test_what_somebody_else_set_meanwhile_is_neither(stepwise: Make) -> None:
    made = stepwise(OLD, applied=True)
    number = made.cloud.tried + 2
    made.cloud.errors[number] = ProviderError("no")

    def meddle(document: str, name: str) -> None:
        if made.cloud.tried == number:
            made.cloud.edit("a", tags={"x": 9})

    made.cloud.during = meddle
    result = made.write(NEW).apply()
    assert result.in_doubt[0].text.endswith("read back: mem_thing.a: size as planned; tags.x neither")


def test_a_write_that_broke_off_before_it_changed_anything_just_failed(stepwise: Make) -> None:
    made = stepwise(OLD, applied=True)
    made.cloud.errors[made.cloud.tried + 1] = ProviderError("no")
    result = made.write(NEW).apply()
    assert (result.exit_code, result.failed[0].text) == (3, "no; read back: mem_thing.a: size, tags.x as before")
    kept = row(made)
    assert kept is not None
    assert (kept.status, made.state().intents) == ("ok", ())


def test_resources_before_the_break_are_done_and_those_after_it_are_not(stepwise: Make) -> None:
    made = stepwise('Thing("a", group="g")\nThing("b", group="g")\nThing("c", group="g")')
    made.cloud.errors[2] = ProviderError("no")
    result = made.apply()
    assert result.exit_code == 3
    assert result.failed[0].text == (
        "no; read back: mem_thing.a: group as planned, mem_thing.b: it as before, mem_thing.c: it as before"
    )
    assert said(made) == [("a", "import", "resume"), ("b", "create", "new"), ("c", "create", "new")]
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a", "b", "c"]


def test_an_answer_that_is_lost_is_read_back_too(stepwise: Make) -> None:
    made = stepwise(OLD, applied=True)
    made.cloud.lost.add(made.cloud.tried + 2)
    result = made.write(NEW).apply()
    assert result.in_doubt[0].text.endswith("the answer never came; read back: mem_thing.a: size, tags.x as planned")
    assert made.apply().exit_code == 0
    assert said(made) == []

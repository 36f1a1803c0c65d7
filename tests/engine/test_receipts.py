"""Receipts: what a write gave is journaled, and another process goes on from it; a write takes itself back in its own
time."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from haplan import engine
from haplan.contracts import Io, Settlement, Task, Written
from haplan.testing import Cloud, Mem, Project

Make = Callable[..., Project]
TWO = 'Thing("a", size=2, group="g")\nThing("b", size=2, group="g")'


def died_waiting(folder: Path, text: str, *, confirmed: bool = False, step: str = "settled") -> None:
    """Apply in a process of its own that dies when its provider is first asked for this."""
    child = os.fork()
    if child == 0:
        cloud = Cloud(folder / "cloud.json")
        cloud.confirmed = confirmed
        cloud.seconds["group:g"] = 60.0
        setattr(Mem, step, lambda *_: os._exit(9))
        Project(folder, text, cloud=cloud).apply()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def reopened(folder: Path, text: str, *, confirmed: bool = False, pause: float = 0.0) -> Project:
    cloud = Cloud(folder / "cloud.json")
    cloud.confirmed = confirmed
    cloud.clock.sleep(pause)
    return Project(folder, text, cloud=cloud)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "stack"
    made.mkdir()
    return made


def steps(made: Project) -> list[str]:
    return [write.step for write in made.cloud.writes]


# --- Going on ---------------------------------------------------------------------------------------------------------


def test_what_a_write_gave_is_in_the_journal_while_it_is_waited_for(folder: Path) -> None:
    died_waiting(folder, TWO)
    last = reopened(folder, TWO).state().intents[-1]
    assert last.outcome == ""
    assert set(last.result) == {"begun", "receipt", "started", "content"}
    assert last.result["receipt"] == {"until": 1_800_000_060.0}


def test_a_run_that_died_waiting_is_gone_on_with_from_its_receipt(folder: Path) -> None:
    died_waiting(folder, TWO)
    made = reopened(folder, TWO, pause=20.0)
    result = made.apply()
    assert (result.exit_code, steps(made)) == (0, [])
    assert [event.text for event in made.events if event.kind == "settling"] == ["40 s left", "10 s left"]
    said = [event.text for event in made.events if event.kind == "progress"]
    assert said == [f"run {made.state().runs[0].id} wrote it; going on from there"]
    assert made.state().intents == ()
    assert made.plan().empty()


def test_resume_goes_on_from_the_receipt_too(folder: Path) -> None:
    died_waiting(folder, TWO)
    made = reopened(folder, TWO)
    with made.session() as session:
        assert engine.resume(session, made.state().runs[0].id).exit_code == 0
    assert (steps(made), made.state().intents) == ([], ())
    assert made.plan().empty()


@pytest.mark.parametrize("step", ["settled", "verify", "confirm"])
@pytest.mark.parametrize("before", ["", 'Thing("a", size=1, group="g")\nThing("c", group="g")'])
def test_a_write_whose_time_still_runs_is_confirmed_and_not_made_again(folder: Path, before: str, step: str) -> None:
    if before:
        assert reopened(folder, before, confirmed=True).apply().exit_code == 0
    died_waiting(folder, TWO, confirmed=True, step=step)
    made = reopened(folder, TWO, confirmed=True, pause=300.0)
    assert made.apply().exit_code == 0
    assert steps(made) == ["confirm"]
    made.cloud.clock.sleep(700.0)
    made.cloud.expire()
    assert made.cloud.names() == ["a", "b"]
    assert (made.state().intents, made.plan().empty()) == ((), True)


def test_one_that_took_itself_back_meanwhile_is_written_again(folder: Path) -> None:
    died_waiting(folder, TWO, confirmed=True)
    made = reopened(folder, TWO, confirmed=True, pause=700.0)
    assert made.apply().exit_code == 0
    assert steps(made) == ["create", "create", "confirm"]


@pytest.mark.parametrize(
    "text",
    [
        TWO.replace("2", "3"),
        f'{TWO}\nThing("c", group="g")',
        TWO.partition("\n")[0],
        f'{TWO}\nRule("r", thing=Thing("d", group="g"))',
    ],
    ids=["other values", "one more", "one less", "with a rule"],
)
def test_where_something_else_is_wanted_by_now_it_is_written_again(folder: Path, text: str) -> None:
    died_waiting(folder, TWO)
    made = reopened(folder, text)
    assert made.apply().exit_code == 0
    assert steps(made)
    assert (made.state().intents, made.plan().empty()) == ((), True)


def test_what_somebody_else_changed_meanwhile_is_written_again(folder: Path) -> None:
    died_waiting(folder, TWO)
    made = reopened(folder, TWO)
    made.cloud.edit("b", size=9, who="ana")
    assert made.apply().exit_code == 0
    assert made.cloud.thing("b").values["size"] == 2
    assert made.plan().empty()


def test_another_secret_is_written_though_nobody_can_see_the_difference(folder: Path) -> None:
    text = 'Thing("a", size=1, group="g", psk=secret("env:PSK"))'
    folder.joinpath("stack.py").write_text("")
    child = os.fork()
    if child == 0:
        cloud = Cloud(folder / "cloud.json")
        cloud.seconds["group:g"] = 60.0
        Mem.settled = lambda *_: os._exit(9)  # type: ignore[method-assign, assignment]
        Project(folder, text, cloud=cloud, PSK="one").apply()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    same = reopened(folder, text)
    same.environ["PSK"] = "two"
    assert same.apply().exit_code == 0
    assert steps(same) == ["update"]


def test_a_write_that_failed_when_it_was_gone_on_with_is_made_again_by_the_next_apply(folder: Path) -> None:
    died_waiting(folder, TWO)
    made = reopened(folder, TWO)
    made.cloud.broken["group:g"] = "the device did not take it"
    assert made.apply().failed[0].text == "the device did not take it"
    assert made.state().intents == ()
    made.cloud.broken.clear()
    assert made.apply().exit_code == 0
    assert steps(made) == ["update", "update"]


def test_a_confirmation_that_was_not_answered_is_asked_for_again_alone(project: Make) -> None:
    cloud = Cloud()
    cloud.confirmed = True
    made = project('Thing("a", size=1)', cloud=cloud)
    cloud.lost.add(2)
    assert made.apply().exit_code == 8
    assert made.apply().exit_code == 0
    assert steps(made) == ["create", "confirm", "confirm"]


# --- What a receipt may be --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("receipt", [{"a": object()}, {"a": (1, 2)}, {1: "a"}, {"a": float("nan")}, ["a"], None])
def test_a_receipt_is_plain_json(receipt: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Written(receipt=receipt)


def test_a_secret_in_a_receipt_reaches_no_journal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(self: Mem, task: Task, io: Io) -> Written:
        return attrs.evolve(real(self, task, io), receipt={"until": 0.0, "said": "psk is Tr0ub4dor"})

    kept: list[str] = []

    def settled(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        kept.extend(str(intent.result) for intent in made.state().intents)
        return {task.transaction.id: Settlement(state="done") for task in tasks}

    real = Mem.write
    monkeypatch.setattr(Mem, "write", write)
    monkeypatch.setattr(Mem, "settled", settled)
    made = Project(folder, 'Thing("a", psk=secret("env:PSK"), group="g")', PSK="Tr0ub4dor")
    made.cloud.seconds["group:g"] = 1.0
    assert made.apply().exit_code == 0
    assert "said" in kept[0]
    assert "Tr0ub4dor" not in kept[0]


# --- Taking back ------------------------------------------------------------------------------------------------------

BESIDE = 'Thing("a", size=2)\nThing("b", size=2)'


@pytest.fixture
def slow(project: Make) -> Project:
    """A thing whose write turns out badly, and takes ten minutes to be taken back."""
    cloud = Cloud()
    cloud.revertible = True
    made = project('Thing("a", size=1)', cloud=cloud, applied=True)
    cloud.red["thing:a"] = "no tunnel came up"
    cloud.seconds_back["thing:a"] = 600.0
    made.events.clear()
    return made.write(BESIDE)


def test_a_write_settles_while_it_is_taken_back_and_holds_up_no_other(slow: Project) -> None:
    result = slow.apply(parallelism=1)
    assert (result.exit_code, result.failed[0].text) == (3, "MEM: no tunnel came up; taken back")
    told = {event.text for event in slow.events if event.kind == "settling"}
    assert told == {"taking itself back until 08:10"}
    at = {event.kind: event.at - slow.events[0].at for event in slow.events if event.kind in ("recorded", "failed")}
    assert (at["recorded"], at["failed"]) == (0.0, 600.0)
    assert (slow.cloud.thing("a").values["size"], slow.cloud.thing("b").values["size"]) == (1, 2)
    row = slow.state().row("mem_thing.a")
    assert row is not None
    assert (row.status, row.values["size"], slow.state().intents) == ("ok", 1, ())


def test_what_is_taken_back_is_bounded_by_no_timeout(slow: Project) -> None:
    slow.write('Thing("a", size=2, lifecycle=lifecycle(timeouts={"update": 30}))')
    assert slow.apply().failed[0].text == "MEM: no tunnel came up; taken back"


@pytest.mark.parametrize("state", ["failed", "queued"])
def test_one_that_cannot_be_taken_back_after_all_is_in_doubt(
    slow: Project, state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settled(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        return {task.transaction.id: Settlement(state=state, text="the device is silent") for task in tasks}

    monkeypatch.setattr(Mem, "settled", settled)
    result = slow.apply()
    assert result.exit_code == 8
    words = "outcome in doubt: MEM: no tunnel came up; not taken back: the device is silent"
    assert result.in_doubt[0].text == words


def test_nobody_knows_of_what_is_taken_back_where_nobody_answers(slow: Project) -> None:
    def settled(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        raise ValueError("oops")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Mem, "settled", settled)
        result = slow.apply()
    assert result.exit_code == 8
    assert "not taken back: provider 'mem': settled of thing:a broke: ValueError: oops" in result.in_doubt[0].text


def died_taking_back(folder: Path, text: str, *, step: str = "settled", later: bool = False) -> Project:
    """A process whose write turns out badly, and which dies while that is taken back: ten minutes, of which five are
    over. With `later` it dies just after it asked for it, and before that is noted."""
    child = os.fork()
    if child == 0:
        cloud = Cloud(folder / "cloud.json")
        cloud.revertible = True
        cloud.red["group:g"] = "no"
        cloud.seconds_back["group:g"] = 600.0
        real = getattr(Mem, step)

        def dies(self: Mem, given: Any) -> None:
            if later:
                real(self, given)
            os._exit(9)

        setattr(Mem, step, dies)
        Project(folder, text, cloud=cloud).apply()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    made = reopened(folder, text, pause=300.0)
    made.cloud.revertible = True
    return made


@pytest.fixture
def going_back(folder: Path) -> Project:
    assert reopened(folder, ONE.replace("2", "1")).apply().exit_code == 0
    return died_taking_back(folder, ONE)


ONE = 'Thing("a", size=2, group="g")'


def test_what_a_revert_gave_is_in_the_journal_while_it_is_waited_for(going_back: Project) -> None:
    assert [intent.step for intent in going_back.state().intents] == ["update", "revert"]
    assert going_back.state().intents[-1].result["receipt"]["back"] == 1_800_000_600.0


def test_killed_while_it_is_taken_back_the_next_run_goes_on_waiting_and_writes_then(going_back: Project) -> None:
    made = going_back
    assert made.apply().exit_code == 0
    told = [(event.kind, event.text) for event in made.events if event.kind in ("settling", "written", "step")]
    waits = ("settling", "taking itself back until 08:10")
    assert told[0] == waits
    assert list(dict.fromkeys(told)) == [waits, ("step", "update"), ("written", "")]
    assert (made.cloud.clock.now(), steps(made)) == (1_800_000_600.0, ["update"])
    made.cloud.clock.sleep(700.0)
    assert made.cloud.thing("a").values["size"] == 2
    assert (made.plan().empty(), made.state().intents) == (True, ())


def test_another_stack_waits_for_it_too(going_back: Project) -> None:
    made = going_back.write(ONE.replace("2", "3") + '\nThing("b", group="g")\nThing("c")')
    assert made.apply(parallelism=1).exit_code == 0
    assert [write.name for write in made.cloud.writes] == ["c", "a", "b"]
    assert (made.cloud.thing("a").values["size"], made.plan().empty(), made.state().intents) == (3, True, ())


def test_what_was_made_by_a_write_that_went_back_is_planned_anew(folder: Path) -> None:
    made = died_taking_back(folder, ONE)
    result = made.apply()
    assert (result.exit_code, made.cloud.names()) == (5, [])
    assert result.failed[0].text == (
        "mem_thing.a: is gone: an earlier run made it, and its write was taken back meanwhile; plan again"
    )
    assert made.apply().exit_code == 0
    assert (made.cloud.names(), made.plan().empty(), made.state().intents) == (["a"], True, ())


def test_nobody_knows_where_it_cannot_be_taken_back_after_all(going_back: Project) -> None:
    def settled(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        return {task.transaction.id: Settlement(state="failed", text="the device is silent") for task in tasks}

    run = going_back.state().runs[-1].id
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Mem, "settled", settled)
        result = going_back.apply()
    assert (result.exit_code, steps(going_back)) == (8, [])
    words = f"outcome in doubt: what run {run} wrote was not taken back: the device is silent"
    assert result.in_doubt[0].text == words
    assert going_back.apply().exit_code == 0
    assert going_back.plan().empty()


def test_killed_before_a_revert_is_noted_the_next_run_writes_again(folder: Path) -> None:
    assert reopened(folder, ONE.replace("2", "1")).apply().exit_code == 0
    made = died_taking_back(folder, ONE, step="revert", later=True)
    assert [(intent.step, "receipt" in intent.result) for intent in made.state().intents] == [
        ("update", True),
        ("revert", False),
    ]
    assert made.apply().exit_code == 0
    assert steps(made) == ["update"]

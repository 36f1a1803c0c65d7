"""Ctrl-C, a killed process, a lost lock: what is left is true, and the next run goes on from it."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from haplan.errors import Abandoned, Locked
from haplan.model.state import Holder
from haplan.testing import Cloud, Project
from tests import person

Make = Callable[..., Project]
CHAIN = (
    'a = Thing("a", size=1)\nb = Thing("b", tags={"of": a.id})\nThing("c", tags={"of": b.id})\nThing("d", also=["X"])\n'
)


def press() -> None:
    """Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


def pressing_at(project: Project, name: str) -> None:
    """Presses Ctrl-C in the run's own thread when a write begins."""
    observe = project.events.append

    class Events(list):  # type: ignore[type-arg]
        def append(self, event: object) -> None:
            observe(event)  # type: ignore[arg-type]
            if getattr(event, "kind", "") == "step" and getattr(event, "address", "") == f"mem_thing.{name}":
                press()

    project.events = Events()


def test_ctrl_c_finishes_what_is_under_way_and_starts_nothing_new(project: Make) -> None:
    made = project(CHAIN)
    pressing_at(made, "b")
    result = person.apply(made, parallelism=1)
    assert result.exit_code == 7
    assert [o.address for o in result.done] == ["mem_thing.a", "mem_thing.b"]
    assert {o.text for o in result.skipped} == {"interrupted before it began"}
    assert made.state().runs[-1].result == "interrupted"
    made.events = []
    plan = made.plan()
    assert sorted((c.name, c.action.value) for c in plan.changes) == [("c", "create"), ("d", "create")]
    assert made.apply(plan).exit_code == 0
    assert made.plan().empty()


def test_ctrl_c_while_waiting_leaves_it_pending_and_the_next_run_resumes(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", tags={"of": a.id})')
    made.cloud.seconds["thing:a"] = 900.0
    sleep = made.cloud.clock.sleep

    def pressed(seconds: float) -> None:
        press()
        sleep(seconds)

    made.cloud.clock.sleep = pressed  # type: ignore[method-assign]
    result = person.apply(made)
    assert (result.exit_code, result.pending[0].text) == (7, "interrupted while waiting; the next apply goes on")
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert (row.id, row.status) == ("id-1", "pending")
    made.cloud.clock.sleep = sleep  # type: ignore[method-assign]
    plan = made.plan()
    assert [(c.name, c.action.value, c.why) for c in plan.changes] == [
        ("a", "update", "resume"),
        ("b", "create", "new"),
    ]
    assert plan.drift == ()
    assert "ended in the middle of: mem_thing.a" in plan.notes[0]
    assert made.apply(plan).exit_code == 0
    assert made.cloud.names() == ["a", "b"]
    assert made.plan().empty()


def test_ctrl_c_twice_leaves_at_once_even_when_a_write_hangs(project: Make) -> None:
    made = project('Thing("a")\nThing("b")')
    free = threading.Event()
    hanging = threading.Event()

    def hang(document: str, name: str) -> None:
        hanging.set()
        free.wait(10)

    made.cloud.during = hang
    main = threading.get_ident()

    def twice() -> None:
        hanging.wait(10)
        signal.pthread_kill(main, signal.SIGINT)
        while not any(event.kind == "warning" for event in made.events):
            free.wait(0.05)
        signal.pthread_kill(main, signal.SIGINT)

    presser = threading.Thread(target=twice)
    presser.start()
    with pytest.raises(Abandoned, match=r"left at once, in the middle of: mem_thing\.a; the next plan finds out"):
        person.apply(made, parallelism=1)
    free.set()
    presser.join()
    assert made.state().runs[-1].result == "interrupted"
    assert [intent.address for intent in made.state().intents] == ["mem_thing.a"]


def killed_at(folder: Path, text: str, number: int, moment: str) -> bool:
    """Apply in a process of its own that dies at a write, before or after it took effect. False if it lived."""
    child = os.fork()
    if child == 0:
        cloud = Cloud(folder / "cloud.json")

        def die(document: str, name: str) -> None:
            if moment == "before" and cloud.tried == number:
                os._exit(9)

        cloud.during = die
        if moment == "after":
            keep = cloud._keep

            def kept() -> None:
                keep()
                if cloud.tried == number:
                    os._exit(9)

            cloud._keep = kept  # type: ignore[method-assign]
        Project(folder, text, cloud=cloud).apply(parallelism=1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_any_write_the_next_run_converges_without_doubles(tmp_path: Path, moment: str) -> None:
    number = 0
    while True:
        number += 1
        folder = tmp_path / f"{moment}{number}"
        if not killed_at(folder, CHAIN, number, moment):
            break
        made = Project(folder, CHAIN, cloud=Cloud(folder / "cloud.json"))
        assert made.apply().exit_code == 0
        assert made.cloud.names() == ["a", "b", "c", "d"]
        assert made.plan().empty()
        assert made.state().intents == ()
    assert number == 6


def test_killed_in_a_replacement_that_creates_first_it_converges(tmp_path: Path) -> None:
    text = 'a = Thing("a", name="a-{0}", model="{0}")\nThing("user", tags={{"of": a.id}})\n'
    for number, moment in ((n, m) for n in (1, 2, 3) for m in ("before", "after")):
        folder = tmp_path / f"{moment}{number}"
        folder.mkdir()
        first = Project(folder, text.format("x"), cloud=Cloud(folder / "cloud.json"))
        assert first.apply().exit_code == 0
        assert killed_at(folder, text.format("y"), number, moment)
        made = Project(folder, text.format("y"), cloud=Cloud(folder / "cloud.json"))
        assert made.apply().exit_code == 0
        assert made.apply().exit_code == 0
        assert made.plan().empty()
        assert made.cloud.names() == ["a-y", "user"], (number, moment)
        assert made.cloud.thing("user").values["tags"]["of"] == made.cloud.thing("a-y").id


def test_two_applies_at_once_are_refused(project: Make) -> None:
    made = project('Thing("a")')
    refusals: list[Locked] = []

    def other(document: str, name: str) -> None:
        try:
            made.apply(made.plan())
        except Locked as error:
            refusals.append(error)

    made.cloud.during = other
    assert made.apply().exit_code == 0
    assert len(refusals) == 1
    assert refusals[0].exit_code == 6
    assert "the state is locked by" in str(refusals[0])


def test_a_plan_says_who_is_writing_now(project: Make) -> None:
    made = project('Thing("a")')
    notes: list[str] = []
    made.cloud.during = lambda document, name: notes.extend(made.plan().notes)
    made.apply()
    assert "writes this state now (apply" in notes[0]


def test_a_lost_lock_ends_the_run_before_the_next_write(project: Make) -> None:
    made = project('Thing("a")\nThing("b")\nThing("c")')

    def rob(document: str, name: str) -> None:
        with made.session() as thief:
            held = thief.backend.holder()
            assert held is not None
            thief.backend.unlock(held.id)
            now = made.cloud.clock.now()
            thief.backend.lock(
                Holder(id="thief", who="bo", where="there", pid=1, what="apply", since=now, until=now + 60)
            )

    made.cloud.during = rob
    with pytest.raises(Locked):
        made.apply(parallelism=1)
    assert made.cloud.names() == ["a"]
    assert [intent.address for intent in made.state().intents] == ["mem_thing.a"]

"""An apply is killed at some moment, whatever it does then; and two processes are at work on one state at once.

The short form kills ten times and goes ten rounds; `pytest -m deep tests/kill/test_by_time.py` kills 500 times and goes
200 rounds.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from haplan import engine, repair
from haplan.contracts import SteadyClock
from haplan.errors import HaplanError
from haplan.host.session import Session
from haplan.model.command_line import CommandLine
from haplan.testing import Project
from haplan.testing.cloud_process import CloudProcess, RemoteCloud
from tests.kill.chapters import CHAPTERS, Chapter
from tests.kill.driver import Driver
from tests.mixed import mixed

# --- Killed by time ---------------------------------------------------------------------------------------------------


class ByTime(Driver):
    """Kills at moments spread over the time that a whole apply takes."""

    def __init__(self, folder: Path, chapter: Chapter, address: Path, parallelism: int, kills: int) -> None:
        super().__init__(folder, chapter, address, parallelism)
        self.kills, self.seconds = kills, 0.0

    def run_by_time(self) -> None:
        with self.project(self.folder / "template", self.chapter.before) as project:
            if self.chapter.before:
                assert project.apply().exit_code == 0
            before = project.estate.look()
        with self.project(self.copied("timed", before), self.chapter.text) as project:
            began = time.monotonic()
            assert project.apply(parallelism=self.parallelism).exit_code == 0
            self.seconds = time.monotonic() - began
        for number in range(self.kills):
            self.converges(number, before)

    def died(self, place: Path, number: int) -> bool:
        child = os.fork()
        if child == 0:
            code = 99
            try:
                with self.project(place, self.chapter.text) as project:
                    code = project.apply(parallelism=self.parallelism).exit_code
            finally:
                os._exit(code)
        time.sleep(self.seconds * number / self.kills)  # it is the time that kills
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, -signal.SIGKILL)
        return True


def killed_by_time(folder: Path, chapter: str, parallelism: int, kills: int) -> None:
    with CloudProcess(folder / "cloud") as address:
        driver = ByTime(folder, CHAPTERS[chapter], address, parallelism, kills)
        driver.run_by_time()
    assert driver.wrong == []
    assert driver.killed == kills


def test_killed_ten_times_by_time_the_next_run_converges(tmp_path: Path) -> None:
    killed_by_time(tmp_path, min(CHAPTERS), 3, 10)


@pytest.mark.deep
@pytest.mark.parametrize("parallelism", [1, 3, 10])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_killed_five_hundred_times_by_time_the_next_run_converges(
    tmp_path: Path, chapter: str, parallelism: int
) -> None:
    killed_by_time(tmp_path, chapter, parallelism, -(-500 // (3 * len(CHAPTERS))))


# --- Two at once ------------------------------------------------------------------------------------------------------

NAMES = [f"t{number}" for number in range(6)]
TURNS = [NAMES[at] for at in mixed(len(NAMES))]
"""In the order of the stack."""
LAST, MOVED = "mem_thing.t5", "mem_thing.u5"
LINE = f"stack.py:{4 + TURNS.index('t5')}"
"""Where the stack has what is mended beside an apply."""


def _pushed(session: Session) -> object:
    return repair.push(session, repair.pull(session))


COMMANDS: Mapping[str, tuple[Callable[[Session], Any], Mapping[int, str]]] = {
    "apply": (
        lambda session: engine.apply(session, engine.plan(session)),
        {0: "", 5: "; plan again", 6: "is locked by"},
    ),
    "plan": (engine.plan, {0: ""}),
    "mv": (lambda session: repair.move(session, LAST, MOVED), {0: "", 6: "is locked by"}),
    "rm": (lambda session: repair.forget(session, [LAST]), {0: "", 6: "is locked by"}),
    "taint": (lambda session: repair.taint(session, LAST), {0: "", 6: "is locked by"}),
    "untaint": (lambda session: repair.untaint(session, LAST), {1: "is not tainted", 6: "is locked by"}),
    "prune": (lambda session: repair.prune(session, 3), {0: "", 6: "is locked by"}),
    "pull": (repair.pull, {0: ""}),
    "push": (_pushed, {0: "", 1: "; pull again", 6: "is locked by"}),
    "history": (repair.history, {0: ""}),
    "list": (engine.read_state, {0: ""}),
}
"""What is done beside an apply, and how each may end: exit code → what is said then."""

IS_MOVED = (
    f"{LINE}: EXISTS: this mem thing (id {{}}) is in state as {MOVED}: one object, one address; "
    f'write moved("{MOVED}", "{LAST}") if this is its new label'
)
IS_FORGOTTEN = (
    f"{LINE}: EXISTS: a mem thing named 't5' exists already (id {{0}}) and is not in state; "
    "run: {1}; or give this one another name="
)


def at_once(made: Project, estate: Callable[[], RemoteCloud], commands: list[str]) -> list[str]:
    """Each command in a process of its own; gives what ended in a way that nobody accounts for."""
    children = {}
    for command in commands:
        said, telling = os.pipe()
        child = os.fork()
        if child == 0:
            code, text = 99, ""
            try:
                made.cloud = estate()
                with made.session(parallelism=3) as session:
                    code = getattr(COMMANDS[command][0](session), "exit_code", 0)
            except HaplanError as error:
                code, text = error.exit_code, str(error)
            except BaseException as error:
                text = repr(error)
            os.write(telling, text.encode()[:4000])
            os._exit(code)
        os.close(telling)
        children[child] = command, said
    wrong = []
    for child, (command, said) in children.items():
        with os.fdopen(said) as heard:
            text = heard.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if COMMANDS[command][1].get(code, "\0") not in text and not (code == 4 and text in mended(made, commands)):
            wrong.append(f"{command} beside {commands}: {code} {text}")
    return wrong


def mended(made: Project, commands: list[str]) -> list[str]:
    """What an apply says that was planned after the command beside it: that must be so in the state by now."""
    (thing,) = [one for one in made.cloud.objects.values() if one.name == "t5"]
    at = [address for (address, _), row in made.state().rows.items() if row.id == thing.id]
    take = CommandLine(stack=str(made.folder)).of("import", about=(LAST, thing.id))
    return [
        text
        for command, now, text in (
            ("mv", [MOVED], IS_MOVED.format(thing.id)),
            ("rm", [], IS_FORGOTTEN.format(thing.id, take)),
        )
        if command in commands and at == now
    ]


def set_right(made: Project) -> None:
    """What the command of a round has done to the state is taken back by what a person would do."""
    with made.session() as session:
        addresses = {address for address, _ in engine.read_state(session).rows}
        if MOVED in addresses:
            repair.move(session, MOVED, LAST)
        elif LAST not in addresses:
            (thing,) = [one for one in made.cloud.objects.values() if one.name == "t5"]
            engine.apply(session, engine.import_(session, LAST, thing.id))
    assert made.apply().exit_code == 0


def rounds(folder: Path, count: int) -> None:
    with CloudProcess(folder / "cloud") as address:

        def estate() -> RemoteCloud:
            cloud = RemoteCloud(address, "estate")
            cloud.clock = SteadyClock()
            return cloud

        made = Project(folder / "stack", text(0), cloud=estate())
        assert made.apply().exit_code == 0
        beside = sorted(COMMANDS)
        for number in range(1, count + 1):
            made.write(text(number))
            assert at_once(made, estate, ["apply", beside[number % len(beside)]]) == []
            made.cloud = estate()
            set_right(made)
            state, cloud = made.state(), estate()
            assert (cloud.names(), sorted(row.name for row in state.rows.values())) == (NAMES, NAMES)
            assert {one.values["size"] for one in cloud.objects.values()} == {number}
            assert {row.id for row in state.rows.values()} == set(cloud.objects)
            assert (state.intents, made.plan().empty()) == ((), True)


def text(number: int) -> str:
    return "".join(f'Thing("{name}", size={number})\n' for name in TURNS)


def test_two_processes_at_once_end_as_they_may_in_ten_rounds(tmp_path: Path) -> None:
    rounds(tmp_path, 10)


@pytest.mark.deep
def test_two_processes_at_once_end_as_they_may_in_two_hundred_rounds(tmp_path: Path) -> None:
    rounds(tmp_path, 200)


def test_an_apply_that_is_planned_after_a_mending_of_the_state_says_what_is_so(tmp_path: Path) -> None:
    made = Project(tmp_path, text(0))
    assert made.apply().exit_code == 0
    for command in ("mv", "rm"):
        assert mended(made, [command]) == []
        with made.session() as session:
            COMMANDS[command][0](session)
        with pytest.raises(HaplanError) as refused:
            made.apply()
        assert (refused.value.exit_code, [str(refused.value)]) == (4, mended(made, [command]))
        assert mended(made, ["prune"]) == []
        set_right(made)

"""Signals, terminals that close and readers that go away, each with a real process and its exit code."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from haplan.host.lock import locked
from haplan.host.session import open_session
from tests.mixed import mixed

if TYPE_CHECKING:
    from tests.interruption.conftest import Workshop
else:
    Workshop = object

APPLY = ("apply", "--auto-approve")


def complaints(stderr: str) -> list[str]:
    """What is on stderr beside progress, which a busy machine shows sooner."""
    return [row for row in stderr.splitlines() if not re.match(r"\d\d:\d\d:\d\d ", row)]


def said(process: "subprocess.Popen[str]", words: str) -> None:
    """Wait until that is said on stderr."""
    assert process.stderr is not None
    assert any(words in row for row in process.stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_finishes_the_write_under_way_and_starts_nothing_new(workshop: Workshop, number: int) -> None:
    process = workshop.start(*APPLY)
    workshop.begun("first")
    process.send_signal(number)
    said(process, "stopping: writes under way are finished, nothing new is started")
    process.send_signal(signal.SIGHUP)  # a window that closes says it twice: that is no second Ctrl-C
    time.sleep(0.1)
    workshop.go()
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 7
    assert "slow_job.second" in out
    assert (workshop.done(), workshop.recorded()) == (["first"], {"slow_job.first": "first"})
    assert workshop.last_result() == "interrupted"
    workshop.finishes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_twice_it_leaves_within_two_seconds_and_the_next_run_finds_out(workshop: Workshop, number: int) -> None:
    process = workshop.start(*APPLY)
    workshop.begun("first")
    process.send_signal(number)
    said(process, "again leaves at once")
    pressed = time.monotonic()
    process.send_signal(number)
    _, told = process.communicate(timeout=20)
    assert time.monotonic() - pressed < 2
    assert process.returncode == 8
    assert told.splitlines()[-1] == (
        "error: left at once, in the middle of: slow_job.first; the next plan finds out what became of it"
    )
    assert (workshop.done(), workshop.recorded()) == ([], {})
    assert workshop.last_result() == "interrupted"
    assert "an earlier run ended in the middle of: slow_job.first" in workshop.run("plan").stdout
    workshop.finishes()


def test_a_write_that_arrived_all_the_same_is_found_by_the_next_run(workshop: Workshop) -> None:
    process = workshop.start(*APPLY)
    workshop.begun("first")
    process.send_signal(signal.SIGINT)
    said(process, "again leaves at once")
    (workshop.jobs / "first.job").write_text('{"name": "first", "size": 1}')
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 8
    planned = workshop.run("plan")
    assert "1 to create" in planned.stdout
    workshop.finishes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_while_planning_it_ends_at_once_and_nothing_was_changed(workshop: Workshop, number: int) -> None:
    stack = workshop.folder / "stack.py"
    stack.write_text(
        f"import pathlib, time\npathlib.Path({str(workshop.jobs / 'plan.begun')!r}).touch()\ntime.sleep(60)\n"
    )
    process = workshop.start(*APPLY)
    workshop.begun("plan")
    process.send_signal(number)
    out, told = process.communicate(timeout=20)
    assert (process.returncode, out, complaints(told)) == (7, "", ["", "error: interrupted"])
    assert not (workshop.folder / ".haplan").exists()


def test_while_waiting_for_the_lock_it_ends_at_once(workshop: Workshop) -> None:
    workshop.go()
    with open_session(workshop.folder) as other, locked(other, "a test"):
        process = workshop.start(*APPLY, "--json", "--lock-timeout", "60")
        assert process.stdout is not None
        assert any("waiting for the lock: the state is locked by" in row for row in process.stdout)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 7
    assert json.loads(out.splitlines()[-1])["data"] == {"exit_code": 7}
    assert workshop.done() == []


def test_a_terminal_that_closes_in_the_middle_of_an_apply_stops_it_as_ctrl_c_does(workshop: Workshop) -> None:
    process, terminal = workshop.on_a_terminal("apply")
    terminal.until("Type yes to go on")
    terminal.types("yes\n")
    workshop.begun("first")
    terminal.close()
    time.sleep(0.3)  # it goes on telling its progress to nobody
    workshop.go()
    assert process.wait(timeout=20) == 7
    assert (workshop.done(), workshop.recorded()) == (["first"], {"slow_job.first": "first"})
    assert workshop.last_result() == "interrupted"
    workshop.finishes()


def test_under_nohup_an_apply_goes_on_to_its_end_without_its_terminal(workshop: Workshop) -> None:
    process, terminal = workshop.on_a_terminal(*APPLY, nohup=True)
    workshop.begun("first")
    terminal.close()
    workshop.go()
    assert process.wait(timeout=20) == 0
    assert workshop.last_result() == "done"
    workshop.finishes()


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 0), ("y\n", 11), ("\n", 11), ("\x04", 1), ("\x03", 7)])
def test_each_answer_at_the_prompt_has_its_exit_code(workshop: Workshop, typed: str, code: int) -> None:
    workshop.go()
    process, terminal = workshop.on_a_terminal("apply")
    terminal.until("Type yes to go on")
    terminal.types(typed)
    if typed == "\x04":
        terminal.until("the question was not answered: the input ended")
    while typed == "\x03" and process.poll() is None:  # Python misses one that comes just before it begins to read
        time.sleep(0.1)
        terminal.types(typed)
    assert process.wait(timeout=20) == code
    assert workshop.done() == ([] if code else ["first", "second"])
    terminal.close()


@pytest.mark.parametrize("nohup", [False, True])
def test_a_terminal_that_closes_at_the_prompt_is_no_yes(workshop: Workshop, nohup: bool) -> None:
    process, terminal = workshop.on_a_terminal("apply", nohup=nohup)
    terminal.until("Type yes to go on")
    terminal.close()
    assert process.wait(timeout=20) in ((1,) if nohup else (1, 7))  # the input's end, or the signal, is noticed first
    assert (workshop.done(), workshop.recorded()) == ([], {})


@pytest.mark.parametrize(("columns", "widest"), [(70, 70), (100, 100), (200, 100), (30, 60)])
def test_a_report_is_as_narrow_as_its_terminal(workshop: Workshop, columns: int, widest: int) -> None:
    (workshop.folder / "stack.py").write_text("from haplan import Data\nData('a', input='so ' * 90)\n")
    workshop.environ.pop("COLUMNS", None)
    process, terminal = workshop.on_a_terminal("plan", "--no-color", columns=columns)
    rows = re.sub(r"\x1b\[[?0-9]*[A-Za-z]|\r", "", terminal.until("To carry it out: haplan apply")).splitlines()
    assert process.wait(timeout=20) == 0
    assert widest - 6 <= max(map(len, rows)) <= widest


def test_input_that_ends_is_no_yes(workshop: Workshop) -> None:
    done = workshop.run("apply")
    assert done.returncode == 1
    assert "approval is needed and there is no terminal to ask on" in done.stderr


# --- Progress ---------------------------------------------------------------------------------------------------------


def test_a_terminal_says_what_takes_longer_than_a_second_and_for_how_long(workshop: Workshop) -> None:
    loading = f"while not pathlib.Path({str(workshop.jobs / 'go')!r}).exists():\n    time.sleep(0.01)\n"
    (workshop.folder / "stack.py").write_text(f"import pathlib, time\n{loading}")
    process, terminal = workshop.on_a_terminal("plan")
    terminal.until(f"loading {workshop.folder.name}, 1.")
    workshop.go()
    terminal.until("No changes.")
    assert process.wait(timeout=20) == 0


def test_a_log_says_what_takes_long_though_nothing_else_happens(workshop: Workshop) -> None:
    process = workshop.start(*APPLY)
    workshop.begun("first")
    assert process.stderr is not None
    assert "loading" in process.stderr.readline()
    workshop.go()
    process.communicate(timeout=20)
    assert process.returncode == 0


# --- Readers ----------------------------------------------------------------------------------------------------------


def many(workshop: Workshop) -> None:
    """A stack whose plan is longer than what a pipe holds."""
    (workshop.folder / "stack.py").write_text(
        f"from haplan import Data\nfor n in {mixed(400)}:\n    Data(f'a{{n}}', input='x' * 200)\n"
    )


@pytest.mark.parametrize("line", ["haplan plan | head -1", "haplan plan --json | head -c 1", "haplan plan 2>&1 | true"])
def test_a_plan_whose_reader_goes_away_ends_as_it_would_have(workshop: Workshop, line: str) -> None:
    many(workshop)
    assert complaints(workshop.shell(line).stderr) == []
    assert workshop.code == 0
    workshop.shell(line.replace(" plan", " plan --detailed-exitcode"))
    assert workshop.code == 2


@pytest.mark.parametrize("way", ["| head -1", "--json | head -1", "2>&1 | true", ">&-", "--json >&- 2>&-"])
def test_an_apply_is_not_cut_short_because_its_reader_goes_away(workshop: Workshop, way: str) -> None:
    many(workshop)
    assert complaints(workshop.shell(f"haplan apply --auto-approve {way}").stderr) == []
    assert workshop.code == 0
    assert len(workshop.recorded()) == 400
    assert workshop.last_result() == "done"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("command", ["plan", "apply --auto-approve", "apply --auto-approve --json"])
def test_an_output_that_takes_nothing_more_is_told_and_no_apply_is_cut_short(workshop: Workshop, command: str) -> None:
    workshop.go()
    done = workshop.shell(f"haplan {command} >/dev/full")
    told = "error: standard output: No space left on device; what is there is not the whole"
    assert (workshop.code, complaints(done.stderr)) == (1, [told])
    assert workshop.done() == ([] if command == "plan" else ["first", "second"])


def test_a_reader_that_goes_away_in_the_middle_of_an_apply_does_not_disturb_it(workshop: Workshop) -> None:
    ours, its = os.pipe()
    process = workshop.start("apply", "--auto-approve", "--json", stdout=its, stderr=subprocess.DEVNULL)
    os.close(its)
    workshop.begun("first")
    os.close(ours)
    workshop.go()
    assert process.wait(timeout=20) == 0
    assert workshop.last_result() == "done"

"""haplan apply --resume RUN, after a process was killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mixed import mixed

CHAIN = """
from haplan import Data, output
last = None
for number in NUMBERS:
    last = Data(f"d{number}", input=last.id if last else "first")
output("last", last.id)
""".replace("NUMBERS", str(mixed(6)))
KILLED = """
import os, signal
from haplan import builtin
from haplan.cli.main import run
write, done = builtin.StateOnly.write, []
def until(self, task, io):
    done.append(1)
    if len(done) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(self, task, io)
builtin.StateOnly.write = until
run(["apply", "edge", "--auto-approve"])
"""


@pytest.fixture
def killed(run, folder: Path) -> str:
    """The id of a run that was killed at its fourth of six writes."""
    (folder / "edge" / "stack.py").write_text(CHAIN)
    done = subprocess.run([sys.executable, "-c", KILLED], env=dict(os.environ), capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    (only,) = json.loads(run("runs", "edge", "--json").out)
    assert only["result"] == ""
    return str(only["id"])


def ids(run) -> dict[str, str]:
    return {row["address"]: row["values"]["id"] for row in json.loads(run("state", "list", "edge", "--json").out)}


def test_the_rest_is_done_without_a_question(run, killed: str, folder: Path) -> None:
    before = ids(run)
    assert 1 <= len(before) <= 3
    (folder / "edge" / "stack.py").write_text("raise SystemExit('no stack code runs')\n")
    ended = run("apply", "edge", "--resume", killed)
    assert ended.code == 0
    going_on, taken_over = ended.err.splitlines()
    assert going_on == f"going on with the plan of run {killed}; what it recorded is left out"
    assert taken_over.endswith(" was taken over")
    assert f"Done. {6 - len(before)} created" in ended.out
    after = ids(run)
    assert (len(after), {name: after[name] for name in before}) == (6, before)
    assert run("output", "edge", "last").out == f"{after[f'record.d{mixed(6)[-1]}']}\n"
    (folder / "edge" / "stack.py").write_text(CHAIN)
    assert "No changes." in run("plan", "edge").out
    again = run("apply", "edge", "--resume", killed)
    assert (again.code, len(again.err.splitlines())) == (1, 1)
    assert "to its end: there is nothing to go on with" in again.err


def test_json_lines_end_with_a_summary(run, killed: str) -> None:
    ended = run("apply", "edge", "--resume", killed, "--json")
    taken_over, told, last = (json.loads(ended.out.splitlines()[place]) for place in (0, 1, -1))
    assert taken_over["text"].endswith(" was taken over")
    assert told["text"].startswith(f"going on with the plan of run {killed}: ")
    assert told["text"].endswith(" of 6 changes are left")
    assert (ended.code, last["kind"], last["data"]["exit_code"]) == (0, "summary", 0)


def test_options_of_a_plan_and_unknown_runs_are_refused(run, killed: str) -> None:
    wrong = run("apply", "edge", "--resume", killed, "--target", "record.d1", "--destroy")
    assert (wrong.code, wrong.err) == (
        1,
        f"error: --target, --destroy: the plan of run {killed} has decided that; leave it out, or plan again"
        " (see: haplan apply --help)\n",
    )
    assert run("apply", "x.plan", "--resume", killed).code == 1
    unknown = run("apply", "edge", "--resume", "r9")
    assert (unknown.code, unknown.err) == (1, f"error: no run 'r9' wrote this state; there are: {killed}\n")


def test_a_plain_apply_goes_on_too_and_then_the_old_plan_is_stale(run, killed: str) -> None:
    assert run("apply", "edge", "--auto-approve").code == 0
    ended = run("apply", "edge", "--resume", killed)
    assert (ended.code, len(ended.err.splitlines())) == (5, 2)
    assert "another run wrote it since" in ended.err

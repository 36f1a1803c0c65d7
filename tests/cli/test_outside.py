"""From outside: what a terminal would obey is shown by its number, what has no end is refused in one line."""

import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from haplan.cli import terminal
from haplan.errors import ProviderError
from haplan.report.lines import line
from haplan.state import files

NASTY = "\x1b[2J\x9b8m\u202e\u2066"
"""Clears a screen, hides what follows, turns it round."""
SHOWN = "\\u001b[2J\\u009b8m\\u202e\\u2066"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
STACK = f"""
from haplan import Data, output
nasty = {NASTY!r}
Data("a" + nasty, name="n" + nasty, input={{"k" + nasty: nasty}})
output("o", nasty)
"""


@pytest.fixture
def nasty(run, folder: Path) -> None:
    """A state and a plan file that hold such text."""
    (folder / "edge" / "stack.py").write_text(STACK)
    assert run("apply", "edge", "--auto-approve").code == 0
    (folder / "edge" / "stack.py").write_text(STACK.replace("name=", "lifecycle=None, name=").replace("nasty}", "1}"))
    assert run("plan", "edge", "--out", "edge.plan").code == 0


@pytest.mark.usefixtures("nasty")
@pytest.mark.parametrize(
    "command",
    [
        "plan edge", "plan edge --json", "show edge.plan", "show edge.plan --json", "show edge.plan --format markdown",
        "show edge.plan --format html", "show edge", "show edge --json", "state list edge", "state list edge --json",
        "state history edge", "state history edge --json", "output edge", "output edge --json", "graph edge",
        "graph edge --format mermaid", "apply edge --auto-approve --json", "apply edge --auto-approve", "drift edge",
        "destroy edge --auto-approve", "runs edge", "state pull edge", "validate edge", "apply edge.plan",
    ],
)  # fmt: skip
def test_no_output_of_any_command_holds_what_a_terminal_obeys(run, command: str) -> None:
    ended = run(*command.split())
    assert ended.code == 0, ended.err
    assert not OBEYED.search(ended.out), ended.out
    assert not OBEYED.search(ended.err), ended.err


@pytest.mark.usefixtures("nasty")
def test_machines_read_the_same_as_before(run) -> None:
    assert json.loads(run("output", "edge", "--json").out)["o"]["value"] == NASTY
    assert run("output", "edge", "o").out == f"{NASTY}\n"  # to a script, as it is


def test_a_value_on_a_terminal_is_made_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", screen)
    terminal.value(NASTY)
    assert screen.getvalue() == f"{SHOWN}\n"


def test_errors_are_made_visible_and_one_line_each(run, monkeypatch: pytest.MonkeyPatch) -> None:
    for trace in ("", "1"):
        monkeypatch.setenv("HAPLAN_TRACEBACK", trace)
        ended = run("plan", f"no-{NASTY}")
        assert ended.code == 1
        assert SHOWN in ended.err
        assert not OBEYED.search(ended.err)


def test_what_a_backend_says_in_many_lines_is_one_error() -> None:
    said = "refused\r\n  error: all is well\x85 \n"
    assert str(ProviderError(f"mist: {said}")) == "mist: refused; error: all is well"


def test_questions_are_made_visible(run, folder: Path) -> None:
    (folder / "edge" / "stack.py").write_text(f"from haplan import variable\nvariable('v' + {NASTY!r})\n")
    ended = run("plan", "edge", typed="x\n")
    assert (ended.code, SHOWN in ended.out + ended.err) == (0, True)
    assert not OBEYED.search(ended.out + ended.err)


def test_reports_are_made_visible_in_colour_too(capsys: pytest.CaptureFixture[str]) -> None:
    from haplan.report.lines import write

    write([line((NASTY, "error"), "x" * 100)], color=True)
    assert re.sub("\x1b\\[(0|[0-9;]+)m", "", capsys.readouterr().out).startswith(SHOWN)


# --- Whose files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_plan_files_and_the_records_of_runs_are_for_their_owner_alone(run, folder: Path, umask: int) -> None:
    (folder / "edge" / ".haplan" / "default").mkdir(parents=True)
    before = os.umask(umask)
    try:
        assert run("plan", "edge", "--out", "edge.plan").code == 0
        assert run("apply", "edge.plan").code == 0
    finally:
        os.umask(before)
    (record,) = (folder / "edge" / ".haplan" / "default" / "runs").iterdir()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (record.parent, record, *record.iterdir())}
    assert modes == {"runs": 0o700, record.name: 0o700, "plan.json": 0o600, "events.jsonl": 0o600, "result.json": 0o600}
    assert stat.S_IMODE((folder / "edge.plan").stat().st_mode) == 0o600


def test_a_disk_that_is_full_costs_no_approved_plan(run, folder: Path) -> None:
    """A limit of the process on the size of files stands in for the disk."""
    assert run("plan", "edge", "--out", "edge.plan").code == 0
    approved = (folder / "edge.plan").read_bytes()
    python = [sys.executable, "-B"]  # it would keep the halves of modules that it compiles meanwhile
    command = [*python, "-m", "haplan", "plan", "edge", "--var", "size=4", "--out", "edge.plan"]
    limited = subprocess.run(["bash", "-c", "ulimit -f 1; trap '' XFSZ; exec \"$@\"", "-", *command],
                             capture_output=True, text=True, check=False)  # fmt: skip
    assert limited.returncode == 1
    assert limited.stderr.splitlines()[-1] == "error: edge.plan: cannot write the plan: File too large"
    assert (folder / "edge.plan").read_bytes() == approved
    assert sorted(path.name for path in folder.iterdir()) == ["edge", "edge.plan"]


# --- Sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("show big.plan", "big.plan: cannot read this plan file: it is larger than 0 MB"),
        ("apply big.plan", "big.plan: cannot read this plan file: it is larger than 0 MB"),
        ("state push edge big.plan", "big.plan: cannot read this document: it is larger than 0 MB"),
        ("state recover edge big.plan", "recovery file big.plan cannot be read: it is larger than 0 MB"),
        ("plan edge --var-file big.plan", "big.plan: cannot read these variables: it is larger than 0 MB"),
    ],
)
def test_a_file_without_end_is_refused_in_one_line(
    run, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, words: str
) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    monkeypatch.setattr(files, "LARGEST_TABLE", 1000)
    monkeypatch.setattr(files.read_from, "__defaults__", (1000,))
    monkeypatch.setattr(files.read, "__defaults__", (1000,))
    (folder / "big.plan").symlink_to("/dev/zero")
    ended = run(*command.split())
    assert ended.code == 1
    assert ended.err.count("error: ") == 1
    assert words in ended.err


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("show deep.plan", "deep.plan"),
        ("state push edge deep.plan", "deep.plan"),
        ("state recover edge deep.plan", "deep.plan"),
        ("plan edge --var-file deep.json", "deep.json"),
        ("plan edge --var-file deep.toml", "deep.toml"),
    ],
)
def test_a_file_that_is_nested_without_end_is_refused_in_one_line(run, folder: Path, command: str, name: str) -> None:
    (folder / name).write_text(("a = " if name.endswith("toml") else "") + "[" * 100_000)
    ended = run(*command.split())
    assert (ended.code, ended.err.count("error: ")) == (1, 1)
    assert "please report" not in ended.err

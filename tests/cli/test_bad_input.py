"""Bad input: one clear line, the right exit code, never a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

CASES = [
    (["plan", "nowhere"], 1, "error: nowhere: no such stack; name a folder with stack.py, or a .py file"),
    (["plan", "."], 1, "error: .: no stack.py in this folder"),
    (["apply", "nowhere.plan"], 1, "error: nowhere.plan: cannot read this plan file"),
    (["apply", "garbage.plan"], 1, "error: garbage.plan: not a plan file"),
    (["show", "garbage.plan"], 1, "error: garbage.plan: not a plan file"),
    (["plan", "broken"], 1, "error: stack.py:1: syntax error"),
    (["plan", "edge", "--var", "sise=4"], 1, "error: "),
    (["plan", "edge", "--var", "size=many"], 1, "error: "),
    (["plan", "edge", "--var-file", "none.toml"], 1, "error: "),
    (["plan", "edge", "--target", "record.zz"], 1, "error: "),
    (["plan", "edge", "--bogus"], 1, "error: No such option"),
    (["plan", "edge", "--parallelism", "0"], 1, "error: Invalid value for '--parallelism'"),
    (["apply", "edge", "--parallelism", "0"], 1, "error: Invalid value for '--parallelism'"),
    (["plan", "edge", "--env", "lab"], 1, "error: environment lab is the one on simulators; write --lab"),
    (["plan", "edge", "--env", "../prod"], 1, "error: --env '../prod': an environment is a folder: letters, digits"),
    (["plan", "edge", "--env", ""], 1, "error: --env '': an environment is a folder"),
    (["plan", "edge", "--destroy", "--refresh-only"], 1, "error: --destroy and --refresh-only contradict each other"),
    (["destroy", "edge", "--refresh-only"], 1, "error: --destroy and --refresh-only contradict each other"),
    (["plan", "edge", "--refresh-only", "--no-refresh"], 1, "error: --refresh-only and --no-refresh contradict"),
    (["plan", "edge", "--lab", "--env", "prod"], 1, "error: --lab is an environment of its own; leave out --env prod"),
    (["pln"], 1, "error: no command 'pln'; did you mean 'plan'?"),
    (["plan", "edge", "more"], 1, "error: Got unexpected extra argument"),
    (["import", "record.a"], 1, "error: expected [STACK] ADDRESS ID, got 1 arguments"),
    (["output", "a", "b", "c"], 1, "error: expected [STACK] [NAME], got 3 arguments"),
    (["state", "show", "record.a", "edge"], 1, "error: the stack stands first: edge record.a (see: haplan state show"),
    (["output", "size", "edge"], 1, "error: the stack stands first: edge size (see: haplan output"),
    (["import", "record.a", "1", "edge"], 1, "error: the stack stands first: edge record.a 1 (see: haplan import"),
    (
        ["validate", "nul.py"],
        1,
        "error: nul.py: cannot be read as Python: source code string cannot contain null bytes",
    ),
    (["show", "edge", "--format", "html"], 1, "error: --format html is for plan files"),
    (["plan", "edge", "--state", "oracle://x"], 1, "error: no state backend for 'oracle'"),
    (["plan", "edge", "--out", "no/such/folder/x.plan"], 1, "error: no/such/folder/x.plan: cannot write the plan"),
    (["init", "garbage.plan"], 1, "error: garbage.plan: cannot write here"),
]


@pytest.mark.parametrize(("arguments", "code", "line"), CASES, ids=[" ".join(case[0]) for case in CASES])
def test_bad_input_is_one_line(run, folder: Path, arguments: list[str], code: int, line: str) -> None:
    (folder / "garbage.plan").write_bytes(b"\x00\xff not json")
    (folder / "broken").mkdir()
    (folder / "nul.py").write_bytes(b"from haplan import Data\n\x00")
    (folder / "broken" / "stack.py").write_text("from haplan import (\n")
    ended = run(*arguments)
    assert ended.code == code
    assert ended.err.startswith(line)
    assert len(ended.err.splitlines()) == 1
    assert "Traceback" not in ended.err


def test_a_needed_variable_without_a_terminal_is_an_error_and_with_one_a_question(run, folder: Path) -> None:
    (folder / "edge" / "stack.py").write_text('from haplan import Data, variable\nData("a", input=variable("town"))\n')
    ended = run("plan", "edge")
    assert ended.code == 1
    assert "town" in ended.err
    asked = run("plan", "edge", typed="Bern\n")
    assert asked.code == 0
    assert 'input  "Bern"' in asked.out


def test_an_unexpected_error_is_one_line_unless_a_traceback_is_asked_for(run, monkeypatch: pytest.MonkeyPatch) -> None:
    from haplan import engine

    def broken(*given: object) -> None:
        raise RuntimeError("boom\nbang")

    monkeypatch.setattr(engine, "plan", broken)
    ended = run("plan", "edge")
    assert (ended.code, ended.err) == (
        1,
        "error: unexpected error, please report: RuntimeError: boom bang; HAPLAN_TRACEBACK=1 shows more\n",
    )
    monkeypatch.setenv("HAPLAN_TRACEBACK", "1")
    assert "Traceback" in run("plan", "edge").err


def test_a_folder_that_cannot_be_written_is_one_line(run, monkeypatch: pytest.MonkeyPatch) -> None:
    from haplan import engine

    def read_only(*given: object) -> None:
        raise OSError(30, "Read-only file system", "/srv/edge/.haplan")

    monkeypatch.setattr(engine, "plan", read_only)
    assert run("plan", "edge").err == "error: /srv/edge/.haplan: Read-only file system\n"


def test_an_error_stands_behind_the_plan_it_is_about_also_in_one_file(folder: Path) -> None:
    """As in the log of a pipeline, where both streams are one pipe."""
    command = [sys.executable, "-m", "haplan", "apply", "edge"]
    ended = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    assert ended.stdout.startswith("edge · environment default\n")
    assert ended.stdout.splitlines()[-1].startswith("error: approval is needed")


def test_ctrl_c_ends_with_7(run, monkeypatch: pytest.MonkeyPatch) -> None:
    from haplan import engine

    def pressed(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "plan", pressed)
    ended = run("plan", "edge")
    assert (ended.code, ended.err.strip()) == (7, "error: interrupted")


def test_the_end_of_input_at_a_question_is_an_error_line(run) -> None:
    ended = run("apply", "edge", typed="")
    assert ended.code == 1
    assert ended.err.endswith("error: the question was not answered: the input ended\n")


def test_denied_and_stale_keep_their_exit_codes(run, monkeypatch: pytest.MonkeyPatch) -> None:
    from haplan import engine
    from haplan.errors import Denied, StackError, Stale

    for error, code in ((Denied("a\nb"), 4), (Stale("s"), 5), (StackError(["stack.py:1: x", "stack.py:2: y"]), 1)):

        def fail(*given: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(engine, "plan", fail)
        ended = run("plan", "edge")
        assert ended.code == code
        assert all(row.startswith("error: ") for row in ended.err.splitlines())

"""Completion by the shell: from state, folder and plugins; no stack code is run, and what is wrong is not said."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from haplan.cli import completion
from haplan.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
Complete = Callable[[str], list[str]]


@pytest.fixture
def complete(run) -> Complete:
    """``complete("haplan plan edge --target rec")``: what Tab offers there; a file the shell finds is ``<file>``."""

    def go(line: str) -> list[str]:
        *words, incomplete = line.split(" ")[1:]
        items = ShellComplete(cli, {}, "haplan", "_HAPLAN_COMPLETE").get_completions(words, incomplete)
        return ["<file>" if item.type == "file" else str(item.value) for item in items]

    return go


@pytest.fixture
def applied(run) -> None:
    assert run("apply", "edge", "--auto-approve").code == 0


BOTH = ["module.inner.record.b", "record.a"]


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("haplan pl", ["plan", "plugins"]),
        ("haplan plan edge --tar", ["--target"]),
        ("haplan plan edge --target ", BOTH),
        ("haplan plan edge --target rec", ["record.a"]),
        ("haplan plan edge --exclude rec", ["record.a"]),
        ("haplan apply edge --replace rec", ["record.a"]),
        ("haplan destroy edge --target module", ["module.inner.record.b"]),
        ("haplan state mv edge rec", ["record.a"]),
        ("haplan state show edge ", BOTH),
        ("haplan state rm edge record.a mod", ["module.inner.record.b"]),
        ("haplan state taint edge rec", ["record.a"]),
        ("haplan state untaint edge rec", ["record.a"]),
        ("haplan state history edge rec", ["record.a"]),
        ("haplan state ta", ["taint"]),
        ("haplan output edge ", ["a_id", "size"]),
        ("haplan output edge si", ["size"]),
        ("haplan types rec", ["record"]),
        ("haplan plan edge --env def", ["default"]),
        ("haplan plan ed", ["<file>"]),
        ("haplan show ed", ["<file>"]),
        ("haplan apply ed", ["<file>"]),
        ("haplan state show ed", ["<file>"]),
        ("haplan graph --format m", ["mermaid"]),
        ("haplan plan nowhere --target ", []),
        ("haplan plan edge --env other --target ", []),
        ("haplan plan edge --env default --target ", BOTH),
    ],
)
def test_tab_offers_what_fits(complete: Complete, line: str, offered: list[str]) -> None:
    assert complete(line) == offered


@pytest.mark.usefixtures("applied")
def test_runs_are_offered_where_one_is_wanted_the_latest_first(run, complete: Complete) -> None:
    run("state", "taint", "edge", "record.a")
    ids = [row.split()[0] for row in run("runs", "edge").out.splitlines()[1:]][::-1]
    assert complete("haplan rollback edge --to ") == ids
    assert complete("haplan apply edge --resume ") == ids
    assert len(ids) == 2


def test_rules_are_offered_in_small_letters_too(complete: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HAPLAN_PLUGINS_OFF")
    assert complete("haplan rules ha01")[:2] == ["HA010", "HA011"] or "HA012" in complete("haplan rules ha01")


def test_environments_are_those_with_a_state_or_with_variables(folder: Path, complete: Complete) -> None:
    (folder / "edge" / "env").mkdir()
    (folder / "edge" / "env" / "north.toml").write_text("size = 3\n")
    (folder / "edge" / ".haplan" / "south").mkdir(parents=True)
    assert complete("haplan plan edge --env ") == ["north", "south"]


@pytest.mark.usefixtures("applied")
def test_no_stack_code_is_run_and_nothing_is_written(folder: Path, complete: Complete) -> None:
    (folder / "edge" / "stack.py").write_text("raise SystemExit('stack code was run')\n")
    before = sorted(path.name for path in folder.rglob("*"))
    assert complete("haplan plan edge --target ") == BOTH
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_what_is_wrong_is_not_said_while_somebody_types(
    folder: Path, complete: Complete, capsys: pytest.CaptureFixture[str]
) -> None:
    place = folder / "edge" / ".haplan" / "default"
    place.mkdir(parents=True)
    (place / "state.db").write_bytes(b"this is no database" * 100)
    assert complete("haplan plan edge --target ") == []
    assert complete("haplan plan edge --state nonsense://x --target ") == []
    assert capsys.readouterr() == ("", "")


def test_a_state_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch, complete: Complete) -> None:
    monkeypatch.setattr(completion, "SECONDS", 0.05)
    monkeypatch.setattr(completion, "_state", lambda ctx: time.sleep(30))
    began = time.monotonic()
    assert complete("haplan plan edge --target ") == []
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("applied")
@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_the_line_of_the_readme_switches_it_on_in_bash(folder: Path) -> None:
    (line,) = re.findall(r'^(eval "\$\(_HAPLAN_COMPLETE=bash_source haplan\)")', (ROOT / "README.md").read_text(), re.M)
    (folder / "haplan").write_text(f'#!/bin/sh\nexec {sys.executable} -m haplan "$@"\n')
    (folder / "haplan").chmod(0o755)
    script = (
        f'PATH="{folder}:$PATH"\n{line}\n'
        "COMP_WORDS=(haplan plan edge --target rec) COMP_CWORD=4\n_haplan_completion haplan\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\ncomplete -p haplan\n'
    )
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[0] == "record.a", done.stderr
    assert "_haplan_completion" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_of_the_readme_are_served(shell: str) -> None:
    assert f"_HAPLAN_COMPLETE={shell}_source haplan" in (ROOT / "README.md").read_text()
    from click.shell_completion import get_completion_class

    served = get_completion_class(shell)
    assert served is not None
    assert "haplan" in served(cli, {}, "haplan", "_HAPLAN_COMPLETE").source()

"""What machines are told is described in haplan/report/README.md: every kind of line with its data, every document."""

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import haplan.host.session
from haplan import engine
from haplan.contracts import Io, Task
from haplan.errors import Locked, ProviderError
from haplan.host.lock import locked
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.event import Event
from haplan.report.progress import JsonLines
from haplan.testing import Project
from haplan.testing.memory import Mem

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "haplan" / "report" / "README.md").read_text(encoding="utf-8")
OF_A_TRANSACTION = {"transaction", "addresses", "actions"}
EVERYTHING = """
a = Thing("a", size=1)
Thing("slow", tags={"of": a.id})
Thing("held")
Thing("sick")
bad = Thing("bad")
Thing("behind", tags={"of": bad.id})
output("size", 1)
"""


def described() -> dict[str, set[str]]:
    """Kind → keys of `data`, as the page says."""
    found = {}
    for kind, _, data in re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) ?\|$", README, re.M):
        said = re.sub(r"\([^)]*\)", "", data)
        found[kind] = set(re.findall(r"`([\w-]+)`", said)) | (
            OF_A_TRANSACTION if "transaction" in said.split("`")[0] else set()
        )
    return {
        kind: keys for kind, keys in found.items() if kind not in ("at", "kind", "address", "document", "text", "data")
    }


def _refusing(document: str, name: str) -> None:
    if name == "bad":
        raise ProviderError("no room")


def told(project: Project, *, resume: str = "", **options: Any) -> list[dict[str, Any]]:
    """The lines of an apply."""
    out = io.StringIO()
    given: Any = {"observers": [JsonLines(out)], "clock": project.cloud.clock, "environ": {}}
    session = open_session(project.folder, Options(**options), plugins=project.plugins(), **given)
    with session, contextlib.suppress(Locked):
        engine.resume(session, resume) if resume else engine.apply(session, engine.plan(session))
    return [json.loads(row) for row in out.getvalue().splitlines()]


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Every kind of line there is: a run in which much goes wrong, the one that goes on, and a summary."""
    real = Mem.write

    def talking(self: Mem, task: Task, io: Io) -> Any:
        io.progress("half of it")
        io.evidence("the device says so")
        return real(self, task, io)

    monkeypatch.setattr(Mem, "write", talking)
    project = Project(tmp_path / "edge", EVERYTHING)
    project.cloud.seconds["thing:slow"] = 90.0
    project.cloud.held["thing:held"] = "the device is offline"
    project.cloud.red["thing:sick"] = "it does not answer"
    project.cloud.during = _refusing
    found = told(project, parallelism=1)
    run = project.state().runs[-1].id
    project.cloud.during = lambda document, name: None
    project.cloud.held.clear()
    project.cloud.red.clear()
    found += told(project, resume=run, parallelism=1)
    with project.session() as other, locked(other, "a test"):
        found += told(project.write(EVERYTHING + 'Thing("more")'), lock_timeout=0.1)
    monkeypatch.setattr(haplan.host.session, "load_plugins", lambda environ: project.plugins())
    project.cloud.seconds.clear()  # the command line waits by its own clock, which nobody moves here
    capsys.readouterr()
    from haplan.cli.main import run as run_command_line

    assert run_command_line(["destroy", str(project.folder), "--auto-approve", "--json"]) == 0
    return [*found, *map(json.loads, capsys.readouterr().out.splitlines())]


def test_every_kind_of_line_is_described_with_its_data(lines: list[dict[str, Any]]) -> None:
    seen: dict[str, set[str]] = {"warning": set()}
    for one in lines:
        assert list(one) == ["at", "kind", "address", "document", "text", "data"]
        seen.setdefault(one["kind"], set()).update(one["data"])
    assert seen == described()


def test_every_kind_that_the_code_tells_is_described() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "haplan").rglob("*.py"))
    kinds = set(re.findall(r"""(?:\bEvent|\.tell|\b_tell)\((?:kind=)?"(\w+)\"""", text))
    assert kinds == set(described())


def test_the_lists_of_a_summary_have_what_came_of_each_change(lines: list[dict[str, Any]]) -> None:
    (summary,) = [one for one in lines if one["kind"] == "summary"]
    assert lines[-1] is summary
    assert {tuple(sorted(one)) for one in summary["data"]["done"]} == {("action", "address", "documents", "id", "text")}
    assert all(type(summary["data"][part]) is list for part in ("failed", "skipped", "in_doubt", "pending", "stopped"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("apply", "nowhere"), 1), (("apply", "edge"), 1), (("destroy", "edge"), 1), (("apply", "gone.plan"), 1),
     (("rollback", "edge", "--to", "r9"), 1), (("import", "edge", "record.x", "1"), 1)],
)  # fmt: skip
def test_the_last_line_is_a_summary_also_of_an_error(run, folder: Path, arguments: tuple[str, ...], code: int) -> None:
    (folder / "edge" / "stack.py").write_text("from haplan import Data\nData('a', inptu=1)\n")
    more = () if arguments[1].endswith(".plan") else ("--auto-approve",)
    ended = run(*arguments, *more, "--json")
    last = json.loads(ended.out.splitlines()[-1])
    assert (ended.code, last["kind"], last["data"]) == (code, "summary", {"exit_code": code})
    assert last["text"] == ended.err.removeprefix("error: ").rstrip("\n")


def test_a_summary_is_written_once() -> None:
    out = io.StringIO()
    lines = JsonLines(out)
    lines(Event(kind="note", at=5.0))
    lines.end("done", {"exit_code": 0})
    lines.end("late", {"exit_code": 1})
    assert [json.loads(row)["text"] for row in out.getvalue().splitlines()] == ["", "done"]
    assert json.loads(out.getvalue().splitlines()[-1])["at"] == 5.0


# --- Documents --------------------------------------------------------------------------------------------------------


def documents() -> dict[str, set[str]]:
    """First command of a row → the keys that it names."""
    rows = re.findall(r"^\| (`haplan .+?) \| (.+?) \|$", README, re.M)
    return {commands: set(re.findall(r"`(\w+)`", said)) for commands, said in rows}


def test_every_command_with_json_is_in_the_table() -> None:
    from tests.cli.test_help import COMMANDS

    with_json = {name for name, command in COMMANDS.items() if any(one.name == "as_json" for one in command.params)}
    lines = {"apply", "destroy", "rollback", "import"}
    said = " ".join(documents())
    for name in with_json - lines:
        assert f"`{name.split()[-1]}`" in said or f"haplan {name}" in said, name
    assert lines <= with_json


def test_documents_have_the_keys_that_the_table_names(run) -> None:
    table = documents()
    run("apply", "edge", "--auto-approve")
    shown = {
        "`haplan runs`": run("runs", "edge", "--json"),
        "`haplan output`": run("output", "edge", "--json"),
        "`haplan drift`": run("drift", "edge", "--json"),
        "`haplan state mv`, `rm`, `taint`, `untaint`": run("state", "taint", "edge", "record.a", "--json"),
    }
    (runs,) = json.loads(shown["`haplan runs`"].out)
    assert set(runs) == table["`haplan runs`"]
    assert set(json.loads(shown["`haplan output`"].out)["size"]) == table["`haplan output`"]
    assert set(json.loads(shown["`haplan drift`"].out)) - {"format_version"} == table["`haplan drift`"]
    tainted = "`haplan state mv`, `rm`, `taint`, `untaint`"
    assert set(json.loads(shown[tainted].out)) == table[tainted]
    history = json.loads(run("state", "history", "edge", "--json").out)
    assert set(history[0]) == {*runs, "changes", "outputs"} - {"bytes"}


TALKATIVE = """
import os, pprint, sys, threading
from haplan import Data
print("print")
sys.stdout.write("write\\n")
sys.stdout.buffer.write(b"bytes\\n")
pprint.pprint("library")
thread = threading.Thread(target=pprint.pprint, args=["thread"])
thread.start()
thread.join()
Data("a")
"""


def test_whatever_a_stack_says_stdout_holds_the_document_alone(folder: Path) -> None:
    (folder / "edge" / "stack.py").write_text(TALKATIVE)
    command = [sys.executable, "-m", "haplan", "plan", "edge", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    assert [one["address"] for one in json.loads(done.stdout)["resource_changes"]] == ["record.a"]
    assert {"print", "write", "bytes", "'library'", "'thread'"} <= set(done.stderr.splitlines())

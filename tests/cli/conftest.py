"""A stack in a folder, and the command line run on it in this process."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from haplan.cli.main import run as run_command_line

STACK = """
from haplan import Data, module, output, variable
size = variable("size", default=3)
a = Data("a", input={"size": size, "names": ["x", "y"]})
with module("inner"):
    b = Data("b", input=f"after {a.id}")
output("a_id", a.id)
output("size", size)
"""


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of a user whose stack keeps values in state only; no other plugin is needed for it."""
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "stack.py").write_text(STACK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAPLAN_PLUGINS_OFF", "design,mist,srx,ssr")
    for name in ("NO_COLOR", "HAPLAN_STATE", "HAPLAN_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("plan", "edge")``; with `typed` a person at a terminal types that."""

    def go(*arguments: str, typed: str | None = None) -> Ended:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            if typed is not None:
                person = io.StringIO(typed)
                patch.setattr(person, "isatty", lambda: True)
                patch.setattr(sys, "stdin", person)
            code = run_command_line(arguments)
        return Ended(code, *capsys.readouterr())

    return go

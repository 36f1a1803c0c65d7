"""The command line as a process of its own, with a provider whose writes end when a test says so."""

import fcntl
import os
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from haplan import engine
from haplan.host.session import open_session
from haplan.model.state import State

HERE = Path(__file__).parent
HAPLAN = (sys.executable, "-m", "haplan")
SECONDS = 20.0
"""Longest that anything here may take on a busy machine."""
STACK = """
from haplan import provider
from haplan_slow import Job
provider("slow", folder={folder!r})
first = Job("first")
Job("second", depends_on=[first])
"""


def soon(true: Callable[[], object], what: str) -> None:
    """Wait until something is true."""
    until = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.005)


class Workshop:
    """A stack of two jobs, one after the other, and the processes that work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs = folder / "jobs"
        self.jobs.mkdir()
        (folder / "stack.py").write_text(STACK.format(folder=str(self.jobs)))
        installed = folder / "installed"
        (installed / "haplan_slow-1.dist-info").mkdir(parents=True)
        shutil.copy(HERE / "haplan_slow.py", installed)
        (installed / "haplan_slow-1.dist-info" / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: haplan-slow\nVersion: 1\n"
        )
        (installed / "haplan_slow-1.dist-info" / "entry_points.txt").write_text("[haplan]\nslow = haplan_slow\n")
        off = "design,mist,srx,ssr,postgres"
        self.environ = {**os.environ, "PYTHONPATH": str(installed), "HAPLAN_PLUGINS_OFF": off}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **more: Any) -> "subprocess.Popen[str]":
        """A command that is under way; its output comes through pipes unless `more` says otherwise."""
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        given = {**pipes, "cwd": self.folder, "env": self.environ, "text": True, **more}
        self.started.append(subprocess.Popen([*HAPLAN, *arguments], **given))
        return self.started[-1]

    def on_a_terminal(
        self, *arguments: str, nohup: bool = False, columns: int = 100
    ) -> "tuple[subprocess.Popen[str], Terminal]":
        """A command whose controlling terminal is ours to type on, and to close."""
        ours, its = os.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        place = {"stdin": its, "stdout": its, "stderr": its}
        process = self.start(*arguments, **place, start_new_session=True, preexec_fn=lambda: _takes_terminal(nohup))
        os.close(its)
        return process, Terminal(ours)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [*HAPLAN, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def shell(self, line: str) -> "subprocess.CompletedProcess[str]":
        """A line for bash, in which ``haplan`` is the command; its last words are the exit code of haplan."""
        text = f'haplan() {{ {" ".join(HAPLAN)} "$@"; }}\n{line}\necho ${{PIPESTATUS[0]}} >&3'
        command = ["bash", "-c", f"exec 3>code\n{text}"]
        return subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    @property
    def code(self) -> int:
        """How haplan ended in the last `shell`."""
        return int((self.folder / "code").read_text())

    def begun(self, name: str) -> None:
        """Wait until the write of a job is under way."""
        soon((self.jobs / f"{name}.begun").exists, f"{name} begins")

    def go(self) -> None:
        """Let writes end."""
        (self.jobs / "go").touch()

    def done(self) -> list[str]:
        """The jobs there are."""
        return sorted(file.stem for file in self.jobs.glob("*.job"))

    def recorded(self) -> dict[str, str]:
        """Address → id in state."""
        return {row.address: row.id for row in self._state().rows.values()}

    def last_result(self) -> str:
        """How the last run ended, by what it recorded."""
        return self._state().runs[-1].result

    def _state(self) -> State:
        with open_session(self.folder) as session:
            return engine.read_state(session)

    def finishes(self) -> None:
        """The next apply converges, and nothing is left."""
        self.go()
        done = self.run("apply", "--auto-approve")
        assert done.returncode == 0, done.stdout + done.stderr
        assert self.done() == ["first", "second"]
        assert self.recorded() == {"slow_job.first": "first", "slow_job.second": "second"}
        assert self.run("plan", "--detailed-exitcode").returncode == 0


class Terminal:
    """Our end of a terminal."""

    def __init__(self, number: int) -> None:
        self._number: int | None = number
        self.text = ""

    def until(self, words: str) -> str:
        """Read until the process has written that."""
        assert self._number is not None
        while words not in self.text:
            try:
                self.text += os.read(self._number, 65536).decode()
            except OSError:  # the other end is closed
                pytest.fail(f"the process ended without {words!r}:\n{self.text}")
        return self.text

    def types(self, text: str) -> None:
        assert self._number is not None
        os.write(self._number, text.encode())

    def close(self) -> None:
        """As a window that is closed."""
        if self._number is not None:
            os.close(self._number)
        self._number = None


def _takes_terminal(nohup: bool) -> None:
    import signal

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if nohup:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop(tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()

"""Processes that open a state beside the test, whichever backend keeps it."""

import subprocess
import sys
from collections.abc import Callable, Sequence

import attrs

from haplan.contracts import StateBackend
from haplan.model.state import Update
from tests.state.samples import holder, row, run

PRELUDE = """
import os, signal, sys
from haplan.errors import Locked
from haplan.model.state import Holder, Intent, Row, Run, Update
from {module} import {opener} as opened, writing
from tests.mixed import mixed
from tests.state.samples import FakeClock, intent, row, run
state = opened(sys.argv[1], FakeClock())
me = Holder(id=f"l{{os.getpid()}}", who="bea", where="host1", pid=os.getpid(), what="apply", since=0.0, until=0.0)
"""
CONTENDER = """
sys.stdin.readline()
try:
    state.lock(me)
    print("won", flush=True)
    sys.stdin.readline()
except Locked as error:
    print(error, flush=True)
"""
BEGUN = """
state.lock(me)
state.begin(run())
state.save(Update(run="r1", rows=(row("site.saved"),)))
state.journal([intent()])
def dies(db, count):
    rows = (row(f"site.s{n}", values={"x": "y" * 5000}) for n in mixed(count))
    writing.save(db, Update(run="r1", rows=tuple(rows)))
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""A run that has saved and journaled; what follows calls `dies` in a transaction."""


@attrs.frozen
class Backend:
    """Where a backend comes from: a module, and the function in it that opens a state."""

    module: str
    opener: str

    def start(self, place: object, code: str) -> "subprocess.Popen[str]":
        """A process that has the state of a place open as `state`, and runs this."""
        command = [sys.executable, "-c", PRELUDE.format(module=self.module, opener=self.opener) + code, str(place)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def one_wins(contenders: Sequence["subprocess.Popen[str]"], open_state: Callable[[], StateBackend]) -> None:
    """Of `CONTENDER`s let go at once one has the lock, and the others are told who."""
    for contender in contenders:
        assert contender.stdin is not None
        contender.stdin.write("go\n")
        contender.stdin.flush()
    answers = [contender.stdout.readline().strip() for contender in contenders if contender.stdout]
    there = open_state().holder()
    for contender in contenders:
        contender.communicate("\n")
    assert sorted(answer == "won" for answer in answers) == [False, False, True]
    assert there is not None
    assert there.pid == contenders[answers.index("won")].pid
    assert all(f"locked by bea on host1 (pid {there.pid})" in answer for answer in answers if answer != "won")


def ends_killed(process: "subprocess.Popen[str]") -> None:
    """It kills itself."""
    process.communicate()
    assert process.returncode == -9


def is_as_before(backend: StateBackend) -> None:
    """What was saved and journaled before `dies` is there, and nothing else."""
    loaded = backend.load()
    assert ([*loaded.rows], len(loaded.intents)) == ([("site.saved", "")], 1)


def goes_on(backend: StateBackend) -> None:
    """On the same host a lock's process is seen to be dead: no need to wait for the lease."""
    backend.lock(holder())
    assert backend.begin(run("r2")).serial == 2
    backend.save(Update(run="r2", rows=(row(),)))

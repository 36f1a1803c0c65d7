"""Fail points: places where a test kills the process, between any two things that must survive it.

They stand around every row of the journal, every save of the state, every remote write and every look at what settles
and are counted as they are passed. `KILL_AT` in the environment names the one at which the process gets SIGKILL;
nothing else reads it. `KillableCloud` keeps its estate in a SQLite file, durable before each answer, so that it
outlives any of its clients.

    with KillableProject(folder, text) as project:
        project.apply()
"""

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, cast

from haplan.cloud import Cloud
from haplan.contracts import Clock, Io, OpenState, Settlement, StateBackend, Task, Written
from haplan.hookspecs import hookimpl
from haplan.mem import Mem, MemPlugin
from haplan.plugins import GROUP, Plugins
from haplan.session import Session
from haplan.testing import INSTALLED, Point, Project, plugins

KILL_AT = "HAPLAN_TEST_KILL_AT"
"""Environment variable: the number of the fail point, from 1, at which the process dies."""
WRITING = ("lock", "renew", "unlock", "begin", "save", "end", "journal", "settle_intents")
"""What of a state backend has a fail point before and after it."""


class Points:
    """Counts the fail points that are passed.

    Attributes:
        passed: Their names, in order.
    """

    def __init__(self) -> None:
        self.passed: list[str] = []
        self._kill_at = int(os.environ.get(KILL_AT, "0"))
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        """Pass one."""
        with self._lock:
            self.passed.append(name)
            if len(self.passed) == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


class KillableCloud(Cloud):
    """A cloud in a SQLite file: each write is durable there before it is answered."""

    def __init__(self, file: Path, points: Points | None = None) -> None:
        super().__init__()
        self.points = points or Points()
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.execute("create table if not exists estate (name text primary key, value text not null)")
        kept = dict(self._connection.execute("select name, value from estate"))
        if kept:
            self._fill({name: json.loads(value) for name, value in kept.items()})

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def carry_out(self, document: str, step: str, name: str, effect: Callable[[], None]) -> None:
        self.points(f"before {step} {name}")
        super().carry_out(document, step, name, effect)
        self.points(f"after {step} {name}")

    def keep(self) -> None:
        """Make what is there durable."""
        self._keep()

    def _keep(self) -> None:
        rows = [(name, json.dumps(value)) for name, value in self.kept().items()]
        self._connection.execute("begin immediate")
        self._connection.executemany("insert or replace into estate values (?, ?)", rows)
        self._connection.execute("commit")


class KillableMem(Mem):
    """The provider ``mem`` on a `KillableCloud`."""

    def write(self, task: Task, io: Io) -> Written:
        written = super().write(task, io)
        cloud = cast(KillableCloud, self.cloud)
        if task.orders:
            cloud.points(f"before order {task.transaction.document}")
            cloud.keep()
            cloud.points(f"after order {task.transaction.document}")
        return written

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        points = cast(KillableCloud, self.cloud).points
        points("before poll")
        found = super().settled(tasks)
        points("after poll")
        return found


class _Backend:
    """A state backend with fail points around what it writes."""

    def __init__(self, inner: StateBackend, points: Points) -> None:
        self._inner = inner
        self._points = points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in WRITING:
            return found

        def stepped(*given: Any, **more: Any) -> Any:
            self._points(f"before {name}")
            done = found(*given, **more)
            self._points(f"after {name}")
            return done

        return stepped


class Killable(MemPlugin):
    """A plugin: the provider ``mem`` with fail points, and SQLite state with fail points as ``killable://PATH``."""

    def __init__(self, cloud: KillableCloud) -> None:
        super().__init__(cloud)
        self._provider = type("Mem", (KillableMem, self._provider), {})
        self._points = cloud.points

    @hookimpl
    def haplan_state_backends(self) -> Mapping[str, OpenState]:
        return {"killable": self._open}

    def _open(self, url: str, clock: Clock) -> StateBackend:
        (open_sqlite,) = plugins(Cloud()).state_backends.values()
        return cast(StateBackend, _Backend(open_sqlite(url.replace("killable:", "sqlite:", 1), clock), self._points))


class KillableProject(Project):
    """A project whose cloud outlives it, and which passes fail points. A context manager: leaving it closes the cloud.

    Attributes:
        points: The fail points that were passed.
    """

    def __init__(self, folder: Path, text: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.points = Points()
        self._killable = KillableCloud(folder / "cloud.db", self.points)
        super().__init__(folder, text, cloud=self._killable)

    def __enter__(self) -> "KillableProject":
        return self

    def __exit__(self, *exc: object) -> None:
        self._killable.close()

    def plugins(self) -> Plugins:
        installed = [EntryPoint(name, module, GROUP) for name, module in INSTALLED.items()]
        return Plugins([*installed, cast(EntryPoint, Point("mem", Killable(self._killable)))])

    def session(self, **options: Any) -> Session:
        url = f"killable:///{self.folder / '.haplan' / 'default' / 'state.db'}"
        return super().session(**{"state": url, **options})

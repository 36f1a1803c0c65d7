"""Fail points: places where a test kills the process, between any two things that must survive it.

They stand around every row of the journal, every save of the state, every remote write and every look at what settles
and are counted as they are passed. `KILL_AT` in the environment names the one at which the process gets SIGKILL;
nothing else reads it. The cloud is a process of its own, which outlives any of its clients.

    with CloudProcess(folder / "socket") as address, KillableProject(folder, text, address) as project:
        project.apply()
"""

import os
import signal
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, cast

from haplan.contracts import Clock, OpenState, Settlement, StateBackend, Task
from haplan.hookspecs import hookimpl
from haplan.host.session import Session
from haplan.plugins import GROUP, Plugins
from haplan.testing import INSTALLED, Point, Project, plugins
from haplan.testing.cloud import Cloud, Effect
from haplan.testing.cloud_process import RemoteCloud
from haplan.testing.memory import Mem, MemPlugin

KILL_AT = "HAPLAN_TEST_KILL_AT"
"""Environment variable: the number of the fail point, from 1, at which the process dies."""
WRITING = ("lock", "renew", "unlock", "begin", "save", "end", "journal", "settle_intents")
"""What of a state backend has a fail point before and after it."""


class Points:
    """Counts the fail points that are passed.

    Threads: any, under one lock.

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


class KillableCloud(RemoteCloud):
    """An estate of a cloud that is a process of its own, with fail points around what is sent to it."""

    def __init__(self, address: Path, place: str, points: Points) -> None:
        super().__init__(address, place)
        self.points = points

    def carry_out(self, document: str, step: str, name: str, effect: Effect) -> str:
        self.points(f"before {step} {name}")
        made = super().carry_out(document, step, name, effect)
        self.points(f"after {step} {name}")
        return made


class KillableMem(Mem):
    """The provider ``mem`` on a `KillableCloud`."""

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        cloud = cast(KillableCloud, self.cloud)
        cloud.points("before poll")
        cloud.look()
        found = super().settled(tasks)
        cloud.points("after poll")
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
    """A project whose cloud outlives it, and which passes fail points. A context manager: leaving it hangs up.

    Args:
        folder: Where it lives, and the name of its estate.
        text: The stack.
        address: Of the `CloudProcess`.

    Attributes:
        points: The fail points that were passed.
    """

    def __init__(self, folder: Path, text: str, address: Path) -> None:
        self.points = Points()
        self.estate = KillableCloud(address, str(folder), self.points)
        super().__init__(folder, text, cloud=self.estate)

    def __enter__(self) -> "KillableProject":
        return self

    def __exit__(self, *exc: object) -> None:
        self.estate.close()

    def plugins(self) -> Plugins:
        installed = [EntryPoint(name, module, GROUP) for name, module in INSTALLED.items()]
        return Plugins([*installed, cast(EntryPoint, Point("mem", Killable(self.estate)))])

    def session(self, **options: Any) -> Session:
        url = f"killable:///{self.folder / '.haplan' / 'default' / 'state.db'}"
        return super().session(**{"state": url, **options})

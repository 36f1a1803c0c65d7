"""Runs that die in the middle, within the test's own process: a world in which a run is killed at any of its steps.

    with MortalWorld() as world:
        world.apply(before)
        world.dies(wanted, at=7)
        world.apply(wanted)

A step is whatever outlives the run: a write of the state, of the journal or the lock, and a remote write, each before
and after it took effect. From the moment of its death nothing of the run takes effect any more, in whichever of its
threads; the time of its lease passes then. `lasted` counts the steps of the last run that came to its end.
`tests/kill` has the same with real processes and SIGKILL, on two stacks; here it costs no more than an apply.
"""

import threading
from collections.abc import Mapping, Sequence
from contextlib import chdir, suppress
from typing import Any, cast

from haplan.contracts import Clock, OpenState, StateBackend
from haplan.errors import HaplanError
from haplan.hookspecs import hookimpl
from haplan.host.session import Session
from haplan.model.result import Result
from haplan.testing import Cloud, Project, plugins
from haplan.testing.cloud import Effect
from haplan.testing.fail_points import WRITING
from tests.laws.stacks import Wanted, World

LEASE = 120.0
"""Seconds after which a dead run's lock is free."""


class Killed(KeyboardInterrupt):
    """The run is dead. Of all that a plugin raises this alone ends a run at once; what the run says or saves on its way
    out does not take effect."""


class Steps:
    """Counts the steps of a run, and kills it at one of them.

    Threads: any, under one lock.

    Attributes:
        passed: How many.
        dead: The run was killed.
    """

    def __init__(self) -> None:
        self.passed = 0
        self.dead = False
        self._at = 0
        self._lock = threading.Lock()

    def begin(self, at: int = 0) -> None:
        """Count anew; the run dies at this step, or with 0 at none."""
        with self._lock:
            self.passed, self._at, self.dead = 0, at, False

    def soon(self) -> None:
        """Die at the next step."""
        with self._lock:
            self._at = self.passed + 1

    def __call__(self) -> None:
        """Pass one."""
        with self._lock:
            self.passed += 1
            self.dead = self.dead or self.passed == self._at
            if self.dead:
                raise Killed


class MortalCloud(Cloud):
    """A cloud whose clients die."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = Steps()

    def carry_out(self, document: str, step: str, name: str, effect: Effect) -> str:
        self.steps()
        made = super().carry_out(document, step, name, effect)
        self.steps()
        return made


class _Backend:
    """A state backend whose clients die."""

    def __init__(self, inner: StateBackend, steps: Steps) -> None:
        self._inner, self._steps = inner, steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in WRITING:
            return found

        def stepped(*given: Any, **more: Any) -> Any:
            self._steps()
            done = found(*given, **more)
            self._steps()
            return done

        return stepped


class _States:
    """A plugin: SQLite state as ``mortal://PATH``."""

    haplan_api = 2

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    @hookimpl
    def haplan_state_backends(self) -> Mapping[str, OpenState]:
        return {"mortal": self._open}

    def _open(self, url: str, clock: Clock) -> StateBackend:
        (opened,) = plugins(Cloud()).state_backends.values()
        return cast(StateBackend, _Backend(opened(url.replace("mortal:", "sqlite:", 1), clock), self._steps))


class _Project(Project):
    """A project whose state is kept where runs die."""

    def session(self, **options: Any) -> Session:
        url = f"mortal:///{self.folder / '.haplan' / 'default' / 'state.db'}"
        return super().session(**{"state": url, **options})


class MortalWorld(World):
    """A world in which runs die.

    Args:
        slow: Documents that take their time: they are looked at more than once.
    """

    def __init__(self, slow: Sequence[str] = (), **declares: bool) -> None:
        cloud = MortalCloud()
        self.steps = cloud.steps
        super().__init__(cloud, **declares)
        cloud.seconds = dict.fromkeys(slow, 40.0)
        self.lasted = 0
        self.project = _Project(self.project.folder, cloud=cloud, more=[_States(cloud.steps)])

    def apply(self, wanted: Wanted, **options: Any) -> Result:
        self.steps.begin()
        found = super().apply(wanted, **options)
        self.lasted = self.steps.passed
        return found

    def dies(self, wanted: Wanted, at: int, **options: Any) -> bool:
        """Plan a stack and carry it out, up to that step; False if the run came to its end before."""
        self.steps.begin(at)
        with suppress(HaplanError, Killed), chdir(self.project.folder):  # what could not be saved is kept there
            super().apply(wanted, **options)
        for thread in threading.enumerate():
            if thread.name.startswith("haplan"):
                thread.join()
        died = self.steps.dead
        self.steps.begin()
        self.cloud.clock.sleep(LEASE)
        return died

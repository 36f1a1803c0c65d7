"""The lease of a run: who slept through it, or lost it, writes nothing more; neither here nor in the estate."""

import os
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import attrs
import pytest

from haplan import engine
from haplan.contracts import Io
from haplan.errors import HaplanError, Locked, PluginError
from haplan.model.event import Event
from haplan.model.state import Holder
from haplan.testing import Project
from haplan.testing.cloud_process import CloudProcess, RemoteCloud
from haplan.testing.memory import Mem
from haplan_sqlite import SqliteState
from tests.crowd import apply_at_once

Make = Callable[..., Project]
TEXT = 'a = Thing("a")\nb = Thing("b", tags={"of": a.id})\nThing("c", tags={"of": b.id})\n'


def take_over(project: Project) -> None:
    """Somebody on another host takes the lock, its lease having run out."""
    with project.session() as thief:
        now = project.cloud.clock.now()
        thief.backend.lock(
            Holder(id="thief", who="bo", where="elsewhere", pid=1, what="apply", since=now, until=now + 60)
        )


class Sleeping(list[Event]):
    """Sleeps a while when a step of that name was made durable, just before its writer hears of it."""

    def __init__(self, asleep: Callable[[], None], name: str) -> None:
        super().__init__()
        self._asleep, self._name = asleep, name

    def append(self, event: Event) -> None:
        super().append(event)
        if event.kind == "step" and event.address == f"mem_thing.{self._name}":
            self._asleep()


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the lease was renewed."""
    found: list[float] = []
    renew = SqliteState.renew

    def noted(state: SqliteState, holder: Holder) -> Holder:
        found.append(state.now())
        return renew(state, holder)

    monkeypatch.setattr(SqliteState, "renew", noted)
    return found


def test_the_lease_is_renewed_every_quarter_minute_whatever_is_waited_for(project: Make, renewals: list[float]) -> None:
    made = project('Thing("a")')
    made.cloud.seconds["thing:a"] = 300.0
    assert made.apply().exit_code == 0
    pauses = [later - earlier for earlier, later in pairwise(renewals)]
    assert len(pauses) >= 19
    assert max(pauses) <= 15.0


def test_who_slept_between_announcement_and_write_asks_again_and_goes_on(project: Make, renewals: list[float]) -> None:
    made = project(TEXT)
    made.events = Sleeping(lambda: made.cloud.clock.sleep(1000), "b")
    assert made.apply().exit_code == 0
    assert made.cloud.names() == ["a", "b", "c"]
    assert len(renewals) == 2
    assert len([event for event in made.events if event.kind == "step"]) == 3


def test_who_slept_through_the_lease_and_was_replaced_does_not_make_the_announced_write(project: Make) -> None:
    made = project(TEXT)

    def asleep() -> None:
        made.cloud.clock.sleep(61)
        take_over(made)

    made.events = Sleeping(asleep, "b")
    with pytest.raises(Locked, match="the state is locked by bo on elsewhere"):
        made.apply()
    assert made.cloud.names() == ["a"]
    state = made.state()
    assert ([row.name for row in state.rows.values()], state.runs[-1].result) == (["a"], "")


def test_a_lock_that_was_lost_while_waiting_ends_the_run(project: Make) -> None:
    made = project('a = Thing("a")\nThing("b", tags={"of": a.id})')
    made.cloud.seconds["thing:a"] = 300.0
    sleep = made.cloud.clock.sleep

    def slept(seconds: float) -> None:
        sleep(100)
        take_over(made)
        made.cloud.clock.sleep = sleep  # type: ignore[method-assign]

    made.cloud.clock.sleep = slept  # type: ignore[method-assign]
    with pytest.raises(Locked):
        made.apply()
    assert made.cloud.names() == ["a"]
    assert "the lock was lost, nothing more is written" in "".join(event.text for event in made.events)


@pytest.mark.parametrize(("slept", "deadline", "renewed"), [(14, 30, 1), (31, 30, 2), (14, 45, 1), (16, 45, 2)])
def test_a_write_begins_only_if_the_lease_of_60_s_outlives_its_deadline(
    project: Make, renewals: list[float], slept: float, deadline: float, renewed: int
) -> None:
    made = project('Thing("a")')
    made.events = Sleeping(lambda: made.cloud.clock.sleep(slept), "a")
    begun: list[int] = []
    made.cloud.during = lambda document, name: begun.append(len(renewals))
    with made.session() as session:
        session.plugins.provider("mem").write_seconds = deadline
        assert engine.apply(session, engine.plan(session)).exit_code == 0
    assert begun == [renewed]


def test_a_provider_whose_writes_may_take_longer_than_the_lease_is_refused(project: Make) -> None:
    made = project('Thing("a")')
    with made.session() as session:
        session.plugins.provider("mem").write_seconds = 50.0
        plan = engine.plan(session)
        with pytest.raises(PluginError, match="'mem' says that a write may take 50 s: the lock is sure to last 45 s"):
            engine.apply(session, plan)
    assert made.cloud.names() == []


def test_a_provider_that_waited_asks_again_before_it_sends(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(TEXT)
    carry_out = Mem.write

    class Waits:
        """A provider that waits for its budget once a write is announced."""

        def __init__(self, io: Io) -> None:
            self._io = io
            self.still, self.progress = io.still, io.progress

        def about_to(self, *said: object, **more: object) -> None:
            self._io.about_to(*said, **more)  # type: ignore[arg-type]
            if made.cloud.names() == ["a"]:
                made.cloud.clock.sleep(100)
                take_over(made)
                self._io.still()

    monkeypatch.setattr(Mem, "write", lambda self, task, io: carry_out(self, task, Waits(io)))
    with pytest.raises(Locked):
        made.apply()
    assert made.cloud.names() == ["a"]


# --- Two real processes -----------------------------------------------------------------------------------------------


@attrs.frozen
class SharedClock:
    """A clock that several processes go by; one of them moves it."""

    file: Path

    def now(self) -> float:
        return float(self.file.read_text())

    def sleep(self, seconds: float) -> None:
        self.file.write_text(str(self.now() + seconds))


def test_a_process_that_was_stopped_past_its_lease_writes_nothing_more(tmp_path: Path) -> None:
    clock = SharedClock(tmp_path / "clock")
    clock.file.write_text("1800000000.0")
    with CloudProcess(tmp_path / "cloud") as address:

        def project() -> Project:
            cloud = RemoteCloud(address, "estate")
            cloud.clock = clock
            return Project(tmp_path / "stack", TEXT, cloud=cloud)

        def left() -> tuple[object, list[str]]:
            return other.state().rows, RemoteCloud(address, "estate").names()

        child = os.fork()
        if child == 0:
            code = 99
            try:
                made = project()
                made.events = Sleeping(lambda: os.kill(os.getpid(), signal.SIGSTOP), "b")
                code = made.apply().exit_code
            except HaplanError as error:
                code = error.exit_code
            finally:
                os._exit(code)
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        other = project()
        with pytest.raises(Locked):  # it is asleep, and its lease still lasts
            other.apply()
        clock.sleep(61)
        assert other.apply().exit_code == 0
        rows, names = left()
        assert names == ["a", "b", "c"]
        os.kill(child, signal.SIGCONT)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 6
        assert other.plan().empty()
        assert left() == (rows, names)


def test_of_twenty_processes_one_writes_at_a_time_and_nothing_is_lost_and_readers_never_wait(tmp_path: Path) -> None:
    apply_at_once(tmp_path, 20)

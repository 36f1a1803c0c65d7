"""The machine's clock is set, or the machine sleeps, in the middle of a run: spans stay what they are."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from haplan import engine
from haplan.contracts import SteadyClock
from haplan.host.options import Options
from haplan.host.session import open_session

HOURS = 3 * 3600.0
PAIR = """
from haplan import lifecycle, provider
from haplan.design import Cluster, Site, WanEdgeTemplate, dhcp, ha_fabric, ha_sync, wan
provider("mist")
edge = WanEdgeTemplate("t", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp()), wan("wan1", "ge-1/0/0", dhcp()),
    ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5"),
])
Cluster("c", site=Site("s"), template=edge, model="SSR120", nodes=["02005e100c30", "02005e100c31"],
        lifecycle=lifecycle(timeouts={"create": 3600}))
"""


class Machine:
    """The clocks of this machine, which can be set and slept through."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.wall = self.ticks = 0.0
        real, counted = time.time, time.clock_gettime
        patch.setattr(time, "time", lambda: real() + self.wall)
        patch.setattr(time, "clock_gettime", lambda number: counted(number) + self.ticks)

    def set(self, seconds: float) -> None:
        """Somebody sets the clock."""
        self.wall += seconds

    def sleep(self, seconds: float) -> None:
        """The machine is suspended."""
        self.wall += seconds
        self.ticks += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_time_passes_as_it_does_however_the_clock_is_set(machine: Machine) -> None:
    clock = SteadyClock()
    before = clock.now()
    machine.set(-HOURS)
    machine.set(5 * HOURS)
    assert clock.now() - before < 60
    assert abs(SteadyClock().now() - before - 4 * HOURS) < 60  # who begins later goes by what the clock says then
    machine.sleep(HOURS)
    assert HOURS <= clock.now() - before < HOURS + 60


def formed(folder: Path, change: Callable[[], None]) -> tuple[int, int, float]:
    """Apply a pair in the lab; when it forms, `change` happens. Gives exit code, events after that, seconds."""
    (folder / "stack.py").write_text(PAIR)
    polls: list[str] = []
    done: list[bool] = []

    def heard(event: object) -> None:
        kind, text = getattr(event, "kind", ""), getattr(event, "text", "")
        if kind in ("settling", "progress") and "form" in text.lower() and not done:
            done.append(True)
            change()
        elif done:
            polls.append(text)

    with open_session(folder, Options(lab=True), observers=[heard], environ={}) as session:
        plan = engine.plan(session)
        result = engine.apply(session, plan)
    assert done
    return result.exit_code, len(polls), result.seconds


@pytest.mark.parametrize("seconds", [-HOURS, HOURS], ids=["back", "forward"])
def test_a_pair_forms_as_long_as_it_does_when_the_clock_is_set_meanwhile(
    tmp_path: Path, machine: Machine, seconds: float
) -> None:
    code, _, took = formed(tmp_path, lambda: machine.set(seconds))
    assert code == 0
    assert took < 3600


def test_a_run_goes_on_after_the_machine_slept(tmp_path: Path, machine: Machine) -> None:
    code, _, took = formed(tmp_path, lambda: machine.sleep(HOURS))
    assert code == 0
    assert took >= HOURS

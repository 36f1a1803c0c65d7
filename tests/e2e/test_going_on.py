"""The provider remembers nothing: a wait goes on from the journal, and --no-refresh plans from what is recorded."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from haplan_mist.estate import Estate
from tests.e2e.world import WRITES, World

DYING = """
import os, sys
from pathlib import Path
from haplan_mist.settle import Settling
from tests.e2e.world import World
real = Settling.settle
def settle(self, tasks, waits):
    if any(wait.pair for wait in waits.values()):
        os._exit(9)
    return real(self, tasks, waits)
Settling.settle = settle
World(Path(sys.argv[1])).apply()
"""


def writes(world: World) -> dict[str, int]:
    return {call: count for call, count in world.calls().items() if call.startswith(WRITES) and "/lab" not in call}


@pytest.fixture
def world(example: Callable[[str], World]) -> World:
    return example("hub_spoke_ssr")


def test_a_formation_whose_run_died_is_gone_on_with_and_nothing_is_sent_again(
    example: Callable[[str], World],
) -> None:
    world = example("one_pair")
    done = subprocess.run([sys.executable, "-c", DYING, str(world.folder)], check=False, timeout=300)
    assert done.returncode == 9
    begun = writes(world)
    assert begun
    result = world.apply()
    assert [one.text for one in result.failed] == []
    assert result.exit_code == 0
    told = [event.text for event in world.events if event.kind == "progress"]
    assert any(text.endswith("wrote it; going on from there") for text in told)
    assert writes(world) == begun
    assert world.plan().empty()


def test_without_refresh_it_plans_as_with_a_look_and_writes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.apply().exit_code == 0
    world.edit("../modules/spokes.csv", "192.0.2.10,", "192.0.2.11,")
    looked = world.plan()
    assert looked.changes
    with monkeypatch.context() as patched:
        patched.setattr(Estate, "items", lambda *given: pytest.fail("a list was read"))
        recalled = world.plan(refresh=False)
    assert [(one.document, one.verb) for one in recalled.transactions] == [
        (one.document, one.verb) for one in looked.transactions
    ]
    assert [(one.address, one.impact.kind, one.sites) for one in recalled.changes] == [
        (one.address, one.impact.kind, one.sites) for one in looked.changes
    ]
    assert world.apply(refresh=False).exit_code == 0
    assert world.plan().empty()

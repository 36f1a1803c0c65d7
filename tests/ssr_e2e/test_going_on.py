"""The provider remembers nothing: a wait goes on from the journal, and --no-refresh plans from what is recorded."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from haplan_ssr.estate import Estate
from tests.ssr_e2e.world import World

Make = Callable[..., World]
DYING = """
import os, sys
from pathlib import Path
from haplan_ssr import settle
from tests.ssr_e2e.world import World
settle.settled = lambda *given: os._exit(9)
World(Path(sys.argv[1])).apply()
"""


def commits(world: World) -> int:
    return world.calls("POST /config/commit").get("POST /config/commit", 0)


def test_a_run_that_died_waiting_for_routers_is_gone_on_with_and_commits_nothing_again(pair: Make) -> None:
    world = pair()
    done = subprocess.run([sys.executable, "-c", DYING, str(world.folder)], check=False, timeout=120)
    assert done.returncode == 9
    before = commits(world)
    result = world.apply()
    assert [one.text for one in result.failed] == []
    assert result.exit_code == 0
    assert commits(world) == before
    assert any(event.kind == "settling" for event in world.events)
    assert world.plan().empty()


def test_without_refresh_it_places_from_what_is_recorded_and_writes(
    pair: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = pair()
    assert world.apply().exit_code == 0
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    looked = world.plan()
    with monkeypatch.context() as patched:
        patched.setattr(Estate, "running", lambda *given: pytest.fail("it was read"))
        recalled = world.plan(refresh=False)
    assert recalled.transactions == looked.transactions
    assert [(one.address, one.impact, one.sites) for one in recalled.changes] == [
        (one.address, one.impact, one.sites) for one in looked.changes
    ]
    assert world.apply(refresh=False).exit_code == 0
    assert world.plan().empty()

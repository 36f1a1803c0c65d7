"""What the provider needs later is on the device, in the journal or in the look it gave: it remembers nothing."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from haplan.model.plan import Reason
from haplan_srx import provider
from tests.srx_e2e.test_faults import NEW, SILENT
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]

DYING = """
import os, sys
from pathlib import Path
from haplan_srx import settle
from haplan_srx.write import confirming, writer
from tests.srx_e2e.world import World
module, name = {"committed": (writer, "_with_receipt"), "waiting": (settle, "settled"),
                "confirming": (confirming, "confirm")}[sys.argv[2]]
setattr(module, name, lambda *given: os._exit(9))
World(Path(sys.argv[1])).apply()
"""


def die(world: World, moment: str) -> None:
    """Apply in a process of its own that dies at that moment."""
    done = subprocess.run([sys.executable, "-c", DYING, str(world.folder), moment], check=False, timeout=120)
    assert done.returncode == 9


@pytest.fixture
def shop(shops: Shops) -> World:
    """A shop that is applied, and whose stack has one policy more by now."""
    world = shops()
    assert world.apply().exit_code == 0
    world.edit("# here", NEW)
    return world


def news(world: World) -> bool:
    return any("guest-web" in line for line in world.lines(node_of(1)))


@pytest.mark.parametrize("moment", ["committed", "waiting", "confirming"])
def test_a_commit_whose_timer_still_runs_is_checked_and_confirmed_and_not_made_again(shop: World, moment: str) -> None:
    before = len(shop.commits(node_of(1)))
    die(shop, moment)
    assert news(shop)
    shop.lab.clock.sleep(300)
    result = shop.apply()
    assert [one.text for one in result.failed] == []
    assert result.exit_code == 0
    first, second = shop.commits(node_of(1))[before:]
    assert second == f"{first} confirmed"
    shop.lab.clock.sleep(900)
    assert news(shop)
    assert (shop.plan().changes, shop.plan().drift) == ((), ())


@pytest.mark.parametrize("moment", ["committed", "waiting"])
def test_what_was_taken_off_a_device_and_may_come_back_is_confirmed_too(shop: World, moment: str) -> None:
    shop.edit(NEW, "# here")
    for gone in (
        ', guest: "172.22.99.1/24"',
        'allow("guest-out", [guest], anything, second)',
        'guest = Network("guest", subnet="172.22.99.0/24", vlan_id=99)',
    ):
        shop.edit(gone, "")
    before = len(shop.commits(node_of(1)))
    die(shop, moment)
    result = shop.apply()
    assert [one.text for one in result.failed] == []
    assert result.exit_code == 0
    first, second = shop.commits(node_of(1))[before:]
    assert second == f"{first} confirmed"
    shop.lab.clock.sleep(900)
    assert [line for line in shop.lines(node_of(1)) if "guest" in line] == []
    assert shop.plan().changes == ()


def test_a_commit_that_went_back_meanwhile_is_made_again(shop: World) -> None:
    die(shop, "waiting")
    shop.lab.clock.sleep(700)
    assert not news(shop)
    assert shop.apply().exit_code == 0
    shop.lab.clock.sleep(900)
    assert news(shop)
    assert shop.plan().changes == ()


def test_a_commit_that_somebody_elses_confirmed_is_there_and_counts(shop: World) -> None:
    die(shop, "waiting")
    shop.by_hand(node_of(1), "set snmp location attic")
    assert shop.apply().exit_code == 0
    shop.lab.clock.sleep(900)
    assert news(shop)
    assert shop.plan().changes == ()


@pytest.mark.parametrize("moment", ["committed", "waiting"])
def test_what_was_overwritten_before_the_run_died_is_still_given_back(shop: World, moment: str) -> None:
    shop.edit(
        '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n])', '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n], dns_servers=["8.8.8.8"])'
    )
    shop.by_hand(node_of(1), "set system name-server 9.9.9.9")
    die(shop, moment)
    assert shop.apply().exit_code == 0
    shop.edit(', dns_servers=["8.8.8.8"]', "")
    assert shop.apply().exit_code == 0
    assert "set system name-server 9.9.9.9" in shop.lines(node_of(1))


IN_THE_WAY = f"""{SILENT}
[[srx.fault]]
on = "open-configuration"
nth = 2
error = "configuration database locked by: pat"
"""
"""The change comes out red, and nobody can take it back but the device."""


def test_a_device_that_goes_back_by_itself_is_waited_for_and_said_so(shop: World) -> None:
    shop.edit('provider("srx")', 'provider("srx", probes=["192.0.2.1"])')
    shop.misbehave(IN_THE_WAY)
    result = shop.apply()
    (failed,) = result.failed
    assert failed.text.endswith("; taken back")
    (said,) = {event.text for event in shop.events if event.kind == "settling"}
    assert re.fullmatch(r"taking itself back until \d\d:\d\d UTC", said)
    assert not news(shop)


def test_a_run_that_died_while_a_device_went_back_leaves_that_to_be_waited_for(shop: World) -> None:
    shop.edit('provider("srx")', 'provider("srx", probes=["192.0.2.1"])')
    shop.misbehave(IN_THE_WAY)
    before = len(shop.commits(node_of(1)))
    script = DYING.replace("lambda *given: os._exit(9)", "Die(getattr(module, name))").replace(
        "module, name =",
        "class Die:\n"
        "    def __init__(self, real): self.real = real\n"
        "    def __call__(self, estate, tasks):\n"
        "        if any(task.receipt.get('going_back') for task in tasks): os._exit(9)\n"
        "        return self.real(estate, tasks)\n"
        "module, name =",
    )
    done = subprocess.run([sys.executable, "-c", script, str(shop.folder), "waiting"], check=False, timeout=120)
    assert done.returncode == 9
    shop.misbehave("")
    shop.events.clear()
    assert shop.apply().exit_code == 0
    told = [event.text for event in shop.events if event.kind == "settling"]
    assert re.fullmatch(r"taking itself back until \d\d:\d\d UTC", told[0])
    first, *back, second, confirmation = shop.commits(node_of(1))[before:]
    assert (first != second, confirmation) == (True, f"{second} confirmed")
    assert len(back) == 1
    assert news(shop)
    assert shop.plan().changes == ()


SECOND = """
import os, sys, threading
from pathlib import Path
from haplan_srx.write import confirming
from tests.srx_e2e.world import World
real, confirmed, turn = confirming.confirm, [], threading.Lock()
def confirm(*given):
    with turn:  # both pairs are confirmed side by side
        if confirmed: os._exit(9)
        confirmed.append(real(*given))
confirming.confirm = confirm
World(Path(sys.argv[1])).apply()
"""


def test_a_permit_that_leaves_is_gone_from_both_pairs_though_the_run_died_when_one_was_done(shops: Shops) -> None:
    world = shops(2)
    world.edit("# here", NEW)
    assert world.apply().exit_code == 0
    world.edit(NEW, "# here")
    done = subprocess.run([sys.executable, "-c", SECOND, str(world.folder)], check=False, timeout=120)
    assert done.returncode == 9
    world.lab.clock.sleep(900)
    left = [any("guest-web" in line for line in world.lines(node_of(number))) for number in (1, 2)]
    assert sorted(left) == [False, True]  # the two are written side by side: either may be the one that was done
    assert world.apply().exit_code == 0
    assert [line for number in (1, 2) for line in world.lines(node_of(number)) if "guest-web" in line] == []
    assert (world.plan().changes, world.plan().drift) == ((), ())


# --- Without a look ---------------------------------------------------------------------------------------------------


def test_without_refresh_it_places_from_what_is_recorded_and_writes(shops: Shops) -> None:
    world = shops(2)
    assert world.apply().exit_code == 0
    world.edit("# here", NEW)
    calls = provider.Estate.fresh
    asked: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(provider.Estate, "fresh", lambda self, host: (asked.append(host), calls(self, host))[1])
        plan = world.plan(refresh=False)
    assert asked == []
    assert {str(one.document) for one in plan.transactions} == {"device:shop1", "device:shop2"}
    assert world.apply(refresh=False).exit_code == 0
    assert all(any("guest-web" in line for line in world.lines(node_of(number))) for number in (1, 2))
    assert world.plan().changes == ()


def test_without_refresh_only_devices_whose_configuration_changes_are_written(shops: Shops) -> None:
    world = shops(2)
    assert world.apply().exit_code == 0
    world.edit('"10.{number}.0"', '"10.{number}.0" if number == 1 else "10.99.0"')
    plan = world.plan(refresh=False)
    assert {str(one.document) for one in plan.transactions} == {"device:shop2"}
    assert world.apply(refresh=False).exit_code == 0
    assert any("10.99.0.1/24" in line for line in world.lines(node_of(2)))
    assert world.plan().changes == ()


def test_without_refresh_a_new_pair_is_formed_and_configured(shops: Shops) -> None:
    world = shops(1)
    assert world.apply().exit_code == 0
    world.edit("in [1]:", "in [2, 1]:")
    world.misbehave("")
    plan = world.plan(refresh=False)
    assert {str(one.document) for one in plan.transactions} == {"cluster:shop2", "device:shop2"}


def test_a_rollback_brings_the_order_of_policies_back(shops: Shops) -> None:
    from haplan import engine
    from haplan.host.options import Options
    from haplan.host.session import open_session

    world = shops(1)
    run = world.apply().run
    world.edit("# here", 'allow("guest-web", [office], web, first)')
    assert world.apply().exit_code == 0
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        back = engine.rollback(session, run)
    (order,) = [one for transaction in back.transactions for one in transaction.orders]
    assert order.after == ("office-web", "guest-out")
    assert Reason.REORDERED not in {change.reason for change in back.changes}

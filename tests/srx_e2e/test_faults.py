"""What goes wrong on the way to a device, and what haplan makes of it."""

from collections.abc import Callable

import pytest
from lxml import etree

from haplan.errors import HaplanError
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
NEW = 'allow("guest-web", [guest], web, first)'
LATE = """
[srx]
[[srx.fault]]
on = "commit-configuration"
nth = {nth}
{what}
"""


@pytest.fixture
def shop(shops: Shops) -> World:
    """A shop that is applied, and whose stack has one policy more by now."""
    world = shops()
    assert world.apply().exit_code == 0
    world.edit("# here", NEW)
    return world


IN_BAND = """
[[srx.device]]
mac = "020000010000"
serial = "A"
model = "SRX300"
pair = "020000010001"
reached = "ge-0/0/7"
fxp0 = false
[[srx.device]]
mac = "020000010001"
serial = "B"
model = "SRX300"
pair = "020000010000"
reached = "ge-0/0/7"
fxp0 = false
"""


def test_a_change_that_cuts_off_management_is_taken_back_by_the_device_and_said_so(shops: Shops) -> None:
    world = shops(lab=IN_BAND)  # managed over the port that the stack makes a WAN, and lets no SSH in there
    result = world.apply()
    assert result.exit_code in (3, 10)
    text = next(one.text for one in result.failed if one.address == "cluster.shop1")
    assert "is not reached any more" in text
    assert "taken back" in text
    assert world.commits(node_of(1))[-2].startswith("haplan ")
    assert not any("guest-out" in line for line in world.lines(node_of(1)))
    plan = world.plan()
    assert {str(one.document) for one in plan.transactions} >= {"device:shop1"}
    assert any(one.address == "policy.edge.guest-out" for one in plan.changes)


def test_somebody_elses_uncommitted_changes_stop_the_write_and_are_named(shop: World) -> None:
    person = shop.session(node_of(1))
    load = etree.Element("load-configuration", action="set", format="text")
    etree.SubElement(load, "configuration-set").text = "set snmp location attic"
    person.rpc(load)
    result = shop.apply()
    person.close()
    (failed,) = result.failed
    assert "pat" in failed.text
    assert result.exit_code != 0
    assert not any("guest-web" in line for line in shop.lines(node_of(1)))


@pytest.mark.parametrize("what", ['drop = "after"', "outlives = 40"])
def test_a_commit_whose_answer_is_lost_is_found_by_its_log_and_gone_on_with(shop: World, what: str) -> None:
    shop.misbehave(LATE.format(nth=2, what=what))
    before = shop.commits(node_of(1))
    result = shop.apply()
    assert (result.exit_code, [one.text for one in result.failed]) == (0, [])
    commits = shop.commits(node_of(1))[len(before) :]
    assert len(commits) == 2
    assert shop.plan().changes == ()


def test_a_commit_that_was_lost_before_it_was_done_is_told_and_done_by_the_next_apply(shop: World) -> None:
    shop.misbehave(LATE.format(nth=2, what='drop = "before"'))
    result = shop.apply()
    assert result.exit_code == 8
    assert shop.apply().exit_code == 0
    assert any("guest-web" in line for line in shop.lines(node_of(1)))
    assert shop.plan().changes == ()


def test_what_a_device_refuses_is_told_in_its_words_and_nothing_is_changed(shop: World) -> None:
    before = shop.lines(node_of(1))
    shop.misbehave(LATE.format(nth=1, what='error = "Zone guest is full"'))
    result = shop.apply()
    (failed,) = result.failed
    assert "Zone guest is full" in failed.text
    assert shop.lines(node_of(1)) == before
    assert shop.apply().exit_code == 0


def test_a_device_that_is_not_reached_is_taken_as_recorded_and_the_others_are_done(shops: Shops) -> None:
    world = shops(2)
    assert world.apply().exit_code == 0
    for node in (0, 1):
        world.lab.power(node_of(2, node), on=False)
    plan = world.plan()
    assert plan.changes == ()
    assert any("shop2 is taken as recorded" in note for note in plan.notes)
    world.edit("# here", NEW)
    result = world.apply()
    assert result.exit_code == 3
    assert any("guest-web" in line for line in world.lines(node_of(1)))
    for node in (0, 1):
        world.lab.power(node_of(2, node), on=True)
    world.lab.clock.sleep(1200)
    plan = world.plan()
    assert [str(one.document) for one in plan.transactions] == ["device:shop2"]
    assert world.apply().exit_code == 0
    assert world.plan().changes == ()


def test_what_left_the_stack_goes_from_a_device_that_was_away_while_it_did(shops: Shops) -> None:
    world = shops(2)
    assert world.apply().exit_code == 0
    for node in (0, 1):
        world.lab.power(node_of(2, node), on=False)
    world.edit(', guest: "172.22.99.1/24"', "")
    world.edit('allow("guest-out", [guest], anything, second)', "")
    world.edit('guest = Network("guest", subnet="172.22.99.0/24", vlan_id=99)', "")
    world.edit(', "ge-0/0/7"', ', "ge-0/0/5"')
    assert world.apply().exit_code == 3
    for node in (0, 1):
        world.lab.power(node_of(2, node), on=True)
    world.lab.clock.sleep(1200)
    assert {str(one.document) for one in world.plan().transactions} == {"device:shop2"}
    assert world.apply().exit_code == 0
    left = world.lines(node_of(2))
    assert [line for line in left if "guest" in line or "unit 99" in line or "ge-0/0/7 unit 0" in line] == []
    assert world.plan().changes == ()


SILENT = """
[srx]
[[srx.silent]]
host = "192.0.2.1"
"""


def test_a_commit_after_which_a_probe_is_silent_is_not_confirmed_and_goes_back(shop: World) -> None:
    shop.edit('provider("srx")', 'provider("srx", probes=["192.0.2.1", "198.51.100.1"])')
    shop.misbehave(SILENT)
    result = shop.apply()
    (failed,) = result.failed
    assert result.exit_code in (3, 10)
    assert "shop1 gets no answer from 192.0.2.1: no response" in failed.text
    assert "198.51.100.1" not in failed.text
    assert not any("guest-web" in line for line in shop.lines(node_of(1)))
    shop.misbehave("")
    assert shop.apply().exit_code == 0
    assert shop.plan().changes == ()


def test_probes_are_a_list_of_hosts_and_anything_else_is_one_line(shop: World) -> None:
    shop.edit('provider("srx")', 'provider("srx", probes="192.0.2.1")')
    with pytest.raises(HaplanError, match=r"probes.*192\.0\.2\.1"):
        shop.plan()

"""How few calls a refresh takes, and that it misses nothing."""

import re

import pytest

from haplan.contracts import Query, Target
from haplan.model.state import Row
from haplan_mist.lab import LabDefinition, Settings
from tests.mixed import mixed

REACH = 3
"""Lists that tell whom a site's variables reach, beside the sites: templates, profiles, devices."""


def row(world, site, variables):
    return Row(address=f"site.{site['name']}", type="site", provider="mist", id=site["id"], name=site["name"],
               values={"variables": variables}, declared=("variables",))  # fmt: skip


@pytest.fixture
def estate(make_world):
    """Thirty sites with variables, recorded."""
    world = make_world(definition=LabDefinition(settings=Settings(page_limit=20)))
    for number in mixed(30):
        site = world.portal("POST", world.org("sites"), {"name": f"s{number}"})
        world.portal("PUT", f"/sites/{site['id']}/setting", {"vars": {"A": str(number)}})
        found = row(world, site, {"A": str(number)})
        world.rows[found.address] = found
    # the log's newest entry has a second of its own
    world.lab.clock.sleep(2)
    world.portal("POST", world.org("networks"), {"name": "theirs"})
    world.lab.clock.sleep(2)
    return world


def refreshed(world):
    before = world.made()
    reading = world.read()
    world.memory = reading.memory
    return reading, world.made() - before


def test_a_cold_refresh_reads_pages_and_one_setting_a_site(estate):
    reading, calls = refreshed(estate)
    # two pages of sites, whom they reach, the log's newest entry, thirty settings
    assert calls == 2 + REACH + 1 + 30
    assert reading.seen["site.s29"].values["variables"] == {"A": "29"}


def test_a_warm_refresh_reads_no_setting_that_nobody_touched(estate):
    refreshed(estate)
    reading, calls = refreshed(estate)
    assert calls == 3 + REACH
    assert reading.seen["site.s29"].values["variables"] == {"A": "29"}


def test_a_portal_edit_is_seen_warm_with_who_and_when(estate):
    refreshed(estate)
    estate.portal("PUT", f"/sites/{estate.rows['site.s7'].id}/setting", {"vars": {"A": "x"}})
    reading, calls = refreshed(estate)
    assert calls == 4 + REACH
    assert reading.seen["site.s7"].values["variables"] == {"A": "x"}
    assert "@" in reading.seen["site.s7"].who
    assert reading.seen["site.s7"].when > 0


def test_drift_that_was_not_mended_is_still_seen_at_the_next_refresh(estate):
    refreshed(estate)
    estate.portal("PUT", f"/sites/{estate.rows['site.s7'].id}/setting", {"vars": {"A": "x"}})
    refreshed(estate)
    reading, _ = refreshed(estate)
    assert reading.seen["site.s7"].values["variables"] == {"A": "x"}


def test_an_edit_of_a_site_outside_a_partial_refresh_is_seen_by_the_next_whole_one(estate):
    refreshed(estate)
    estate.portal("PUT", f"/sites/{estate.rows['site.s7'].id}/setting", {"vars": {"A": "x"}})
    estate.memory = estate.read(estate.target(estate.rows["site.s1"])).memory
    reading, _ = refreshed(estate)
    assert reading.seen["site.s7"].values["variables"] == {"A": "x"}


def test_a_gap_in_the_log_reads_everything_again_and_says_so(estate):
    refreshed(estate)
    anchor = {"id": "not-there", "at": estate.memory["anchor"]["at"]}
    estate.memory = {**estate.memory, "anchor": anchor}
    reading, calls = refreshed(estate)
    # two pages of sites, whom they reach, the log since the last look and its newest entry, thirty settings
    assert calls == 2 + REACH + 1 + 1 + 30
    assert reading.notes == ("the audit log has a gap since the last refresh: every site setting was read again",)
    reading, calls = refreshed(estate)
    assert calls == 3 + REACH


def test_sites_that_an_apply_made_since_need_no_setting_either(world):
    world.memory = world.read(Target(address="site.s", type="site", name="s", values={"variables": {"A": "1"}})).memory
    for number in mixed(5):
        world.create("site", f"n{number}", variables={"A": str(number)})
    world.portal("POST", world.org("sites"), {"name": "theirs"})
    for number in mixed(5):
        world.create("site", f"m{number}", variables={"A": str(number)})
    before = world.made()
    reading = world.read()
    assert [seen.values["variables"]["A"] for seen in reading.seen.values()] == [str(n) for n in mixed(5) * 2]
    assert world.made() - before == 2 + REACH
    world.memory = reading.memory
    world.update("site.n1", variables={"A": "new"})
    before = world.made()
    assert world.read().seen["site.n1"].values["variables"] == {"A": "new"}
    assert world.made() - before == 2 + REACH


def test_a_list_that_is_young_enough_is_used_again_and_knows_our_own_writes(world):
    world.create("network", "x", subnet="10.0.0.0/24")
    target = world.target(world.rows["network.x"])
    before = world.made()
    assert world.read(target, max_age=60).seen["network.x"].values["subnet"] == "10.0.0.0/24"
    assert world.made() == before
    world.lab.clock.sleep(61)
    world.read(target, max_age=60)
    assert world.made() == before + 1


def test_only_the_lists_that_are_needed_are_read(world):
    before = len(world.logged)
    world.provider.read(
        Query(
            targets=(
                Target(address="network.x", type="network", name="x"),
                Target(address="overlay.o", type="overlay", name="o"),
            )
        )
    )
    paths = [re.search(r"/orgs/[^/]+/(\w+)", line)[1] for line in world.logged[before:]]
    assert paths == ["networks", "vpns", "gatewaytemplates", "deviceprofiles", "sites", "inventory"]


def test_drift_of_an_object_asks_the_log_once_for_who(world):
    for name in ("x", "y", "z"):
        world.create("network", name, subnet="10.0.0.0/24")
    for name in ("x", "y"):
        world.portal("PUT", world.org(f"networks/{world.rows[f'network.{name}'].id}"), {"subnet": "10.9.0.0/24"})
    before = world.made()
    seen = world.read().seen
    assert world.made() - before == 2 + 4
    assert "@" in seen["network.x"].who
    assert "@" in seen["network.y"].who
    assert seen["network.z"].who == ""

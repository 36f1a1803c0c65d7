"""What a plan says of pairs that stand, changed or not, as the boxes tell it."""

from collections.abc import Callable

import pytest

from haplan.errors import Denied
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]


def told(world: World) -> dict[str, tuple[str, str]]:
    """Severity and text of what a plan finds, by rule."""
    return {one.rule: (one.severity, one.message) for one in world.plan().findings}


def test_a_pair_that_runs_two_releases_takes_no_change_and_the_way_out_is_named(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    with world.lab.estate.write() as tx:
        tx.run("update boxes set version = '24.4R2.1' where mac = ?", node_of(1, 1))
    both = f"{node_of(1)} 24.4R1.9, {node_of(1, 1)} 24.4R2.1"
    found = told(world)
    assert found["HA006"] == ("warning", f"shop1: its nodes run different firmware ({both})")
    method = "the in-band cluster upgrade (ICU), or the minimal-downtime procedure,"
    assert found["HA148"] == ("warning", f"shop1: {method} required to bring its nodes to one release")
    assert "HA146" not in found  # nothing changes
    world.edit("vlan_id=100", "vlan_id=101")
    made = world.plan()
    denied = {(one.severity, one.message) for one in made.findings if one.rule == "HA146"}
    assert denied == {("error", f"this reaches shop1: mixed firmware ({both}); finish the upgrade first")}
    commits = world.commits(node_of(1))
    with pytest.raises(Denied, match="HA146"):
        world.apply(made)
    assert world.commits(node_of(1)) == commits
    with world.lab.estate.write() as tx:
        tx.run("update boxes set version = '24.4R1.9' where mac = ?", node_of(1, 1))
    assert world.apply().exit_code == 0


def test_a_node_that_is_off_and_a_cable_that_is_out_are_told_though_nothing_changes(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    assert not {"HA176", "HA177", "HA184"} & set(told(world))
    world.lab.link(node_of(1), "ge-0/0/2", up=False)
    assert told(world)["HA177"][0] == "warning"
    world.lab.power(node_of(1, 1), on=False)
    assert told(world)["HA176"] == ("warning", f"shop1: node1 {node_of(1, 1)} is offline")

"""After the commit: what is waited for, what is held back, what is red."""

from collections.abc import Callable

import pytest

from haplan.errors import Denied
from haplan_ssr.client import Client
from tests.ssr_e2e.world import World

Make = Callable[..., World]


def test_nodes_that_never_run_have_failed_after_their_time_and_the_next_apply_goes_on(pair: Make) -> None:
    world = pair("[settings]\nonly_listed_assets = true\n")
    result = world.apply()
    assert result.exit_code == 3
    assert "branch: node0 disconnected, node1 disconnected, after 35 min" in result.failed[0].text
    assert 2100 <= result.seconds < 2200
    plan = world.plan()
    assert {change.why for change in plan.changes} == {"resume"}
    world.box(id="A", connected=True)
    world.box(id="B", connected=True)
    assert world.apply().exit_code == 0
    assert world.plan().empty()


def test_the_time_that_forming_may_take_is_the_clusters(pair: Make) -> None:
    world = pair("[settings]\nonly_listed_assets = true\n")
    world.edit("stack.py", 'Cluster("branch",', 'Cluster("branch", lifecycle=lifecycle(timeouts={"formation": 300}),')
    result = world.apply()
    assert 300 <= result.seconds < 400


def test_a_change_of_a_router_that_is_offline_is_held_back_and_said(pair: Make) -> None:
    world = pair()
    world.apply()
    world.box(id="B", connected=False)
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    result = world.apply()
    assert result.exit_code == 0
    assert "branch is offline: node1 disconnected" in result.pending[0].text
    world.box(id="B", connected=True)
    assert world.apply().exit_code == 0
    assert world.plan().empty()


@pytest.mark.parametrize(
    ("old", "new"),
    [("9.9.9.9/32", "9.9.9.8/32"), ('"allow", applications=[dns]', '"deny", applications=[dns]')],
    ids=["application", "policy"],
)
def test_a_change_of_what_a_router_serves_is_told_and_held_back_as_one_of_the_router(
    pair: Make, old: str, new: str
) -> None:
    world = pair()
    world.apply()
    world.box(id="B", connected=False)
    world.edit("stack.py", old, new)
    plan = world.plan()
    (change,) = plan.changes
    assert change.sites == ("branch",)
    assert change.impact.note == "1 router configured anew"
    assert "branch node1 is offline: its part will be pending" in plan.notes
    result = world.apply(plan)
    assert result.exit_code == 0
    assert "branch is offline: node1 disconnected" in result.pending[0].text


def test_nothing_is_changed_in_a_pair_that_runs_two_versions(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    before, made = world.calls("POST /config/commit"), world.plan()
    world.box(id="B", version="6.2.5-1")
    result = world.apply(made)  # planned while both were equal
    assert result.exit_code != 0
    assert "HA146: branch: nodes run different software (6.2.5-1, 6.3.0-107.r1); nothing was sent" in str(result)
    told = {one.message for one in world.plan().findings if (one.rule, one.severity) == ("HA146", "error")}
    both = "02005e100c30 6.3.0-107.r1, 02005e100c31 6.2.5-1"
    assert told == {f"this reaches branch: mixed firmware ({both}); finish the upgrade first"}
    with pytest.raises(Denied, match="HA146"):
        world.apply()
    assert world.calls("POST /config/commit") == before
    assert not world.is_dirty()
    world.box(id="B", version="6.3.0-107.r1")
    assert world.apply().exit_code == 0


def test_nothing_is_changed_in_a_pair_in_which_a_node_is_stuck(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    boxes = [
        {"assetId": name, "routerName": "branch", "nodeName": node, "status": status, "t128Version": "6.3.0-107.r1"}
        for name, node, status in (("A", "node0", "Running"), ("B", "node1", "Upgrading"))
    ]
    world.fault(on="GET /asset", status=200, body=boxes, times=0)
    before = world.calls("POST /config/commit")
    plan = world.plan()
    assert "branch node1 is upgrading: nothing is sent into a pair before both run or are away" in plan.notes
    result = world.apply(plan)
    assert result.exit_code != 0
    assert "branch: node1 is upgrading, neither running nor away; nothing was sent" in str(result)
    assert world.calls("POST /config/commit") == before
    assert not world.is_dirty()
    world.edit("stack.py", 'node("02005e100c31", asset_id="B")', 'node("02005e100c32", asset_id="C")')
    assert not [line for line in world.plan().notes if "upgrading" in line]  # who is stuck is the one that goes


def test_nodes_that_came_to_unequal_software_meanwhile_are_red(pair: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    commit = Client.commit

    def and_one_is_upgraded(self: Client) -> object:
        world.box(id="B", version="6.2.5-1")
        return commit(self)

    monkeypatch.setattr(Client, "commit", and_one_is_upgraded)
    result = world.apply()
    assert result.exit_code == 3
    assert result.failed[0].text == "HA183: branch: nodes run different software: 6.2.5-1, 6.3.0-107.r1"


def test_a_redundant_lan_on_unequal_ports_is_paired_by_its_mac_and_healthy(pair: Make) -> None:
    world = pair()
    world.edit("stack.py", "ge-0/0/3,ge-1/0/3", "ge-0/0/3,ge-1/0/2")
    result = world.apply()
    assert [one.text for one in result.failed] == []
    assert result.exit_code == 0
    assert world.plan().empty()


def test_an_offline_node_is_told_at_plan(pair: Make) -> None:
    world = pair()
    world.apply()
    world.box(id="B", connected=False)
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    assert "branch node1 is offline: its part will be pending" in world.plan().notes


def test_a_redundant_lan_without_one_active_and_one_standby_is_red(pair: Make) -> None:
    world = pair("[settings]\nelection_seconds = 100000\n")
    result = world.apply()
    assert result.exit_code == 3
    assert "HA182: branch: ge-0-3 is unknown and unknown, expected one active, one standby" in result.failed[0].text


def test_a_spoke_whose_path_stays_down_stops_what_lies_behind_its_gate(example: World) -> None:
    example.misbehave("[settings]\npeering_seconds = 100000\n")
    result = example.apply()
    assert result.exit_code == 10
    (failed,) = result.failed
    assert failed.address == "cluster.spoke1"
    assert "HA180: spoke1: the path to h1 by node0/wan0 is down" in failed.text
    assert [outcome.address for outcome in result.stopped] == ["cluster.spoke2"]
    assert {"h1", "h2", "spoke1"} <= {router["name"] for router in example.running()["router"]}
    assert "spoke2" not in {router["name"] for router in example.running()["router"]}


def test_waiting_is_one_look_at_the_assets_for_all(example: World, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    example.apply()
    example.edit("../modules/hub_spoke.py", "cloud_access=False)", "cloud_access=False, )")
    example.edit("../modules/spokes.csv", "172.22.99,2099", "172.22.99,2100")
    example.edit("../modules/spokes.csv", "172.22.88,2088", "172.22.88,2089")
    looks = []
    assets = Client.assets
    monkeypatch.setattr(Client, "assets", lambda self: (looks.append(1), assets(self))[1])
    result = example.apply()
    assert result.exit_code == 0
    assert len(looks) == 3  # when planning, before the write, and while waiting

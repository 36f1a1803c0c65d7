"""Spokes of a stack, towards a hub that people made in the portal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from haplan.errors import Denied
from tests.e2e.world import World, summary

STACK = """
from haplan import provider
from haplan.design import Application, HubProfile, Network, Policy, Steering, WanEdgeTemplate
from haplan.design import dhcp, ha_fabric, ha_sync, lan, wan

provider("mist")
h9 = HubProfile.existing("h9", name="hub 9")
office = Network("office", subnet="172.22.99.0/24", vlan_id=2099)
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp(), overlay=[h9.endpoint("wan0")]),
    wan("wan1", "ge-1/0/0", dhcp(), overlay=[h9.endpoint("wan1", preference=2)]),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "172.22.99.1/24"}),
    ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5"),
])
home = Steering("home", template=edge, paths=[h9.endpoint("wan0"), h9.endpoint("wan1")])
Policy("out", template=edge, networks=[office], action="allow", applications=[anything], steering=home)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "stack.py").write_text(STACK)
    world = World(tmp_path)
    yield world
    world.close()


def make_hub(world: World, overlay: str = "Their.Overlay") -> None:
    paths = {f"hub 9-wan{number}": {} for number in (0, 1)}
    ports = {
        f"ge-{n}/0/0": {"usage": "wan", "name": f"wan{n}", "vpn_paths": {f"hub 9-wan{n}.{overlay}": {"role": "hub"}}}
        for n in (0, 1)
    }
    post(world, "vpns", {"name": overlay, "type": "hub_spoke", "paths": paths})
    post(world, "deviceprofiles", {"name": "hub 9", "type": "gateway", "port_config": ports})


def post(world: World, path: str, body: Any) -> None:
    world.portal.post(f"/api/v1/orgs/{world.lab.org_id}/{path}", json=body).raise_for_status()


def towards(world: World) -> list[str]:
    ports = world.template("edge")["port_config"]
    return [path for port in ports.values() for path in port.get("vpn_paths") or {}]


def test_the_overlay_is_found_in_the_organisation(world: World) -> None:
    make_hub(world)
    result = world.apply()
    assert (result.exit_code, result.failed) == (0, ())
    assert towards(world) == ["hub 9-wan0.Their.Overlay", "hub 9-wan1.Their.Overlay"]
    assert world.template("edge")["path_preferences"]["home"]["paths"] == [
        {"type": "vpn", "name": "hub 9-wan0.Their.Overlay"},
        {"type": "vpn", "name": "hub 9-wan1.Their.Overlay"},
    ]
    plan = world.plan()
    assert (summary(plan), plan.drift) == ({}, ())
    assert not [note for note in plan.notes if "not in the stack" in note]


def test_a_path_that_leaves_the_stack_leaves_the_template(world: World) -> None:
    make_hub(world)
    assert world.apply().exit_code == 0
    world.edit("stack.py", ', overlay=[h9.endpoint("wan1", preference=2)]', "")
    world.edit("stack.py", 'paths=[h9.endpoint("wan0"), h9.endpoint("wan1")]', 'paths=[h9.endpoint("wan0")]')
    assert world.apply().exit_code == 0
    assert towards(world) == ["hub 9-wan0.Their.Overlay"]
    assert summary(world.plan()) == {}


def test_a_path_that_somebody_pointed_elsewhere_is_drift(world: World) -> None:
    make_hub(world)
    assert world.apply().exit_code == 0
    paths = [{"type": "vpn", "name": "hub 9-wan0.Other"}, {"type": "vpn", "name": "hub 9-wan1.Their.Overlay"}]
    template = world.template("edge")
    world.put(
        f"/orgs/{{org}}/gatewaytemplates/{template['id']}",
        {"path_preferences": {"home": {"strategy": "ordered", "paths": paths}}},
    )
    assert summary(world.plan()) == {"steering.edge.home": "update"}
    assert world.apply().exit_code == 0
    assert world.template("edge")["path_preferences"]["home"]["paths"][0]["name"] == "hub 9-wan0.Their.Overlay"


def test_an_endpoint_that_no_overlay_has_is_refused_by_name(world: World) -> None:
    make_hub(world)
    world.edit("stack.py", 'overlay=[h9.endpoint("wan0")]', 'overlay=[h9.endpoint("wan7")]')
    (finding,) = [finding for finding in world.plan().findings if finding.rule == "HA072"]
    assert (finding.address, finding.message) == ("wan_edge_template.edge", "edge/wan0: no overlay endpoint hub 9-wan7")
    assert finding.hint == "known: hub 9-wan0, hub 9-wan1"
    with pytest.raises(Denied, match="HA072"):
        world.apply()

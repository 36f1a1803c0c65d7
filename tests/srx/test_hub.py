"""A hub as the way out of its spokes, and as the way from one to another; what a WAN may dial."""

from pathlib import Path

import pytest

from tests.srx.stacks import design, lines, translation

WORLD = """
from haplan import provider, secret
from haplan.design import *
provider("srx")
overlay = Overlay("mesh-less", psk=secret("env:PSK"))
def links(*extra):
    return [*extra, ha_fabric("ge-0/0/2,ge-1/0/2")]
branch = Network("branch", subnet="{{LAN}}.0/24", vlan_id=10, advertise=overlay)
home = Network("home", subnet="10.9.0.0/24", vlan_id=10, advertise=overlay)
anything = Application("anything", addresses=["0.0.0.0/0"], protocols=["any"])
web = Application("web", addresses=["203.0.113.0/24"], protocols=["tcp/443"])
inside = Application("inside", addresses=["10.0.0.0/8"], protocols=["any"])
hub = HubProfile("hub", overlay=overlay, interfaces=links(
    wan("north", "ge-0/0/7", static("192.0.2.1/24", gateway="192.0.2.254")),
    wan("east", "ge-1/0/7", static("198.51.100.1/24", gateway="198.51.100.254")),
    lan("lan", "ge-0/0/3,ge-1/0/3", {home: "10.9.0.1/24"})))
spoke = WanEdgeTemplate("spoke", interfaces=links(
    wan("mpls", "ge-0/0/7", static("192.0.2.10/24", gateway="192.0.2.253"), overlay=[hub.endpoint("north")]),
    wan("lte", "ge-1/0/7", static("198.51.100.10/24", gateway="198.51.100.253"), overlay=[hub.endpoint("east")]),
    lan("lan", "ge-0/0/3,ge-1/0/3", {branch: "{{LAN}}.1/24"})))
ends = [hub.endpoint("north"), hub.endpoint("east")]
up = Steering("up", template=spoke, paths=ends)
Policy("all-up", template=spoke, networks=[branch], applications=[anything], action="allow", steering=up)
out = Steering("out", profile=hub, paths=[hub.wan("east"), hub.wan("north")])
over = Steering("over", profile=hub, paths=ends)
Policy("between", profile=hub, networks=[branch, home], applications=[inside], action="allow", steering=over)
# deny
Policy("web-out", profile=hub, networks=[branch], applications=[web], action="allow", steering=out)
for number, (label, owner) in enumerate({"h": {"profile": hub}, "s1": {"template": spoke},
                                         "s2": {"template": spoke}}.items()):
    site = Site(label, country_code="CH", timezone="Europe/Zurich", variables={"LAN": f"10.1.{number}"})
    Cluster(label, site=site, model="SRX300", cluster_id=number + 1,
            nodes=[f"02000000{number}00", f"02000000{number}01"], **owner)
"""
OUT = "from-overlay"
FILTER = f"firewall family inet filter[{OUT}]"


@pytest.fixture
def hub(tmp_path: Path) -> list[str]:
    found = translation(design(tmp_path, WORLD), "cluster.h")
    assert found.troubles == ()
    return lines(found.configuration)


def test_what_a_hub_lets_out_for_its_spokes_is_steered_there(hub: list[str]) -> None:
    assert [line for line in hub if line.startswith(FILTER) and "[web-out]" in line] == [
        f"{FILTER} term[web-out] from source-address[10.1.1.0/24]",
        f"{FILTER} term[web-out] from source-address[10.1.2.0/24]",
        f"{FILTER} term[web-out] from destination-address[203.0.113.0/24]",
        f"{FILTER} term[web-out] from protocol = tcp",
        f"{FILTER} term[web-out] from destination-port = 443",
        f"{FILTER} term[web-out] then routing-instance routing-instance-name = steer-out",
    ]
    bound = [line for line in hub if line.endswith(f"family inet filter input filter-name = {OUT}")]
    assert len(bound) == 4
    assert all(line.startswith("interfaces interface[st0] unit[") for line in bound)
    assert [line for line in hub if line.startswith(FILTER)][-1] == f"{FILTER} term[rest] then accept"


def test_what_a_hub_lets_out_for_its_spokes_leaves_by_the_address_of_the_wan(hub: list[str]) -> None:
    for wan in ("east", "north"):
        assert f"security nat source rule-set[to-{wan}] from zone = home hub-east hub-north" in hub
        policy = f"security policies policy[hub-north,{wan}] policy[web-out]"
        assert f"{policy} match source-address = net-branch" in hub
        assert f"{policy} then permit" in hub


def test_one_endpoint_of_a_hub_leads_from_spoke_to_spoke_by_the_route_to_each(hub: list[str]) -> None:
    assert "security policies policy[hub-north,hub-north] policy[between] then permit" in hub
    assert "security policies policy[home,home] policy[between] then permit" not in hub
    assert "routing-instances instance[steer-over] routing-options static route[0.0.0.0/0] next-table = inet.0" in hub
    assert not [
        line for line in hub if line.startswith("routing-instances instance[steer-over]") and "next-hop" in line
    ]


def test_a_denial_at_a_hub_holds_between_spokes_too(tmp_path: Path) -> None:
    deny = 'Policy("never", profile=hub, networks=[branch], applications=[web], action="deny", steering=over)'
    said = lines(translation(design(tmp_path, WORLD.replace("# deny", deny)), "cluster.h").configuration)
    zones = {line.split("]")[0] for line in said if line.endswith("policy[never] then deny")}
    ends = ("hub-east", "hub-north")
    assert zones == {f"security policies policy[{one},{other}"
                     for one in ends for other in ("east", "north", *ends, "home")}  # fmt: skip


def test_a_rule_of_a_hub_leads_one_way(tmp_path: Path) -> None:
    text = WORLD.replace("profile=hub, paths=ends)", 'profile=hub, paths=[*ends, hub.wan("east")])')
    troubles = translation(design(tmp_path, text), "cluster.h").troubles
    assert [one.text for one in troubles] == [
        "steering over: at a hub a rule leads into the overlay or out of a WAN, not to both"
    ]


def test_two_wans_that_would_dial_one_endpoint_are_refused(tmp_path: Path) -> None:
    text = WORLD.replace('overlay=[hub.endpoint("east")]', 'overlay=[hub.endpoint("east"), hub.endpoint("north")]')
    (trouble,) = translation(design(tmp_path, text), "cluster.s1").troubles
    assert trouble.origin == "wan_edge_template.spoke"
    assert "interface lte: mpls dials hub-north already" in trouble.text

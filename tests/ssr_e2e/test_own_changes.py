"""A commit carries the changes of its plan: what others committed beside them is left, and told."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan.report.result import result_lines
from tests.ssr_e2e.world import World

Make = Callable[..., World]
DENY = ("PATCH", "/authority/service/internet/access-policy/guest", {"permission": "deny"})
WAN0 = "/authority/router/branch/node/node0/device-interface/ge-0-0/network-interface/wan0"
LAN = "/authority/router/branch/node/{}/device-interface/ge-0-3/network-interface/guest"


def permission(world: World) -> str:
    return str(world.service("internet")["access-policy"][0]["permission"])


def interface(world: World, name: str) -> dict[str, Any]:
    return next(
        interface
        for node in world.router("branch")["node"]
        for device in node["device-interface"]
        for interface in device["network-interface"]
        if interface["name"] == name
    )


def test_an_emergency_deny_stays_when_a_template_that_its_policy_lives_in_gets_another_mtu(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", 'wan("wan0", "ge-0/0/0", dhcp())', 'wan("wan0", "ge-0/0/0", dhcp(), mtu=1400)')
    plan = world.plan()
    world.change(*DENY)
    result = world.apply(plan)
    assert result.exit_code == 0
    assert permission(world) == "deny"
    assert interface(world, "wan0")["mtu"] == 1400
    assert [change.address for change in world.plan().changes] == ["policy.edge.internet"]


def test_a_deny_of_one_policy_stays_when_another_one_of_the_same_rule_gets_another_way(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", 'action="allow", applications=[dns]', 'action="deny", applications=[dns]')
    plan = world.plan()
    world.change("PATCH", "/authority/service-policy/out/vector/wan0", {"priority": "never"})
    world.change(*DENY)
    result = world.apply(plan)
    assert result.exit_code == 0
    assert permission(world) == "deny"
    assert world.service("names")["access-policy"][0]["permission"] == "deny"
    (wan0,) = [v for p in world.running()["service-policy"] for v in p["vector"] if v["name"] == "wan0"]
    assert wan0["priority"] == "never"
    said = "\n".join(map(str, result_lines(result)))
    assert "2 things moved meanwhile that this plan does not touch" in said
    assert "policy.edge.internet (action)" in said


@pytest.mark.parametrize("refresh", [True, False])
def test_what_an_application_and_a_policy_lose_is_taken_off_the_conductor(pair: Make, refresh: bool) -> None:
    world = pair()
    world.edit("stack.py", 'protocols=["udp/53"]', 'protocols=["udp/53", "tcp/53"]')
    world.edit("stack.py", "networks=[guest], action=\"allow\", applications=[dns]",
               "networks=[guest, office], action=\"allow\", applications=[dns]")  # fmt: skip
    world.apply()
    world.edit("stack.py", 'protocols=["udp/53", "tcp/53"]', 'protocols=["udp/53"]')
    world.edit("stack.py", "networks=[guest, office]", "networks=[guest]")
    assert world.apply(refresh=refresh).exit_code == 0
    assert [one["protocol"] for one in world.service("names")["transport"]] == ["udp"]
    assert [one["source"] for one in world.service("names")["access-policy"]] == ["guest"]
    assert world.plan().empty()


def test_a_change_of_the_same_object_is_refused_and_nothing_is_sent(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", 'wan("wan0", "ge-0/0/0", dhcp())', 'wan("wan0", "ge-0/0/0", dhcp(), mtu=1400)')
    plan = world.plan()
    world.change("PATCH", WAN0, {"source-nat": False, "conductor": False})
    before = world.calls("POST /config/commit")
    result = world.apply(plan)
    assert result.exit_code == 5
    assert "wan_edge_template.edge: interfaces.wan0" in result.failed[0].text
    assert world.calls("POST /config/commit") == before
    assert interface(world, "wan0")["source-nat"] is False


def test_what_the_plan_puts_back_is_put_back_and_nothing_beside_it(pair: Make) -> None:
    world = pair()
    world.apply()
    world.change(*DENY)
    plan = world.plan()
    assert [change.address for change in plan.changes] == ["policy.edge.internet"]
    for node in ("node0", "node1"):
        world.change("PATCH", LAN.format(node), {"vlan": 7}, commit=node == "node1")
    assert world.apply(plan).exit_code == 0
    assert permission(world) == "allow"
    assert interface(world, "guest")["vlan"] == 7
    assert [one.address for one in world.plan().drift] == ["network.guest"]


def test_a_name_that_a_second_rule_would_change_is_not_changed_over_somebodys_edit(pair: Make) -> None:
    """Two steering rules of one name and other content are renamed both: the first one's too, which did not change."""
    world = pair()
    world.apply()
    world.edit(
        "stack.py", 'Policy("internet"',
        'other = WanEdgeTemplate("other", interfaces=[\n'
        '    wan("wan0", "ge-0/0/0", dhcp()), wan("wan1", "ge-1/0/0", dhcp()),\n'
        '    lan("lan", "ge-0/0/3,ge-1/0/3", {guest: "172.22.99.1/24"}),\n'
        '    ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")])\n'
        'Steering("out", template=other, paths=[other.wan("wan0"), other.wan("wan1")])\nPolicy("internet"',
    )  # fmt: skip
    plan = world.plan()
    world.change("PATCH", "/authority/service-policy/out", {"lb-strategy": "proportional"})
    result = world.apply(plan)
    assert result.exit_code == 5
    assert "steering.edge.out: service-policy out lb-strategy" in result.failed[0].text
    (policy,) = world.running()["service-policy"]
    assert policy["lb-strategy"] == "proportional"


@pytest.mark.parametrize("target", ["wan_edge_template.edge", "policy.edge.names"])
def test_drift_that_the_plan_leaves_out_is_left(pair: Make, target: str) -> None:
    world = pair()
    world.apply()
    world.change(*DENY)
    world.edit("stack.py", 'wan("wan0", "ge-0/0/0", dhcp())', 'wan("wan0", "ge-0/0/0", dhcp(), mtu=1400)')
    world.edit("stack.py", 'action="allow", applications=[dns]', 'action="deny", applications=[dns]')
    assert world.apply(targets=(target,)).exit_code == 0
    assert permission(world) == "deny"


@pytest.mark.parametrize("refresh", [True, False])
def test_another_gateway_of_a_steering_rule_reaches_the_routes_of_the_policies_that_go_by_it(
    pair: Make, refresh: bool
) -> None:
    """They do not change themselves, and nothing of the rule but what their routes say is on a conductor."""
    world = pair()
    paths = 'paths=[edge.wan("wan1"), edge.wan("wan0")]'
    world.edit("stack.py", paths, 'paths=[local(guest, gateway_ip="172.22.99.7")]')
    world.apply()
    world.edit("stack.py", "172.22.99.7", "172.22.99.8")
    assert [change.address for change in world.plan().changes] == ["steering.edge.out"]
    assert world.apply(refresh=refresh).exit_code == 0
    hops = [hop["gateway-ip"] for route in world.router("branch")["service-route"] for hop in route["next-hop"]]
    assert set(hops) == {"172.22.99.8"}
    assert world.plan().empty()

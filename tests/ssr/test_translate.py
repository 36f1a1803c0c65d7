"""Resources as configuration of a conductor, as tables: what is changed in the small design, and what comes of it."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan.model.value import Ref
from haplan_ssr.model import evaluate
from haplan_ssr.rules import tree_of
from haplan_ssr.translate import Terms, translate
from haplan_ssr.translate.routers import shared_mac
from tests.ssr.conftest import WAN1, Design, lines, problems, said

SPOKE_WAN1 = "router spoke node node1 device-interface ge-0-0 network-interface wan1"
SPOKE_LAN = "router spoke node node0 device-interface ge-0-3"


def test_the_small_design_keeps_every_rule_of_the_vendors_model(design: Design) -> None:
    found = translate(design.pieces())
    report = evaluate(tree_of(found), release="6.3.0")
    assert problems(found) == []
    assert report.problems == ()
    assert report.evaluated > 400


def test_a_cluster_is_a_router_with_two_nodes_the_lower_mac_first(design: Design) -> None:
    found = lines(translate(design.pieces()), "router spoke node")
    nodes = [line for line in found if "device-interface" not in line]
    assert nodes == [
        "router spoke node node0", "router spoke node node0 asset-id = a", "router spoke node node0 role = combo",
        "router spoke node node1", "router spoke node node1 asset-id = b", "router spoke node node1 role = combo",
    ]  # fmt: skip


def test_a_tenant_comes_from_lan_interfaces_alone_and_the_hub_lets_in_the_tenant_of_its_spokes(design: Design) -> None:
    found = lines(translate(design.pieces()))
    assert [line for line in found if line.startswith("tenant")] == ["tenant guest", "tenant office"]
    carrying = {line.split(" network-interface ")[1] for line in found if " tenant = " in line}
    assert carrying == {"guest tenant = guest", "office tenant = office"}
    assert {"service to-hub access-policy guest permission = allow",
            "service to-hub applies-to router router-name = hub spoke"} <= set(found)  # fmt: skip


def test_a_site_is_the_location_of_its_router(design: Design) -> None:
    found = lines(translate(design.pieces()), "router spoke location", "router hub location")
    assert found == ["router hub location = h", "router spoke location = 1 main st"]


def test_the_links_of_a_pair_are_a_forwarding_and_a_non_forwarding_fabric_interface(design: Design) -> None:
    found = lines(translate(design.pieces()), *(f"router spoke node node{n} device-interface ge-0-5" for n in (0, 1)))
    at = ["router spoke node node0 device-interface ge-0-5", "router spoke node node1 device-interface ge-0-5"]
    assert found == [
        line
        for start, address in zip(at, ("169.254.253.1", "169.254.253.2"), strict=True)
        for line in (
            start,
            f"{start} forwarding = false",
            f"{start} network-interface sync",
            f"{start} network-interface sync address {address}",
            f"{start} network-interface sync address {address} prefix-length = 30",
            f"{start} network-interface sync type = fabric",
            f"{start} pci-address = 0000:02:00.0",
        )
    ]


def test_a_redundant_lan_has_one_mac_on_both_nodes_and_the_same_interfaces_below(design: Design) -> None:
    found = lines(translate(design.pieces()), *(f"router spoke node node{n} device-interface ge-0-3" for n in (0, 1)))
    node0, node1 = (
        [line.replace(f"node{n}", "node") for line in found if line.startswith(f"router spoke node node{n}")]
        for n in (0, 1)
    )
    assert node0 == node1
    assert f"{SPOKE_LAN} shared-phys-address = {shared_mac('spoke', 'lan')}" in found
    assert f"{SPOKE_LAN} network-interface guest vlan = 30" in found
    assert f"{SPOKE_LAN} network-interface guest tenant = guest" in found


def test_a_shared_mac_is_stable_unicast_and_another_for_each_router_and_interface() -> None:
    assert shared_mac("spoke", "lan") == "02:72:b3:f2:a3:5e"
    assert len({shared_mac(f"r{n}", name) for n in range(1000) for name in ("lan", "lan2")}) == 2000


def test_the_preferred_node_of_a_lan_has_the_higher_priority(design: Design) -> None:
    design.values("wan_edge_template.t")["interfaces"]["lan"]["primary"] = "node1"
    found = lines(translate(design.pieces()), "router spoke redundancy-group")
    assert found == [
        "router spoke redundancy-group node1-first-node0",
        "router spoke redundancy-group node1-first-node0 member node0 ge-0-3",
        "router spoke redundancy-group node1-first-node0 priority = 25",
        "router spoke redundancy-group node1-first-node1",
        "router spoke redundancy-group node1-first-node1 member node1 ge-0-3",
        "router spoke redundancy-group node1-first-node1 priority = 50",
    ]


def test_hub_and_spoke_meet_in_a_neighborhood_of_the_endpoints_name(design: Design) -> None:
    found = [line for line in lines(translate(design.pieces()), "router") if "neighborhood" in line and "=" in line]
    wan0 = "node node0 device-interface ge-0-0 network-interface wan0 neighborhood h-wan0"
    assert found == [
        f"router hub {wan0} peer-connectivity = bidirectional",
        f"router hub {wan0} topology = hub",
        f"router hub {wan0} vector = h-wan0",
        f"router spoke {wan0} peer-connectivity = outbound-only",
        f"router spoke {wan0} topology = spoke",
        f"router spoke {wan0} vector = h-wan0",
    ]


def test_both_ends_of_an_overlay_policy_are_one_service(design: Design) -> None:
    found = translate(design.pieces())
    assert lines(found, "service to-hub", "service in ") == [
        "service to-hub",
        "service to-hub access-policy guest",
        "service to-hub access-policy guest permission = allow",
        "service to-hub address = 10.1.0.0/24",
        "service to-hub applies-to router",
        "service to-hub applies-to router router-name = hub spoke",
        "service to-hub scope = private",
        "service to-hub security = internal",
        "service to-hub service-policy = over",
        "service to-hub share-service-routes = true",
    ]
    assert lines(found, "router hub service-route") == [
        "router hub service-route to-hub-office",
        "router hub service-route to-hub-office next-hop node0 office",
        "router hub service-route to-hub-office service-name = to-hub",
    ]
    assert found.own["policy.h.in"] == found.own["policy.t.to-hub"]
    assert not said(lines(found, "router spoke service-route"), "to-hub")  # the conductor makes it


def test_ordered_wans_are_service_routes_with_vectors_in_order_of_priority(design: Design) -> None:
    found = translate(design.pieces())
    assert lines(found, "service-policy out", "router spoke service-route internet-wan1") == [
        "router spoke service-route internet-wan1",
        "router spoke service-route internet-wan1 enable-failover = true",
        "router spoke service-route internet-wan1 next-hop node1 wan1",
        "router spoke service-route internet-wan1 service-name = internet",
        "router spoke service-route internet-wan1 vector = wan1",
        "service-policy out",
        "service-policy out lb-strategy = hunt",
        "service-policy out vector wan0",
        "service-policy out vector wan0 priority = 20",
        "service-policy out vector wan1",
        "service-policy out vector wan1 priority = 10",
    ]


def test_a_policy_of_a_template_that_no_pair_carries_is_not_sent(design: Design) -> None:
    found = translate(design.drop("cluster.spoke").pieces())
    assert lines(found, "service internet", "router spoke") == []


# --- Tables -----------------------------------------------------------------------------------------------------------

Change = Callable[[Design], Any]


def interface(name: str, **values: Any) -> Change:
    return lambda design: design.values("wan_edge_template.t")["interfaces"][name].update(values)


SAID: list[tuple[str, Change, list[str]]] = [
    ("a static WAN", lambda design: None, [
        f"{SPOKE_WAN1} address 192.0.2.10 prefix-length = 25", f"{SPOKE_WAN1} address 192.0.2.10 gateway = 192.0.2.1",
        f"{SPOKE_WAN1} source-nat = true", f"{SPOKE_WAN1} conductor = true"]),
    ("a DHCP WAN", interface("wan1", address={"type": "dhcp"}), [f"{SPOKE_WAN1} dhcp = v4"]),
    ("a WAN with VLAN and MTU", interface("wan1", vlan_id="{{VLAN}}", mtu=1400),
     [f"{SPOKE_WAN1} vlan = 30", f"{SPOKE_WAN1} mtu = 1400"]),
    ("a WAN without NAT, by which no conductor is reached", interface("wan1", source_nat=False),
     [f"{SPOKE_WAN1} source-nat = false", f"! {SPOKE_WAN1} conductor = true"]),
    ("a public address of a hub", lambda design: design.values("hub_profile.h")["interfaces"]["wan0"].update(
        public_ip="203.0.113.7"),
     ["router hub node node0 device-interface ge-0-0 network-interface wan0 neighborhood h-wan0 external-nat-address"
      " = 203.0.113.7"]),
    ("an untagged network", interface("lan", untagged="guest"), [f"! {SPOKE_LAN} network-interface guest vlan = 30"]),
    ("a second address", interface("lan", networks={"guest": {"ip": "10.9.30.1/24", "secondary": ["10.9.31.1/24"]}}),
     [f"{SPOKE_LAN} network-interface guest address 10.9.31.1 prefix-length = 24"]),
    ("a DHCP server", interface("lan", networks={"guest": {"ip": "10.9.30.1/24", "dhcp": {
        "type": "local", "start": "10.9.30.9", "end": "10.9.30.99", "dns_servers": ["9.9.9.9"], "lease": 3600}}}), [
        f"{SPOKE_LAN} network-interface guest address 10.9.30.1 host-service dhcp-server max-lease-time = 3600",
        f"{SPOKE_LAN} network-interface guest address 10.9.30.1 host-service dhcp-server address-pool 10.9.30.9"
        " end-address = 10.9.30.99",
        f"{SPOKE_LAN} network-interface guest address 10.9.30.1 host-service dhcp-server address-pool 10.9.30.9"
        " domain-server = 9.9.9.9"]),
    ("name and time servers", lambda design: design.change("wan_edge_template.t", dns_servers=["9.9.9.9"],
                                                           ntp_servers=["192.0.2.123"]),
     ["router spoke dns-config static address = 9.9.9.9", "router spoke system ntp server 192.0.2.123"]),
    ("a mesh", lambda design: design.change("overlay.o", type="mesh"), [
        f"router {name} node node0 device-interface ge-0-0 network-interface wan0 neighborhood h-wan0 {leaf}"
        for name in ("hub", "spoke") for leaf in ("topology = mesh", "peer-connectivity = bidirectional")]),
    ("ecmp over WANs", lambda design: design.change("steering.t.out", strategy="ecmp"),
     ["service-policy out lb-strategy = proportional", "service-policy out vector wan0 priority = 10",
      "service-policy out vector wan1 priority = 10"]),
    ("one WAN only", lambda design: design.change("steering.t.out", paths=[{"kind": "wan", "name": "wan1"}]),
     ["service-policy out vector wan0 priority = never", "service-policy out vector wan1 priority = 10",
      "! router spoke service-route internet-wan0"]),
    ("a path that is not used", lambda design: design.change("steering.t.out", paths=[
        {"kind": "wan", "name": "wan1"}, {"kind": "wan", "name": "wan0", "disabled": True}]),
     ["service-policy out vector wan0 priority = never", "! router spoke service-route internet-wan0"]),
    ("protocols", lambda design: design.change("policy.t.internet", applications=["dns"]), [
        "service internet transport udp port-range 53", "service internet transport tcp port-range 853"]),
    ("a range of ports", lambda design: design.change("application.any", protocols=["tcp/80-90", "47"]), [
        "service internet transport tcp port-range 80 end-port = 90", "service internet transport gre"]),
    ("several applications", lambda design: design.change("policy.t.internet", applications=["any", "dns"]),
     ["service internet-any address = 0.0.0.0/0", "service internet-dns address = 8.8.8.8/32"]),
    ("applications by name", lambda design: design.change("application.any", addresses=None, apps=["office365"]), [
        "service internet application-name = office365", "router spoke application-identification mode = all",
        "! router hub application-identification mode = all"]),
    ("two policies for one application, which steer alike", lambda design: design.add("policy.t.staff", {
        "template": "t", "networks": ["office"], "applications": ["any"], "action": "allow", "steering": "out"},
        "wan_edge_template.t"), [
        "service internet access-policy guest permission = allow", "service internet access-policy office permission ="
        " allow", "router spoke service-route internet-wan1 vector = wan1", "! service staff"]),
    ("a policy that keeps a second network out", lambda design: design.add("policy.t.staff", {
        "template": "t", "networks": ["office"], "applications": ["any"], "action": "deny"}, "wan_edge_template.t"), [
        "service internet access-policy office permission = deny", "! service staff"]),
    ("a redundant LAN on unequal ports", interface("lan", ports="ge-0/0/3,ge-1/0/2"), [
        f"{SPOKE_LAN} shared-phys-address = {shared_mac('spoke', 'lan')}",
        f"router spoke node node1 device-interface ge-0-2 shared-phys-address = {shared_mac('spoke', 'lan')}"]),
    ("a deny", lambda design: design.change("policy.t.internet", action="deny"),
     ["service internet access-policy guest permission = deny", "! router spoke service-route internet-wan1"]),
    ("a rule of one name in two owners", lambda design: design.add("steering.h.out", {
        "profile": "h", "strategy": "ordered", "paths": [{"kind": "wan", "name": "wan0"}]}, "hub_profile.h"),
     ["service-policy h-out vector wan0 priority = 10", "service-policy t-out vector wan0 priority = 20",
      "service internet service-policy = t-out"]),
    ("a way into a LAN", lambda design: design.add("steering.t.in", {
        "template": "t", "strategy": "ordered", "paths": [{"kind": "local", "networks": ["guest"],
                                                           "gateway_ip": "10.9.30.9"}]}, "wan_edge_template.t")
     .change("policy.t.internet", steering="in"),
     ["router spoke service-route internet-guest next-hop node0 guest gateway-ip = 10.9.30.9"]),
    ("a name that a conductor does not take", lambda design: design.add(
        "policy.t.web & mail", {"template": "t", "networks": ["guest"], "applications": ["dns"], "action": "allow",
                                "steering": "out"}, "wan_edge_template.t"),
     ["service web---mail address = 8.8.8.8/32"]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in SAID], ids=[case[0] for case in SAID])
def test_what_comes_of(design: Design, change: Change, expected: list[str]) -> None:
    change(design)
    found = translate(design.pieces())
    there = set(lines(found))
    assert problems(found) == []
    for line in expected:
        assert (line.removeprefix("! ") in there) == (not line.startswith("! ")), line
    assert evaluate(tree_of(found), release="6.3.0").problems == ()


REFUSED: list[tuple[str, Change, tuple[str, ...]]] = [
    ("a model without port table", lambda design: design.change("cluster.spoke", model="SSR440"),
     ("SSR002", "cluster.spoke", "SSR440")),
    ("a port that the model has not", interface("wan1", ports="ge-1/0/9"), ("SSR002", "wan1", "ge-1/0/9")),
    ("a node without asset id", lambda design: design.values("cluster.spoke")["nodes"].update({"0200000000ff": {}}),
     ("SSR003", "cluster.spoke", "node1 (0200000000ff)")),
    ("one asset id twice", lambda design: design.values("cluster.spoke")["nodes"].update(
        {"0200000000ff": {"asset_id": "H1"}}), ("SSR001", "node1 of spoke", "node0 of hub", "H1")),
    ("a reserved name", lambda design: design.add("cluster.any", design.values("cluster.spoke")).drop("cluster.spoke"),
     ("SSR001", "cluster.any", "reserved")),
    ("a name like a generated one", lambda design: design.add("network._x", {"subnet": "10.0.0.0/24"}),
     ("SSR001", "network._x", "underscore")),
    ("two names that come out the same", lambda design: design.add("network.a b", {"subnet": "10.2.0.0/24"})
     .add("network.a/b", {"subnet": "10.3.0.0/24"}), ("SSR001", "network a b", "network a/b", "tenant a-b")),
    ("weighted steering", lambda design: design.change("steering.t.out", strategy="weighted"),
     ("SSR004", "steering.t.out", "no weights")),
    ("PPPoE", interface("wan1", address={"type": "pppoe", "username": "u"}), ("SSR006", "wan1", "pppoe")),
    ("a DHCP relay", interface("lan", networks={"guest": {"ip": "10.9.30.1/24", "dhcp": {"type": "relay"}}}),
     ("SSR006", "guest", "relay")),
    ("a bundle", interface("lan", aggregated=True), ("SSR006", "lan", "bundles")),
    ("two primaries on one pair of ports", interface("lan", networks={
        "guest": {"ip": "10.9.30.1/24"}, "office": {"ip": "10.1.0.1/24"}},
        primary={"guest": "node0", "office": "node1"}),
     ("SSR006", "lan", "one primary node")),
    ("a variable that is not there", lambda design: design.change(
        "wan_edge_template.t", interfaces={"wan1": {**WAN1, "address": {
         "type": "static", "ip": "{{NONE}}/25", "gateway": "{{GW}}"}}}), ("SSR006", "{{NONE}}/25", "define")),
    ("categories", lambda design: design.change("application.any", addresses=None, categories=["games"]),
     ("SSR006", "application.any", "URL categories")),
    ("a protocol without name", lambda design: design.change("application.any", protocols=["esp", "50"]),
     ("SSR006", "application.any", "50")),
    ("tunnels", lambda design: design.change("steering.t.out", paths=[{"kind": "tunnel", "name": "zs"}]),
     ("SSR006", "steering.t.out", "tunnels")),
    ("two policies about the same", lambda design: design.add("policy.t.again", {
        "template": "t", "networks": ["guest"], "applications": ["any"], "action": "deny"}, "wan_edge_template.t"),
     ("SSR005", "internet", "again", "policy.t.internet", "guest", "0.0.0.0/0")),
    ("one network let in and kept out of one service", lambda design: design.change("policy.h.in", action="deny"),
     ("SSR006", "policy.", "'allow'", "'deny'", "access-policy guest permission")),
    ("a LAN on the sync link", lambda design: design.change("network.guest", subnet="169.254.253.0/24").values(
        "wan_edge_template.t")["interfaces"]["lan"]["networks"]["guest"].update(ip="169.254.253.9/24"),
     ("SSR006", "wan_edge_template.t", "lan/guest 169.254.253.0/24 overlaps the sync link", 'provider("ssr", sync=')),
    ("two policies of one application that steer otherwise", lambda design: design.add("policy.t.staff", {
        "template": "t", "networks": ["office"], "applications": ["any"], "action": "allow"}, "wan_edge_template.t"),
     ("SSR005", "internet and staff are two services of 0.0.0.0/0 that differ in their tenants alone")),
    ("two endpoints whose names become one", lambda design: design.values("hub_profile.h")["interfaces"].update(
        wan1={**WAN1, "ports": "ge-1/0/0", "endpoint": "h.wan0", "address": {"type": "static", "ip": "192.0.2.9/25",
                                                                             "gateway": "192.0.2.1"}}),
     ("SSR001", "endpoint h.wan0 and endpoint h-wan0 are both neighborhood h-wan0")),
    ("no way", lambda design: design.change("policy.t.internet", steering=None), ("SSR008", "spoke has no way to any")),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_refused_says_what_and_why(design: Design, change: Change, expected: tuple[str, ...]) -> None:
    change(design)
    found = translate(design.pieces())
    told = [f"{one.rule} {one.address}: {one.text} {one.hint}" for one in found.problems]
    assert said(told, *expected), told


ALIKE: list[tuple[str, list[str], list[str], bool]] = [
    ("both any", ["any"], ["any"], True),
    ("any and a port", ["any"], ["tcp/80"], False),
    ("two ports", ["tcp/80"], ["tcp/443"], False),
    ("the same port", ["tcp/80,81"], ["tcp/81"], True),
    ("the same port of another protocol", ["udp/53"], ["tcp/53"], False),
    ("ranges that meet", ["tcp/80-90"], ["tcp/90-99"], True),
]


@pytest.mark.parametrize(("one", "other", "refused"), [case[1:] for case in ALIKE], ids=[case[0] for case in ALIKE])
def test_two_policies_are_ambiguous_only_if_neither_is_narrower(
    design: Design, one: list[str], other: list[str], refused: bool
) -> None:
    design.change("application.any", protocols=one)
    design.add("application.other", {"addresses": ["0.0.0.0/0"], "protocols": other})
    policy = {**design.values("policy.t.internet"), "applications": ["other"]}
    design.add("policy.t.other", policy, "wan_edge_template.t")
    assert bool(problems(translate(design.pieces()), "SSR005")) == refused


def test_the_same_traffic_for_other_networks_is_not_ambiguous(design: Design) -> None:
    policy = {**design.values("policy.t.internet"), "networks": ["office"]}
    design.add("policy.t.other", policy, "wan_edge_template.t")
    assert problems(translate(design.pieces())) == []


def test_the_same_traffic_on_other_routers_is_not_ambiguous(design: Design) -> None:
    design.add("wan_edge_template.u", design.values("wan_edge_template.t"))
    nodes = {"0200000000ee": {"asset_id": "C"}, "0200000000dd": {"asset_id": "D"}}
    design.add("cluster.other", {**design.values("cluster.spoke"), "template": "u", "nodes": nodes})
    policy = {"template": "u", "networks": ["guest"], "applications": ["any"], "action": "deny"}
    design.add("policy.u.nothing", policy, "wan_edge_template.u")
    assert problems(translate(design.pieces())) == []


def test_two_steerings_of_one_application_to_one_hub_are_refused_with_both_names(design: Design) -> None:
    design.add("steering.t.over2", {**design.values("steering.t.over"), "strategy": "ordered"}, "wan_edge_template.t")
    policy = {**design.values("policy.t.to-hub"), "networks": ["office"], "steering": "over2"}
    design.add("policy.t.to-hub2", policy, "wan_edge_template.t")
    assert said(problems(translate(design.pieces()), "SSR005"), "to-hub and to-hub2", "policy.t.to-hub2")


# --- Releases ---------------------------------------------------------------------------------------------------------


def test_an_older_conductor_cannot_put_local_wans_in_order(design: Design) -> None:
    old = translate(design.pieces(), Terms(release=(5, 3)))
    assert said(problems(old), "SSR004 steering.t.out", "5.3", "5.4")


def test_an_older_conductor_is_not_sent_vectors_of_routes(design: Design) -> None:
    design.change("steering.t.out", paths=[{"kind": "wan", "name": "wan1"}])
    old, new = (translate(design.pieces(), Terms(release=release)) for release in ((5, 3), (5, 4)))
    assert problems(old) == problems(new) == []
    assert evaluate(tree_of(old), release="5.3").problems == ()
    assert said(lines(new), "service-route internet-wan1 vector")
    assert not said(lines(old), "service-route internet-wan1 vector")


# --- Laws -------------------------------------------------------------------------------------------------------------


def test_the_order_in_which_resources_come_means_nothing(design: Design) -> None:
    found = design.pieces()
    assert translate(found).flat() == translate(reversed(found)).flat()


def test_what_only_an_apply_can_tell_is_left_out(design: Design) -> None:
    unknown = Ref("record.x", ("value",))
    design.change("network.guest", vlan_id=unknown)
    design.values("wan_edge_template.t")["interfaces"]["wan1"].update(
        mtu=unknown, address={"type": "static", "ip": unknown, "gateway": unknown}
    )
    found = translate(design.pieces())
    assert problems(found) == []
    assert not said(lines(found), "wan1 mtu")
    assert not said(lines(found), "network-interface guest vlan")


def test_everything_has_a_source_among_the_resources(design: Design) -> None:
    found = translate(design.pieces())
    assert {source.address for given in found.entries.values() for source in given.sources} <= set(design.table)


def test_names_that_are_made_of_long_ones_stay_apart(design: Design) -> None:
    long = "x" * 62 + "y"
    design.table[f"policy.t.{long}"] = design.table.pop("policy.t.internet")
    found = translate(design.pieces())
    routes = {
        path[2][1]
        for path in found.entries
        if path[1] == ("router", "spoke") and path[2:] and path[2][0] == "service-route"
    }
    assert len(routes) == 2
    assert all(len(name) <= 63 and name.startswith("x" * 50) for name in routes)
    assert problems(found) == []

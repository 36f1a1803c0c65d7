"""Vocabulary to wire and back, as tables."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.vendor_keys import Doubt
from haplan_mist.translate import gateway, keys, merge, objects, ports

OVERLAYS = frozenset({"OrgOverlay"})

OBJECTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("site", {"country_code": "US", "timezone": "America/New_York", "address": "1 Main St"},
     {"country_code": "US", "timezone": "America/New_York", "address": "1 Main St"}),
    ("overlay", {"type": "hub_spoke", "endpoints": ["h1-wan0", "h1-wan1"]},
     {"type": "hub_spoke", "paths": {"h1-wan0": {}, "h1-wan1": {}}}),
    ("network", {"subnet": "10.0.0.0/24", "vlan_id": 10, "advertise": ["OrgOverlay"], "cloud_access": False},
     {"subnet": "10.0.0.0/24", "vlan_id": 10, "vpn_access": {"OrgOverlay": {"routed": True}},
      "disallow_mist_services": True}),
    ("network", {"subnet": "{{PFX}}.0/24", "vlan_id": "{{VLAN}}", "advertise": [], "cloud_access": True},
     {"subnet": "{{PFX}}.0/24", "vlan_id": "{{VLAN}}"}),
    ("application", {"addresses": ["8.8.8.8/32"], "protocols": ["udp/53", "tcp/8080,8443", "gre", "47", "icmp"]},
     {"type": "custom", "addresses": ["8.8.8.8/32"],
      "specs": [{"protocol": "udp", "port_range": "53"}, {"protocol": "tcp", "port_range": "8080,8443"},
                {"protocol": "gre"}, {"protocol": "47"}, {"protocol": "icmp"}]}),
    ("application", {"addresses": ["0.0.0.0/0"], "protocols": ["any"]},
     {"type": "custom", "addresses": ["0.0.0.0/0"], "specs": [{"protocol": "any"}]}),
    ("application", {"apps": ["netflix"]}, {"type": "apps", "apps": ["netflix"]}),
    ("application", {"categories": ["Games"]}, {"type": "app_categories", "app_categories": ["Games"]}),
    ("application", {"urls": ["*.example.com"]}, {"type": "urls", "urls": ["*.example.com"]}),
]  # fmt: skip

WAN0 = {"usage": "wan", "ports": "ge-0/0/0", "address": {"type": "dhcp"}, "source_nat": True,
        "overlay": {"h1-wan0": {"overlay": "OrgOverlay"},
                    "h2-wan0": {"overlay": "OrgOverlay", "preference": 5, "bfd": "lte"}}}  # fmt: skip
INTERFACES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("wan0", WAN0, {"port_config": {"ge-0/0/0": {
        "usage": "wan", "name": "wan0", "ip_config": {"type": "dhcp"},
        "vpn_paths": {"h1-wan0.OrgOverlay": {"role": "spoke"},
                      "h2-wan0.OrgOverlay": {"role": "spoke", "preference": 5, "bfd_profile": "lte"}}}}}),
    ("wan1", {"usage": "wan", "ports": "ge-1/0/0", "source_nat": False, "public_ip": "192.0.2.9", "vlan_id": 7,
              "mtu": 1400,
              "address": {"type": "static", "ip": "{{P}}.254/24", "gateway": "{{P}}.1"}},
     {"port_config": {"ge-1/0/0": {
         "usage": "wan", "name": "wan1", "wan_source_nat": {"disabled": True}, "wan_ext_ip": "192.0.2.9", "vlan_id": 7,
         "mtu": 1400, "ip_config": {"type": "static", "ip": "{{P}}.254", "netmask": "/24", "gateway": "{{P}}.1"}}}}),
    ("wan2", {"usage": "wan", "ports": "ge-0/0/7,ge-1/0/7", "source_nat": True, "redundant": True,
              "address": {"type": "pppoe", "username": "u", "auth": "chap"},
              "extra": {"mist": {"wan_type": "dsl", "ip_config": {"dns": ["9.9.9.9"]}}}},
     {"port_config": {"ge-0/0/7,ge-1/0/7": {
         "usage": "wan", "name": "wan2", "redundant": True, "wan_type": "dsl",
         "ip_config": {"type": "pppoe", "pppoe_username": "u", "pppoe_auth": "chap", "dns": ["9.9.9.9"]}}}}),
    ("lan", {"usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True, "primary": "node0", "reth_idx": 0,
             "redundancy_group": 1, "untagged": "a",
             "networks": {"a": {"ip": "10.0.0.1/24", "secondary": ["10.0.1.1/24"],
                                "dhcp": {"type": "local", "start": "10.0.0.9", "end": "10.0.0.99",
                                         "dns_servers": ["9.9.9.9"], "lease": 3600}},
                          "b": {"ip": "{{B}}.1/24", "dhcp": {"type": "relay", "servers": ["10.9.9.9"]}}}},
     {"port_config": {"ge-0/0/3,ge-1/0/3": {
         "usage": "lan", "networks": ["a", "b"], "redundant": True, "reth_node": "node0", "reth_idx": 0,
         "redundant_group": 1, "port_network": "a"}},
      "ip_configs": {"a": {"type": "static", "ip": "10.0.0.1", "netmask": "/24", "secondary_ips": ["10.0.1.1/24"]},
                     "b": {"type": "static", "ip": "{{B}}.1", "netmask": "/24"}},
      "dhcpd_config": {"a": {"type": "local", "ip_start": "10.0.0.9", "ip_end": "10.0.0.99",
                             "dns_servers": ["9.9.9.9"], "lease_time": 3600},
                       "b": {"type": "relay", "servers": ["10.9.9.9"]}}}),
    ("lan", {"usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True, "primary": {"a": "node1", "b": "node0"},
             "networks": {"a": {}, "b": {}}},
     {"port_config": {"ge-0/0/3,ge-1/0/3": {
         "usage": "lan", "networks": ["a", "b"], "redundant": True, "reth_nodes": ["node1", "node0"]}}}),
    ("lan", {"usage": "lan", "ports": "ge-0/0/3", "redundant": False, "networks": {}, "aggregated": True},
     {"port_config": {"ge-0/0/3": {"usage": "lan", "networks": [], "aggregated": True}}}),
    ("ha-fabric", {"usage": "ha_data", "ports": "ge-0/0/4,ge-1/0/4"},
     {"port_config": {"ge-0/0/4,ge-1/0/4": {"usage": "ha_data"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "wire"), OBJECTS)
def test_an_object_goes_to_the_wire_and_comes_back_the_same(kind, values, wire):
    assert objects.WIRE[kind](values) == wire
    assert objects.VALUES[kind]({**wire, "name": "x", "id": "1"}) == values


@pytest.mark.parametrize(("name", "interface", "wire"), INTERFACES)
def test_an_interface_goes_to_the_wire_and_comes_back_the_same(name, interface, wire):
    values = {"interfaces": {name: interface}}
    assert gateway.gateway_wire(values, {}) == wire
    back = gateway.gateway_values(wire, gateway.hints_of(values["interfaces"]), OVERLAYS)
    assert back["interfaces"] == {name: interface}


def test_a_hub_interface_is_an_endpoint_of_its_overlay():
    interface = {"usage": "wan", "ports": "ge-0/0/0", "address": {"type": "dhcp"}, "source_nat": True,
                 "endpoint": "h1-wan0"}  # fmt: skip
    wire = gateway.gateway_wire({"overlay": "OrgOverlay", "interfaces": {"wan0": interface}}, {})
    assert wire["port_config"]["ge-0/0/0"]["vpn_paths"] == {"h1-wan0.OrgOverlay": {"role": "hub"}}
    back = gateway.gateway_values(wire, {}, OVERLAYS, profile=True)
    assert back["interfaces"] == {"wan0": interface}
    assert back["overlay"] == "OrgOverlay"


@pytest.mark.parametrize("path", [
    {"kind": "wan", "name": "wan0"}, {"kind": "endpoint", "name": "h1-wan0", "overlay": "OrgOverlay"},
    {"kind": "tunnel", "name": "zs", "cost": 10}, {"kind": "wan", "name": "wan1", "disabled": True},
    {"kind": "local", "networks": ["lan"], "gateway_ip": "10.0.0.2", "target_ips": ["10.1.0.0/16"]},
])  # fmt: skip
def test_a_path_goes_to_the_wire_and_comes_back_the_same(path):
    rule = {"strategy": "ordered", "paths": [path]}
    assert gateway.steering_values(gateway.steering_wire(rule), OVERLAYS) == rule


def test_an_endpoint_named_without_its_overlay_takes_it_from_the_stack():
    wire = {"strategy": "ecmp", "paths": [{"type": "vpn", "name": "h1-wan1"}, {"type": "vpn", "name": "h1-wan0"}]}
    hint = [{"kind": "endpoint", "name": name, "overlay": "O"} for name in ("h1-wan0", "h1-wan1")]
    assert gateway.steering_values(wire, frozenset(), hint)["paths"] == hint


def test_a_policy_goes_to_the_wire_and_comes_back_the_same():
    values = {"networks": ["guest"], "applications": ["any"], "action": "allow", "steering": "only-wan1"}
    wire = gateway.policy_wire("p", values, {"idp": {"enabled": True}})
    assert wire["tenants"] == ["guest"]
    assert wire["path_preference"] == "only-wan1"
    assert gateway.policy_values(wire) == {**values, "extra": {"idp": {"enabled": True}}}


def test_a_dotted_mask_is_read_as_a_length():
    assert ports.ip_values({"ip": "10.0.0.1", "netmask": "255.255.255.0"}) == "10.0.0.1/24"


def test_a_put_carries_changed_keys_and_dashes_for_those_that_go():
    live = {"id": "1", "name": "x", "a": 1, "b": {"c": 2}, "d": [1], "gatewaytemplate_id": "t"}
    assert merge.body(live, {"name": "x", "a": 2}) == {"a": 2, "-b": "", "-d": "", "gatewaytemplate_id": None}


def test_nothing_changed_is_nothing_to_send():
    assert merge.body({"a": {}, "b": None}, {"c": []}) == {}


def test_keys_and_entries_of_others_survive_a_write():
    live = {"port_config": {
        "ge-0/0/0": {"usage": "wan", "name": "wan0", "wan_type": "lte",
                     "ip_config": {"type": "dhcp", "dns": ["9.9.9.9"]}},
        "ge-0/0/2": {"usage": "lan", "networks": ["other"]}}, "router_id": "1.1.1.1"}  # fmt: skip
    before = {
        "interfaces": {"wan0": {"usage": "wan", "ports": "ge-0/0/0", "source_nat": True, "address": {"type": "dhcp"}}}
    }
    after = {"interfaces": {"wan0": {"usage": "wan", "ports": "ge-0/0/0", "source_nat": True,
                                     "address": {"type": "static", "ip": "192.0.2.2/24"}}}}  # fmt: skip
    out = gateway.rewritten(live, before, after)
    assert out["router_id"] == "1.1.1.1"
    assert out["port_config"]["ge-0/0/2"] == {"usage": "lan", "networks": ["other"]}
    assert out["port_config"]["ge-0/0/0"] == {
        "usage": "wan", "name": "wan0", "wan_type": "lte",
        "ip_config": {"type": "static", "ip": "192.0.2.2", "netmask": "/24", "dns": ["9.9.9.9"]}}  # fmt: skip


def test_wan_only_keys_never_reach_a_lan_port_even_when_they_are_there_or_asked_for():
    live = {"port_config": {"ge-0/0/3": {"usage": "lan", "networks": ["a"], "wan_type": "broadband"}}}
    lan = {"usage": "lan", "ports": "ge-0/0/3", "networks": {"a": {}}, "extra": {"mist": {"svr_port_range": "none"}}}
    out = gateway.rewritten(live, {}, {"interfaces": {"lan": lan}})
    assert out["port_config"]["ge-0/0/3"] == {"usage": "lan", "networks": ["a"]}


def test_an_interface_that_moves_takes_along_what_others_set_on_it():
    live = {"port_config": {"ge-0/0/0": {"usage": "wan", "name": "wan0", "wan_type": "lte"}}}

    def at(port):
        return {"interfaces": {"wan0": {"usage": "wan", "ports": port, "source_nat": True}}}

    out = gateway.rewritten(live, at("ge-0/0/0"), at("ge-0/0/1"))
    assert out["port_config"] == {"ge-0/0/1": {"usage": "wan", "name": "wan0", "wan_type": "lte"}}


def test_an_interface_that_goes_goes_whole_with_its_addresses():
    live = {"port_config": {"ge-0/0/3": {"usage": "lan", "networks": ["a"], "description": "x"}},
            "ip_configs": {"a": {"type": "static", "ip": "10.0.0.1", "netmask": "/24"}}}  # fmt: skip
    lan = {"usage": "lan", "ports": "ge-0/0/3", "networks": {"a": {"ip": "10.0.0.1/24"}}}
    out = gateway.rewritten(live, {"interfaces": {"lan": lan}}, {"interfaces": {}})
    assert not out.get("port_config")
    assert not out.get("ip_configs")


def test_a_network_that_others_put_on_our_port_stays_on_it():
    live = {"port_config": {"p": {"usage": "lan", "networks": ["a", "theirs", "b"]}}}

    def with_(*names):
        return {"interfaces": {"lan": {"usage": "lan", "ports": "p", "networks": {name: {} for name in names}}}}

    out = gateway.rewritten(live, with_("a", "b"), with_("a", "c"))
    assert out["port_config"]["p"]["networks"] == ["a", "theirs", "c"]


@pytest.mark.parametrize(("live", "there", "wanted", "order"), [
    (["a", "b"], ["a", "b", "n"], ["a", "n", "b"], ["a", "n", "b"]),
    (["a", "x", "b"], ["a", "x", "b"], ["b", "a"], ["b", "a", "x"]),
    (["x", "a", "b"], ["x", "a", "b"], ["b", "a"], ["x", "b", "a"]),
    (["a", "x", "y", "b"], ["x", "y", "b"], ["b"], ["x", "y", "b"]),
    (["a", "b"], ["a", "b", "n"], [], ["a", "b", "n"]),
])  # fmt: skip
def test_what_nobody_owns_stays_behind_its_predecessor(live, there, wanted, order):
    assert gateway.sequenced(live, there, wanted) == order


@pytest.mark.parametrize(("kind", "extra", "line"), [
    ("network", {"vlan_id": 3}, "extra mist.vlan_id: the vocabulary says this: use vlan_id="),
    ("network", {"isolatoin": True},
     Doubt("extra mist.isolatoin: the description of Mist has no such key on a network; it is sent; "
           "did you mean isolation?")),
    ("wan", {"ip_config": {"gateway": "x"}}, "extra mist.ip_config.gateway: the vocabulary says this: use address="),
    ("lan", {"wan_type": "lte"}, "extra mist.wan_type: only a WAN port may have this, an SSR rejects it on lan"),
    ("wan_edge_template", {"bgp_config": {"core": {"neighbours": {"10.0.0.2": {"neighbor_as": 65000}}}}},
     Doubt("extra mist.bgp_config.core.neighbours: the description of Mist has no such key there; it is sent; "
           "did you mean neighbors?")),
    ("wan_edge_template", {"tunnel_configs": {"z": {"ike_proposals": [{"enc_algo": "aes256"}, {"enc_alg": "3des"}]}}},
     Doubt("extra mist.tunnel_configs.z.ike_proposals[1].enc_alg: the description of Mist has no such key there; "
           "it is sent; did you mean enc_algo?")),
    ("network", {"vpn_access": {"Org": {"advertized_subnet": "10.0.0.0/8"}}},
     Doubt("extra mist.vpn_access.Org.advertized_subnet: the description of Mist has no such key there; it is sent; "
           "did you mean advertised_subnet?")),
    ("site", {"ssr": {"conductor_host": []}},
     Doubt("extra mist.ssr.conductor_host: the description of Mist has no such key there; it is sent; "
           "did you mean conductor_hosts?")),
    ("cluster", {"deviceprofile_id": "x"}, "extra mist.deviceprofile_id: the vocabulary says this: use profile="),
    ("site", {"vars": {}}, "extra mist.vars: the vocabulary says this: use variables="),
])  # fmt: skip
def test_a_wrong_vendor_key_is_told_with_the_right_spelling(kind, extra, line):
    assert list(keys.problems(kind, extra)) == [line]


def test_right_vendor_keys_pass():
    assert not list(keys.problems("wan_edge_template", {"router_id": "1.1.1.1", "bgp_config": {}}))
    neighbors = {"10.0.0.2": {"neighbor_as": 65001, "tunnel_via": "wan0"}}
    dhcp = {
        "options": {"150": {"type": "ip", "value": "10.0.0.5"}},
        "fixed_bindings": {"0200000000aa": {"ip": "10.0.0.9"}},
    }
    deep = {"bgp_config": {"core": {"via": "lan", "neighbors": neighbors}}, "dhcpd_config": {"office": dhcp}}
    deep |= {"extra_routes": {"10.0.0.0/8": {"via": "10.0.0.1"}}}
    assert not list(keys.problems("wan_edge_template", deep))
    assert not list(keys.problems("site", {"notes": "x", "config_push_policy": {"no_push": True}}))


def test_two_wans_on_one_port_are_two_sub_interfaces_and_come_back_as_they_were() -> None:
    def wan(port: str, **more: Any) -> dict[str, Any]:
        return {"usage": "wan", "ports": port, "address": {"type": "dhcp"}, "source_nat": True, **more}

    interfaces = {"wan0": wan("ge-0/0/0", vlan_id=10), "wan1": wan("ge-0/0/0", vlan_id=20), "wan2": wan("ge-1/0/0")}
    wire = gateway.gateway_wire({"interfaces": interfaces}, {})
    assert {key: (port["name"], port.get("vlan_id")) for key, port in wire["port_config"].items()} == {
        "ge-0/0/0.10": ("wan0", 10), "ge-0/0/0.20": ("wan1", 20), "ge-1/0/0": ("wan2", None)
    }  # fmt: skip
    back = gateway.gateway_values(wire, gateway.hints_of(interfaces))
    assert back["interfaces"] == interfaces
    moved = {**interfaces, "wan1": wan("ge-0/0/0", vlan_id=30)}
    after = gateway.rewritten(wire, {"interfaces": interfaces}, {"interfaces": moved})
    assert sorted(after["port_config"]) == ["ge-0/0/0.10", "ge-0/0/0.30", "ge-1/0/0"]


NAMES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=5)


@given(NAMES, NAMES, NAMES)
def test_in_a_list_of_several_nobody_s_entry_is_lost_and_ours_are_in_their_order(live, old, new):
    there = merge.merged({"x": {"y": live}}, {"x": {"y": old}}, {"x": {"y": new}}, shared=True)["x"]["y"]
    theirs = [one for one in live if one not in old and one not in new]
    assert [one for one in there if one in new] == new
    assert [one for one in there if one in theirs] == theirs
    assert len(there) == len(new) + len(theirs)
    again = {"x": {"y": there}}
    assert merge.merged(again, {"x": {"y": new}}, {"x": {"y": new}}, shared=True) == again
    left = merge.merged(again, {"x": {"y": new}}, {}, shared=True)
    assert left == ({"x": {"y": theirs}} if theirs else {})

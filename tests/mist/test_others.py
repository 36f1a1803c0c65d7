"""What stands in a template beside what a stack says of it, and what a write takes away of that."""

from typing import Any

from haplan_mist.translate import others

WAN = {"usage": "wan", "ports": "ge-0/0/0", "address": {"type": "dhcp"}, "source_nat": True}
POOL = {"type": "local", "start": "10.0.0.5", "end": "10.0.0.9"}
LAN = {"usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True,
       "networks": {"guest": {"ip": "10.0.0.1/24", "dhcp": POOL}}}  # fmt: skip
OURS: dict[str, Any] = {"interfaces": {"wan0": WAN, "lan": LAN}}
LIVE: dict[str, Any] = {
    "id": "t1", "name": "edge", "router_id": "10.9.9.9", "ntpOverride": False,
    "tunnel_configs": {"zs": {"provider": "zscaler-ipsec"}}, "extra_routes": {"10.5.0.0/16": {"via": "10.0.0.2"}},
    "oob_ip_config": {"type": "dhcp", "node1": {"type": "dhcp", "use_mgmt_vrf": False}},
    "port_config": {
        "ge-0/0/0": {"usage": "wan", "name": "wan0", "ip_config": {"type": "dhcp"}, "description": "by hand",
                     "wan_arp_policer": "default"},
        "ge-0/0/3,ge-1/0/3": {"usage": "lan", "networks": ["guest"], "redundant": True},
        "ge-0/0/9": {"usage": "lan", "networks": ["theirs"], "description": "all of it is theirs"},
    },
    "ip_configs": {"guest": {"type": "static", "ip": "10.0.0.1", "netmask": "/24"}},
    "dhcpd_config": {"guest": {"type": "local", "ip_start": "10.0.0.5", "ip_end": "10.0.0.9",
                               "options": {"42": {"type": "ip", "value": "10.0.0.3"}}}},
    "service_policies": [{"name": "theirs", "tenants": ["lab.guest"], "services": ["any"], "path_preference": "out"},
                         {"servicepolicy_id": "p1", "action": "deny"}],
}  # fmt: skip


def test_routes_tunnels_router_ids_and_dhcp_options_are_told_and_what_the_portal_fills_in_is_not() -> None:
    assert others.words(LIVE, OURS, {}) == [
        "description of port ge-0/0/0", "options of the DHCP server of guest", "route to 10.5.0.0/16", "router_id",
        "tunnel zs",
    ]  # fmt: skip


def test_what_the_vocabulary_knows_and_the_stack_does_not_say_of_a_port_is_told_too() -> None:
    theirs = {"port_network": "guest", "mtu": 9000}
    ports = {**LIVE["port_config"], "ge-0/0/3,ge-1/0/3": {"usage": "lan", "networks": ["guest"], **theirs}}
    said = {"interfaces": {"wan0": WAN, "lan": {**LAN, "untagged": "guest"}}}
    told = {"port_network of port ge-0/0/3,ge-1/0/3", "mtu of port ge-0/0/3,ge-1/0/3"}
    assert told <= {*others.words({**LIVE, "port_config": ports}, OURS)}
    assert told & {*others.words({**LIVE, "port_config": ports}, said)} == {"mtu of port ge-0/0/3,ge-1/0/3"}


def test_what_the_stack_says_in_extra_is_no_other_s() -> None:
    said = {"interfaces": {"wan0": {**WAN, "extra": {"mist": {"description": "ours"}}}, "lan": LAN},
            "extra": {"router_id": "10.9.9.9", "tunnel_configs": {}, "extra_routes": {}}}  # fmt: skip
    assert others.words(LIVE, said) == ["options of the DHCP server of guest"]


def test_a_write_that_leaves_all_of_it_takes_nothing_away() -> None:
    moved = {"interfaces": {"wan0": {**WAN, "mtu": 1400}, "lan": LAN}}
    assert others.taken_away(LIVE, OURS, moved) == []


def test_an_interface_that_goes_takes_along_what_others_have_set_on_it() -> None:
    assert others.taken_away(LIVE, OURS, {"interfaces": {"lan": LAN}}) == ["port_config.ge-0/0/0.description"]
    without = {"interfaces": {"wan0": WAN, "lan": {**LAN, "networks": {"guest": {"ip": "10.0.0.1/24"}}}}}
    assert others.taken_away(LIVE, OURS, without) == ["dhcpd_config.guest.options"]


def test_a_template_that_goes_takes_all_of_it_along() -> None:
    gone = others.taken_away(LIVE, OURS, None)
    assert {"router_id", "tunnel_configs", "port_config.ge-0/0/9", "port_config.ge-0/0/0.description"} <= set(gone)


def test_policies_are_told_whoever_owns_them_and_one_of_the_organisation_with_what_it_says_there() -> None:
    shared = {"p1": {"name": "block", "tenants": ["lab"], "services": ["any"], "action": "allow"}}
    used = others.uses(LIVE, shared)
    assert [(one["name"], one["networks"], one["action"], one["steering"]) for one in used["policies"]] == [
        ("theirs", ["lab.guest"], "allow", "out"), ("org policy p1", ["lab"], "deny", "")
    ]  # fmt: skip
    assert others.uses({"router_id": "{{RID}}"}, {})["variables"] == ["RID"]

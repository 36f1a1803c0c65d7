"""The vocabulary on a device, as tables: what a line of a stack changes in the configuration, and what is refused."""

import os
from pathlib import Path

import pytest

from haplan_srx.translate.slots import ROWS, slots
from tests.srx.stacks import PAIR, design, design_of, lines, translation

HERE = Path(__file__).parent
STACKS = HERE.parent.parent / "stacks"
INTERFACE = "interfaces interface"
POLICY = "security policies policy[lan,wan0] policy[web-out]"
FILTER = "firewall family inet filter[from-lan] term[web-out]"

CASES = {
    "the LAN's address": (
        [('"10.0.0.1/24"', '"10.0.0.2/24"')],
        [f"{INTERFACE}[reth0] unit[10] family inet address[10.0.0.2/24]"],
        [f"{INTERFACE}[reth0] unit[10] family inet address[10.0.0.1/24]"],
    ),
    "a second address": (
        [('"10.0.0.1/24"', 'lan_address("10.0.0.1/24", secondary=["10.1.0.1/24"])')],
        [f"{INTERFACE}[reth0] unit[10] family inet address[10.1.0.1/24]"],
        [],
    ),
    "node1 has the LAN": (
        [("reth_idx=0", 'reth_idx=0, primary="node1"')],
        ["chassis cluster redundancy-group[1] node[0] priority = 100",
         "chassis cluster redundancy-group[1] node[1] priority = 200"],
        ["chassis cluster redundancy-group[1] node[0] priority = 200",
         "chassis cluster redundancy-group[1] node[1] priority = 100"],
    ),
    "another redundancy group": (
        [("reth_idx=0", "reth_idx=0, redundancy_group=2")],
        ["chassis cluster redundancy-group[2] node[0] priority = 200",
         "chassis cluster redundancy-group[2] node[1] priority = 100",
         "chassis cluster redundancy-group[2] gratuitous-arp-count = 4",
         "chassis cluster redundancy-group[2] interface-monitor[ge-0/0/3] weight = 255",
         "chassis cluster redundancy-group[2] interface-monitor[ge-1/0/3] weight = 255",
         f"{INTERFACE}[reth0] redundant-ether-options redundancy-group = 2"],
        ["chassis cluster redundancy-group[1] node[0] priority = 200",
         "chassis cluster redundancy-group[1] node[1] priority = 100",
         "chassis cluster redundancy-group[1] gratuitous-arp-count = 4",
         "chassis cluster redundancy-group[1] interface-monitor[ge-0/0/3] weight = 255",
         "chassis cluster redundancy-group[1] interface-monitor[ge-1/0/3] weight = 255",
         f"{INTERFACE}[reth0] redundant-ether-options redundancy-group = 1"],
    ),
    "a WAN by DHCP": (
        [('static("192.0.2.10/25", gateway="192.0.2.1")', "dhcp()")],
        [f"{INTERFACE}[ge-0/0/7] unit[0] family inet dhcp",
         "security zones security-zone[wan0] interfaces[ge-0/0/7.0] host-inbound-traffic system-services[dhcp]",
         "routing-options static route[0.0.0.0/0] qualified-next-hop[198.51.100.1] preference = 21",
         "routing-instances instance[steer-out] routing-options static route[0.0.0.0/0] next-table = inet.0"],
        [f"{INTERFACE}[ge-0/0/7] unit[0] family inet address[192.0.2.10/25]",
         "routing-options static route[0.0.0.0/0] qualified-next-hop[192.0.2.1] preference = 5",
         "routing-options static route[0.0.0.0/0] qualified-next-hop[198.51.100.1] preference = 6",
         "routing-instances instance[steer-out] routing-options static route[0.0.0.0/0] "
         "qualified-next-hop[192.0.2.1] preference = 5",
         "routing-instances instance[steer-out] routing-options static route[0.0.0.0/0] "
         "qualified-next-hop[198.51.100.1] preference = 6"],
    ),
    "a WAN's VLAN and MTU": (
        [('gateway="192.0.2.1")', 'gateway="192.0.2.1"), vlan_id=7, mtu=1400')],
        [f"{INTERFACE}[ge-0/0/7] vlan-tagging", f"{INTERFACE}[ge-0/0/7] unit[7] vlan-id = 7",
         f"{INTERFACE}[ge-0/0/7] mtu = 1400", f"{INTERFACE}[ge-0/0/7] unit[7] family inet address[192.0.2.10/25]",
         "security zones security-zone[wan0] interfaces[ge-0/0/7.7] host-inbound-traffic system-services[ping]"],
        [f"{INTERFACE}[ge-0/0/7] unit[0] family inet address[192.0.2.10/25]",
         "security zones security-zone[wan0] interfaces[ge-0/0/7.0] host-inbound-traffic system-services[ping]"],
    ),
    "no source NAT": (
        [('gateway="192.0.2.1")', 'gateway="192.0.2.1"), source_nat=False')],
        [],
        ["security nat source rule-set[to-wan0] from zone = lan",
         "security nat source rule-set[to-wan0] to zone = wan0",
         "security nat source rule-set[to-wan0] rule[to-wan0] src-nat-rule-match source-address = 0.0.0.0/0",
         "security nat source rule-set[to-wan0] rule[to-wan0] then source-nat interface"],
    ),
    "a DHCP server": (
        [('"10.0.0.1/24"', 'lan_address("10.0.0.1/24", dhcp=dhcp_server("10.0.0.100", "10.0.0.200", ["9.9.9.9"]))')],
        ["access address-assignment pool[lan] family inet network = 10.0.0.0/24",
         "access address-assignment pool[lan] family inet range[lan] low = 10.0.0.100",
         "access address-assignment pool[lan] family inet range[lan] high = 10.0.0.200",
         "access address-assignment pool[lan] family inet dhcp-attributes maximum-lease-time = 86400",
         "access address-assignment pool[lan] family inet dhcp-attributes router[10.0.0.1]",
         "access address-assignment pool[lan] family inet dhcp-attributes name-server[9.9.9.9]",
         "system services dhcp-local-server group[lan] interface[reth0.10]",
         "security zones security-zone[lan] interfaces[reth0.10] host-inbound-traffic system-services[dhcp]"],
        [],
    ),
    "a DHCP relay": (
        [('"10.0.0.1/24"', 'lan_address("10.0.0.1/24", dhcp=dhcp_relay(["10.9.0.1"]))')],
        ["forwarding-options dhcp-relay server-group server-group[lan] address[10.9.0.1]",
         "forwarding-options dhcp-relay group[lan] active-server-group active-server-group = lan",
         "forwarding-options dhcp-relay group[lan] interface[reth0.10]",
         "security zones security-zone[lan] interfaces[reth0.10] host-inbound-traffic system-services[dhcp]"],
        [],
    ),
    "name servers and time": (
        [("])\nout", '], dns_servers=["9.9.9.9"], ntp_servers=["192.0.2.9"])\nout')],
        ["system name-server[9.9.9.9]", "system ntp server[192.0.2.9]"],
        [],
    ),
    "a denial": (
        [('action="allow", steering=out', 'action="deny"')],
        [f"{POLICY} then deny", "security policies policy[lan,wan1] policy[web-out] then deny"],
        [f"{POLICY} then permit", "security policies policy[lan,wan1] policy[web-out] then permit",
         f"{FILTER} from destination-address[203.0.113.0/24]", f"{FILTER} from protocol = tcp",
         f"{FILTER} from destination-port = 443",
         f"{FILTER} then routing-instance routing-instance-name = steer-out",
         "firewall family inet filter[from-lan] term[rest] then accept",
         f"{INTERFACE}[reth0] unit[10] family inet filter input filter-name = from-lan"],
    ),
    "a denial with steering": (  # denied whatever the way, or a later policy lets it out by another
        [('action="allow", steering=out', 'action="deny", steering=out'), (', edge.wan("wan1")])', "])")],
        [f"{POLICY} then deny", "security policies policy[lan,wan1] policy[web-out] then deny"],
        [f"{POLICY} then permit", "security policies policy[lan,wan1] policy[web-out] then permit",
         f"{FILTER} from destination-address[203.0.113.0/24]", f"{FILTER} from protocol = tcp",
         f"{FILTER} from destination-port = 443",
         f"{FILTER} then routing-instance routing-instance-name = steer-out",
         "firewall family inet filter[from-lan] term[rest] then accept",
         f"{INTERFACE}[reth0] unit[10] family inet filter input filter-name = from-lan",
         "routing-instances instance[steer-out] routing-options static route[0.0.0.0/0] "
         "qualified-next-hop[198.51.100.1] preference = 6"],
    ),
    "equal cost": (
        [('paths=[edge.wan("wan0"), edge.wan("wan1")]', 'strategy="ecmp", paths=[edge.wan("wan0"), edge.wan("wan1")]')],
        ["routing-instances instance[steer-out] routing-options static route[0.0.0.0/0] "
         "next-hop = 192.0.2.1 198.51.100.1",
         "policy-options policy-statement[haplan-per-flow] then load-balance per-packet",
         "routing-options forwarding-table export = haplan-per-flow"],
        ["routing-instances instance[steer-out] routing-options static route[0.0.0.0/0] "
         "qualified-next-hop[192.0.2.1] preference = 5",
         "routing-instances instance[steer-out] routing-options static route[0.0.0.0/0] "
         "qualified-next-hop[198.51.100.1] preference = 6"],
    ),
    "a path that is switched off": (
        [('edge.wan("wan1")]', 'path(edge.wan("wan1"), disabled=True)]')],
        [],
        ["routing-instances instance[steer-out] routing-options static route[0.0.0.0/0] "
         "qualified-next-hop[198.51.100.1] preference = 6",
         *(f"security policies policy[lan,wan1] policy[web-out] {rest}" for rest in (
             "match source-address = net-lan", "match destination-address = app-web", "match application = web",
             "then permit"))],
    ),
    "a network without VLAN": (
        [(", vlan_id=10", "")],
        [f"{INTERFACE}[reth0] unit[0] family inet address[10.0.0.1/24]",
         f"{INTERFACE}[reth0] unit[0] family inet filter input filter-name = from-lan",
         "security zones security-zone[lan] interfaces[reth0.0] host-inbound-traffic system-services[ping]"],
        [f"{INTERFACE}[reth0] vlan-tagging", f"{INTERFACE}[reth0] unit[10] vlan-id = 10",
         f"{INTERFACE}[reth0] unit[10] family inet address[10.0.0.1/24]",
         f"{INTERFACE}[reth0] unit[10] family inet filter input filter-name = from-lan",
         "security zones security-zone[lan] interfaces[reth0.10] host-inbound-traffic system-services[ping]"],
    ),
    "a network that comes without a tag": (
        [('reth_idx=0', 'reth_idx=0, untagged=lan_net')],
        [f"{INTERFACE}[reth0] flexible-vlan-tagging", f"{INTERFACE}[reth0] native-vlan-id = 10"],
        [f"{INTERFACE}[reth0] vlan-tagging"],
    ),
    "site variables": (
        [('"10.0.0.1/24"', '"{{NET}}.1/24"'), ('"10.0.0.0/24", vlan_id=10', '"{{NET}}.0/24", vlan_id="{{VLAN}}"')],
        [],
        [],
    ),
    "an application by name": (
        [('addresses=["203.0.113.0/24"]', 'hostnames=["www.example.com"]'),
         ('edge.wan("wan0"), edge.wan("wan1")', "local(lan_net)")],
        None,
        None,
    ),
}  # fmt: skip
"""Edits of the stack, statements that come by them, and statements that go; None where only that it works counts."""


@pytest.fixture
def base(tmp_path: Path) -> list[str]:
    folder = tmp_path / "base"
    folder.mkdir()
    found = translation(design(folder, PAIR))
    assert found.troubles == ()
    return lines(found.configuration)


@pytest.mark.parametrize("name", CASES)
def test_a_line_of_the_stack_changes_these_statements(tmp_path: Path, base: list[str], name: str) -> None:
    edits, more, less = CASES[name]
    found = translation(design(tmp_path, edited(*edits)))
    assert found.troubles == ()
    now = lines(found.configuration)
    if more is not None:
        assert sorted(set(now) - set(base)) == sorted(more)
        assert sorted(set(base) - set(now)) == sorted(less or [])


REFUSED = {
    "weighted steering": (
        [('paths=[edge.wan("wan0"),', 'strategy="weighted", paths=[path(edge.wan("wan0"), cost=2),')],
        "steering.edge.out", "weighted needs APBR"),
    "a known application": (
        [('addresses=["203.0.113.0/24"], protocols=["tcp/443"]', 'apps=["teams"]')], "application.web", "AppID"),
    "a URL category": (
        [('addresses=["203.0.113.0/24"], protocols=["tcp/443"]', 'categories=["Games"]')],
        "application.web", "Enhanced Web Filtering"),
    "PPPoE": ([('static("192.0.2.10/25", gateway="192.0.2.1")', 'pppoe("shop")')],
              "wan_edge_template.edge", "pppoe is not supported"),
    "a bundle": ([("reth_idx=0)", "aggregated=True)")], "wan_edge_template.edge", "a bundle of ports"),
    "an IPv6 address of a LAN": ([('"10.0.0.1/24"', '"2001:db8::1/64"')], "wan_edge_template.edge", "IPv4 only"),
    "a second IPv6 address of a LAN": (
        [('"10.0.0.1/24"', 'lan_address("10.0.0.1/24", secondary=["2001:db8::1/64"])')],
        "wan_edge_template.edge", "2001:db8::1/64: haplan configures IPv4 only"),
    "an IPv6 address of a WAN": (
        [('"192.0.2.10/25", gateway="192.0.2.1"', '"2001:db8::2/64", gateway="2001:db8::1"')],
        "wan_edge_template.edge", "interface wan0: 2001:db8::1: haplan configures IPv4 only"),
    "an IPv6 network": ([('subnet="10.0.0.0/24"', 'subnet="2001:db8::/64"')], "network.lan", "IPv4 only"),
    "an IPv6 destination": (
        [('addresses=["203.0.113.0/24"]', 'addresses=["203.0.113.0/24", "2001:db8::/32"]')],
        "application.web", "application web: 2001:db8::/32: haplan configures IPv4 only"),
    "a wildcard": (
        [('addresses=["203.0.113.0/24"]', 'hostnames=["*.example.com"]'),
         ('edge.wan("wan0"), edge.wan("wan1")', "local(lan_net)")],
        "application.web", "takes no wildcard"),
    "a network without VLAN beside others that is untagged": (
        [(", vlan_id=10", ""), ("lan_net = ", 'more = Network("more", subnet="10.1.0.0/24", vlan_id=11)\nlan_net = '),
         ('{lan_net: "10.0.0.1/24"}', '{lan_net: "10.0.0.1/24", more: "10.1.0.1/24"}, untagged=lan_net')],
        "wan_edge_template.edge", "needs its vlan_id"),
    "a destination whose variable is missing": (
        [('addresses=["203.0.113.0/24"]', 'addresses=["{{NOWHERE}}.0/24"]')],
        "application.web", "a variable is missing at site shop"),
    "an unknown model": ([('model="SRX300"', 'model="SRX4700"')], "cluster.shop", "SRX4700 numbers its nodes"),
    "a port that becomes management": (
        [("ge-0/0/7", "ge-0/0/0")],
        "wan_edge_template.edge", "ge-0/0/0 becomes management"),
    "a reth on one node": (
        [("ge-0/0/3,ge-1/0/3", "ge-0/0/3,ge-0/0/4")],
        "wan_edge_template.edge", "one port of each node"),
    "a port twice": (
        [("ge-0/0/3,ge-1/0/3", "ge-0/0/2,ge-1/0/2")],
        "wan_edge_template.edge", "is the fabric link already"),
    "no steering": ([(", steering=out", "")], "policy.edge.web-out", "SRX needs a steering rule"),
    "a site variable that is missing": (
        [('"10.0.0.1/24"', '"{{MISSING}}.1/24"')], "wan_edge_template.edge", "a site variable is missing"),
    "one name for a WAN and a network": (
        [('Network("lan"', 'Network("wan0"')],
        "network.wan0", "names a WAN and a network"),
    "DHCP in equal cost": (
        [('static("192.0.2.10/25", gateway="192.0.2.1")', "dhcp()"),
         ('paths=[edge.wan("wan0"), edge.wan("wan1")]', 'strategy="ecmp", paths=[edge.wan("wan0"), edge.wan("wan1")]')],
        "steering.edge.out", "ecmp over wan0 needs its gateway"),
    "DHCP behind a fixed WAN": (
        [('static("198.51.100.10/24", gateway="198.51.100.1")', "dhcp()")], "steering.edge.out", "comes by DHCP"),
    "a host name that is steered": (
        [('addresses=["203.0.113.0/24"]', 'hostnames=["www.example.com"]')],
        "policy.edge.web-out", "steers by addresses"),
}  # fmt: skip
"""Edits, who cannot be said, and why."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_device_cannot_do_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    edits, origin, why = REFUSED[name]
    troubles = [(one.origin, one.text) for one in translation(design(tmp_path, edited(*edits))).troubles]
    assert [one for one in troubles if one[0] == origin and why in one[1]], troubles


@pytest.mark.parametrize("cluster", ["h1", "spoke1"])
def test_the_worked_example_is_this_configuration(cluster: str) -> None:
    found = translation(design_of(STACKS / "hub_spoke_srx_netconf"), f"cluster.{cluster}")
    assert found.troubles == ()
    text = "\n".join(lines(found.configuration)) + "\n"
    expected = HERE / "expected" / f"{cluster}.txt"
    if os.environ.get("UPDATE_EXPECTED"):
        expected.write_text(text)
    assert text == expected.read_text()


@pytest.mark.parametrize("model", [row.model for row in ROWS.values() if row.offset is not None])
def test_node1_has_its_ports_by_the_offset_of_the_model(tmp_path: Path, model: str) -> None:
    row = ROWS[model]
    text = edited(*((f"ge-1/0/{port}", f"ge-{row.offset}/0/{port}") for port in (2, 3, 7)), ("SRX300", model))
    if not row.fabric:
        text = text.replace(f'    ha_fabric("ge-0/0/2,ge-{row.offset}/0/2"),\n', "")
    found = translation(design(tmp_path, text))
    assert found.troubles == ()
    said = lines(found.configuration)
    assert f"{INTERFACE}[ge-{row.offset}/0/3] gigether-options redundant-parent parent = reth0" in said
    assert (f"{INTERFACE}[fab1] fabric-options member-interfaces[ge-{row.offset}/0/2]" in said) == row.fabric


def test_an_override_names_the_slots_of_a_model_that_nobody_wrote_down(tmp_path: Path) -> None:
    assert slots("SRX4700") is None
    told = slots("SRX4700", {"srx4700": 7})
    assert told is not None
    assert told.offset == 7


def edited(*edits: tuple[str, str]) -> str:
    text = PAIR
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text

"""What a commit refuses: the vendor's constraints, and what boxes are known to refuse beside them."""

from collections.abc import Callable

import pytest

from haplan_srx.lab.chassis import models
from haplan_srx.lab.config import checks, must, schema, setlines, tree
from tests.srx_lab.conftest import Bench, devices, load, texts

GOOD = """
set security zones security-zone a
set security zones security-zone b
set security address-book global address net 10.0.0.0/8
set applications application dns protocol udp destination-port 53
set security policies from-zone a to-zone b policy p match source-address net destination-address any application dns
set security policies from-zone a to-zone b policy p then permit
set chassis cluster reth-count 1
set chassis cluster redundancy-group 1 node 0 priority 200
set interfaces ge-0/0/3 gigether-options redundant-parent reth0
set interfaces ge-7/0/3 gigether-options redundant-parent reth0
set interfaces reth0 redundant-ether-options redundancy-group 1
set interfaces fab0 fabric-options member-interfaces ge-0/0/2
set routing-instances wan0 instance-type forwarding
set routing-options rib-groups all import-rib [ inet.0 wan0.inet.0 ]
set firewall family inet filter steer term t then routing-instance wan0
set policy-options policy-statement balance then load-balance per-packet
set routing-options forwarding-table export balance
set forwarding-options dhcp-relay server-group servers 192.0.2.5
set forwarding-options dhcp-relay group lan active-server-group servers
"""


def found(lines: str, nodes: tuple[str, ...] = ("node0", "node1"), model: str = "SRX1500") -> list[tuple[str, str]]:
    config = tree.empty()
    assert setlines.load(config, lines) == []
    return [(one.path, one.message) for one in checks.check(config, models.find(model), nodes)]


def test_a_good_configuration_passes() -> None:
    assert found(GOOD) == []


POLICY = "security policies from-zone a to-zone b"
CASES = [
    # the vendor's
    ("set security policies from-zone a to-zone c policy q then deny", "Security zone must be defined"),
    ("set interfaces reth1 redundant-ether-options redundancy-group 2", "A redundancy group should be defined"),
    ("set interfaces ge-0/0/2 unit 0", "Logical unit is not allowed on fabric member"),
    ("set interfaces ge-0/0/2 mtu 9000", "fabric member device mtu setting and vlan-tagging is not allowed"),
    ("set interfaces ge-0/0/3 unit 0", "Logical unit is not allowed on redundant-ethernet member"),
    ("set interfaces xe-0/0/4 ether-options redundant-parent reth0", "All the children must be of same ethernet type"),
    ("set chassis cluster redundancy-group 1 interface-monitor ge-0/0/9 weight 255",
     "Interface must be defined before configuring monitoring"),
    ("set security address-book global address-set s address nada",
     "referenced address must be defined under address-book"),
    ("set security zones security-zone a screen nope",
     "referenced ids-object must be defined under [security screen ids-option]"),
    ("set forwarding-options dhcp-relay group g active-server-group nobody",
     "Referenced group must be defined under [edit forwarding-options dhcp-relay server-group]"),
    # known from the boxes
    (f"set {POLICY} policy q then deny", "Missing mandatory statement: 'source-address'"),
    (f"set {POLICY} policy q match source-address any destination-address any application any",
     "Missing mandatory statement: 'then'"),
    (f"set {POLICY} policy p match source-address nobody", "Source address or address_set (nobody) not found"),
    (f"set {POLICY} policy p match destination-address nobody",
     "Destination address or address_set (nobody) not found"),
    (f"set {POLICY} policy p match application nothing", "Application or application_set (nothing) not found"),
    ("set security zones security-zone a interfaces ge-0/0/5.0\n"
     "set security zones security-zone b interfaces ge-0/0/5.0",
     "Interface ge-0/0/5.0 already assigned to zone a"),
    ("set security nat source rule-set s from zone nowhere", "Zone nowhere is not defined"),
    ("set routing-options forwarding-table export other", "Policy error: Policy other referenced but not defined"),
    ("set firewall family inet filter steer term u then routing-instance wan9",
     "Referenced routing instance 'wan9' is not defined"),
    ("set routing-options rib-groups all import-rib wan9.inet.0",
     "RIB wan9.inet.0 does not exist: routing instance wan9 is not defined"),
    ("set interfaces ge-0/0/5 unit 0 family inet address 192.0.2.1/24\n"
     "set interfaces ge-0/0/6 unit 0 family inet address 192.0.2.1/24",
     "identical local address is found on different interfaces: 192.0.2.1/24"),
    ("set interfaces reth0 unit 7 vlan-id 7", "VLAN-ID can only be specified on tagged ethernet interfaces"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "message"), CASES, ids=[message for _, message in CASES])
def test_a_mistake_is_refused_with_its_reason(lines: str, message: str) -> None:
    assert message in [said for _, said in found(GOOD + lines)]


def test_an_address_may_be_in_a_book_of_the_zone_and_serves_that_zone_only() -> None:
    book = "set security address-book own address inside 10.1.0.0/16\nset security address-book own attach zone a\n"
    assert found(f"{GOOD}{book}set {POLICY} policy p match source-address inside") == []
    wrong = found(f"{GOOD}{book}set {POLICY} policy p match destination-address inside")
    assert [said for _, said in wrong] == ["Destination address or address_set (inside) not found"]


def test_what_is_inactive_is_not_looked_at() -> None:
    lines = "set interfaces reth1 redundant-ether-options redundancy-group 2\ndeactivate interfaces reth1"
    assert found(GOOD + lines) == []


def test_both_nodes_are_looked_at_with_their_own_groups() -> None:
    lines = """set groups node1 interfaces reth1 redundant-ether-options redundancy-group 9
set apply-groups "${node}"
"""
    assert [said for _, said in found(GOOD + lines)] == ["A redundancy group should be defined"]
    assert found(GOOD + lines, nodes=("node0",)) == []


def test_an_address_of_each_node_is_no_double() -> None:
    lines = """set groups node0 interfaces fxp0 unit 0 family inet address 192.0.2.1/24
set groups node1 interfaces fxp0 unit 0 family inet address 192.0.2.2/24
set apply-groups "${node}"
"""
    assert found(GOOD + lines) == []


def test_ports_that_the_cluster_took_are_refused_on_both_nodes() -> None:
    lines = "set interfaces ge-0/0/0 unit 0\nset interfaces ge-1/0/1 unit 0\nset interfaces ge-0/0/4 unit 0"
    assert [said for _, said in found(lines, model="SRX300")] == [
        "ge-0/0/0 is used by the chassis cluster", "ge-1/0/1 is used by the chassis cluster",
    ]  # fmt: skip
    assert found(lines, nodes=("",), model="SRX300") == []


def test_group_wildcards_reach_what_they_name() -> None:
    lines = """set groups big interfaces <ge-*> mtu 9000
set interfaces ge-0/0/4 unit 0
set apply-groups big
"""
    assert "fabric member device mtu setting and vlan-tagging is not allowed" not in [s for _, s in found(GOOD + lines)]
    lines += "set interfaces ge-0/0/2 description fabric"
    assert "fabric member device mtu setting and vlan-tagging is not allowed" in [s for _, s in found(GOOD + lines)]


def test_a_refusal_names_the_node_path_and_statement(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(devices("SRX300"))
    bench.form()
    say = bench.talk()
    say(load("set interfaces reth0 redundant-ether-options redundancy-group 3"))
    reply = say("<commit-configuration><check/></commit-configuration>")
    engine = reply.find("commit-results/routing-engine")
    assert engine.findtext("name") == "node0"
    assert texts(engine, "rpc-error/error-path") == ["[edit interfaces reth0 redundant-ether-options]"]
    assert texts(engine, "rpc-error/error-info/bad-element") == ["redundancy-group 3"]


def test_nearly_all_constraints_of_the_models_can_be_evaluated() -> None:
    rules: set[str] = set()
    seen: set[int] = set()

    def walk(node: schema.Node) -> None:
        for below in node.below.values():
            rules.update(rule for rule, _ in below.rules)
            if id(below) not in seen:
                seen.add(id(below))
                walk(below)

    walk(schema.root())
    here = must.Here(tree.empty(), schema.root(), {})
    skipped = []
    for rule in rules:
        try:
            must.compiled(rule)(here)
        except must.NotEvaluated:
            skipped.append(rule)
    assert len(rules) > 500
    assert len([rule for rule in skipped if "${" not in rule]) <= 1

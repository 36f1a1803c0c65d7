"""A configuration is checked against the vendor's model, in the vendor's words."""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from haplan_ssr.model import check, evaluate, model
from haplan_ssr.model.checking import Problem
from tests.ssr_model.configurations import bonds
from tests.ssr_model.example import Tree, at, authority, changed
from tests.work import calls

WAN0 = "router/spoke1/node/node0/device-interface/ge-0-0"
LAN0 = "router/spoke1/node/node0/device-interface/ge-0-3"
SYNC0 = "router/spoke1/node/node0/device-interface/ge-0-5"
LAN = f"{LAN0}/network-interface/lan"


def found(tree: Tree, release: str = "4.2") -> list[tuple[str, str]]:
    return [(problem.where, problem.message) for problem in check(tree, release=release)]


@pytest.mark.parametrize("release", ["4.2", "5.3", "6.3.0-107.r1", None])
def test_the_example_breaks_no_rule_of_any_release(release: str | None) -> None:
    report = evaluate(authority(), release=release)
    assert (report.problems, report.evaluated) == ((), 536)


CASES: list[tuple[str, Tree, str, str]] = [
    ("an unknown name", changed(WAN0, mtu=1), f"{WAN0}/mtu", "unknown: the model has no such name here"),
    ("a missing key", changed("", tenant=[{"description": "x"}]), "tenant//name", "missing: it is the key"),
    ("a number as a name", changed("", name=5), "name", "must be a text, not a number"),
    ("a list for a leaf", changed("", name=["x"]), "name", "must be one value, not a list"),
    ("a leaf for a list", changed("", router="x"), "router", "must be a list"),
    ("a leaf for an entry", changed("", tenant=["x"]), "tenant", "each entry must be an object"),
    ("a leaf for a container", changed(WAN0, lte=5), f"{WAN0}/lte", "must be an object"),
    ("a name too odd", changed("", name="a b"), "name",
     "Must contain only alphanumeric characters or any of the following: _ -"),
    ("a reserved name", changed("router/spoke1", name="Any"), "router/Any/name",
     "The names 'all'/'any'/'unknown' are reserved."),
    ("a device name too long", changed(WAN0, name="ge-0-0-0-0-0-0"),
     "router/spoke1/node/node0/device-interface/ge-0-0-0-0-0-0/name",
     "Must contain only alphanumeric characters or any of the following: _ -"),
    ("a number out of range", changed(LAN, vlan=4095), f"{LAN}/vlan", "must be 0..4094"),
    ("no number", changed(LAN, vlan="x"), f"{LAN}/vlan", "must be a number"),
    ("not any number", changed("service-policy/Overlay", max_loss=float("nan")), "service-policy/Overlay/max-loss",
     "must be a number"),
    ("no whole number", changed(LAN, vlan=1.5), f"{LAN}/vlan", "must be a whole number"),
    ("no boolean", changed(WAN0, forwarding="yes"), f"{WAN0}/forwarding", "must be true or false"),
    ("no member of an enumeration", changed("service-policy/Overlay", lb_strategy="ecmp"),
     "service-policy/Overlay/lb-strategy", "must be one of hunt, proportional"),
    ("a multicast MAC", changed(LAN0, shared_phys_address="03:5a:1c:00:00:01"), f"{LAN0}/shared-phys-address",
     "Unicast physical address should not be a broadcast or multicast ethernet address. The least significant bit of "
     "the first octet should be 0."),
    ("a mandatory leaf", changed("router/spoke1", drop=["inter-node-security"]), "router/spoke1/inter-node-security",
     "inter-node-security is required"),
    ("a dangling reference", changed("service/corp", service_policy="nope"), "service/corp/service-policy",
     "'nope' does not exist: it refers to authority/service-policy/name"),
    ("a dangling reference within the router",
     changed("router/h1/service-route/corp-lan", next_hop=[{"node-name": "node7", "interface": "lan"}]),
     "router/h1/service-route/corp-lan/next-hop/node7,lan/node-name", "'node7' does not exist: it refers to node/name"),
    ("three conductors", changed("", conductor_address=["192.0.2.1", "192.0.2.2", "192.0.2.3"]), "conductor-address",
     "at most 2, not 3"),
    ("a value twice", changed("", conductor_address=["192.0.2.1", "192.0.2.1"]), "conductor-address",
     "'192.0.2.1' is there twice"),
    ("an entry twice", changed("", security=[{"name": "internal"}] * 2), "security/internal",
     "name 'internal' is there twice"),
    ("what must be unique",
     changed("router/spoke1/node/node0/device-interface/ge-0-4", pci_address="0000:03:00.0"),
     "router/spoke1/node/node0/device-interface/ge-0-4",
     "pci-address '0000:03:00.0' must be unique in the device-interface list"),
    ("two cases of a choice",
     changed("router/h1/service-route/corp-lan", host=[{"node-name": "node0"}]),
     "router/h1/service-route/corp-lan", "only one of host, service-agent (type)"),
    ("no case of a mandatory choice", changed("", service_class=[{"name": "x", "dscp": 1}]), "service-class/x",
     "one of use-priority, use-traffic-class is required (class-or-priority)"),
    ("a neighborhood without security", changed(f"{WAN0}/network-interface/wan0", drop=["inter-router-security"]),
     f"{WAN0}/network-interface/wan0", "Use of neighborhood requires inter-router-security."),
    ("a condition that is not met", changed(SYNC0, shared_phys_address="02:5a:1c:00:00:09"),
     f"{SYNC0}/shared-phys-address", "is not valid here: only if ../forwarding = 'true' or count(../forwarding) = 0"),
    ("an asset twice in the authority", changed("router/spoke1/node/node1", asset_id="h1-0"),
     "router/spoke1/node/node1", "asset-id must be unique within an authority"),
    ("a service that applies to the conductor",
     changed("router/h1/node/node0", tree=changed("service/guest-internet/applies-to/router", router_name=["h1"]),
             role="conductor"),
     "service/guest-internet/applies-to/router/router-name", "Router name cannot refer to the conductor."),
    ("a hop that does not forward",
     changed("router/h1/service-route/corp-lan", next_hop=[{"node-name": "node0", "interface": "ha-sync"}]),
     "router/h1/service-route/corp-lan/next-hop/node0,ha-sync", "Only forwarding interfaces can be used as a next-hop"),
    ("HA links on one node of two",
     changed(SYNC0, network_interface=[{"name": "ha-sync", "address": [
         {"ip-address": "169.254.253.1", "prefix-length": 30}]}]),
     f"{WAN0}/network-interface/wan0",
     "One non-forwarding fabric or shared interface is required per node if the nodes are configured for HA."),
    ("an empty leaf with a value", changed("router/h1/service-route/corp-lan", drop=["next-hop"], use_learned_routes=5),
     "router/h1/service-route/corp-lan/use-learned-routes", "must be empty: its presence is its value"),
    ("a release too old", changed("router/h1/service-route/corp-lan", vector="lan"),
     "router/h1/service-route/corp-lan/vector", "not in this release: since 5.4"),
    ("different interfaces below one shared MAC", changed(LAN, vlan=31), LAN0.replace("node0", "node1"),
     "network-interfaces must be identical to those of ge-0-3 on node0, which shares its physical address"),
    ("a shared MAC in two routers",
     changed(LAN0, tree=changed(LAN0.replace("node0", "node1"), shared_phys_address="02:5a:1c:00:ff:01"),
             shared_phys_address="02:5A:1C:00:FF:01"),
     LAN0, "shared-phys-address 02:5a:1c:00:ff:01 is used by router h1 too"),
    ("a shared MAC twice on one node", changed(WAN0, shared_phys_address="02:5a:1c:01:00:01"),
     LAN0.replace("node0", "node1"),
     "shared-phys-address 02:5a:1c:01:00:01 must be on one device-interface of each node"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "where", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_mistake_is_told_where_it_is(tree: Tree, where: str, said: str) -> None:
    assert (where.replace("/", " "), said) in found(tree)


def test_a_rule_may_count_on_the_default_of_a_leaf_that_is_not_set() -> None:
    security = {"name": "x", "encryption-key": "0123456789abcdef0123456789abcdef"}
    timers = {"keepalive-interval": 20}
    bgp = {"type": "bgp", "local-as": 65001, "timers": timers}
    tree = changed("router/h1", routing=[{"type": "default-instance", "routing-protocol": [bgp]}])
    at(tree, "security").append(security)
    assert found(tree) == []
    timers["keepalive-interval"] = 40
    security["encryption-key"] *= 2
    assert sorted(said for _, said in found(tree)) == [
        "encryption-key must be 128 bits when encryption-cipher is set to aes-cbc-128.",
        "keepalive-interval cannot be larger than 1/3 of the hold-time",
    ]


def test_a_secret_that_must_be_unique_is_not_told() -> None:
    key = "0123456789abcdef0123456789abcdef"
    policies = [{"name": name, "encryption-key": key} for name in ("a", "b")]
    (said,) = (said for _, said in found(changed("", security=[{"name": "internal"}, *policies])))
    assert said == "encryption-key must be unique in the security list"


def test_what_is_not_an_authority_is_told() -> None:
    assert found({"routers": []}) == [("routers", "unknown: the configuration is an authority")]
    assert found({"authority": 5}) == [("authority", "must be an object")]


def test_a_problem_is_an_error_only_where_the_model_is_as_new_as_the_release() -> None:
    in_router = changed(f"{WAN0}/network-interface/wan0", drop=["inter-router-security"])
    elsewhere = changed("service/corp", service_policy="nope")

    def severities(tree: Tree) -> list[str]:
        return [check(tree, release=release)[0].severity for release in ("4.2", "5.3", "5.4")] + [
            check(tree)[0].severity
        ]

    assert severities(in_router) == ["error", "error", "warning", "warning"]
    assert severities(elsewhere) == ["error", "warning", "warning", "warning"]


def test_what_the_documentation_says_is_an_error_in_every_release() -> None:
    assert {check(changed(LAN, vlan=31), release=release)[0].severity for release in ("4.2", "6.3", None)} == {"error"}


def test_a_bond_has_members_that_are_nothing_else() -> None:
    tree = bonds()
    assert found(tree, "6.3") == []
    bond, member, _ = tree["authority"]["router"][0]["node"][0]["device-interface"][1:4]
    member["network-interface"] = [{"name": "own"}]
    tree["authority"]["router"][0]["node"][1]["device-interface"][2]["parent-bond"] = "other"
    bond["name"] = "trunk"
    said = [message for _, message in found(tree, "6.3")]
    assert "parent-bond lan is no device-interface of type bond" in said
    assert "parent-bond other is no device-interface of type bond" in said
    assert "bond trunk has 0 members, 1 to 8 are taken" in said
    bond["name"] = "lan"
    assert "a member of bond lan is an ethernet port without a network-interface of its own" in str(found(tree, "6.3"))


def test_a_peered_service_needs_security_since_5_3() -> None:
    tree = changed("service/corp", drop=["security"])
    at(tree, "router/spoke1")["service-route"].append({"name": "corp-h1", "service-name": "corp", "next-peer": ["h1"]})
    at(tree, "router/spoke1")["peer"] = [{"name": "h1", "authority-name": "lab", "router-name": "h1"}]
    assert found(tree, "5.2") == []
    assert [said for _, said in found(tree, "5.3")] == ["service corp needs security: it is reached through a peer"]


def test_two_nodes_without_a_link_are_a_warning() -> None:
    tree = authority()
    for node in at(tree, "router/spoke1")["node"]:
        node["device-interface"].pop()
    problems = check(tree, release="4.2")
    assert [(p.where, p.severity) for p in problems] == [
        ("router spoke1 node node0", "warning"), ("router spoke1 node node1", "warning"),
    ]  # fmt: skip


def test_texts_stand_for_numbers_and_booleans_in_both_spellings() -> None:
    tree = changed(LAN, tree=changed(LAN.replace("node0", "node1"), vlan="30"), vlan="30")
    for node in at(tree, "router/spoke1")["node"]:
        node["device-interface"][3]["forwarding"] = "false"
    assert found(tree, "6.3") == []


def test_identities_are_taken_with_and_without_their_prefix() -> None:
    for prefix in ("", "rt:"):
        routing = [
            {"type": f"{prefix}default-instance", "routing-protocol": [{"type": f"{prefix}bgp", "local-as": 65001}]}
        ]
        assert found(changed("router/h1", routing=routing)) == []


@pytest.mark.parametrize("empty", ["", None, True, [None]])
def test_an_empty_leaf_is_taken_in_all_spellings(empty: object) -> None:
    tree = changed("router/h1/service-route/corp-lan", drop=["next-hop"], use_learned_routes=empty)
    assert found(tree) == []


def test_a_release_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'latest' is not a software version such as 6\.3\.0"):
        check(authority(), release="latest")


def test_work_grows_with_the_authority_not_with_its_square() -> None:
    small, large = authority(25), authority(200)
    assert check(small, release="6.3") == check(large, release="6.3") == ()
    assert calls(lambda: check(large, release="6.3")) < 8.5 * calls(lambda: check(small, release="6.3"))


names = st.sampled_from([*sorted({node.name for node in model().authority.walk()}), "nothing"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=20
)


@given(value=values, name=st.sampled_from(["authority", "router", "service", "tenant"]))
@example(value={"name": []}, name="service")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_anything_at_all_gives_problems_and_never_an_exception(value: Any, name: str) -> None:
    tree = {"authority": value} if name == "authority" else {"authority": {"name": "x", name: [value]}}
    assert all(isinstance(problem, Problem) for problem in check(tree, release="6.3"))

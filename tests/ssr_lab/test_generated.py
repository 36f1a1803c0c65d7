"""What the conductor makes of a configuration at each commit."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haplan_ssr.lab.config.generated import generate, without_generated
from haplan_ssr.lab.config.merging import merged
from haplan_ssr.model import check, model
from tests.ssr_lab.conductor import CANDIDATE, Conductor
from tests.ssr_model.example import at, authority


def made(tree: Any) -> Any:
    return generate(tree, itertools.count(1))


def test_hub_and_spoke_get_peers_and_adjacencies_by_their_neighborhood() -> None:
    tree = made(authority())
    peer = {"name": "h1", "authority-name": "lab", "router-name": "h1", "generated": True}
    assert at(tree, "router/spoke1")["peer"] == [peer]
    wan = at(tree, "router/spoke1/node/node0/device-interface/ge-0-0/network-interface/wan0")
    assert wan["adjacency"] == [{
        "ip-address": "198.51.100.254", "peer": "h1", "inter-router-security": "internal", "vector": ["h1-wan0"],
        "peer-connectivity": "outbound-only", "generated": True,
    }]  # fmt: skip
    assert [one["name"] for one in at(tree, "router/h1")["peer"]] == ["spoke1"]


def test_an_address_by_dhcp_is_a_host_name_and_one_behind_nat_is_the_outer_one() -> None:
    tree = authority()
    hub = at(tree, "router/h1/node/node0/device-interface/ge-0-0/network-interface/wan0")
    hub["neighborhood"][0]["external-nat-address"] = "203.0.113.9"
    tree = made(tree)
    wan = at(tree, "router/spoke1/node/node0/device-interface/ge-0-0/network-interface/wan0")
    back = at(tree, "router/h1/node/node0/device-interface/ge-0-0/network-interface/wan0")
    assert [one["ip-address"] for one in wan["adjacency"]] == ["203.0.113.9"]
    assert [one["ip-address"] for one in back["adjacency"]] == [f"interface-{wan['global-id']}.spoke1.lab"]


def test_two_spokes_and_two_hubs_do_not_peer_and_meshes_do() -> None:
    tree = authority(2)
    assert [one["name"] for one in at(made(tree), "router/spoke1")["peer"]] == ["h1"]
    for router in ("spoke1", "spoke2"):
        at(tree, f"router/{router}/node/node0/device-interface/ge-0-0/network-interface/wan0")["neighborhood"] = [
            {"name": "mesh", "topology": "mesh"}]  # fmt: skip
        at(tree, f"router/{router}/node/node0/device-interface/ge-0-0")["network-interface"][0]["dhcp"] = "v4"
    assert [one["name"] for one in at(made(tree), "router/spoke1")["peer"]] == ["h1", "spoke2"]


def test_a_shared_service_gets_a_route_on_the_peers_of_who_serves_it() -> None:
    tree = authority()
    route = {"name": "corp-h1", "service-name": "corp", "next-peer": ["h1"], "generated": True}
    assert route in at(made(tree), "router/spoke1")["service-route"]
    at(tree, "service/corp")["applies-to"] = [{"type": "router", "router-name": ["h1"]}]
    assert route not in at(made(tree), "router/spoke1")["service-route"]
    at(tree, "service/corp")["applies-to"] = [{"type": "router-group", "group-name": ["g"]}]
    at(tree, "router/spoke1")["router-group"] = ["g"]
    assert route in at(made(tree), "router/spoke1")["service-route"]
    at(tree, "service/corp")["share-service-routes"] = False
    assert route not in at(made(tree), "router/spoke1")["service-route"]


def test_a_router_with_its_own_route_for_a_service_gets_no_shared_one() -> None:
    tree = authority()
    own = {"name": "mine", "service-name": "corp", "next-peer": ["h1"]}
    at(tree, "router/spoke1")["service-route"].append(own)
    routes = [one for one in at(made(tree), "router/spoke1")["service-route"] if one["service-name"] == "corp"]
    assert routes == [own]


def test_the_conductors_own_service_is_reached_by_the_interfaces_meant_for_it() -> None:
    tree = made(authority())
    assert at(tree, "service/_conductor_1")["address"] == ["192.0.2.1/32"]
    assert at(tree, "tenant/_internal_") == {"name": "_internal_", "generated": True}
    hops = at(tree, "router/spoke1/service-route/_conductor_1_route_0")["next-hop"]
    assert hops == [{"node-name": "node0", "interface": "wan0"}, {"node-name": "node1", "interface": "wan1"}]


def test_the_two_of_a_shared_interface_have_one_global_id_and_all_others_their_own() -> None:
    tree = made(authority())
    ids = {
        (router["name"], node["name"], interface["name"]): interface["global-id"]
        for router in tree["authority"]["router"]
        for node in router["node"]
        for device in node["device-interface"]
        for interface in device["network-interface"]
    }
    assert ids["spoke1", "node0", "lan"] == ids["spoke1", "node1", "lan"]
    assert len(set(ids.values())) == len(ids) - 2


def test_what_is_generated_passes_the_vendors_model() -> None:
    assert check(made(authority(3)), release="6.3") == ()


def test_generating_again_gives_the_same_and_leaves_its_input() -> None:
    tree = authority(2)
    before = authority(2)
    once = made(tree)
    assert tree == before
    assert generate(once, itertools.count(1000)) == once


def test_generating_loses_nothing_of_the_users() -> None:
    kept = without_generated(made(authority()))
    for router in kept["authority"]["router"]:
        for node in router["node"]:
            for device in node["device-interface"]:
                for interface in device["network-interface"]:
                    del interface["global-id"]
    assert kept == authority()


def test_who_edits_what_is_generated_finds_it_generated_again(example: Conductor) -> None:
    api = example.api
    before = api.running("/router/spoke1")
    api.ok("DELETE", f"{CANDIDATE}/authority/router/spoke1/peer/h1")
    api.ok("DELETE", f"{CANDIDATE}/authority/service/_conductor_1")
    assert api.commit() == []
    assert api.running("/router/spoke1") == before
    assert api.running("/service/_conductor_1")["generated"] is True


def test_an_object_that_is_owned_stays_as_it_was_written(example: Conductor) -> None:
    path = f"{CANDIDATE}/authority/router/spoke1/peer/h1"
    example.api.ok("PATCH", path, {"generated": False, "description": "mine"})
    assert example.api.commit() == []
    assert example.api.running("/router/spoke1/peer") == [
        {"name": "h1", "authority-name": "lab", "router-name": "h1", "generated": False, "description": "mine"}
    ]


def test_what_is_no_longer_needed_goes_with_the_commit(example: Conductor) -> None:
    example.api.ok("DELETE", f"{CANDIDATE}/authority/router/spoke1")
    example.api.ok("DELETE", f"{CANDIDATE}/authority/service/guest-internet")
    assert example.api.commit() == []
    assert "peer" not in example.api.running("/router/h1")
    assert example.api.refused("GET", "/config/running/authority/router/spoke1")[0] == 404


# --- Merging ----------------------------------------------------------------------------------------------------------

leaf = st.none() | st.integers(68, 80)
names = st.sampled_from(["a", "b", "c"])
routes = st.lists(st.tuples(names, leaf), max_size=3, unique_by=lambda pair: pair[0]).map(
    lambda pairs: [{"name": name, **({"priority": value} if value else {})} for name, value in pairs]
)
policies = st.builds(
    lambda loss, vector: {
        "name": "p", **({"max-latency": loss} if loss else {}), **({"vector": vector} if vector else {})},
    leaf, routes,
)  # fmt: skip


def merge(base: Any, ours: Any, theirs: Any) -> tuple[Any, list[str]]:
    conflicts: list[str] = []
    node = model().at("/service-policy")
    return merged(node, base, ours, theirs, "p", conflicts), conflicts


def by_name(policy: Any) -> Any:
    return policy and {**policy, "vector": {one["name"]: one for one in policy.get("vector", ())}}


@given(base=policies, other=policies)
@settings(max_examples=60, deadline=None)
def test_a_change_of_one_side_alone_is_taken(base: Any, other: Any) -> None:
    for found, conflicts in (merge(base, other, base), merge(base, base, other), merge(base, other, other)):
        assert by_name(found) == by_name(other)
        assert conflicts == []


@given(base=policies, ours=policies, theirs=policies)
@settings(max_examples=100, deadline=None)
def test_both_sides_conflict_on_the_same_places_and_differ_only_there(base: Any, ours: Any, theirs: Any) -> None:
    one, first = merge(base, ours, theirs)
    two, second = merge(base, theirs, ours)
    assert sorted(first) == sorted(second)
    if not first:
        assert by_name(one) == by_name(two)


@pytest.mark.parametrize("sides", [(None, {"name": "p"}, {"name": "p"}), ({"name": "p"}, None, None)])
def test_what_both_made_or_removed_alike_is_no_conflict(sides: tuple[Any, Any, Any]) -> None:
    assert merge(*sides) == (sides[2], [])

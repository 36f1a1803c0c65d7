"""Boxes and clusters: everything that takes time is computed from when it began."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan_ssr.lab import Asset
from tests.ssr_lab.conductor import CANDIDATE, Conductor
from tests.ssr_lab.conftest import load

HEALTH = """query ($router: String) { allRouters(name: $router) { nodes { name
  nodes { nodes { name assetId state { status softwareVersion }
    connectivity { remoteRouterName remoteNodeName status }
    deviceInterfaces { nodes { name sharedPhysAddress state { redundancyStatus operationalStatus } } } } }
  peers { nodes { name paths { node networkInterface adjacentAddress status } } } } } }"""


def assets(conductor: Conductor) -> dict[str, str]:
    return {one["assetId"]: one["status"].lower() for one in conductor.api.ok("GET", "/asset?verbose=true")}


def health(conductor: Conductor, router: str = "spoke1") -> Any:
    (found,) = conductor.api.graphql(HEALTH, router=router)["allRouters"]["nodes"]
    return found


def lan(conductor: Conductor) -> dict[str, str]:
    """Node → redundancy status of the shared interface."""
    return {
        node["name"]: next(
            one["state"]["redundancyStatus"] for one in node["deviceInterfaces"]["nodes"] if one["name"] == "ge-0-3"
        )
        for node in health(conductor)["nodes"]["nodes"]
    }


def paths(conductor: Conductor) -> list[str]:
    (peer,) = health(conductor)["peers"]["nodes"]
    assert peer["name"] == "h1"
    return [one["status"] for one in peer["paths"]]


def test_a_cluster_comes_up_step_by_step(example: Conductor) -> None:
    assert set(assets(example).values()) == {"connected"}
    assert lan(example) == {"node0": "UNKNOWN", "node1": "UNKNOWN"}
    example.later(9)
    assert {node["state"]["status"] for node in health(example)["nodes"]["nodes"]} == {"STARTING"}
    example.later(1.2)
    assert set(assets(example).values()) == {"running"}
    nodes = health(example)["nodes"]["nodes"]
    assert [one["connectivity"][0]["status"] for one in nodes] == ["CONNECTED", "CONNECTED"]
    assert [one["connectivity"][0]["remoteNodeName"] for one in nodes] == ["node1", "node0"]
    assert lan(example) == {"node0": "UNKNOWN", "node1": "UNKNOWN"}
    assert paths(example) == ["DOWN", "DOWN"]
    example.later(1)
    assert lan(example) == {"node0": "ACTIVE", "node1": "STANDBY"}
    assert paths(example) == ["UP", "UP"]


def test_the_redundancy_group_with_the_higher_priority_has_the_active_interface(example: Conductor) -> None:
    groups = [
        {"name": f"g{number}", "priority": priority, "member": [{"node": f"node{number}", "device-id": "ge-0-3"}]}
        for number, priority in ((0, 25), (1, 50))
    ]
    example.api.put(router=[{"name": "spoke1", "redundancy-group": groups}])
    assert example.api.commit() == []
    example.later(11)
    assert lan(example) == {"node0": "STANDBY", "node1": "ACTIVE"}


def test_a_node_that_is_cut_off_hands_over_and_comes_back(example: Conductor) -> None:
    example.later(11)
    example.admin.post("/assets", json={"id": "spoke1-0", "connected": False})
    assert assets(example)["spoke1-0"] == "disconnected"
    assert lan(example) == {"node0": "UNKNOWN", "node1": "ACTIVE"}
    assert paths(example) == ["DOWN", "UP"]
    connectivity = [one["connectivity"][0]["status"] for one in health(example)["nodes"]["nodes"]]
    assert connectivity == ["DISCONNECTED", "DISCONNECTED"]
    example.admin.post("/assets", json={"id": "spoke1-0", "connected": True})
    assert lan(example) == {"node0": "UNKNOWN", "node1": "UNKNOWN"}
    example.later(1)
    assert lan(example) == {"node0": "STANDBY", "node1": "ACTIVE"}
    assert paths(example) == ["UP", "UP"]


def test_a_box_that_is_not_there_never_runs(open_conductor: Callable[..., Conductor]) -> None:
    conductor = open_conductor(only_listed_assets=True, assets=(Asset("spoke1-0"),))
    load(conductor)
    conductor.later(60)
    assert assets(conductor) == {
        "spoke1-0": "running", "spoke1-1": "disconnected", "h1-0": "disconnected", "h1-1": "disconnected",
    }  # fmt: skip


def test_a_box_that_no_node_names_any_more_is_only_connected(example: Conductor) -> None:
    example.later(11)
    example.api.ok("DELETE", f"{CANDIDATE}/authority/router/spoke1")
    example.api.ok("DELETE", f"{CANDIDATE}/authority/service/guest-internet")
    assert example.api.commit() == []
    found = {one["assetId"]: one for one in example.api.ok("GET", "/asset")}
    assert (found["spoke1-0"]["status"], found["spoke1-0"]["routerName"]) == ("Connected", "")
    assert found["h1-0"]["status"] == "Running"


def test_software_differs_where_the_box_says_so(example: Conductor) -> None:
    example.later(11)
    example.admin.post("/assets", json={"id": "spoke1-1", "version": "6.2.5-5"})
    versions = [node["state"]["softwareVersion"] for node in health(example)["nodes"]["nodes"]]
    assert versions == ["6.3.0-107.r1", "6.2.5-5"]


def test_the_endpoint_table_is_answered_in_camel_case(example: Conductor) -> None:
    api = example.api
    example.later(11)
    system = api.ok("GET", "/system")
    assert (system["router"], system["softwareVersion"], system["isConductor"]) == ("conductor", "6.3.0-107.r1", True)
    assert api.ok("GET", "/router") == [{"name": "conductor"}, {"name": "h1"}, {"name": "spoke1"}]
    assert [one["assetId"] for one in api.ok("GET", "/router/spoke1/node")] == ["spoke1-0", "spoke1-1"]
    node = "/router/spoke1/node/node0"
    assert api.ok("GET", f"{node}/status") == {"status": "RUNNING"}
    assert api.ok("GET", f"{node}/version") == {"softwareVersion": "6.3.0-107.r1"}
    assert [one["ipAddress"] for one in api.ok("GET", f"{node}/adjacency")] == ["198.51.100.254"]
    states = {one["name"]: one["redundancyStatus"] for one in api.ok("GET", f"{node}/deviceInterface")}
    assert states == {
        "ge-0-0": "non-redundant",
        "ge-0-3": "active",
        "ge-0-4": "non-redundant",
        "ge-0-5": "non-redundant",
    }
    assert {one["deviceInterface"] for one in api.ok("GET", f"{node}/networkInterface")} == set(states)
    assert api.ok("GET", "/alarm") == []


def test_a_router_that_is_offline_does_not_answer(example: Conductor) -> None:
    example.admin.post("/assets", json={"id": "spoke1-0", "connected": False})
    said = "Target router did not respond to any connection attempts"
    assert example.api.refused("GET", "/router/spoke1/node/node0/version") == (500, said)
    assert example.api.ok("GET", "/router/spoke1/node/node0/status") == {"status": "OFFLINE"}


@pytest.mark.parametrize(
    ("path", "said"),
    [("/router/x", "no router x"), ("/router/h1/node/node7/status", "router h1 has no node node7")],
)
def test_what_is_not_there_is_404(example: Conductor, path: str, said: str) -> None:
    assert example.api.refused("GET", path) == (404, said)


def test_connections_are_read_as_nodes_or_edges_and_introspection_works(example: Conductor) -> None:
    asked = '{ allRouters(name: "h1") { nodes { name } edges { node { name } } } __schema { queryType { name } } }'
    found = example.api.graphql(asked)
    assert found["allRouters"] == {"nodes": [{"name": "h1"}], "edges": [{"node": {"name": "h1"}}]}
    assert found["__schema"]["queryType"]["name"] == "Query"


def test_assets_and_the_shared_database_are_asked_by_graphql(example: Conductor) -> None:
    asked = """query ($ids: [String]) {
      allAuthorities { nodes { assets(assetIds: $ids) { assetId status t128Version } } }
      metrics { redundancy { databaseConnection { activeConnections(router: "spoke1") { node value } } } } }"""
    example.later(11)
    found = example.api.graphql(asked, ids=["spoke1-1"])
    (authority,) = found["allAuthorities"]["nodes"]
    assert authority["assets"] == [{"assetId": "spoke1-1", "status": "RUNNING", "t128Version": "6.3.0-107.r1"}]
    connections = found["metrics"]["redundancy"]["databaseConnection"]["activeConnections"]
    assert connections == [{"node": "node0", "value": 1}, {"node": "node1", "value": 1}]


def test_a_wrong_query_is_answered_with_200_and_errors(example: Conductor) -> None:
    answer = example.api.call("POST", "/graphql", {"query": "{ allRouters { nodes { nothing } } }"})
    assert answer.status_code == 200
    assert "Cannot query field 'nothing'" in answer.json()["errors"][0]["message"]
    assert example.api.refused("POST", "/graphql", {}) == (400, "query: must be a text")

"""The candidate is edited by path, strictly by the model."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.ssr_lab.conductor import CANDIDATE, RUNNING, Conductor, key
from tests.ssr_model.example import at, authority

SPOKE = "/router/spoke1"
WAN0 = f"{SPOKE}/node/node0/device-interface/ge-0-0/network-interface/wan0"


def test_an_entry_is_made_with_only_its_key_and_filled_later(conductor: Conductor) -> None:
    api = conductor.api
    answer = api.call("POST", f"{CANDIDATE}/authority/router", {"name": "r1"})
    assert (answer.status_code, answer.content) == (201, b"")
    answer = api.call("PATCH", f"{CANDIDATE}/authority/router/r1", {"inter-node-security": "internal"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert api.candidate("/router/r1") == {"name": "r1", "inter-node-security": "internal"}
    assert api.call("GET", f"{RUNNING}/authority/router/r1").status_code == 404
    answer = api.call("DELETE", f"{CANDIDATE}/authority/router/r1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.refused("GET", f"{CANDIDATE}/authority/router/r1") == (404, "authority/router/r1 is not configured")
    assert not api.dirty()


def test_a_list_is_read_as_an_array_and_a_container_as_an_object(example: Conductor) -> None:
    assert [one["name"] for one in example.api.running("/router")] == ["conductor", "h1", "spoke1"]
    nodes = example.api.running(f"{SPOKE}/node")
    assert [one["name"] for one in nodes] == ["node0", "node1"]
    assert example.api.running("/service-class") == []
    assert example.api.refused("GET", f"{RUNNING}/authority{SPOKE}/bfd")[0] == 404
    assert example.api.running() == example.api.ok("GET", f"{RUNNING}/")["authority"]
    assert example.api.ok("GET", "/config/getJSON?source=running") == example.api.ok("GET", f"{RUNNING}/")


def test_a_patch_merges_leaves_and_nested_entries_by_key(example: Conductor) -> None:
    api = example.api
    api.ok("PATCH", f"{CANDIDATE}/authority{SPOKE}", {
        "description": "x", "node": [{"name": "node0", "location": "rack 1"}, {"name": "node2", "role": "combo"}],
    })  # fmt: skip
    spoke = api.candidate(SPOKE)
    assert spoke["inter-node-security"] == "internal"
    assert [(one["name"], one.get("location"), one["role"]) for one in spoke["node"]] == [
        ("node0", "rack 1", "combo"), ("node1", None, "combo"), ("node2", None, "combo"),
    ]  # fmt: skip
    assert len(spoke["node"][0]["device-interface"]) == 4


def test_a_container_is_made_by_patching_it(example: Conductor) -> None:
    example.api.ok("PATCH", f"{CANDIDATE}/authority{SPOKE}/bfd", {"multiplier": 4})
    assert example.api.candidate(f"{SPOKE}/bfd") == {"multiplier": 4}


def test_keys_are_percent_encoded(example: Conductor) -> None:
    api = example.api
    path = f"{CANDIDATE}/authority/service/corp/access-policy"
    api.ok("POST", path, {"source": "10.0.0.0/8", "permission": "deny"})
    assert api.ok("GET", f"{path}/{key('10.0.0.0/8')}") == {"source": "10.0.0.0/8", "permission": "deny"}
    assert api.call("GET", f"{path}/10.0.0.0/8").status_code == 404
    api.ok("DELETE", f"{path}/{key('10.0.0.0/8')}")
    assert [one["source"] for one in api.ok("GET", path)] == ["spoke-guest"]


def test_deleting_the_last_entry_leaves_no_list(example: Conductor) -> None:
    example.api.ok("DELETE", f"{CANDIDATE}/authority/service/corp/access-policy/spoke-guest")
    assert "access-policy" not in example.api.candidate("/service/corp")


def test_values_are_read_back_as_json_has_them_whatever_their_spelling(example: Conductor) -> None:
    api = example.api
    api.ok("PATCH", f"{CANDIDATE}/authority{WAN0}", {"mtu": "1400", "source-nat": "false"})
    api.ok("PATCH", f"{CANDIDATE}/authority/service-policy/Overlay", {"max-loss": "0.5"})
    api.ok("PATCH", f"{CANDIDATE}/authority{SPOKE}/node/node0/device-interface/ge-0-3", {
        "shared-phys-address": "02:5A:1C:AA:00:01"})  # fmt: skip
    wan = api.candidate(WAN0)
    assert (wan["mtu"], wan["source-nat"]) == (1400, False)
    assert api.candidate("/service-policy/Overlay")["max-loss"] == 0.5
    found = api.candidate(f"{SPOKE}/node/node0/device-interface/ge-0-3")["shared-phys-address"]
    assert found == "02:5a:1c:aa:00:01"
    assert api.candidate("/service-policy/only-wan1")["vector"] == [
        {"name": "wan1", "priority": 10}, {"name": "wan0", "priority": "never"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("PATCH", WAN0, {"mtuu": 1}, 400, f"authority{WAN0}/mtuu: unknown element"),
        ("PATCH", WAN0, {"sourceNat": True}, 400, f"authority{WAN0}/sourceNat: unknown element"),
        ("PATCH", WAN0, {"mtu": 60}, 400, f"authority{WAN0}/mtu: must be 68..9198"),
        ("PATCH", WAN0, {"mtu": {}}, 400, f"authority{WAN0}/mtu: must be one value, not an object"),
        ("PATCH", WAN0, {"mtu": None}, 400, f"authority{WAN0}/mtu: must be one value, not null"),
        ("PATCH", WAN0, {"name": "other"}, 400, f"authority{WAN0}: name is the key and cannot be changed"),
        ("PATCH", WAN0, {"address": {"ip-address": "192.0.2.1"}}, 400, f"authority{WAN0}/address: must be a list"),
        ("PATCH", WAN0, {"address": [{"prefix-length": 1}]}, 400,
         f"authority{WAN0}/address: ip-address is missing: it is the key"),
        ("PATCH", SPOKE, {"id": "x"}, 400, f"authority{SPOKE}/id: unknown element"),
        ("PATCH", SPOKE, [], 400, "the body must be a JSON object"),
        ("PATCH", "/router", {}, 405, "authority/router: a list takes POST"),
        ("PATCH", "/router/spoke9", {}, 404, "authority/router/spoke9 is not configured"),
        ("PATCH", f"{SPOKE}/node/node9", {}, 404, f"authority{SPOKE}/node/node9 is not configured"),
        ("POST", "/router", {"name": "spoke1"}, 409, "authority/router/spoke1 already exists"),
        ("POST", "/router", {"description": "x"}, 400, "authority/router: name is missing: it is the key"),
        ("POST", "/router", {"name": "all"}, 400,
         "authority/router/name: The names 'all'/'any'/'unknown' are reserved."),
        ("POST", SPOKE, {}, 405, "POST makes an entry of a list"),
        ("POST", f"{SPOKE}/node", {"name": "node0"}, 409, f"authority{SPOKE}/node/node0 already exists"),
        ("POST", "/router/spoke9/node", {"name": "node0"}, 404, "authority/router/spoke9 is not configured"),
        ("DELETE", "/router", None, 405, "DELETE removes an entry of a list"),
        ("DELETE", f"{SPOKE}/bfd", None, 405, "DELETE removes an entry of a list"),
        ("DELETE", "/router/spoke9", None, 404, "authority/router/spoke9 is not configured"),
        ("DELETE", f"{SPOKE}/node/node9", None, 404, f"authority{SPOKE}/node/node9 is not configured"),
        ("PUT", SPOKE, {}, 405, "PUT is not a method of configuration"),
        ("GET", "/routers", None, 404, "no such path: authority/routers"),
        ("GET", f"{SPOKE}/description", None, 404, f"no such path: authority{SPOKE}/description"),
        ("GET", "/router/h1/service-route/corp-lan/next-hop/node0,lan", None, 404,
         "no such path: authority/router/h1/service-route/corp-lan/next-hop: an entry with 2 keys"),
    ],
)  # fmt: skip
def test_what_the_model_does_not_have_is_refused(
    standing: Conductor, method: str, path: str, body: Any, status: int, said: str
) -> None:
    assert standing.api.refused(method, f"{CANDIDATE}/authority{path}", body) == (status, said)
    assert not standing.api.dirty()


def test_the_running_configuration_is_changed_by_a_commit_only(example: Conductor) -> None:
    for method in ("PATCH", "POST", "DELETE"):
        status, said = example.api.refused(method, f"{RUNNING}/authority{SPOKE}", {})
        assert (status, said) == (400, "the running configuration is changed by a commit only")


def test_a_whole_tree_is_patched_at_its_root(conductor: Conductor) -> None:
    conductor.api.ok("PATCH", f"{CANDIDATE}/", authority())
    assert at(conductor.api.ok("GET", f"{CANDIDATE}/"), "router/spoke1/node/node1")["asset-id"] == "spoke1-1"
    assert conductor.api.refused("PATCH", f"{CANDIDATE}/", {"authorities": {}}) == (400, "authorities: unknown element")


def test_a_body_that_is_refused_in_part_leaves_nothing(conductor: Conductor) -> None:
    body = {"tenant": [{"name": "good"}], "service": [{"name": "corp"}, {"name": "bad", "scope": "secret"}]}
    status, said = conductor.api.refused("PATCH", f"{CANDIDATE}/authority", body)
    assert (status, said) == (400, "authority/service/scope: must be one of private, public")
    assert not conductor.api.dirty()


def test_an_entry_is_cloned_under_a_new_name(example: Conductor) -> None:
    answer = example.api.call("POST", f"{CANDIDATE}/authority/service/corp/clone", {"name": "corp2"})
    assert answer.status_code == 201
    first, second = (example.api.candidate(f"/service/{name}") for name in ("corp", "corp2"))
    assert {**first, "name": "corp2"} == second


def test_defaults_come_when_asked_for(example: Conductor) -> None:
    plain = example.api.running(f"{SPOKE}/node/node0/device-interface/ge-0-0")
    full = example.api.ok("GET", f"{RUNNING}/authority{SPOKE}/node/node0/device-interface/ge-0-0?withDefaults=true")
    assert "enabled" not in plain
    assert (full["enabled"], full["type"], full["network-interface"][0]["mtu"]) == (True, "ethernet", 1500)
    assert full["pci-address"] == plain["pci-address"]


def test_a_name_that_the_release_has_not_yet_is_unknown(open_conductor: Callable[..., Conductor]) -> None:
    old = open_conductor(version="5.3.0")
    body = {"name": "r1", "service-route": [{"name": "x", "service-name": "y", "vector": "wan0"}]}
    said = "authority/router/service-route/vector: unknown element"
    assert old.api.refused("POST", f"{CANDIDATE}/authority/router", body) == (400, said)


# --- What is not documented: strict by default, and each alternative --------------------------------------------------


@pytest.mark.parametrize(
    ("how", "addresses"), [("merge", ["10.0.0.0/8", "192.0.2.0/24"]), ("replace", ["192.0.2.0/24"])]
)
def test_a_list_of_values_in_a_patch(
    open_conductor: Callable[..., Conductor], how: str, addresses: list[str]
) -> None:  # fmt: skip
    api = open_conductor(patch_leaf_list=how).api
    api.put(service=[{"name": "corp", "address": ["10.0.0.0/8"]}])
    api.ok("PATCH", f"{CANDIDATE}/authority/service/corp", {"address": ["192.0.2.0/24"]})
    assert api.candidate("/service/corp")["address"] == addresses


def test_null_can_remove_a_leaf(open_conductor: Callable[..., Conductor]) -> None:
    api = open_conductor(patch_null="delete").api
    api.put(service=[{"name": "corp", "description": "x"}])
    api.ok("PATCH", f"{CANDIDATE}/authority/service/corp", {"description": None})
    assert api.candidate("/service/corp") == {"name": "corp"}


def test_two_keys_can_be_joined_by_a_comma(open_conductor: Callable[..., Conductor]) -> None:
    api = open_conductor(two_keys="comma").api
    api.ok("PATCH", f"{CANDIDATE}/", authority())
    hop = f"{CANDIDATE}/authority/router/h1/service-route/corp-lan/next-hop/{key('node0,lan')}"
    assert api.ok("GET", hop) == {"node-name": "node0", "interface": "lan"}
    api.ok("PATCH", hop, {"gateway-ip": "10.66.66.2"})
    assert api.ok("GET", hop)["gateway-ip"] == "10.66.66.2"


def test_configuration_can_be_read_in_camel_case_and_is_written_in_kebab_case(
    open_conductor: Callable[..., Conductor],
) -> None:
    api = open_conductor(keys="camel").api
    api.put(service=[{"name": "corp", "service-group": "g"}])
    assert api.candidate("/service/corp") == {"name": "corp", "serviceGroup": "g"}
    assert api.ok("GET", f"{CANDIDATE}/")["authority"]["router"][0]["interNodeSecurity"] == "internal"
    body = {"serviceGroup": "h"}
    assert api.refused("PATCH", f"{CANDIDATE}/authority/service/corp", body)[0] == 400


@pytest.mark.parametrize(("how", "read"), [("text", ""), ("null", None), ("true", True), ("list", [None])])
def test_an_empty_leaf_has_one_of_four_spellings(
    open_conductor: Callable[..., Conductor], how: str, read: object
) -> None:  # fmt: skip
    api = open_conductor(empty_leaf=how).api
    route = {"name": "x", "service-name": "y", "use-learned-routes": ""}
    api.put(router=[{"name": "r1", "service-route": [route]}])
    assert api.candidate("/router/r1/service-route/x")["use-learned-routes"] == read
    (found,) = api.ok("GET", f"{CANDIDATE}/")["authority"]["router"][1]["service-route"]
    assert found["use-learned-routes"] == read


@pytest.mark.parametrize(("how", "value"), [("leaf", "wan0"), ("leaf-list", ["wan0"])])
def test_the_vector_of_a_service_route_is_one_or_several(
    open_conductor: Callable[..., Conductor], how: str, value: object
) -> None:  # fmt: skip
    api = open_conductor(service_route_vector=how).api
    other = ["wan0"] if how == "leaf" else "wan0"
    path = f"{CANDIDATE}/authority/router/conductor/service-route"
    api.ok("POST", path, {"name": "x", "vector": value})
    assert api.ok("GET", f"{path}/x")["vector"] == value
    assert api.refused("PATCH", f"{path}/x", {"vector": other})[0] == 400


def test_a_delete_can_answer_200(open_conductor: Callable[..., Conductor]) -> None:
    api = open_conductor(delete_status=200).api
    assert api.call("DELETE", f"{CANDIDATE}/authority/security/internal").status_code == 200

"""Objects are written and read as the cloud does it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.mist_lab.cloud import NODE0, Cloud, device_id, template

UUID = "2818e386-8dec-2562-9ede-5b8a0fbbdc71"
COLLECTIONS: dict[str, dict[str, Any]] = {
    "networks": {"name": "LAN"},
    "services": {"name": "any"},
    "servicepolicies": {"name": "p", "services": ["any"], "tenants": ["LAN"], "action": "allow"},
    "vpns": {"name": "OrgOverlay", "paths": {"h1-wan0": {}}},
    "gatewaytemplates": {"name": "t"},
    "deviceprofiles": {"name": "h1", "type": "gateway"},
    "idpprofiles": {"name": "i"},
    "avprofiles": {"name": "a", "protocols": ["http"]},
    "sitegroups": {"name": "g"},
}


@pytest.mark.parametrize("path", COLLECTIONS)
def test_an_object_lives_from_create_to_delete(cloud: Cloud, path: str) -> None:
    body = COLLECTIONS[path]
    made = cloud.new(path, **body)
    assert made.items() >= body.items()
    assert made["org_id"] == cloud.served.org_id
    assert made["created_time"] == made["modified_time"]
    one = f"{cloud.org}/{path}/{made['id']}"
    assert cloud.ok("GET", one) == made
    query = "?type=gateway" if path == "deviceprofiles" else ""
    assert cloud.ok("GET", f"{cloud.org}/{path}{query}") == [made]
    renamed = cloud.ok("PUT", one, {"name": "other"})
    assert renamed == {**made, "name": "other", "modified_time": renamed["modified_time"]}
    gone = cloud.api.delete(one)
    assert (gone.status_code, gone.content) == (200, b"")
    assert cloud.api.get(one).status_code == 404
    assert cloud.api.get(one).json() == {"detail": "resource not found"}
    assert cloud.api.put(one, json={}).status_code == 404


def test_put_replaces_the_keys_it_carries_and_keeps_the_others(cloud: Cloud) -> None:
    made = cloud.new("networks", name="LAN", subnet="10.0.0.0/24", tenants={"a": {}, "b": {}}, colour="blue")
    changed = cloud.ok("PUT", f"{cloud.org}/networks/{made['id']}", {"tenants": {"c": {}}})
    assert changed["tenants"] == {"c": {}}
    assert (changed["subnet"], changed["colour"]) == ("10.0.0.0/24", "blue")


def test_a_key_with_a_dash_is_removed(cloud: Cloud) -> None:
    made = cloud.new("networks", name="LAN", subnet="10.0.0.0/24")
    assert "subnet" not in cloud.ok("PUT", f"{cloud.org}/networks/{made['id']}", {"-subnet": ""})


def test_what_only_the_server_sets_is_ignored(cloud: Cloud) -> None:
    made = cloud.new("networks", name="LAN", id=UUID, created_time=1)
    assert made["id"] != UUID
    assert made["created_time"] > 1
    changed = cloud.ok("PUT", f"{cloud.org}/networks/{made['id']}", {**made, "org_id": UUID, "-id": ""})
    assert (changed["id"], changed["org_id"]) == (made["id"], made["org_id"])


def test_names_need_not_be_unique_so_creating_twice_makes_two(cloud: Cloud) -> None:
    cloud.new("networks", name="LAN")
    cloud.new("networks", name="LAN")
    assert len(cloud.ok("GET", f"{cloud.org}/networks")) == 2


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("networks", {}, "name: this field is required"),
        ("networks", {"name": 5}, "name: must be a string"),
        ("networks", {"name": "x", "isolation": "yes"}, "isolation: must be a boolean"),
        ("networks", {"name": "x", "vlan_id": [1]}, "vlan_id: must be a"),
        ("services", {"name": "x", "type": "odd"}, '"odd" is not a valid choice'),
        ("services", {"name": "x", "client_limit_up": -1}, "client_limit_up: must be at least 0"),
        ("vpns", {"name": "x"}, "paths: this field is required"),
        ("gatewaytemplates", {"name": "x", "port_config": {"ge-0/0/0": {}}}, "port_config.ge-0/0/0.usage"),
        ("gatewaytemplates", {"name": "x", "type": "hub"}, "type"),
        ("deviceprofiles", {"name": "x", "type": "gateway", "ntp_servers": "a"}, "ntp_servers: must be an array"),
        ("sites", {"name": "x", "gatewaytemplate_id": "none"}, "gatewaytemplate_id: not a UUID"),
        ("networks", ["x"], "body: must be an object"),
    ],
)
def test_a_wrong_body_is_answered_400_in_words(cloud: Cloud, path: str, body: Any, said: str) -> None:
    answer = cloud.api.post(f"{cloud.org}/{path}", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_broken_json_is_answered_400(cloud: Cloud) -> None:
    answer = cloud.api.post(f"{cloud.org}/networks", content=b'{"name": ', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error - Expecting value: line 1")


def test_a_variable_may_stand_where_a_number_is_expected(cloud: Cloud) -> None:
    assert cloud.new("networks", name="x", vlan_id="{{VLAN}}")["vlan_id"] == "{{VLAN}}"


def test_lists_come_in_pages_with_headers(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(page_limit=3)
    for number in range(5):
        cloud.new("networks", name=f"n{number}")
    answer = cloud.api.get(f"{cloud.org}/networks?limit=1000&page=2")
    assert [network["name"] for network in answer.json()] == ["n3", "n4"]
    assert [answer.headers[f"x-page-{name}"] for name in ("limit", "page", "total")] == ["3", "2", "5"]
    by_header = cloud.api.get(f"{cloud.org}/networks", headers={"X-Page-Limit": "2", "X-Page-Page": "3"})
    assert [network["name"] for network in by_header.json()] == ["n4"]
    assert cloud.api.get(f"{cloud.org}/networks?page=x").status_code == 400


@pytest.mark.parametrize(
    "path", ["deviceprofiles", "stats/devices", "devices/search", "inventory/search", "devices/events/search"]
)
def test_without_a_type_only_access_points_are_listed(pair_at_site: tuple[Cloud, str], path: str) -> None:
    cloud, site = pair_at_site
    cloud.new("deviceprofiles", name="h1", type="gateway")
    name = "device_type" if "events" in path else "type"
    for query, empty in (("", True), (f"?{name}=gateway", False)):
        found = cloud.ok("GET", f"{cloud.org}/{path}{query}")
        assert (not (found["results"] if isinstance(found, dict) else found)) is empty
    assert cloud.ok("GET", f"/sites/{site}/devices") == []
    assert len(cloud.ok("GET", f"/sites/{site}/devices?type=gateway")) == 2


def test_the_template_of_a_site_is_cleared_by_null_and_not_by_a_dash(cloud: Cloud) -> None:
    made = cloud.new("sites", name="s", gatewaytemplate_id=cloud.new("gatewaytemplates", name="t")["id"])
    path = f"/sites/{made['id']}"
    assert cloud.ok("PUT", path, {"-gatewaytemplate_id": ""})["gatewaytemplate_id"]
    assert cloud.ok("PUT", path, {"gatewaytemplate_id": None})["gatewaytemplate_id"] is None


def test_null_is_refused_where_the_schema_does_not_allow_it(cloud: Cloud) -> None:
    made = cloud.new("networks", name="n", subnet="10.0.0.0/24")
    assert cloud.api.put(f"{cloud.org}/networks/{made['id']}", json={"subnet": None}).status_code == 400


def test_a_site_comes_with_a_setting_that_merges(cloud: Cloud) -> None:
    path = f"/sites/{cloud.new('sites', name='s')['id']}/setting"
    cloud.ok("PUT", path, {"vars": {"A": "1", "B": "2"}, "ntp_servers": ["n"]})
    changed = cloud.ok("PUT", path, {"vars": {"C": "3"}})
    assert (changed["vars"], changed["ntp_servers"]) == ({"C": "3"}, ["n"])
    assert cloud.api.put(path, json={"vars": {"C": 3}}).json() == {"detail": "vars.C: must be a string"}
    cloud.ok("PUT", f"{cloud.org}/setting", {"vpn_options": {"as_base": 65000}})
    assert cloud.ok("GET", f"{path}/derived")["vpn_options"] == {"as_base": 65000}


def test_site_groups_and_sites_keep_in_step_both_ways(cloud: Cloud) -> None:
    group = cloud.new("sitegroups", name="g")
    path = f"{cloud.org}/sitegroups/{group['id']}"
    one, two = (cloud.new("sites", name=name, sitegroup_ids=[group["id"]])["id"] for name in ("a", "b"))
    assert cloud.ok("GET", path)["site_ids"] == [one, two]
    cloud.ok("PUT", path, {"site_ids": [two]})
    assert cloud.ok("GET", f"/sites/{one}")["sitegroup_ids"] == []
    cloud.ok("DELETE", f"/sites/{two}")
    assert cloud.ok("GET", path)["site_ids"] == []


def test_a_cloud_that_loses_site_group_updates_can_be_had(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(lost_site_group_updates=True)
    group = cloud.new("sitegroups", name="g")["id"]
    sites = [cloud.new("sites", name=name, sitegroup_ids=[group])["id"] for name in ("a", "b")]
    assert cloud.ok("GET", f"{cloud.org}/sitegroups/{group}")["site_ids"] == sites[1:]


def test_a_site_sees_the_organisations_objects_with_its_variables_put_in(cloud: Cloud) -> None:
    cloud.new("networks", name="LAN", subnet="{{P}}.0/24", vlan_id="{{MISSING}}")
    site = cloud.new("sites", name="s", gatewaytemplate_id=cloud.new("gatewaytemplates", **template())["id"])["id"]
    cloud.ok("PUT", f"/sites/{site}/setting", {"vars": {"P": "10.1.1"}})
    assert cloud.ok("GET", f"/sites/{site}/networks/derived")[0]["subnet"] == "{{P}}.0/24"
    seen = cloud.ok("GET", f"/sites/{site}/networks/derived?resolve=true")[0]
    assert (seen["subnet"], seen["vlan_id"]) == ("10.1.1.0/24", "{{MISSING}}")
    assert cloud.ok("GET", f"/sites/{site}/gatewaytemplates/derived")[0]["name"] == "ha-spoke"


def test_defaults_are_filled_in_where_the_cloud_does_that(open_cloud: Callable[..., Cloud]) -> None:
    assert "disallow_mist_services" not in open_cloud(folder="plain").new("networks", name="n")
    filled = open_cloud(folder="filled", fill_defaults=True).new("networks", name="n")
    assert filled["disallow_mist_services"] is False


def test_a_deleted_site_leaves_its_devices_unassigned(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    cloud.ok("DELETE", f"/sites/{site}")
    assert cloud.api.get(f"/sites/{site}").status_code == 404
    assert {record["site_id"] for record in cloud.ok("GET", f"{cloud.org}/inventory")} == {""}


def test_a_device_holds_overrides_and_never_shows_the_merged_view(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    path = f"/sites/{site}/devices/{device_id(NODE0)}"
    changed = cloud.ok("PUT", path, {"name": "edge", "ntp_servers": ["n"], "mac": "ffffffffffff", "notes": "x"})
    assert (changed["mac"], changed["name"], changed["ntp_servers"]) == (NODE0, "edge", ["n"])
    assert "port_config" not in cloud.ok("GET", path)
    assert "ntp_servers" not in cloud.ok("PUT", path, {"-ntp_servers": ""})
    names = [record.get("name") for record in cloud.ok("GET", f"{cloud.org}/inventory")]
    assert names == ["edge", None]


def test_the_audit_log_tells_who_changed_what(cloud: Cloud) -> None:
    made = cloud.new("networks", name="LAN", subnet="10.0.0.0/24")
    cloud.person.put(f"{cloud.org}/networks/{made['id']}", json={"subnet": "10.1.0.0/24"})
    last, first = cloud.ok("GET", f"{cloud.org}/logs")["results"]
    assert first["message"] == 'Add Network "LAN"'
    assert (last["message"], last["admin_name"]) == ('Update Network "LAN"', "Pat Person pat@lab.example")
    assert last["before"] == {"id": made["id"], "name": "LAN", "subnet": "10.0.0.0/24"}
    assert last["after"] == {"id": made["id"], "name": "LAN", "subnet": "10.1.0.0/24"}
    since = cloud.ok("GET", f"{cloud.org}/logs?start={last['timestamp']!r}&limit=1")
    assert [entry["id"] for entry in since["results"]] == [last["id"]]
    cloud.later(25 * 60)
    assert cloud.ok("GET", f"{cloud.org}/logs")["results"] == []
    assert cloud.ok("GET", f"{cloud.org}/logs?duration=2d&limit=1")["next"].startswith(f"/api/v1{cloud.org}/logs?")


def test_what_the_portal_saves_carries_documented_defaults(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    found = cloud.ok("GET", f"{cloud.org}/gatewaytemplates")[0]
    cloud.admin.post("/portal/materialise", json={"path": f"{cloud.org}/gatewaytemplates/{found['id']}"})
    saved = cloud.ok("GET", f"{cloud.org}/gatewaytemplates/{found['id']}")
    assert saved["oob_ip_config"]["node1"]["type"] == "dhcp"
    assert saved["port_config"]["ge-0/0/4,ge-1/0/4"] == {"usage": "ha_data"}
    cloud.admin.post("/portal/materialise", json={"path": f"/sites/{site}/devices/{device_id(NODE0)}"})
    device = cloud.ok("GET", f"/sites/{site}/devices/{device_id(NODE0)}")
    assert device["oob_ip_config"]["node1"]["use_mgmt_vrf"] is False
    assert cloud.ok("GET", f"{cloud.org}/logs")["results"][0]["admin_name"].startswith("Pat Person")

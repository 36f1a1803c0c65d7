"""Pairs: who may form one, and how the formation looks from outside."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan_mist.lab import Device, Pair
from tests.mist_lab.cloud import NODE0, NODE1, PAIR, SRX0, SRX1, SRX_PAIR, Cloud, device_id, template

SPARE = Device(mac="02005e100c32", serial="DEMO120S1C", model="SSR120")


def at_site(cloud: Cloud, *macs: str, **site: Any) -> str:
    site_id: str = cloud.new("sites", name="spoke1", **site)["id"]
    cloud.assign(site_id, *macs)
    return site_id


def test_the_pair_is_stored_at_once_and_one_device_from_then_on(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    answer = cloud.form(site)
    assert answer.json() == {"nodes": [{"mac": NODE0}, {"mac": NODE1}]}
    assert cloud.ok("GET", f"/sites/{site}/devices/{device_id(NODE0)}/ha") == answer.json()
    assert cloud.api.get(f"/sites/{site}/devices/{device_id(NODE1)}").status_code == 404
    assert [r["mac"] for r in cloud.ok("GET", f"{cloud.org}/inventory")] == [NODE0]
    members = cloud.ok("GET", f"{cloud.org}/inventory?vc=true")
    assert {r["mac"]: r["vc_mac"] for r in members} == {NODE0: NODE0, NODE1: NODE0}
    assert cloud.stats(NODE1) is None


def test_a_pair_of_ssr_forms_in_a_quarter_of_an_hour_and_then_takes_its_configuration(
    pair_at_site: tuple[Cloud, str],
) -> None:
    cloud, site = pair_at_site
    cloud.form(site)
    seen = []
    for _ in range(17):
        stats = cloud.stats()
        step = (stats["status"], stats["is_ha"], stats.get("cluster_stat", {}).get("state"), "config_status" in stats)
        if step not in seen:
            seen.append(step)
        cloud.later(1)
    assert seen == [
        ("connected", False, None, False),
        ("disconnected", False, None, False),
        ("connected", True, "forming", False),
        ("connected", True, "healthy", False),
        ("connected", True, "healthy", True),
    ]
    ready = cloud.stats()
    modules = ready["module_stat"] + ready["module2_stat"]
    assert {m["mac"]: (m["status"], m["vc_state"], m["vc_role"]) for m in modules} == {
        NODE0: ("connected", "active", "primary"),
        NODE1: ("connected", "active", "secondary"),
    }
    assert ready["config_status"] == "COMMITED"
    assert cloud.events()[-3:] == ["GW_HA_CONTROL_LINK_UP", "GW_CONFIG_GENERATED", "GW_CONFIGURED"]
    found = cloud.ok("GET", f"{cloud.org}/devices/search?type=gateway")["results"]
    assert [(r["clustered"], r["node0_mac"], r["node1_mac"]) for r in found] == [(True, NODE0, NODE1)]
    assert found[0]["last_config_status"] == "success"


def test_a_pair_of_srx_shows_its_links_and_nodes(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(SRX_PAIR)
    ports = {"ge-0/0/7": {"usage": "wan", "name": "wan0"}, "ge-0/0/2,ge-1/0/2": {"usage": "ha_data"}}
    made = cloud.new("gatewaytemplates", name="srx", type="spoke", port_config=ports)
    site = at_site(cloud, SRX0, SRX1, gatewaytemplate_id=made["id"])
    assert cloud.form(site, SRX0, SRX1).status_code == 200
    cloud.later(10)
    assert cloud.stats(SRX0)["cluster_config"]["status"] == "Red"
    cloud.later(6)
    stats = cloud.stats(SRX0)
    assert stats["cluster_config"]["status"] == "Green"
    assert stats["cluster_config"]["control_link_info"]["status"] == "Up"
    assert stats["cluster_config"]["secondary_node_health"] == "Healthy"
    assert stats["config_status"] == "COMMITED"
    assert "GW_RG_STATE_CHANGED" in cloud.events(SRX0)


def test_the_organisation_forms_a_pair_of_unassigned_devices(cloud: Cloud) -> None:
    site = cloud.new("sites", name="s")["id"]
    body = {"nodes": [{"mac": NODE0}, {"mac": NODE1}], "site_id": site}
    answer = cloud.api.post(f"{cloud.org}/inventory/create_ha_cluster", json=body)
    assert (answer.status_code, answer.content) == (200, b"")
    cloud.later(16)
    assert cloud.stats()["is_ha"]
    assert cloud.stats()["site_id"] == site
    assert cloud.api.post(f"{cloud.org}/inventory/delete_ha_cluster", json={"mac": NODE0}).status_code == 200
    records = cloud.ok("GET", f"{cloud.org}/inventory")
    assert [(record["mac"], record["site_id"]) for record in records] == [(NODE0, ""), (NODE1, "")]


def test_an_unassigned_pair_waits_for_its_site(cloud: Cloud) -> None:
    body = {"nodes": [{"mac": NODE0}, {"mac": NODE1}]}
    cloud.ok("POST", f"{cloud.org}/inventory/create_ha_cluster", body)
    cloud.later(60)
    assert cloud.stats()["is_ha"] is False
    cloud.assign(cloud.new("sites", name="s")["id"], NODE0)
    cloud.later(16)
    assert cloud.stats()["is_ha"] is True
    assert {record["site_id"] for record in cloud.ok("GET", f"{cloud.org}/inventory?vc=true")} != {""}


@pytest.mark.parametrize(
    ("nodes", "status", "said"),
    [
        ([NODE1, NODE0], 400, "first node must be the device of the path"),
        ([NODE0, NODE0], 400, "both nodes are the same device"),
        ([NODE0], 400, "exactly two nodes"),
        ([NODE0, "02:00:5e:10:0c:31"], 400, "not a MAC address"),
        ([NODE0, "02ffffffffff"], 404, "resource not found"),
        ([NODE0, SPARE.mac], 400, "not assigned to this site"),
        ([NODE0, SRX0], 400, "device model mismatch: SSR120, SRX300"),
    ],
)
def test_a_pair_that_cannot_be_is_refused(
    open_cloud: Callable[..., Cloud], nodes: list[str], status: int, said: str
) -> None:
    cloud = open_cloud((*PAIR, *SRX_PAIR, SPARE))
    site = at_site(cloud, NODE0, NODE1, SRX0)
    path = f"/sites/{site}/devices/{device_id(NODE0)}/ha"
    answer = cloud.api.post(path, json={"nodes": [{"mac": mac} for mac in nodes]})
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert "vc_mac" not in cloud.ok("GET", f"{cloud.org}/inventory?mac={NODE0}")[0]


def test_a_node_of_a_pair_cannot_form_another_not_even_the_same(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    cloud.form(site)
    again = cloud.form(site)
    assert (again.status_code, again.json()) == (400, {"detail": f"{NODE0} already belong to a ha cluster"})
    assert cloud.form(site, NODE1, NODE0).status_code == 404
    body = {"op": "unassign", "macs": [NODE0]}
    assert cloud.api.put(f"{cloud.org}/inventory", json=body).status_code == 400


def test_the_organisation_refuses_devices_that_have_a_site(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, _ = pair_at_site
    body = {"nodes": [{"mac": NODE0}, {"mac": NODE1}]}
    answer = cloud.api.post(f"{cloud.org}/inventory/create_ha_cluster", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (400, f"device {NODE0} is already assigned to a site")


def test_the_callers_order_decides_who_is_node0(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    assert cloud.form(site, NODE1, NODE0).status_code == 200
    cloud.later(16)
    assert cloud.stats(NODE1)["is_ha"]
    assert cloud.stats(NODE0) is None


def test_a_standalone_device_is_not_a_cluster(open_cloud: Callable[..., Cloud]) -> None:
    for kind, status in (("404", 404), ("400", 400), ("empty", 200)):
        cloud = open_cloud(folder=kind, standalone_ha_get=kind)
        path = f"/sites/{at_site(cloud, NODE0)}/devices/{device_id(NODE0)}/ha"
        assert cloud.api.get(path).status_code == status
        gone = cloud.api.delete(path)
        assert (gone.status_code, gone.json()) == (400, {"detail": "not a ha cluster"})


def test_a_dissolved_pair_becomes_two_devices_of_the_same_site(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    cloud.form(site)
    cloud.later(20)
    cloud.ok("DELETE", f"/sites/{site}/devices/{device_id(NODE0)}/ha")
    assert cloud.stats(NODE1)["status"] == "disconnected"
    cloud.later(10)
    for mac in (NODE0, NODE1):
        stats = cloud.stats(mac)
        assert (stats["status"], stats["is_ha"], stats["site_id"]) == ("connected", False, site)


def test_one_node_is_replaced_and_the_clusters_id_follows_node0(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud((*PAIR, SPARE))
    site = at_site(cloud, NODE0, NODE1, SPARE.mac)
    cloud.form(site)
    cloud.later(20)
    path = f"/sites/{site}/devices/{device_id(NODE0)}"
    cloud.ok("PUT", path, {"name": "edge"})
    both = {"nodes": [{"mac": SPARE.mac}, {"mac": NODE0}]}
    assert cloud.api.put(f"{path}/ha", json=both).status_code == 400
    one = {"nodes": [{"mac": NODE0}, {"mac": SPARE.mac}]}
    assert cloud.ok("PUT", f"{path}/ha", one) == one
    cloud.later(20)
    assert cloud.stats()["module2_stat"][0]["mac"] == SPARE.mac
    other = {"nodes": [{"mac": NODE1}, {"mac": SPARE.mac}]}
    assert cloud.ok("PUT", f"{path}/ha", other) == other
    cloud.later(20)
    assert cloud.stats(NODE1)["is_ha"]
    assert cloud.stats(NODE1)["name"] == "edge"
    assert cloud.api.get(path).json().get("name") == "edge"


@pytest.mark.parametrize(
    ("pair", "is_ha", "error"),
    [
        (Pair(result="never", mac=NODE0), False, None),
        (Pair(result="fail", site="spoke1", reason="control link down"), False, "HA_FORMATION_FAILED"),
        (Pair(result="half", mac="02005e100c3?"), True, None),
    ],
)
def test_a_formation_can_be_told_to_go_wrong(
    open_cloud: Callable[..., Cloud], pair: Pair, is_ha: bool, error: str | None
) -> None:
    cloud = open_cloud(pairs=(pair,))
    site = at_site(cloud, NODE0, NODE1)
    cloud.form(site)
    cloud.later(60)
    stats = cloud.stats()
    assert stats["is_ha"] is is_ha
    assert [entry["type"] for entry in stats["errors"]] == ([error] if error else [])
    assert "config_status" not in stats
    if error:
        assert stats["errors"][0]["reason"] == "control link down"
    if is_ha:
        assert stats["module2_stat"][0]["status"] == "disconnected"


def test_unequal_firmware_is_accepted_and_never_becomes_a_pair(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud((PAIR[0], Device(mac=NODE1, serial="B", model="SSR120", version="6.2.0-1")))
    cloud.form(at_site(cloud, NODE0, NODE1))
    cloud.later(60)
    assert [error["type"] for error in cloud.stats()["errors"]] == ["HA_FW_MISMATCH"]
    assert cloud.stats()["is_ha"] is False


def test_another_duration_and_swapped_modules_can_be_had(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(formation_minutes=2.0, swap_modules=True, node1_site_empty=True)
    cloud.form(at_site(cloud, NODE0, NODE1))
    cloud.later(3)
    assert cloud.stats()["module_stat"][0]["mac"] == NODE1
    members = cloud.ok("GET", f"{cloud.org}/inventory?vc=true")
    assert [bool(record["site_id"]) for record in members] == [True, False]


def test_a_working_template_serves_a_pair(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    cloud.form(site)
    cloud.later(20)
    last = cloud.ok("GET", f"{cloud.org}/devices/last_config/search?device_type=gateway")["results"]
    assert [(entry["mac"], entry["status"]) for entry in last] == [(NODE0, "success")]
    assert template()["name"] == "ha-spoke"

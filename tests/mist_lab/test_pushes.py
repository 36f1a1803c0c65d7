"""Configuration pushes: what reaches a device, when, and how it ends."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan_mist.lab import Device, Push
from tests.mist_lab.cloud import NODE0, NODE1, PAIR, SRX0, SRX_PAIR, Cloud, device_id, template


def paired(cloud: Cloud, **over: Any) -> tuple[str, str]:
    """A formed pair under a template: ids of site and template."""
    made = cloud.new("gatewaytemplates", **template(**over))["id"]
    site = cloud.new("sites", name="spoke1", gatewaytemplate_id=made)["id"]
    cloud.assign(site, NODE0, NODE1)
    assert cloud.form(site).status_code == 200
    cloud.later(16)
    return site, made


def last_events(cloud: Cloud, count: int, mac: str = NODE0) -> list[str]:
    return cloud.events(mac)[-count:]


def test_a_change_is_seen_generated_and_taken_within_a_minute(cloud: Cloud) -> None:
    _, made = paired(cloud)
    first = cloud.stats()["config_version"]
    cloud.ok("PUT", f"{cloud.org}/gatewaytemplates/{made}", {"ntp_servers": ["pool.ntp.org"]})
    assert last_events(cloud, 2) == ["GW_CONFIGURED", "GW_CONFIG_CHANGED_BY_USER"]
    cloud.later(0.75)
    assert last_events(cloud, 2) == ["GW_CONFIG_CHANGED_BY_USER", "GW_CONFIG_GENERATED"]
    cloud.later(0.5)
    assert last_events(cloud, 2) == ["GW_CONFIG_GENERATED", "GW_CONFIGURED"]
    assert cloud.stats()["config_version"] > first


def test_a_change_takes_longer_on_srx(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(SRX_PAIR)
    cloud.assign(cloud.new("sites", name="s")["id"], SRX0)
    cloud.later(3)
    assert "config_status" not in cloud.stats(SRX0)
    cloud.later(2)
    assert cloud.stats(SRX0)["config_status"] == "COMMITED"


@pytest.mark.parametrize("what", ["network", "service", "vpn", "setting", "device", "template", "profile"])
def test_everything_that_flows_into_a_configuration_is_pushed(cloud: Cloud, what: str) -> None:
    network = cloud.new("networks", name="LAN", subnet="10.0.0.0/24")
    service = cloud.new("services", name="dns")
    vpn = cloud.new("vpns", name="Org", paths={"h1-wan0": {}})
    ports = template()["port_config"] | {
        "ge-0/0/3,ge-1/0/3": {"usage": "lan", "networks": ["LAN"], "redundant": True},
        "ge-0/0/0": {"usage": "wan", "name": "wan0", "vpn_paths": {"h1-wan0.Org": {"role": "spoke"}}},
    }
    rules = [{"name": "r", "tenants": ["LAN"], "services": ["dns"], "action": "allow", "path_preference": "pri"}]
    site, made = paired(cloud, port_config=ports, service_policies=rules)
    assert last_events(cloud, 1) == ["GW_CONFIGURED"]
    profile = cloud.new("deviceprofiles", name="h1", type="gateway", ntp_servers=["a"])["id"]
    writes = {
        "network": ("PUT", f"{cloud.org}/networks/{network['id']}", {"subnet": "10.9.0.0/24"}),
        "service": ("PUT", f"{cloud.org}/services/{service['id']}", {"addresses": ["8.8.8.8/32"]}),
        "vpn": ("PUT", f"{cloud.org}/vpns/{vpn['id']}", {"paths": {"h1-wan0": {"pod": 2}}}),
        "setting": ("PUT", f"/sites/{site}/setting", {"gateway": {"name": "s", "ntp_servers": ["x"]}}),
        "device": ("PUT", f"/sites/{site}/devices/{device_id(NODE0)}", {"dns_servers": ["1.1.1.1"]}),
        "template": ("PUT", f"{cloud.org}/gatewaytemplates/{made}", {"dns_suffix": ["example.com"]}),
        "profile": ("POST", f"{cloud.org}/deviceprofiles/{profile}/assign", {"macs": [NODE0]}),
    }
    cloud.ok(*writes[what])
    assert last_events(cloud, 1) == ["GW_CONFIG_CHANGED_BY_USER"]
    cloud.later(2)
    assert last_events(cloud, 1) == ["GW_CONFIGURED"]


def test_a_write_that_leaves_the_configuration_as_it_is_pushes_nothing(cloud: Cloud) -> None:
    site, made = paired(cloud)
    before = cloud.events()
    cloud.ok("PUT", f"{cloud.org}/gatewaytemplates/{made}", template())
    cloud.ok("PUT", f"{cloud.org}/gatewaytemplates/{made}", {"name": "other"})
    cloud.new("networks", name="unused", subnet="10.0.0.0/24")
    cloud.ok("PUT", f"/sites/{site}/setting", {"vars": {"UNUSED": "1"}})
    cloud.ok("PUT", f"/sites/{site}", {"notes": "x"})
    cloud.later(5)
    assert cloud.events() == before


def test_only_the_sites_whose_variable_changed_are_pushed(cloud: Cloud) -> None:
    made = cloud.new("gatewaytemplates", name="t", ntp_servers=["{{NTP}}"])["id"]
    sites = [cloud.new("sites", name=name, gatewaytemplate_id=made)["id"] for name in ("a", "b")]
    for site, mac in zip(sites, (NODE0, NODE1), strict=True):
        cloud.ok("PUT", f"/sites/{site}/setting", {"vars": {"NTP": "one"}})
        cloud.assign(site, mac)
    cloud.later(2)
    cloud.ok("PUT", f"/sites/{sites[1]}/setting", {"vars": {"NTP": "two"}})
    assert last_events(cloud, 1) == ["GW_CONFIGURED"]
    assert last_events(cloud, 1, NODE1) == ["GW_CONFIG_CHANGED_BY_USER"]


WAN = {"usage": "wan", "name": "wan0"}
HA = {"ge-0/0/4,ge-1/0/4": {"usage": "ha_data"}, "ge-0/0/5,ge-1/0/5": {"usage": "ha_control"}}


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (
            {"port_config": {**HA, "ge-0/0/3,ge-1/0/3": {"usage": "lan", "svr_port_range": "none"}}},
            "intent/port_config/ge-0/0/3,ge-1/0/3/svr_port_range",
        ),
        ({"port_config": {**HA, "ge-0/0/4,ge-1/0/4": {"usage": "ha_data", "wan_type": "broadband"}}}, "wan_type"),
        ({"ntp_servers": ["{{NTP}}"]}, "undefined variable {{NTP}}"),
        ({"port_config": {**HA, "ge-0/0/3": {"usage": "lan", "networks": ["LAN"]}}}, "unknown network 'LAN'"),
        ({"ip_configs": {"LAN": {"type": "static"}}}, "unknown network 'LAN'"),
        ({"service_policies": [{"name": "r", "path_preference": "x"}]}, "unknown traffic steering 'x'"),
        ({"service_policies": [{"name": "r", "tenants": ["guest"]}]}, "unknown network 'guest'"),
        ({"service_policies": [{"name": "r", "services": ["dns"]}]}, "unknown application 'dns'"),
        ({"port_config": {**HA, "ge-0/0/0": {**WAN, "vpn_paths": {"h1.Org": {}}}}}, "unknown vpn path 'h1.Org'"),
        ({"path_preferences": {"p": {"paths": [{"type": "wan", "name": "w9"}]}}}, "unknown wan path 'w9'"),
        ({"path_preferences": {"p": {"paths": [{"type": "vpn", "name": "h9"}]}}}, "unknown vpn path 'h9'"),
        ({"port_config": {"ge-0/0/0": WAN}, "path_preferences": {}}, "no ha_control port pair"),
        ({"port_config": {**HA, "ge-0/0/1-4": {"usage": "lan"}}, "path_preferences": {}}, "port ge-0/0/4 is used by"),
    ],
)
def test_a_configuration_that_cannot_work_is_stored_and_fails_on_the_device(
    cloud: Cloud, over: dict[str, Any], said: str
) -> None:
    paired(cloud, **over)
    stats = cloud.stats()
    assert stats["is_ha"] is True
    assert stats["config_status"] == "FAILED"
    assert [error["type"] for error in stats["errors"]] == ["CONFIG_OUT_OF_SYNC"]
    assert said in stats["errors"][0]["reason"]
    assert last_events(cloud, 1) == ["GW_CONFIG_FAILED"]
    assert cloud.ok("GET", f"{cloud.org}/devices/last_config/search?device_type=gateway")["results"] == []
    found = cloud.ok("GET", f"{cloud.org}/devices/search?type=gateway")["results"]
    assert found[0]["last_config_status"] == "failed"


def test_a_mended_configuration_is_taken(cloud: Cloud) -> None:
    site, _ = paired(cloud, ntp_servers=["{{NTP}}"])
    assert cloud.stats()["config_status"] == "FAILED"
    cloud.ok("PUT", f"/sites/{site}/setting", {"vars": {"NTP": "n"}})
    cloud.later(2)
    assert cloud.stats()["config_status"] == "COMMITED"
    assert cloud.stats()["errors"] == []


def test_pushes_are_held_while_the_site_forbids_them(cloud: Cloud) -> None:
    site, made = paired(cloud)
    cloud.ok("PUT", f"/sites/{site}/setting", {"config_push_policy": {"no_push": True}})
    cloud.ok("PUT", f"{cloud.org}/gatewaytemplates/{made}", {"ntp_servers": ["n"]})
    cloud.later(600)
    assert last_events(cloud, 1) == ["GW_CONFIG_CHANGED_BY_USER"]
    cloud.ok("PUT", f"/sites/{site}/setting", {"config_push_policy": {"no_push": False}})
    cloud.later(2)
    assert last_events(cloud, 1) == ["GW_CONFIGURED"]


def test_pushes_wait_for_the_window_of_the_site(cloud: Cloud) -> None:
    site, made = paired(cloud)
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "03:00-04:00")
    policy = {"push_window": {"enabled": True, "hours": hours}}
    cloud.later((25 * 60 + 30 - cloud.lab.clock.now() % 86400 / 60) % (24 * 60))  # to half past one, UTC
    cloud.ok("PUT", f"/sites/{site}/setting", {"config_push_policy": policy})
    cloud.ok("PUT", f"{cloud.org}/gatewaytemplates/{made}", {"ntp_servers": ["n"]})
    cloud.later(85)
    assert last_events(cloud, 1) == ["GW_CONFIG_CHANGED_BY_USER"]
    cloud.later(10)
    assert last_events(cloud, 1) == ["GW_CONFIGURED"]


def test_a_device_that_is_away_takes_its_configuration_when_it_is_back(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud((Device(mac=NODE0, serial="A", model="SSR120", connected=False), PAIR[1]))
    cloud.assign(cloud.new("sites", name="s")["id"], NODE0)
    cloud.later(60)
    assert cloud.stats()["status"] == "disconnected"
    assert "config_status" not in cloud.stats()
    cloud.admin.post("/devices", json={"mac": NODE0, "connected": True})
    cloud.later(2)
    assert (cloud.stats()["status"], cloud.stats()["config_status"]) == ("connected", "COMMITED")


@pytest.mark.parametrize(
    ("result", "status", "event", "error"),
    [
        ("fail", "FAILED", "GW_CONFIG_FAILED", "CONFIG_OUT_OF_SYNC"),
        ("revert", "REVERTED", "GW_CONFIG_FAILED", "CONFIG_REVERTED"),
        ("lock_failed", "FAILED", "GW_CONFIG_LOCK_FAILED", "CONFIG_OUT_OF_SYNC"),
    ],
)
def test_a_push_can_be_told_to_go_wrong_and_is_tried_again_with_the_next_write(
    open_cloud: Callable[..., Cloud], result: Any, status: str, event: str, error: str
) -> None:
    cloud = open_cloud(pushes=(Push(result=result, site="spoke*", reason="because"),))
    _, made = paired(cloud)
    stats = cloud.stats()
    assert (stats["config_status"], stats["errors"][0]["type"]) == (status, error)
    assert stats["errors"][0]["reason"] == "because"
    assert last_events(cloud, 1) == [event]
    cloud.ok("PUT", f"{cloud.org}/gatewaytemplates/{made}", {})
    cloud.later(2)
    assert cloud.stats()["config_status"] == "COMMITED"


def test_a_queued_push_stays_away_until_it_is_let_go(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud(pushes=(Push(result="queue", device=NODE0, minutes=30),))
    paired(cloud)
    assert "config_status" not in cloud.stats()
    cloud.later(31)
    assert cloud.stats()["config_status"] == "COMMITED"


def test_a_removed_push_fault_lets_the_push_go(cloud: Cloud) -> None:
    cloud.admin.post("/faults", json={"push": [{"result": "queue", "times": 0}], "replace": True})
    paired(cloud)
    assert "config_status" not in cloud.stats()
    cloud.admin.delete("/faults")
    cloud.later(1)
    assert cloud.stats()["config_status"] == "COMMITED"


def test_a_change_during_the_formation_is_taken_at_its_end(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    cloud.form(site)
    cloud.later(5)
    cloud.ok("PUT", f"/sites/{site}/setting", {"gateway": {"name": "s", "ntp_servers": ["n"]}})
    cloud.later(8)
    assert "config_status" not in cloud.stats()
    cloud.later(3)
    assert cloud.stats()["config_status"] == "COMMITED"
    history = cloud.ok("GET", f"/sites/{site}/devices/config_history/search?type=gateway&mac={NODE0}")
    assert [entry["status"] for entry in history["results"]] == ["success"]


def test_events_come_in_pages_by_time_and_only_until_now(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    cloud.form(site)
    assert "GW_CONNECTED" not in cloud.events()
    cloud.later(16)
    path: str | None = f"/sites/{site}/devices/events/search?limit=4&sort=-timestamp"
    found: list[dict[str, Any]] = []
    while path:
        page = cloud.ok("GET", path)
        found += page["results"]
        path = page.get("next", "").removeprefix("/api/v1")
    assert len(found) == page["total"]
    times = [event["timestamp"] for event in found]
    assert times == sorted(times, reverse=True)
    assert max(times) <= cloud.lab.clock.now()
    counted = cloud.ok("GET", f"{cloud.org}/devices/events/count?distinct=mac")["results"]
    assert sum(entry["count"] for entry in counted) == len(found)

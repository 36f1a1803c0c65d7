"""The inventory: claim, assign, replace, and what the lists show."""

from collections.abc import Callable

from haplan_mist.lab import Device
from tests.mist_lab.cloud import NODE0, NODE1, PAIR, SRX0, SRX_PAIR, Cloud, device_id


def test_a_claimed_device_is_unassigned_until_it_gets_a_site(cloud: Cloud) -> None:
    first = cloud.ok("GET", f"{cloud.org}/inventory?type=gateway")[0]
    assert (first["mac"], first["site_id"], first["id"]) == (NODE0, "", device_id(NODE0))
    site = cloud.new("sites", name="s")["id"]
    assert cloud.assign(site, NODE0) == {"op": "assign", "success": [NODE0], "error": [], "reason": []}
    assert cloud.ok("GET", f"{cloud.org}/inventory?mac={NODE0}")[0]["site_id"] == site
    assert [r["mac"] for r in cloud.ok("GET", f"{cloud.org}/inventory?unassigned=false")] == [NODE0]
    assert cloud.events() == ["GW_ASSIGNED", "GW_CONFIG_CHANGED_BY_USER"]


def test_the_inventory_is_read_by_serial_model_type_site_and_time(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud((*PAIR, *SRX_PAIR))
    base = f"{cloud.org}/inventory"
    assert len(cloud.ok("GET", base)) == 4
    assert cloud.ok("GET", f"{base}?type=switch") == []
    assert len(cloud.ok("GET", f"{base}?model=SRX300")) == 2
    assert cloud.ok("GET", f"{base}?serial=DEMO300S1A")[0]["mac"] == SRX0
    before = cloud.lab.clock.now()
    cloud.later(1)
    site = cloud.new("sites", name="s")["id"]
    cloud.assign(site, NODE1)
    assert [r["mac"] for r in cloud.ok("GET", f"{base}?modified_after={int(before) + 5}")] == [NODE1]
    assert [r["mac"] for r in cloud.ok("GET", f"{base}?site_id={site}")] == [NODE1]


def test_part_of_an_assignment_may_fail_with_200(cloud: Cloud) -> None:
    site = cloud.new("sites", name="s")["id"]
    answer = cloud.assign(site, NODE0, "02ffffffffff")
    assert answer["success"] == [NODE0]
    assert answer["error"] == ["02ffffffffff"]
    assert answer["reason"] == ["02ffffffffff: device not found"]


def test_an_assignment_of_which_nothing_worked_is_answered_400_or_404(cloud: Cloud) -> None:
    site = cloud.new("sites", name="s")["id"]
    put = f"{cloud.org}/inventory"
    nothing = cloud.api.put(put, json={"op": "assign", "macs": ["02ffffffffff"], "site_id": site})
    assert (nothing.status_code, nothing.json()["error"]) == (400, ["02ffffffffff"])
    nowhere = cloud.api.put(put, json={"op": "assign", "macs": [NODE0], "site_id": cloud.served.org_id})
    assert (nowhere.status_code, nowhere.json()["reason"]) == (404, [f"{NODE0}: site not found"])
    assert cloud.api.put(put, json={"op": "assign", "macs": [NODE0]}).status_code == 400
    assert cloud.api.put(put, json={"op": "burn", "macs": [NODE0]}).status_code == 400


def test_no_reassign_refuses_a_device_that_has_a_site(cloud: Cloud) -> None:
    one, two = (cloud.new("sites", name=name)["id"] for name in ("a", "b"))
    cloud.assign(one, NODE0)
    body = {"op": "assign", "macs": [NODE0, NODE1], "site_id": two, "no_reassign": True}
    answer = cloud.ok("PUT", f"{cloud.org}/inventory", body)
    assert (answer["success"], answer["reason"]) == ([NODE1], [f"{NODE0}: device already assigned"])
    cloud.ok("PUT", f"/sites/{one}/devices/{device_id(NODE0)}", {"notes": "here"})
    cloud.assign(two, NODE0)
    assert "notes" not in cloud.ok("GET", f"/sites/{two}/devices/{device_id(NODE0)}")


def test_a_device_goes_back_to_the_inventory_and_out_of_it(cloud: Cloud) -> None:
    site = cloud.new("sites", name="s")["id"]
    cloud.assign(site, NODE0)
    put = f"{cloud.org}/inventory"
    cloud.ok("PUT", put, {"op": "unassign", "macs": [NODE0]})
    assert cloud.ok("GET", f"{put}?mac={NODE0}")[0]["site_id"] == ""
    cloud.ok("PUT", put, {"op": "delete", "serials": [PAIR[0].serial]})
    assert [record["mac"] for record in cloud.ok("GET", put)] == [NODE1]


def test_a_device_is_claimed_by_its_code_once(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud((Device(mac=NODE0, serial="A", model="SSR120", claimed=False, claim_code="AAAAABBBBBCCCCC"),))
    assert cloud.ok("GET", f"{cloud.org}/inventory") == []
    claimed = cloud.ok("POST", f"{cloud.org}/inventory", ["AAAAA-BBBBB-CCCCC", "WRONG"])
    assert (claimed["added"], claimed["error"]) == (["AAAAA-BBBBB-CCCCC"], ["WRONG"])
    assert claimed["inventory_added"][0]["mac"] == NODE0
    again = cloud.ok("POST", f"{cloud.org}/inventory", ["AAAAABBBBBCCCCC"])
    assert again["duplicated"] == ["AAAAABBBBBCCCCC"]
    assert cloud.api.post(f"{cloud.org}/inventory", json=["WRONG"]).status_code == 400


def test_a_spare_replaces_a_device_of_the_same_model(open_cloud: Callable[..., Cloud]) -> None:
    cloud = open_cloud((*PAIR, *SRX_PAIR))
    site = cloud.new("sites", name="s")["id"]
    cloud.assign(site, NODE0)
    cloud.ok("PUT", f"/sites/{site}/devices/{device_id(NODE0)}", {"name": "edge"})
    path = f"{cloud.org}/inventory/replace"
    wrong = cloud.api.post(path, json={"site_id": site, "mac": NODE0, "inventory_mac": SRX0})
    assert (wrong.status_code, wrong.json()) == (400, {"detail": "invalid replacing_mac"})
    cloud.ok("POST", path, {"site_id": site, "mac": NODE0, "inventory_mac": NODE1})
    records = {record["mac"]: record for record in cloud.ok("GET", f"{cloud.org}/inventory")}
    assert (records[NODE0]["site_id"], records[NODE1]["site_id"], records[NODE1]["name"]) == ("", site, "edge")


def test_a_hub_profile_is_assigned_by_mac_and_says_what_changed(cloud: Cloud) -> None:
    profile = cloud.new("deviceprofiles", name="h1", type="gateway")["id"]
    path = f"{cloud.org}/deviceprofiles/{profile}"
    assert cloud.ok("POST", f"{path}/assign", {"macs": [NODE0, "02ffffffffff"]}) == {"success": [NODE0]}
    assert cloud.ok("POST", f"{path}/assign", {"macs": [NODE0]}) == {"success": []}
    assert cloud.ok("GET", f"{cloud.org}/inventory?mac={NODE0}")[0]["deviceprofile_id"] == profile
    assert cloud.ok("POST", f"{path}/unassign", {"macs": [NODE0]}) == {"success": [NODE0]}
    assert cloud.ok("GET", f"{cloud.org}/inventory?mac={NODE0}")[0]["deviceprofile_id"] is None


def test_an_organisation_with_devices_is_not_deleted(cloud: Cloud) -> None:
    answer = cloud.api.delete(cloud.org)
    assert (answer.status_code, answer.json()) == (400, {"detail": "inventory not empty"})
    assert cloud.ok("GET", f"{cloud.org}/stats")["num_inventory"] == 2


def test_searches_find_devices_and_count_them(pair_at_site: tuple[Cloud, str]) -> None:
    cloud, site = pair_at_site
    found = cloud.ok("GET", f"{cloud.org}/devices/search?type=gateway&limit=1")
    assert (found["total"], len(found["results"])) == (2, 1)
    rest = cloud.ok("GET", found["next"].removeprefix("/api/v1"))
    assert "next" not in rest
    assert {found["results"][0]["mac"], rest["results"][0]["mac"]} == {NODE0, NODE1}
    counted = cloud.ok("GET", f"/sites/{site}/devices/count?distinct=model")
    assert counted["results"] == [{"model": "SSR120", "count": 2}]
    listed = cloud.ok("GET", f"{cloud.org}/inventory/search?type=gateway&mac={NODE0}")["results"]
    assert (listed[0]["version"], listed[0]["status"]) == ("6.3.0-107", "connected")

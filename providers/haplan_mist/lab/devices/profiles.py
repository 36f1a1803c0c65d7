"""Device objects of a site and the assignment of hub profiles.

Source: Mist OpenAPI 2509.1.2. A device object holds identity and overrides, never the merged view. A pair is one
device: node1's own id answers 404.
"""

import json
import re
import sqlite3

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_mist.lab.devices import pushes
from haplan_mist.lab.devices.boxes import device_id, event
from haplan_mist.lab.devices.clusters import head_at_site
from haplan_mist.lab.http.paging import page_of_list
from haplan_mist.lab.http.wire import Call, Handler, not_found
from haplan_mist.lab.organisation.audit import record
from haplan_mist.lab.organisation.objects import check, load, merged, touched

RESTART_SECONDS = 300
DEVICE_KEYS = frozenset(
    {"id", "mac", "org_id", "site_id", "serial", "model", "type", "deviceprofile_id", "created_time", "modified_time",
     "msp_id", "for_site", "connected", "hw_rev", "tag_uuid", "tag_id"}
)  # fmt: skip


def device_object(row: sqlite3.Row) -> dict[str, Tree]:
    out = {
        **json.loads(row["overrides"]), "id": device_id(row["mac"]), "mac": row["mac"],
        "org_id": row["org_id"], "site_id": row["site_id"], "serial": row["serial"], "model": row["model"],
        "type": "gateway", "name": row["name"] or row["mac"], "managed": bool(row["managed"]),
        "deviceprofile_id": row["profile_id"],
        "created_time": row["created"], "modified_time": row["modified"],
    }  # fmt: skip
    if row["profile_id"] is None:
        out.pop("deviceprofile_id")
    return out


def list_devices(call: Call) -> Answer:
    if call.query.get("type", "ap") not in ("gateway", "all"):
        return page_of_list(call, [])
    sql = "select * from devices where site_id = ? and (vc_mac is null or vc_mac = mac) order by created, mac"
    rows = call.tx.all(sql, call.site_id)
    if call.query.get("name"):
        rows = [row for row in rows if re.search(re.escape(call.query["name"]), row["name"] or "", re.IGNORECASE)]
    return page_of_list(call, [device_object(row) for row in rows])


def read_device(call: Call) -> Answer:
    return Answer(device_object(head_at_site(call)))


def update_device(call: Call) -> Answer:
    tx, row, sent = call.tx, head_at_site(call), call.object_body()
    check("device_gateway", {key: value for key, value in sent.items() if key not in DEVICE_KEYS}, partial=True)
    old = device_object(row)
    new = merged(old, sent, DEVICE_KEYS)
    touched(tx, old, new)
    overrides = {key: value for key, value in new.items() if key not in DEVICE_KEYS | {"name", "managed"}}
    tx.run(
        "update devices set name = ?, managed = ?, overrides = ?, modified = ? where mac = ?",
        new.get("name"), bool(new.get("managed", True)), json.dumps(overrides), new["modified_time"], row["mac"],
    )  # fmt: skip
    record(call, f'Update Device "{new.get("name") or row["mac"]}"', old, new)
    pushes.reach_device(tx, row["mac"])
    return Answer(new)


def assign_profile(call: Call) -> Answer:
    return _profile(call, call.params["deviceprofile_id"], "profile_id is not ?")


def unassign_profile(call: Call) -> Answer:
    return _profile(call, None, "profile_id is ?")


def _profile(call: Call, wanted: str | None, where: str) -> Answer:
    """Answers the MACs that changed; one that was so already, or is node1 of a cluster, is not among them."""
    tx, profile_id = call.tx, call.params["deviceprofile_id"]
    profile = load(tx, "deviceprofile", profile_id, call.org_id)
    if profile is None:
        raise not_found()
    body = call.object_body()
    check("mac_addresses", body, partial=False)
    done = []
    for mac in dict.fromkeys(body.get("macs") or ()):
        row = tx.one(
            f"select * from devices where mac = ? and org_id = ? and (vc_mac is null or vc_mac = mac) and {where}",
            mac, call.org_id, profile_id,
        )  # fmt: skip
        if row:
            tx.run("update devices set profile_id = ?, modified = ? where mac = ?", wanted, tx.now, mac)
            pushes.reach_device(tx, mac)
            done.append(mac)
    verb = "Assign" if wanted else "Unassign"
    record(call, f'{verb} Device Profile "{profile.get("name", profile_id)}"', None, {"id": profile_id, "macs": done})
    return Answer({"success": done})


def restart_device(call: Call) -> Answer:
    tx, row = call.tx, head_at_site(call)
    tx.run(
        "update devices set away_from = ?, away_until = ? where mac = ?", tx.now, tx.now + RESTART_SECONDS, row["mac"]
    )
    event(tx, row, "GW_RESTART_BY_USER", "restart requested")
    event(tx, row, "GW_DISCONNECTED", "device restarts")
    event(tx, row, "GW_CONNECTED", "device connected", at=tx.now + RESTART_SECONDS)
    record(call, f'Restart Device "{row["mac"]}"', None, None)
    return Answer()


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/sites/{site_id}/devices", list_devices),
    ("GET", "/sites/{site_id}/devices/{device_id}", read_device),
    ("PUT", "/sites/{site_id}/devices/{device_id}", update_device),
    ("POST", "/sites/{site_id}/devices/{device_id}/restart", restart_device),
    ("POST", "/orgs/{org_id}/deviceprofiles/{deviceprofile_id}/assign", assign_profile),
    ("POST", "/orgs/{org_id}/deviceprofiles/{deviceprofile_id}/unassign", unassign_profile),
]

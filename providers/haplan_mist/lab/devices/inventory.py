"""The organisation's inventory: records, claim, assignment, replacement.

Source: Mist OpenAPI 2509.1.2, "Orgs Inventory". A write answers 200 as soon as part of it worked; `reason[i]` explains
`error[i]`. Reasons name the device, because the published schema wants them unique.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from haplan.lab.exchange import Answer, Refused
from haplan.plugin import Tree
from haplan_mist.lab.devices import boxes, pushes
from haplan_mist.lab.devices.boxes import Formation, connected, device_id, event, formations, is_head
from haplan_mist.lab.devices.clusters import release, start
from haplan_mist.lab.devices.stats import device_status
from haplan_mist.lab.estate import Tx
from haplan_mist.lab.http.paging import count_answer, page_of_list, search_page
from haplan_mist.lab.http.wire import Call, Handler, bad_request
from haplan_mist.lab.organisation.audit import record
from haplan_mist.lab.organisation.objects import check


def rows(call: Call) -> list[sqlite3.Row]:
    return call.tx.all("select * from devices where org_id = ? order by created, mac", call.org_id)


def site_of(tx: Tx, row: sqlite3.Row) -> str:
    if not is_head(row) and tx.settings.node1_site_empty:
        return ""
    return row["site_id"] or ""


def inventory_record(tx: Tx, row: sqlite3.Row, pairs: Mapping[str, Formation]) -> dict[str, Tree]:
    out = {
        "id": device_id(row["mac"]), "org_id": row["org_id"], "mac": row["mac"], "serial": row["serial"],
        "model": row["model"], "sku": row["model"], "type": "gateway", "magic": row["claim_code"], "hw_rev": "A",
        "site_id": site_of(tx, row), "deviceprofile_id": row["profile_id"], "hostname": row["name"] or row["mac"],
        "connected": connected(row, pairs, tx.now), "adopted": False, "jsi": False,
        "created_time": row["created"], "modified_time": row["modified"],
    }  # fmt: skip
    if row["name"]:
        out["name"] = row["name"]
    if row["vc_mac"]:
        out["vc_mac"] = row["vc_mac"]
    return out


def list_(call: Call) -> Answer:
    query, tx = call.query, call.tx
    pairs = formations(tx, call.org_id)
    found = rows(call)
    if query.get("vc", "false").lower() != "true":
        found = [row for row in found if is_head(row)]
    if query.get("unassigned", "true").lower() == "false":
        found = [row for row in found if row["site_id"]]
    if query.get("modified_after"):
        found = [row for row in found if row["modified"] > float(query["modified_after"])]
    if query.get("type", "gateway") != "gateway":
        found = []
    for name in ("serial", "model", "mac", "vc_mac"):
        if query.get(name):
            found = [row for row in found if row[name] == query[name]]
    if query.get("site_id"):
        found = [row for row in found if site_of(tx, row) == query["site_id"]]
    records = [inventory_record(tx, row, pairs) for row in found]
    return page_of_list(call, records, whole=tx.settings.unpaged_lists_whole)


def search_records(call: Call) -> list[dict[str, Tree]]:
    if call.query.get("type", "ap") != "gateway":
        return []
    pairs, everything = formations(call.tx, call.org_id), rows(call)
    by_head: dict[str, list[sqlite3.Row]] = {}
    for row in everything:
        by_head.setdefault(row["vc_mac"] or row["mac"], []).append(row)
    out = []
    for row in everything:
        members = [{"mac": r["mac"], "model": r["model"], "serial": r["serial"]} for r in by_head.get(row["mac"], [])]
        out.append(
            {"mac": row["mac"], "serial": row["serial"], "model": row["model"], "sku": row["model"],
             "type": "gateway", "org_id": row["org_id"], "site_id": site_of(call.tx, row), "name": row["name"] or "",
             "version": row["version"], "status": device_status(row, pairs, call.tx.now), "master": is_head(row),
             "vc_mac": row["vc_mac"] or "", "members": members}
        )  # fmt: skip
    for name in ("mac", "vc_mac", "serial", "site_id", "sku", "version", "status"):
        if call.query.get(name):
            out = [entry for entry in out if entry[name] == call.query[name]]
    if call.query.get("text"):
        out = [e for e in out if any(call.query["text"].lower() in str(v).lower() for v in e.values())]
    return out


def claim(call: Call) -> Answer:
    if not isinstance(call.body, list) or not all(isinstance(code, str) for code in call.body):
        raise bad_request("body: must be an array of claim codes")
    out: dict[str, list[Any]] = {
        "added": [], "duplicated": [], "error": [], "reason": [], "inventory_added": [], "inventory_duplicated": [],
    }  # fmt: skip
    for code in call.body:
        _claim_one(call, code, out)
    if not (out["added"] or out["duplicated"]):
        out.pop("inventory_added")
        raise Refused(400, out)
    if not out["inventory_added"]:
        out.pop("inventory_added")
    record(call, f"Claim {len(out['added'])} devices", None, {"added": out["added"]})
    return Answer(out)


def _claim_one(call: Call, code: str, out: dict[str, list[Any]]) -> None:
    plain = code.replace("-", "").upper()
    row = call.tx.one("select * from devices where claim_code = ?", plain)
    if row is None or row["org_id"] not in (None, call.org_id):
        out["error"].append(code)
        owner = "" if row is None else f"belongs to another org ({row['org_id']})"
        out["reason"].append(owner or f"{code}: invalid claim code")
        return
    kind = "duplicated" if row["org_id"] else "added"
    out[kind].append(code)
    entry = {key: row[key] for key in ("mac", "serial", "model")} | {"magic": plain, "type": "gateway"}
    out[f"inventory_{kind}"].append(entry)
    if kind == "added":
        now = call.tx.now
        call.tx.run("update devices set org_id = ?, created = ?, modified = ? where mac = ?", call.org_id, now, now,
                    row["mac"])  # fmt: skip
        event(call.tx, boxes.device(call.tx, row["mac"]), "GW_CLAIMED", "device claimed")


def change(call: Call) -> Answer:
    """`PUT /inventory`: assign, unassign, delete, upgrade_to_mist, downgrade_to_jsi."""
    body = call.object_body()
    check("inventory_update", body, partial=False)
    op = body.get("op")
    site = _target_site(call, body) if op == "assign" else None
    out: dict[str, Tree] = {"op": op, "success": [], "error": [], "reason": []}
    key = "serial" if body.get("serials") else "mac"
    for value in dict.fromkeys(body.get("serials") or body.get("macs") or []):
        row = call.tx.one(f"select * from devices where {key} = ? and org_id = ?", value, call.org_id)
        wrong = f"{value}: device not found" if row is None else OPERATIONS[str(op)](call, row, body)
        if wrong:
            out["error"].append(value)
            out["reason"].append(wrong)
        else:
            out["success"].append(value)
    if not out["success"]:
        raise Refused(400, {**out, "detail": "; ".join(out["reason"]) or "no devices given"})
    _log_change(call, str(op), out["success"], site)
    return Answer(out)


def _target_site(call: Call, sent: Mapping[str, Tree]) -> dict[str, str]:
    site_id = sent.get("site_id")
    if not site_id:
        raise bad_request("site_id: this field is required")
    row = call.tx.one(
        "select id, name from objects where kind = 'site' and id = ? and org_id = ?", site_id, call.org_id
    )
    if row is None:
        macs = sent.get("macs") or sent.get("serials") or []
        reasons = [f"{mac}: site not found" for mac in macs]
        body = {"op": "assign", "success": [], "error": macs, "reason": reasons, "detail": "site not found"}
        raise Refused(404, body)
    return {"site_id": row["id"], "site_name": row["name"]}


def _log_change(call: Call, op: str, done: list[str], site: Mapping[str, str] | None) -> None:
    where = f' to site "{site["site_name"]}"' if site else ""
    message = f"{op.replace('_', ' ').capitalize()} {len(done)} devices{where}"
    record(call, message, None, {"op": op, "devices": done, **(site or {})}, site_id=(site or {}).get("site_id"))


def _assign(call: Call, row: sqlite3.Row, body: Mapping[str, Tree]) -> str | None:
    tx, site_id = call.tx, body["site_id"]
    if not is_head(row):
        # node1 goes where its cluster goes
        return None if row["site_id"] == site_id else f"{row['mac']}: already belong to a ha cluster"
    if row["site_id"] and row["site_id"] != site_id and body.get("no_reassign"):
        return f"{row['mac']}: device already assigned"
    if "managed" in body or "disable_auto_config" in body:
        managed = body.get("managed", not body.get("disable_auto_config", False))
        tx.run("update devices set managed = ? where mac = ?", managed, row["mac"])
    if row["site_id"] != site_id:
        _move(tx, row, site_id)
    pushes.reach_device(tx, row["mac"])
    return None


def _move(tx: Tx, row: sqlite3.Row, site_id: str) -> None:
    members = [row] if row["vc_mac"] is None else tx.all("select * from devices where vc_mac = ?", row["vc_mac"])
    for member in members:
        pushes.forget(tx, member["mac"])
        # overrides belong to the old site
        tx.run(
            "update devices set site_id = ?, overrides = '{}', modified = ? where mac = ?",
            site_id, tx.now, member["mac"],
        )  # fmt: skip
        event(tx, boxes.device(tx, member["mac"]), "GW_ASSIGNED", "device assigned to site")
    if row["vc_mac"]:
        tx.run("update clusters set site_id = ? where node0 = ?", site_id, row["vc_mac"])
        start(tx, row["vc_mac"])


def _unassign(call: Call, row: sqlite3.Row, _body: Mapping[str, Tree]) -> str | None:
    if row["vc_mac"]:
        return f"{row['mac']}: already belong to a ha cluster"
    if row["site_id"]:
        release(call.tx, row)
    return None


def _delete(call: Call, row: sqlite3.Row, _body: Mapping[str, Tree]) -> str | None:
    if row["vc_mac"]:
        return f"{row['mac']}: already belong to a ha cluster"
    release(call.tx, row)
    event(call.tx, row, "GW_UNCLAIMED", "device removed from the organisation")
    call.tx.run("update devices set org_id = null, name = null, profile_id = null where mac = ?", row["mac"])
    return None


def _upgrade(call: Call, row: sqlite3.Row, _body: Mapping[str, Tree]) -> str | None:
    if row["managed"]:
        return f"{row['mac']}: already managed"
    call.tx.run("update devices set managed = 1, modified = ? where mac = ?", call.tx.now, row["mac"])
    pushes.reach_device(call.tx, row["mac"])
    return None


def _downgrade(call: Call, row: sqlite3.Row, _body: Mapping[str, Tree]) -> str | None:
    pushes.forget(call.tx, row["mac"])
    call.tx.run("update devices set managed = 0, modified = ? where mac = ?", call.tx.now, row["mac"])
    return None


OPERATIONS: dict[str, Callable[[Call, sqlite3.Row, Mapping[str, Tree]], str | None]] = {
    "assign": _assign, "unassign": _unassign, "delete": _delete, "upgrade_to_mist": _upgrade,
    "downgrade_to_jsi": _downgrade,
}  # fmt: skip


def replace(call: Call) -> Answer:
    """An unassigned spare of the same model takes the place of a standalone device."""
    tx, body = call.tx, call.object_body()
    check("replace_device", body, partial=False)
    old = tx.one("select * from devices where mac = ? and org_id = ?", body.get("mac"), call.org_id)
    new = tx.one("select * from devices where mac = ? and org_id = ?", body.get("inventory_mac"), call.org_id)
    if new is None:
        raise Refused(404, {"detail": "replacing_mac inventory not found"})
    if old is None:
        raise Refused(404, {"detail": "replacing_mac device not found"})
    if not old["site_id"] or (body.get("site_id") and body["site_id"] != old["site_id"]):
        raise bad_request("replacing_mac device is unassigned")
    if new["site_id"]:
        raise bad_request("device already assigned")
    if old["model"] != new["model"] or old["vc_mac"]:
        raise bad_request("invalid replacing_mac")
    tx.run(
        "update devices set site_id = ?, overrides = ?, profile_id = ?, name = ?, modified = ? where mac = ?",
        old["site_id"], old["overrides"], old["profile_id"], old["name"], tx.now, new["mac"],
    )  # fmt: skip
    release(tx, old)
    tx.run("update devices set profile_id = null where mac = ?", old["mac"])
    pushes.reach_device(tx, new["mac"])
    record(call, f'Replace Device "{old["mac"]}" by "{new["mac"]}"', None, {"mac": new["mac"]}, site_id=old["site_id"])
    return Answer({"op": "assign", "success": [new["mac"]], "error": [], "reason": []})


def reevaluate(_call: Call) -> Answer:
    return Answer()


def count(call: Call) -> Answer:
    call.query.setdefault("type", "gateway")
    return count_answer(call, search_records(call), "model")


def search(call: Call) -> Answer:
    """Answers its own shape: results, limit and page, without a time window."""
    answer = search_page(call, search_records(call))
    body = {key: value for key, value in answer.body.items() if key not in ("start", "end")}
    return Answer(body | {"page": int(call.query.get("page", "1"))})


def devices(call: Call) -> Answer:
    """`GET /orgs/{org_id}/devices`: MACs and names only."""
    heads = [row for row in rows(call) if is_head(row) and row["site_id"]]
    return Answer({"results": [{"mac": row["mac"], "name": row["name"] or row["mac"]} for row in heads]})


def summary(call: Call) -> Answer:
    found = rows(call)
    return Answer(
        {"num_aps": 0, "num_switches": 0, "num_mxedges": 0, "num_gateways": sum(bool(r["site_id"]) for r in found),
         "num_unassigned_aps": 0, "num_unassigned_switches": 0,
         "num_unassigned_gateways": sum(not r["site_id"] for r in found)}
    )  # fmt: skip


BASE = "/orgs/{org_id}/inventory"
ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", BASE, list_),
    ("POST", BASE, claim),
    ("PUT", BASE, change),
    ("POST", f"{BASE}/replace", replace),
    ("GET", f"{BASE}/search", search),
    ("GET", f"{BASE}/count", count),
    ("POST", f"{BASE}/reevaluate_auto_assignment", reevaluate),
    ("GET", "/orgs/{org_id}/devices", devices),
    ("GET", "/orgs/{org_id}/devices/summary", summary),
]

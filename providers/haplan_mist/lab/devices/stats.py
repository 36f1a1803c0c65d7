"""Device statistics: what a formation and a push look like from outside.

Shapes after the published samples `DeviceStatsGatewayStats` and `DevicesSearchGateway` of Mist OpenAPI 2509.1.2; the
`errors` list after the older API documentation, "device stats".
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_mist.lab.devices import peers
from haplan_mist.lab.devices.boxes import Formation, connected, device_id, formations, is_head, mac_of_id
from haplan_mist.lab.devices.effective import expand
from haplan_mist.lab.devices.models import family_of
from haplan_mist.lab.devices.running import Box, boxes
from haplan_mist.lab.http.paging import page_of_list
from haplan_mist.lab.http.wire import Call, Handler, not_found

Rows = Mapping[str, sqlite3.Row]


def device_status(row: sqlite3.Row, pairs: Mapping[str, Formation], now: float) -> str:
    return "connected" if connected(row, pairs, now) else "disconnected"


def org_stats(call: Call) -> Answer:
    return _list(call, call.tx.all("select * from devices where org_id = ? order by created, mac", call.org_id))


def site_stats(call: Call) -> Answer:
    return _list(call, call.tx.all("select * from devices where site_id = ? order by created, mac", call.site_id))


def one(call: Call) -> Answer:
    mac = mac_of_id(call.params["device_id"])
    rows = {row["mac"]: row for row in call.tx.all("select * from devices where site_id = ?", call.site_id)}
    row = rows.get(mac or "")
    if row is None or not is_head(row):
        raise not_found()
    living = {box.mac: box for box in boxes(call.tx, call.org_id)}
    return Answer(entry(call, row, rows, formations(call.tx, call.org_id), "*", living))


def _list(call: Call, rows: list[sqlite3.Row]) -> Answer:
    query, tx = call.query, call.tx
    whole = tx.settings.unpaged_lists_whole
    if query.get("type", "ap") not in ("gateway", "all"):
        return page_of_list(call, [], whole=whole)
    pairs = formations(tx, call.org_id)
    heads = [row for row in rows if is_head(row) and (row["site_id"] or tx.settings.stats_show_unassigned)]
    for name in ("mac", "site_id"):
        if query.get(name):
            heads = [row for row in heads if row[name] == query[name]]
    if query.get("status") in ("connected", "disconnected"):
        heads = [row for row in heads if device_status(row, pairs, tx.now) == query["status"]]
    by_mac = {row["mac"]: row for row in rows}
    answer = page_of_list(call, heads, whole=whole)
    living = {box.mac: box for box in boxes(tx, call.org_id)}
    found = [entry(call, row, by_mac, pairs, query.get("fields", ""), living) for row in answer.body]
    return Answer(found, headers=answer.headers)


def entry(
    call: Call, row: sqlite3.Row, rows: Rows, pairs: Mapping[str, Formation], fields: str, living: Mapping[str, Box]
) -> dict[str, Tree]:  # fmt: skip
    """The stats of one standalone device or pair."""
    now, pair = call.tx.now, pairs.get(row["mac"])
    up = connected(row, pairs, now)
    out: dict[str, Tree] = {
        "id": device_id(row["mac"]), "mac": row["mac"], "org_id": row["org_id"], "type": "gateway",
        "model": row["model"], "serial": row["serial"], "version": row["version"], "name": row["name"] or "",
        "hostname": row["name"] or row["mac"], "status": "connected" if up else "disconnected",
        "is_ha": bool(pair and pair.is_ha), "deviceprofile_id": row["profile_id"],
        "last_seen": _last_seen(row, up, now),
        "uptime": int(now - max(row["created"], row["away_until"] or 0)) if up else 0,
        "ip": address(row), "ext_ip": address(row), "created_time": row["created"], "modified_time": row["modified"],
        "managed": bool(row["managed"]), "module_stat": [_module(row, up, now, "primary", pair)],
        "errors": errors(row, pair, now),
    }  # fmt: skip
    if row["site_id"]:
        out["site_id"] = row["site_id"]
    if row["config_status"]:
        out |= _config(row)
    if pair and pair.is_ha and pair.node1 in rows:
        _pair(call, out, rows[pair.node1], pair, connected(rows[pair.node1], pairs, now), living.get(row["mac"]))
    if family_of(row["model"]) == "ssr":
        out |= {"router_name": row["name"] or row["mac"], "node_name": "node0"}
    if fields:
        out |= {"cpu_stat": {"idle": 90, "user": 5, "system": 5, "interrupt": 0}, "memory_stat": {"usage": 40}}
    if fields and row["mac"] in living:
        _heavy(out, living[row["mac"]], list(living.values()), fields, now)
    return out


def _last_seen(row: sqlite3.Row, up: bool, now: float) -> float:
    return now if up else float(row["away_from"] or row["created"])


def address(row: sqlite3.Row) -> str:
    """An address from the documentation ranges, the same for the same device."""
    number = int(row["mac"][-4:], 16)
    return f"198.51.{number >> 8}.{number & 255}"


def _config(row: sqlite3.Row) -> dict[str, Tree]:
    out: dict[str, Tree] = {"config_status": row["config_status"], "config_timestamp": int(row["config_at"])}
    if row["configured_at"]:
        out["config_version"] = int(row["configured_at"])
    return out


def _module(row: sqlite3.Row, up: bool, now: float, role: str, pair: Formation | None) -> dict[str, Tree]:
    out: dict[str, Tree] = {
        "mac": row["mac"], "model": row["model"], "serial": row["serial"], "version": row["version"],
        "backup_version": row["version"], "pending_version": "", "status": "connected" if up else "disconnected",
        "last_seen": _last_seen(row, up, now), "uptime": 0 if not up else int(now - row["created"]),
    }  # fmt: skip
    if pair and pair.is_ha:
        joined = up and (pair.formed or (pair.phase == "half" and role == "primary"))
        out |= {"vc_role": role if joined else "", "vc_state": "active" if joined else "inactive"}
        if joined and family_of(row["model"]) == "srx":
            other = 1 if role == "primary" else 0
            link = {"neighbor_module_idx": other, "neighbor_port_id": "fxp1", "port_id": "fxp1"}
            out["vc_links"] = [link] if pair.formed else []
    return out


def _pair(
    call: Call, out: dict[str, Tree], node1: sqlite3.Row, pair: Formation, up: bool, box: Box | None
) -> None:  # fmt: skip
    out["module2_stat"] = [_module(node1, up, call.tx.now, "secondary", pair)]
    if call.tx.settings.swap_modules:
        # in the field the first module can be node1: match by MAC
        out["module_stat"], out["module2_stat"] = out["module2_stat"], out["module_stat"]
    if family_of(out["model"]) == "srx":
        out["cluster_config"] = cluster_config(pair.formed, box)
    else:
        linked = box is None or all(map(box.link_up, ("ha_control", "ha_data")))
        out["cluster_stat"] = {"state": "forming" if not pair.formed else "healthy" if linked else "degraded"}


def cluster_config(formed: bool, box: Box | None) -> dict[str, Tree]:
    """The SRX view of a pair: its links, its redundancy groups, its redundant interfaces."""
    control, fabric = (box.link_up(usage) if box else formed for usage in ("ha_control", "ha_data"))
    single = box is not None and formed and not all(box.up)
    well = formed and control and fabric and not single
    reason = "No failures" if well else "cluster is forming" if not formed else (
        "node1 is lost" if single else "control link is down" if not control else "fabric link is down"
    )  # fmt: skip
    return {
        "configuration": "active-active", "operational": "active-active" if formed else "",
        "status": "Green" if formed else "Red", "primary_node_health": "Healthy",
        "secondary_node_health": "Healthy" if well else "Not healthy", "last_status_change_reason": reason,
        "control_link_info": {"name": "fxp1", "status": _word(control)},
        "fabric_link_info": {
            "State": "Enabled", "Status": "Enabled" if fabric else "Disabled", "DataPlaneNotifiedStatus": _word(fabric),
            "InternalStatus": _word(fabric), "Interface": [],
        },
        "ethernet_connection": _reths(box, formed),
        "redundancy_group_information": _groups(box),
    }  # fmt: skip


def _word(up: bool) -> str:
    return "Up" if up else "Down"


def _redundant(box: Box | None) -> Iterator[tuple[str, dict[str, Tree]]]:
    if box is not None:
        ports = [*box.ports("lan"), *box.ports("wan")]
        yield from ((key, dict(port)) for key, port in ports if port.get("redundant"))


def _reths(box: Box | None, formed: bool) -> list[dict[str, Tree]]:
    found = [{"name": f"reth{port.get('reth_idx') or 0}", "status": _word(box is not None and box.port_up(key, port))}
             for key, port in _redundant(box)]  # fmt: skip
    return found or [{"name": "reth0", "status": _word(formed)}]


def _groups(box: Box | None) -> list[dict[str, Tree]]:
    """Group 0 is the routing engine's; the others carry interfaces, and monitor their ports."""
    broken = {int(port.get("redundant_group") or 1) for key, port in _redundant(box)
              if box is not None and not all(map(box.member_up, expand(key)))}  # fmt: skip
    groups = sorted({0, 1, *(int(port.get("redundant_group") or 1) for _, port in _redundant(box))})
    return [
        {"Id": group, "MonitoringFailure": "interface-monitoring" if group in broken else "none",
         "Threshold": 0 if group in broken else 255} for group in groups
    ]  # fmt: skip


def _heavy(out: dict[str, Tree], box: Box, boxes: Sequence[Box], fields: str, now: float) -> None:
    """The parts that are only answered when they are asked for."""
    asked = set(fields.split(","))
    made = {"vpn_peers": peers.vpn_peers, "bgp_peers": peers.bgp_peers, "tunnels": peers.tunnels, "ports": peers.ports}
    for name, rows in made.items():
        if name in asked or "*" in asked:
            out[name] = [
                {key: one for key, one in row.items() if key not in ("mac", "org_id", "site_id")}
                for row in rows(boxes, now) if row["mac"] == box.mac
            ]  # fmt: skip


def errors(row: sqlite3.Row, pair: Formation | None, now: float) -> list[dict[str, Tree]]:
    out: list[dict[str, Tree]] = []
    if pair and pair.phase == "failed":
        mismatch = pair.result == "mismatch" and family_of(row["model"]) == "ssr"
        type_ = "HA_FW_MISMATCH" if mismatch else "HA_FORMATION_FAILED"
        out.append({"type": type_, "since": int(pair.formed_at or now), "reason": pair.reason or "formation failed"})
    if row["config_status"] == "FAILED":
        out.append({"type": "CONFIG_OUT_OF_SYNC", "since": int(row["config_at"]), "reason": row["config_text"]})
    if row["config_status"] == "REVERTED":
        out.append({"type": "CONFIG_REVERTED", "since": int(row["config_at"]), "reason": row["config_text"]})
    return out


def metrics(call: Call) -> Answer:
    rows = call.tx.all("select * from devices where site_id = ?", call.site_id)
    good = sum(row["config_status"] == "COMMITED" for row in rows)
    share = 100 * good / len(rows) if rows else 100
    return Answer({"config_success": share, "version_compliance": {"score": 100, "type": "gateway"}})


def organisation(call: Call) -> Answer:
    """`GET /orgs/{org_id}/stats`: counts."""
    tx = call.tx
    pairs = formations(tx, call.org_id)
    rows = tx.all("select * from devices where org_id = ?", call.org_id)
    up = sum(connected(row, pairs, tx.now) for row in rows if row["site_id"])
    assigned = sum(bool(row["site_id"]) for row in rows)
    org = json.loads(tx.all("select body from objects where kind = 'org' and id = ?", call.org_id)[0]["body"])
    sites = tx.number("select count(*) from objects where kind = 'site' and org_id = ?", call.org_id)
    return Answer(
        {"num_sites": sites, "num_inventory": len(rows), "num_devices": assigned, "num_devices_connected": up,
         "num_devices_disconnected": assigned - up, "sle": [], "orggroup_ids": [], "msp_id": EMPTY,
         "alarmtemplate_id": EMPTY, **org}
    )  # fmt: skip


def site(call: Call) -> Answer:
    tx = call.tx
    pairs = formations(tx, call.org_id)
    rows = tx.all("select * from devices where site_id = ?", call.site_id)
    up = sum(connected(row, pairs, tx.now) for row in rows)
    body = json.loads(tx.all("select body from objects where kind = 'site' and id = ?", call.site_id)[0]["body"])
    return Answer(
        {**body, "num_devices": len(rows), "num_devices_connected": up, "num_gateway": len(rows), "num_ap": 0,
         "num_switch": 0, "num_gateway_connected": up, "num_ap_connected": 0, "num_switch_connected": 0,
         "num_clients": 0}
    )  # fmt: skip


EMPTY = "00000000-0000-0000-0000-000000000000"
ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/orgs/{org_id}/stats", organisation),
    ("GET", "/orgs/{org_id}/stats/devices", org_stats),
    ("GET", "/sites/{site_id}/stats", site),
    ("GET", "/sites/{site_id}/stats/devices", site_stats),
    ("GET", "/sites/{site_id}/stats/devices/{device_id}", one),
    ("GET", "/sites/{site_id}/stats/gateways/metrics", metrics),
]

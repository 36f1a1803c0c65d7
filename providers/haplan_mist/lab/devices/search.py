"""Searches over devices: who they are, what happened to them, what they were last configured with.

Source: Mist OpenAPI 2509.1.2. All of them look at access points unless told otherwise, and at the last day.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_mist.lab.devices import peers, running
from haplan_mist.lab.devices.boxes import connected, formations, is_head
from haplan_mist.lab.devices.models import family_of
from haplan_mist.lab.devices.running import Box
from haplan_mist.lab.devices.stats import address
from haplan_mist.lab.http.paging import count_answer, page_of, search_answer, search_page, sorted_by, window
from haplan_mist.lab.http.wire import Call, Handler

RESULTS = {"success": "success", "failed": "failed", "reverted": "failed", "lock_failed": "failed"}


def _rows(call: Call) -> list[Any]:
    if "site_id" in call.params:
        return call.tx.all("select * from devices where site_id = ? order by created, mac", call.site_id)
    return call.tx.all("select * from devices where org_id = ? order by created, mac", call.org_id)


def _default_type(call: Call) -> str:
    """Access points, except where the published operation has no parameter to ask for another type."""
    if call.path.endswith("/count") and not call.path.startswith("/orgs/"):
        return "all"
    return "all" if call.template in UNTYPED else "ap"


UNTYPED = frozenset({"/sites/{site_id}/devices/events/search", "/orgs/{org_id}/devices/events/count"})


def device_records(call: Call) -> list[dict[str, Tree]]:
    query, tx = call.query, call.tx
    if query.get("type", _default_type(call)) not in ("gateway", "all"):
        return []
    start, _ = window(call)
    pairs = formations(tx, call.org_id)
    out = []
    for row in _rows(call):
        up = connected(row, pairs, tx.now)
        seen = tx.now if up else float(row["away_from"] or row["created"])
        # devices that were not seen in the window are silently missing
        if is_head(row) and seen >= start:
            out.append(_record(tx, row, pairs.get(row["mac"]), seen))
    for name in ("mac", "model", "site_id", "version", "node0_mac", "node1_mac", "last_config_status"):
        if query.get(name):
            out = [entry for entry in out if entry.get(name) == query[name]]
    if query.get("clustered"):
        out = [entry for entry in out if entry["clustered"] == (query["clustered"].lower() == "true")]
    return out


def _record(tx: Any, row: Any, pair: Any, seen: float) -> dict[str, Tree]:
    out = {
        "mac": row["mac"], "org_id": row["org_id"], "type": "gateway", "model": row["model"],
        "version": row["version"], "managed": bool(row["managed"]), "clustered": pair is not None,
        "hostname": [row["name"] or row["mac"]], "last_hostname": row["name"] or row["mac"], "timestamp": seen,
        "ip": address(row), "ext_ip": address(row), "uptime": int(tx.now - row["created"]),
        "num_members": 2 if pair else 1,
        "role": "", "evpntopo_id": "", "evpn_missing_links": False, "time_drifted": False,
    }  # fmt: skip
    if row["site_id"]:
        out["site_id"] = row["site_id"]
    if pair is not None:
        out |= {"node": "node0", "node0_mac": pair.node0, "node1_mac": pair.node1}
    if family_of(row["model"]) == "ssr":
        out["t128agent_version"] = "3.8.0-201"
    if row["config_status"]:
        out["last_config_status"] = "success" if row["config_status"] == "COMMITED" else "failed"
    return out


def devices(call: Call) -> Answer:
    return search_page(call, sorted_by(call, device_records(call), "timestamp"))


def count_devices(call: Call) -> Answer:
    return count_answer(call, device_records(call), "model")


def _events(call: Call) -> tuple[str, list[Any]]:
    query = call.query
    start, end = window(call)
    scope = ("site_id = ?", call.site_id) if "site_id" in call.params else ("org_id = ?", call.org_id)
    where, values = [scope[0], "at >= ?", "at <= ?"], [scope[1], start, min(end, call.tx.now)]
    if query.get("device_type", _default_type(call)) not in ("gateway", "all"):
        where.append("0")
    if query.get("mac"):
        where.append("mac = ?")
        values.append(query["mac"])
    if query.get("type"):
        types = query["type"].split(",")
        where.append(f"type in ({', '.join('?' for _ in types)})")
        values += types
    if query.get("text"):
        where.append("text like ?")
        values.append(f"%{query['text']}%")
    return " and ".join(where), values


def events(call: Call) -> Answer:
    """Oldest first, as documented, unless `sort=-timestamp`; the cursor is the last event's time and number."""
    where, values = _events(call)
    total = call.tx.number(f"select count(*) from events where {where}", *values)
    limit, _ = page_of(call)
    rising = not call.query.get("sort", "").startswith("-")
    if call.query.get("search_after"):
        at, _, seq = call.query["search_after"].partition(",")
        where += f" and (at, seq) {'>' if rising else '<'} (?, ?)"
        values = [*values, float(at), int(seq or 0)]
    order = "at, seq" if rising else "at desc, seq desc"
    rows = call.tx.all(f"select * from events where {where} order by {order} limit ?", *values, limit + 1)
    more = {"search_after": f"{rows[limit - 1]['at']!r},{rows[limit - 1]['seq']}"} if len(rows) > limit else {}
    return search_answer(call, [_event(row) for row in rows[:limit]], limit=limit, total=total, next_=more)


def _event(row: Any) -> dict[str, Tree]:
    out = {
        "timestamp": row["at"], "org_id": row["org_id"], "mac": row["mac"], "device_type": "gateway",
        "type": row["type"], "text": row["text"] or "", "id": f"{row['seq']:08d}",
    }  # fmt: skip
    return out | ({"site_id": row["site_id"]} if row["site_id"] else {})


def count_events(call: Call) -> Answer:
    where, values = _events(call)
    rows = call.tx.all(f"select * from events where {where}", *values)
    return count_answer(call, [_event(row) for row in rows], "type")


def config_records(call: Call, *, last: bool) -> list[dict[str, Tree]]:
    """Configurations that a device took, or refused; `last` keeps the newest per device that was taken."""
    query = call.query
    kind = query.get("device_type" if last else "type", _default_type(call))
    if kind not in ("gateway", "all"):
        return []
    start, end = window(call)
    scope, value = ("site_id", call.site_id) if "site_id" in call.params else ("org_id", call.org_id)
    rows = call.tx.all(
        f"select p.*, d.version, d.name from pushes p join devices d on d.mac = p.mac where p.{scope} = ?"
        " and p.result is not null and p.due >= ? and p.due <= ? order by p.due, p.seq", value, start, end,
    )  # fmt: skip
    found = {row["mac"]: row for row in rows if row["result"] == "success"}.values() if last else rows
    out = [_config(row) for row in found]
    for name in ("mac", "version", "name"):
        if query.get(name):
            out = [entry for entry in out if entry[name] == query[name]]
    return out


def _config(row: Any) -> dict[str, Tree]:
    return {
        "mac": row["mac"], "name": row["name"] or row["mac"], "device_type": "gateway", "org_id": row["org_id"],
        "site_id": row["site_id"], "timestamp": row["due"], "version": row["version"], "status": row["result"],
        "config_version": int(row["due"]), "config_digest": row["digest"], "text": row["text"] or "",
    }  # fmt: skip


def last_configs(call: Call) -> Answer:
    return search_page(call, sorted_by(call, config_records(call, last=True), "timestamp"))


def count_last_configs(call: Call) -> Answer:
    # the count says `type` where its search says `device_type`
    call.query.setdefault("device_type", call.query.get("type", _default_type(call)))
    return count_answer(call, config_records(call, last=True), "mac")


def config_history(call: Call) -> Answer:
    return search_page(call, sorted_by(call, config_records(call, last=False), "timestamp"))


def count_config_history(call: Call) -> Answer:
    return count_answer(call, config_records(call, last=False), "mac")


ALIVE: Mapping[str, tuple[Callable[[Sequence[Box], float], list[dict[str, Tree]]], str]] = {
    "vpn_peers": (peers.vpn_peers, "mac"), "bgp_peers": (peers.bgp_peers, "mac"), "ports": (peers.ports, "mac"),
    "tunnels": (peers.tunnels, "tunnel_name"), "alarms": (peers.alarms, "type"),
}  # fmt: skip
"""What follows from what boxes run: how, and what is counted by."""


def alive(call: Call) -> list[dict[str, Tree]]:
    """Rows of the kind that the path names; `ports` and `tunnels` look at other devices unless told otherwise."""
    name = call.path.split("/")[-2]
    type_ = call.query.get("type")
    if (name == "tunnels" and type_ != "wan") or (name == "ports" and type_ not in ("gateway", "all", None)):
        return []
    found = ALIVE[name][0](running.boxes(call.tx, call.org_id), call.tx.now)
    asked = {key: call.query[key] for key in FILTERS if call.query.get(key)}
    if "site_id" in call.params:
        asked["site_id"] = call.site_id
    if name == "alarms" and type_:
        asked["type"] = type_
    return [one for one in found if all(str(one.get(key, "")).lower() == value for key, value in asked.items())]


FILTERS = ("mac", "peer_mac", "neighbor_mac", "site_id", "tunnel_name", "status", "up", "port_id", "vrf_name")


def search_alive(call: Call) -> Answer:
    return search_page(call, alive(call))


def count_alive(call: Call) -> Answer:
    return count_answer(call, alive(call), ALIVE[call.path.split("/")[-2]][1])


def _routes() -> list[tuple[str, str, Handler]]:
    out: list[tuple[str, str, Handler]] = []
    for scope in ("/orgs/{org_id}", "/sites/{site_id}"):
        base = f"{scope}/devices"
        out += [
            ("GET", f"{base}/search", devices), ("GET", f"{base}/count", count_devices),
            ("GET", f"{base}/events/search", events), ("GET", f"{base}/events/count", count_events),
            ("GET", f"{base}/last_config/search", last_configs),
            ("GET", f"{base}/last_config/count", count_last_configs),
            ("GET", f"{scope}/alarms/search", search_alive),
        ]  # fmt: skip
        for name in ("vpn_peers", "bgp_peers", "ports"):
            out.append(("GET", f"{scope}/stats/{name}/search", search_alive))
            out.append(("GET", f"{scope}/stats/{name}/count", count_alive))
    for verb, handler in (("search", search_alive), ("count", count_alive)):
        out.append(("GET", f"/orgs/{{org_id}}/stats/tunnels/{verb}", handler))
    out.append(("GET", "/sites/{site_id}/devices/config_history/search", config_history))
    out.append(("GET", "/sites/{site_id}/devices/config_history/count", count_config_history))
    return out


ROUTES = _routes()

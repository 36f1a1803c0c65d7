"""HA clusters: formed at a site or from the organisation's inventory, dissolved, one node replaced.

A cluster has no id of its own: it is node0's device. The caller's order decides who is node0. The 200 means that the
intent is stored; the formation follows (see `boxes.formation`).

Sources: Mist OpenAPI 2509.1.2 (`createSiteDeviceHaCluster`, `createOrgGatewayHaCluster` and their counterparts); texts
of the refusals: Juniper/terraform-provider-mist; PUT of one new node: Mist API documentation, "Replace a Node".
"""

import sqlite3
from collections.abc import Mapping

from haplan.lab.exchange import Answer, Refused
from haplan.lab.mishaps import next_mishap
from haplan.plugin import Tree
from haplan_mist.lab.definition import MAC
from haplan_mist.lab.devices import boxes, pushes
from haplan_mist.lab.devices.boxes import cluster_of, device_id, event, mac_of_id
from haplan_mist.lab.devices.effective import missing_ha_ports
from haplan_mist.lab.devices.models import family_of
from haplan_mist.lab.estate import Tx
from haplan_mist.lab.http.wire import Call, Handler, bad_request, not_found
from haplan_mist.lab.organisation.audit import record
from haplan_mist.lab.organisation.objects import check

NOT_A_CLUSTER = "not a ha cluster"


def nodes_of(call: Call) -> tuple[str, str]:
    """Two different MACs in the order of the caller."""
    nodes = call.object_body().get("nodes") or []
    macs = [str(node.get("mac", "")) for node in nodes]
    wrong = next((mac for mac in macs if not MAC.fullmatch(mac)), None)
    if wrong is not None:
        raise bad_request(f"nodes: {wrong!r} is not a MAC address")
    if len(macs) != 2:
        raise bad_request("nodes: exactly two nodes are required")
    if macs[0] == macs[1]:
        raise bad_request("nodes: both nodes are the same device")
    return macs[0], macs[1]


def _member(call: Call, mac: str) -> sqlite3.Row:
    row = call.tx.one("select * from devices where mac = ? and org_id = ?", mac, call.org_id)
    if row is None:
        raise not_found()
    return row


def _free(call: Call, *rows: sqlite3.Row) -> None:
    for row in rows:
        if row["vc_mac"]:
            raise bad_request(f"{row['mac']} already belong to a ha cluster")


def _same_model(call: Call, node0: sqlite3.Row, node1: sqlite3.Row) -> None:
    if call.tx.settings.refuse_mixed_models and node0["model"] != node1["model"]:
        raise bad_request(f"device model mismatch: {node0['model']}, {node1['model']}")


def head_at_site(call: Call) -> sqlite3.Row:
    """The device of the path: at this site, and not node1 of a cluster."""
    mac = mac_of_id(call.params["device_id"])
    row = call.tx.one("select * from devices where mac = ? and site_id = ?", mac, call.site_id)
    if row is None or not boxes.is_head(row):
        raise not_found()
    return row


def create_at_site(call: Call) -> Answer:
    check("gateway_cluster", call.object_body(), partial=False)
    mac0, mac1 = nodes_of(call)
    node0 = head_at_site(call)
    if node0["mac"] != mac0:
        raise bad_request("nodes: the first node must be the device of the path")
    node1 = _member(call, mac1)
    _free(call, node0, node1)
    if node1["site_id"] != call.site_id:
        raise bad_request(f"device {mac1} is not assigned to this site")
    _same_model(call, node0, node1)
    form(call.tx, node0, node1, call.site_id)
    _log(call, "Create HA Cluster", mac0, mac1)
    return Answer(_nodes(mac0, mac1))


def create_from_inventory(call: Call) -> Answer:
    body = call.object_body()
    check("ha_cluster_config", body, partial=False)
    mac0, mac1 = nodes_of(call)
    node0, node1 = _member(call, mac0), _member(call, mac1)
    _free(call, node0, node1)
    for row in (node0, node1):
        if row["site_id"]:
            raise bad_request(f"device {row['mac']} is already assigned to a site")
    _same_model(call, node0, node1)
    site_id = body.get("site_id")
    if site_id and not call.tx.one("select 1 from objects where kind = 'site' and id = ?", site_id):
        raise not_found()
    if "managed" in body or "disable_auto_config" in body:
        managed = body.get("managed", not body.get("disable_auto_config", False))
        call.tx.run("update devices set managed = ? where mac in (?, ?)", managed, mac0, mac1)
    call.tx.run("update devices set site_id = ?, modified = ? where mac in (?, ?)", site_id, call.tx.now, mac0, mac1)
    nodes = [boxes.device(call.tx, mac) for mac in (mac0, mac1)]
    for row in nodes if site_id else ():
        event(call.tx, row, "GW_ASSIGNED", "device assigned to site")
    form(call.tx, nodes[0], nodes[1], site_id)
    _log(call, "Create HA Cluster", mac0, mac1, site_id=site_id)
    return Answer()


def read(call: Call) -> Answer:
    row = head_at_site(call)
    cluster = cluster_of(call.tx, row["mac"])
    if cluster is None:
        kind = call.tx.settings.standalone_ha_get
        if kind == "empty":
            return Answer({"nodes": []})
        raise Refused(int(kind), {"detail": NOT_A_CLUSTER})
    return Answer(_nodes(cluster["node0"], cluster["node1"]))


def delete_at_site(call: Call) -> Answer:
    row = head_at_site(call)
    cluster = cluster_of(call.tx, row["mac"])
    if cluster is None:
        raise bad_request(NOT_A_CLUSTER)
    dissolve(call.tx, cluster)
    _log(call, "Delete HA Cluster", cluster["node0"], cluster["node1"])
    pushes.reach_site(call.tx, call.site_id)
    return Answer()


def delete_from_inventory(call: Call) -> Answer:
    body = call.object_body()
    check("ha_cluster_delete", body, partial=False)
    row = _member(call, str(body.get("mac", "")))
    cluster = cluster_of(call.tx, row["mac"])
    if cluster is None or cluster["node0"] != row["mac"]:
        raise bad_request(NOT_A_CLUSTER)
    site_id = row["site_id"]
    dissolve(call.tx, cluster)
    for mac in (cluster["node0"], cluster["node1"]):
        release(call.tx, boxes.device(call.tx, mac))
    _log(call, "Delete HA Cluster", cluster["node0"], cluster["node1"], site_id=site_id)
    return Answer()


def replace_node(call: Call) -> Answer:
    """Exactly one MAC stays; when it is node1 that stays, the cluster's id becomes the new node0's."""
    check("gateway_cluster", call.object_body(), partial=False)
    mac0, mac1 = nodes_of(call)
    row = head_at_site(call)
    cluster = cluster_of(call.tx, row["mac"])
    if cluster is None:
        raise bad_request(NOT_A_CLUSTER)
    old = (cluster["node0"], cluster["node1"])
    if (mac0 == old[0]) == (mac1 == old[1]):
        raise bad_request("nodes: exactly one node must be kept")
    new = _member(call, mac1 if mac0 == old[0] else mac0)
    _free(call, new)
    if new["site_id"] != call.site_id:
        raise bad_request(f"device {new['mac']} is not assigned to this site")
    _same_model(call, row, new)
    _swap(call.tx, cluster, mac0, mac1)
    _log(call, "Replace HA Cluster Node", mac0, mac1)
    pushes.reach_site(call.tx, call.site_id)
    return Answer(_nodes(mac0, mac1))


def _swap(tx: Tx, cluster: sqlite3.Row, mac0: str, mac1: str) -> None:
    head = boxes.device(tx, cluster["node0"])
    dissolve(tx, cluster)
    if mac0 != cluster["node0"]:
        tx.run(
            "update devices set overrides = ?, profile_id = ?, name = ? where mac = ?",
            head["overrides"], head["profile_id"], head["name"], mac0,
        )  # fmt: skip
        tx.run("update devices set overrides = '{}', profile_id = null where mac = ?", cluster["node0"])
    tx.run("update devices set away_from = null, away_until = null where mac in (?, ?)", mac0, mac1)
    form(tx, boxes.device(tx, mac0), boxes.device(tx, mac1), head["site_id"])


def form(tx: Tx, node0: sqlite3.Row, node1: sqlite3.Row, site_id: str | None) -> None:
    """Store the intent; the formation starts now, or when the pair gets a site."""
    mac0, mac1 = node0["mac"], node1["mac"]
    for mac in (mac0, mac1):
        pushes.forget(tx, mac)
    tx.run("update devices set vc_mac = ?, modified = ? where mac in (?, ?)", mac0, tx.now, mac0, mac1)
    tx.run("update devices set profile_id = null, overrides = '{}' where mac = ?", mac1)
    result, reason, minutes = _fate(tx, boxes.device(tx, mac0), boxes.device(tx, mac1))
    tx.run(
        "insert into clusters values (?, ?, ?, ?, ?, null, ?, ?, ?)",
        mac0, mac1, node0["org_id"], site_id, tx.now, minutes, result, reason,
    )  # fmt: skip
    if site_id or not tx.settings.formation_needs_site:
        start(tx, mac0)


def _fate(tx: Tx, node0: sqlite3.Row, node1: sqlite3.Row) -> tuple[str | None, str | None, float]:
    """How the formation will end, why, and how long it takes."""
    minutes = tx.settings.formation_minutes
    mishap = next_mishap(tx, "pair", lambda spec: _meant(tx, spec, node0, node1))
    if mishap:
        return mishap["result"], mishap["reason"], mishap["minutes"] or minutes
    if node0["version"] != node1["version"]:
        return "mismatch", f"firmware differs: {node0['version']}, {node1['version']}", minutes
    if not (node0["connected"] and node1["connected"]):
        return "never", "a node is not connected", minutes
    if tx.settings.formation_needs_ha_ports and node0["site_id"]:
        missing = next(missing_ha_ports(pushes.effective(tx, node0).config, node0["model"]), None)
        if missing:
            return "fail", missing, minutes
    return None, None, minutes


def _meant(tx: Tx, spec: Mapping[str, Tree], *nodes: sqlite3.Row) -> bool:
    return any(pushes.matches_device(tx, node, spec["site"], spec["mac"]) for node in nodes)


def start(tx: Tx, mac0: str) -> None:
    """The formation begins: its events are written ahead, each becomes visible at its time."""
    began = tx.run("update clusters set started = ? where node0 = ? and started is null", tx.now, mac0)
    row = tx.one("select * from clusters where node0 = ?", mac0)
    if row is None:
        return
    if began and row["result"] != "never":
        _foresee(tx, row)
    pushes.reach_device(tx, mac0)
    pushes.reconsider(tx, mac0)


def _foresee(tx: Tx, row: sqlite3.Row) -> None:
    seconds = row["minutes"] * 60
    nodes = [boxes.device(tx, row["node0"]), boxes.device(tx, row["node1"])]
    for index, node in enumerate(nodes):
        event(tx, node, "GW_DISCONNECTED", "node restarts to form a cluster", at=tx.now + seconds * boxes.REBOOT)
        if index == 0 or row["result"] != "half":
            event(tx, node, "GW_RESTARTED", "node restarted", at=tx.now + seconds * boxes.BACK)
            event(tx, node, "GW_CONNECTED", "node connected", at=tx.now + seconds * boxes.BACK)
    if row["result"] is None:
        event(tx, nodes[0], "GW_HA_CONTROL_LINK_UP", "control link up", at=tx.now + seconds * boxes.FORMING)
        if family_of(nodes[0]["model"]) == "srx":
            text = "redundancy group 0: node0 primary, node1 secondary"
            event(tx, nodes[0], "GW_RG_STATE_CHANGED", text, at=tx.now + seconds * boxes.FORMED)


def dissolve(tx: Tx, cluster: sqlite3.Row) -> None:
    """Both nodes restart into standalone devices of the same site."""
    tx.run("delete from clusters where node0 = ?", cluster["node0"])
    until = tx.now + tx.settings.dissolve_minutes * 60
    for mac in (cluster["node0"], cluster["node1"]):
        pushes.forget(tx, mac)
        tx.run(
            "update devices set vc_mac = null, away_from = ?, away_until = ?, modified = ?, site_id = ? where mac = ?",
            tx.now, until, tx.now, cluster["site_id"], mac,
        )  # fmt: skip
        row = boxes.device(tx, mac)
        event(tx, row, "GW_DISCONNECTED", "node leaves its cluster")
        if row["connected"]:
            event(tx, row, "GW_CONNECTED", "node connected", at=until)


def release(tx: Tx, row: sqlite3.Row) -> None:
    """Back to the inventory: no site, no overrides."""
    if row["site_id"]:
        event(tx, row, "GW_UNASSIGNED", "device unassigned from its site")
    pushes.forget(tx, row["mac"])
    tx.run("update devices set site_id = null, overrides = '{}', modified = ? where mac = ?", tx.now, row["mac"])


def _nodes(mac0: str, mac1: str) -> dict[str, Tree]:
    return {"nodes": [{"mac": mac0}, {"mac": mac1}]}


def _log(call: Call, what: str, mac0: str, mac1: str, *, site_id: str | None = None) -> None:
    after = {"id": device_id(mac0), **_nodes(mac0, mac1)}
    record(call, f'{what} "{mac0}" "{mac1}"', None, after, site_id=site_id)


PATH = "/sites/{site_id}/devices/{device_id}/ha"
ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", PATH, create_at_site),
    ("GET", PATH, read),
    ("PUT", PATH, replace_node),
    ("DELETE", PATH, delete_at_site),
    ("POST", "/orgs/{org_id}/inventory/create_ha_cluster", create_from_inventory),
    ("POST", "/orgs/{org_id}/inventory/delete_ha_cluster", delete_from_inventory),
]

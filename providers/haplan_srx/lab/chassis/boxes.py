"""The boxes: how one is made, what it is called, and whether it can be reached."""

import math
import secrets
import sqlite3
from collections.abc import Iterable

import asyncssh

from haplan_srx.lab.chassis import models
from haplan_srx.lab.config import groups, setlines, tree
from haplan_srx.lab.config.tree import Element
from haplan_srx.lab.definition import Device, LabDefinition, names
from haplan_srx.lab.estate import Tx

USERS = ("haplan", "pat")
"""Who may log in: haplan, and a person who works on the boxes by hand."""

LOST = math.inf


def seed(tx: Tx, definition: LabDefinition) -> None:
    """Put users and boxes into the estate that are not there yet."""
    for name in USERS:
        if tx.one("select 1 from users where name = ?", name) is None:
            key = asyncssh.generate_private_key("ssh-ed25519", comment=name)
            tx.run("insert into users values (?, ?, ?)", name, secrets.token_urlsafe(12), _private(key))
    for device in definition.devices:
        if tx.one("select 1 from boxes where mac = ?", device.mac) is None:
            _seed_box(tx, device)
    for link in definition.links:
        found = [box for box in tx.all("select * from boxes") if names(link.device, box["mac"], box["name"])]
        for box in found:
            tx.run("insert or ignore into broken values (?, ?, ?)", box["mac"], link.port, tx.now)


def _private(key: asyncssh.SSHKey) -> str:
    return key.export_private_key("openssh").decode()


def _seed_box(tx: Tx, device: Device) -> None:
    seq = (tx.one("select coalesce(max(seq), -1) + 1 from boxes") or [0])[0]
    config = tree.empty()
    troubles = setlines.load(config, "\n".join([*first_lines(device, seq), device.config]))
    if troubles:
        one = troubles[0]
        raise ValueError(f"device {device.mac}: config: {one.message} {one.bad} {one.path}".rstrip())
    hash_ = tx.keep(config)
    db = tx.insert("insert into dbs (running, revision) values (?, 1)", hash_)
    tx.run(
        "insert into commits (db, at, user, client, log, hash, mac) values (?, ?, 'root', 'other', '', ?, ?)",
        db, tx.now, hash_, device.mac,
    )  # fmt: skip
    host_key = _private(asyncssh.generate_private_key("ssh-ed25519"))
    tx.run(
        "insert into boxes (mac, seq, serial, model, version, name, pair, reached, fxp0, host_key, db, booted)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        device.mac, seq, device.serial, models.find(device.model).name, device.version, device.name, device.pair,
        device.reached, device.fxp0, host_key, db, tx.now,
    )  # fmt: skip
    if device.pair:
        tx.run("update boxes set pair = ? where mac = ? and pair is null", device.mac, device.pair)


def first_lines(device: Device, seq: int) -> Iterable[str]:
    """What a person set up on the box before haplan came: logins, NETCONF, the way to it, also once it is clustered."""
    yield f"set version {device.version}"
    yield f"set system host-name {device.name}"
    yield 'set system root-authentication encrypted-password "$6$lab$nobody-logs-in-as-root"'
    for number, user in enumerate(USERS):
        yield f"set system login user {user} uid {2000 + number}"
        yield f"set system login user {user} class super-user"
    yield "set system services ssh"
    yield "set system services netconf ssh"
    if device.rfc_compliant:
        yield "set system services netconf rfc-compliant"
    if device.version_1_1:
        yield "set system services netconf version-1.1"
    yield f"set interfaces {device.reached} unit 0 family inet address {_address(seq)}"
    if device.reached != "fxp0":
        zone = "set security zones security-zone management"
        yield f"{zone} interfaces {device.reached}.0"
        yield f"{zone} host-inbound-traffic system-services ssh"
        yield f"{zone} host-inbound-traffic system-services netconf"
    if device.pair and device.fxp0:
        for node, mac in enumerate(sorted((device.mac, device.pair))):
            yield f"set groups node{node} interfaces fxp0 unit 0 family inet address {_address(int(mac[-6:], 16), 112)}"
        yield 'set apply-groups "${node}"'


def _address(number: int, block: int = 96) -> str:
    """An address of the lab's management network (shared address space, RFC 6598), which no design would use."""
    return f"100.{block + (number >> 16) % 16}.{(number >> 8) % 256}.{number % 254 + 1}/11"


# --- What a box is ----------------------------------------------------------------------------------------------------


def node_name(box: sqlite3.Row) -> str:
    """``node0`` or ``node1``, or "" if it is not clustered."""
    return f"node{box['node']}" if box["cluster"] else ""


def peer(tx: Tx, box: sqlite3.Row) -> sqlite3.Row | None:
    """The other node of its cluster, if that has joined too."""
    if not box["cluster"] or not box["pair"]:
        return None
    other = tx.one("select * from boxes where mac = ?", box["pair"])
    fits = other is not None and other["cluster"] == box["cluster"] and other["node"] != box["node"]
    alike = other is not None and (other["model"], other["version"]) == (box["model"], box["version"])
    return other if fits and alike else None


def is_up(tx: Tx, box: sqlite3.Row) -> bool:
    return box["down_until"] is None or box["down_until"] <= tx.now


def running(tx: Tx, box: sqlite3.Row) -> Element:
    return tx.config(_running_hash(tx, box))


def _running_hash(tx: Tx, box: sqlite3.Row) -> str:
    row = tx.one("select running from dbs where id = ?", box["db"])
    return "" if row is None else str(row["running"])


def effective(tx: Tx, box: sqlite3.Row) -> Element:
    """What it has in force; not to be changed."""
    hash_, node = _running_hash(tx, box), node_name(box)
    return tx.once((hash_, "effective", node), lambda: groups.effective(tx.config(hash_), node))


def host_name(tx: Tx, box: sqlite3.Row) -> str:
    return effective(tx, box).findtext("system/host-name") or ""


def is_broken(tx: Tx, box: sqlite3.Row, port: str) -> bool:
    return tx.one("select 1 from broken where mac = ? and port = ?", box["mac"], port) is not None


# --- Reaching it ------------------------------------------------------------------------------------------------------


def answering(tx: Tx, box: sqlite3.Row) -> str | None:
    """MAC of the routing engine that takes a session at the address of this box; None if nobody answers.

    A box that is not clustered is reached over one port. A node of a cluster is reached over its fxp0; over a port of
    the forwarding plane it is the primary that answers, whosever port it is.
    """
    if not is_up(tx, box):
        return None
    if not tx.settings.management_checked:
        return str(box["mac"])
    config = effective(tx, box)
    if config.find("system/services/netconf/ssh") is None and config.find("system/services/ssh") is None:
        return None
    if not box["cluster"]:
        return str(box["mac"]) if _carries(config, box["reached"]) and not is_broken(tx, box, box["reached"]) else None
    if box["fxp0"] and _carries(config, "fxp0") and not is_broken(tx, box, "fxp0"):
        return str(box["mac"])
    model = models.find(box["model"])
    port = model.on_node(box["reached"], box["node"])
    if box["reached"] in (*model.changed, "fxp0") or not _carries(config, port) or is_broken(tx, box, box["reached"]):
        return None
    return primary(tx, box)


def primary(tx: Tx, box: sqlite3.Row) -> str:
    """MAC of the node that is primary for redundancy group 0: the one that takes configuration."""
    row = tx.one("select owner from groups where db = ? and id = 0", box["db"])
    other = peer(tx, box)
    if row is None or other is None or row["owner"] == box["node"]:
        return str(box["mac"])
    return str(other["mac"])


def _carries(config: Element, port: str) -> bool:
    """Whether management reaches the box over this port as it is configured."""
    for interface in config.findall("interfaces/interface"):
        if interface.findtext("name") != port or interface.find("disable") is not None:
            continue
        for unit in interface.findall("unit"):
            inet = unit.find("family/inet")
            if inet is None or unit.find("disable") is not None:
                continue
            if inet.find("address") is None and inet.find("dhcp") is None:
                continue
            if port == "fxp0" or _lets_in(config, f"{port}.{unit.findtext('name')}"):
                return True
    return False


def _lets_in(config: Element, interface: str) -> bool:
    """Whether the zone of an interface lets NETCONF or SSH in; what the interface says wins over its zone."""
    for zone in config.findall("security/zones/security-zone"):
        for member in zone.findall("interfaces"):
            if member.findtext("name") == interface:
                inbound = member.find("host-inbound-traffic")
                services = (inbound if inbound is not None else zone).iterfind(".//system-services")
                allowed = {one.findtext("name") for one in services if one.find("except") is None}
                return bool(allowed & {"ssh", "netconf", "all", "any-service"})
    return False

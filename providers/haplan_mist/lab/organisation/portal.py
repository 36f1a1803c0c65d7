"""What the portal does beyond the API: saving an object writes documented defaults into it.

Source: Juniper/terraform-provider-mist #54: after someone saves a device in the portal, `oob_ip_config.node1` is there
with its defaults.
"""

import json
from collections.abc import Mapping
from typing import Any

from haplan.plugin import Tree
from haplan_mist.lab.devices import pushes
from haplan_mist.lab.devices.boxes import mac_of_id
from haplan_mist.lab.estate import Tx
from haplan_mist.lab.http import schema

SCHEMAS = {
    "networks": ("network", "network"), "services": ("service", "service"), "vpns": ("vpn", "vpn"),
    "servicepolicies": ("servicepolicy", "org_service_policy"),
    "gatewaytemplates": ("gatewaytemplate", "gateway_template"),
    "deviceprofiles": ("deviceprofile", "deviceprofile_gateway"), "sites": ("site", "site"),
}  # fmt: skip
OOB = {
    "type": "dhcp", "use_mgmt_vrf": False, "use_mgmt_vrf_for_host_out": False,
    "node1": {"type": "dhcp", "use_mgmt_vrf": False, "use_mgmt_vrf_for_host_out": False},
}  # fmt: skip


def materialise(tx: Tx, body: Mapping[str, Tree]) -> Tree:
    """`path` names the object as in the API: `/orgs/{org}/networks/{id}`, `/sites/{id}`, `/sites/{id}/devices/{id}`."""
    parts = [part for part in str(body.get("path", "")).strip("/").split("/") if part]
    if len(parts) == 4 and parts[0] == "sites" and parts[2] == "devices":
        return _device(tx, parts[3])
    if len(parts) == 2 and parts[0] == "sites":
        return _object(tx, "sites", parts[1])
    if len(parts) == 4 and parts[0] == "orgs" and parts[2] in SCHEMAS:
        return _object(tx, parts[2], parts[3])
    raise ValueError(f"path: /orgs/ID/{{{','.join(SCHEMAS)}}}/ID, /sites/ID or /sites/ID/devices/ID")


def _object(tx: Tx, path: str, id_: str) -> Tree:
    kind, name = SCHEMAS[path]
    row = tx.one("select * from objects where kind = ? and id = ?", kind, id_)
    if row is None:
        raise ValueError(f"path: there is no {kind} {id_}")
    old = json.loads(row["body"])
    new = with_defaults(schema.named(name), old)
    if name in ("gateway_template", "deviceprofile_gateway"):
        new["oob_ip_config"] = _below(OOB, new.get("oob_ip_config") or {})
    new["modified_time"] = tx.now
    tx.run("update objects set body = ?, modified = ? where kind = ? and id = ?", json.dumps(new), tx.now, kind, id_)
    _log(tx, row["org_id"], None, f'Update {kind} "{new.get("name", id_)}"', old, new)
    pushes.world_changed(tx)
    pushes.reach_organisation(tx, row["org_id"])
    return new


def _device(tx: Tx, id_: str) -> Tree:
    mac = mac_of_id(id_)
    row = tx.one("select * from devices where mac = ?", mac)
    if row is None:
        raise ValueError(f"path: there is no device {id_}")
    old = json.loads(row["overrides"])
    new = {**old, "oob_ip_config": _below(OOB, old.get("oob_ip_config") or {})}
    tx.run("update devices set overrides = ?, modified = ? where mac = ?", json.dumps(new), tx.now, mac)
    _log(tx, row["org_id"], row["site_id"], f'Update Device "{row["name"] or mac}"', old, new)
    pushes.reach_device(tx, str(mac))
    return new


def with_defaults(named: Mapping[str, Tree], value: Tree) -> Tree:
    """A value with the documented defaults of every object in it written out."""
    while "$ref" in named:
        named = schema.named(named["$ref"])
    if isinstance(value, list) and "items" in named:
        return [with_defaults(named["items"], entry) for entry in value]
    if not isinstance(value, dict):
        return value
    properties, extra = named.get("properties", {}), named.get("additionalProperties")
    out = dict(value)
    for key, inner in value.items():
        if key in properties:
            out[key] = with_defaults(properties[key], inner)
        elif isinstance(extra, dict):
            out[key] = with_defaults(extra, inner)
    for key, inner in properties.items():
        default = _default(inner)
        # WAN-only defaults on other ports would break the device, and the portal does not write them
        if default is not None and key not in out and not _is_port(value):
            out[key] = default
    return out


def _is_port(value: Mapping[str, Tree]) -> bool:
    return value.get("usage") in ("wan", "lan", "ha_control", "ha_data")


def _default(named: Mapping[str, Tree]) -> Tree:
    while "$ref" in named:
        named = schema.named(named["$ref"])
    return named.get("default")


def _below(defaults: Mapping[str, Tree], value: Mapping[str, Tree]) -> dict[str, Tree]:
    out = dict(value)
    for key, default in defaults.items():
        if isinstance(default, dict):
            out[key] = _below(default, out.get(key) or {})
        else:
            out.setdefault(key, default)
    return out


def _log(tx: Tx, org_id: str, site_id: str | None, message: str, old: Any, new: Any) -> None:
    person = tx.one("select * from tokens where key = ?", tx.meta("person_token"))
    name = f"{person['actor']} {person['email']}" if person else "portal"
    tx.run(
        "insert into logs (id, at, org_id, site_id, admin_id, admin_name, message, before, after, src_ip)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, '127.0.0.1')",
        tx.new_id(), tx.now, org_id, site_id, person["admin_id"] if person else None, name, message,
        json.dumps(old), json.dumps(new),
    )  # fmt: skip

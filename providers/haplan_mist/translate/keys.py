"""Vendor keys: what may stand in ``extra={"mist": {…}}`` of each type.

`keys.json` beside this file lists the keys of Mist OpenAPI 2509.1.2, with those that 2606.1.0 added.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from haplan.plugin import Tree

_OBJECTS = {
    "site": ("site", "site_setting"), "overlay": ("overlay",), "network": ("network",),
    "application": ("application",), "hub_profile": ("gateway",), "wan_edge_template": ("gateway",),
    "policy": ("policy",), "interface": ("port",), "wan": ("port",), "lan": ("port",), "ha_data": ("port",),
    "ha_control": ("port",), "steering": (), "cluster": (),
}  # fmt: skip
_INTERFACES = "interfaces=[…]"
_SPELLINGS: dict[str, dict[str, str]] = {
    "site": {"name": "name=", "country_code": "country_code=", "timezone": "timezone=", "address": "address=",
             "vars": "variables=", "gatewaytemplate_id": "template= on its Cluster"},
    "overlay": {"name": "name=", "type": "type=", "paths": "the hub profiles' WAN interfaces (endpoint=)"},
    "network": {"name": "name=", "subnet": "subnet=", "vlan_id": "vlan_id=", "disallow_mist_services": "cloud_access="},
    "application": {"name": "name=", "type": "the list that is given", "addresses": "addresses=",
                    "hostnames": "hostnames=", "apps": "apps=", "app_categories": "categories=", "urls": "urls=",
                    "specs": "protocols="},
    "gateway": {"name": "name=", "type": "overlay= on a WAN", "port_config": _INTERFACES, "ip_configs": _INTERFACES,
                "dhcpd_config": "dhcp= of a lan_address", "dns_servers": "dns_servers=", "ntp_servers": "ntp_servers=",
                "path_preferences": "Steering(…)", "service_policies": "Policy(…)"},
    "policy": {"name": "name=", "tenants": "networks=", "services": "applications=", "action": "action=",
               "path_preference": "steering="},
    "port": {"usage": "wan(), lan(), ha_fabric() or ha_sync()", "name": "the interface's name", "networks": "networks",
             "vpn_paths": "overlay= or endpoint=", "wan_ext_ip": "public_ip=", "vlan_id": "vlan_id=", "mtu": "mtu=",
             "redundant": "redundant=", "reth_node": "primary=", "reth_nodes": "primary=", "reth_idx": "reth_idx=",
             "redundant_group": "redundancy_group=", "aggregated": "aggregated=", "port_network": "untagged="},
}  # fmt: skip
_PARTS = {
    "port": {"ip_config": {"type", "ip", "netmask", "gateway", "pppoe_username", "pppoe_auth", "poser_password",
                           "pppoe_password"},
             "wan_source_nat": {"disabled"}},
}  # fmt: skip
"""Keys inside a key that the vocabulary knows."""
_PART_SPELLING = {"ip_config": "address=", "wan_source_nat": "source_nat="}


@cache
def _table() -> Mapping[str, frozenset[str]]:
    text = resources.files(__package__).joinpath("keys.json").read_text(encoding="utf-8")
    return {name: frozenset(keys) for name, keys in json.loads(text).items()}


def setting_keys() -> frozenset[str]:
    """Vendor keys of a site that live in its setting."""
    return _table()["site_setting"] - _table()["site"]


def problems(type_name: str, extra: Mapping[str, Tree]) -> Iterator[str]:
    """One line for each vendor key that is wrong."""
    objects = _OBJECTS.get(type_name, ())
    allowed = frozenset().union(*(_table()[name] for name in objects)) if objects else frozenset()
    for key, value in extra.items():
        spelling = next((_SPELLINGS[o][key] for o in objects if key in _SPELLINGS.get(o, {})), "")
        if spelling:
            yield f"extra mist.{key}: the vocabulary says this: use {spelling}"
        elif key not in allowed:
            yield f"extra mist.{key}: {_unknown(type_name, key, allowed)}"
        else:
            yield from _below(objects, key, value)
    if type_name in ("lan", "ha_data", "ha_control"):
        yield from _wan_keys(type_name, extra)


def _below(objects: tuple[str, ...], key: str, value: Tree) -> Iterator[str]:
    known = next((_PARTS[o][key] for o in objects if key in _PARTS.get(o, {})), set())
    if isinstance(value, Mapping):
        for part in sorted(known & value.keys()):
            yield f"extra mist.{key}.{part}: the vocabulary says this: use {_PART_SPELLING[key]}"


def _wan_keys(usage: str, extra: Mapping[str, Tree]) -> Iterator[str]:
    from haplan_mist.translate.ports import WAN_ONLY

    for key in sorted(WAN_ONLY & extra.keys()):
        yield f"extra mist.{key}: only a WAN port may have this, an SSR rejects it on {usage}"


def _unknown(type_name: str, key: str, allowed: frozenset[str]) -> str:
    if not allowed:
        return f"a {type_name} has no vendor keys in Mist"
    near = difflib.get_close_matches(key, sorted(allowed), 1)
    return f"Mist has no such key on a {type_name}" + (f"; did you mean {near[0]}?" if near else "")

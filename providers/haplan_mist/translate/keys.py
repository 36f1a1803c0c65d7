"""Vendor keys: what may stand in ``extra={"mist": {…}}`` of each type.

`keys.json` beside this file lists the keys of Mist OpenAPI 2509.1.2, with those that 2606.1.0 added, and `below.json`
what may stand below them.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from haplan.plugin import Doubt, Tree
from haplan_mist.translate.merge import SERVER_KEYS

_OBJECTS = {
    "site": ("site", "site_setting"), "overlay": ("overlay",), "network": ("network",),
    "application": ("application",), "hub_profile": ("gateway",), "wan_edge_template": ("gateway",),
    "policy": ("policy",), "interface": ("port",), "wan": ("port",), "lan": ("port",), "ha_data": ("port",),
    "ha_control": ("port",), "steering": ("steering",), "path": ("path",), "cluster": ("device",),
}  # fmt: skip
_INTERFACES = "interfaces=[…]"
_TOWARDS = "overlay= or endpoint="
_ADDRESS = ("type", "ip", "netmask", "secondary_ips")
_DHCP = ("type", "ip_start", "ip_end", "dns_servers", "lease_time", "servers")
Words = Mapping[str, Tree]
"""Key → how the vocabulary says it, or the same of what is below it; ``*`` stands for any key."""
_SPELLINGS: Mapping[str, Words] = {
    "site": {"name": "name=", "country_code": "country_code=", "timezone": "timezone=", "address": "address=",
             "vars": "variables=", "gatewaytemplate_id": "template= on its Cluster"},
    "overlay": {"name": "name=", "type": "type="},
    "network": {"name": "name=", "subnet": "subnet=", "vlan_id": "vlan_id=", "disallow_mist_services": "cloud_access=",
                "vpn_access": {"*": {"routed": "advertise="}}},
    "application": {"name": "name=", "type": "the list that is given", "addresses": "addresses=",
                    "hostnames": "hostnames=", "apps": "apps=", "app_categories": "categories=", "urls": "urls=",
                    "specs": "protocols="},
    "gateway": {"name": "name=", "type": "overlay= on a WAN", "port_config": _INTERFACES,
                "ip_configs": {"*": dict.fromkeys(_ADDRESS, "the address of the lan(…)")},
                "dhcpd_config": {"*": dict.fromkeys(_DHCP, "dhcp= of a lan_address")},
                "dns_servers": "dns_servers=", "ntp_servers": "ntp_servers=",
                "path_preferences": "Steering(…)", "service_policies": "Policy(…)"},
    "policy": {"name": "name=", "tenants": "networks=", "services": "applications=", "action": "action=",
               "path_preference": "steering="},
    "steering": {"strategy": "strategy=", "paths": "paths="},
    "path": {"type": "the kind of path", "name": "the path", "networks": "local(…)", "cost": "cost=",
             "disabled": "disabled=", "gateway_ip": "local(…, gateway_ip=)", "target_ips": "local(…, target_ips=)"},
    "device": {"managed": "managed=", "deviceprofile_id": "profile=", "service_policies": "Policy(…)",
               "path_preferences": "Steering(…)"},
    "port": {"usage": "wan(), lan(), ha_fabric() or ha_sync()", "name": "the interface's name", "networks": "networks",
             "wan_ext_ip": "public_ip=", "vlan_id": "vlan_id=", "mtu": "mtu=",
             "redundant": "redundant=", "reth_node": "primary=", "reth_nodes": "primary=", "reth_idx": "reth_idx=",
             "redundant_group": "redundancy_group=", "aggregated": "aggregated=", "port_network": "untagged=",
             "vpn_paths": {"*": dict.fromkeys(("role", "preference", "bfd_profile"), _TOWARDS)},
             "wan_source_nat": {"disabled": "source_nat="},
             "ip_config": dict.fromkeys(("type", "ip", "netmask", "gateway", "pppoe_username", "pppoe_auth",
                                         "poser_password", "pppoe_password"), "address=")},
}  # fmt: skip
_BESIDE: Mapping[str, frozenset[str]] = {
    "steering": frozenset(),
    "path": frozenset({"internet_access", "wan_name", "traffic_shaping"}),
}
"""Keys of the parts that stand in no list of their own in the description."""

_IS_SO: Mapping[str, frozenset[str]] = {
    "cluster": frozenset({"mac", "model", "serial", "type", "hw_rev", "sku", "magic", "vc_mac", "connected", "adopted"})
}
"""Keys of a type that say what is so, and that nobody sets."""


@cache
def _table() -> Mapping[str, frozenset[str]]:
    text = resources.files(__package__).joinpath("keys.json").read_text(encoding="utf-8")
    return {name: frozenset(keys) for name, keys in json.loads(text).items()}


@cache
def _below() -> Mapping[str, Words]:
    """Object → key → what may stand below it; see `make_below.py`."""
    found: Mapping[str, Words] = json.loads(resources.files(__package__).joinpath("below.json").read_text("utf-8"))
    return found


def setting_keys() -> frozenset[str]:
    """Vendor keys of a site that live in its setting."""
    return _table()["site_setting"] - _table()["site"]


def problems(type_name: str, extra: Mapping[str, Tree]) -> Iterator[str | Doubt]:
    """One line for each vendor key that is wrong, a doubt for each that the description does not know."""
    objects = _OBJECTS.get(type_name, ())
    allowed = frozenset[str]().union(*(_BESIDE.get(name) or _table().get(name, frozenset()) for name in objects))
    words: Words = {key: word for name in objects for key, word in _SPELLINGS.get(name, {}).items()}
    below = {key: keys for name in objects for key, keys in _below().get(name, {}).items()}
    if not objects:
        yield f"extra mist: a {type_name} has no vendor keys in Mist"
        return
    for key, value in extra.items():
        if key in SERVER_KEYS or key in _IS_SO.get(type_name, ()):
            yield f"extra mist.{key}: read-only: the cloud sets it"
        elif key in words:
            yield from _said_already(f"extra mist.{key}", value, words[key])
        elif key not in allowed:
            yield Doubt(f"extra mist.{key}: {_unknown(key, allowed, f'on a {type_name}')}")
        if key in below:
            yield from _unknown_below(f"extra mist.{key}", value, below[key])
    if type_name in ("lan", "ha_data", "ha_control"):
        yield from _wan_keys(type_name, extra, "")
    ports = extra.get("port_config") if type_name == "cluster" else None
    for key, port in ports.items() if isinstance(ports, Mapping) else ():
        if isinstance(port, Mapping) and port.get("usage") not in (None, "wan"):
            yield from _wan_keys(str(port["usage"]), port, f"port_config.{key}.")


def _said_already(at: str, value: Tree, words: Tree) -> Iterator[str]:
    """What the vocabulary says too: two owners of one key."""
    if not isinstance(words, Mapping):
        yield f"{at}: the vocabulary says this: use {words}"
    elif isinstance(value, Mapping):
        for key, below in value.items():
            word = words.get(key, words.get("*"))
            if word is not None:
                yield from _said_already(f"{at}.{key}", below, word)


def _wan_keys(usage: str, extra: Mapping[str, Tree], at: str) -> Iterator[str]:
    from haplan_mist.translate.ports import WAN_ONLY

    for key in sorted(WAN_ONLY & extra.keys()):
        yield f"extra mist.{at}{key}: only a WAN port may have this, an SSR rejects it on {usage}"


def _unknown_below(at: str, value: Tree, keys: Words | None) -> Iterator[Doubt]:
    """A doubt for each key below the top level that the description does not know; a list is as its entries."""
    if isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _unknown_below(f"{at}[{index}]", entry, keys)
    elif isinstance(value, Mapping) and keys:
        for key, inner in value.items():
            if key in keys or "*" in keys:
                yield from _unknown_below(f"{at}.{key}", inner, keys.get(key, keys.get("*")))
            else:
                yield Doubt(f"{at}.{key}: {_unknown(key, frozenset(keys), 'there')}")


def _unknown(key: str, allowed: frozenset[str], where: str) -> str:
    near = difflib.get_close_matches(key, sorted(allowed), 1)
    said = f"the description of Mist has no such key {where}; it is sent"
    return said + (f"; did you mean {near[0]}?" if near else "")

"""Interfaces: one entry of `port_config`, with the addresses that belong to it.

Mist OpenAPI 2509.1.2 (`gateway_port_config`, `gateway_ip_config`, `dhcpd_config`). An interface of the vocabulary has
a name; a LAN or HA port of Mist has none, so it is known by its ports.
"""

import contextlib
import ipaddress
import re
from collections.abc import Mapping

from haplan.plugin import Tree
from haplan_mist.translate.merge import Wire, overlaid, without
from haplan_mist.translate.objects import Values, number

WAN_ONLY = frozenset(
    {"ip_config", "vpn_paths", "traffic_shaping", "svr_port_range", "preserve_dscp", "outer_vlan_id", "wan_type",
     "wan_arp_policer", "wan_disable_speedtest", "wan_speedtest_mode", "wan_ext_ip", "wan_ext_ip6", "wan_extra_routes",
     "wan_extra_routes6", "wan_networks", "wan_probe_override", "wan_source_nat", "lte_apn", "lte_auth", "lte_backup",
     "lte_password", "lte_username", "dsl_type", "dsl_vci", "dsl_vpi"}
)  # fmt: skip
"""On a LAN or HA port these make an SSR reject everything (Juniper/terraform-provider-mist #122, #94)."""

PASSWORD = "poser_password"
"""The published name of the PPPoE password, typo included; `pppoe_password` of older documents is read as well."""

_IP_CONFIG = {"type": 1, "ip": 1, "netmask": 1, "gateway": 1, "pppoe_username": 1, "pppoe_auth": 1, PASSWORD: 1,
              "pppoe_password": 1}  # fmt: skip
_PATH = {"role": 1, "preference": 1, "bfd_profile": 1}
_LAN = {"networks": 1, "redundant": 1, "reth_node": 1, "reth_nodes": 1, "port_network": 1, "reth_idx": 1,
        "redundant_group": 1, "aggregated": 1}  # fmt: skip
KNOWN: dict[str, Mapping[str, Tree]] = {
    "wan": {"usage": 1, "name": 1, "ip_config": _IP_CONFIG, "vpn_paths": {"*": _PATH}, "vlan_id": 1, "mtu": 1,
            "wan_source_nat": {"disabled": 1}, "wan_ext_ip": 1, "redundant": 1},
    "lan": {"usage": 1, **_LAN},
    "ha_data": {"usage": 1},
    "ha_control": {"usage": 1},
}  # fmt: skip
"""What the vocabulary says of a port, by usage; the rest is `extra`."""


def same_ports(text: str) -> str:
    """A key of `port_config` without blanks, for comparing."""
    return re.sub(r"\s+", "", text)


def wire_keys(interfaces: Mapping[str, Tree] | None) -> dict[str, str]:
    """Name of an interface → its key in `port_config`; WANs that share a port are told apart by their VLANs."""
    ports = {name: str(one.get("ports") or "") for name, one in (interfaces or {}).items()}
    plain = [same_ports(text) for text in ports.values()]
    return {name: _with_vlan(text, (interfaces or {})[name]) if plain.count(same_ports(text)) > 1 else text
            for name, text in ports.items()}  # fmt: skip


def _with_vlan(ports: str, interface: Mapping[str, Tree]) -> str:
    """A sub-interface of a port, as Mist writes it: ``ge-0/0/0.100``."""
    return f"{ports}.{interface['vlan_id']}" if interface.get("vlan_id") is not None else ports


# --- to the wire ---


def port_wire(name: str, values: Mapping[str, Tree], *, overlay: str = "", hub_role: str = "hub") -> Wire:
    """One interface as an entry of `port_config`, only with keys that its usage may have."""
    usage = values.get("usage", "")
    if usage == "wan":
        wire = _wan_wire(name, values, overlay, hub_role)
    elif usage == "lan":
        wire = _lan_wire(values)
    else:
        wire = {"usage": usage}
    wire = overlaid(wire, (values.get("extra") or {}).get("mist") or {})
    return wire if usage == "wan" else harmless(wire)


def harmless(wire: Mapping[str, Tree]) -> Wire:
    """A LAN or HA port without the keys that only a WAN may have."""
    return {key: value for key, value in wire.items() if key not in WAN_ONLY}


def _wan_wire(name: str, values: Mapping[str, Tree], overlay: str, hub_role: str) -> Wire:
    out: Wire = {"usage": "wan", "name": name}
    if values.get("address"):
        out["ip_config"] = _address_wire(values["address"])
    paths: Wire = {}
    for endpoint, towards in (values.get("overlay") or {}).items():
        paths[f"{endpoint}.{towards['overlay']}"] = _path_wire("spoke", towards)
    if values.get("endpoint") and overlay:
        paths[f"{values['endpoint']}.{overlay}"] = {"role": hub_role}
    if paths:
        out["vpn_paths"] = paths
    if values.get("source_nat") is False:
        out["wan_source_nat"] = {"disabled": True}
    for key, wire_key in (("public_ip", "wan_ext_ip"), ("vlan_id", "vlan_id"), ("mtu", "mtu")):
        if values.get(key) is not None:
            out[wire_key] = number(values[key]) if key == "vlan_id" else values[key]
    if values.get("redundant"):
        out["redundant"] = True
    return out


def _path_wire(role: str, towards: Mapping[str, Tree]) -> Wire:
    out: Wire = {"role": role}
    if towards.get("preference") is not None:
        out["preference"] = towards["preference"]
    if towards.get("bfd"):
        out["bfd_profile"] = towards["bfd"]
    return out


def _address_wire(address: Mapping[str, Tree]) -> Wire:
    out: Wire = {"type": address["type"]}
    if address["type"] == "static":
        out |= ip_wire(address["ip"])
        if address.get("gateway"):
            out["gateway"] = address["gateway"]
    if address["type"] == "pppoe":
        out["pppoe_username"] = address.get("username", "")
        out["pppoe_auth"] = address.get("auth", "none")
        if address.get("password") is not None:
            out[PASSWORD] = address["password"]
    return out


def ip_wire(text: str) -> Wire:
    """``192.0.2.1/24`` in the two fields of the API."""
    ip, slash, length = text.partition("/")
    return {"ip": ip, "netmask": f"/{length}"} if slash else {"ip": ip}


def _lan_wire(values: Mapping[str, Tree]) -> Wire:
    networks = values.get("networks") or {}
    out: Wire = {"usage": "lan", "networks": list(networks)}
    if values.get("redundant"):
        out["redundant"] = True
        primary = values.get("primary") or "node0"
        if isinstance(primary, Mapping):
            out["reth_nodes"] = [primary.get(name, "node0") for name in networks]
        else:
            out["reth_node"] = primary
    for key, wire_key in (("untagged", "port_network"), ("reth_idx", "reth_idx"),
                          ("redundancy_group", "redundant_group"), ("aggregated", "aggregated")):  # fmt: skip
        if values.get(key) is not None and values[key] is not False:
            out[wire_key] = values[key]
    return out


def lan_addresses_wire(values: Mapping[str, Tree]) -> tuple[Wire, Wire]:
    """Entries of `ip_configs` and `dhcpd_config` of one LAN interface."""
    addresses: Wire = {}
    servers: Wire = {}
    for network, address in (values.get("networks") or {}).items():
        if address.get("ip"):
            addresses[network] = {"type": "static", **ip_wire(address["ip"])}
            if address.get("secondary"):
                addresses[network]["secondary_ips"] = list(address["secondary"])
        if address.get("dhcp"):
            servers[network] = _dhcp_wire(address["dhcp"])
    return addresses, servers


def _dhcp_wire(dhcp: Mapping[str, Tree]) -> Wire:
    if dhcp["type"] == "relay":
        return {"type": "relay", "servers": list(dhcp["servers"])}
    out: Wire = {"type": "local", "ip_start": dhcp["start"], "ip_end": dhcp["end"]}
    if dhcp.get("dns_servers"):
        out["dns_servers"] = list(dhcp["dns_servers"])
    if dhcp.get("lease", 86400) != 86400:
        out["lease_time"] = dhcp["lease"]
    return out


# --- from the wire ---


def port_values(key: str, wire: Mapping[str, Tree], config: Mapping[str, Tree], overlays: frozenset[str]) -> Values:
    """One entry of `port_config` as an interface."""
    usage = wire.get("usage", "")
    values: Values = {"usage": usage, "ports": key}
    if usage == "wan":
        values |= _wan_values(wire, overlays)
    elif usage == "lan":
        values |= _lan_values(wire, config)
    rest = without(wire, KNOWN.get(usage, {"usage": 1}))
    if rest:
        values["extra"] = {"mist": rest}
    return values


def _wan_values(wire: Mapping[str, Tree], overlays: frozenset[str]) -> Values:
    values: Values = {
        "address": _address_values(wire.get("ip_config") or {}),
        "source_nat": not (wire.get("wan_source_nat") or {}).get("disabled"),
    }
    towards: Values = {}
    for key, path in (wire.get("vpn_paths") or {}).items():
        endpoint, overlay = split_path(key, overlays)
        if path.get("role", "spoke") == "spoke":
            towards[endpoint] = _towards(overlay, path)
        else:
            values["endpoint"] = endpoint
    if towards:
        values["overlay"] = towards
    for wire_key, name in (("wan_ext_ip", "public_ip"), ("vlan_id", "vlan_id"), ("mtu", "mtu")):
        if wire.get(wire_key) not in (None, ""):
            values[name] = number(wire[wire_key]) if name == "vlan_id" else wire[wire_key]
    if wire.get("redundant"):
        values["redundant"] = True
    return values


def _towards(overlay: str, path: Mapping[str, Tree]) -> Values:
    out: Values = {"overlay": overlay}
    if path.get("preference") is not None:
        out["preference"] = path["preference"]
    if path.get("bfd_profile"):
        out["bfd"] = path["bfd_profile"]
    return out


def split_path(key: str, overlays: frozenset[str]) -> tuple[str, str]:
    """``h1-wan0.OrgOverlay`` as endpoint and overlay; overlays that are known may have dots in their names."""
    for overlay in overlays:
        if overlay and key.endswith(f".{overlay}"):
            return key[: -len(overlay) - 1], overlay
    endpoint, dot, overlay = key.rpartition(".")
    return (endpoint, overlay) if dot else (key, "")


def _address_values(ip_config: Mapping[str, Tree]) -> Values:
    kind = ip_config.get("type") or "dhcp"
    if kind == "static":
        out: Values = {"type": "static", "ip": ip_values(ip_config)}
        if ip_config.get("gateway"):
            out["gateway"] = ip_config["gateway"]
        return out
    if kind == "pppoe":
        out = {"type": "pppoe", "username": ip_config.get("pppoe_username") or "",
               "auth": ip_config.get("pppoe_auth") or "none"}  # fmt: skip
        password = ip_config.get(PASSWORD) or ip_config.get("pppoe_password")
        return {**out, "password": password} if password else out
    return {"type": kind}


def ip_values(wire: Mapping[str, Tree]) -> str:
    """Address and mask as one text; a dotted mask becomes a length."""
    ip, mask = str(wire.get("ip") or ""), str(wire.get("netmask") or "").lstrip("/")
    if "." in mask and "{{" not in mask:
        with contextlib.suppress(ValueError):
            mask = str(ipaddress.ip_network(f"0.0.0.0/{mask}").prefixlen)
    return f"{ip}/{mask}" if mask else ip


def _lan_values(wire: Mapping[str, Tree], config: Mapping[str, Tree]) -> Values:
    names = list(wire.get("networks") or ())
    values: Values = {
        "networks": {name: _lan_address(name, config) for name in names},
        "redundant": bool(wire.get("redundant")),
    }
    if values["redundant"]:
        owners = wire.get("reth_nodes")
        if owners:
            values["primary"] = dict(zip(names, [*owners, *["node0"] * len(names)], strict=False))
        else:
            values["primary"] = wire.get("reth_node") or "node0"
    for wire_key, name in (("port_network", "untagged"), ("reth_idx", "reth_idx"),
                           ("redundant_group", "redundancy_group"), ("aggregated", "aggregated")):  # fmt: skip
        if wire.get(wire_key) not in (None, "", False):
            values[name] = number(wire[wire_key])
    if wire.get("reth_idx") == 0:
        values["reth_idx"] = 0
    return values


def _lan_address(network: str, config: Mapping[str, Tree]) -> Values:
    out: Values = {}
    address = (config.get("ip_configs") or {}).get(network) or {}
    if address.get("ip"):
        out["ip"] = ip_values(address)
    if address.get("secondary_ips"):
        out["secondary"] = list(address["secondary_ips"])
    server = (config.get("dhcpd_config") or {}).get(network) or {}
    kind = server.get("type") or "local"
    if server and kind == "relay":
        out["dhcp"] = {"type": "relay", "servers": list(server.get("servers") or ())}
    elif server and kind == "local":
        out["dhcp"] = {
            "type": "local", "start": server.get("ip_start") or "", "end": server.get("ip_end") or "",
            "dns_servers": list(server.get("dns_servers") or ()), "lease": server.get("lease_time") or 86400,
        }  # fmt: skip
    return out

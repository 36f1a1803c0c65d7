"""What is alive between boxes: peers of the overlay, BGP, tunnels to elsewhere, ports and alarms.

All of it follows from what the boxes run (`running`): an endpoint that no hub serves has no peer, a hub that is away
leaves its spokes with peers that are down, a WAN whose gateway is not in its subnet reaches nobody. Shapes after Mist
OpenAPI 2509.1.2 (`vpn_peer_stat`, `bgp_peer`, `stats_wan_tunnel`, `stats_switch_port`, `alarm`). What is outside the
organisation is taken to answer. Types of alarms besides `device_down` are not published there: named after the events.
"""

import ipaddress
import uuid
from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.plugin import Tree
from haplan_mist.lab.devices.boxes import device_id
from haplan_mist.lab.devices.effective import expand
from haplan_mist.lab.devices.running import Box

Row = dict[str, Tree]


@attrs.frozen(kw_only=True)
class End:
    """One WAN of a box that takes part in an overlay path."""

    box: Box
    key: str
    port: Mapping[str, Tree]
    path: str

    @property
    def name(self) -> str:
        return str(self.port.get("name") or self.key)

    @property
    def up(self) -> bool:
        return self.box.port_up(self.key, self.port) and _has_uplink(self.port)


def _has_uplink(port: Mapping[str, Tree]) -> bool:
    """True if a WAN's address is one it can be reached by: its gateway is in its subnet."""
    config = port.get("ip_config") or {}
    if config.get("type", "dhcp") != "static":
        return True
    try:
        own = ipaddress.ip_interface(f"{config.get('ip')}/{str(config.get('netmask') or '').lstrip('/')}")
        gateway = ipaddress.ip_address(str(config.get("gateway")))
    except ValueError:
        return False
    return gateway in own.network and gateway != own.ip


def _ends(boxes: Sequence[Box], *roles: str) -> Iterator[End]:
    for box in boxes:
        for key, port in box.ports("wan"):
            for path, how in (port.get("vpn_paths") or {}).items():
                if ((how or {}).get("role") or "spoke") in roles:
                    yield End(box=box, key=key, port=port, path=path)


def vpn_peers(boxes: Sequence[Box], now: float) -> list[Row]:
    """Each peer as each side sees it."""
    hubs: dict[str, list[End]] = {}
    for end in _ends(boxes, "hub", "mesh"):
        hubs.setdefault(end.path, []).append(end)
    out: list[Row] = []
    for spoke in _ends(boxes, "spoke"):
        for hub in hubs.get(spoke.path, ()):
            if hub.box.mac != spoke.box.mac:
                up = spoke.up and hub.up and _leads_there(spoke, hub) and spoke.box.family == hub.box.family
                out += [_peer(spoke, hub, up, now), _peer(hub, spoke, up, now)]
    out += [_peer(one, other, one.up and other.up, now) for one, other in _meshed(boxes)]
    return out


def _meshed(boxes: Sequence[Box]) -> Iterator[tuple[End, End]]:
    ends = list(_ends(boxes, "mesh"))
    for one in ends:
        for other in ends:
            if one.box.mac != other.box.mac and one.path.rpartition(".")[2] == other.path.rpartition(".")[2]:
                yield one, other


def _leads_there(spoke: End, hub: End) -> bool:
    """True if the address that the spoke was told is one of the hub's."""
    path, _, vpn = spoke.path.rpartition(".")
    told = (((spoke.box.config.get("vpns") or {}).get(vpn) or {}).get("paths") or {}).get(path)
    if told is None:
        return False
    address = told.get("ip")
    own = {hub.port.get("wan_ext_ip"), (hub.port.get("ip_config") or {}).get("ip")}
    return not address or address in own


def _peer(one: End, other: End, up: bool, now: float) -> Row:
    since = max(one.box.since, other.box.since)
    quality = {"latency": 12, "jitter": 1, "loss": 0, "mos": 4.3} if up else {"loss": 100}
    return {
        "mac": one.box.mac, "org_id": one.box.row["org_id"], "site_id": one.box.row["site_id"],
        "router_name": one.box.name, "port_id": one.name, "peer_mac": other.box.mac,
        "peer_site_id": other.box.row["site_id"], "peer_router_name": other.box.name, "peer_port_id": other.name,
        "type": "ipsec" if one.box.family == "srx" else "svr", "up": up, "is_active": up,
        "uptime": int(now - since) if up else 0, "last_seen": now if up else since, "mtu": 1500, **quality,
    }  # fmt: skip


# --- BGP ---


def bgp_peers(boxes: Sequence[Box], now: float) -> list[Row]:
    """The neighbours that boxes are configured with, and those of the overlay."""
    peers = [one for one in vpn_peers(boxes, now) if one["up"]]
    meets = {(one["mac"], one["peer_mac"]) for one in peers}
    by_mac = {box.mac: box for box in boxes}
    out: list[Row] = []
    for box in boxes:
        for name, config in sorted((box.config.get("bgp_config") or {}).items()):
            if config.get("via") == "vpn":
                others = sorted({other for one, other in meets if one == box.mac})
                out += [_overlay_neighbor(box, by_mac[other], now) for other in others]
            else:
                out += _neighbors(box, name, config, now)
    return out


def _overlay_neighbor(box: Box, other: Box, now: float) -> Row:
    return _neighbor(box, "10.224.0.1", True, now, neighbor_mac=other.mac, for_overlay=True)


def _neighbors(box: Box, name: str, config: Mapping[str, Tree], now: float) -> Iterator[Row]:
    for address, neighbor in sorted((config.get("neighbors") or {}).items()):
        if not (neighbor or {}).get("disabled"):
            asn = {"local_as": config.get("local_as"), "neighbor_as": (neighbor or {}).get("neighbor_as")}
            far = int((neighbor or {}).get("multihop_ttl") or 0) > 1
            up = box.alive and (far or _adjacent(box, config, address))
            yield _neighbor(box, address, up, now, **{key: one for key, one in asn.items() if one is not None})


def _adjacent(box: Box, config: Mapping[str, Tree], address: str) -> bool:
    """True if a neighbour is on a subnet of a port that is up."""
    if config.get("via") == "tunnel":
        return any(row["up"] and row["tunnel_name"] == config.get("tunnel_name") for row in _tunnels_of(box, 0.0))
    return any(_inside(address, net) for net in _subnets(box, str(config.get("via") or "lan")))


def _subnets(box: Box, via: str) -> Iterator[str]:
    for key, port in box.ports("wan" if via == "wan" else "lan"):
        if not box.port_up(key, port):
            continue
        configs = [port.get("ip_config") or {}] if via == "wan" else [
            (box.config.get("ip_configs") or {}).get(network) or {} for network in port.get("networks") or ()
        ]  # fmt: skip
        for one in configs:
            yield f"{one.get('ip')}/{str(one.get('netmask') or '').lstrip('/')}"


def _inside(address: str, net: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_interface(net).network
    except ValueError:
        return False


def _neighbor(box: Box, address: str, up: bool, now: float, **more: Tree) -> Row:
    return {
        "mac": box.mac, "org_id": box.row["org_id"], "site_id": box.row["site_id"], "neighbor": address,
        "state": "established" if up else "active", "up": up, "uptime": int(now - box.since) if up else 0,
        "rx_routes": 12 if up else 0, "tx_routes": 8 if up else 0, "rx_pkts": 100, "tx_pkts": 100,
        "vrf_name": "default", "node": "node0", "timestamp": now, **more,
    }  # fmt: skip


# --- tunnels to elsewhere ---


def tunnels(boxes: Sequence[Box], now: float) -> list[Row]:
    """Tunnels to providers and other firewalls, one row for each of their ends."""
    return [row for box in boxes for row in _tunnels_of(box, now)]


def _tunnels_of(box: Box, now: float) -> Iterator[Row]:
    wans = {str(port.get("name")): (key, port) for key, port in box.ports("wan")}
    for name, config in sorted((box.config.get("tunnel_configs") or {}).items()):
        for side in ("primary", "secondary"):
            given = config.get(side) or {}
            for host in given.get("hosts") or ():
                for wan in given.get("wan_names") or ():
                    yield _tunnel(box, name, config, side, host, wan, wans.get(wan), now)


def _tunnel(
    box: Box, name: str, config: Mapping[str, Tree], side: str, host: str, wan: str, port: Tree, now: float
) -> Row:  # fmt: skip
    why = ""
    if port is None:
        why = f"there is no WAN {wan}"
    elif not box.port_up(*port) or not _has_uplink(port[1]):
        why = f"{wan} is down"
    elif str(config.get("provider")) == "custom-ipsec" and not config.get("psk"):
        why = "authentication failed: no pre-shared key"
    up = not why
    gre = "gre" in (config.get("protocol"), str(config.get("provider") or "").rpartition("-")[2])
    return {
        "mac": box.mac, "org_id": box.row["org_id"], "site_id": box.row["site_id"], "tunnel_name": name,
        "peer_host": host, "peer_ip": host, "priority": side, "wan_name": wan, "up": up,
        "protocol": "gre" if gre else "ipsec", "node": "node0", "uptime": int(now - box.since) if up else 0,
        **({"last_event": why} if why else {}),
    }  # fmt: skip


# --- ports and alarms ---


def ports(boxes: Sequence[Box], now: float) -> list[Row]:
    """Every port that a box is configured with."""
    return [
        {
            "mac": box.mac, "org_id": box.row["org_id"], "site_id": box.row["site_id"], "device_type": "gateway",
            "type": "gateway", "port_id": port, "neighbor_mac": "",
            "up": box.up[box.node_of(port)] and box.member_up(port) and not config.get("disabled"),
            "disabled": bool(config.get("disabled")), "full_duplex": True, "speed": 1000,
            "port_mac": box.mac, "rx_bytes": 0, "tx_bytes": 0, "rx_pkts": 0, "tx_pkts": 0,
            **({"port_usage": "lan"} if config.get("usage") == "lan" else {}),
        }
        for box in boxes for key, config in (box.config.get("port_config") or {}).items() for port in expand(key)
    ]  # fmt: skip


def alarms(boxes: Sequence[Box], now: float) -> list[Row]:
    """What is open: devices that are away, pairs whose control link is down, overlay peers that are down."""
    out = []
    for box in boxes:
        if not box.up[0]:
            out.append(_alarm(box, "gateway_down", "critical", now))
        elif box.pair is not None and box.pair.formed and not box.link_up("ha_control"):
            out.append(_alarm(box, "gw_ha_control_link_down", "critical", now))
    down = {one["mac"] for one in vpn_peers(boxes, now) if not one["up"]}
    return out + [_alarm(box, "gw_vpn_peer_down", "warn", now) for box in boxes if box.mac in down]


def _alarm(box: Box, type_: str, severity: str, now: float) -> Row:
    since = float(box.row["away_from"] or box.since or box.row["created"])
    return {
        "id": str(uuid.uuid5(uuid.UUID(device_id(box.mac)), f"{type_} {since}")), "type": type_,
        "group": "infrastructure", "severity": severity, "status": "open", "timestamp": since, "last_seen": now,
        "count": 1, "org_id": box.row["org_id"], "site_id": box.row["site_id"], "gateways": [box.mac],
        "hostnames": [box.name], "acked": False,
    }  # fmt: skip

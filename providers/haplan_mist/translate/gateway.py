"""Templates and hub profiles: one body, shared with the steering and policies that live in it.

Mist OpenAPI 2509.1.2 (`gateway_template`, `deviceprofile_gateway`: equal properties). What a document holds beside the
owned entries is kept: unknown keys, ports, addresses and rules of others.
"""

from collections.abc import Iterable, Mapping, Sequence

from haplan.plugin import Tree
from haplan_mist.translate.merge import Wire, merged, overlaid, without
from haplan_mist.translate.objects import Values
from haplan_mist.translate.ports import harmless, lan_addresses_wire, port_values, port_wire, same_ports, wire_keys

KNOWN: Mapping[str, Tree] = {
    "name": 1, "type": 1, "port_config": {"*": 1},
    "ip_configs": {"*": {"type": 1, "ip": 1, "netmask": 1, "secondary_ips": 1}},
    "dhcpd_config": {"*": {"type": 1, "ip_start": 1, "ip_end": 1, "dns_servers": 1, "lease_time": 1, "servers": 1}},
    "dns_servers": 1, "ntp_servers": 1, "path_preferences": {"*": 1}, "service_policies": 1,
}  # fmt: skip
"""What templates, profiles, steering and policies say; the rest is `extra`."""

Hints = Mapping[str, tuple[str, str]]
"""Ports without blanks → (name of the interface, ports as written)."""


def hints_of(*interfaces: Mapping[str, Tree] | None) -> dict[str, tuple[str, str]]:
    """How ports are called; the first that names a port wins."""
    found: dict[str, tuple[str, str]] = {}
    for named in interfaces:
        keys = wire_keys(named)
        for name, interface in (named or {}).items():
            found.setdefault(same_ports(keys[name]), (name, str(interface.get("ports", ""))))
    return found


# --- to the wire ---


def gateway_wire(values: Mapping[str, Tree], extra: Mapping[str, Tree], meshes: frozenset[str] = frozenset()) -> Wire:
    """Everything that a template or profile declares, without its name."""
    overlay = str(values.get("overlay") or "")
    role = "mesh" if overlay in meshes else "hub"
    out: Wire = {"port_config": {}, "ip_configs": {}, "dhcpd_config": {}}
    keys = wire_keys(values.get("interfaces"))
    for name, interface in (values.get("interfaces") or {}).items():
        if interface.get("ports"):
            out["port_config"][keys[name]] = port_wire(name, interface, overlay=overlay, hub_role=role)
        addresses, servers = lan_addresses_wire(interface)
        out["ip_configs"] |= addresses
        out["dhcpd_config"] |= servers
    for key in ("dns_servers", "ntp_servers"):
        if values.get(key):
            out[key] = list(values[key])
    if values.get("type"):
        out["type"] = values["type"]
    return overlaid({key: value for key, value in out.items() if value}, extra)


def rewritten(
    live: Mapping[str, Tree], before: Mapping[str, Tree], after: Mapping[str, Tree],
    extra: tuple[Mapping[str, Tree], Mapping[str, Tree]] = ({}, {}), meshes: frozenset[str] = frozenset(),
) -> Wire:  # fmt: skip
    """The whole object with `before` replaced by `after`; `extra` holds vendor keys before and after."""
    old = gateway_wire(before, extra[0], meshes)
    new = gateway_wire(after, extra[1], meshes)
    live = _moved(live, before, after)
    _spelled_as(live, old)
    _spelled_as(live, new)
    _keep_networks(live, old, new)
    _keep_servers(live, old, new)
    out = merged(live, old, new)
    ports = dict(out.get("port_config") or {})
    for key, port in (new.get("port_config") or {}).items():
        ports[key] = _clean(ports[key], port)
    if ports or "port_config" in out:
        out["port_config"] = ports
    return out


def _moved(live: Mapping[str, Tree], before: Mapping[str, Tree], after: Mapping[str, Tree]) -> Wire:
    """An interface that goes to other ports takes along what others have set on it."""
    ports = dict(live.get("port_config") or {})
    there = {same_ports(key): key for key in ports}
    old, new = wire_keys(before.get("interfaces")), wire_keys(after.get("interfaces"))
    for name, key in new.items():
        source, target = same_ports(old.get(name, "")), same_ports(key)
        if source and source != target and source in there and target not in there:
            ports = {key if one == there[source] else one: port for one, port in ports.items()}
    return {**live, "port_config": ports} if ports else dict(live)


def _spelled_as(live: Mapping[str, Tree], wire: Wire) -> None:
    """The same ports are the same key, whatever blanks stand in it."""
    there = {same_ports(key): key for key in live.get("port_config") or {}}
    if "port_config" in wire:
        wire["port_config"] = {there.get(same_ports(key), key): port for key, port in wire["port_config"].items()}


def _keep_networks(live: Mapping[str, Tree], old: Wire, new: Wire) -> None:
    """Networks that others have put on a port of ours stay on it."""
    for key, port in (new.get("port_config") or {}).items():
        there = (live.get("port_config") or {}).get(key) or {}
        if "networks" not in port or "networks" not in there:
            continue
        gone = set(((old.get("port_config") or {}).get(key) or {}).get("networks") or ()) - set(port["networks"])
        kept = [name for name in there["networks"] if name not in gone]
        owners = dict(zip(port["networks"], port.get("reth_nodes") or (), strict=False))
        port["networks"] = [*kept, *(name for name in port["networks"] if name not in kept)]
        if owners:
            others = dict(zip(there["networks"], there.get("reth_nodes") or (), strict=False))
            port["reth_nodes"] = [owners.get(name, others.get(name, "node0")) for name in port["networks"]]


def _keep_servers(live: Mapping[str, Tree], old: Wire, new: Wire) -> None:
    """Name and time servers that others have added stay, behind ours."""
    for key in ("dns_servers", "ntp_servers"):
        ours = [*(old.get(key) or ()), *(new.get(key) or ())]
        others = [one for one in live.get(key) or () if one not in ours]
        if others:
            new[key] = [*(new.get(key) or ()), *others]


def _clean(port: Mapping[str, Tree], ours: Mapping[str, Tree]) -> Wire:
    if ours.get("usage") == "wan":
        return dict(port)
    out = harmless(port)
    if ours.get("usage") == "lan":
        for one, other in (("reth_node", "reth_nodes"), ("reth_nodes", "reth_node")):
            if one in ours and other not in ours:
                out.pop(other, None)
    return out


# --- from the wire ---


def gateway_values(
    wire: Mapping[str, Tree], hints: Hints, overlays: frozenset[str] = frozenset(), *, overlay: str = "",
    profile: bool = False,
) -> Values:  # fmt: skip
    """A template or profile; `overlay` is the one it should serve, where several are named."""
    interfaces = _interfaces(wire, hints, overlays)
    values: Values = {
        "interfaces": interfaces,
        "dns_servers": list(wire.get("dns_servers") or ()),
        "ntp_servers": list(wire.get("ntp_servers") or ()),
    }
    if profile:
        served = _served(wire, overlays)
        if served:
            values["overlay"] = overlay if overlay in served else served[0]
    else:
        values["type"] = wire.get("type") or "standalone"
    rest = without(wire, KNOWN)
    if "enabled" in (wire.get("dhcpd_config") or {}):
        rest["dhcpd_config"] = {**rest.get("dhcpd_config", {}), "enabled": wire["dhcpd_config"]["enabled"]}
    return {**values, "extra": rest} if rest else values


def _interfaces(wire: Mapping[str, Tree], hints: Hints, overlays: frozenset[str]) -> Values:
    out: Values = {}
    for key, port in (wire.get("port_config") or {}).items():
        hinted, spelled = hints.get(same_ports(key), ("", ""))
        named = port.get("name") if port.get("usage") == "wan" else hinted
        name = next((n for n in (named, hinted, key) if n and n not in out), key)
        out[name] = port_values(spelled or key, port, wire, overlays)
    return out


def _served(wire: Mapping[str, Tree], overlays: frozenset[str]) -> list[str]:
    from haplan_mist.translate.ports import split_path

    found = []
    for port in (wire.get("port_config") or {}).values():
        for key, path in (port.get("vpn_paths") or {}).items():
            if path.get("role", "spoke") != "spoke":
                found.append(split_path(key, overlays)[1])
    return list(dict.fromkeys(found))


# --- steering ---


def steering_wire(values: Mapping[str, Tree]) -> Wire:
    """One entry of `path_preferences`."""
    own = {"strategy": values.get("strategy", "ordered"), "paths": [path_wire(p) for p in values.get("paths") or ()]}
    return {**own, **(values.get("extra") or {})}


def path_wire(path: Mapping[str, Tree]) -> Wire:
    """One way out; an overlay path is named with its overlay (`<endpoint>.<vpn>`)."""
    kind = path["kind"]
    if kind == "endpoint":
        name = f"{path['name']}.{path['overlay']}" if path.get("overlay") else path["name"]
        out: Wire = {"type": "vpn", "name": name}
    elif kind == "local":
        out = {"type": "local", "networks": list(path.get("networks") or ())}
        if path.get("gateway_ip"):
            out["gateway_ip"] = path["gateway_ip"]
        if path.get("target_ips"):
            out["target_ips"] = list(path["target_ips"])
    else:
        out = {"type": kind, "name": path["name"]}
    own = {key: path[key] for key in ("cost", "disabled") if path.get(key) is not None}
    return {**out, **own, **vendor_keys_of(path)}


_PATH = frozenset({"type", "name", "networks", "gateway_ip", "target_ips", "cost", "disabled"})
"""What the vocabulary says of a path; the rest is `extra`."""
Paths = Sequence[Mapping[str, Tree]]


def steering_values(wire: Mapping[str, Tree], overlays: frozenset[str], hint: Paths = ()) -> Values:
    """A steering rule; `hint` tells the overlay of an endpoint that is named without one, and the order for ecmp."""
    strategy = wire.get("strategy") or "ordered"
    paths = [_path_values(path, overlays, hint) for path in wire.get("paths") or ()]
    if strategy == "ecmp":
        order = {_identity(path): -index for index, path in enumerate(reversed(hint))}
        paths.sort(key=lambda path: order.get(_identity(path), len(order)))
    rest = {key: value for key, value in wire.items() if key not in ("strategy", "paths")}
    return {"strategy": strategy, "paths": paths, **({"extra": rest} if rest else {})}


def _identity(path: Mapping[str, Tree]) -> tuple[str, str, str]:
    return str(path.get("kind")), str(path.get("name") or ""), str(path.get("networks") or "")


def _path_values(wire: Mapping[str, Tree], overlays: frozenset[str], hint: Sequence[Mapping[str, Tree]]) -> Values:
    from haplan_mist.translate.ports import split_path

    kind = wire.get("type", "wan")
    if kind == "vpn":
        endpoint, overlay = split_path(str(wire.get("name") or ""), overlays)
        if not overlay:
            overlay = next((str(p.get("overlay") or "") for p in hint if p.get("name") == endpoint), "")
            overlay = overlay or (next(iter(overlays)) if len(overlays) == 1 else "")
        out: Values = {"kind": "endpoint", "name": endpoint, "overlay": overlay}
    elif kind == "local":
        out = {"kind": "local", "networks": list(wire.get("networks") or ())}
        if wire.get("gateway_ip"):
            out["gateway_ip"] = wire["gateway_ip"]
        if wire.get("target_ips"):
            out["target_ips"] = list(wire["target_ips"])
    else:
        out = {"kind": kind, "name": wire.get("name") or ""}
    if wire.get("cost") is not None:
        out["cost"] = wire["cost"]
    if wire.get("disabled"):
        out["disabled"] = True
    named = {key for path in hint if _identity(path) == _identity(out) for key in vendor_keys_of(path)}
    rest = {key: value for key, value in wire.items() if key in named - _PATH}
    return {**out, "extra": {"mist": rest}} if rest else out


def vendor_keys_of(path: Mapping[str, Tree]) -> Mapping[str, Tree]:
    """What a path of a steering rule has beside the vocabulary."""
    return (path.get("extra") or {}).get("mist") or {}


def steered(live: Mapping[str, Tree] | None, before: Mapping[str, Tree], values: Mapping[str, Tree]) -> Wire:
    """A rule as it is to be; keys that others have set on it and on a path stay."""
    wire = steering_wire(values)
    there = {_place(path): path for path in (live or {}).get("paths") or ()}
    left = {_place(path_wire(path)): vendor_keys_of(path) for path in before.get("paths") or ()}
    for index, path in enumerate(wire["paths"]):
        gone = {*_PATH, *left.get(_place(path), ())}
        old = there.get(_place(path)) or {}
        wire["paths"][index] = {**{k: v for k, v in old.items() if k not in gone}, **path}
    stay = {k: v for k, v in (live or {}).items() if k not in wire and k not in (before.get("extra") or {})}
    return {**stay, **wire}


def _place(path: Mapping[str, Tree]) -> tuple[str, str, str]:
    return str(path.get("type")), str(path.get("name")), str(path.get("networks"))


# --- policies ---

_POLICY = {"name": 1, "tenants": 1, "services": 1, "action": 1, "path_preference": 1}


def policy_wire(name: str, values: Mapping[str, Tree], extra: Mapping[str, Tree]) -> Wire:
    """One entry of `service_policies`."""
    out: Wire = {
        "name": name, "tenants": list(values.get("networks") or ()), "services": list(values.get("applications") or ()),
        "action": values.get("action", "allow"),
    }  # fmt: skip
    if values.get("steering"):
        out["path_preference"] = values["steering"]
    return {**out, **extra}


def policy_values(wire: Mapping[str, Tree]) -> Values:
    """An application policy; without an action it allows."""
    values: Values = {
        "networks": list(wire.get("tenants") or ()), "applications": list(wire.get("services") or ()),
        "action": wire.get("action") or "allow",
    }  # fmt: skip
    if wire.get("path_preference"):
        values["steering"] = wire["path_preference"]
    rest = without(wire, _POLICY)
    return {**values, "extra": rest} if rest else values


def policy_names(policies: Iterable[Mapping[str, Tree]]) -> list[str]:
    """A name for each entry, unique in its list: its own, or what else tells it apart."""
    out: list[str] = []
    for index, policy in enumerate(policies, start=1):
        plain = policy.get("name") or (f"org policy {policy['servicepolicy_id']}" if policy.get("servicepolicy_id")
                                       else f"unnamed {index}")  # fmt: skip
        name, number = plain, 2
        while name in out:
            name, number = f"{plain} ({number})", number + 1
        out.append(name)
    return out


def sequenced(live: Sequence[str], there: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Names in the order to write.

    `live` is the order as it is, `there` the names that are to be in the list, `wanted` the sequence asked for. A name
    that is not asked for stays behind the one it stands behind now.
    """
    names = list(dict.fromkeys(there))
    order = [name for name in wanted if name in names]
    known = set(order)
    for index, name in enumerate(live):
        if name in names and name not in known:
            before = next((other for other in reversed(live[:index]) if other in known), None)
            order.insert(0 if before is None else order.index(before) + 1, name)
            known.add(name)
    return [*order, *(name for name in names if name not in known)]

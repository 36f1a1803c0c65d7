"""WAN interfaces: HA055 to HA065."""

import ipaddress
from collections.abc import Iterator

from haplan.design.catalogue import Model, Port
from haplan.design.rules.index import DesignIndex, Face, Owner, Pair
from haplan.design.rules.registry import Found, Registry
from haplan.design.substitution import has_variable, substitute

registry = Registry()
_PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]


@registry.validate(
    "HA055", "error", "Each path has its own WAN interface on one node",
    why="Two circuits on two nodes are both in use and fail one by one; a shared one is idle on one side.",
    source="SEED",
    override='wan(…, shared_wan="reason")',
)  # fmt: skip
def own_port(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("wan"):
            if len(face.ports or ()) > 1 and not face.object.shared_wan:
                text = f"{face.name}: a WAN path belongs to one port of one node, got {face.text}"
                yield Found.of(owner, text, face, hint='split it, or say shared_wan="reason"')
        for port, faces in _by_port(owner).items():
            if len(faces) > 1:
                names = " and ".join(face.name for face in faces)
                text = f"{names} are on one port, {port}: one cable takes both"
                yield Found.of(owner, text, faces[-1], severity="warning")


def _by_port(owner: Owner) -> dict[Port, list[Face]]:
    """The WANs by their port: two VLANs on one cable fail together, as one."""
    found: dict[Port, list[Face]] = {}
    for face in owner.of("wan"):
        for port in face.ports or () if len(face.ports or ()) == 1 else ():
            found.setdefault(port.base, []).append(face)
    return found


@registry.validate(
    "HA056", "error", "Each node has at least one WAN interface",
    why="A node without WAN could neither carry traffic nor reach the cloud when it is alone.", source="SEED",
)  # fmt: skip
def wan_per_node(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        wans = owner.of("wan")
        for row in owner.rows():
            nodes = {row.node(port) for face in wans for port in face.ports or ()}
            if None in nodes or any(face.ports is None for face in wans):
                continue  # HA020 and HA021 have said so
            for node in sorted({0, 1} - nodes):
                text = f"{owner.label}: node{node} has no WAN interface; it could not carry traffic or reach Mist alone"
                yield Found.of(owner, text, (wans[-1] if wans else owner), hint=_other(row, node))


def _other(row: Model, node: int) -> str:
    return f"such as {row.pair_of(row.wan).split(',')[node]}"


@registry.validate(
    "HA057", "warning", "A shared WAN is active/passive, an exception for circuits with a single address",
    why="Only one node uses it at a time.", source="SSRHA, API",
)  # fmt: skip
def shared_wan(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("wan"):
            if len(face.ports or ()) > 1 and face.object.shared_wan:
                reason = face.object.shared_wan
                text = f"{face.name}: shared between both nodes; only one is active. Accepted because: {reason}"
                yield Found.of(owner, text, face)


@registry.validate(
    "HA058", "error", "WAN interfaces of an HA hub have static addresses",
    why="Spokes build the overlay towards them: an address that moves takes every spoke down.", source="SEED",
    types=("hub_profile",),
)  # fmt: skip
def hub_static(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("wan") if owner.hub else ():
            kind = _address(face).get("type")
            if kind not in (None, "static"):
                why = "spokes build the overlay towards it"
                text = f"{owner.label}/{face.name}: hub WAN must be static ({why}), found {kind}"
                yield Found.of(owner, text, face, hint='static("198.51.100.254/24", gateway="198.51.100.1")')


@registry.validate(
    "HA059", "info", "A spoke's WAN may be static or DHCP",
    why="Spokes build towards hubs, nobody builds towards them.", source="SEED, API", types=("wan_edge_template",),
)  # fmt: skip
def spoke_address(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        faces = [] if owner.hub else owner.of("wan")
        if faces:
            words = ", ".join(f"{face.name} {_address(face).get('type', '?')}" for face in faces)
            yield Found.of(owner, f"{owner.label}: {words}", faces[0])


def _address(face: Face) -> dict[str, object]:
    found = face.plain.get("address")
    return found if isinstance(found, dict) else {}


def at_sites(owner: Owner, *texts: object) -> Iterator[tuple[Pair | None, list[str]]]:
    """Texts with variables put in, for each site that knows them all; once, without a site, where they have none."""
    if not any(has_variable(text) for text in texts):
        plain = [substitute(text, {}) for text in texts]
        if all(one is not None for one in plain):
            yield None, [one for one in plain if one is not None]
        return
    for pair in owner.pairs:
        put = [substitute(text, pair.variables) for text in texts]
        if pair.variables is not None and all(one is not None for one in put):
            yield pair, [one for one in put if one is not None]


def where(pair: Pair | None) -> str:
    """`` (site)`` for a message, or nothing."""
    return f" ({pair.site_name})" if pair is not None else ""


@registry.validate(
    "HA060", "error", "A static WAN's gateway is inside its subnet, and not the address itself",
    why="The gateway could not be reached.", source="API",
)  # fmt: skip
def gateways(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("wan"):
            address = _address(face)
            for pair, (ip, gateway) in at_sites(owner, address.get("ip"), address.get("gateway")):
                complaint = _gateway_complaint(ip, gateway)
                if complaint:
                    text = f"{face.name}{where(pair)}: {complaint}"
                    yield Found.of(owner, text, face, hint="check address, length and gateway")


def _gateway_complaint(ip: str, gateway: str) -> str:
    try:
        own, other = ipaddress.ip_interface(ip), ipaddress.ip_address(gateway)
    except ValueError:
        return "" if "/" in ip else f"{ip} has no prefix length"  # HA120 says what is no address
    if "/" not in ip:
        return f"{ip} has no prefix length"
    if own.ip == other:
        return f"gateway {gateway} is the interface's own address"
    return "" if other in own.network else f"gateway {gateway} is outside {own.network}"


@registry.validate(
    "HA061", "warning", "A hub WAN behind NAT says its public address",
    why="Spokes outside cannot reach a private or carrier-NAT address. On an underlay that is private itself, such as "
        "an MPLS network, they can: then both ends say so.",
    source="MISTLAB, API", types=("hub_profile", "wan_edge_template"),
    override='wan(…, public_ip="…"), or underlay="private" at both ends',
)  # fmt: skip
def public_address(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for face in owner.of("wan") if owner.hub else ():
            if face.plain.get("public_ip") or not face.plain.get("endpoint"):
                continue
            for pair, (text,) in at_sites(owner, _address(face).get("ip")):
                if not _private(text):
                    continue
                if face.object.underlay == "private":
                    yield from _other_end(design, owner, face)
                    break
                words = f"{text} is private; spokes outside cannot reach it without an override"
                message = f"{owner.label}/{face.name}{where(pair)}: {words}"
                hint = 'public_ip= on this WAN, or underlay="private" here and on the spokes\' WANs'
                yield Found.of(owner, message, face, hint=hint)


def _other_end(design: DesignIndex, hub: Owner, face: Face) -> Iterator[Found]:
    """WANs that build towards a hub on a private underlay, and do not say that they are on it."""
    for spoke in design.owners:
        for wan in spoke.of("wan"):
            ends = wan.plain.get("overlay")
            if isinstance(ends, dict) and face.plain.get("endpoint") in ends and wan.object.underlay != "private":
                text = (
                    f"{spoke.label}/{wan.name}: {hub.label}/{face.name} is on a private underlay, and this WAN is not"
                )
                hint = 'underlay="private" here too, if they are on the same network'
                yield Found.of(spoke, text, wan, hint=hint)


def _private(text: str) -> bool:
    """RFC 1918 and 100.64/10 only: a library's "is private" is also true of documentation ranges."""
    try:
        ip = ipaddress.ip_interface(text).ip
    except ValueError:
        return False
    return any(ip in network for network in _PRIVATE)


@registry.validate(
    "HA062", "error", "Names of interfaces are unique in a profile or template",
    why="A WAN's name is part of its endpoint's name, and interfaces are kept by name.", source="MISTLAB, POL",
)  # fmt: skip
def names(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        seen: dict[str, Face] = {}
        for face in owner.faces:
            first = seen.setdefault(face.name, face)
            if first is not face:
                what = "WAN interfaces" if first.usage == face.usage == "wan" else "interfaces"
                text = f"{owner.label}: two {what} named {face.name}"
                yield Found.of(owner, text, face, hint=f"the first is at {first.object.location.short}")


@registry.validate(
    "HA063", "warning", "There is more than one WAN path",
    why="Two nodes behind one circuit survive a box, not the circuit.", source="SEED",
)  # fmt: skip
def several_paths(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        wans = owner.of("wan")
        on_one = len(_by_port(owner)) == 1 and all(len(face.ports or ()) == 1 for face in wans)
        if owner.pairs and (len(wans) == 1 or on_one):
            text = f"{owner.label}: a single WAN path; node redundancy without path redundancy"
            yield Found.of(owner, text, wans[0])


@registry.validate(
    "HA065", "error", "After the pair is formed each node still has a port that reaches the cloud",
    why="The port used for the first contact must not be one that changes its role: the box would be cut off.",
    source="API",
)  # fmt: skip
def still_connected(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        for row in owner.rows():
            for node in (0, 1):
                mine = [(port, face) for face in owner.of("wan") for port in face.ports or () if row.node(port) == node]
                if mine and all(row.changed_role(port) for port, _ in mine):
                    port, face = mine[0]
                    instead = row.pair_of(row.wan).split(",")[node]
                    role = row.changed_role(port)
                    text = f"node{node}: its only cloud path was {port}, which becomes {role}; use {instead}"
                    yield Found.of(owner, text, face, hint=f"move {face.name} to {instead}")


@registry.validate(
    "HA064",
    "error",
    "Two WAN interfaces of a pair do not hold the same address",
    why="Two interfaces of one address: neither works reliably.",
    source="SEED",
)
def own_addresses(design: DesignIndex) -> Iterator[Found]:
    for owner in design.owners:
        seen: dict[tuple[str, str], Face] = {}
        for face in owner.of("wan"):
            for pair, (text,) in at_sites(owner, _address(face).get("ip")):
                ip = text.partition("/")[0]
                sites = [pair.site_name] if pair else [one.site_name for one in owner.pairs] or [""]
                first = next((seen[site, ip] for site in sites if (site, ip) in seen), None)
                if first is not None:
                    message = f"{first.name} and {face.name} both use {ip}{where(pair)}"
                    yield Found.of(owner, message, face)
                seen.update({(site, ip): face for site in sites})

"""Clusters: a router with two nodes, its devices and interfaces.

Two nodes in one router plus a non-forwarding fabric interface on each are the HA pair; there is no switch for it beside
(128technology/docs config_non_forwarding_ha_interfaces). What is redundant has the same `shared-phys-address` on both
nodes and the same network interfaces below (config_ha).
"""

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache

import attrs

from haplan.design import catalogue
from haplan.plugin import Tree, whole_in
from haplan_ssr.translate import ports, vendor_keys
from haplan_ssr.translate.design import Design, Pair, at
from haplan_ssr.translate.draft import Draft, Source, Translation
from haplan_ssr.translate.links import refuse_overlaps
from haplan_ssr.translate.names import LONGEST_DEVICE, clean, complaint
from haplan_ssr.translate.tree import AUTHORITY, Path, name_of

NODES = ("node0", "node1")
MANAGEMENT = (4, 3)
"""The first release whose forwarding interfaces may be for management (vendor's model)."""
FIRST, SECOND = 50, 25
"""Priorities of the redundancy groups of the preferred node and of the other: those of the published sample."""


def routers(design: Design, draft: Draft) -> None:
    """Every pair."""
    for pair in design.pairs:
        _router(pair, design, draft)


def router_path(name: str) -> Path:
    """A router's entry."""
    return (*AUTHORITY, ("router", name))


def lan_interface(network: str) -> str:
    """The name of the network interface that carries a network."""
    return clean(network)


def shared_mac(router: str, interface: str) -> str:
    """The MAC of a redundant interface: made from both names, so always the same; locally administered, unicast."""
    digest = hashlib.sha256(f"{router}\0{interface}".encode()).hexdigest()
    return ":".join(["02", *(digest[at : at + 2] for at in range(0, 10, 2))])


def _router(pair: Pair, design: Design, draft: Draft) -> None:
    piece = pair.cluster
    why = complaint(piece.name, reserved=True)
    if why:
        draft.problem("SSR001", piece.address, f"router {why}", "give the cluster another name=")
        return
    draft.claim("router", pair.router, piece.address, f"cluster {piece.name}")
    security = draft.entry((*AUTHORITY, ("security", design.terms.security)), pair.content)
    router = draft.entry(router_path(pair.router), at(piece, "model"))
    draft.own[piece.address] = router
    draft.leaf((*router, "inter-node-security"), security[-1][1], pair.content)
    site = pair.site
    place = pair.text(site.values.get("address")) if site is not None and site.values.get("address") else None
    where = at(site, "address") if site is not None else pair.content
    draft.leaf((*router, "location"), place or str(piece.values.get("site")), where)
    vendor_keys.put(piece, router, draft)
    if len(pair.macs) == 2:
        _nodes(pair, router, draft)
        _names_servers(pair, router, draft)
        _faces(pair, router, design, draft)
        refuse_overlaps(pair, design.terms, draft)


def _nodes(pair: Pair, router: Path, draft: Draft) -> None:
    for name, mac in zip(NODES, pair.macs, strict=True):
        said = pair.cluster.values["nodes"][mac]
        asset = said.get("asset_id")
        path = draft.entry((*router, ("node", name)), at(pair.cluster, "nodes", mac), role="combo")
        if isinstance(asset, str):
            draft.claim("asset", asset, pair.cluster.address, f"{name} of {pair.cluster.name}")
            draft.leaf((*path, "asset-id"), asset, at(pair.cluster, "nodes", mac, "asset_id"))
        elif asset is None:
            hint = f'node("{mac}", asset_id="…"): on these models it is the serial number'
            draft.problem("SSR003", pair.cluster.address, f"{name} ({mac}) has no asset id", hint)


def _names_servers(pair: Pair, router: Path, draft: Draft) -> None:
    values = pair.owner.values if pair.owner is not None else {}
    ntp = [text for one in values.get("ntp_servers") or () if (text := pair.text(one))]
    for server in ntp:
        draft.entry((*router, "system", "ntp", ("server", server)), pair.source("ntp_servers"))
    dns = tuple(text for one in values.get("dns_servers") or () if (text := pair.text(one)))
    if dns:
        source = pair.source("dns_servers")
        draft.entry((*router, ("dns-config", "static")), source, address=dns)


# --- Interfaces -------------------------------------------------------------------------------------------------------


def _faces(pair: Pair, router: Path, design: Design, draft: Draft) -> None:
    model = str(pair.cluster.values.get("model") or "")
    row, pci = catalogue.find(model), ports.of_model(model)
    if row is None or not pci:
        hint = "models with a port table: SSR120, SSR130, SSR1200, SSR1300, SSR1400, SSR1500"
        draft.problem("SSR002", pair.cluster.address, f"{model}: where its ports sit is not known here", hint)
        return
    groups: dict[str, list[tuple[str, str, Source]]] = {}
    for name, face in pair.faces().items():
        if (face.get("extra") or {}).get("ssr"):
            text = f"{name}: vendor keys of an interface are not taken: on a conductor it is several objects"
            draft.problem("SSR006", pair.carried.address, text, "leave them out")
        for node, device in _devices(pair, name, face, row, pci, draft):
            path = _device(pair, router, node, name, face, (device, pci[device]), draft)
            if face.get("redundant"):
                primary = _primary(pair, name, face, draft)
                groups.setdefault(primary, []).append((node, device, pair.source("interfaces", name, "primary")))
            _interfaces(pair, path, node, name, face, design, draft)
    for primary, members in groups.items():
        _groups(router, primary, members, draft)


def _devices(
    pair: Pair, name: str, face: Mapping[str, Tree], row: catalogue.Model, pci: Mapping[str, str], draft: Draft
) -> Iterator[tuple[str, str]]:
    """Node and device of each port of an interface."""
    owner = pair.carried.address
    if face.get("aggregated"):
        text = f"{name}: bundles of ports are not translated: the vendor has not tried bonds on redundant pairs"
        draft.problem("SSR006", owner, text, "use one port of each node")
        return
    try:
        found = catalogue.parse_ports(str(face.get("ports")))
    except ValueError as error:
        draft.problem("SSR002", owner, f"{name}: {error} is no port name")
        return
    for port in found:
        index, device = row.node(port), ports.conductor_name(row.on_node0(port))
        if index is None or device not in pci or len(device) > LONGEST_DEVICE:
            known = ", ".join(pci)
            draft.problem("SSR002", owner, f"{name}: {row.name} has no port {port}", f"on a conductor it has {known}")
        else:
            yield NODES[index], device


def _device(
    pair: Pair, router: Path, node: str, name: str, face: Mapping[str, Tree], port: tuple[str, str], draft: Draft
) -> Path:
    source = pair.source("interfaces", name, "ports")
    path = draft.entry((*router, ("node", node), ("device-interface", port[0])), source, pci_address=port[1])
    if face.get("usage") == "ha_control":
        draft.leaf((*path, "forwarding"), False, pair.source("interfaces", name, "usage"))
    if face.get("redundant"):
        mac = shared_mac(pair.router, name)
        draft.claim("shared-phys-address", mac, pair.cluster.address, f"{pair.cluster.name}/{name}")
        draft.leaf((*path, "shared-phys-address"), mac, pair.source("interfaces", name, "redundant"))
    return path


def _primary(pair: Pair, name: str, face: Mapping[str, Tree], draft: Draft) -> str:
    primary = face.get("primary") or NODES[0]
    chosen = sorted(set(primary.values())) if isinstance(primary, Mapping) else [str(primary)]
    if len(chosen) > 1:
        text = f"{name}: networks of one pair of ports fail over together, so they have one primary node"
        draft.problem("SSR006", pair.carried.address, text, "give the networks ports of their own")
    return chosen[0] if chosen else NODES[0]


def _groups(router: Path, primary: str, members: list[tuple[str, str, Source]], draft: Draft) -> None:
    """One redundancy group on each node; the higher priority wins."""
    for node in NODES:
        own = [member for member in members if member[0] == node]
        if not own:
            continue
        sources = tuple(source for _, _, source in own)
        priority = FIRST if node == primary else SECOND
        path = draft.entry((*router, ("redundancy-group", f"{primary}-first-{node}")), *sources, priority=priority)
        for _, device, source in own:
            draft.entry((*path, ("member", node, device)), source)


def _interfaces(
    pair: Pair, device: Path, node: str, name: str, face: Mapping[str, Tree], design: Design, draft: Draft
) -> None:
    match face.get("usage"):
        case "wan":
            _wan(pair, device, name, face, design, draft)
        case "lan":
            for network, address in (face.get("networks") or {}).items():
                _lan(pair, device, name, face, str(network), address, design, draft)
        case "ha_data":
            _link(pair, device, node, name, design.terms.fabric, draft)
        case "ha_control":
            _link(pair, device, node, name, design.terms.sync, draft)


def _link(pair: Pair, device: Path, node: str, name: str, prefix: str, draft: Draft) -> None:
    """A fabric interface, one address of the prefix on each node."""
    source = pair.source("interfaces", name)
    path = draft.entry((*device, ("network-interface", clean(name))), source, type="fabric")
    address = _ends(prefix)[NODES.index(node)]
    draft.entry((*path, ("address", str(address.ip))), source, prefix_length=address.network.prefixlen)


@lru_cache(1000)
def _ends(prefix: str) -> tuple[ipaddress.IPv4Interface, ...]:
    """The first two addresses of a prefix: node0's and node1's."""
    network = ipaddress.IPv4Network(prefix)
    pairs = zip(network.hosts(), NODES, strict=False)
    return tuple(ipaddress.IPv4Interface((one, network.prefixlen)) for one, _ in pairs)


def _wan(pair: Pair, device: Path, name: str, face: Mapping[str, Tree], design: Design, draft: Draft) -> None:
    source, owner = pair.source("interfaces", name), pair.carried.address
    why = complaint(name)
    if why:
        draft.problem("SSR001", owner, f"interface {why}", "give it another name")
        return
    path = draft.entry((*device, ("network-interface", clean(name))), source)
    nat = face.get("source_nat") is not False
    draft.leaf((*path, "source-nat"), nat, pair.source("interfaces", name, "source_nat"))
    if nat:  # by translated sources only (a rule of the vendor's model)
        draft.leaf((*path, CONDUCTOR), True, source)
    if nat and design.terms.management is not False and not design.terms.before(*MANAGEMENT):
        _managed(pair, path, name, source, draft)
    if face.get("vlan_id") is not None:
        _vlan(pair, path, face["vlan_id"], pair.source("interfaces", name, "vlan_id"), draft)
    if face.get("mtu") is not None:
        draft.leaf((*path, "mtu"), face["mtu"], pair.source("interfaces", name, "mtu"))
    _wan_address(pair, path, name, face.get("address") or {}, draft)
    _neighborhoods(pair, path, name, face, design, draft)


CONDUCTOR = "conductor"
"""What an interface has that is a way to the conductor."""


def unreached(translation: Translation) -> Translation:
    """The same for an authority that does not say where its conductor is: no interface is marked as the way there."""
    entries = {path: given for path, given in translation.entries.items()
               if path[-1] != CONDUCTOR or name_of(path[-2]) != "network-interface"}  # fmt: skip
    return attrs.evolve(translation, entries=entries)


MANAGED = ("management", "default-route", "management-vector")
"""What an interface has that its box is managed over."""


def _managed(pair: Pair, path: Path, name: str, source: Source, draft: Draft) -> None:
    """The box's own way out: DNS, time, downloads and what manages it. Of several WANs of a node, by their names."""
    draft.leaf((*path, "management"), True, source)
    draft.leaf((*path, "default-route"), True, source)
    place = sorted(pair.faces("wan")).index(name) + 1
    draft.leaf((*path, "management-vector", "name"), clean(name), source)
    draft.leaf((*path, "management-vector", "priority"), 10 * place, source)


BY_OTHER_MEANS = "it takes another device-interface beside the port, with secrets that a conductor does not show again"
"""Of addresses by PPPoE or LTE."""


def _wan_address(pair: Pair, path: Path, name: str, address: Mapping[str, Tree], draft: Draft) -> None:
    kind = address.get("type")
    if kind == "dhcp":
        draft.leaf((*path, "dhcp"), "v4", pair.source("interfaces", name, "address", "type"))
    elif kind == "static":
        source = pair.source("interfaces", name, "address", "ip")
        entry = _address(pair, path, address.get("ip"), source, f"{name}: address", draft)
        gateway = pair.text(address.get("gateway"))
        if entry is not None and gateway is not None:
            draft.leaf((*entry, "gateway"), gateway, pair.source("interfaces", name, "address", "gateway"))
    elif kind is not None:
        text = f"{name}: a WAN address by {kind} is not translated: {BY_OTHER_MEANS}"
        draft.problem("SSR006", pair.carried.address, text, "use static(…) or dhcp()")


def _address(pair: Pair, path: Path, value: Tree, source: Source, what: str, draft: Draft) -> Path | None:
    """The entry of an address with its length; None where it is not known or is none."""
    text = pair.text(value)
    if text is None:
        _unknown(pair, value, what, draft)
        return None
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        draft.problem("SSR006", pair.cluster.address, f"{what}: {text!r} is no address with length")
        return None
    return draft.entry((*path, ("address", str(found.ip))), source, prefix_length=found.network.prefixlen)


def _unknown(pair: Pair, value: Tree, what: str, draft: Draft) -> None:
    """A text that lacks a variable; what only an apply can tell is no problem."""
    if isinstance(value, str):
        text = f"{what}: {value} has a variable that the site does not define"
        draft.problem("SSR006", pair.cluster.address, text, "define it in variables= of the site (HA118)")


def _vlan(pair: Pair, path: Path, value: Tree, source: Source, draft: Draft) -> None:
    text = pair.text(value)
    if text is None:
        _unknown(pair, value, f"{path[-1][1]}: VLAN", draft)
    elif (number := whole_in(text)) is None or number > 4094:
        draft.problem("SSR006", pair.cluster.address, f"{path[-1][1]}: {text!r} is no VLAN")
    else:
        draft.leaf((*path, "vlan"), number, source)


def _lan(
    pair: Pair, device: Path, name: str, face: Mapping[str, Tree], network: str, address: Mapping[str, Tree],
    design: Design, draft: Draft,
) -> None:  # fmt: skip
    why, way = complaint(network), ("interfaces", name, "networks", network)
    if why:
        return  # said of the network itself
    path = draft.entry((*device, ("network-interface", lan_interface(network))), pair.source(*way))
    piece = design.named("network", network)
    tenant = at(piece, "subnet") if piece is not None else pair.source(*way)
    draft.leaf((*path, "tenant"), clean(network), pair.source(*way), tenant)
    if piece is not None and piece.values.get("vlan_id") is not None and face.get("untagged") != network:
        _vlan(pair, path, piece.values["vlan_id"], at(piece, "vlan_id"), draft)
    entry = _address(pair, path, address.get("ip"), pair.source(*way, "ip"), f"{name}/{network}", draft)
    for more in address.get("secondary") or ():
        _address(pair, path, more, pair.source(*way, "secondary"), f"{name}/{network}", draft)
    served = address.get("dhcp")
    if entry is not None and served:
        _dhcp(pair, entry, name, network, served, draft)


def _dhcp(pair: Pair, entry: Path, name: str, network: str, served: Mapping[str, Tree], draft: Draft) -> None:
    source = pair.source("interfaces", name, "networks", network, "dhcp")
    if served.get("type") != "local":
        text = f"{name}/{network}: a DHCP relay is a service of its own on a conductor, and not translated"
        draft.problem("SSR006", source.address, text, "serve the addresses with dhcp_server(…), or relay elsewhere")
        return
    start, end = pair.text(served.get("start")), pair.text(served.get("end"))
    if start is None or end is None:
        return
    server = draft.entry((*entry, ("host-service", "dhcp-server")), source, max_lease_time=served.get("lease"))
    dns = tuple(known for one in served.get("dns_servers") or () if (known := pair.text(one)))
    pool = draft.entry((*server, ("address-pool", start)), source, end_address=end)
    draft.leaf((*pool, "router"), (str(entry[-1][1]),), source)
    if dns:
        draft.leaf((*pool, "domain-server"), dns, source)


# --- The overlay ------------------------------------------------------------------------------------------------------


def _neighborhoods(pair: Pair, path: Path, name: str, face: Mapping[str, Tree], design: Design, draft: Draft) -> None:
    """A hub's WAN is an endpoint; a spoke's builds towards those it names. Peers follow from equal names."""
    ends = _endpoints(pair, name, face, design, draft)
    if not ends:
        return
    source = pair.source("interfaces", name)
    draft.leaf((*path, "inter-router-security"), design.terms.security, source)
    for end, (overlay, hub, said) in ends.items():
        mesh = overlay is not None and overlay.values.get("type") == "mesh"
        shape = (said, at(overlay, "type")) if overlay is not None else (said,)
        entry = draft.entry((*path, ("neighborhood", clean(end))), said, vector=clean(end))
        draft.leaf((*entry, "topology"), "mesh" if mesh else "hub" if hub else "spoke", *shape)
        both = "bidirectional" if mesh or hub else "outbound-only"
        draft.leaf((*entry, "peer-connectivity"), both, *shape)
        public = pair.text(face.get("public_ip")) if hub and face.get("public_ip") is not None else None
        if public is not None:
            outside = pair.source("interfaces", name, "public_ip")
            draft.leaf((*entry, "external-nat-address"), public, outside)


def _endpoints(pair: Pair, name: str, face: Mapping[str, Tree], design: Design, draft: Draft) -> dict[str, Tree]:
    """Endpoint → overlay, whether it is a hub's own, and where it is said."""
    owner = pair.carried.address
    found: dict[str, Tree] = {}
    values = pair.owner.values if pair.owner is not None else {}
    if face.get("endpoint"):
        overlay = design.named("overlay", values.get("overlay"))
        found[str(face["endpoint"])] = (overlay, True, pair.source("interfaces", name, "endpoint"))
    for end, how in (face.get("overlay") or {}).items():
        overlay = design.named("overlay", how.get("overlay"))
        found[str(end)] = (overlay, False, pair.source("interfaces", name, "overlay", str(end)))
        if how.get("preference") is not None or how.get("bfd") is not None:
            text = f"{name}: preference and bfd of {end} mean nothing on a conductor"
            draft.problem("SSR006", owner, text, "say in a steering rule which path comes first", "warning")
    for end in found:
        if complaint(end):
            draft.problem("SSR001", owner, f"endpoint {complaint(end)}", "give it another name")
        else:
            draft.claim("neighborhood", clean(end), owner, f"endpoint {end}")
    return {end: how for end, how in found.items() if not complaint(end)}

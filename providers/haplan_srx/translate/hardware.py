"""The pair itself: redundancy groups, fabric, reths and their members, addresses."""

from collections.abc import Mapping

from haplan.plugin import Tree
from haplan_srx.translate.design import Pair
from haplan_srx.translate.families import NO_IPV6, is_ipv6
from haplan_srx.translate.names import host_name
from haplan_srx.translate.ports import Face, fabric, lan_unit, unit_of
from haplan_srx.translate.statements import Path, Writer

CLUSTER = ("chassis", "cluster")
PREFERRED, OTHER = 200, 100
"""Priorities of the node that has a group while both are well, and of the other (1..254, the higher wins)."""
ALONE = 255
"""Weight of a monitored port: a data group starts with a budget of 255, so one port that fails moves it."""
GRATUITOUS = 4
"""Gratuitous ARPs after a group has moved (1..16)."""


def write(pair: Pair, found: Mapping[str, Face], to: Writer) -> None:
    """Everything below ``groups``, ``chassis`` and ``interfaces``, overlay tunnels left out."""
    _names(pair, to)
    _groups(pair, found, to)
    _fabric(pair, to)
    for face in found.values():
        to.speak(pair.owner.address, "interfaces", face.name)
        _placed(pair, face, to)
        _members(pair, face, to)
        (_wan if face.values["usage"] == "wan" else _lan)(pair, face, to)


def _names(pair: Pair, to: Writer) -> None:
    for node, mac in enumerate(pair.macs):
        to.speak(pair.cluster.address, "nodes", mac)
        name = host_name(f"{pair.cluster.name}-node{node}")
        to.set(("groups", f"node{node}"), "system", "host-name", value=name)
    to.several("apply-groups", values=["${node}"], shared=True)


def _groups(pair: Pair, found: Mapping[str, Face], to: Writer) -> None:
    reths = [face for face in found.values() if face.reth]
    to.speak(pair.cluster.address, "nodes", *pair.macs[:1])
    _priorities(to, 0, 0)
    if not reths:
        return
    to.speak(pair.owner.address, "interfaces")
    count = max(int(face.device.removeprefix("reth")) for face in reths) + 1
    to.set(*CLUSTER, "reth-count", value=count, least=True)
    for face in reths:
        to.speak(pair.owner.address, "interfaces", face.name)
        _priorities(to, face.group, face.primary)
        group = (*CLUSTER, ("redundancy-group", str(face.group)))
        to.set(*group, "gratuitous-arp-count", value=GRATUITOUS)
        for port in face.members:
            to.set(*group, ("interface-monitor", str(port)), "weight", value=ALONE)


def _priorities(to: Writer, group: int, primary: int) -> None:
    for node in (0, 1):
        value = PREFERRED if node == primary else OTHER
        to.set(*CLUSTER, ("redundancy-group", str(group)), ("node", str(node)), "priority", value=value)


def _fabric(pair: Pair, to: Writer) -> None:
    ports = fabric(pair)
    to.speak(pair.owner.address, "interfaces")
    if pair.slots is None or not pair.slots.fabric:
        if ports:
            to.trouble(f"{pair.cluster.values.get('model')} has a fabric port of its own; leave ha_fabric out")
        return
    if {pair.slots.node(port) for port in ports} != {0, 1}:
        to.trouble("the fabric link needs a port of each node: ha_fabric")
    for port in ports:
        name = f"fab{pair.slots.node(port)}"
        to.set("interfaces", ("interface", name), "fabric-options", ("member-interfaces", str(port)))
        to.sole("interfaces", ("interface", str(port)), elements=("unit", "vlan-tagging", "mtu"))


def _placed(pair: Pair, face: Face, to: Writer) -> None:
    """Refuse ports that the formed pair does not have any more, and a reth that is on one node only."""
    if pair.slots is None:
        return
    nodes = [pair.slots.node(port) for port in face.members]
    if face.reth and sorted(nodes) != [0, 1]:
        to.trouble(f"interface {face.name}: {face.values['ports']} needs one port of each node")
    if face.reth and len({port.kind for port in face.members}) > 1:
        to.trouble(f"interface {face.name}: both ports of a redundant interface are of one type")
    for port in face.members:
        if str(pair.slots.on_box(port)) in pair.slots.changing():
            to.trouble(f"interface {face.name}: {port} becomes management or control when the pair is formed")
        if port in fabric(pair):
            to.trouble(f"interface {face.name}: {port} is the fabric link already")


def _members(pair: Pair, face: Face, to: Writer) -> None:
    if not face.reth:
        return
    for port in face.members:
        at = ("interfaces", ("interface", str(port)))
        to.set(*at, "gigether-options", "redundant-parent", "parent", value=face.device)
        to.sole(*at, elements=("unit", "vlan-tagging"))
    at = ("interfaces", ("interface", face.device))
    to.set(*at, "redundant-ether-options", "redundancy-group", value=face.group)


def _wan(pair: Pair, face: Face, to: Writer) -> None:
    address: Mapping[str, Tree] = face.values.get("address") or {}
    vlan = face.values.get("vlan_id")
    unit = unit_of(pair, vlan)
    if unit is None:
        to.trouble(f"interface {face.name}: vlan_id {vlan!r} is no number at site {pair.site.name}")
        return
    at = _unit(face, unit, tagged=vlan is not None, to=to)
    if face.values.get("mtu"):
        to.speak(pair.owner.address, "interfaces", face.name, "mtu")
        to.set("interfaces", ("interface", face.device), "mtu", value=face.values["mtu"])
    to.speak(pair.owner.address, "interfaces", face.name, "address")
    to.sole(*at, "family", "inet", elements=("address", "dhcp"))
    if address.get("type") == "dhcp":
        to.set(*at, "family", "inet", "dhcp")
    elif address.get("type") == "static":
        _address(pair, at, address.get("ip"), ("interfaces", face.name, "address", "ip"), to)
    else:
        to.trouble(f"interface {face.name}: {address.get('type')} is not supported on SRX direct; use static or dhcp")


def _lan(pair: Pair, face: Face, to: Writer) -> None:
    for network, values in (face.values.get("networks") or {}).items():
        named = pair.index.named("network", network)
        vlan = named.values.get("vlan_id") if named is not None else None
        unit = lan_unit(pair, face, network)
        to.speak(pair.owner.address, "interfaces", face.name, "networks", network)
        if unit is None:
            to.trouble(f"network {network}: vlan_id {vlan!r} is no number at site {pair.site.name}")
            continue
        at = _unit(face, unit, tagged=vlan is not None, to=to)
        if face.values.get("untagged") == network and vlan is not None:
            to.set("interfaces", ("interface", face.device), "native-vlan-id", value=unit)
        if face.values.get("untagged") == network and vlan is None and len(face.values["networks"]) > 1:
            to.trouble(f"interface {face.name}: {network}, which is untagged= beside others, needs its vlan_id")
        to.sole(*at, "family", "inet", elements=("address", "dhcp"))
        field = ("interfaces", face.name, "networks", network)
        _address(pair, at, values.get("ip"), (*field, "ip"), to)
        for secondary in values.get("secondary") or ():
            _address(pair, at, secondary, (*field, "secondary"), to)
    units = {lan_unit(pair, face, name) for name in face.values.get("networks") or {}}
    if 0 in units and len(units) > 1 and not face.values.get("untagged"):
        to.trouble(f"interface {face.name}: a network without VLAN stands alone on its port, or is untagged=")


def _unit(face: Face, unit: int, *, tagged: bool, to: Writer) -> Path:
    device = ("interfaces", ("interface", face.device))
    at = (*device, ("unit", str(unit)))
    if tagged:
        # a native VLAN takes what comes without a tag: only with this tagging
        to.set(*device, "flexible-vlan-tagging" if face.values.get("untagged") else "vlan-tagging")
        to.sole(*device, elements=("vlan-tagging", "flexible-vlan-tagging", "stacked-vlan-tagging"))
        to.set(*at, "vlan-id", value=unit)
    return at


def _address(pair: Pair, at: Path, value: Tree, field: tuple[str, ...], to: Writer) -> None:
    to.speak(pair.owner.address, *field)
    text = pair.text(value)
    if text is None:
        to.trouble(f"{value!r} is no address at site {pair.site.name}: a site variable is missing")
        return
    if is_ipv6(text):
        to.trouble(f"{text}: {NO_IPV6}")
        return
    to.set(*at, "family", "inet", ("address", text))

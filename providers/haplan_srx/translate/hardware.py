"""The pair itself: redundancy groups, fabric, reths and their members, addresses."""

import ipaddress
from collections.abc import Iterator, Mapping

from haplan.design.catalogue import Port
from haplan.plugin import Tree
from haplan_srx.translate.design import Pair
from haplan_srx.translate.families import NO_IPV6, is_ipv6
from haplan_srx.translate.names import host_name
from haplan_srx.translate.ports import Face, fabric, lan_unit, unit_of
from haplan_srx.translate.statements import BUNDLES, Path, Writer

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
    _out_of_band(pair, to)
    to.several("apply-groups", values=["${node}"], shared=True)


def _out_of_band(pair: Pair, to: Writer) -> None:
    """The addresses of fxp0: one a node, and one that follows the node that leads. A node that does not lead runs no
    routing: the backup router is its way to those who manage it; the other one has a static route."""
    given: Mapping[str, Tree] = pair.cluster.values.get("out_of_band") or {}
    if not given:
        return
    to.speak(pair.cluster.address, "out_of_band")
    for trouble in _misplaced(pair, given):
        to.trouble(trouble)
    gateway, reach = pair.text(given.get("gateway")), [pair.text(one) or str(one) for one in given.get("reach") or ()]
    for node in (0, 1):
        group = ("groups", f"node{node}")
        inet: Path = (group, "interfaces", ("interface", "fxp0"), ("unit", "0"), "family", "inet")
        to.sole(*inet, elements=("address", "dhcp"))
        to.set(*inet, ("address", pair.text(given.get(f"node{node}")) or ""))
        if given.get("shared"):
            to.set(*inet, ("address", pair.text(given["shared"]) or ""), "master-only")
        if gateway:
            to.set(group, "system", "backup-router", "address", value=gateway)
            to.several(group, "system", "backup-router", "destination", values=reach)
    for prefix in reach if gateway else ():
        route: Path = ("routing-options", "static", ("route", prefix))
        to.sole(*route, elements=("next-hop", "qualified-next-hop"))
        to.several(*route, "next-hop", values=[gateway or ""])
        to.set(*route, "no-readvertise")


def _misplaced(pair: Pair, given: Mapping[str, Tree]) -> Iterator[str]:
    texts = {name: pair.text(given[name]) for name in ("node0", "node1", "shared", "gateway") if given.get(name)}
    if None in texts.values():
        yield f"out_of_band: a site variable is missing at site {pair.site.name}"
        return
    try:
        ways = {name: ipaddress.IPv4Interface(str(text)) for name, text in texts.items()}
        beyond = [ipaddress.IPv4Network(pair.text(one) or "") for one in given.get("reach") or ()]
    except ValueError as error:
        yield f"out_of_band: {error}"
        return
    if len({one.ip for one in ways.values()}) < len(ways):
        yield "out_of_band: node0, node1, shared and gateway are different addresses"
    network = ways["node0"].network
    for name, one in ways.items():
        if one.ip not in network or (name != "gateway" and one.network != network):
            yield f"out_of_band: {name} {texts[name]} is not in {network}, where node0 is"
    yield from (f"out_of_band: reach={one} would take all traffic to the management port"
                for one in beyond if not one.prefixlen)  # fmt: skip


def _groups(pair: Pair, found: Mapping[str, Face], to: Writer) -> None:
    reths = [face for face in found.values() if face.reth]
    to.speak(pair.cluster.address, "nodes", *pair.macs[:1])
    _priorities(to, 0, 0)
    _heartbeat(pair, to)
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
        alike = max(1, len(face.members) // 2)  # of a bundle all ports of a node have to fail
        for port in face.members:
            to.set(*group, ("interface-monitor", str(port)), "weight", value=-(-ALONE // alike))
    for number in sorted({face.group for face in reths}):
        _moves(pair, number, to)


def _heartbeat(pair: Pair, to: Writer) -> None:
    """What concerns both nodes as a whole."""
    given: Mapping[str, Tree] = pair.cluster.values.get("failover") or {}
    to.speak(pair.cluster.address, "failover")
    for word, element in (("heartbeat", "heartbeat-interval"), ("misses", "heartbeat-threshold")):
        if given.get(word) is not None:
            to.set(*CLUSTER, element, value=given[word])
    if given.get("recover"):
        to.set(*CLUSTER, "control-link-recovery")


def _moves(pair: Pair, number: int, to: Writer) -> None:
    """When a data group moves, and whether it goes back; the control plane keeps its own pace."""
    given: Mapping[str, Tree] = pair.cluster.values.get("failover") or {}
    to.speak(pair.cluster.address, "failover")
    group = (*CLUSTER, ("redundancy-group", str(number)))
    if given.get("preempt"):
        to.set(*group, "preempt")
        if given.get("delay") is not None:
            to.set(*group, "preempt", "delay", value=given["delay"])
    if given.get("hold_down") is not None:
        to.set(*group, "hold-down-interval", value=given["hold_down"])


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
        _alone(port, to)


def _placed(pair: Pair, face: Face, to: Writer) -> None:
    """Refuse ports that the formed pair does not have any more, and a reth that is on one node only."""
    if pair.slots is None:
        return
    nodes = [pair.slots.node(port) for port in face.members]
    if face.reth and face.values.get("aggregated") and nodes.count(0) != nodes.count(1):
        to.trouble(f"interface {face.name}: {face.values['ports']} needs as many ports of one node as of the other")
    if face.reth and not face.values.get("aggregated") and sorted(nodes) != [0, 1]:
        to.trouble(f"interface {face.name}: {face.values['ports']} needs one port of each node")
    if face.reth and len({port.kind for port in face.members}) > 1:
        to.trouble(f"interface {face.name}: both ports of a redundant interface are of one type")
    for port in face.members:
        if str(pair.slots.on_box(port)) in pair.slots.changing():
            to.trouble(f"interface {face.name}: {port} becomes management or control when the pair is formed")
        if port in fabric(pair):
            to.trouble(f"interface {face.name}: {port} is the fabric link already")


def _members(pair: Pair, face: Face, to: Writer) -> None:
    for port in face.members:
        _alone(port, to)
    if not face.reth:
        return
    for port in face.members:
        at = ("interfaces", ("interface", str(port)))
        to.set(*at, "gigether-options", "redundant-parent", "parent", value=face.device)
        to.sole(*at, elements=("unit", "vlan-tagging"))
    at = ("interfaces", ("interface", face.device))
    to.set(*at, "redundant-ether-options", "redundancy-group", value=face.group)
    if face.values.get("aggregated"):  # a bundle of each node toward the switch
        to.set(*at, "redundant-ether-options", "lacp", "active")
        to.set(*at, "redundant-ether-options", "lacp", "periodic", value="fast")
        to.sole(*at, "redundant-ether-options", "lacp", elements=("active", "passive"))


def _alone(port: Port, to: Writer) -> None:
    """A port is part of nothing but what the stack says: a device takes it nowhere else then."""
    to.sole("interfaces", ("interface", str(port)), BUNDLES, elements=("redundant-parent", "ieee-802.3ad"))


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
    elif address.get("type") == "pppoe":
        to.trouble(
            f"interface {face.name}: pppoe is not supported on SRX direct: the vendor documents it in a cluster over "
            "redundant interfaces of SRX300 to SRX340 only; let the provider's router dial, and use static or dhcp"
        )


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

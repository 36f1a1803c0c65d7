"""Steering: one forwarding instance for each rule, chosen by a filter where the traffic comes in.

No licence is needed for that. A rule's routes are: several next hops for ``ecmp``; next hops of rising preference for
``ordered``. The gateway of a WAN with DHCP is not known beforehand: the default route that DHCP installs is in the main
table, so a path over such a WAN looks there.
"""

from collections.abc import Mapping, Sequence

import attrs

from haplan.design.index import Resource
from haplan.plugin import Tree
from haplan_srx.translate.design import Pair
from haplan_srx.translate.families import NO_IPV6, is_ipv6
from haplan_srx.translate.monitoring import DEFAULT, Monitors
from haplan_srx.translate.overlay import hub_address
from haplan_srx.translate.ports import Face
from haplan_srx.translate.statements import Path, Writer

GROUP = "haplan-steering"
BALANCE = "haplan-per-flow"
STATIC = 5
"""Preference of a static route; that of a default route from DHCP is 12 (access-internal)."""
BEFORE_DHCP, AFTER_DHCP = STATIC, 20


@attrs.frozen
class Hop:
    """One way out: a next hop, of `wan` if it is that of a WAN, or the main table for a WAN with DHCP."""

    next: str
    main: bool = False
    wan: str = ""


def write(pair: Pair, found: Mapping[str, Face], monitors: Monitors, to: Writer) -> None:
    """Default routes, and an instance for each steering rule in use; `filters` chooses it."""
    _defaults(pair, found, monitors, to)
    rules = [rule for rule in pair.steering if leaves(rule)]
    for rule in rules:
        _instance(pair, found, rule, monitors, to)
    if rules:
        to.speak(pair.owner.address)
        group = pair.names.name("rib-group", "steering", like=GROUP)
        to.set("routing-options", "interface-routes", "rib-group", "inet", value=group)
        tables = ["inet.0", *(f"{instance(pair, rule)}.inet.0" for rule in rules)]
        to.several("routing-options", ("rib-groups", group), "import-rib", values=tables)


def instance(pair: Pair, rule: Resource) -> str:
    """The forwarding instance of a rule."""
    return pair.names.name("instance", rule.name, like=f"steer-{rule.name}")


def leaves(rule: Resource) -> bool:
    """True if a rule leads out of the site: into a LAN of its own the main table leads anyway."""
    return any(path.get("kind") != "local" for path in used(rule))


def used(rule: Resource) -> list[Mapping[str, Tree]]:
    """The paths of a rule that are not switched off."""
    return [path for path in rule.values.get("paths") or () if not path.get("disabled")]


# --- routes ---


def _defaults(pair: Pair, found: Mapping[str, Face], monitors: Monitors, to: Writer) -> None:
    """The main table: the WANs in the order of the design, and the hubs each by the WAN that dials them."""
    faces = [face for face in found.values() if face.values["usage"] == "wan"]
    dhcp = [face for face in faces if _type(face) == "dhcp"]
    at: Path = ("routing-options", "static", ("route", DEFAULT))
    base = BEFORE_DHCP if dhcp else STATIC
    for place, face in enumerate(faces):
        if face in dhcp:
            base = AFTER_DHCP
            continue
        to.speak(pair.owner.address, "interfaces", face.name, "address", "gateway")
        gateway = _gateway(pair, face)
        if gateway is None:
            to.trouble(f"interface {face.name}: its gateway is not known at site {pair.site.name}")
            continue
        if is_ipv6(gateway):
            to.trouble(f"interface {face.name}: {gateway}: {NO_IPV6}")
        preference = monitors.holds(face.name, "", base + place, place, len(faces))
        to.set(*at, ("qualified-next-hop", gateway), "preference", value=preference)
    to.sole(*at, elements=("next-hop", "qualified-next-hop"))
    _to_hubs(pair, found, faces, dhcp, to)


def _to_hubs(pair: Pair, found: Mapping[str, Face], faces: Sequence[Face], dhcp: Sequence[Face], to: Writer) -> None:
    dialled: dict[str, str] = {}
    for tunnel in pair.tunnels if not pair.hub else ():
        face = found.get(tunnel.wan)
        if face is None:
            continue
        to.speak(pair.owner.address, "interfaces", face.name, "overlay")
        first = dialled.setdefault(hub_address(pair, tunnel) or tunnel.endpoint, face.name)
        if first != face.name:
            to.trouble(
                f"interface {face.name}: {first} dials {tunnel.endpoint} already; one route leads there, so the tunnel "
                "of one would leave by the other: let each WAN dial an endpoint of its own"
            )
        if face in dhcp and (face != faces[0] or len(dhcp) > 1):
            to.trouble(
                f"interface {face.name}: with DHCP it builds tunnels only as the first WAN and the only DHCP one"
            )
        gateway, address = _gateway(pair, face), hub_address(pair, tunnel)
        if face not in dhcp and gateway is not None and address is not None:
            at: Path = ("routing-options", "static", ("route", f"{address}/32"))
            to.sole(*at, elements=("next-hop", "qualified-next-hop"))
            to.several(*at, "next-hop", values=[gateway])


def _type(face: Face) -> str:
    return str((face.values.get("address") or {}).get("type") or "")


def _gateway(pair: Pair, face: Face) -> str | None:
    gateway = (face.values.get("address") or {}).get("gateway")
    return pair.text(gateway)


def _instance(pair: Pair, found: Mapping[str, Face], rule: Resource, monitors: Monitors, to: Writer) -> None:
    to.speak(rule.address, "strategy")
    strategy = rule.values.get("strategy") or "ordered"
    if strategy == "weighted":
        to.trouble(
            f"steering {rule.name}: weighted needs APBR with link weights, which haplan does not use on SRX direct"
        )
        return
    to.speak(rule.address, "paths")
    hops = [hop for path in used(rule) for hop in _hops(pair, found, rule, path, to)]
    at: Path = ("routing-instances", ("instance", instance(pair, rule)))
    to.set(*at, "instance-type", value="forwarding")
    route = (*at, "routing-options", "static", ("route", DEFAULT))
    to.sole(*route, elements=("next-hop", "qualified-next-hop", "next-table"))
    if pair.hub and any(path.get("kind") == "endpoint" for path in used(rule)):
        _to_spokes(rule, hops, route, to)
    elif any(hop.main for hop in hops):
        _by_main(pair, found, rule, hops, route, to)
    elif strategy == "ecmp":
        to.several(*route, "next-hop", values=[hop.next for hop in hops])
        if all(hop.wan for hop in hops):
            monitors.shares({hop.next: hop.wan for hop in hops}, instance(pair, rule))
    else:
        _in_order(pair, rule, hops, route, monitors, to)


def _in_order(pair: Pair, rule: Resource, hops: Sequence[Hop], route: Path, monitors: Monitors, to: Writer) -> None:
    """Next hops of rising preference."""
    for place, hop in enumerate(hops):
        preference = monitors.holds(hop.wan, instance(pair, rule), STATIC + place, place, len(hops))
        to.set(*route, ("qualified-next-hop", hop.next), "preference", value=preference)


def _hops(pair: Pair, found: Mapping[str, Face], rule: Resource, path: Mapping[str, Tree], to: Writer) -> list[Hop]:
    kind, name = path.get("kind"), str(path.get("name") or "")
    if kind == "endpoint":
        units = pair.units()
        mine = [tunnel for tunnel in pair.tunnels if tunnel.endpoint == name]
        if not mine:
            to.trouble(f"steering {rule.name}: no tunnel of {pair.cluster.name} leads to {name}")
        if pair.hub:
            return [Hop(name, main=True)]
        return [Hop(f"st0.{units[tunnel.key]}") for tunnel in mine]
    if kind == "wan" and name in found:
        face = found[name]
        if _type(face) == "dhcp":
            return [Hop(face.name, main=True)]
        gateway = _gateway(pair, face)
        return [Hop(gateway, wan=name)] if gateway is not None else []
    if kind == "tunnel":
        to.trouble(f"steering {rule.name}: tunnel {name} is not supported on SRX direct")
    return []


def _to_spokes(rule: Resource, hops: Sequence[Hop], route: Path, to: Writer) -> None:
    """At a hub the overlay leads to many places: the main table knows which tunnels lead to which."""
    if not all(hop.main for hop in hops):
        to.trouble(f"steering {rule.name}: at a hub a rule leads into the overlay or out of a WAN, not to both")
    to.set(*route, "next-table", value="inet.0")


def _by_main(
    pair: Pair, found: Mapping[str, Face], rule: Resource, hops: Sequence[Hop], route: Path, to: Writer
) -> None:
    """A path over DHCP looks into the main table, where the other WANs are what comes after it."""
    wans = [face for face in found.values() if face.values["usage"] == "wan"]
    dhcp = [face for face in wans if _type(face) == "dhcp"]
    after = [gateway for face in wans[1:] if (gateway := _gateway(pair, face)) is not None]
    if len(dhcp) > 1 or dhcp[0] != wans[0] or not hops[0].main or [h.next for h in hops[1:]] != after[: len(hops) - 1]:
        to.trouble(
            f"steering {rule.name}: the gateway of {dhcp[0].name} comes by DHCP; such a path is the first of its rule "
            "and of the WANs, and the others follow in the order of the WANs"
        )
        return
    if rule.values.get("strategy") == "ecmp":
        to.trouble(f"steering {rule.name}: ecmp over {dhcp[0].name} needs its gateway, which comes by DHCP")
        return
    to.set(*route, "next-table", value="inet.0")


def balance(pair: Pair, to: Writer) -> None:
    """Several next hops are used at once only if this policy is exported; per-packet is per flow in effect."""
    if not any(len(one.values) > 1 and one.path[-1] == "next-hop" for one in to.statements.values()):
        return
    to.speak(pair.owner.address)
    name = pair.names.name("policy-statement", "balance", like=BALANCE)
    to.set("policy-options", ("policy-statement", name), "then", "load-balance", "per-packet")
    to.several("routing-options", "forwarding-table", "export", values=[name], shared=True)

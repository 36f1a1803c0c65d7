"""Zones: one for each WAN, for each network, and for each endpoint of the overlay."""

from collections.abc import Mapping

from haplan_srx.translate.design import Pair
from haplan_srx.translate.ports import Face, lan_interface, wan_interface
from haplan_srx.translate.statements import Path, Writer

ZONES = ("security", "zones")
SCREENS: Mapping[str, tuple[str, str]] = {
    "land": ("tcp", "land"), "no-flags": ("tcp", "tcp-no-flag"), "ping-of-death": ("icmp", "ping-death"),
    "port-scan": ("tcp", "port-scan"), "source-route": ("ip", "source-route-option"), "spoofing": ("ip", "spoofing"),
    "sweep": ("icmp", "ip-sweep"), "syn-fin": ("tcp", "syn-fin"), "syn-flood": ("tcp", "syn-flood"),
    "teardrop": ("ip", "tear-drop"),
}  # fmt: skip
"""Word of the language → where an SRX has it (vendor YANG, Junos 24.4R1); thresholds are the vendor's."""
PROTOCOLS = frozenset({"bfd", "bgp", "ospf"})
"""What answers on an interface as a protocol, not as a system service."""


def zone(pair: Pair, name: str) -> Path:
    """Where a zone is."""
    return (*ZONES, ("security-zone", pair.names.name("zone", name)))


def write(pair: Pair, found: Mapping[str, Face], to: Writer) -> None:
    """All zones with their interfaces, and what may reach the device itself."""
    taken: dict[str, str] = {}
    for face in found.values():
        if face.values["usage"] == "wan":
            _once(face.name, "a WAN", taken, pair.owner.address, to)
            _wan(pair, face, to)
    for network in pair.networks:
        _once(network.name, "a network", taken, network.address, to)
        _lan(pair, found, network.name, network.address, to)
    units = pair.units()
    for tunnel in pair.tunnels:
        _once(tunnel.endpoint, "an overlay endpoint", taken, pair.owner.address, to)
        at = (*zone(pair, tunnel.endpoint), ("interfaces", f"st0.{units[tunnel.key]}"))
        to.set(*at, "host-inbound-traffic", ("system-services", "ping"))


def _once(name: str, what: str, taken: dict[str, str], origin: str, to: Writer) -> None:
    to.speak(origin)
    if taken.setdefault(name, what) != what:
        to.trouble(f"{name!r} names {taken[name]} and {what}: each is a zone of the device; name one otherwise")


def _wan(pair: Pair, face: Face, to: Writer) -> None:
    to.speak(pair.owner.address, "interfaces", face.name)
    at = (*zone(pair, face.name), ("interfaces", wan_interface(pair, face)), "host-inbound-traffic")
    services = ["ping"]
    if (face.values.get("address") or {}).get("type") == "dhcp":
        services.append("dhcp")
    if face.values.get("overlay") or face.values.get("endpoint"):
        services.append("ike")
    for service in services:
        to.set(*at, ("system-services", service))
    _inbound(face, at, to)
    _screens(pair, face, to)


def _inbound(face: Face, at: Path, to: Writer) -> None:
    """What of the device itself answers there."""
    to.speak(to.origin, "interfaces", face.name, "inbound")
    for word in face.values.get("inbound") or ():
        to.set(*at, ("protocols" if word in PROTOCOLS else "system-services", str(word)))


def _screens(pair: Pair, face: Face, to: Writer) -> None:
    """What is dropped where it comes in."""
    words = face.values.get("screens") or ()
    if not words:
        return
    to.speak(pair.owner.address, "interfaces", face.name, "screens")
    name = pair.names.name("screen", face.name)
    for word in words:
        to.set("security", "screen", ("ids-option", name), *SCREENS[str(word)])
    to.set(*zone(pair, face.name), "screen", value=name)


def _lan(pair: Pair, found: Mapping[str, Face], network: str, origin: str, to: Writer) -> None:
    interface = lan_interface(pair, found, network)
    if not interface:
        return
    to.speak(origin, "vlan_id")
    at = (*zone(pair, network), ("interfaces", interface), "host-inbound-traffic")
    to.set(*at, ("system-services", "ping"))
    served = any((face.values.get("networks") or {}).get(network, {}).get("dhcp") for face in found.values())
    if served:
        to.set(*at, ("system-services", "dhcp"))
    to.speak(pair.owner.address)
    for face in found.values():
        if network in (face.values.get("networks") or {}):
            _inbound(face, at, to)

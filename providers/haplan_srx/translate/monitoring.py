"""IP monitoring: a WAN whose line is up and whose provider is dead loses its routes, and gets them back by itself.

A probe (RPM) pings the targets of a WAN out of that WAN; all have to fail. While it is well, IP monitoring holds the
WAN's routes as they are preferred; the static ones, far behind, are what is left when no probe is well. Of a rule that
spreads traffic the whole set is monitored the other way: a failed WAN brings a better route by the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.plugin import SEQUENCES
from haplan_srx.translate.design import Pair
from haplan_srx.translate.difference import Difference, Set
from haplan_srx.translate.families import is_ipv6
from haplan_srx.translate.ports import Face, wan_interface
from haplan_srx.translate.statements import Path, Writer

RPM: Path = ("services", "rpm")
POLICIES: Path = ("services", "ip-monitoring")
DEFAULT = "0.0.0.0/0"
FLOOR = 50
"""Preference of the first static route of WANs that are monitored."""
COUNT, EVERY, PAUSE, LOST = 5, 2, 5, 3
"""Packets of a test, seconds between two of them and between two tests, and how many may not come back."""
WITHDRAW = (20, 3)
"""The first release whose IP monitoring takes routes out (vendor's feature explorer)."""


@attrs.frozen
class Route:
    """A default route that is there while a WAN is well: instance, or "" for the main table; preference."""

    instance: str
    preference: int


@attrs.define
class Monitors:
    """Collects the routes of WANs while a device's steering is translated.

    Threads: one; made for one translation.
    """

    pair: Pair
    gateways: Mapping[str, str]
    routes: dict[str, list[Route]] = attrs.field(factory=dict)
    instead: dict[str, list[tuple[str, tuple[str, ...]]]] = attrs.field(factory=dict)

    def holds(self, wan: str, instance: str, preference: int, place: int, of: int) -> int:
        """The static preference of a WAN's default route, by its place of so many: it is monitored if the WAN is and
        another one comes after it."""
        if wan not in self.gateways or place == of - 1:
            return preference
        self.routes.setdefault(wan, []).append(Route(instance, preference))
        return FLOOR + place

    def shares(self, wans: Mapping[str, str], instance: str) -> None:
        """WANs by their next hop, that share what goes by one instance."""
        for hop, wan in wans.items():
            others = tuple(other for other in wans if other != hop)
            if wan in self.gateways and others:
                self.instead.setdefault(wan, []).append((instance, others))


def targets_of(pair: Pair, face: Face) -> tuple[str, ...]:
    """What a WAN is judged by: as said, else by its gateway; () where it is not, as with those of before."""
    said = face.values.get("probes")
    address: Mapping[str, object] = face.values.get("address") or {}
    if said is False or address.get("type") != "static":
        return ()
    gateway = pair.text(address.get("gateway")) or ""
    if isinstance(said, SEQUENCES):
        return tuple(pair.text(one) or str(one) for one in said)
    if said is None and not pair.names.mark("monitored", face.name):
        return ()
    return () if not gateway or is_ipv6(gateway) else (gateway,)


def monitors_of(pair: Pair, found: Mapping[str, Face], to: Writer) -> Monitors:
    """The WANs that are monitored, each with its gateway."""
    gateways = {}
    for face in found.values():
        if face.values["usage"] != "wan":
            continue
        to.speak(pair.owner.address, "interfaces", face.name, "probes")
        for trouble in _troubles(pair, face):
            to.trouble(trouble)
        gateway = pair.text((face.values.get("address") or {}).get("gateway"))
        if targets_of(pair, face) and gateway is not None:
            gateways[face.name] = gateway
    return Monitors(pair, gateways)


def _troubles(pair: Pair, face: Face) -> Iterator[str]:
    said, kind = face.values.get("probes"), (face.values.get("address") or {}).get("type")
    if said and kind != "static":
        yield f"interface {face.name}: probes need a fixed gateway to ping by; its address is {kind}"
    for one in targets_of(pair, face):
        if is_ipv6(one) or one.count(".") != 3 or not one.replace(".", "").isdigit():
            yield f"interface {face.name}: probes take IPv4 addresses, not {one}"
    release = _release(str(pair.cluster.values.get("firmware") or ""))
    if targets_of(pair, face) and release and release < WITHDRAW:
        runs = f"{pair.cluster.name} runs {pair.cluster.values['firmware']}"
        yield f"interface {face.name}: IP monitoring takes routes out from Junos 20.3 on, {runs}; say probes=False"


def _release(text: str) -> tuple[int, ...]:
    parts = text.partition("R")[0].split(".")
    return tuple(map(int, parts)) if len(parts) == 2 and all(map(str.isdigit, parts)) else ()


def write(pair: Pair, found: Mapping[str, Face], monitors: Monitors, to: Writer) -> None:
    """Probes and what they hold."""
    for wan, gateway in monitors.gateways.items():
        to.speak(pair.owner.address, "interfaces", wan, "probes")
        routes, instead = monitors.routes.get(wan, ()), monitors.instead.get(wan, ())
        if routes or instead:
            probe = _probe(pair, found[wan], gateway, to)
            _withdrawn(pair, wan, gateway, probe, routes, to)
            _instead(pair, wan, probe, instead, to)


def _probe(pair: Pair, face: Face, gateway: str, to: Writer) -> str:
    name = pair.names.name("probe", face.name)
    at: Path = (*RPM, ("probe", name))
    for target in targets_of(pair, face):
        test: Path = (*at, ("test", target))
        to.set(*test, "probe-type", value="icmp-ping")
        to.set(*test, "target", "address", value=target)
        to.set(*test, "probe-count", value=COUNT)
        to.set(*test, "probe-interval", value=EVERY)
        to.set(*test, "test-interval", value=PAUSE)
        to.set(*test, "thresholds", "successive-loss", value=LOST)
        to.set(*test, "thresholds", "total-loss", value=LOST)
        to.set(*test, "destination-interface", value=wan_interface(pair, face))
        if target != gateway:
            to.set(*test, "next-hop", value=gateway)
    to.sole(*at, elements=("test",))
    return name


def _policy(pair: Pair, what: Sequence[str], like: str, probe: str, to: Writer) -> Path:
    at: Path = (*POLICIES, ("policy", pair.names.name("monitor", *what, like=like)))
    to.several(*at, "match", "rpm-probe", values=[probe])
    return (*at, "then", "preferred-route")


def _withdrawn(pair: Pair, wan: str, gateway: str, probe: str, routes: Sequence[Route], to: Writer) -> None:
    if not routes:
        return
    at = _policy(pair, (wan,), "", probe, to)
    to.set(*at, "withdraw")
    for route in routes:
        table: Path = (("routing-instances", route.instance),) if route.instance else ()
        to.several(*at, *table, ("route", DEFAULT), "next-hop", values=[gateway])
        to.set(*at, *table, ("route", DEFAULT), "preferred-metric", value=route.preference)


def _instead(
    pair: Pair, wan: str, probe: str, instead: Sequence[tuple[str, tuple[str, ...]]], to: Writer
) -> None:  # fmt: skip
    if not instead:
        return
    at = _policy(pair, (wan, "shared"), f"{wan}-shared", probe, to)
    place = list(pair.faces("wan")).index(wan)
    for instance, others in instead:
        route: Path = (*at, ("routing-instances", instance), ("route", DEFAULT))
        to.several(*route, "next-hop", values=others)
        to.set(*route, "preferred-metric", value=1 + place % 4)


def watched(pair: Pair) -> dict[str, tuple[str, ...]]:
    """WAN → what it is judged by, of those that could be: static ones that another WAN comes after."""
    wans = {name: Face(name=name, values=values, device="", members=()) for name, values in pair.faces("wan").items()}
    return {name: targets_of(pair, wans[name]) for name in list(wans)[:-1]
            if (wans[name].values.get("address") or {}).get("type") == "static"}  # fmt: skip


def unwatched(pairs: Iterable[Pair]) -> Iterator[str]:
    """WANs that nobody said anything of and that were made before any were probed: one line a template or profile."""
    found: dict[str, dict[str, set[str]]] = {}
    for pair in pairs:
        for wan, targets in watched(pair).items():
            if not targets and pair.faces("wan")[wan].get("probes") is None:
                found.setdefault(pair.owner.name, {}).setdefault(wan, set()).add(pair.cluster.name)
    for owner, wans in sorted(found.items()):
        count = len(set().union(*wans.values()))
        many = f"({count} pair{'' if count == 1 else 's'})"
        text = f"{owner}: nobody notices when the provider behind {', '.join(wans)} is dead and the line is up {many}"
        yield f"{text}; say probes=True on it (SRX005)"


def probed(found: Difference) -> tuple[str, ...]:
    """What is asked once some edits are carried out and was not before."""
    sets = (one for one in found.edits if isinstance(one, Set) and one.path[:2] == RPM and one.path[-1] == "address")
    return tuple(dict.fromkeys(value for one in sets for value in one.values))

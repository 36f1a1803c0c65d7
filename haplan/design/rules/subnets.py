"""Addresses of one pair against each other, and what its DHCP servers give out: HA052 to HA054."""

import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations

import attrs

from haplan.design.rules.index import DesignIndex, Face, Owner, Pair
from haplan.design.rules.registry import Found, Registry
from haplan.design.rules.wan import where
from haplan.design.substitution import has_variable, substitute
from haplan.plugin import Severity, Tree

registry = Registry()
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


@attrs.frozen(eq=False, kw_only=True)
class Leg:
    """An address of a pair.

    Attributes:
        face: Its interface.
        network: Of a LAN; "" on a WAN.
        address: With its length.
        varies: From site to site.
        subnet: As the network says it, "" where that is not known.
        dhcp: What serves the network, first address only.
    """

    face: Face
    network: str
    address: Interface
    varies: bool
    subnet: str = ""
    dhcp: Mapping[str, Tree] = attrs.field(factory=dict)

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.face.name}/{self.network}" if self.network else self.face.name


Site = tuple[Owner, Pair | None, list[Leg]]


def sites(design: DesignIndex) -> Iterator[Site]:
    """Each owner with its addresses at each site; once, without a site, where it has no pair."""
    for owner in design.owners:
        for pair in owner.pairs or (None,):
            yield owner, pair, list(_legs(design, owner, pair))


def _legs(design: DesignIndex, owner: Owner, pair: Pair | None) -> Iterator[Leg]:
    variables = pair.variables if pair is not None else {}
    for face in owner.of("wan"):
        address = face.plain.get("address")
        if isinstance(address, Mapping):
            yield from _leg(face, "", address.get("ip"), variables)
    for face in owner.of("lan"):
        subnets = {str(block.name): block.values.get("subnet") for block in design.each_key(face.object.networks)}
        for name, said in face.networks.items():
            subnet = substitute(subnets.get(name), variables) or ""
            dhcp = said.get("dhcp")
            served = _put(dhcp, variables) if isinstance(dhcp, Mapping) else {}
            varies = has_variable(dhcp) or has_variable(subnets.get(name))
            yield from _leg(face, name, said.get("ip"), variables, subnet, served, varies)
            for more in said.get("secondary") or ():
                yield from _leg(face, name, more, variables)


def _leg(
    face: Face, network: str, value: Tree, variables: Mapping[str, Tree] | None, subnet: str = "",
    dhcp: Mapping[str, Tree] | None = None, varies: bool = False,
) -> Iterator[Leg]:  # fmt: skip
    found = _parsed(substitute(value, variables) or "")
    if found is not None:
        varies = varies or has_variable(value)
        yield Leg(face=face, network=network, address=found, varies=varies, subnet=subnet, dhcp=dhcp or {})


def _put(dhcp: Mapping[str, Tree], variables: Mapping[str, Tree] | None) -> dict[str, Tree]:
    return {name: substitute(dhcp.get(name), variables) for name in ("start", "end")}


@lru_cache(10_000)
def _parsed(text: str) -> Interface | None:
    try:
        return ipaddress.ip_interface(text) if "/" in text else None
    except ValueError:
        return None  # HA120 says so


def _at(leg: Leg, pair: Pair | None) -> str:
    return where(pair) if leg.varies else ""


def _once(found: Iterator[Found]) -> Iterator[Found]:
    """What is the same at every site is said once."""
    return iter(dict.fromkeys(found))


@registry.validate(
    "HA052", "error", "The subnets of a pair do not overlap",
    why="An address in both is reached by one of two interfaces, and nobody chooses which.",
    source="SSRDOC, ours", confidence="M",
)  # fmt: skip
def apart(design: DesignIndex) -> Iterator[Found]:
    return _once(_overlaps(design))


def _overlaps(design: DesignIndex) -> Iterator[Found]:
    for owner, pair, legs in sites(design):
        for one, other in combinations(legs, 2):
            both = one.face.usage == other.face.usage == "wan"
            if (one.network and one.network == other.network) or not _overlap(one.address, other.address):
                continue
            if both and one.address.ip == other.address.ip:
                continue  # HA064 says so
            site = _at(one, pair) or _at(other, pair)
            text = f"{one.name} {one.address.network} overlaps {other.name} {other.address.network}{site}"
            # two circuits of one carrier may end in one of its subnets
            how: Severity | None = "warning" if both and one.address.network == other.address.network else None
            hint = "give one of them another subnet"
            yield Found.of(owner, text, other.face, hint=hint, severity=how)


def _overlap(one: Interface, other: Interface) -> bool:
    return one.version == other.version and one.network.overlaps(other.network)


@registry.validate(
    "HA053", "error", "An interface's address is a host's, of the length that its network has",
    why="The first and the last address of a subnet are no host's; with another length than the network a part of it "
    "is not reached.", source="ours",
)  # fmt: skip
def hosts(design: DesignIndex) -> Iterator[Found]:
    return _once(_no_hosts(design))


def _no_hosts(design: DesignIndex) -> Iterator[Found]:
    for owner, pair, legs in sites(design):
        for leg in legs:
            complaint = _complaint(leg)
            if complaint:
                text = f"{leg.name}: {complaint}{_at(leg, pair)}"
                yield Found.of(owner, text, leg.face)


def _complaint(leg: Leg) -> str:
    own = leg.address.network
    if own.num_addresses > 2 and leg.address.ip == own.network_address:
        return f"{leg.address} is the network's own address, not a host's"
    if own.num_addresses > 2 and own.version == 4 and leg.address.ip == own.broadcast_address:
        return f"{leg.address} is the broadcast address, not a host's"
    around = _parsed(leg.subnet)
    if around is not None and leg.address.ip in around.network and around.network.prefixlen != own.prefixlen:
        return f"{leg.address} has another length than its network {leg.subnet}"
    return ""


@registry.validate(
    "HA054", "error", "A DHCP server gives out addresses of its subnet, in order, and not the gateway's",
    why="A host with the gateway's address takes the whole network down; one from outside the subnet reaches nobody.",
    source="SSRDOC, ours", confidence="M",
)  # fmt: skip
def pools(design: DesignIndex) -> Iterator[Found]:
    return _once(_bad_pools(design))


def _bad_pools(design: DesignIndex) -> Iterator[Found]:
    for owner, pair, legs in sites(design):
        for leg in legs:
            complaint = _pool_complaint(leg, [one for one in legs if one.network == leg.network])
            if complaint:
                text = f"{leg.name}: {complaint}{_at(leg, pair)}"
                yield Found.of(owner, text, leg.face)


def _pool_complaint(leg: Leg, legs: list[Leg]) -> str:
    start, end = (str(leg.dhcp.get(name) or "") for name in ("start", "end"))
    try:
        first, last = int(ipaddress.IPv4Address(start)), int(ipaddress.IPv4Address(end))
    except ValueError:
        return ""  # a relay has none, and HA120 says what is no address
    net = leg.address.network
    inside = (int(net.network_address) + 1, int(net.broadcast_address) - 1)
    if first > last:
        return f"the pool begins at {start} and ends before it, at {end}"
    if first < inside[0] or last > inside[1]:
        return f"the pool {start} to {end} is not of hosts in {net}"
    taken = next((one for one in legs if first <= int(one.address.ip) <= last), None)
    return f"the pool {start} to {end} holds the interface's own {taken.address.ip}" if taken is not None else ""

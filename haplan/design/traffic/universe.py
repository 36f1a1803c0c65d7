"""Everything that a pair's policies, its hubs' and the addresses of networks tell apart, and who covers what of it."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import attrs

from haplan.design.spans import ANY, Span
from haplan.design.traffic.classes import Gap, Ports, addresses, gap_at, gaps_in, members, ports_at, transports
from haplan.design.traffic.edges import Application, Edge, Net, Picture

EVERYWHERE: tuple[Net, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


@attrs.frozen
class Place:
    """Where addresses are: on a LAN of the pair itself (``own``), of a hub it has tunnels to, or ``far``, elsewhere."""

    kind: str
    at: str = ""
    network: str = ""


OUTSIDE = Place("outside")
ASKED = "?"
"""In the place of the address of a hub: what somebody asks for, which no policy need name."""
OWN = ""
"""In the place of the address of a hub: the pair itself, whichever of those of its shape."""


@attrs.frozen
class Cell:
    """Destinations that nothing tells apart."""

    version: int
    addresses: int
    ports: int
    own: str = ""


@attrs.frozen
class Covered:
    """An application of the pair itself (`OWN`) or of a hub, by its address: it covers addresses with prefixes of a
    length, or ports."""

    scope: str
    name: str
    length: int = 0
    span: Span = ANY


class Universe:
    """The classes of destinations of pairs of one shape.

    Threads: one; made for one look at the traffic of a design.
    """

    def __init__(
        self,
        picture: Picture,
        edge: Edge,
        far: Mapping[str, Iterable[tuple[str, Net]]],
        asked: Iterable[Application] = (),
    ) -> None:
        hubs = [one for one in dict.fromkeys(tunnel.hub for tunnel in edge.tunnels) if one in picture.edges]
        scopes = {OWN: edge, **{hub: picture.edges[hub] for hub in hubs}}
        self.edge = edge
        self._covers: list[Covered | Place] = []
        self._spoken: list[Covered] = []
        self._numbers: dict[Covered | Place, int] = {}
        covering: list[tuple[Net, int]] = []
        speaking: list[tuple[Span, int]] = []
        for scope, whose in scopes.items():
            for application in whose.applications.values():
                if not application.opaque:
                    covering += self._prefixes(scope, whose, application)
                    speaking += self._protocols(scope, application)
        for application in asked:
            if not application.opaque:
                covering += self._prefixes(ASKED, edge, application)
                speaking += self._protocols(ASKED, application)
        for hub in hubs:
            nets = [(one.name, one.net) for one in picture.edges[hub].networks.values() if one.net is not None]
            covering += [(net, self._bit(Place("hub", hub, name))) for name, net in nets]
        for name, where in far.items():
            covering += [(net, self._bit(Place("far", "", name))) for address, net in where if address not in hubs]
        self._covering = covering
        self.ports = transports(speaking)
        self._sized: dict[tuple[int, int], int] = {}

    def _prefixes(self, scope: str, whose: Edge, application: Application) -> Iterator[tuple[Net, int]]:
        nets = application.nets
        if whose.family == "srx" and whose.backend == "srx" and any(net.prefixlen == 0 for net in nets):
            nets = EVERYWHERE  # written as `any`, which is both families
        for net in nets:
            yield net, self._bit(Covered(scope, application.name, net.prefixlen))

    def _protocols(self, scope: str, application: Application) -> Iterator[tuple[Span, int]]:
        for span in application.spans:
            self._spoken.append(Covered(scope, application.name, span=span))
            yield span, 1 << (len(self._spoken) - 1)

    def _bit(self, one: Covered | Place) -> int:
        if one not in self._numbers:
            self._numbers[one] = len(self._covers)
            self._covers.append(one)
        return 1 << self._numbers[one]

    @cached_property
    def gaps(self) -> Mapping[int, list[Gap]]:
        """The addresses of each version that anybody names."""
        six = any(net.version == 6 for net, _ in self._covering if net != EVERYWHERE[1])
        six = six or any(one.net is not None and one.net.version == 6 for one in self.edge.networks.values())
        return {version: addresses(self._covering, version) for version in ((4, 6) if six else (4,))}

    @cached_property
    def _sizes(self) -> Mapping[tuple[int, int], int]:
        found: dict[tuple[int, int], int] = {}
        for version, gaps in self.gaps.items():
            for gap in gaps:
                found[version, gap.bits] = found.get((version, gap.bits), 0) + gap.high - gap.low
        return found

    def touched(self, edge: Edge) -> tuple[frozenset[tuple[str, int, int]], frozenset[tuple[int, int]]]:
        """The classes of addresses that the LANs of a pair lie in, and those that have nothing outside of its LANs."""
        inside: set[tuple[str, int, int]] = set()
        left: dict[tuple[int, int], int] = {}
        for network in edge.networks.values():
            net = network.net
            if net is None:
                continue
            for gap in gaps_in(self.gaps.get(net.version, ()), net):
                inside.add((network.name, gap.version, gap.bits))
                low, high = max(gap.low, int(net.network_address)), min(gap.high, int(net.broadcast_address) + 1)
                key = (gap.version, gap.bits)
                left[key] = left.get(key, self._sizes[key]) - (high - low)
        return frozenset(inside), frozenset(key for key, count in left.items() if count <= 0)

    def cells(self, edge: Edge) -> Iterator[Cell]:
        """All destinations of a pair: on its LANs, and outside."""
        inside, emptied = self.touched(edge)
        spoken = list(dict.fromkeys(one.bits for one in self.ports))
        for name, version, bits in sorted(inside):
            yield from (Cell(version, bits, ports, name) for ports in spoken)
        for key in self._sizes:
            if key not in emptied:
                yield from (Cell(*key, ports) for ports in spoken)

    def cell_at(self, edge: Edge, address: str, protocol: str = "", port: int = 0) -> Cell:
        """Where one packet belongs."""
        host = ipaddress.ip_address(address)
        own = next((one.name for one in edge.networks.values() if one.net is not None and host in one.net), "")
        gaps = self.gaps.get(host.version)
        bits = gap_at(gaps, int(host)).bits if gaps else 0
        return Cell(host.version, bits, ports_at(self.ports, protocol, port).bits, own)

    def place(self, cell: Cell) -> Place:
        """Where the addresses of a cell are."""
        if cell.own:
            return Place("own", OWN, cell.own)
        found = [one for one in map(self._covers.__getitem__, members(cell.addresses)) if isinstance(one, Place)]
        found.sort(key=lambda place: place.kind != "hub")
        return found[0] if found else OUTSIDE

    def matching(self, cell: Cell, scope: str) -> Mapping[str, tuple[int, int]]:
        """The applications of the pair or a hub that match a cell: (length of the longest prefix, narrowness)."""
        lengths: dict[str, int] = {}
        for one in map(self._covers.__getitem__, members(cell.addresses)):
            if isinstance(one, Covered) and one.scope == scope:
                lengths[one.name] = max(lengths.get(one.name, 0), one.length)
        found: dict[str, tuple[int, int]] = {}
        for spoken in map(self._spoken.__getitem__, members(cell.ports)):
            if spoken.scope == scope and spoken.name in lengths:
                narrow = narrowness(spoken.span)
                found[spoken.name] = max(found.get(spoken.name, (0, 0)), (lengths[spoken.name], narrow))
        return found

    def said(self, cell: Cell) -> Iterator[Ports]:
        """The protocols and ports of a cell."""
        return (one for one in self.ports if one.bits == cell.ports)


def narrowness(span: Span) -> int:
    """0 for any protocol, 1 for all ports of one, 2 for some: what a lookup by the narrowest tells apart."""
    if span == ANY:
        return 0
    return 1 if span[1:] == (0, 65535) else 2

"""What may fail, by name, and what of a pair is left then."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import attrs

from haplan.design.traffic.edges import Edge, Lan, Picture, Wan

Part = Literal["node", "link", "dead", "port", "fabric", "sync"]
Atom = tuple[str, Part, str]
"""Address of a pair, what of it fails, and which: a node by its number, a WAN, a LAN port as ``lan.0``."""
Status = Literal["up", "down", "dead", "unknown"]
"""A path that is down is not chosen; one that is dead is, and takes traffic away."""
GONE, UNKNOWN = -1, -2
"""In the place of a node: the LAN is on none; nobody says on which."""


@attrs.frozen
class Failure:
    """One thing that is gone, or two at once."""

    name: str
    atoms: frozenset[Atom]

    def here(self, edge: Edge) -> "Health":
        """What of a pair is left."""
        return Health(edge, frozenset((part, which) for at, part, which in self.atoms if at == edge.address))


NOTHING = Failure("no failure", frozenset())


def failures(picture: Picture, edge: Edge, at_once: int = 1) -> tuple[Failure, ...]:
    """Everything of a pair and of the hubs that its tunnels lead to, each once; or that many of them at a time."""
    hubs = [picture.edges[hub] for hub in dict.fromkeys(one.hub for one in edge.tunnels) if hub in picture.edges]
    found = [*_of(edge, ""), *(one for hub in hubs for one in _of_hub(hub))]
    found += _circuits([edge, *hubs])
    named: dict[str, Failure] = {}
    for one in found:
        name = one.name if one.name not in named else f"{one.name} (2)"
        named[name] = Failure(name, one.atoms)
    single = list(named.values())
    if at_once < 2:
        return tuple(single)
    pairs = itertools.combinations(single, 2)
    return (*single, *(Failure(f"{one.name} and {two.name}", one.atoms | two.atoms) for one, two in pairs))


def _of_hub(hub: Edge) -> Iterator[Failure]:
    yield Failure(hub.name, frozenset({(hub.address, "node", "0"), (hub.address, "node", "1")}))
    yield from _of(hub, f"{hub.name}.")


def _of(edge: Edge, before: str) -> Iterator[Failure]:
    def one(name: str, part: Part, which: str) -> Failure:
        return Failure(f"{before}{name}", frozenset({(edge.address, part, which)}))

    yield one("node0", "node", "0")
    yield one("node1", "node", "1")
    for wan in edge.wans:
        yield one(wan, "link", wan)
        yield one(f"{wan}.dead", "dead", wan)
    for lan in edge.lans:
        for node in lan.nodes:
            yield one(f"{lan.name}.node{node}", "port", f"{lan.name}.{node}")
    yield one("fabric", "fabric", "")
    yield one("sync", "sync", "")


def _circuits(edges: Sequence[Edge]) -> Iterator[Failure]:
    """One circuit under several WANs takes them all."""
    found: dict[str, list[tuple[str, str]]] = {}
    for edge in edges:
        for wan in edge.wans.values():
            if wan.circuit:
                found.setdefault(wan.circuit, []).append((edge.address, wan.name))
    parts: Iterable[tuple[str, Part]] = (("", "link"), (".dead", "dead"))
    for circuit, wans in found.items():
        for suffix, part in parts:
            yield Failure(f"circuit:{circuit}{suffix}", frozenset((at, part, wan) for at, wan in wans))


@attrs.frozen
class Health:
    """What of a pair is left: `failed` are the parts of it that are gone."""

    edge: Edge
    failed: frozenset[tuple[Part, str]]

    def lost(self, node: int) -> bool:
        """True if a node does nothing any more: on SRX the second one too when the control link is lost."""
        return ("node", str(node)) in self.failed or (
            self.edge.family == "srx" and node == 1 and ("sync", "") in self.failed
        )

    def node_of(self, lan: Lan, network: str) -> int:
        """The node a network is active on: `GONE` if none, `UNKNOWN` where nobody says."""
        left = [node for node in lan.nodes if not self.lost(node)]
        first = lan.primary.get(network, 0)
        if self.edge.family == "ssr" and ("sync", "") in self.failed and len(left) > 1:
            return UNKNOWN  # both nodes run, and which one owns the shared interface is not documented
        left.sort(key=lambda node: (self._ports_lost(lan.group, node), node != first))
        if not left or self._port_lost(lan, left[0]):
            return GONE
        return left[0]

    def _ports_lost(self, group: str, node: int) -> int:
        """How many LAN ports of a node are gone, of the interfaces that move together."""
        return sum(self._port_lost(lan, node) for lan in self.edge.lans if lan.group == group and len(lan.nodes) > 1)

    def _port_lost(self, lan: Lan, node: int) -> bool:
        return ("port", f"{lan.name}.{node}") in self.failed

    def wan(self, wan: Wan, inside: int, *, overlay: bool) -> tuple[Status, str]:
        """What becomes of a path over a WAN for what comes from, or goes to, a node inside.

        Args:
            overlay: A tunnel over it is watched, so that it is seen when the provider is dead.
        """
        left = [node for node in wan.nodes if not self.lost(node)]
        if not left:
            return (
                "down",
                f"{wan.name} is on node{'0 and node1' if len(wan.nodes) > 1 else wan.nodes[0]}" if wan.nodes else "",
            )
        if ("link", wan.name) in self.failed:
            return "down", f"{wan.name} is down"
        if ("dead", wan.name) in self.failed:
            return self._dead(wan, overlay)
        if inside == UNKNOWN:
            return "unknown", "which node owns the shared LAN without the sync link is not documented"
        if inside not in left and ("fabric", "") in self.failed:
            return self._crossing(wan)
        return "up", ""

    def _dead(self, wan: Wan, overlay: bool) -> tuple[Status, str]:
        if overlay or wan.probed:
            return "down", f"{wan.name} is dead, and that is noticed"
        if self.edge.backend == "mist":
            return "unknown", f"whether the cloud has {wan.name} probed beyond its gateway is not documented"
        return "dead", f"nothing probes beyond the gateway of {wan.name}: its link is up, so it stays in use"

    def _crossing(self, wan: Wan) -> tuple[Status, str]:
        words = f"{wan.name} is on the other node than the LAN, across the dead fabric"
        return ("dead", f"{words}: its route stays, and what is sent there is lost") if self.edge.family == "srx" else (
            "down", words)  # fmt: skip


def by_name(found: Iterable[Failure]) -> Mapping[str, Failure]:
    """Failures by their names."""
    return {one.name: one for one in found}

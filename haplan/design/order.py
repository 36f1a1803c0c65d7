"""The order of the design: soft edges within a site's chain, gates between pairs that are formed or dissolved.

A pure function of the nodes. Gates stand only between clusters that change disruptively: the others wait for nothing.
Their number grows with the number of clusters, never with its square: the first pair of a template (the canary) stands
before its others, and hubs stand in a chain.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from haplan.plugin import Edge, Tree
from haplan.plugin import OrderNode as Node

Key = tuple[str, str, str]
_OWNERS = {"template": "wan_edge_template", "profile": "hub_profile"}


def edges(nodes: Sequence[Node]) -> list[Edge]:
    """Soft and gate edges between these nodes."""
    estate = _Estate(nodes)
    found = [*_soft(estate), *_gates(estate)]
    return list({(edge.first, edge.then, edge.kind): edge for edge in found if edge.first != edge.then}.values())


class _Estate:
    """The nodes, found by what refers to them."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.by_name: dict[Key, Node] = {(node.provider, node.type, node.name): node for node in nodes}
        self.parts: dict[str, list[Node]] = {}
        for node in nodes:
            if node.type in ("steering", "policy") and node.owner:
                self.parts.setdefault(node.owner, []).append(node)
        self.clusters = sorted((node for node in nodes if node.type == "cluster"), key=lambda node: node.seq)
        self.endpoints = {
            (node.provider, end): node
            for node in nodes
            if node.type == "hub_profile"
            for values in (node.before, node.after)
            for end in _ends(values)
        }

    def owner(self, cluster: Node) -> Node | None:
        """The template or profile that a cluster carries."""
        values = _values(cluster)
        for attribute, kind in _OWNERS.items():
            found = self.by_name.get((cluster.provider, kind, str(values.get(attribute, ""))))
            if found is not None:
                return found
        return None

    def site(self, cluster: Node) -> Node | None:
        """The site of a cluster."""
        return self.by_name.get((cluster.provider, "site", str(_values(cluster).get("site", ""))))

    def hubs_of(self, template: Node) -> list[str]:
        """Addresses of the hub profiles whose endpoints a template names, now or before."""
        named = [end for values in (template.before, template.after) for end in _mapped(values)]
        found = [self.endpoints[template.provider, end] for end in named if (template.provider, end) in self.endpoints]
        return list(dict.fromkeys(node.address for node in found))


def _soft(estate: _Estate) -> Iterator[Edge]:
    for cluster in estate.clusters:
        owner, site = estate.owner(cluster), estate.site(cluster)
        if owner is None:
            continue
        if site is not None:
            yield from _ordered(site, owner, "a site before what serves it")
        for part in estate.parts.get(owner.address, ()):
            yield from _ordered(cluster, part, f"a cluster before each {part.type} of its owner")


def _ordered(first: Node, then: Node, why: str) -> Iterator[Edge]:
    """Forwards where both stay, backwards where both go; no order between one that goes and one that stays."""
    if first.deleting != then.deleting:
        return
    one, other = (then, first) if first.deleting else (first, then)
    yield Edge(one.address, other.address, "soft", why)


def _gates(estate: _Estate) -> Iterator[Edge]:
    moving = [node for node in estate.clusters if node.changing and node.disruptive]
    yield from _forming(estate, [node for node in moving if not node.deleting])
    yield from _dissolving(estate, [node for node in moving if node.deleting])


def _split(estate: _Estate, clusters: list[Node]) -> tuple[dict[Key, list[Node]], dict[str, list[Node]]]:
    """Hub clusters by overlay, other clusters by template; in order of declaration."""
    hubs: dict[Key, list[Node]] = {}
    spokes: dict[str, list[Node]] = {}
    for cluster in clusters:
        owner = estate.owner(cluster)
        if owner is None:
            continue
        if owner.type == "hub_profile":
            overlay = str(_values(owner).get("overlay") or owner.name)
            hubs.setdefault((cluster.provider, "overlay", overlay), []).append(cluster)
        else:
            spokes.setdefault(owner.address, []).append(cluster)
    return hubs, spokes


def _forming(estate: _Estate, clusters: list[Node]) -> Iterator[Edge]:
    hubs, spokes = _split(estate, clusters)
    by_profile = _by_profile(estate, hubs)
    for chain in hubs.values():
        yield from _chain(chain, "one hub of an overlay at a time")
    for address, users in spokes.items():
        canary, *others = users
        for profile in _hubs_of(estate, address):
            yield from (
                Edge(hub.address, canary.address, "gate", "hubs before spokes") for hub in by_profile.get(profile, ())
            )
        yield from (Edge(canary.address, other.address, "gate", "a canary before the others") for other in others)


def _dissolving(estate: _Estate, clusters: list[Node]) -> Iterator[Edge]:
    hubs, spokes = _split(estate, clusters)
    for chain in hubs.values():
        yield from _chain(chain[::-1], "one hub of an overlay at a time")
    for address, users in spokes.items():
        canary, *others = users
        yield from (Edge(canary.address, other.address, "gate", "a canary before the others") for other in others)
        named = set(_hubs_of(estate, address))
        for chain in hubs.values():
            # The first to go of those it names stands for the rest of the chain behind it.
            first = next((hub for hub in chain[::-1] if _profile(estate, hub) in named), None)
            if first is not None:
                yield from (Edge(user.address, first.address, "gate", "spokes before hubs") for user in users)


def _chain(clusters: list[Node], why: str) -> Iterator[Edge]:
    yield from (Edge(one.address, other.address, "gate", why) for one, other in pairwise(clusters))


def _by_profile(estate: _Estate, hubs: Mapping[Key, list[Node]]) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for chain in hubs.values():
        for hub in chain:
            found.setdefault(_profile(estate, hub), []).append(hub)
    return found


def _profile(estate: _Estate, hub: Node) -> str:
    owner = estate.owner(hub)
    return owner.address if owner is not None else ""


def _hubs_of(estate: _Estate, template: str) -> list[str]:
    node = next((one for one in estate.by_name.values() if one.address == template), None)
    return estate.hubs_of(node) if node is not None else []


def _values(node: Node) -> Mapping[str, Tree]:
    return node.after if node.after is not None else node.before or {}


def _wans(values: Mapping[str, Tree] | None) -> Iterator[Mapping[str, Tree]]:
    interfaces = (values or {}).get("interfaces")
    for face in interfaces.values() if isinstance(interfaces, Mapping) else ():
        if isinstance(face, Mapping) and face.get("usage") == "wan":
            yield face


def _ends(values: Mapping[str, Tree] | None) -> list[str]:
    return [str(face["endpoint"]) for face in _wans(values) if face.get("endpoint")]


def _mapped(values: Mapping[str, Tree] | None) -> list[str]:
    overlays = (face.get("overlay") for face in _wans(values))
    return [str(name) for overlay in overlays if isinstance(overlay, Mapping) for name in overlay]

"""The design as one device needs it: its cluster, site and template, and what reaches it through the overlay."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs

from haplan.design.substitution import substitute
from haplan.plugin import (
    Secret,
)
from haplan_srx.translate.names import SHORT, fit
from haplan_srx.translate.slots import Slots, slots

UNITS = 16000
"""Units of st0 that tunnels are spread over (the interface has 16385)."""


@attrs.frozen
class Resource:
    """One resource, as wanted or as recorded."""

    address: str
    type: str
    name: str
    values: Mapping[str, Any]
    owner: str = ""


@attrs.frozen
class Tunnel:
    """One tunnel of the overlay: from a WAN of a spoke to a WAN of a hub."""

    spoke: Resource
    wan: str
    hub: Resource
    hub_wan: str
    endpoint: str
    overlay: str

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.spoke.name} {self.wan} {self.endpoint}"

    def name(self, cluster: Resource) -> str:
        """How one end calls it: a spoke by its WAN and the endpoint, a hub by the spoke too."""
        at_spoke = cluster.address == self.spoke.address
        return fit(
            f"{self.wan}-{self.endpoint}" if at_spoke else f"{self.spoke.name}-{self.wan}-{self.endpoint}", SHORT
        )

    def peer(self, cluster: Resource) -> Resource:
        """The other end."""
        return self.hub if cluster.address == self.spoke.address else self.spoke


class Design:
    """All resources of one provider, found by what refers to them."""

    def __init__(
        self,
        resources: Iterable[Resource],
        orders: Mapping[str, Sequence[str]] | None = None,
        overrides: Mapping[str, int] | None = None,
    ) -> None:
        """Take the resources; `orders` has the names of the policies of an owner, by its name, where they are known."""
        self.resources = {one.address: one for one in resources}
        self._orders, self._overrides = orders or {}, overrides
        self._named = {(one.type, one.name): one for one in self.resources.values()}
        self._of: dict[tuple[str, str, str], list[Resource]] = {}
        for one in self.resources.values():
            for owner in ("template", "profile"):
                if one.values.get(owner):
                    self._of.setdefault((one.type, owner, str(one.values[owner])), []).append(one)

    def named(self, kind: str, name: Any) -> Resource | None:
        """The resource of a type and remote name."""
        return self._named.get((kind, str(name)))

    @property
    def clusters(self) -> list[Resource]:
        """All clusters."""
        return [one for one in self.resources.values() if one.type == "cluster"]

    def pair(self, address: str) -> "Pair | None":
        """One cluster with what it carries; None if there is no such cluster, or what it needs is not there."""
        cluster = self.resources.get(address)
        owner = self.owner(cluster) if cluster is not None else None
        site = self.named("site", cluster.values.get("site")) if cluster is not None else None
        if cluster is None or owner is None or site is None:
            return None
        return Pair(self, cluster, site, owner, slots(str(cluster.values.get("model") or ""), self._overrides))

    def owner(self, cluster: Resource) -> Resource | None:
        """The template or hub profile of a cluster."""
        if cluster.values.get("profile"):
            return self.named("hub_profile", cluster.values["profile"])
        return self.named("wan_edge_template", cluster.values.get("template"))

    def parts(self, kind: str, owner: Resource) -> list[Resource]:
        """Steering rules or policies of a template or profile, in order."""
        attribute = "profile" if owner.type == "hub_profile" else "template"
        found = self._of.get((kind, attribute, owner.name), [])
        place = {name: at for at, name in enumerate(self._orders.get(owner.name, ()))}
        return sorted(found, key=lambda one: place.get(one.name, len(place))) if kind == "policy" else found

    @cached_property
    def _hubs(self) -> dict[str, list[tuple[Resource, str]]]:
        """Endpoint → clusters that have it, with the WAN."""
        found: dict[str, list[tuple[Resource, str]]] = {}
        for cluster in self.clusters:
            owner = self.owner(cluster)
            for name, wan in wans(owner) if owner is not None and owner.type == "hub_profile" else ():
                if wan.get("endpoint"):
                    found.setdefault(str(wan["endpoint"]), []).append((cluster, name))
        return found

    def hubs_of(self, endpoint: str) -> list[tuple[Resource, str]]:
        """The clusters that have an endpoint, each with the name of the WAN."""
        return self._hubs.get(endpoint, [])

    @cached_property
    def tunnels(self) -> tuple[Tunnel, ...]:
        """Every tunnel of the design."""
        found = []
        for spoke in self.clusters:
            owner = self.owner(spoke)
            for wan, values in wans(owner) if owner is not None and owner.type == "wan_edge_template" else ():
                for endpoint, how in (values.get("overlay") or {}).items():
                    for hub, hub_wan in self.hubs_of(endpoint)[:1]:
                        found.append(Tunnel(spoke, wan, hub, hub_wan, endpoint, str((how or {}).get("overlay") or "")))
        return tuple(found)

    @cached_property
    def _by_end(self) -> dict[str, list[Tunnel]]:
        found: dict[str, list[Tunnel]] = {}
        for tunnel in self.tunnels:
            found.setdefault(tunnel.spoke.address, []).append(tunnel)
            found.setdefault(tunnel.hub.address, []).append(tunnel)
        return found

    def tunnels_of(self, cluster: Resource) -> list[Tunnel]:
        """The tunnels that end at a cluster."""
        return self._by_end.get(cluster.address, [])

    def networks_behind(self, cluster: Resource) -> list[Resource]:
        """The networks of a cluster's LANs."""
        owner = self.owner(cluster)
        names = [name for face in faces(owner, "lan") for name in face[1].get("networks") or {}] if owner else []
        return [found for name in dict.fromkeys(names) if (found := self.named("network", name)) is not None]

    def reached_by(self) -> dict[str, frozenset[str]]:
        """Address of each resource → addresses of the clusters whose configuration it flows into."""
        found: dict[str, set[str]] = {}
        for cluster in self.clusters:
            pair = self.pair(cluster.address)
            for address in pair.needs() if pair is not None else (cluster.address,):
                found.setdefault(address, set()).add(cluster.address)
        return {address: frozenset(clusters) for address, clusters in found.items()}


@attrs.frozen
class Pair:
    """One cluster, and everything its configuration is made of."""

    design: Design
    cluster: Resource
    site: Resource
    owner: Resource
    slots: Slots | None

    @property
    def hub(self) -> bool:
        """True for a hub."""
        return self.owner.type == "hub_profile"

    @property
    def macs(self) -> list[str]:
        """MAC addresses of the nodes; the lowest is node0 (HA012)."""
        return sorted(self.cluster.values.get("nodes") or {}, key=lambda mac: int(mac, 16))

    @property
    def steering(self) -> list[Resource]:
        """Its steering rules."""
        return self.design.parts("steering", self.owner)

    @property
    def policies(self) -> list[Resource]:
        """Its policies, in order."""
        return self.design.parts("policy", self.owner)

    @property
    def tunnels(self) -> list[Tunnel]:
        """The tunnels that end here."""
        return self.design.tunnels_of(self.cluster)

    def units(self) -> dict[str, int]:
        """Unit of st0 by tunnel: by a checksum of its name, so that one tunnel more moves hardly any other."""
        taken: dict[int, str] = {}
        for key in sorted(tunnel.key for tunnel in self.tunnels):
            unit = zlib.crc32(key.encode()) % UNITS
            while unit in taken:
                unit = (unit + 1) % UNITS
            taken[unit] = key
        return {key: unit for unit, key in taken.items()}

    def text(self, value: Any, site: Resource | None = None) -> str | None:
        """A value with the site's variables put in; None where one is missing."""
        return substitute(value, (site or self.site).values.get("variables"))

    def prefix(self, network: Resource, cluster: Resource) -> str | None:
        """The addresses of a network behind one cluster."""
        site = self.design.named("site", cluster.values.get("site"))
        return self.text(network.values.get("subnet"), site) if site is not None else None

    def far(self) -> dict[str, dict[str, list[Tunnel]]]:
        """Networks at the other ends: network → prefix → the tunnels that lead to it."""
        found: dict[str, dict[str, list[Tunnel]]] = {}
        for tunnel in self.tunnels:
            peer = tunnel.peer(self.cluster)
            for network in self.design.networks_behind(peer):
                prefix = self.prefix(network, peer)
                if tunnel.overlay in (network.values.get("advertise") or ()) and prefix is not None:
                    found.setdefault(network.name, {}).setdefault(prefix, []).append(tunnel)
        return found

    @property
    def near(self) -> list[Resource]:
        """The networks of its own LANs."""
        return self.design.networks_behind(self.cluster)

    def needs(self) -> set[str]:
        """Addresses of everything that flows into its configuration."""
        found = {self.cluster.address, self.site.address, self.owner.address}
        found |= {one.address for one in (*self.steering, *self.policies, *self.near)}
        for policy in self.policies:
            found |= self._named("network", policy.values.get("networks"))
            found |= self._named("application", policy.values.get("applications"))
        for rule in self.steering:
            for path in rule.values.get("paths") or ():
                found |= self._named("network", path.get("networks"))
        if self.owner.values.get("overlay"):
            found |= self._named("overlay", [self.owner.values["overlay"]])
        for tunnel in self.tunnels:
            found |= self._far_end(tunnel)
        return found

    def _far_end(self, tunnel: Tunnel) -> set[str]:
        peer = tunnel.peer(self.cluster)
        owner, site = self.design.owner(peer), self.design.named("site", peer.values.get("site"))
        found = {one.address for one in (peer, owner, site) if one is not None}
        behind = self.design.networks_behind(peer)
        found |= {one.address for one in behind if tunnel.overlay in one.values.get("advertise", ())}
        return found | self._named("overlay", [tunnel.overlay])

    def _named(self, kind: str, names: Iterable[Any] | None) -> set[str]:
        found = (self.design.named(kind, name) for name in names or ())
        return {one.address for one in found if one is not None}


def faces(owner: Resource | None, usage: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The interfaces of one usage, by name."""
    for name, face in (owner.values.get("interfaces") or {}).items() if owner is not None else ():
        if isinstance(face, Mapping) and face.get("usage") == usage:
            yield str(name), face


def wans(owner: Resource | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The WAN interfaces."""
    return faces(owner, "wan")


def secret_of(overlay: Resource | None) -> Secret | None:
    """The pre-shared key of an overlay."""
    found = overlay.values.get("psk") if overlay is not None else None
    return found if isinstance(found, Secret) else None

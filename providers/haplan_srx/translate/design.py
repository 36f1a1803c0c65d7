"""The design as one device needs it: its pair, and what reaches it through the overlay."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from haplan.design import index
from haplan.design.index import Index, Resource, Tunnel
from haplan.plugin import Secret
from haplan_srx.translate.names import Key, Names
from haplan_srx.translate.slots import Slots, slots

UNITS = 16000
"""Units of st0 that tunnels are spread over (the interface has 16385)."""


Given = Callable[[str], Mapping[Key, str]]
"""Address of a cluster → the names and numbers that were given on its device before."""


def _units(word: str) -> Iterator[int]:
    first = zlib.crc32(word.encode())
    return ((first + step) % UNITS for step in range(UNITS))


class Design(Index[Resource]):
    """All resources of one provider; `overrides` has slots per node of models that nobody wrote down."""

    def __init__(
        self,
        resources: Iterable[Resource],
        orders: Mapping[str, Sequence[str]] | None = None,
        overrides: Mapping[str, int] | None = None,
        given: "Given | None" = None,
    ) -> None:
        super().__init__(resources, orders)
        self._overrides, self._given = overrides, given

    def whole(self, address: str) -> "Pair | None":
        """One cluster with what it carries; None if there is no such cluster, or what it needs is not there."""
        cluster = self.resources.get(address)
        found = self.pair(cluster) if cluster is not None else None
        if found is None or found.owner is None or found.site is None:
            return None
        model = slots(str(found.cluster.values.get("model") or ""), self._overrides)
        names = Names(self._given(address) if self._given is not None else None)
        return Pair(index=self, cluster=found.cluster, owner=found.owner, site=found.site, slots=model, names=names)

    def reached_by(self) -> dict[str, frozenset[str]]:
        """Address of each resource → addresses of the clusters whose configuration it flows into."""
        found: dict[str, set[str]] = {}
        for cluster in self.of("cluster"):
            pair = self.whole(cluster.address)
            for address in pair.needs() if pair is not None else (cluster.address,):
                found.setdefault(address, set()).add(cluster.address)
        return {address: frozenset(clusters) for address, clusters in found.items()}


@attrs.frozen(eq=False, kw_only=True)
class Pair(index.Pair[Resource]):
    """One cluster, and everything its configuration is made of."""

    owner: Resource
    site: Resource
    slots: Slots | None
    names: Names = attrs.field(factory=Names)

    def units(self) -> dict[tuple[str, str, str], int]:
        """Unit of st0 by tunnel: by a checksum of its name, else the next that is free."""
        keys = sorted((tunnel.key for tunnel in self.tunnels), key=lambda key: (" ".join(key), key))
        return {key: self.names.number("unit", *key, wishes=partial(_units, " ".join(key))) for key in keys}

    def prefix(self, network: Resource, cluster: Resource) -> str | None:
        """The addresses of a network behind one cluster."""
        site = self.index.referred(cluster, "site", "site")
        return self.text(network.values.get("subnet"), site) if site is not None else None

    def far(self) -> dict[str, dict[str, list[Tunnel[Resource]]]]:
        """Networks at the other ends: network → prefix → the tunnels that lead to it."""
        found: dict[str, dict[str, list[Tunnel[Resource]]]] = {}
        for tunnel in self.tunnels:
            peer = tunnel.peer(self.cluster)
            for network in _advertised(self.index, tunnel, peer):
                prefix = self.prefix(network, peer)
                if prefix is not None:
                    found.setdefault(network.name, {}).setdefault(prefix, []).append(tunnel)
        return found

    def needs(self) -> set[str]:
        """Addresses of everything that flows into its configuration."""
        design = self.index
        found = [self.cluster, self.site, self.owner, *self.steering, *self.policies, *self.networks]
        for policy in self.policies:
            found += design.every("network", policy.values.get("networks"))
            found += design.every("application", policy.values.get("applications"))
        for rule in self.steering:
            for path in rule.values.get("paths") or ():
                found += design.every("network", path.get("networks"))
        found += design.every("overlay", [self.owner.values.get("overlay")])
        for tunnel in self.tunnels:
            peer = tunnel.peer(self.cluster)
            ends = (peer, design.owner_of(peer), design.referred(peer, "site", "site"))
            found += [one for one in ends if one is not None]
            found += [*_advertised(design, tunnel, peer), *design.every("overlay", [tunnel.overlay])]
        return {one.address for one in found}


def _advertised(design: Index[Resource], tunnel: Tunnel[Resource], peer: Resource) -> list[Resource]:
    """The networks behind the other end that it tells of through a tunnel."""
    return [one for one in design.networks_behind(peer) if tunnel.overlay in (one.values.get("advertise") or ())]


def secret_of(overlay: Resource | None) -> Secret | None:
    """The pre-shared key of an overlay."""
    found = overlay.values.get("psk") if overlay is not None else None
    return found if isinstance(found, Secret) else None

"""The design as a conductor needs it: its pairs are routers, and every attribute is a source."""

from collections.abc import Iterable

import attrs

from haplan.design import index
from haplan.design.index import Index, Resource
from haplan_ssr.translate.draft import Source
from haplan_ssr.translate.names import clean


@attrs.frozen(kw_only=True)
class Terms:
    """What a translation goes by, beside the resources.

    Attributes:
        release: The conductor's, as numbers; () where it is not known.
        security: Name of the security policy between nodes and routers.
        sync: Prefix of the HA sync link.
        fabric: Prefix of the fabric link.
        reached: The authority says where its conductor is, so that interfaces may be marked as the way there.
        management: Boxes are managed over their own WANs, and their own traffic leaves there; None: those that are new.
    """

    release: tuple[int, ...] = ()
    security: str = "internal"
    sync: str = "169.254.253.0/30"
    fabric: str = "169.254.253.4/31"
    reached: bool = True
    management: bool | None = None

    def before(self, *release: int) -> bool:
        """True if the conductor is known to be older than this release."""
        return bool(self.release) and self.release < release


@attrs.frozen(eq=False, kw_only=True)
class Pair(index.Pair[Resource]):
    """A cluster with what belongs to it."""

    @property
    def router(self) -> str:
        """Name of its router."""
        return clean(self.cluster.name)

    @property
    def carried(self) -> Resource:
        """What it carries, or itself where that lives elsewhere: what a problem is told of."""
        return self.owner or self.cluster

    def source(self, *way: str) -> Source:
        """An attribute of what it carries."""
        return at(self.carried, *way)

    @property
    def content(self) -> Source:
        """What the cluster says of what it carries: what its router has that no attribute of its own is for."""
        return at(self.cluster, "profile" if self.cluster.values.get("profile") else "template")


class Design(Index[Resource]):
    """All resources of one provider, by address.

    Attributes:
        terms: See `Terms`.
        pairs: The clusters.
    """

    def __init__(self, resources: Iterable[Resource], terms: Terms) -> None:
        super().__init__(sorted(resources, key=lambda one: one.address))
        self.terms = terms
        self._pairs = {one.address: self.pair(one) for one in self.of("cluster")}
        self.pairs = list(self._pairs.values())

    def pair(self, cluster: Resource) -> Pair:
        """A cluster with what belongs to it."""
        site = self.referred(cluster, "site", "site")
        return Pair(index=self, cluster=cluster, owner=self.owner_of(cluster), site=site)

    def carrying(self, owner: Resource) -> list[Pair]:
        """The pairs that carry a template or profile."""
        return [self._pairs[cluster.address] for cluster in self.parts("cluster", owner)]


def at(one: Resource, *way: str) -> Source:
    """An attribute of a resource as a source."""
    return Source(one.address, way)

"""What a commit leaves for those who wait for it: the routers that it touched, as they are to be."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.plugin import Tree
from haplan_ssr.read.health import Expected, expected
from haplan_ssr.translate import Translation


@attrs.frozen
class Receipt:
    """Routers that are waited for.

    Attributes:
        routers: Those that the commit touched.
        peers: Those they are to have paths to, as far as it takes to say whether they run.
        reach: Address of each change → names of the routers that it reaches.
    """

    routers: tuple[Expected, ...] = ()
    peers: tuple[Expected, ...] = ()
    reach: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)

    def plain(self) -> dict[str, Tree]:
        """As JSON."""
        reach = {address: list(names) for address, names in self.reach.items()}
        return {"routers": list(map(_plain, self.routers)), "peers": list(map(_plain, self.peers)), "reach": reach}


def receipt(
    before: Translation,
    after: Translation,
    *,
    touched: Iterable[str],
    served: Iterable[str],
    addresses: Iterable[str],
) -> Receipt:
    """What a commit that led from one to the other leaves.

    Args:
        touched: Routers whose own part changed.
        served: Routers that what changed is for: they get it too, and what else ails them is not of this commit.
        addresses: Of its changes.
    """
    mine = frozenset(touched)
    also = frozenset(served) - mine
    everything = {name for names in after.routers.values() for name in names} if mine | also else ()
    all_ = expected(before, after, everything)
    bare = {one.name: attrs.evolve(one, shared=frozenset(), peers=frozenset()) for one in all_}
    routers = tuple(one if one.name in mine else bare[one.name] for one in all_ if one.name in mine | also)
    peers = tuple(bare[name] for name in sorted({name for one in routers for name in one.peers} - mine) if name in bare)
    reached = {one: {*before.routers.get(one, ()), *after.routers.get(one, ())} for one in addresses}
    return Receipt(routers, peers, {address: tuple(sorted(names)) for address, names in reached.items()})


def read(plain: Mapping[str, Tree]) -> Receipt:
    """From JSON."""
    routers, peers = (tuple(_expected(one) for one in plain.get(which, ())) for which in ("routers", "peers"))
    reach = {str(address): tuple(map(str, names)) for address, names in plain.get("reach", {}).items()}
    return Receipt(routers, peers, reach)


def _plain(one: Expected) -> dict[str, Tree]:
    sets = {"shared": sorted(one.shared), "peers": sorted(one.peers)}
    return {"name": one.name, "address": one.address, "assets": dict(one.assets), "fresh": sorted(one.fresh), **sets}


def _expected(plain: Mapping[str, Tree]) -> Expected:
    return Expected(
        name=str(plain["name"]),
        address=str(plain["address"]),
        assets={str(node): str(asset) for node, asset in plain["assets"].items()},
        shared=frozenset(plain["shared"]),
        peers=frozenset(plain["peers"]),
        fresh=frozenset(plain["fresh"] if "fresh" in plain else plain["assets"] if plain["new"] else ()),
    )

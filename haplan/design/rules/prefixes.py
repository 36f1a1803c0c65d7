"""What sites advertise into an overlay, against each other: HA078."""

from collections.abc import Iterator, Mapping

import attrs

from haplan.design.rules.index import DesignIndex, Pair
from haplan.design.rules.policy import Net, prefix
from haplan.design.rules.registry import Found, Registry
from haplan.design.substitution import substitute
from haplan.plugin import Block, Tree

registry = Registry()
TRANSLATED = ("nat_pool", "source_nat", "static_nat", "destination_nat", "advertised_subnet")
"""Vendor keys of a network by which others see it under other addresses."""


@attrs.frozen(kw_only=True)
class Advertised:
    """One prefix that a site tells an overlay of."""

    pair: Pair
    network: str
    net: Net

    @property
    def words(self) -> str:
        return f"{self.network} ({self.net}) at {self.pair.site_name}"


@registry.validate(
    "HA078", "error", "No prefix is advertised by two sites",
    why="The overlay sends what is meant for one of them to the other, or now here and now there.",
    source="POL", confidence="M", types=("cluster", "network"), override="NAT on the network, in its vendor keys",
)  # fmt: skip
def overlapping(design: DesignIndex) -> Iterator[Found]:
    for told in _by_overlay(design).values():
        wide: list[Advertised] = []
        for one in sorted(told, key=lambda one: (one.net.version, int(one.net.network_address), one.net.prefixlen)):
            wide = [other for other in wide if _holds(other.net, one.net)]
            first = next((other for other in wide if other.pair.site_name != one.pair.site_name), None)
            if first is not None:
                text = f"{first.words} overlaps {one.words}"
                hint = "give each site a prefix of its own, by a site variable; or translate one of them"
                yield Found.of(one.pair, text, hint=hint)
            else:
                wide.append(one)


def _holds(wide: Net, net: Net) -> bool:
    return wide.version == net.version and int(wide.broadcast_address) >= int(net.network_address)


def _by_overlay(design: DesignIndex) -> dict[str, list[Advertised]]:
    """Overlay → what is advertised into it; a default route is nobody's own."""
    found: dict[str, list[Advertised]] = {}
    for owner in design.owners:
        networks = {one.address: one for face in owner.of("lan") for one in design.each_key(face.object.networks)}
        for network in networks.values() if owner.pairs else ():
            overlays = [str(one.name) for one in design.each(network, "advertise") if not _translated(network, one)]
            for pair in owner.pairs if overlays else ():
                net = prefix(substitute(network.values.get("subnet"), pair.variables or {}))
                if net is not None and net.prefixlen:
                    one = Advertised(pair=pair, network=str(network.name), net=net)
                    for name in overlays:
                        found.setdefault(name, []).append(one)
    return found


def _translated(network: Block, overlay: Block) -> bool:
    """True if others see the network under other addresses, or not at all."""
    access: Tree = network.extra.get("vpn_access")
    given = access.get(str(overlay.name)) if isinstance(access, Mapping) else None
    return isinstance(given, Mapping) and (given.get("routed") is False or any(given.get(key) for key in TRANSLATED))

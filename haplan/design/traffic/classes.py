"""All destinations as a few classes: addresses and ports between two ends of what anybody names are alike.

A set of what covers a class is one integer, a bit for each; a *cell* is a class of addresses with one of ports. Cells
are disjoint and cover everything, because the gaps between sorted ends do.
"""

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence

import attrs

from haplan.design.spans import ANY, PORTS, Span, protocol
from haplan.design.traffic.edges import Net

SIZES = {4: 1 << 32, 6: 1 << 128}
Range = tuple[int, int, int]
"""Version, first, and one after the last."""


@attrs.frozen
class Gap:
    """Addresses from `low` up to, without, `high`, that the same bits cover."""

    version: int
    low: int
    high: int
    bits: int


@attrs.frozen
class Ports:
    """Ports of a protocol that the same bits cover; a protocol "" is any that nobody names."""

    protocol: str
    low: int
    high: int
    bits: int


def addresses(covers: Iterable[tuple[Net, int]], version: int) -> list[Gap]:
    """The addresses of a version in order, cut where any of these prefixes begins or ends; each has a set of bits."""
    spans = [
        (int(net.network_address), int(net.broadcast_address) + 1, bits)
        for net, bits in covers
        if net.version == version
    ]
    return [Gap(version, low, high, bits) for low, high, bits in _swept(spans, SIZES[version])]


def transports(covers: Sequence[tuple[Span, int]]) -> list[Ports]:
    """Every protocol that is named with its ports in order, and then all others."""
    everywhere = 0
    named: dict[str, list[tuple[int, int, int]]] = {}
    for span, bits in covers:
        if span == ANY:
            everywhere |= bits
        else:
            named.setdefault(span[0], []).append((span[1], span[2] + 1, bits))
    found = [
        Ports(name, low, high - 1, bits | everywhere)
        for name in sorted(named)
        for low, high, bits in _swept(named[name], PORTS + 1)
    ]
    return [*found, Ports("", 0, PORTS, everywhere)]


def _swept(spans: Sequence[tuple[int, int, int]], size: int) -> Iterator[tuple[int, int, int]]:
    """From nothing to `size`: (low, high, bits of what covers all between them); neighbours that are alike are one."""
    changes: dict[int, list[tuple[int, int]]] = {0: []}
    for low, high, bits in spans:
        changes.setdefault(low, []).append((bits, 1))
        changes.setdefault(high, []).append((bits, -1))
    counts: dict[int, int] = {}  # two prefixes of one application may overlap
    since, then = 0, 0
    for cut in sorted(changes):
        if cut == size:
            break
        for bits, step in changes[cut]:
            counts[bits] = counts.get(bits, 0) + step
        now = 0
        for bits, count in counts.items():
            now |= bits if count else 0
        if now != then and cut:
            yield since, cut, then
            since = cut
        then = now
    yield since, size, then


def members(bits: int) -> list[int]:
    """The numbers of the bits that are set."""
    found = []
    while bits:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return found


def gap_at(gaps: Sequence[Gap], address: int) -> Gap:
    """The one that an address lies in."""
    return gaps[bisect.bisect_right(gaps, address, key=lambda gap: gap.low) - 1]


def gaps_in(gaps: Sequence[Gap], net: Net) -> Sequence[Gap]:
    """Those that a prefix touches."""
    first = bisect.bisect_right(gaps, int(net.network_address), key=lambda gap: gap.low) - 1
    return list(itertools.takewhile(lambda gap: gap.low <= int(net.broadcast_address), gaps[first:]))


def ports_at(all_ports: Sequence[Ports], name: str, port: int) -> Ports:
    """The one that a packet of a protocol lies in."""
    name = protocol(name)
    for one in all_ports:
        if one.protocol == name and one.low <= port <= one.high:
            return one
    return all_ports[-1]

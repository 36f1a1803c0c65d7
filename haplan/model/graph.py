"""The dependency graph: addresses and the edges between them."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, Literal, TypeVar

import attrs

N = TypeVar("N", bound=Hashable)
EdgeKind = Literal["hard", "soft", "gate"]
REFERENCE = "reference"
"""Why an edge is that stands between two that stay, from what is referred to."""
USED = "goes before what it needs"
"""Why an edge is that leads to what goes, or is let go of, from what uses it until then."""


@attrs.frozen
class Edge:
    """`first` comes before `then`.

    Attributes:
        first: Address.
        then: Address.
        kind: ``hard`` (a reference), ``soft`` (orders writes, never splits one) or ``gate`` (waits until verified).
        why: The attribute or the rule that makes it.
    """

    first: str
    then: str
    kind: EdgeKind
    why: str


@attrs.frozen
class Graph:
    """Addresses in a stable order, each after all it depends on, and the hard edges."""

    order: tuple[str, ...]
    edges: tuple[Edge, ...]

    def into(self, address: str) -> Iterator[Edge]:
        """Edges that end at an address."""
        return (edge for edge in self.edges if edge.then == address)


def in_order(before: Mapping[N, Collection[N]], key: Callable[[N], Any]) -> list[N]:
    """Every node after all that comes before it; of those that may stand next the one with the smallest key, and of
    equal ones the one that is named first. The nodes of a circle, and what comes after them, are left out.

    As `networkx.lexicographical_topological_sort`, which takes longer to import than a small plan to make.
    """
    place = {node: (key(node), index) for index, node in enumerate(before)}
    nodes = list(before)
    waits = {node: len(firsts) for node, firsts in before.items()}
    behind: dict[N, list[N]] = {}
    for node, firsts in before.items():
        for first in firsts:
            behind.setdefault(first, []).append(node)
    ready = [place[node] for node, count in waits.items() if not count]
    heapify(ready)
    found: list[N] = []
    while ready:
        node = nodes[heappop(ready)[1]]
        found.append(node)
        for then in behind.get(node, ()):
            waits[then] -= 1
            if not waits[then]:
                heappush(ready, place[then])
    return found


def contracted(edges: Iterable[Edge], stays: Callable[[str], bool]) -> tuple[Edge, ...]:
    """The edges between what stays: a way through others is one edge of its own.

    Such a way is soft if any edge of it is, else a gate if any is, else hard. A circle that comes back is an edge from
    a node to itself, unless it is soft.
    """
    edges = tuple(edges)
    found = [edge for edge in edges if stays(edge.first) and stays(edge.then)]
    if len(found) == len(edges):
        return edges
    onward: dict[str, list[Edge]] = {}
    for edge in edges:
        onward.setdefault(edge.first, []).append(edge)
    for edge in edges:
        if stays(edge.first) and not stays(edge.then):
            found += (one for one in _through(edge, onward, stays) if one.kind != "soft" or one.first != one.then)
    return tuple(dict.fromkeys(found))


def _through(start: Edge, onward: Mapping[str, list[Edge]], stays: Callable[[str], bool]) -> Iterator[Edge]:
    waiting, visited = [start], {(start.then, start.kind)}
    while waiting:
        way = waiting.pop()
        for edge in onward.get(way.then, ()):
            kind = max(way.kind, edge.kind, key=_STRENGTH.__getitem__)
            if (edge.then, kind) not in visited:
                visited.add((edge.then, kind))
                on = Edge(start.first, edge.then, kind, start.why)
                if stays(edge.then):
                    yield on
                else:
                    waiting.append(on)


_STRENGTH = {"hard": 0, "gate": 1, "soft": 2}
"""What a way is that has edges of several kinds: the kind that stands last here."""

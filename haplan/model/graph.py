"""The dependency graph: addresses and the edges between them."""

from collections.abc import Iterator
from typing import Literal

import attrs

EdgeKind = Literal["hard", "soft", "gate"]


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

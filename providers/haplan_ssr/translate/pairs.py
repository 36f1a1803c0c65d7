"""The resources joined up: each pair with its site and with what it carries."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import attrs

from haplan.design.clusters import in_order
from haplan.design.substitution import substitute
from haplan.plugin import (
    Tree,
)
from haplan_ssr.translate.draft import Piece, Source
from haplan_ssr.translate.names import clean

OWNERS = {"template": "wan_edge_template", "profile": "hub_profile"}


@attrs.frozen
class Terms:
    """What a translation goes by, beside the resources.

    Attributes:
        release: The conductor's, as numbers; () where it is not known.
        security: Name of the security policy between nodes and routers.
        sync: Prefix of the HA sync link.
        fabric: Prefix of the fabric link.
        reached: The authority says where its conductor is, so that interfaces may be marked as the way there.
    """

    release: tuple[int, ...] = ()
    security: str = "internal"
    sync: str = "169.254.253.0/30"
    fabric: str = "169.254.253.4/31"
    reached: bool = True

    def before(self, *release: int) -> bool:
        """True if the conductor is known to be older than this release."""
        return bool(self.release) and self.release < release


@attrs.frozen(eq=False)
class Pair:
    """A cluster with what belongs to it.

    Attributes:
        piece: The cluster.
        router: Name of its router.
        owner: The template or profile it carries, or None where that lives elsewhere.
        site: Its site, or None.
    """

    piece: Piece
    router: str
    owner: Piece | None
    site: Piece | None

    @property
    def macs(self) -> list[str]:
        """MACs of node0 and node1; [] if there are not two."""
        nodes = self.piece.values.get("nodes")
        return in_order(list(nodes)) if isinstance(nodes, Mapping) else []

    @cached_property
    def variables(self) -> Mapping[str, Tree]:
        """Of its site."""
        found = self.site.values.get("variables") if self.site is not None else None
        return found if isinstance(found, Mapping) else {}

    def text(self, value: Tree) -> str | None:
        """A text with the site's variables put in; None where that cannot be known."""
        return substitute(value, self.variables)

    @cached_property
    def faces(self) -> Mapping[str, Mapping[str, Any]]:
        """The interfaces of what it carries, by name."""
        found = self.owner.values.get("interfaces") if self.owner is not None else None
        return {name: one for name, one in found.items() if isinstance(one, Mapping)} if found else {}

    def of(self, usage: str) -> dict[str, Mapping[str, Any]]:
        """Its interfaces of one usage."""
        return {name: face for name, face in self.faces.items() if face.get("usage") == usage}

    def source(self, *way: str) -> Source:
        """An attribute of what it carries."""
        return Source((self.owner or self.piece).address, way)


class Estate:
    """All resources of one provider.

    Attributes:
        pairs: The clusters, by address.
        terms: See `Terms`.
    """

    def __init__(self, pieces: Iterable[Piece], terms: Terms) -> None:
        self.terms = terms
        self.pieces = {piece.address: piece for piece in sorted(pieces, key=lambda piece: piece.address)}
        self._by_name = {(piece.type, piece.name): piece for piece in self.pieces.values()}
        self._by_type: dict[str, list[Piece]] = {}
        for piece in self.pieces.values():
            self._by_type.setdefault(piece.type, []).append(piece)
        self.pairs = [self._pair(piece) for piece in self.of("cluster")]
        self._carrying: dict[str, list[Pair]] = {}
        for pair in self.pairs:
            if pair.owner is not None:
                self._carrying.setdefault(pair.owner.address, []).append(pair)

    def of(self, type_name: str) -> list[Piece]:
        """The resources of a type."""
        return self._by_type.get(type_name, [])

    def named(self, type_name: str, name: Any) -> Piece | None:
        """A resource by its type and remote name."""
        return self._by_name.get((type_name, str(name)))

    def carrying(self, owner: Piece) -> list[Pair]:
        """The pairs that carry a template or profile."""
        return self._carrying.get(owner.address, [])

    def steering(self, owner: Piece, name: Any) -> Piece | None:
        """The steering rule of a template or profile by its name."""
        return self._steerings.get((owner.address, str(name))) if name else None

    @cached_property
    def _steerings(self) -> Mapping[tuple[str, str], Piece]:
        owned = [(self.owner_of(piece), piece) for piece in self.of("steering")]
        return {(owner.address, piece.name): piece for owner, piece in owned if owner is not None}

    def owner_of(self, piece: Piece) -> Piece | None:
        """The template or profile that a steering rule or policy lives in."""
        for attribute, kind in OWNERS.items():
            if piece.values.get(attribute):
                return self.named(kind, piece.values[attribute])
        return self.pieces.get(piece.owner)

    @cached_property
    def hubs_by_endpoint(self) -> Mapping[str, Piece]:
        """Endpoint → the hub profile whose WAN it is."""
        return {
            str(face["endpoint"]): profile
            for profile in self.of("hub_profile")
            for face in (profile.values.get("interfaces") or {}).values()
            if isinstance(face, Mapping) and face.get("endpoint")
        }

    def _pair(self, piece: Piece) -> Pair:
        owner = next(
            (self.named(kind, piece.values[name]) for name, kind in OWNERS.items() if piece.values.get(name)), None
        )
        return Pair(piece, clean(piece.name), owner, self.named("site", piece.values.get("site")))


def at(piece: Piece, *way: str) -> Source:
    """An attribute of a resource as a source."""
    return Source(piece.address, way)

"""What a row remembers for an SRX beside its values, and its plain JSON."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.plugin import Document, Row, Tree, decode, encode
from haplan_srx.translate.statements import Path

KEPT = "kept "
"""What was overwritten in a document stands under this and the document."""

Overwritten = Mapping[Path, tuple[str, ...]]
"""Path → what stood there."""


@attrs.frozen(kw_only=True)
class Private:
    """What an SRX wants back of a resource.

    Attributes:
        was: What the resource said before a change, of use while that is not on all devices; None where it is.
        formed: Of a cluster: haplan joined its nodes, and takes them apart again.
        configured: Of a cluster: its device has been configured.
        retiring: Of a cluster: MAC and host of each box, node0 first, that a hardware refresh is still to let go; None
            where nothing is told of it.
        kept: Document → what haplan once overwrote there for this resource.
    """

    was: Mapping[str, Tree] | None = None
    formed: bool = False
    configured: bool = False
    retiring: tuple[tuple[str, str], ...] | None = None
    kept: Mapping[Document, Overwritten] = attrs.field(factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, Tree]) -> "Private":
        """From plain JSON."""
        documents = {key: Document.parse(key.removeprefix(KEPT)) for key in kept if key.startswith(KEPT)}
        return cls(
            was=decode(kept["was"]) if kept.get("was") else None,
            formed=bool(kept.get("formed")),
            configured=bool(kept.get("configured")),
            retiring=tuple((str(mac), str(host)) for mac, host in kept["retiring"]) if "retiring" in kept else None,
            kept={document: from_plain(kept[key] or ()) for key, document in documents.items()},
        )

    def plain(self) -> dict[str, Tree]:
        """As a row keeps it: what is told, and nothing else."""
        return {
            **({"was": encode(dict(self.was))} if self.was is not None else {}),
            **({"formed": True} if self.formed else {}),
            **({"configured": True} if self.configured else {}),
            **({"retiring": [list(one) for one in self.retiring]} if self.retiring is not None else {}),
            **{f"{KEPT}{document}": as_plain(overwritten) for document, overwritten in self.kept.items()},
        }


def kept_in(rows: Iterable[Row], document: Document) -> dict[Path, tuple[str, ...]]:
    """What haplan once overwrote in a document."""
    found: dict[Path, tuple[str, ...]] = {}
    for row in rows:
        for path, values in Private.of(row.private).kept.get(document, {}).items():
            found.setdefault(path, values)
    return found


def from_plain(plain: Iterable[Tree]) -> dict[Path, tuple[str, ...]]:
    """What was overwritten, from plain JSON; what was kept first counts."""
    found: dict[Path, tuple[str, ...]] = {}
    for path, values in plain:
        steps = tuple(tuple(step) if isinstance(step, list) else step for step in path)
        found.setdefault(steps, tuple(values))
    return found


def as_plain(overwritten: Overwritten) -> list[Tree]:
    """What was overwritten, as plain JSON."""
    return [[[list(step) if isinstance(step, tuple) else step for step in path], list(values)]
            for path, values in overwritten.items()]  # fmt: skip

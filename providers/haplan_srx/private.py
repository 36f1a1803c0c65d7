"""What a row remembers for an SRX beside its values, and its plain JSON."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.plugin import Document, Row, Tree, decode, encode
from haplan_srx.translate.names import Key
from haplan_srx.translate.scrambled import is_secret
from haplan_srx.translate.statements import Path, tag

KEPT = "kept "
"""What was overwritten in a document stands under this and the document."""
GIVEN = "given "
"""What names and numbers were given in a document stands under this and the document."""

Overwritten = Mapping[Path, tuple[str, ...]]
"""Path → what stood there."""


@attrs.frozen
class Given:
    """Names and numbers on a device that do not follow from the design alone.

    Attributes:
        number: Of several records of one device the one with the highest counts.
        names: What has them → the name.
    """

    number: int = 0
    names: Mapping[Key, str] = attrs.field(factory=dict)

    @classmethod
    def of(cls, plain: Tree) -> "Given":
        """From plain JSON."""
        number, names = plain
        return cls(int(number), {tuple(key): str(name) for key, name in names})

    def plain(self) -> Tree:
        """As plain JSON."""
        return [self.number, [[list(key), name] for key, name in self.names.items()]]


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
        given: Document → names and numbers on that device.
        serials: Of a cluster: MAC address → serial number of its nodes; empty where nobody wrote them down.
    """

    was: Mapping[str, Tree] | None = None
    formed: bool = False
    configured: bool = False
    retiring: tuple[tuple[str, str], ...] | None = None
    kept: Mapping[Document, Overwritten] = attrs.field(factory=dict)
    given: Mapping[Document, Given] = attrs.field(factory=dict)
    serials: Mapping[str, str] = attrs.field(factory=dict)

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
            given=_given(kept),
            serials={str(mac): str(serial) for mac, serial in (kept.get("serials") or {}).items()},
        )

    def plain(self) -> dict[str, Tree]:
        """As a row keeps it: what is told, and nothing else."""
        return {
            **({"was": encode(dict(self.was))} if self.was is not None else {}),
            **({"formed": True} if self.formed else {}),
            **({"configured": True} if self.configured else {}),
            **({"retiring": [list(one) for one in self.retiring]} if self.retiring is not None else {}),
            **{f"{KEPT}{document}": as_plain(overwritten) for document, overwritten in self.kept.items()},
            **{f"{GIVEN}{document}": given.plain() for document, given in self.given.items()},
            **({"serials": dict(self.serials)} if self.serials else {}),
        }


def kept_in(rows: Iterable[Row], document: Document) -> dict[Path, tuple[str, ...]]:
    """What haplan once overwrote in a document."""
    found: dict[Path, tuple[str, ...]] = {}
    for row in rows:
        for path, values in Private.of(row.private).kept.get(document, {}).items():
            found.setdefault(path, values)
    return found


def _given(kept: Mapping[str, Tree]) -> dict[Document, Given]:
    return {Document.parse(key.removeprefix(GIVEN)): Given.of(kept[key]) for key in kept if key.startswith(GIVEN)}


def given_in(rows: Iterable[Row]) -> dict[Document, Given]:
    """What was given on each device, by the newest record of it."""
    found: dict[Document, Given] = {}
    for row in rows:
        for document, given in _given(row.private).items():
            if given.number > found.get(document, Given()).number:
                found[document] = given
    return found


def from_plain(plain: Iterable[Tree]) -> dict[Path, tuple[str, ...]]:
    """What was overwritten, from plain JSON; what was kept first counts. Secrets that were kept once are
    left out."""
    found: dict[Path, tuple[str, ...]] = {}
    for path, values in plain:
        steps = tuple(tuple(step) if isinstance(step, list) else step for step in path)
        if not is_secret(tag(steps[-1]), values):
            found.setdefault(steps, tuple(values))
    return found


def as_plain(overwritten: Overwritten) -> list[Tree]:
    """What was overwritten, as plain JSON: without secrets, which are not given back."""
    return [[[list(step) if isinstance(step, tuple) else step for step in path], list(values)]
            for path, values in overwritten.items() if not is_secret(tag(path[-1]), values)]  # fmt: skip


def stripped(kept: Mapping[str, Tree]) -> dict[str, Tree]:
    """The same as this version keeps it."""
    return {key: as_plain(from_plain(value or ())) if key.startswith(KEPT) else value for key, value in kept.items()}

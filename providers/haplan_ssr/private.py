"""What a row remembers for SSR beside its values: what was in the authority before haplan, which is kept in the rows of
what took it over and put back when that goes; and over which WANs boxes are managed."""

import json
from collections.abc import Iterable, Mapping

import attrs

from haplan.plugin import Row, Tree
from haplan_ssr.translate.tree import Path

Found = dict[Path, Tree]
"""Path → value of a leaf, or None for an entry."""

Managed = Mapping[str, bool]
"""WAN → whether its box is managed over it."""


@attrs.frozen(kw_only=True)
class Private:
    """What SSR wants back of a resource.

    Attributes:
        found: What was in the authority before haplan owned it.
        managed: Of a cluster, template or profile, as it was last written; what differs between pairs is not in it.
    """

    found: Found = attrs.field(factory=dict)
    managed: Managed = attrs.field(factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, Tree]) -> "Private":
        """From plain JSON."""
        found: Mapping[str, Tree] = kept.get("found") or {}
        kept_found = {_path(text): _value(value) for text, value in found.items()}
        return cls(found=kept_found, managed=kept.get("managed") or {})

    def plain(self) -> dict[str, Tree]:
        """As a row keeps it."""
        managed = {"managed": dict(self.managed)} if self.managed else {}
        return {"found": {text_of(path): value for path, value in self.found.items()}, **managed}


def found_before(rows: Iterable[Row]) -> Found:
    """What was there before haplan, as the rows remember it."""
    return {path: value for row in rows for path, value in Private.of(row.private).found.items()}


def text_of(path: Path) -> str:
    """A path as JSON keeps it."""
    return json.dumps([step if isinstance(step, str) else list(step) for step in path])


def _path(text: str) -> Path:
    return tuple(step if isinstance(step, str) else tuple(step) for step in json.loads(text))


def _value(value: Tree) -> Tree:
    return tuple(value) if isinstance(value, list) else value

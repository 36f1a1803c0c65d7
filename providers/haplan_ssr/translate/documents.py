"""Which document a change touches: there is one, the authority."""

from collections.abc import Sequence
from enum import StrEnum

from haplan.plugin import Change, Document, Placement

AUTHORITY = Document("", "authority")
NOWHERE = Placement(document="")
"""Of what the authority says nothing of, such as another name of a template."""


class Piece(StrEnum):
    """What a resource has in the authority: entries."""

    ENTRIES = "entries"


def placements(change: Change) -> Sequence[Placement]:
    """The authority."""
    return (
        Placement(
            document=AUTHORITY, part=Piece.ENTRIES, title=f"router {change.name}" if change.type == "cluster" else ""
        ),
    )

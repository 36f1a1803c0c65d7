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


def placements(change: Change, state: str) -> Sequence[Placement]:
    """The authority; `state` is what others have there where the change writes."""
    title = f"router {change.name}" if change.type == "cluster" else ""
    return (Placement(document=AUTHORITY, part=Piece.ENTRIES, title=title, state=state),)

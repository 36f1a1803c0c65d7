"""Which document a change touches: there is one, the authority."""

from collections.abc import Sequence

from haplan.plugin import Change, Document, Placement

AUTHORITY = Document("", "authority")
NOWHERE = Placement(document="")
"""Of what the authority says nothing of, such as another name of a template."""


def placements(change: Change) -> Sequence[Placement]:
    """The authority."""
    return (
        Placement(
            document=AUTHORITY, part="entries", title=f"router {change.name}" if change.type == "cluster" else ""
        ),
    )

"""Which documents a change touches: ``cluster:NAME`` where a pair is formed or dissolved, ``device:NAME`` for its
configuration, ``retired:NAME`` for the boxes that a hardware refresh lets go. A resource is in the document of every
cluster that it flows into."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from haplan.design.resources import GOING
from haplan.plugin import Action, Change, Document, Placement

DEVICE, CLUSTER, RETIRED = "device", "cluster", "retired"
"""Kinds of documents."""


class Piece(StrEnum):
    """The parts that a cluster has of its own; what other resources say on a device is `WHOLE`.

    What brings a part takes it away too: a pair that was let go half is formed and configured again where it was.
    """

    WHOLE = ""
    FORM = "form"
    CONFIGURE = "configure"
    RETIRE = "retire"


def device(cluster: str) -> Document:
    """The document of a pair's configuration."""
    return Document(DEVICE, cluster)


def of_cluster(change: Change, *, forms: bool, dissolves: bool, retires: bool = False) -> Sequence[Placement]:
    """The documents of a cluster's own."""
    configured = Placement(document=device(change.name), part=Piece.CONFIGURE, title="", own=True)
    if change.action in GOING:
        gone = Placement(
            document=device(change.name), part=Piece.CONFIGURE, title="take off what haplan configured", own=True
        )
        return (
            (gone, Placement(document=Document(CLUSTER, change.name), part=Piece.FORM, title="", own=True))
            if dissolves
            else (gone,)
        )
    if not forms:
        return (configured,)
    form = Placement(document=Document(CLUSTER, change.name), part=Piece.FORM, title="", own=True)
    if not retires:
        return (form, configured)
    # the old boxes stay until the new ones are a pair, and are gone before those have the same addresses
    old = Placement(document=Document(RETIRED, change.name), part=Piece.RETIRE, title="let the old boxes go")
    return (form, old, configured)


def apart(states: Mapping[str, str]) -> list[Placement]:
    """One placement for each device that carries a resource, by name of the cluster, with what it has of that now."""
    return [Placement(document=device(name), apart=True, state=state) for name, state in sorted(states.items())]


def forms(change: Change) -> bool:
    """True if a cluster's nodes are to be joined."""
    if change.action in (Action.CREATE, Action.REPLACE) or change.incomplete:
        return True
    nodes = [set((side or {}).get("nodes") or {}) for side in (change.before, change.after)]
    return change.action is Action.UPDATE and nodes[0] != nodes[1]

"""What a provider is told of a resource when it is asked for it again, in the middle of a plan."""

from collections.abc import Mapping

from haplan.model.plan import Change
from haplan.model.state import Row
from haplan.model.value import Tree, decode


def asked_with(change: Change, row: Row | None) -> Mapping[str, Tree]:
    """The values that a resource is to have; of what goes, those that are recorded, as it was asked for the plan.

    What was seen of it is no question: where something of it is missing, words may stand in a value's place.
    """
    if change.after is not None:
        return change.after
    return decode(row.values) if row is not None else (change.before or {})

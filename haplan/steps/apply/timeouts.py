"""Timeouts: how long a transaction may take from its first write until it has settled, as lifecycles say. Pure."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.model.plan import Action, Change

STEPS: Mapping[Action, tuple[str, ...]] = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.IMPORT: ("update",),
    Action.REPLACE: ("delete", "create"),
    Action.DELETE: ("delete",),
}
"""What is bounded by which of the timeouts; a replacement has the time of both."""


@attrs.frozen
class Limit:
    """The seconds that a transaction may take, and what says so."""

    seconds: int
    why: str

    def __str__(self) -> str:
        return f"within {self.seconds} s ({self.why})"


def limit(changes: Iterable[Change]) -> Limit | None:
    """The shortest limit of those that a transaction carries; None where nobody sets one."""
    found = [one for one in map(_of, changes) if one is not None]
    return min(found, key=lambda one: (one.seconds, one.why), default=None)


def _of(change: Change) -> Limit | None:
    given = {name: change.lifecycle.timeouts.get(name) for name in STEPS.get(change.action, ())}
    said = {name: seconds for name, seconds in given.items() if seconds is not None}
    return Limit(sum(said.values()), f"timeouts of {change.address}: {', '.join(said)}") if said else None

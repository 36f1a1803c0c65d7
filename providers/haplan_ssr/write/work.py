"""One transaction worked out: where it leads, and which routers it is about. Pure."""

from collections.abc import Sequence

import attrs

from haplan.plugin import Task
from haplan_ssr.private import Found
from haplan_ssr.translate import Translation
from haplan_ssr.translate.edits import Edit
from haplan_ssr.translate.tree import Flat, Path


@attrs.frozen(kw_only=True)
class Work:
    """One transaction worked out.

    Attributes:
        address: What it is told by: its first resource.
        live: What runs.
        wanted: What is to run.
        edits: The way from one to the other.
        before, after: What is recorded, and what is to be, as translations.
        mine: The paths that the transaction is about; what else differs is left as it runs.
        found: What was there before haplan.
    """

    address: str
    live: Flat
    wanted: Flat
    edits: Sequence[Edit]
    before: Translation
    after: Translation
    mine: frozenset[Path]
    found: Found


def touched(before: Translation, after: Translation) -> frozenset[str]:
    """The routers whose part of the authority changes."""
    one, other = before.flat(), after.flat()
    paths = [path for path in {**one, **other} if path not in one or path not in other or one[path] != other[path]]
    return frozenset(step[1] for path in paths for step in path[1:2] if step[0] == "router" and len(step) > 1)


def reached(task: Task, work: Work) -> frozenset[str]:
    """The routers that a transaction changes something for: by their own part, or by what they serve."""
    changing = [part.change.address for part in task.parts]
    sides = (work.before, work.after)
    served = {name for address in changing for side in sides for name in side.routers.get(address, ())}
    return frozenset(served | routers_of(work.edits))


def routers_of(made: Sequence[Edit]) -> frozenset[str]:
    """The routers that edits are about."""
    steps = (step for edit in made for step in edit.path[1:2])
    return frozenset(step[1] for step in steps if step[0] == "router")

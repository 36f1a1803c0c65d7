"""Why a change is in a plan."""

from collections.abc import Iterable
from enum import Enum

from haplan.model.value import Path, Ref, Text, Tree, Unknown, at_path, special


class Reason(Enum):
    """Why a resource changes; the value is what a plan says of it, where nothing more can be said."""

    NONE = ""
    NEW = "new"
    CHANGED = "changed"
    DRIFTED = "drifted"
    UNSET = "unset"
    GONE = "gone"
    REORDERED = "reordered"
    NOT_IN_STACK = "not in the stack"
    DESTROYED = "destroyed"
    """Everything goes, whatever the stack says."""
    DEPOSED = "replaced"
    """The old self of something that was replaced: it waits to be deleted."""
    FORCED = "replaced because its change cannot be made in place"
    TRIGGERED = "replaced because of replace_triggered_by"
    TAINTED = "tainted"
    ASKED_FOR = "asked for by --replace"
    RESUMED = "resume"
    SENT_AGAIN = "sent again"
    """It is written as wanted, and does not run."""
    TAKEN_OVER = "taken over"
    IMPORTED = "taken into state"
    REMEMBERED = "remembered"
    """Only the state changes."""
    READ_LATER = "read at apply"


def forced_by(paths: Iterable[Path], after: Tree) -> str:
    """Why a replacement is forced: what changed, and what only the apply will tell, so that it may change."""
    words: dict[bool, list[str]] = {True: [], False: []}
    for path in paths:
        waits = any(isinstance(leaf, Ref | Text | Unknown) for leaf in special(at_path(after, path)))
        words[waits].append(".".join(map(str, path)))
    said = [", ".join(words[False]) + " changed"] if words[False] else []
    said += [", ".join(words[True]) + " may change (known after apply)"] if words[True] else []
    return f"replaced because {' and '.join(said)}"

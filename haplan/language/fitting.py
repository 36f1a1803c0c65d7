"""Whether a value that came by reference is what an attribute takes. The reference itself is taken unseen."""

from collections.abc import Callable
from pathlib import Path

import attrs

from haplan.language.kinds import Choice, Flag, Text, Whole
from haplan.language.record import Recording
from haplan.language.taking import BROKEN, HOLE, Broken, Kind, Taking, shown
from haplan.model.stack import Location
from haplan.model.value import Secret, Tree


@attrs.define(kw_only=True)
class _Listening(Taking):
    """Keeps what is wrong instead of recording it.

    Threads: one; made for one look at a value.
    """

    said: list[str] = attrs.field(factory=list)

    def wrong(self, at: str, text: str, location: Location | None = None) -> Broken:
        self.said.append(text)
        return BROKEN


def misfit(kind: Kind) -> Callable[[Tree], str] | None:
    """What tells why a value does not fit a kind, or ""; None for a kind that takes all, or no reference."""
    if isinstance(kind, Text):
        return lambda value: "" if isinstance(value, Secret) else _no_text(kind, value)
    return (lambda value: _listened(kind, value)) if isinstance(kind, Whole | Flag | Choice) else None


def _no_text(kind: Text, value: Tree) -> str:
    """Unlike a text of the stack's it may hold braces: they are somebody's own."""
    if not isinstance(value, str):
        return f"expected {kind.words}, got {shown(value)}"
    return kind.check(value) if kind.check and not HOLE.search(value) else ""


def _listened(kind: Kind, value: Tree) -> str:
    made = Recording(Path(), lambda *_: (None, ""), {})
    taking = _Listening(recording=made, subject="", location=Location("", 0), by_hand=False)
    kind.take(value, "", taking)
    return next(iter(taking.said), "")

"""Letting go of what a session opened, each thing for itself."""

from collections.abc import Callable, Iterable

from haplan.errors import HaplanError
from haplan.model.event import EventKind


def let_go(closers: Iterable[Callable[[], None]], tell: Callable[[EventKind, str], None]) -> None:
    """Close all. What cannot be closed is told: it keeps no other open, and changes nothing of what was done."""
    for close in closers:
        try:
            close()
        except (HaplanError, OSError) as error:
            tell("warning", str(error))

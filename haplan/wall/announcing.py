"""What a plugin says to the engine while it works: looked at like an answer, so that what is wrong is told of it."""

from collections.abc import Mapping
from typing import Any

from haplan.contracts import Task
from haplan.errors import REPORT, ProviderError
from haplan.wall.shapes import Misfit, fit, text


def announcement(task: Task, step: str, address: str, key: Mapping[str, Any]) -> dict[str, Any]:
    """The key of a remote write that is announced.

    Raises:
        ProviderError: What is said of it is not of its shape, or is about something else than the task.
    """
    about = {name for part in task.parts for name in (part.change.address, part.change.key)}
    try:
        if not text(step):
            raise Misfit("no name of a step", "one")
        if text(address) not in about:
            raise Misfit(f"{address!r}, which is not in the task", "one of its addresses")
        found: dict[str, Any] = fit(Mapping[str, Any])(key)
        return found
    except Misfit as wrong:
        who = f"provider {task.transaction.provider!r}"
        text_ = f"{who}: write of {task.transaction.document} announced {wrong}"
        raise ProviderError(f"{text_}; {REPORT}") from None


def told(line: str) -> str:
    """A line for people, or a piece of evidence.

    Raises:
        TypeError: It is no text.
    """
    try:
        return text(line)
    except Misfit as wrong:
        raise TypeError(str(wrong)) from None

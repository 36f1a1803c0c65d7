"""What a run tells its observers."""

from collections.abc import Mapping
from typing import Literal

import attrs

from haplan.model.value import Tree

EventKind = Literal[
    "evidence", "failed", "finding", "note", "phase", "planned", "progress", "queued", "recorded", "refresh", "run",
    "settling", "skipped", "step", "summary", "verified", "warning", "writing", "written",
]  # fmt: skip


@attrs.frozen(kw_only=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: Such as ``refresh``, ``step``, ``recorded``, ``failed``; `haplan/report/README.md` has each with its data.
        at: Seconds since the epoch, by the run's clock.
        address: The resource, or "".
        document: The document, or "".
        text: One line for people.
        data: More, for machines: plain JSON.
    """

    kind: EventKind
    at: float
    address: str = ""
    document: str = ""
    text: str = ""
    data: Mapping[str, Tree] = attrs.field(factory=dict)

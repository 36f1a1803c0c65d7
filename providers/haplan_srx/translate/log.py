"""The log of a commit: by it haplan knows its own in a device's history."""

from typing import Self

import attrs

from haplan.plugin import Document

_OURS = "haplan"


@attrs.frozen
class CommitLog:
    """What haplan writes into the log of a commit: for which run, transaction and document it was."""

    run: str
    transaction: str
    document: Document

    def __str__(self) -> str:
        return f"{_OURS} {self.run} {self.transaction} {self.document}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The log of a commit of haplan's; None for that of anybody else."""
        words = text.split(" ", 3)
        if len(words) < 4 or words[0] != _OURS:
            return None
        return cls(words[1], words[2], Document.parse(words[3]))

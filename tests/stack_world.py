"""A stack in a folder with a lab behind it: what the end-to-end tests of every provider do with it."""

from pathlib import Path
from typing import Any

from haplan import engine
from haplan.host.options import Options, sorted_out
from haplan.host.session import Session, open_session
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.model.result import Result


class StackWorld:
    """A stack and its lab.

    Attributes:
        folder: The stack's folder.
        events: Of the last command.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []

    def session(self, **options: Any) -> Session:
        """A session; use it as a context manager."""
        self.events = []
        return open_session(self.folder, Options(lab=True, **options), observers=[self.events.append], environ={})

    def plan(self, **options: Any) -> Plan:
        """Make a plan."""
        opening, asked = sorted_out(options)
        with self.session(**opening) as session:
            return engine.plan(session, asked)

    def apply(self, plan: Plan | None = None, **options: Any) -> Result:
        """Carry out a plan, by default the one that would be made now."""
        opening, asked = sorted_out(options)
        with self.session(**opening) as session:
            return engine.apply(session, plan or engine.plan(session, asked))

    def destroy(self) -> Result:
        """Take everything away."""
        return self.apply(destroy=True)

    def told(self) -> list[str]:
        """What people were told."""
        return [event.text for event in self.events if event.kind == "note"]

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a line of a stack file; `file` is relative to the stack."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def misbehave(self, text: str) -> None:
        """Write the lab's definition beside the stack: before the first command, or to change how it fails."""
        (self.folder / "lab.toml").write_text(text)

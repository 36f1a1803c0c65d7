"""Observers of a run's events: one for people, one for machines.

For people everything goes to stderr: a live table on a terminal, plain lines elsewhere. A run shorter than a second
(by its own clock) shows nothing.
"""

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, TextIO

import attrs

from haplan.model.event import Event
from haplan.report import words
from haplan.report.lines import safe

QUIET_SECONDS = 1.0
SLOW_SECONDS = 60.0
AGAIN_SECONDS = 300.0
"""After this long the same phase is told again."""
LOUD = frozenset({"failed", "warning"})
"""Kinds that are told at once, however short the run."""


@attrs.define
class Item:
    """One transaction under way.

    Attributes:
        name: Its document.
        started: When it began, by the run's clock.
        expected: Seconds it should take.
        text: How it goes.
    """

    name: str
    started: float
    expected: float = 0.0
    text: str = "writing"

    def line(self, now: float) -> str:
        """How it goes, with the time unless the provider has said it."""
        return safe(self.text if " of about " in self.text else f"{self.clock(now)}: {self.text}")

    def clock(self, now: float) -> str:
        """Elapsed and expected time: ``7 of about 15 min``."""
        elapsed = max(0.0, now - self.started)
        if self.expected < 60:
            return words.took(elapsed)
        return f"{elapsed / 60:.0f} of {words.about(self.expected)}"


def sentence(event: Event) -> str:
    """What an event is to a person, or "" when it is nothing to tell."""
    data, place = event.data, event.document or event.address
    match event.kind:
        case "refresh" if data.get("state") == "started":
            return f"reading {_of(data, 'resources', 'resource')}from {data.get('provider', 'the estate')}"
        case "refresh":
            return f"read {_of(data, 'resources', 'resource')}with {words.plural(int(data.get('calls', 0)), 'call')}"
        case "run" if data.get("state") == "started":
            expected = words.about(float(data.get("expected_seconds", 0)))
            return f"run {data.get('run', '')}: {_of(data, 'transactions', 'transaction')}expected to take {expected}"
        case "writing" | "step" | "settling" | "progress" | "queued" | "skipped" | "failed":
            lead = {"writing": "writing", "step": "", "settling": "", "progress": ""}.get(event.kind, event.kind)
            return f"{place}: " + ": ".join(word for word in (lead, event.text) if word)
        case "recorded":
            seconds = float(data.get("seconds", 0))
            return f"{place}: done" + (f" after {words.took(seconds)}" if seconds >= 1 else "")
        case "warning" | "note":
            return f"{event.kind}: {place + ': ' if place else ''}{event.text}"
    return ""


def _of(data: Mapping[str, Any], name: str, word: str) -> str:
    return f"{words.plural(int(data[name]), word)} " if name in data else ""


class PlainProgress:
    """Lines such as ``12:03:10 cluster:h1: 7 of about 15 min: nodes rebooting``.

    What takes less than a minute is told when it is done. What takes longer is told when it starts, whenever it
    reaches something new, and every few minutes.
    """

    def __init__(self, out: TextIO, *, zone: tzinfo | None = None) -> None:
        self._out = out
        self._zone = zone
        self._first: float | None = None
        self._waiting: list[str] | None = []
        self._slow: set[str] = set()
        self._last: dict[str, tuple[float, str]] = {}

    def __call__(self, event: Event) -> None:
        self._first = event.at if self._first is None else self._first
        if self._waiting is not None and event.at - self._first >= QUIET_SECONDS:
            self._tell(*self._waiting)
            self._waiting = None
        if not self._is_news(event):
            return
        at = datetime.fromtimestamp(event.at, UTC).astimezone(self._zone).strftime("%H:%M:%S")
        row = f"{at} {safe(sentence(event))}"
        if self._waiting is None or event.kind in LOUD:
            self._tell(row)
        else:
            self._waiting.append(row)

    def _is_news(self, event: Event) -> bool:
        place = event.document or event.address or event.kind
        if float(event.data.get("expected_seconds", 0)) >= SLOW_SECONDS:
            self._slow.add(place)
        if event.kind in ("writing", "step") and place not in self._slow:
            return False
        phase = event.text.partition(": ")[2] if event.kind == "settling" else sentence(event)
        at, before = self._last.get(place, (event.at, ""))
        if not sentence(event) or (
            phase == before and not (event.kind == "settling" and event.at - at >= AGAIN_SECONDS)
        ):
            return False
        self._last[place] = (event.at, phase)
        return True

    def _tell(self, *rows: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # a reader that went away does not disturb the run
            self._out.write("".join(row + "\n" for row in rows))
            self._out.flush()

    def __enter__(self) -> "PlainProgress":
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing to put away."""


class LiveProgress:
    """A table of what is under way, redrawn in place; what ended scrolls above it."""

    def __init__(self, out: TextIO, *, color: bool = True, ticks: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live

        self._items: dict[str, Item] = {}
        self._ticks = ticks
        self._now, self._tick = 0.0, ticks()
        self._doing = ""
        self._began = ticks()
        self._console = Console(file=out, no_color=not color, highlight=False)
        self._live = Live(console=self._console, get_renderable=self._table, refresh_per_second=4, transient=True)

    def __enter__(self) -> "LiveProgress":
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        self._now, self._tick = event.at, self._ticks()
        if event.kind in ("planned", "run") and event.data.get("state") != "started":
            self._live.stop()  # what follows is a question or the summary
        elif not self._live.is_started:
            self._began = self._ticks()
            self._live.start()
        if event.kind in ("writing", "step", "settling", "progress", "verified"):
            self._follow(event)
        else:
            self._leave(event)

    def _follow(self, event: Event) -> None:
        item = self._items.setdefault(event.document, Item(event.document, event.at))
        item.expected = float(event.data.get("expected_seconds", item.expected))
        item.text = event.text or event.kind

    def _leave(self, event: Event) -> None:
        text = safe(sentence(event))
        if event.kind in ("recorded", "failed", "skipped", "queued"):
            self._items.pop(event.document, None)
        if event.kind in ("refresh", "run"):
            self._doing = text
        elif text and (event.kind in LOUD or self._ticks() - self._began >= QUIET_SECONDS):
            from rich.text import Text

            self._console.print(Text(text), soft_wrap=True)

    def _table(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        if self._ticks() - self._began < QUIET_SECONDS:
            return Group()
        now = self._now + (self._ticks() - self._tick)
        table = Table.grid(padding=(0, 2))
        for item in list(self._items.values()):
            table.add_row(Text(safe(item.name)), Text(item.line(now)))
        return Group(Text(self._doing), table)


class JsonLines:
    """One JSON object an event: ``at`` (seconds since the epoch, by the run's clock), ``kind``, ``address``,
    ``document``, ``text``, ``data``; the last is of kind ``summary``. `haplan/report/README.md` describes each kind.
    """

    def __init__(self, out: TextIO) -> None:
        self._out: TextIO | None = out
        self._at = 0.0
        self._ended = False

    def __call__(self, event: Event) -> None:
        self._at = event.at
        self._write(attrs.asdict(event))

    def end(self, text: str, data: Mapping[str, Any]) -> None:
        """Write the summary, at the time of the last event; once."""
        if self._ended:
            return
        self._ended = True
        self(Event("summary", self._at or time.time(), text=text, data=data))

    def _write(self, document: Mapping[str, Any]) -> None:
        """Write one object. A reader that went away does not disturb the run."""
        if self._out is None:
            return
        ordered = {name: document[name] for name in ("at", "kind", "address", "document", "text", "data")}
        try:
            self._out.write(json.dumps(ordered, ensure_ascii=False, default=str) + "\n")
            self._out.flush()
        except BrokenPipeError:
            self._out = None


def progress(out: TextIO, *, color: bool) -> PlainProgress | LiveProgress:
    """The observer for people that suits the place it writes to."""
    return LiveProgress(out, color=color) if out.isatty() else PlainProgress(out)

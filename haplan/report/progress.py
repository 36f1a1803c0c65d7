"""Observers of a run's events: one for people, one for machines.

For people everything goes to stderr: a live table on a terminal, plain lines elsewhere. What takes less than a second
(by its own clock) shows nothing, and writes that quick are counted, not listed.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, TextIO

import attrs

from haplan.model.event import Event
from haplan.model.value import Tree
from haplan.model.visible import visible, visible_json
from haplan.report import words

QUIET_SECONDS = 1.0
SLOW_SECONDS = 60.0
AGAIN_SECONDS = 300.0
"""After this long the same phase is told again."""
COUNT_SECONDS = 10.0
"""How often plain lines say how many of the transactions are done."""
PATIENCE_SECONDS = 2.0
"""Real time after which a plain line says what is under way though nothing else happens."""
LOUD = frozenset({"failed", "warning"})
"""Kinds that are told at once, however short the run."""
ENDS = frozenset({"recorded", "failed", "skipped", "queued"})
"""Kinds that end a transaction."""


@attrs.define(kw_only=True)
class Whole:
    """All that is under way, such as a run.

    Threads: that of the progress which has it.

    Attributes:
        text: What it is.
        run: Id of the run, where it is one.
        started: When it began, by the run's clock.
        expected: Seconds it should take; 0 is not known.
        total: Transactions in it.
        done: Those that ended.
    """

    text: str = ""
    run: str = ""
    started: float = 0.0
    expected: float = 0.0
    total: int = 0
    done: int = 0

    def begin(self, event: Event) -> None:
        """Another thing is under way."""
        self.text, self.run, self.started = sentence(event), str(event.data.get("run", "")), event.at
        self.expected = float(event.data.get("expected_seconds", 0.0))
        self.total, self.done = int(event.data.get("transactions", 0)), 0

    def count(self) -> str:
        """``1240 of 5000 transactions done``, or "" where there are none."""
        return f"{self.done} of {words.plural(self.total, 'transaction')} done" if self.total else ""

    def line(self, now: float) -> str:
        """``run r1: 1240 of 5000 transactions done, 12.0 s of about 2 min``."""
        text = f"run {self.run}: {self.count()}" if self.total else self.text
        return f"{text}, {_clock(now - self.started, self.expected)}"


@attrs.define(kw_only=True)
class Item:
    """One transaction under way.

    Attributes:
        name: Its document.
        started: When it began, by the run's clock.
        expected: Seconds it should take.
        text: How it goes.
        timed: Whether the text says how long it has taken.
    """

    name: str
    started: float
    expected: float = 0.0
    text: str = "writing"
    timed: bool = False

    def line(self, now: float) -> str:
        """How it goes, with the time unless the provider has said it."""
        return visible(self.text if self.timed else f"{self.clock(now)}: {self.text}")

    def clock(self, now: float) -> str:
        """Elapsed and expected time: ``7 of about 15 min``."""
        return _clock(now - self.started, self.expected)


def _clock(elapsed: float, expected: float) -> str:
    elapsed = max(0.0, elapsed)
    if expected < SLOW_SECONDS:
        return words.took(elapsed)
    return f"{elapsed / 60:.0f} of {words.about(expected)}"


def _quick(event: Event) -> bool:
    """True for what is not worth a line of its own."""
    return event.kind == "recorded" and float(event.data.get("seconds", 0.0)) < QUIET_SECONDS


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
        case "phase":
            return event.text
        case "warning" | "note":
            return f"{event.kind}: {place + ': ' if place else ''}{event.text}"
    return ""


def _of(data: Mapping[str, Tree], name: str, word: str) -> str:
    return f"{words.plural(int(data[name]), word)} " if name in data else ""


class PlainProgress:
    """Lines such as ``12:03:10 cluster:h1: 7 of about 15 min: nodes rebooting``.

    Threads: the engine's, and that of the timer, under one lock.

    What takes less than a minute is told when it is done. What takes longer is told when it starts, whenever it
    reaches something new, and every few minutes.

    Args:
        out: Where to.
        zone: Of the times; None is the machine's.
        patience: Seconds of real time after which what is under way is told though nothing else happens; 0 is never.
    """

    def __init__(self, out: TextIO, *, zone: tzinfo | None = None, patience: float = 0.0) -> None:
        self._out = out
        self._zone = zone
        self._whole = Whole()
        self._first: float | None = None
        self._counted = 0.0
        self._waiting: list[str] | None = []
        self._slow: set[str] = set()
        self._last: dict[str, tuple[float, str]] = {}
        self._lock = threading.RLock()
        self._timer = threading.Timer(patience, self._lose_patience) if patience else None

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._hear(event)

    def _hear(self, event: Event) -> None:
        if self._first is None:
            self._first = self._counted = event.at
        if event.at - self._first >= QUIET_SECONDS:
            self._lose_patience()
        for text in self._news(event):
            at = datetime.fromtimestamp(event.at, UTC).astimezone(self._zone).strftime("%H:%M:%S")
            row = f"{at} {visible(text)}"
            if self._waiting is None or event.kind in LOUD:
                self._tell(row)
            else:
                self._waiting.append(row)

    def _news(self, event: Event) -> Iterator[str]:
        """What an event is worth telling."""
        if event.kind == "run" and event.data.get("state") == "started":
            self._whole.begin(event)
        self._whole.done += event.kind in ENDS
        if not _quick(event):
            if self._is_news(event):
                yield sentence(event)
        elif event.at - self._counted >= COUNT_SECONDS:
            self._counted = event.at
            yield self._whole.count()

    def _is_news(self, event: Event) -> bool:
        place = event.document or event.address or event.kind
        if float(event.data.get("expected_seconds", 0)) >= SLOW_SECONDS:
            self._slow.add(place)
        if event.kind in ("writing", "step") and place not in self._slow:
            return False
        phase = str(event.data.get("doing") or event.text) if event.kind == "settling" else sentence(event)
        at, before = self._last.get(place, (event.at, ""))
        if not sentence(event) or (
            phase == before and not (event.kind == "settling" and event.at - at >= AGAIN_SECONDS)
        ):
            return False
        self._last[place] = (event.at, phase)
        return True

    def _lose_patience(self) -> None:
        """Tell what waited to be told."""
        with self._lock:
            self._tell(*(self._waiting or ()))
            self._waiting = None

    def _tell(self, *rows: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # a reader that went away does not disturb the run
            self._out.write("".join(row + "\n" for row in rows))
            self._out.flush()

    def __enter__(self) -> "PlainProgress":
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._timer is not None:
            self._timer.cancel()


class LiveProgress:
    """What is under way, redrawn in place: the whole with its time, below it each transaction; what took long or went
    wrong scrolls above it.

    Threads: the engine's; the one that redraws only looks, at a copy of the list.
    """

    def __init__(self, out: TextIO, *, color: bool = True, ticks: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live

        self._items: dict[str, Item] = {}
        self._ticks = ticks
        self._now, self._tick = 0.0, ticks()
        self._whole = Whole()
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
        item = self._items.setdefault(event.document, Item(name=event.document, started=event.at))
        item.expected = float(event.data.get("expected_seconds", item.expected))
        item.text, item.timed = event.text or event.kind, "doing" in event.data

    def _leave(self, event: Event) -> None:
        text = visible(sentence(event))
        if event.kind in ENDS:
            self._items.pop(event.document, None)
            self._whole.done += 1
        if event.kind in ("refresh", "run", "phase"):
            self._whole.begin(event)
        elif text and not _quick(event) and (event.kind in LOUD or self._ticks() - self._began >= QUIET_SECONDS):
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
        for item in [one for one in list(self._items.values()) if now - one.started >= QUIET_SECONDS]:
            table.add_row(Text(visible(item.name)), Text(item.line(now)))
        return Group(Text(visible(self._whole.line(now))), table)


class JsonLines:
    """One JSON object an event: ``at`` (seconds since the epoch, by the run's clock), ``kind``, ``address``,
    ``document``, ``text``, ``data``; the last is of kind ``summary``. `haplan/report/README.md` describes each kind.

    Threads: one, the engine's.
    """

    def __init__(self, out: TextIO) -> None:
        self._out: TextIO | None = out
        self._at = 0.0
        self._ended = False

    def __call__(self, event: Event) -> None:
        self._at = event.at
        self._write(attrs.asdict(event))

    def end(self, text: str, data: Mapping[str, Tree]) -> None:
        """Write the summary, at the time of the last event; once."""
        if self._ended:
            return
        self._ended = True
        self(Event(kind="summary", at=self._at or time.time(), text=text, data=data))

    def _write(self, document: Mapping[str, Tree]) -> None:
        """Write one object. A reader that went away does not disturb the run."""
        if self._out is None:
            return
        ordered = {name: document[name] for name in ("at", "kind", "address", "document", "text", "data")}
        try:
            self._out.write(visible_json(json.dumps(ordered, ensure_ascii=False, default=str)) + "\n")
            self._out.flush()
        except BrokenPipeError:
            self._out = None


def progress(out: TextIO, *, color: bool) -> PlainProgress | LiveProgress:
    """The observer for people that suits the place it writes to."""
    return LiveProgress(out, color=color) if out.isatty() else PlainProgress(out, patience=PATIENCE_SECONDS)

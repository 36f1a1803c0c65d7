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
from haplan.report.under_way import GOES_ON, SLOW_SECONDS, UnderWay, sentence

QUIET_SECONDS = 1.0
AGAIN_SECONDS = 300.0
"""After this long the same phase is told again."""
COUNT_SECONDS = 10.0
"""How often plain lines say how many of the transactions are done."""
PATIENCE_SECONDS = 2.0
"""Real time after which a plain line says what is under way though nothing else happens."""
SILENCE_SECONDS = 10.0
"""Real time without a word after which a plain line says what is waited for."""
LOUD = frozenset({"failed", "warning"})
"""Kinds that are told at once, however short the run."""


def _quick(event: Event) -> bool:
    """True for what is not worth a line of its own."""
    return event.kind == "recorded" and float(event.data.get("seconds", 0.0)) < QUIET_SECONDS


class PlainProgress:
    """Lines such as ``12:03:10 cluster:h1: 7 of about 15 min: nodes rebooting``.

    Threads: the engine's, and one that looks every second, under one lock.

    What takes less than a minute is told when it is done. What takes longer is told when it starts, whenever it
    reaches something new, and every few minutes; where nothing was told for ten seconds, what is waited for.

    Args:
        out: Where to.
        zone: Of the times; None is the machine's.
        ticks: Real time; the run's clock may be a simulator's.
        simulated: Whether it will be. What is told before a simulator runs has no time then: it would be of another
            clock than all that follows.
    """

    def __init__(
        self,
        out: TextIO,
        *,
        zone: tzinfo | None = None,
        ticks: Callable[[], float] = time.monotonic,
        simulated: bool = False,
    ) -> None:
        self._out = out
        self._zone = zone
        self._timeless = simulated
        self._ticks = ticks
        self._under_way = UnderWay()
        self._heard = (0.0, ticks())
        self._began = self._told = ticks()
        self._ended = threading.Event()
        self._first: float | None = None
        self._counted = 0.0
        self._waiting: list[str] | None = []
        self._slow: set[str] = set()
        self._last: dict[str, tuple[float, str]] = {}
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._look, name="haplan-progress", daemon=True)

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._hear(event)

    def _hear(self, event: Event) -> None:
        if self._first is None:
            self._first = self._counted = event.at
            self._began = self._told = self._ticks()
        if self._timeless and event.kind in ("refresh", "run"):  # whoever is read or written has a clock
            self._timeless = False
            self._first = self._counted = event.at - (self._ticks() - self._began)
        self._heard = (event.at, self._ticks())
        self._under_way.hear(event)
        if event.at - self._first >= QUIET_SECONDS:
            self._lose_patience()
        for text in self._news(event):
            row = self._row(event.at, text)
            if self._waiting is None or event.kind in LOUD:
                self._tell(row)
            else:
                self._waiting.append(row)

    def _news(self, event: Event) -> Iterator[str]:
        """What an event is worth telling."""
        if not _quick(event):
            if self._is_news(event):
                yield sentence(event)
        elif event.at - self._counted >= COUNT_SECONDS:
            self._counted = event.at
            yield self._under_way.whole.count()

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

    def tick(self) -> None:
        """Look around: nobody is left for long without a word."""
        with self._lock:
            now = self._ticks()
            if self._first is not None and now - self._began >= PATIENCE_SECONDS:
                self._lose_patience()
            if self._first is not None and now - self._told >= SILENCE_SECONDS:
                at = self._heard[0] + (now - self._heard[1])
                if text := self._under_way.line(at):
                    self._tell(self._row(at, f"still {text}"))

    def _look(self) -> None:
        while not self._ended.wait(1.0):
            self.tick()

    def _row(self, at: float, text: str) -> str:
        if self._timeless:
            return visible(text)
        shown = datetime.fromtimestamp(at, UTC).astimezone(self._zone).strftime("%H:%M:%S")
        return f"{shown} {visible(text)}"

    def _lose_patience(self) -> None:
        """Tell what waited to be told."""
        self._tell(*(self._waiting or ()))
        self._waiting = None

    def _tell(self, *rows: str) -> None:
        self._told = self._ticks() if rows else self._told
        with contextlib.suppress(BrokenPipeError):  # a reader that went away does not disturb the run
            self._out.write("".join(row + "\n" for row in rows))
            self._out.flush()

    def __enter__(self) -> "PlainProgress":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()


class LiveProgress:
    """What is under way, redrawn in place: the whole with its time, below it each transaction; what took long or went
    wrong scrolls above it.

    Threads: the engine's; the one that redraws only looks, at a copy of the list.
    """

    def __init__(self, out: TextIO, *, color: bool = True, ticks: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live

        self._under_way = UnderWay()
        self._ticks = ticks
        self._now, self._tick = 0.0, ticks()
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
        self._under_way.hear(event)
        text = visible(sentence(event))
        if event.kind in (*GOES_ON, "refresh", "run", "phase") or not text or _quick(event):
            return
        if event.kind in LOUD or self._ticks() - self._began >= QUIET_SECONDS:
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
        for item in [one for one in list(self._under_way.items.values()) if now - one.started >= QUIET_SECONDS]:
            table.add_row(Text(visible(item.name)), Text(item.line(now)))
        return Group(Text(visible(self._under_way.whole.line(now))), table)


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


def progress(out: TextIO, *, color: bool, simulated: bool = False) -> PlainProgress | LiveProgress:
    """The observer for people that suits the place it writes to; `simulated` where time will be a simulator's."""
    return LiveProgress(out, color=color) if out.isatty() else PlainProgress(out, simulated=simulated)

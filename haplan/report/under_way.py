"""What is under way, as a person is told: the whole, each transaction, and what an event says."""

from collections.abc import Mapping

import attrs

from haplan.model.event import Event
from haplan.model.value import Tree
from haplan.model.visible import visible
from haplan.report import words

SLOW_SECONDS = 60.0
MOST = 3
"""So many transactions are named of those that are waited for."""
ENDS = frozenset({"recorded", "failed", "skipped", "queued"})
"""Kinds that end a transaction."""
GOES_ON = frozenset({"writing", "step", "settling", "progress", "verified"})
"""Kinds that say how a transaction goes."""


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


@attrs.define
class UnderWay:
    """What is under way now: the whole, and its transactions.

    Threads: that of the progress which has it.
    """

    whole: Whole = attrs.field(factory=Whole)
    items: dict[str, Item] = attrs.field(factory=dict)

    def hear(self, event: Event) -> None:
        """Take note of an event."""
        if event.kind in GOES_ON:
            item = self.items.setdefault(event.document, Item(name=event.document, started=event.at))
            item.expected = float(event.data.get("expected_seconds", item.expected))
            item.text, item.timed = event.text or event.kind, "doing" in event.data
        if event.kind in ENDS:
            self.items.pop(event.document, None)
            self.whole.done += 1
        if event.kind in ("planned", "run") and event.data.get("state") != "started":
            self.whole, self.items = Whole(), {}
        elif event.kind in ("refresh", "run", "phase"):
            self.whole.begin(event)

    def line(self, now: float) -> str:
        """All of it in one line; "" where nothing is under way."""
        if not (self.whole.text or self.whole.run):
            return ""
        listed = [f"{item.name}: {item.line(now)}" for item in list(self.items.values())[:MOST]]
        more = [f"and {len(self.items) - MOST} more"] if len(self.items) > MOST else []
        return "; ".join([self.whole.line(now), *listed, *more])


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
        case "finding" if data.get("severity") == "warning":
            return f"{place}: warning: {event.text}"
        case "warning" | "note":
            return f"{event.kind}: {place + ': ' if place else ''}{event.text}"
    return ""


def _of(data: Mapping[str, Tree], name: str, word: str) -> str:
    return f"{words.plural(int(data[name]), word)} " if name in data else ""

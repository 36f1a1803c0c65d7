"""Who is told what happens: progress, records, plugins. Nobody of them is told a secret, or cuts a run short."""

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

from haplan.contracts import Clock, Observer
from haplan.errors import PluginError, said
from haplan.host.redaction import Redactor
from haplan.model.event import Event, EventKind


class Observers:
    """The observers of one session.

    Threads: observers are called in the thread that the engine works in, and nowhere else. `note` may be called in any:
    what is noted elsewhere waits in a queue for `catch_up`, or for the next thing that the engine tells.

    Args:
        given: Of whoever opened the session.
        plugins: Of the plugins, by name.
        redact: Takes the secrets out of what is told.
        clock: Gives the session's clock.
        log: Takes a line for ``--log``: the trace of who breaks.
    """

    def __init__(
        self,
        *,
        given: Sequence[Observer],
        plugins: Mapping[str, Observer],
        redact: Redactor,
        clock: Callable[[], Clock],
        log: Callable[[str], None],
    ) -> None:
        told = {f"plugin {name!r}": observer for name, observer in plugins.items()}
        self._observers = [*map(_named, given), *told.items()]
        self._redact = redact
        self._clock = clock
        self._log = log
        self._thread = threading.get_ident()
        self._noted: SimpleQueue[Event] = SimpleQueue()

    @contextmanager
    def also(self, observers: Sequence[Observer]) -> Iterator[None]:
        """Tell these too, for a ``with`` block."""
        more = [*map(_named, observers)]
        self._observers += more
        try:
            yield
        finally:
            self._observers = [told for told in self._observers if told not in more]

    def tell(self, kind: EventKind, text: str = "", **more: Any) -> None:
        """Tell them. The engine's alone."""
        self.observe(Event(kind=kind, at=self._clock().now(), text=text, **more))

    def note(self, text: str) -> None:
        """A line for people from a provider, in whichever thread it works."""
        self._from_anywhere(Event(kind="note", at=self._clock().now(), text=text))

    def warn(self, text: str) -> None:
        """A warning, from whichever thread."""
        self._from_anywhere(Event(kind="warning", at=self._clock().now(), text=text))

    def _from_anywhere(self, event: Event) -> None:
        self._noted.put(event)
        if threading.get_ident() == self._thread:
            self.catch_up()

    def observe(self, event: Event) -> None:
        """Pass an event on, without secrets. The engine's alone."""
        self._thread = threading.get_ident()
        self.catch_up()
        self._pass_on(event)

    def catch_up(self) -> None:
        """Pass on what was noted in other threads. The engine's alone."""
        with suppress(Empty):
            while True:
                self._pass_on(self._noted.get_nowait())

    def _pass_on(self, event: Event) -> None:
        """Who breaks at it is told nothing more: no run is cut short by that."""
        event = self._redact.tree(event)
        for told in list(self._observers):
            name, observer = told
            try:
                observer(event)
            except Exception as error:  # the code of a plugin, or an output that takes nothing more: named
                self._observers.remove(told)
                for line in traceback.format_exception(error):
                    self._log(line.rstrip("\n"))
                why = said(error.__cause__ if isinstance(error, PluginError) and error.__cause__ else error)
                self.tell("warning", f"{name} is told nothing more of this run: {why}")


def _named(observer: Observer) -> tuple[str, Observer]:
    return type(observer).__name__, observer

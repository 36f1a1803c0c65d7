"""Signals that ask a run to stop."""

import signal
import threading
from collections.abc import Callable
from typing import Any

from haplan.model.event import Event

STOPPING = "stopping: writes under way are finished, nothing new is started; Ctrl-C again leaves at once"
HANGUP = getattr(signal, "SIGHUP", None)  # not on Windows
STOPS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, HANGUP) if number is not None)


class Interruptible:
    """While a run is under way, Ctrl-C once sets `stop`: nothing new is started. Twice raises KeyboardInterrupt, and so
    does once before the run began, or after it: then there is nothing to finish.

    Threads: the main one, in which signals are handled.

    So does a request to end (SIGTERM). A terminal that is closed (SIGHUP) counts once, however often it is told; under
    nohup it does not count. It is an observer of the run, and a context manager, of the main thread.

    Args:
        tell: Takes the line for people when the run is asked to stop.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.stop = threading.Event()
        self._tell = tell
        self._running = False
        self._before: dict[int, Any] = {}

    def __call__(self, event: Event) -> None:
        if event.kind == "run":
            self._running = event.data.get("state") == "started"

    def __enter__(self) -> "Interruptible":
        heard = [number for number in STOPS if number != HANGUP or signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._pressed) for number in heard}
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _pressed(self, number: int, frame: object) -> None:
        if self.stop.is_set() and number == HANGUP:  # a shell that ends passes it on, and the terminal says it again
            return
        if self.stop.is_set() or not self._running:
            raise KeyboardInterrupt
        self.stop.set()
        self._tell(STOPPING)

"""Signals that ask a run to stop."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPPING = "stopping: writes under way are finished, nothing new is started; Ctrl-C again leaves at once"
HANGUP = getattr(signal, "SIGHUP", None)  # not on Windows
STOPS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, HANGUP) if number is not None)


@contextmanager
def interruptible(tell: Callable[[str, str], None]) -> Iterator[threading.Event]:
    """Ctrl-C once sets the flag: nothing new is started. Twice raises KeyboardInterrupt.

    So does a request to end (SIGTERM). A terminal that is closed (SIGHUP) counts once, however often it is told; under
    nohup it does not count.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def pressed(number: int, frame: object) -> None:
        if stop.is_set():
            if number != HANGUP:  # a shell that ends passes it on, and the terminal says it again
                raise KeyboardInterrupt
            return
        stop.set()
        tell("warning", STOPPING)

    heard = [number for number in STOPS if number != HANGUP or signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pressed) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

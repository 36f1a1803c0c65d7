"""The garbage collector while a stack is loaded and compared: what is made then stays, and looking through it again and
again is most of what it would do."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (100_000, 50, 100)
"""Allocations between two looks, in place of Python's 700."""


class _Rest:
    """How many are at it, and what holds otherwise.

    Threads: any, under one lock: the thresholds are the process's, the first to come changes them, the last to go puts
    them back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._usual = gc.get_threshold()

    def begin(self) -> None:
        """One more."""
        with self._lock:
            if not self._count:
                self._usual = gc.get_threshold()
                gc.set_threshold(*(max(pair) for pair in zip(self._usual, RARELY, strict=True)))
            self._count += 1

    def end(self) -> None:
        """One less."""
        with self._lock:
            self._count -= 1
            if not self._count:
                gc.set_threshold(*self._usual)


_rest = _Rest()


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """The collector looks seldom; where somebody has switched it off, it stays off."""
    if gc.get_threshold()[0] == 0:
        yield
        return
    _rest.begin()
    try:
        yield
    finally:
        _rest.end()

"""The calls of one token: how many were made, how many are left, how many go out in a second, and the waits for it."""

import threading
from collections.abc import Callable

from haplan.plugin import Clock

LONGEST_NAP = 60.0
"""Waits are cut into pieces, so that an interrupt comes through and the wait is told."""


class Budget:
    """Counts for all threads of a client.

    Threads: any, under one lock.

    Args:
        clock: Time.
        calls_a_second: Most calls a second, as `haplan.plugin.Provider` declares them; 0 sets no limit.

    Attributes:
        made: Calls made so far.
        limit: Calls that the token may make, once known.
    """

    def __init__(self, clock: Clock, calls_a_second: float = 0.0) -> None:
        self._apart = 1 / calls_a_second if calls_a_second else 0.0
        self._next = 0.0
        self.made = 0
        self.limit: int | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._left: int | None = None
        self._left_at = 0
        self._resume_at, self._why = 0.0, ""

    def count(self) -> None:
        """A call goes out."""
        with self._lock:
            self.made += 1

    def learn(self, limit: int, used: int) -> None:
        """What the service said of the token."""
        with self._lock:
            self.limit, self._left, self._left_at = limit, limit - used, self.made

    @property
    def left(self) -> int | None:
        """Calls left, as far as known."""
        with self._lock:
            return None if self._left is None else max(self._left - (self.made - self._left_at), 0)

    def used_up(self, seconds: float) -> None:
        """The service takes no more for so many seconds."""
        self.pause(seconds, "the hour's budget of API calls is used up")
        with self._lock:
            self._left = None

    def pause(self, seconds: float, why: str) -> None:
        """Nobody calls for so many seconds."""
        with self._lock:
            until = self._clock.now() + seconds
            if until > self._resume_at:
                self._resume_at, self._why = until, why

    def wait(self, tell: Callable[[str], None]) -> bool:
        """Wait until calls may be made again, and for one's turn; True if there was something to wait for."""
        waited = False
        while True:
            with self._lock:
                rest, why = self._resume_at - self._clock.now(), self._why
            if rest <= 0:
                return self._turn() or waited
            waited = True
            tell(f"waiting {rest:.0f} s: {why}")
            self._clock.sleep(min(rest, LONGEST_NAP))

    def _turn(self) -> bool:
        """Each call has its time, one after the other; True if that was still to come."""
        if not self._apart:
            return False
        with self._lock:
            now = self._clock.now()
            at = max(now, self._next)
            self._next = at + self._apart
        if at > now:
            self._clock.sleep(at - now)
        return at > now

"""The mailbox of a run: what its threads tell the loop, and how a writer waits for the loop's leave."""

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event as Flag
from typing import TypeVar

from haplan.errors import HaplanError, ProviderError, said
from haplan.model.state import Intent
from haplan.steps.apply.run_context import Announce

T = TypeVar("T")

NEARLY = 0.002
"""Seconds after which what ended is saved: what ends nearly at the same time is one commit."""
TICK = 0.25
"""Seconds of real time after which a waiting loop looks at Ctrl-C and the lease again."""


class Mailbox:
    """Messages on their way to the loop.

    Args:
        wall: Real time, by which leases go.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._queue: SimpleQueue[object] = SimpleQueue()
        self._closed = Flag()
        self._wall = wall

    def put(self, message: object) -> None:
        """Tell the loop."""
        self._queue.put(message)

    def close(self) -> None:
        """The loop has ended: nobody is answered any more."""
        self._closed.set()

    def arrived(self, *, busy: bool, running: int) -> list[object]:
        """The messages that are there; none when it is time to look around.

        Args:
            busy: Something is on its way: wait a tick for it.
            running: Writes under way.
        """
        found: list[object] = []
        with suppress(Empty):
            found.append(self._queue.get(timeout=TICK) if busy else self._queue.get_nowait())
            while True:  # while others are on their way, what they are about to tell is worth a moment
                soon = len(found) < running
                found.append(self._queue.get(timeout=NEARLY) if soon else self._queue.get_nowait())
        return found

    def ask(self, intent: Intent, again: bool) -> None:
        """Called in a worker: wait until the loop has made the intent durable, and the lease outlives the write.

        Raises:
            HaplanError: Why this must not be written.
        """
        while True:
            asked = Announce(intent, SimpleQueue(), again)
            self.put(asked)
            until = self._answer(asked)
            if self._wall() <= until:
                return
            again = True  # this process slept in between: somebody else may have the lock by now

    def _answer(self, asked: Announce) -> float:
        while not self._closed.is_set():
            with suppress(Empty):
                answer = asked.answer.get(timeout=TICK)
                if isinstance(answer, HaplanError):
                    raise answer
                return answer
        raise HaplanError(f"{asked.intent.document}: the run has ended; nothing more is written")


def surely(work: Callable[[], T], instead: Callable[[ProviderError], T]) -> T:
    """What a thread tells the loop, which waits for it: also where haplan itself breaks in it."""
    try:
        return work()
    except BaseException as error:  # a thread that ends without a word would be waited for without end
        return instead(ProviderError(f"haplan itself broke, please report: {said(error)}", lost=True))

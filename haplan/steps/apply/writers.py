"""Writers: the threads of the writes, and of the looks at them, at most so many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Writers:
    """Threads that do one thing each, and put what came of it.

    Threads: one, that of the run's loop. Those that work have their work and `put`.
    """

    def __init__(self, most: int, put: Callable[[object], None], name: str) -> None:
        self._most, self._put, self._name = most, put, name
        self._pool = self._new()

    def start(self, work: Callable[[], object]) -> None:
        """Do it in a thread."""
        self._pool.submit(lambda: self._put(work()))

    def replace(self) -> None:
        """One of them hangs, and keeps its thread for itself: the others get new ones."""
        self._pool.shutdown(wait=False)
        self._pool = self._new()

    def close(self) -> None:
        """Begin nothing any more, and wait for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _new(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._most, thread_name_prefix=self._name)

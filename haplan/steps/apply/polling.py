"""Polling: one poller a provider asks about all its settling transactions at once, in a thread of its own."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from haplan.contracts import Clock, Provider, Task
from haplan.errors import HaplanError
from haplan.state.lease import HEARTBEAT
from haplan.steps.apply.run_context import Polled
from haplan.steps.apply.worker import broken


class Pollers:
    """Who is being asked, and when who is asked again.

    Args:
        providers: By key.
        clock: The time by which they are due.
        put: Takes each answer, in a poller's thread.
    """

    def __init__(self, providers: Mapping[str, Provider], clock: Clock, put: Callable[[Polled], None]) -> None:
        self._providers = providers
        self._clock = clock
        self._put = put
        self._threads = ThreadPoolExecutor(max(1, len(providers)), thread_name_prefix="haplan-poll")
        self._asked: set[str] = set()
        self._due: dict[str, float] = {}
        self._unanswered: Counter[str] = Counter()

    def busy(self) -> bool:
        """True while somebody is being asked."""
        return bool(self._asked)

    def close(self) -> None:
        """Ask nobody any more, and wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def start_due(self, settling: Iterable[Task]) -> None:
        """Ask the providers whose turn it is."""
        waiting: dict[str, list[Task]] = {}
        for task in settling:
            waiting.setdefault(task.transaction.provider, []).append(task)
        now = self._clock.now()
        for key, tasks in waiting.items():
            if key not in self._asked and now >= self._due.get(key, 0.0):
                provider = self._providers[key]
                self._asked.add(key)
                self._due[key] = now + provider.poll_seconds
                self._threads.submit(self._ask, key, provider, tasks)

    def _ask(self, key: str, provider: Provider, tasks: Sequence[Task]) -> None:
        try:
            self._put(Polled(key, provider.settled(tasks)))
        except HaplanError as error:
            self._put(Polled(key, {}, error))
        except Exception as error:  # a provider is a plugin: name it
            self._put(Polled(key, {}, broken(provider, "waiting", error)))

    def answered(self, message: Polled) -> int:
        """Take note of an answer; gives how many in a row were none."""
        self._asked.discard(message.provider)
        in_a_row = 0 if message.error is None else self._unanswered[message.provider] + 1
        self._unanswered[message.provider] = in_a_row
        return in_a_row

    def let_time_pass(self, settling: Iterable[Task]) -> None:
        """Nothing is being written: sleep until the next poll, in slices short enough for Ctrl-C and the lease."""
        waiting = {task.transaction.provider for task in settling}
        until = min((self._due.get(key, 0.0) for key in waiting), default=0.0)
        pause = min(until - self._clock.now(), HEARTBEAT)
        if pause > 0:
            self._clock.sleep(pause)

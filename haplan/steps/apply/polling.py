"""Polling: one poller a provider asks about all its settling transactions at once, in a thread of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from haplan.contracts import Clock, Provider, Settlement, Task
from haplan.errors import HaplanError
from haplan.state.lease import HEARTBEAT
from haplan.steps.apply.mailbox import surely
from haplan.steps.apply.pace import Pace
from haplan.steps.apply.run_context import Polled


class Pollers:
    """Who is being asked, and when who is asked again.

    Threads: one, that of the run's loop. Those that ask have what they are given, and `put`.

    Args:
        providers: By key.
        clock: The time by which they are due.
        put: Takes each answer, in a poller's thread.
        pace: Which of them may be called now.
    """

    def __init__(
        self, providers: Mapping[str, Provider], clock: Clock, put: Callable[[Polled], None], pace: Pace
    ) -> None:
        self._providers = providers
        self._pace = pace
        self._clock = clock
        self._put = put
        self._threads = ThreadPoolExecutor(max(1, len(providers)), thread_name_prefix="haplan-poll")
        self._asked: dict[str, float] = {}
        self._due: dict[str, float] = {}

    def busy(self) -> bool:
        """True while somebody is being asked."""
        return bool(self._asked)

    def awaited(self, settling: Iterable[Task]) -> bool:
        """True while an answer is on its way that says something of what still settles; nobody who hangs is waited
        for."""
        about = {task.transaction.provider for task in settling}
        return any(key in about and not self.hangs(key) for key in self._asked)

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
            if key not in self._asked and now >= self._turn(key):
                provider = self._providers[key]
                self._pace.calls(key)
                self._asked[key] = now
                self._due[key] = now + provider.poll_seconds
                self._threads.submit(self._ask, key, provider, tasks)

    def _turn(self, key: str) -> float:
        return max(self._due.get(key, 0.0), self._pace.free(key))

    def _ask(self, key: str, provider: Provider, tasks: Sequence[Task]) -> None:
        def unanswered(error: HaplanError) -> Polled:
            silent = Settlement(state="unanswered", text=str(error))
            return Polled(key, {task.transaction.id: silent for task in tasks}, error)

        def ask() -> Polled:
            try:
                return Polled(key, provider.settled(tasks))
            except HaplanError as error:
                return unanswered(error)

        self._put(surely(ask, unanswered))

    def answered(self, message: Polled) -> None:
        """Take note of an answer."""
        self._asked.pop(message.provider, None)

    def hangs(self, key: str) -> bool:
        """True if a provider was asked, and gives no answer since longer than it waits between two questions."""
        since = self._asked.get(key)
        return since is not None and self._clock.now() - since > self._providers[key].poll_seconds

    def let_time_pass(self, settling: Iterable[Task], due: float = 0.0) -> None:
        """Nothing is being written: sleep until the next poll, or until a write is due, in slices short enough for
        Ctrl-C and the lease."""
        waiting = {task.transaction.provider for task in settling}
        until = min([*map(self._turn, waiting), *([due] if due else [])], default=0.0)
        pause = min(until - self._clock.now(), HEARTBEAT)
        if pause > 0:
            self._clock.sleep(pause)

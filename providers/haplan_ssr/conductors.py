"""A pair of conductors as one: the other is asked where the first does not answer.

Both hold one configuration that runs; each has candidates of its own. So a transaction that has begun is not gone on
with at the other, and what became of a commit is looked up at whichever answers.
"""

import threading
from collections.abc import Callable, Sequence

from haplan.kit.calls import Call, NoAnswer
from haplan.plugin import Tree
from haplan_ssr.client import Client
from haplan_ssr.questions import Questions


class Conductors(Questions):
    """Calls to whichever of several conductors answers; what is once found to answer is asked first.

    Threads: any; which one is asked first is told under a lock.
    """

    def __init__(self, clients: Sequence[Client], tell: Callable[[str], None]) -> None:
        self._clients, self._tell = tuple(clients), tell
        self._lock = threading.Lock()
        self._first = 0

    @property
    def host(self) -> str:
        """Who is asked first."""
        return self._clients[self._first].host

    @property
    def made(self) -> int:
        """Calls made so far, to all of them."""
        return sum(client.made for client in self._clients)

    def call(self, call: Call) -> Tree:
        """Carry out a call; one that only reads is put to the others where nobody answers.

        Raises:
            NoAnswer: None of them answers.
        """
        first, errors = self._first, list[str]()
        for step in range(len(self._clients) if call.reads else 1):
            at = (first + step) % len(self._clients)
            try:
                found = self._clients[at].call(call)
            except NoAnswer as error:
                errors.append(str(error))
                continue
            self._take(at, first)
            return found
        raise NoAnswer("; ".join(errors))

    def close(self) -> None:
        """Let go of connections."""
        for client in self._clients:
            client.close()

    def _take(self, at: int, instead_of: int) -> None:
        with self._lock:
            if at == self._first or self._first != instead_of:
                return
            self._first = at
        was, now = self._clients[instead_of].host, self._clients[at].host
        self._tell(f"ssr: conductor {was} does not answer, {now} does: it is asked from now on")

"""Several plugins asked at once: each answers in its own time, and all of them are heard."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from haplan.errors import Gathering, HaplanError

T = TypeVar("T")

MOST = 16
"""Most that are asked at once."""
PATIENCE = 0.1
"""Seconds after which somebody who waits looks up."""


def together(
    jobs: Mapping[str, Callable[[], T]],
    meanwhile: Callable[[], None] = lambda: None,
    *,
    here: Collection[str] = (),
) -> dict[str, T]:
    """What each job gives, in the order of the jobs. One alone is done here, in the caller's thread; several side by
    side, each in a thread of its own, and one that fails cuts none of the others short.

    Args:
        jobs: Provider key → what is asked of it.
        meanwhile: Is called again and again here while the others work.
        here: Keys of jobs that are done here in any case, since they wait for nobody.

    Threads: each key is written by the one that has its job.

    Raises:
        HaplanError: What a job raised; what each raised where several did.
    """
    apart = [key for key in jobs if key not in here]
    if len(apart) < 2:
        return {key: job() for key, job in jobs.items()}
    found: dict[str, T] = {}
    wrong: dict[str, BaseException] = {}
    workers = _begun(deque(apart), lambda key: _done(key, jobs[key], found, wrong))
    for key in (key for key in jobs if key in here):
        _done(key, jobs[key], found, wrong)
    for worker in workers:
        while worker.is_alive():
            worker.join(PATIENCE)
            meanwhile()
    gathering = Gathering()
    for key in (key for key in jobs if key in wrong):
        with gathering:
            raise _naming(key, wrong[key])
    gathering.refuse()
    return {key: found[key] for key in jobs}


def _begun(waiting: deque[str], ask: Callable[[str], None]) -> list[threading.Thread]:
    """Threads that ask for one after the other until nobody waits. Each key is taken by one of them."""

    def work() -> None:
        while waiting:
            try:
                key = waiting.popleft()  # whole by itself: deques are made for that
            except IndexError:
                return
            ask(key)

    # daemons: who presses Ctrl-C does not wait for an answer that never comes
    count = range(min(MOST, len(waiting)))
    workers = [threading.Thread(target=work, name=f"haplan-ask-{number}", daemon=True) for number in count]
    for worker in workers:
        worker.start()
    return workers


def _done(key: str, job: Callable[[], T], found: dict[str, T], wrong: dict[str, BaseException]) -> None:
    """Each key has one writer."""
    try:
        found[key] = job()
    except BaseException as error:  # raised again where it is waited for
        wrong[key] = error


def _naming(key: str, error: BaseException) -> BaseException:
    """An error of one alias of several says which."""
    if isinstance(error, HaplanError) and "." in key and error.names != key:
        error.args = (f"{key}: {error}", *error.args[1:])
        error.names = key
    return error

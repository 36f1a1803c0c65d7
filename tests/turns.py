"""Threads that take turns as often as they can, so that what they share without a lock shows it."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

T = TypeVar("T")
THREADS = 8


@pytest.fixture
def often() -> Iterator[None]:
    """The interpreter switches threads whenever it may."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def side_by_side(work: Callable[[int], T]) -> list[T]:
    """The same in many threads, begun together; gives what each of them gave."""
    begin = threading.Barrier(THREADS)

    def go(number: int) -> T:
        begin.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(go, range(THREADS)))

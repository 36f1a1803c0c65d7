"""A plan lets the garbage collector rest, and leaves it as it was found."""

import gc
import threading
from collections.abc import Iterator

import pytest

from haplan.host.collector import RARELY, collecting_rarely


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_it_rests_while_somebody_is_at_work_and_is_as_it_was_afterwards() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with collecting_rarely():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)

    def broken() -> None:
        with collecting_rarely():
            thread.start()
            inside.wait(10)
            raise ValueError("broke")

    with pytest.raises(ValueError, match="broke"):
        broken()
    assert gc.get_threshold() == RARELY  # the other one is still at it
    leave.set()
    thread.join(10)
    assert gc.get_threshold() == (700, 10, 10)


def test_what_a_program_has_set_for_itself_is_kept() -> None:
    gc.set_threshold(500_000, 5, 1000)
    with collecting_rarely():
        assert gc.get_threshold() == (500_000, 50, 1000)
    assert gc.get_threshold() == (500_000, 5, 1000)
    gc.set_threshold(0)
    with collecting_rarely():
        assert gc.get_threshold()[0] == 0

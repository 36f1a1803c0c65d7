"""A fresh SQLite state for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from haplan_sqlite import SqliteState, open_sqlite
from tests.state.samples import FakeClock, holder, run

Open = Callable[[], SqliteState]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def open_state(path: Path, clock: FakeClock) -> Iterator[Open]:
    """Opens the same file once more, each time; all are closed at the end."""
    with ExitStack() as stack:

        def once_more() -> SqliteState:
            backend = open_sqlite(str(path), clock)
            stack.callback(backend.close)
            return backend

        yield once_more


@pytest.fixture
def state(open_state: Open) -> SqliteState:
    """With the lock taken and the run r1 begun."""
    backend = open_state()
    backend.lock(holder())
    backend.begin(run())
    return backend

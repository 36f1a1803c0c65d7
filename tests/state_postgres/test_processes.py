"""Several processes, some of which die."""

import sys

import pytest

from haplan.errors import Locked
from tests.state.processes import BEGUN, CONTENDER, Backend, ends_killed, goes_on, is_as_before, one_wins
from tests.state.samples import holder
from tests.state_postgres.conftest import Open

start = Backend("haplan_postgres", "open_postgres").start


def test_of_processes_that_want_the_lock_one_gets_it_and_makes_the_schema(url: str, open_state: Open) -> None:
    one_wins([start(url, CONTENDER) for _ in range(3)], open_state)


KILLED = f"""{BEGUN}
with state._writing() as at:
    dies(at.db, 200)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_a_transaction_the_state_is_as_before_it(url: str, open_state: Open) -> None:
    ends_killed(start(url, KILLED))
    backend = open_state()
    is_as_before(backend)
    with pytest.raises(Locked, match="its lease lasts"):
        backend.lock(holder("l2", where="host2"))
    goes_on(backend)


WRITER = """
for n in range(5):
    while True:
        try:
            state.lock(me)
            break
        except Locked:
            pass
    opened = state.begin(run(f"{me.id}-{n}"))
    state.save(Update(run=opened.id, rows=(row(f"site.{opened.id}"),)))
    state.unlock(me.id)
"""


def test_of_several_writers_one_writes_at_a_time_and_nothing_is_lost(url: str, open_state: Open) -> None:
    writers = [start(url, WRITER) for _ in range(3)]
    for writer in writers:
        writer.communicate()
    loaded = open_state().load()
    assert (len(loaded.rows), loaded.serial) == (15, 15)
    assert [run.serial for run in loaded.runs] == list(range(1, 16))
    assert sorted(row.seq for row in loaded.rows.values()) == list(range(1, 16))

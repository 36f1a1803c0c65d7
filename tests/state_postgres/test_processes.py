"""Several processes, some of which die."""

import sys

import pytest

from haplan.errors import Locked
from haplan.model.state import Update
from tests.state.processes import CONTENDER, Backend, one_wins
from tests.state.samples import holder, row, run
from tests.state_postgres.conftest import Open

start = Backend("haplan_postgres", "open_postgres").start


def test_of_processes_that_want_the_lock_one_gets_it_and_makes_the_schema(url: str, open_state: Open) -> None:
    one_wins([start(url, CONTENDER) for _ in range(3)], open_state)


KILLED = """
state.lock(me)
state.begin(run())
state.save(Update(run="r1", rows=(row("site.saved"),)))
state.journal([intent()])
with state._writing() as at:
    writing.save(at.db, Update(run="r1", rows=tuple(row(f"site.s{n}", values={"x": "y" * 500}) for n in range(200))))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_a_transaction_the_state_is_as_before_it(url: str, open_state: Open) -> None:
    killed = start(url, KILLED)
    killed.communicate()
    assert killed.returncode == -9
    backend = open_state()
    loaded = backend.load()
    assert ([*loaded.rows], len(loaded.intents)) == ([("site.saved", "")], 1)
    with pytest.raises(Locked, match="its lease lasts"):
        backend.lock(holder("l2", where="host2"))
    backend.lock(holder())  # on the same host its process is seen to be dead: no need to wait for the lease
    assert backend.begin(run("r2")).serial == 2
    backend.save(Update(run="r2", rows=(row(),)))


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

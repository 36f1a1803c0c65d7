"""Several processes, some of which die."""

import sys
from pathlib import Path

import pytest

from haplan.errors import Locked
from haplan.model.state import Update
from haplan_sqlite import SqliteState
from tests.state.conftest import Open
from tests.state.processes import CONTENDER, Backend, one_wins
from tests.state.samples import holder, row, run

start = Backend("haplan_sqlite", "open_sqlite").start


def test_of_processes_that_want_the_lock_one_gets_it_and_makes_the_file(path: Path, open_state: Open) -> None:
    one_wins([start(path, CONTENDER) for _ in range(3)], open_state)
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


KILLED = """
from haplan_sqlite import writing
state.lock(me)
state.begin(run())
state.save(Update(run="r1", rows=(row("site.saved"),)))
state.journal([intent()])
with writing.transaction(state._writer, state.path) as db:
    writing.save(db, Update(run="r1", rows=tuple(row(f"site.s{n}", values={"x": "y" * 5000}) for n in range(2000))))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_a_transaction_the_state_is_as_before_it(path: Path, open_state: Open) -> None:
    killed = start(path, KILLED)
    killed.communicate()
    assert killed.returncode == -9
    for backend in (open_state(), open_state()):
        loaded = backend.load()
        assert ([*loaded.rows], len(loaded.intents)) == ([("site.saved", "")], 1)
    backend.lock(holder())  # its process is dead: no need to wait for the lease
    assert backend.begin(run("r2")).serial == 2
    backend.save(Update(run="r2", rows=(row(),)))
    backend.close()
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


def test_reading_after_a_kill_does_not_touch_the_database(path: Path, open_state: Open) -> None:
    start(path, KILLED).communicate()
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.suffix != ".db-shm"}
    assert open_state().load().serial == 1
    assert {file.name: file.read_bytes() for file in path.parent.iterdir() if file.suffix != ".db-shm"} == before


CREATOR = """
from haplan_sqlite import schema
publish = schema._publish
schema._publish = lambda draft, path: os.kill(os.getpid(), signal.SIGKILL)
state.lock(me)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_while_the_state_is_made_leaves_no_half_made_one(path: Path, open_state: Open) -> None:
    killed = start(path, CREATOR)
    killed.communicate()
    assert killed.returncode == -9
    assert not path.exists()
    assert open_state().load().lineage == ""
    assert open_state().lock(holder()).token == 1


def test_another_process_reads_while_a_transaction_is_open(state: SqliteState, path: Path) -> None:
    from haplan_sqlite import writing

    state.save(Update(run="r1", rows=(row(),)))
    assert state._writer is not None
    with writing.transaction(state._writer, state.path) as db:
        writing.save(db, Update(run="r1", rows=(row("site.b"),)))
        reader = start(path, "print(len(state.load().rows), state.holder().who)")
        output, _ = reader.communicate()
    assert output == "1 ana\n"
    with pytest.raises(Locked):
        state.lock(holder("l2", where="host2"))


READER = """
print(len(state.load().rows), flush=True)
"""
LAST_TO_CLOSE = """
import sqlite3
db = sqlite3.connect(sys.argv[1])
print(*db.execute("SELECT count(*) FROM rows").fetchone())
db.close()
"""


def test_a_second_reader_in_the_process_of_a_run_lets_go_of_none_of_its_locks(
    path: Path, state: SqliteState, open_state: Open
) -> None:
    state.save(Update(run="r1", rows=(row("site.a"),)))
    open_state().load()
    assert start(path, LAST_TO_CLOSE).communicate()[0].strip() == "1"
    assert path.with_name("state.db-wal").exists()
    state.save(Update(run="r1", rows=(row("site.b"),)))
    assert start(path, READER).communicate()[0].strip() == "2"

"""Several processes, some of which die."""

import os
import sys
import time
from pathlib import Path

import pytest

from haplan.errors import Locked
from haplan.model.state import Update
from haplan_sqlite import SqliteState
from tests.state.conftest import Open
from tests.state.processes import BEGUN, CONTENDER, Backend, ends_killed, goes_on, is_as_before, one_wins
from tests.state.samples import holder, row

start = Backend("haplan_sqlite", "open_sqlite").start


def test_of_processes_that_want_the_lock_one_gets_it_and_makes_the_file(path: Path, open_state: Open) -> None:
    one_wins([start(path, CONTENDER) for _ in range(3)], open_state)
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


KILLED = f"""{BEGUN}
with writing.transaction(state._writer, state.path) as db:
    dies(db, 2000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_in_a_transaction_the_state_is_as_before_it(path: Path, open_state: Open) -> None:
    ends_killed(start(path, KILLED))
    for backend in (open_state(), open_state()):
        is_as_before(backend)
    goes_on(backend)
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
    ends_killed(start(path, CREATOR))
    assert not path.exists()
    assert open_state().load().lineage == ""
    assert open_state().lock(holder()).token == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_was_left_half_made_is_gone_when_the_next_state_is_made_and_nobody_works_on_it(
    path: Path, open_state: Open
) -> None:
    for _ in range(2):
        ends_killed(start(path, CREATOR))
    old, new = sorted(path.parent.glob(".state.db.*.new"))
    an_hour_ago = time.time() - 3601
    os.utime(old, (an_hour_ago, an_hour_ago))
    open_state().lock(holder())
    assert not old.exists()
    assert new.exists()


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

"""Which files are read, made and left behind."""

import os
import resource
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from haplan.errors import StateError, StateNotSaved
from haplan.model.state import State, Update
from haplan_sqlite import SqliteState, open_sqlite, schema
from tests.state.conftest import Open
from tests.state.samples import FakeClock, holder, intent, row


def age(path: Path) -> None:
    """Let a file look as if nobody had written it for a minute."""
    os.utime(path, (path.stat().st_atime - 60, path.stat().st_mtime - 60))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("url", ["sqlite:///a/state.db", "a/state.db"])
def test_a_relative_url_is_below_the_folder_of_now(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    monkeypatch.chdir(tmp_path)
    backend = open_sqlite(url, clock)
    monkeypatch.chdir("/")
    assert backend.path == tmp_path / "a" / "state.db"
    assert backend.url == f"sqlite:///{tmp_path}/a/state.db"


def test_an_absolute_url_has_four_slashes(clock: FakeClock) -> None:
    assert open_sqlite("sqlite:////var/lib/state.db", clock).path == Path("/var/lib/state.db")


@pytest.mark.parametrize("url", ["sqlite://state.db", "postgres:///x", "sqlite:///", ""])
def test_another_url_is_refused_with_the_right_spelling(url: str, clock: FakeClock) -> None:
    with pytest.raises(StateError, match=r"sqlite:///path/state\.db"):
        open_sqlite(url, clock)


def test_a_name_full_of_url_signs_is_a_name(tmp_path: Path, clock: FakeClock) -> None:
    backend = open_sqlite(str(tmp_path / "a?mode=ro#%20 b.db"), clock)
    backend.lock(holder())
    backend.close()
    assert [file.name for file in tmp_path.iterdir()] == ["a?mode=ro#%20 b.db"]


def test_reading_what_is_not_there_makes_nothing(tmp_path: Path, clock: FakeClock) -> None:
    backend = open_sqlite(f"sqlite:///{tmp_path}/.haplan/default/state.db", clock)
    assert (backend.load(), backend.holder(), backend.unlock("l1")) == (State(), None, None)
    backend.close()
    assert list(tmp_path.iterdir()) == []


def test_a_new_state_is_for_its_owner_only_and_its_folder_is_made(tmp_path: Path, clock: FakeClock) -> None:
    backend = open_sqlite(f"sqlite:///{tmp_path}/.haplan/default/state.db", clock)
    backend.lock(holder())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in backend.path.parent.iterdir()}
    backend.close()
    assert set(modes.values()) == {0o600}
    assert "state.db" in modes


def test_after_close_the_state_is_one_file(state: SqliteState, path: Path) -> None:
    state.save(Update(run="r1", rows=(row(),)))
    state.close()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("aged", [True, False])
def test_loading_leaves_the_folder_as_it_was(state: SqliteState, open_state: Open, path: Path, aged: bool) -> None:
    state.save(Update(run="r1", rows=(row(),)))
    state.close()
    if aged:
        age(path)
    before, time = bytes_of(path.parent), path.stat().st_mtime_ns
    reader = open_state()
    assert reader.load().row("site.a") is not None
    assert reader.holder() is not None
    assert (bytes_of(path.parent), path.stat().st_mtime_ns) == (before, time)


def test_a_file_at_rest_is_read_without_making_helper_files(
    state: SqliteState, open_state: Open, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haplan_sqlite import reading

    state.close()
    age(path)
    seen: list[list[Path]] = []
    load = reading.load

    def watched(db: sqlite3.Connection) -> State:
        seen.append(list(path.parent.iterdir()))
        return load(db)

    monkeypatch.setattr(reading, "load", watched)
    open_state().load()
    assert seen == [[path]]


def test_a_write_during_a_read_at_rest_is_noticed(
    state: SqliteState, open_state: Open, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haplan_sqlite import reading

    state.close()
    age(path)
    load, reads = reading.load, []

    def interrupted(db: sqlite3.Connection) -> State:
        found = load(db)
        reads.append(len(found.rows))
        if len(reads) == 1:
            writer = open_state()
            writer.unlock("l1")
            writer.lock(holder("l2"))
            writer.save(Update(run="r1", rows=(row(),)))
            writer.close()
        return found

    monkeypatch.setattr(reading, "load", interrupted)
    assert len(open_state().load().rows) == 1
    assert reads == [0, 1]


def test_a_state_that_cannot_be_made_says_so(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "file").write_text("")
    backend = open_sqlite(str(tmp_path / "file" / "state.db"), clock)
    with pytest.raises(StateError, match=r"file/state\.db cannot be made: [A-Z][a-z ]+; nothing was changed"):
        backend.lock(holder())


def test_a_file_replaced_while_it_is_open_is_not_written_to_in_vain(state: SqliteState, path: Path) -> None:
    path.rename(path.with_name("moved.db"))
    with pytest.raises(StateNotSaved, match=r"removed or replaced.*recovery-r1-1\.json"):
        state.save(Update(run="r1", rows=(row(),)))
    with pytest.raises(StateNotSaved, match="no further write was begun"):
        state.journal([intent()])


def test_reading_imports_no_slow_library(state: SqliteState, path: Path) -> None:
    state.close()
    code = """
import sys
from haplan_sqlite import open_sqlite
from tests.state.samples import FakeClock
assert open_sqlite(sys.argv[1], FakeClock()).load().serial == 1
print("sqlite_utils" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True).stdout == "False\n"


def test_a_new_state_is_whole_in_its_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    """Whatever keeps a log beside the draft from being folded into it, as a full disk does when the draft is closed."""
    others = []

    def migrate_before_a_reader(db: sqlite3.Connection) -> None:
        migrate(db)
        others.append(sqlite3.connect(db.execute("PRAGMA database_list").fetchone()[2]))
        others[-1].execute("SELECT * FROM meta").fetchall()  # so that the draft's close is not the last

    migrate = schema.migrate
    monkeypatch.setattr(schema, "migrate", migrate_before_a_reader)
    path = tmp_path / "state.db"
    schema.create(path)
    others[0].close()
    assert list(tmp_path.iterdir()) == [path]
    assert open_sqlite(str(path), clock).load() == State()


def test_a_full_disk_is_no_damage(
    state: SqliteState, open_state: Open, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.save(Update(run="r1", rows=(row(),)))
    state.close()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # Python would keep the halves of modules compiled meanwhile
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # SQLite makes a file beside the state to read it
    try:
        with pytest.raises(StateError, match=r"cannot be read now: disk I/O error; look at its disk"):
            open_state().load()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(open_state().load().rows) == 1

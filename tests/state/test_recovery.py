"""What cannot be saved is kept in a file, and can be saved later."""

import json
import math
import tempfile
from pathlib import Path

import pytest

from haplan.errors import StateError, StateNotSaved
from haplan.model.document import Document
from haplan.model.state import OrderRow, OutputRow, PlacementRow, Update
from haplan.state import recovery
from haplan_sqlite import SqliteState
from tests.state.conftest import Open
from tests.state.samples import holder, intent, row

BIG = row("site.big", values={"text": "x" * 2_000_000})


def fill_the_disk(state: SqliteState) -> None:
    """SQLite's own limit: it answers as on a full disk."""
    assert state._writer is not None
    ((pages,),) = state._writer.execute("PRAGMA page_count")
    state._writer.execute(f"PRAGMA max_page_count = {pages}")


def test_a_recovery_file_that_is_not_there_is_one_plain_line(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"recovery file .*none\.json cannot be read: No such file or directory$"):
        recovery.read(tmp_path / "none.json")


def test_a_full_disk_gives_a_recovery_file_and_changes_nothing(
    state: SqliteState, open_state: Open, path: Path
) -> None:
    state.save(Update(run="r1", rows=(row(),)))
    before = state.load()
    fill_the_disk(state)
    file = path.with_name("state.db.recovery-r1-1.json")
    with pytest.raises(StateNotSaved) as error:
        state.save(Update(run="r1", rows=(BIG,)))
    assert str(error.value) == (
        f"state {path} could not be saved: database or disk is full; what was to be saved is in {file}: "
        f"mend the cause, then `haplan state recover {file}`"
    )
    assert file.stat().st_mode & 0o777 == 0o600
    assert open_state().load() == before


def test_what_was_not_saved_is_saved_later(state: SqliteState, open_state: Open, path: Path) -> None:
    (waiting,) = state.journal([intent()])
    update = Update(
        run="r1",
        rows=(BIG,),
        deleted=(("site.old", "d1"),),
        expected={("site.big", ""): 0},
        placements=(PlacementRow("site.big", "d", "p"),),
        placements_gone=(("site.x", Document("", "d"), "p"),),
        orders=(OrderRow("d", "l", ("a",)),),
        outputs=(OutputRow("o", [1]),),
        identities={"mist": {"org": "1"}},
        settings={"mist": {}},
        memories={"mist": {"a": 1}},
        intents=((waiting.id, "done", {"id": "7"}),),
    )
    fill_the_disk(state)
    with pytest.raises(StateNotSaved):
        state.save(update)
    state.unlock("l1")
    state.close()

    kept = recovery.read(path.with_name("state.db.recovery-r1-1.json"))
    later = open_state()
    later.lock(holder("l2"))
    assert kept == recovery.Recovery(lineage=later.load().lineage, update=update)
    later.save(kept.update)
    after = later.load()
    assert (set(after.rows), after.intents, after.outputs) == ({("site.big", "")}, (), {"o": OutputRow("o", [1])})


def test_each_failure_has_a_file_of_its_own(state: SqliteState, path: Path) -> None:
    fill_the_disk(state)
    for _ in range(2):
        with pytest.raises(StateNotSaved):
            state.save(Update(run="r1", rows=(BIG,)))
    assert len(list(path.parent.glob("*.recovery-r1-*.json"))) == 2


@pytest.mark.parametrize("bad", [row(id="\ud800"), row(values={"n": math.nan})])
def test_what_no_database_can_hold_is_kept_all_the_same(state: SqliteState, path: Path, bad: object) -> None:
    with pytest.raises(StateNotSaved):
        state.save(Update(run="r1", rows=(bad,)))  # type: ignore[arg-type]  # a row
    assert recovery.read(path.with_name("state.db.recovery-r1-1.json")).update.rows[0].address == "site.a"
    assert state.load().rows == {}


def test_without_room_beside_the_state_another_folder_serves(
    state: SqliteState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(other))
    gone = (str(tmp_path / "gone" / "state.db"), tmp_path / "gone", "state.db", "")
    error = recovery.not_saved(*gone, Update(run="r1", rows=(row(),)), "disk is full")
    assert f"is in {other}/state.db.recovery-r1-1.json" in str(error)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert "nor could a recovery file be written" in str(recovery.not_saved(*gone, Update(run="r1"), "disk is full"))


def test_a_journal_that_cannot_be_written_forbids_the_write(state: SqliteState) -> None:
    fill_the_disk(state)
    with pytest.raises(StateNotSaved, match="disk is full; no further write was begun"):
        state.journal([intent(key={"text": "x" * 2_000_000})])


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"format": "haplan-recovery/1", "lineage": "", "update": {}})])
def test_a_file_that_is_no_recovery_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "r.json"
    file.write_text(text)
    with pytest.raises(StateError, match=r"r\.json"):
        recovery.read(file)


def test_a_recovery_file_in_which_a_name_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_text('{"format": "haplan-recovery/1", "lineage": "a", "lineage": "b", "update": {}}')
    with pytest.raises(StateError, match=r"r\.json cannot be read: 'lineage' stands in it twice$"):
        recovery.read(file)

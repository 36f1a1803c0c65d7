"""What is kept of runs has an end: history and records go, and the disk is given back."""

import json
from pathlib import Path

import pytest

from haplan import api
from tests import permissions
from tests.cli.conftest import Run
from tests.mixed import mixed

STACK = """from haplan import Data

for number in {numbers}:
    Data(f"r{{number}}", input={{"text": "{text}" * 40, "number": number}})
"""


@pytest.fixture
def edge(tmp_path: Path, run: Run) -> Path:
    """A stack that was applied three times, each with other values."""
    folder = tmp_path / "edge"
    folder.mkdir(exist_ok=True)
    for text in ("abcdefgh", "ijklmnop", "qrstuvwx"):
        (folder / "stack.py").write_text(STACK.format(numbers=mixed(60), text=text))
        assert run("apply", str(folder), "--auto-approve").code == 0
    return folder


def test_records_of_old_runs_go_and_their_history_stays(edge: Path, run: Run) -> None:
    listed = json.loads(run("runs", str(edge), "--json").out)
    records = edge / ".haplan" / "default" / "runs"
    assert [one["bytes"] for one in listed] == [
        sum(file.stat().st_size for file in (records / one["id"]).iterdir()) for one in listed
    ]
    strange = records / "notes"
    strange.mkdir()
    said = json.loads(run("runs", "prune", str(edge), "--keep", "1", "--json").out)
    assert said == {"records": 2, "bytes": sum(one["bytes"] for one in listed[:2])}
    assert sorted(one.name for one in records.iterdir()) == sorted([listed[-1]["id"], "notes"])
    assert len(json.loads(run("runs", str(edge), "--json").out)) == 3
    assert "1 record left" in run("runs", "prune", str(edge), "--keep", "1").out


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_record_that_may_not_be_read_or_removed_stays_and_is_told_and_no_other_suffers(
    edge: Path, run: Run, mode: int
) -> None:
    listed = json.loads(run("runs", str(edge), "--json").out)
    records = edge / ".haplan" / "default" / "runs"
    unreadable, kept_whole = records / listed[0]["id"], records / listed[1]["id"]
    (kept_whole / "of a person").mkdir()
    (kept_whole / "of a person" / "notes").write_text("12345")
    unreadable.chmod(mode)
    (kept_whole / "of a person").chmod(0o555)
    with permissions.asked():
        sizes = [one["bytes"] for one in json.loads(run("runs", str(edge), "--json").out)]
        said = run("runs", "prune", str(edge), "--keep", "1", "--json")
    assert sizes == [0, listed[1]["bytes"] + 5, listed[2]["bytes"]]
    assert (said.code, json.loads(said.out)) == (0, {"records": 0, "bytes": 0})
    assert said.err.count("cannot be removed: Permission denied") == 2
    assert {one.name for one in records.iterdir()} == {one["id"] for one in listed}
    unreadable.chmod(0o700)
    (kept_whole / "of a person").chmod(0o755)
    assert json.loads(run("runs", "prune", str(edge), "--keep", "1", "--json").out)["records"] == 2


def test_a_plan_whose_record_has_no_place_is_not_carried_out_and_can_be_afterwards(folder: Path, run: Run) -> None:
    assert run("plan", "edge", "--out", "a.plan").code == 0
    runs = folder / "edge" / ".haplan" / "default" / "runs"
    runs.parent.mkdir(parents=True)
    runs.touch()
    refused = run("apply", "a.plan", "--auto-approve")
    assert (refused.code, "its record cannot be kept" in refused.err) == (1, True)
    assert "No runs yet" in run("runs", "edge").out
    runs.unlink()
    assert run("apply", "a.plan", "--auto-approve").code == 0


def test_pruning_the_state_gives_the_disk_back_and_removes_records(edge: Path, run: Run) -> None:
    state = edge / ".haplan" / "default" / "state.db"
    before = state.stat().st_size
    said = json.loads(run("state", "prune", str(edge), "--keep", "1", "--json").out)
    assert (said["forgotten"], said["records"]) == (2, 2)
    assert state.stat().st_size < before * 0.7
    assert not state.with_name("state.db-wal").exists()
    assert run("plan", str(edge)).code == 0
    with api.session(str(edge)) as opened:
        assert len(opened.state.read().rows) == 60


@pytest.mark.parametrize("words", [("prune",), ("--keep", "2"), ("a", "b")])
def test_prune_says_how_many_stay_and_a_list_does_not(run: Run, words: tuple[str, ...]) -> None:
    found = run("runs", *words)
    assert found.code == 1
    assert "expected [STACK], or prune [STACK] --keep N" in found.err

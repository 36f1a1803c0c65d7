"""A disk that fills up in the middle of an apply, and a journal of SQLite's that was damaged on it: nothing is lost."""

import fcntl
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from haplan import repair
from haplan.errors import HaplanError
from haplan.host import records
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.model.state import Run
from haplan.state import recovery
from haplan.testing import Cloud, FakeClock, Project
from haplan_sqlite import writing
from tests.mixed import mixed

ORDER = mixed(24)
TEXT = (
    f'for number in {ORDER}:\n    Thing(f"t{{number:02d}}", size=number, tags={{"text": "as its owner says " * 200}})\n'
)
EMPTY = Plan(stack="stack", environment="default", command="apply", lineage="", serial=0, changes=())
NAMES = [f"t{number:02d}" for number in range(24)]


def project(folder: Path) -> Project:
    return Project(folder, TEXT, cloud=Cloud(folder / "cloud.json"))


def no_more_pages(cloud: Cloud) -> None:
    """SQLite's own limit: it answers as on a full disk."""
    opened = writing.open_writer

    def small(path: Path) -> sqlite3.Connection:
        db = opened(path)
        ((pages,),) = db.execute("PRAGMA page_count")
        db.execute(f"PRAGMA max_page_count = {pages + 60}")
        return db

    writing.open_writer = small


def no_larger_files(cloud: Cloud) -> None:
    """The kernel's limit on the size of a file, from some write on: the journal cannot grow."""

    def limit(document: str, name: str) -> None:
        if name == "t09":
            sys.dont_write_bytecode = True  # Python would keep the halves of modules that it compiles meanwhile
            (journal,) = cloud.folder.rglob("state.db-wal")  # type: ignore[attr-defined]
            resource.setrlimit(resource.RLIMIT_FSIZE, (journal.stat().st_size, resource.RLIM_INFINITY))

    cloud.during = limit


def applied(folder: Path, fill: Callable[[Cloud], None], parallelism: int = 4) -> tuple[int, str]:
    """Apply in a process of its own whose disk fills up; gives exit code and message."""
    said, telling = os.pipe()
    child = os.fork()
    if child == 0:
        code, text = 99, ""
        try:
            made = project(folder)
            made.cloud.folder = folder  # type: ignore[attr-defined]
            fill(made.cloud)
            code = made.apply(parallelism=parallelism).exit_code
        except HaplanError as error:
            code, text = error.exit_code, str(error)
        except BaseException as error:
            text = repr(error)
        os.write(telling, text.encode())
        os._exit(code)
    os.close(telling)
    with os.fdopen(said) as heard:
        text = heard.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


FLAGS, SET = 0x80086601, 0x40086602


def frozen(file: Path, *, yes: bool = True) -> None:
    """Make a file immutable, or take that back: what `chattr` does."""
    handle = os.open(file, os.O_RDONLY)
    try:
        found = bytearray(8)
        fcntl.ioctl(handle, FLAGS, found)
        now = int.from_bytes(found[:4], "little")
        fcntl.ioctl(handle, SET, ((now | 0x10) if yes else (now & ~0x10)).to_bytes(8, "little"))
    finally:
        os.close(handle)


@pytest.fixture
def immutable(tmp_path: Path) -> Iterator[None]:
    """Files can be made immutable here; at the end none is."""
    (tmp_path / "tried").touch()
    try:
        frozen(tmp_path / "tried")
    except OSError as error:
        pytest.skip(f"no file can be made immutable here: {error.strerror}")
    yield
    for file in (file for file in tmp_path.rglob("*") if file.is_file()):
        frozen(file, yes=False)


@pytest.mark.usefixtures("immutable")
@pytest.mark.parametrize("parts", [("",), ("-wal",), ("-shm",), ("", "-wal", "-shm")])
def test_files_made_immutable_in_the_middle_end_the_run_with_9_and_a_recovery_file(
    tmp_path: Path, parts: tuple[str, ...]
) -> None:
    def freeze(cloud: Cloud) -> None:
        def during(document: str, name: str) -> None:
            if name == "t09":
                for part in parts:
                    frozen(next(tmp_path.rglob(f"state.db{part}")))

        cloud.during = during

    code, text = applied(tmp_path, freeze, parallelism=1)
    assert (code, len(text.splitlines())) == (9, 1), text
    (file,) = tmp_path.rglob("*.recovery-*.json")
    assert f"haplan state recover {file}" in text
    assert "made immutable" in text
    for one in tmp_path.rglob("state.db*"):
        frozen(one, yes=False)
    made = project(tmp_path)
    with made.session() as session:
        repair.recover(session)
    assert made.apply().exit_code == 0
    assert (made.cloud.names(), made.state().intents, made.plan().empty()) == (NAMES, (), True)


@pytest.mark.parametrize("fill", [no_more_pages, no_larger_files])
def test_a_disk_that_fills_up_stops_the_run_and_loses_nothing(tmp_path: Path, fill: Callable[[Cloud], None]) -> None:
    code, text = applied(tmp_path, fill)
    assert code == 9, text
    made = project(tmp_path)
    there = set(made.cloud.names())
    assert 4 < len(there) < 24
    (file,) = tmp_path.rglob("*.recovery-*.json")
    assert text.endswith(f"mend the cause, then `haplan state recover {file}`")
    assert len(text.splitlines()) == 1
    waiting = {row.name for row in recovery.read(file).update.rows}
    recorded = {row.name for row in made.state().rows.values()}
    assert waiting
    assert waiting | recorded == there

    with made.session() as session:
        assert list(repair.recover(session)) == [file]
    assert {row.name: row.status for row in made.state().rows.values()} == dict.fromkeys(there, "ok")
    assert made.state().intents == ()
    assert {(change.name, change.action.value, change.why) for change in made.plan().changes} == {
        (name, "create", "new") for name in NAMES if name not in there
    }
    assert made.apply().exit_code == 0
    assert made.plan().empty()
    assert made.cloud.names() == NAMES


def test_a_record_that_breaks_off_is_one_warning_and_the_run_goes_on(tmp_path: Path) -> None:
    clock, told = FakeClock(), list[Event]()
    run = Run(id="r1", serial=1, digest="digest", started=0.0, who="ana", command="apply")
    (tmp_path / "runs" / "r1").mkdir(parents=True)
    (tmp_path / "runs" / "r1" / "events.jsonl").symlink_to("/dev/full")
    keep = records.recorded(tmp_path, run, EMPTY, b"{}", clock, told.append, lambda event: event, begin=lambda run: run)
    with keep as (_, tell):
        for _ in range(3):
            clock.sleep(5)
            tell(Event(kind="note", at=clock.now(), text="x"))
    assert [event.kind for event in told] == ["warning", "run", "note", "note", "note", "run"]
    assert told[0].text.endswith("events.jsonl: the record of the run breaks off: No space left on device")


def test_a_record_that_cannot_be_begun_leaves_nothing_and_its_run_is_not_opened(tmp_path: Path) -> None:
    run = Run(id="r1", serial=1, digest="digest", started=0.0, who="ana", command="apply")
    (tmp_path / "runs" / "r1" / "events.jsonl").mkdir(parents=True)
    opened = list[Run]()

    def begin(one: Run) -> Run:
        opened.append(one)
        return one

    keep = records.recorded(tmp_path, run, EMPTY, b"{}", FakeClock(), print, lambda event: event, begin=begin)
    with pytest.raises(HaplanError, match="its record cannot be kept: Is a directory; nothing was begun"), keep:
        pass
    assert (opened, [*(tmp_path / "runs").iterdir()]) == ([], [])


def test_without_room_for_the_record_nothing_is_begun(tmp_path: Path) -> None:
    made = project(tmp_path)
    (tmp_path / ".haplan" / "default").mkdir(parents=True)
    (tmp_path / ".haplan" / "default" / "runs").write_text("in the way")
    with pytest.raises(HaplanError, match=r"runs/.*: its record cannot be kept: Not a directory; nothing"):
        made.apply()
    assert made.cloud.names() == []


@pytest.mark.parametrize("damage", ["garbled", "cut short"])
@pytest.mark.parametrize("frames", [1, 3])
def test_after_a_kill_that_left_damaged_frames_the_next_run_converges(tmp_path: Path, damage: str, frames: int) -> None:
    child = os.fork()
    if child == 0:
        made = project(tmp_path)

        def die(document: str, name: str) -> None:
            if name == "t12":
                os.kill(os.getpid(), signal.SIGKILL)

        made.cloud.during = die
        made.apply()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    (wal,) = tmp_path.rglob("state.db-wal")
    whole = wal.read_bytes()
    lost = frames * (24 + int.from_bytes(whole[8:12], "big"))  # a frame is its header and a page, whose size this is
    wal.write_bytes(whole[:-lost] + (bytes(byte ^ 0x5A for byte in whole[-lost:]) if damage == "garbled" else b""))
    made = project(tmp_path)
    assert made.cloud.names() == sorted(f"t{number:02d}" for number in ORDER[: ORDER.index(12)])
    assert "mem_thing.t12" not in made.state().unsettled()  # its announcement was the last commit
    result = made.apply()
    assert (result.exit_code, made.cloud.names()) == (0, NAMES)
    assert made.plan().empty()
    state = made.state()
    assert {row.id for row in state.rows.values()} == set(made.cloud.objects)
    assert state.intents == ()

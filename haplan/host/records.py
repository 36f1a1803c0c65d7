"""Runs, and the record of each beside the state, ``.haplan/<env>/runs/<id>/``: its plan as a plan file, and events."""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import attrs

from haplan.contracts import Clock, Observer
from haplan.errors import HaplanError
from haplan.host.backend import look
from haplan.host.lock import who
from haplan.host.session import Session
from haplan.language.record import nearest
from haplan.model.canonical import canonical
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.model.state import Run, RunResult, State
from haplan.model.visible import visible_json
from haplan.state import files
from haplan.state.nouns import plain
from haplan.steps.approve import unseal

INTERRUPTED = 7
"""The exit code of a run that was interrupted."""
_ID = re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{8}")
_EVENT = tuple(field.name for field in attrs.fields(Event))
_LINE = json.JSONEncoder(default=plain, ensure_ascii=False, separators=(",", ":"))


def new(session: Session, command: str, digest: str = "") -> Run:
    """A run that begins now, with an id of its own; not opened yet."""
    now = session.clock.now()
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    return Run(id=f"{day}-{secrets.token_hex(4)}", serial=0, digest=digest, started=now, who=who(), command=command)


def begin(session: Session, command: str) -> Run:
    """Open a run that carries out no plan. Lock first."""
    return session.backend.begin(new(session, command))


def end(session: Session, run: Run, exit_code: int) -> None:
    """Close a run."""
    result: RunResult = "done" if not exit_code else "interrupted" if exit_code == INTERRUPTED else "failed"
    session.backend.end(attrs.evolve(run, ended=session.clock.now(), result=result))


def opened(
    session: Session, plan: Plan, digest: str, kept: bytes, told: Sequence[Event] = ()
) -> AbstractContextManager[tuple[Run, Callable[[Event], None]]]:
    """Open the run of a plan and keep its record: the plan file, what was told before, and the events. Lock first."""
    run, begin = new(session, plan.command, digest), session.backend.begin
    return recorded(
        session.folder, run, plan, kept, session.clock, session.observe, session.redact.tree, told, begin=begin
    )


@contextmanager
def recorded(
    folder: Path,
    run: Run,
    plan: Plan,
    kept: bytes,
    clock: Clock,
    observe: Observer,
    redact: Callable[[Event], Event],
    told: Sequence[Event] = (),
    *,
    begin: Callable[[Run], Run],
) -> Iterator[tuple[Run, Callable[[Event], None]]]:
    """Keep the record of a run.

    There is room for it before the run is opened: a run whose plan is not kept could not be gone on with, and its plan
    would count as carried out.

    Args:
        folder: Of the environment.
        plan: What it carries out.
        kept: The plan file to keep: the whole plan, also of a run that carries out the rest of it.
        observe: Takes every event too.
        redact: Takes the secrets out of an event.
        told: What everybody was told already, on the way to the run: without secrets.
        begin: Opens it.

    Raises:
        HaplanError: There is no room for it.
    """
    record = _Record(_begun(folder / "runs" / run.id, kept), observe, redact)
    with record.lines:
        run = begin(run)
        for event in told:
            record.keep(event)
        record.tell(Event(kind="run", at=clock.now(), data=_begins(run, plan)))
        yield run, record.tell
        record.tell(Event(kind="run", at=clock.now(), data={"state": "ended", "run": run.id}))


def _begun(place: Path, kept: bytes) -> "_Lines":
    """A record with the plan file in it, and room for the events."""
    try:
        files.private_folder(place)
        files.put(place / "plan.json", kept)
        return _Lines(place / "events.jsonl")
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise HaplanError(f"{place}: its record cannot be kept: {error.strerror}; nothing was begun") from None


def _begins(run: Run, plan: Plan) -> dict[str, object]:
    """What is told of a run when it begins."""
    return {
        "state": "started",
        "run": run.id,
        "transactions": len(plan.transactions),
        "stages": max((t.stage for t in plan.transactions), default=0),
        "expected_seconds": plan.seconds(),
    }


class _Lines:
    """Events as lines of a file. A full disk ends the file, and not the run: what must outlive that is in the state.

    Threads: one, that of the run's loop.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = files.open_private(path)
        self._flushed = 0.0
        self._broken = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        with suppress(OSError):
            self._file.close()

    def write(self, event: Event) -> str:
        """Take one more; gives what went wrong, once."""
        if self._broken:
            return ""
        try:
            self._file.write(visible_json(_LINE.encode({name: getattr(event, name) for name in _EVENT})) + "\n")
            if event.at - self._flushed >= 1.0:
                self._file.flush()  # for who reads along
                self._flushed = event.at
        except OSError as error:
            self._broken = True
            return f"{self._path}: the record of the run breaks off: {error.strerror}"
        return ""


@attrs.frozen
class _Record:
    """Where the events of a run go: the lines of its record, and whoever observes it."""

    lines: _Lines
    observe: Observer
    redact: Callable[[Event], Event]

    def keep(self, event: Event) -> None:
        if wrong := self.lines.write(event):
            self.observe(Event(kind="warning", at=event.at, text=wrong))

    def tell(self, event: Event) -> None:
        event = self.redact(event)
        self.keep(event)
        self.observe(event)


def keep_result(session: Session, run: Run, result: Result) -> None:
    """What came of a run, beside its events. Where there is no room for it the run ends all the same."""
    file = session.folder / "runs" / run.id / "result.json"
    try:
        files.put(file, canonical(plain(result)) + b"\n")
    except OSError as error:
        session.tell("warning", f"{file}: what came of the run is not kept: {error.strerror}")


def sizes(session: Session) -> dict[str, int]:
    """Run → bytes of its record beside the state."""
    return {place.name: _size(place) for place in _places(session.folder)}


@attrs.frozen
class Freed:
    """What went of the records of runs, and what stays: how many, and their bytes."""

    records: int = 0
    size: int = 0
    left: int = 0
    left_size: int = 0


def prune(session: Session, keep: int) -> Freed:
    """Take away the records of all but the latest runs. Lock first.

    Of what no run of this state made, that goes which is older than what is kept.
    """
    runs = look(session.backend).runs
    kept = runs[-max(keep, 1) :]
    if not kept:
        return Freed()
    known, ours = {run.id for run in runs}, {run.id for run in kept}
    first = time.strftime("%Y-%m-%d", time.gmtime(kept[0].started))
    going, staying = list[int](), list[int]()
    for place in _places(session.folder):
        size = _size(place)
        stays = place.name in ours or not (place.name in known or place.name[: len(first)] < first)
        (staying if stays or not _removed(session, place) else going).append(size)
    return Freed(len(going), sum(going), len(staying), sum(staying))


def _places(folder: Path) -> list[Path]:
    """The folders of records, by name."""
    there = (folder / "runs").glob("*") if (folder / "runs").is_dir() else ()
    return sorted(one for one in there if _ID.fullmatch(one.name) and one.is_dir() and not one.is_symlink())


def _removed(session: Session, place: Path) -> bool:
    """Take a record away; where that is not allowed, or only in part, it stays and that is told."""
    try:
        shutil.rmtree(place)
    except OSError as error:
        session.tell("warning", f"{place}: cannot be removed: {error.strerror}")
        return False
    return True


def _size(place: Path) -> int:
    """Bytes of a record; what may not be read, or goes meanwhile, counts for nothing."""
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total


def find(state: State, run: str) -> Run:
    """The run of an id.

    Raises:
        HaplanError: There is none.
    """
    found = next((one for one in state.runs if one.id == run), None)
    if found is None:
        raise HaplanError(f"no run {run!r} wrote this state{nearest(run, [one.id for one in state.runs[-5:]])}")
    return found


@attrs.frozen
class Kept:
    """The plan that a run carried out, and the bytes of its file: as approved, whichever haplan reads it."""

    plan: Plan
    digest: str
    file: bytes


def kept_plan(folder: Path, run: Run) -> Kept:
    """The plan that a run carried out.

    Raises:
        HaplanError: It is not kept here, or is not that plan.
    """
    file = folder / "runs" / run.id / "plan.json"
    if not run.digest:
        raise HaplanError(f"run {run.id} was `haplan {run.command}`: it had no plan to go on with")
    if not file.is_file():
        raise HaplanError(f"run {run.id}: its plan is not kept here ({file}); plan again, that goes on too")
    found = unseal(file)
    if found.digest != run.digest:
        raise HaplanError(f"{file} is not the plan that run {run.id} carried out (its digest differs); plan again")
    return Kept(found.plan, found.digest, file.read_bytes())

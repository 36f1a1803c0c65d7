"""Looking after a state: moves, forgetting, marks, history, copies and recovery files. The estate is never touched.

Whatever changes a state does so under its lock, as a run of its own: history shows it, and a rollback takes it back.
"""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

from haplan.errors import HaplanError, StateError
from haplan.host import records
from haplan.host.backend import look
from haplan.host.lock import locked
from haplan.host.session import Session
from haplan.model.state import Run, State
from haplan.state import files, recovery
from haplan.state.document import parse, refuse_push
from haplan.state.document import pull as document_of
from haplan.steps import history as history_
from haplan.steps import repair
from haplan.steps.history import Chapter
from haplan.steps.repair import Mending

# --- Mending ----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Mended:
    """What was changed, by which run."""

    run: Run
    mending: Mending


def move(session: Session, source: str, target: str) -> Mended:
    """Give a resource, or a module, another address; see `haplan.steps.repair.move`."""
    return _mended(session, "state mv", lambda state: repair.move(state, source, target))


def forget(session: Session, patterns: Iterable[str]) -> Mended:
    """Drop resources from state; the estate keeps them. See `haplan.steps.repair.forget`."""
    wanted = tuple(patterns)
    return _mended(session, "state rm", lambda state: repair.forget(state, wanted))


def taint(session: Session, address: str) -> Mended:
    """Mark a resource to be replaced; see `haplan.steps.repair.taint`."""
    return _mended(session, "state taint", lambda state: repair.taint(state, address), address)


def untaint(session: Session, address: str) -> Mended:
    """Take that mark away; see `haplan.steps.repair.untaint`."""
    return _mended(session, "state untaint", lambda state: repair.untaint(state, address), address)


def _mended(session: Session, command: str, work: Callable[[State], Mending], about: str = "") -> Mended:
    """Mend under the lock, as a run of its own; of the resource that it is `about`, if of one, the row is enough."""
    if not look(session.backend).lineage:
        work(session.backend.load())  # refuses: nothing is in it, and nothing is made for that
    with locked(session, command):
        state = look(session.backend, [about]) if about else session.backend.load()
        # refused under the lock: before, another run may be in the middle of it
        found = work(state if not about or state.row(about) is not None else session.backend.load())
        run = records.begin(session, command)
        if found.announced:
            session.backend.journal(found.announced)
        session.backend.save(attrs.evolve(found.update, run=run.id))
        records.end(session, run, 0)
    return Mended(run, found)


# --- History ----------------------------------------------------------------------------------------------------------


def history(session: Session, address: str = "", last: int = 0) -> list[Chapter]:
    """What each run changed, latest last.

    Args:
        address: Only what concerns this resource, under the names that it had.
        last: Of all runs the last so many; 0 is all. Reading a run costs what the state then held.

    Raises:
        HaplanError: No run that is kept changed such a resource.
    """
    runs = session.backend.load().runs
    shown = runs if address or not last else runs[-last:]
    before = _before(session, runs, len(runs) - len(shown))
    chapters: list[Chapter] = []
    for run in shown:
        after = _as_of(session, run.serial)
        chapters.append(history_.chapter(run, before, after) if after is not None else Chapter(run, None))
        before = after
    if not address:
        return chapters
    found = history_.of(address, chapters)
    if not found:
        raise HaplanError(f"{address}: no run that is kept changed it; `haplan state list` shows what there is")
    return found[-last:] if last else found


def _before(session: Session, runs: tuple[Run, ...], place: int) -> State | None:
    if place:
        return _as_of(session, runs[place - 1].serial)
    return State() if runs and runs[0].serial == 1 else None


def _as_of(session: Session, serial: int) -> State | None:
    try:
        return session.backend.as_of(serial)
    except StateError:  # its history was pruned, or stayed where the state was pushed from
        return None


def prune(session: Session, keep: int) -> int:
    """Forget the history of all but the latest `keep` runs; gives how many were forgotten. What is now stays."""
    if not look(session.backend).lineage:
        return 0
    with locked(session, "state prune"):
        return session.backend.prune(keep)


def prune_records(session: Session, keep: int) -> records.Freed:
    """Take away the records of all but the latest `keep` runs: plans, events, results. State keeps their history."""
    if not look(session.backend).lineage:
        return records.Freed()
    with locked(session, "runs prune"):
        return records.prune(session, keep)


# --- Copies -----------------------------------------------------------------------------------------------------------


def pull(session: Session) -> bytes:
    """The state as one document."""
    return document_of(session.backend.load())


def push(session: Session, document: bytes) -> State | None:
    """Put a document that `pull` gave, mended perhaps, in place of the state; None if it says what is there already.

    Raises:
        StateError: It is damaged, of another lineage, older, or changed without a new serial.
    """
    state, stored = parse(document), session.backend.load()
    if not stored.lineage:
        refuse_push(state, stored, session.backend.url)
    if document_of(state) == document_of(stored):
        return None
    with locked(session, "state push"):
        stored = session.backend.load()
        refuse_push(state, stored, session.backend.url)
        told = any(run.serial >= state.serial for run in state.runs)
        if stored.lineage and not told:  # the first document of a place brings its own runs
            now = attrs.evolve(records.new(session, "state push"), serial=state.serial, result="done")
            state = attrs.evolve(state, runs=(*state.runs, attrs.evolve(now, ended=now.started)))
        session.backend.push(document_of(state))
    return state


def recover(session: Session, file: Path | None = None) -> tuple[Path, ...]:
    """Merge what could not be saved back into the state; gives the files, which are renamed to ``….merged``.

    Args:
        session: The session.
        file: A recovery file; whose it is is told if it is not this user's alone. Without it, all of this state that
            lie where haplan writes them and that nobody else could have written.

    Raises:
        HaplanError: There is none, or it belongs to another state.
        Stale: Another run moved what it holds.
    """
    lineage = session.backend.load().lineage
    found = [_named(session, file)] if file else list(_waiting(session, lineage))
    for path, one in found:
        if not lineage or one.lineage not in ("", lineage):
            there = f"lineage {lineage}" if lineage else "no lineage yet"
            raise StateError(f"{path} belongs to the state of lineage {one.lineage}, {session.backend.url} has {there}")
    if not found:
        raise HaplanError(f"no recovery file of {session.backend.url} was found; name it: haplan state recover FILE")
    with locked(session, "state recover"):
        run = records.begin(session, "state recover")
        for path, one in found:
            session.tell("phase", f"merging {path.name}: {len(one.update.rows)} resources")
            session.backend.save(attrs.evolve(one.update, run=run.id))
            path.rename(path.with_name(f"{path.name}.merged"))
        records.end(session, run, 0)
    return tuple(path for path, _ in found)


def _named(session: Session, file: Path) -> tuple[Path, recovery.Recovery]:
    found = recovery.read(file)
    if why := files.foreign(file):
        session.tell("warning", f"{file}: {why}; it is merged because it was named")
    return file, found


def _waiting(session: Session, lineage: str) -> Iterable[tuple[Path, recovery.Recovery]]:
    kind, _, place = session.backend.url.partition(":///")
    beside = Path(place).parent if kind == "sqlite" else Path.cwd()
    folders = dict.fromkeys((beside, session.folder, Path(tempfile.gettempdir())))
    there = [file for folder in folders for file in folder.glob("*.recovery-*.json")]
    for file in sorted(there, key=lambda one: (one.lstat().st_mtime_ns, one.name)):
        if why := files.foreign(file):
            session.tell("warning", f"{file} is left alone: {why}; to merge it all the same, name it")
            continue
        try:
            one = recovery.read(file)
        except StateError:
            if file.parent == beside:
                raise
            continue  # somebody else's, in the folder for temporary files
        if one.lineage == lineage:
            yield file, one

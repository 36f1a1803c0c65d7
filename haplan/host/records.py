"""The record of a run beside the state, ``.haplan/<env>/runs/<id>/``: its plan as a plan file, and its events."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from haplan.contracts import Clock, Observer
from haplan.errors import HaplanError
from haplan.language.record import nearest
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.model.state import Run, State
from haplan.steps.approve import plain, unseal

STOPPING = "stopping: writes under way are finished, nothing new is started; Ctrl-C again leaves at once"
HANGUP = getattr(signal, "SIGHUP", None)  # not on Windows
STOPS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, HANGUP) if number is not None)
_EVENT = tuple(field.name for field in attrs.fields(Event))
_LINE = json.JSONEncoder(default=plain, ensure_ascii=False, separators=(",", ":"))


@contextmanager
def recorded(
    folder: Path,
    run: Run,
    plan: Plan,
    kept: bytes,
    clock: Clock,
    observe: Observer,
    redact: Callable[[Event], Event],
) -> Iterator[Callable[[Event], None]]:
    """Keep the record of a run.

    Args:
        folder: Of the environment.
        run: The run.
        plan: What it carries out.
        kept: The plan file to keep: the whole plan, also of a run that carries out the rest of it.
        clock: Time.
        observe: Takes every event too.
        redact: Takes the secrets out of an event.

    Raises:
        HaplanError: There is no room for it.
    """
    place = folder / "runs" / run.id
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / "plan.json").write_bytes(kept)
        lines = _Lines(place / "events.jsonl")
    except OSError as error:
        raise HaplanError(f"{place}: its record cannot be kept: {error.strerror}; nothing was begun") from None
    with lines:

        def tell(event: Event) -> None:
            event = redact(event)
            if wrong := lines.write(event):
                observe(Event("warning", event.at, text=wrong))
            observe(event)

        data = {
            "state": "started",
            "run": run.id,
            "transactions": len(plan.transactions),
            "stages": max((t.stage for t in plan.transactions), default=0),
            "expected_seconds": plan.seconds(),
        }
        tell(Event("run", clock.now(), data=data))
        yield tell
        tell(Event("run", clock.now(), data={"state": "ended", "run": run.id}))


class _Lines:
    """Events as lines of a file. A full disk ends the file, and not the run: what must outlive that is in the state."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8")
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
            self._file.write(_LINE.encode({name: getattr(event, name) for name in _EVENT}) + "\n")
            if event.at - self._flushed >= 1.0:
                self._file.flush()  # for who reads along
                self._flushed = event.at
        except OSError as error:
            self._broken = True
            return f"{self._path}: the record of the run breaks off: {error.strerror}"
        return ""


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


@contextmanager
def interruptible(tell: Callable[[str, str], None]) -> Iterator[threading.Event]:
    """Ctrl-C once sets the flag: nothing new is started. Twice raises KeyboardInterrupt.

    So does a request to end (SIGTERM). A terminal that is closed (SIGHUP) counts once, however often it is told; under
    nohup it does not count.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def pressed(number: int, frame: object) -> None:
        if stop.is_set():
            if number != HANGUP:  # a shell that ends passes it on, and the terminal says it again
                raise KeyboardInterrupt
            return
        stop.set()
        tell("warning", STOPPING)

    heard = [number for number in STOPS if number != HANGUP or signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pressed) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

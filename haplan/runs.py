"""The record of a run beside the state, ``.haplan/<env>/runs/<id>/``: its plan as a plan file, and its events."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from haplan.contracts import Clock, Observer
from haplan.errors import HaplanError
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.model.state import Run
from haplan.steps.approve import PlanFile, plain, unseal

STOPPING = "stopping: writes under way are finished, nothing new is started; Ctrl-C again leaves at once"


@contextmanager
def recorded(
    folder: Path, run: Run, plan: Plan, kept: bytes, clock: Clock, observe: Observer
) -> Iterator[Callable[[Event], None]]:
    """Keep the record of a run.

    Args:
        folder: Of the environment.
        run: The run.
        plan: What it carries out.
        kept: The plan file to keep: the whole plan, also of a run that carries out the rest of it.
        clock: Time.
        observe: Takes every event too.
    """
    place = folder / "runs" / run.id
    place.mkdir(parents=True, exist_ok=True)
    (place / "plan.json").write_bytes(kept)
    with (place / "events.jsonl").open("w", encoding="utf-8") as events:

        def tell(event: Event) -> None:
            events.write(json.dumps(plain(event)) + "\n")
            events.flush()
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


def kept_plan(folder: Path, run: Run) -> PlanFile:
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
    return found


@contextmanager
def interruptible(tell: Callable[[str, str], None]) -> Iterator[threading.Event]:
    """Ctrl-C once sets the flag: nothing new is started. Twice raises KeyboardInterrupt."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def pressed(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        tell("warning", STOPPING)

    before = {number: signal.signal(number, pressed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Many processes that apply a part of one stack each, all at once, to one state and one cloud."""

import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from haplan.errors import HaplanError
from haplan.host.clock import RealClock
from haplan.model.state import State
from haplan.testing import Project
from haplan.testing.cloud_process import CloudProcess, RemoteCloud
from tests.mixed import mixed


def apply_at_once(folder: Path, size: int, *more: object, **options: str) -> None:
    """Each of `size` processes applies one thing of its own; meanwhile this one reads. Fails if anything is amiss.

    Args:
        folder: Where the stack lives.
        size: How many processes.
        more: Plugins they need beside the usual ones.
        options: Of their sessions.
    """
    first, text = 'Thing("first")\n', f'for number in {mixed(size)}:\n    Thing(f"t{{number:02d}}")\n'
    with CloudProcess(folder / "cloud") as address:

        def estate() -> RemoteCloud:
            cloud = RemoteCloud(address, "estate")
            cloud.clock = RealClock()
            return cloud

        made = Project(folder / "stack", first, cloud=estate(), more=more)
        made.apply(**options)  # a plan that was made before its state was there would be stale
        made.write(first + text)

        def apply(number: int) -> int:
            made.cloud = estate()
            try:
                return made.apply(targets=(f"mem_thing.t{number:02d}",), lock_timeout=60, **options).exit_code
            except HaplanError as error:
                print(error)
                return 100 + error.exit_code

        codes = _side_by_side(apply, size, lambda: made.state(**options))
        assert codes == [0] * size, codes
        state, names = made.state(**options), ["first", *(f"t{number:02d}" for number in range(size))]
        assert estate().names() == names
        assert sorted(row.name for row in state.rows.values()) == names
        assert {row.id for row in state.rows.values()} == set(estate().objects)
        assert [run.serial for run in state.runs] == list(range(1, size + 2))
        turns = sorted((run.started, run.ended) for run in state.runs)
        assert all(ended <= started for (_, ended), (started, _) in pairwise(turns))
        assert (state.intents, {run.result for run in state.runs}) == ((), {"done"})
        assert made.plan(**options).empty()


def _side_by_side(work: Callable[[int], int], size: int, read: Callable[[], State]) -> list[int]:
    """The exit codes of the processes; while they are at work the state is read, and never holds less than before."""
    children = []
    for number in range(size):
        child = os.fork()
        if child == 0:
            code = 99
            try:
                code = work(number)
            finally:
                os._exit(code)
        children.append(child)
    codes: dict[int, int] = {}
    rows, slowest = 0, 0.0
    while len(codes) < size:
        began = time.monotonic()
        seen = len(read().rows)
        slowest = max(slowest, time.monotonic() - began)
        assert seen >= rows
        rows = seen
        for child in [one for one in children if one not in codes]:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                codes[child] = os.waitstatus_to_exitcode(status)
    assert slowest < 5.0  # a writer waits 10 s for another's transaction, and a reader for none
    return [codes[child] for child in children]

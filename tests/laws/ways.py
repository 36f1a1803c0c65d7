"""The ways by which a plan is made and carried out, beside the plain one.

Each takes a stack that stands, and a change of it; whichever way it goes, in the end the stack wants that change, or as
it was before, and the estate is so. The stack has its lab, so that another process finds the same.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable

from haplan import engine
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.plan import Plan
from haplan.model.result import Result
from tests.laws.one_site import OneSite


class Stack(OneSite):
    """A stack with its lab."""

    def beside(self, change: str) -> str:
        """What changes beside a change where something of the plan is left out."""
        raise NotImplementedError

    def put_back(self, change: str) -> None:
        """What a person has to do before a change is taken back."""

    def ends_well(self) -> None:
        """The estate is as the stack says, and so says the state."""
        after = self.plan()
        assert ([(one.address, one.action) for one in after.changes], after.drift) == ([], ())


def well(result: Result) -> None:
    """A run of which nothing is left."""
    odd = (*result.failed, *result.skipped, *result.stopped, *result.in_doubt, *result.pending)
    assert [(one.address, one.text) for one in odd] == []
    assert result.exit_code == 0


def addresses(plan: Plan) -> list[str]:
    return [change.address for change in plan.changes]


def impacts(plan: Plan) -> dict[str, object]:
    """What each change does to the network, and where."""
    return {change.address: (change.impact, change.sites) for change in plan.changes}


# --- The ways ---------------------------------------------------------------------------------------------------------


def without_a_look(stack: Stack, change: str) -> None:
    stack.want((change,))
    looked, trusted = stack.plan(), stack.plan(refresh=False)
    assert addresses(trusted) == addresses(looked)
    well(stack.apply(refresh=False))


def one_target(stack: Stack, change: str) -> None:
    stack.want((change,))
    mine = addresses(stack.plan())
    stack.want((change, stack.beside(change)))
    whole, part = stack.plan(), stack.plan(targets=tuple(mine))
    assert len(whole.changes) > len(mine) or stack.platform == "ssr"
    assert impacts(part).items() <= impacts(whole).items()
    assert part.drift == ()
    well(stack.apply(targets=tuple(mine)))
    assert not set(mine).intersection(addresses(stack.plan()))
    well(stack.apply())


def one_left_out(stack: Stack, change: str) -> None:
    stack.want((change,))
    mine = addresses(stack.plan())
    stack.want((change, stack.beside(change)))
    well(stack.apply(excludes=tuple(mine)))
    assert set(addresses(stack.plan())) == set(mine)
    well(stack.apply())


def refreshed_only(stack: Stack, change: str) -> None:
    """Nothing drifted: a wish is no drift, and nothing is written."""
    stack.want((change,))
    plan = stack.plan(refresh_only=True)
    assert (plan.changes, plan.drift) == ((), ())
    well(stack.apply(refresh_only=True))
    assert stack.plan().changes
    well(stack.apply())


def rolled_back(stack: Stack, change: str) -> None:
    with stack.session(Options(lab=True)) as session:
        first = engine.read_state(session).runs[0].id
    stack.want((change,))
    well(stack.apply())
    stack.put_back(change)
    with stack.session(Options(lab=True)) as session:
        well(engine.apply(session, engine.rollback(session, first)))
    stack.want(())


def resumed(stack: Stack, change: str) -> None:
    """Ctrl-C when the first write has begun."""
    stack.want((change, stack.beside(change)))
    stop = threading.Event()
    observers = [lambda event: stop.set() if event.kind == "step" else None]
    environ = {"PSK": "p" * 20}
    with open_session(stack.folder, Options(lab=True, parallelism=1), observers=observers, environ=environ) as session:
        result = engine.apply(session, engine.plan(session), stop)
    assert result.exit_code in (0, 7)
    if result.exit_code:
        with stack.session(Options(lab=True)) as session:
            well(engine.resume(session, result.run))


def by_a_file(stack: Stack, change: str) -> None:
    """In another process, where the stack is another one by then."""
    stack.want((change,))
    file = stack.folder.parent / "plan.hp"
    with stack.session(Options(lab=True)) as session:
        engine.write_plan(session, engine.plan(session), file)
    stack.want(("template", "steering"))
    command = [sys.executable, "-m", "haplan", "apply", str(file), "--auto-approve"]
    environ = {**os.environ, "PSK": "p" * 20}
    done = subprocess.run(command, cwd=stack.folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    stack.want((change,))


WAYS: dict[str, Callable[[Stack, str], None]] = {
    "--no-refresh": without_a_look,
    "--target": one_target,
    "--exclude": one_left_out,
    "--refresh-only": refreshed_only,
    "rollback": rolled_back,
    "--resume": resumed,
    "a plan file": by_a_file,
}

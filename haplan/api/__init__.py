"""haplan for programs: plan, look, decide, apply.

    from haplan import api

    plan = api.plan("stacks/one_pair", lab=True)
    if not plan.refused and not plan.empty:
        result = api.apply(plan)
        print(result.exit_code, [one.address for one in result.done])

Each call opens what it needs and closes it. Calls about one stack may share that:

    with api.session("stacks/one_pair", env="shop", variables={"size": 3}) as shop:
        plan = shop.plan(targets=["site.branch"])
        result = shop.apply(plan)
        print(shop.state.read().outputs)

What can be counted on, by the number in `VERSION`: the names in `__all__`, their arguments, and the fields of what they
give. Values are frozen. Nothing is printed, no signal is caught, and nothing of the process is changed: any number of
threads and processes may call at once, each with sessions of its own. What happens is told to ``on_event``; who wants
to end an apply early sets the event that it gave as ``stop``.

Every expected error is a `HaplanError` that carries the exit code of the command line as ``exit_code``; `Result` has
one too, for an apply that was begun.
"""

import threading
from pathlib import Path
from typing import Any, Unpack

from haplan.api.options import ASKING, Applying, Asking, Opening, Planning, Scope, Stopping
from haplan.api.plans import Plan, read_plan
from haplan.api.sessions import Session, environments, session, session_of
from haplan.api.states import States
from haplan.contracts import Observer
from haplan.errors import (
    Denied,
    HaplanError,
    Interrupted,
    Locked,
    OtherEstate,
    PlanFileError,
    PluginError,
    ProviderError,
    StackError,
    Stale,
    StateError,
    StateNotSaved,
)
from haplan.host.variables import Ask, Confirm
from haplan.looking import Validation
from haplan.model.drift import Drift
from haplan.model.event import Event
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change
from haplan.model.result import Outcome, Result
from haplan.model.state import Run, State
from haplan.repair import Mended

VERSION = 1
"""The version of this interface: a name leaves it, or means something else, only with a new one."""

__all__ = [
    "VERSION",
    "Action",
    "Applying",
    "Ask",
    "Asking",
    "Change",
    "Confirm",
    "Denied",
    "Drift",
    "Event",
    "Finding",
    "HaplanError",
    "Interrupted",
    "Locked",
    "Mended",
    "Observer",
    "Opening",
    "OtherEstate",
    "Outcome",
    "Plan",
    "PlanFileError",
    "Planning",
    "PluginError",
    "ProviderError",
    "Result",
    "Run",
    "Scope",
    "Session",
    "StackError",
    "Stale",
    "State",
    "StateError",
    "StateNotSaved",
    "States",
    "Stopping",
    "Validation",
    "apply",
    "drift",
    "environments",
    "plan",
    "read_plan",
    "session",
    "session_of",
    "validate",
]


def validate(stack: str | Path = ".", **opening: Unpack[Opening]) -> Validation:
    """Check a stack offline: its language and the rules of its design; see `Session.validate`."""
    with session(stack, **opening) as opened:
        return opened.validate()


def plan(stack: str | Path = ".", **how: Unpack[Planning]) -> Plan:
    """A plan of a stack; see `Session.plan`."""
    asking, opening = _parted(how)
    with session(stack, **opening) as opened:
        return opened.plan(**asking)


def drift(stack: str | Path = ".", **opening: Unpack[Opening]) -> Plan:
    """What moved in the estate of a stack since it was recorded; see `Session.drift`."""
    with session(stack, **opening) as opened:
        return opened.drift()


def apply(plan: Plan | str | Path, *, stop: threading.Event | None = None, **how: Unpack[Applying]) -> Result:
    """Carry out a plan, or the plan in a file: this one, nothing else, and no stack code. Who calls has approved it.

    Args:
        plan: The plan.
        stop: Set, by whatever thread, nothing new is begun; what is under way is finished and saved (exit code 7).

    Raises:
        HaplanError: As `Session.apply` and `read_plan`.
    """
    found = plan if isinstance(plan, Plan) else read_plan(plan)
    stopping: Stopping = {} if stop is None else {"stop": stop}
    with session_of(found, **how) as opened:
        return opened.apply(found, **stopping)


def _parted(how: Planning) -> tuple[Asking, Opening]:
    """What the plan is to be, and how the stack is opened."""
    asking: Any = {name: value for name, value in how.items() if name in ASKING}
    opening: Any = {name: value for name, value in how.items() if name not in ASKING}
    return asking, opening

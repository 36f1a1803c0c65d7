"""Whether a plan file is still current: what it depends on in the state is as it was, where that is seen from here.

Only read, and never on a host that nobody here named: a plan file is not to make this machine call anywhere.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import attrs

from haplan.errors import HaplanError, Stale
from haplan.host.admission import hosts_of
from haplan.host.backend import usual_state
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.plan import Plan
from haplan.state.location import shown
from haplan.steps import approve


@attrs.frozen
class Currency:
    """What can be said of it from here, and why."""

    state: Literal["current", "stale", "unknown"]
    why: str

    def __str__(self) -> str:
        words = {"current": "still current", "stale": "not current any more", "unknown": "not looked at from here"}
        return f"{words[self.state]}: {self.why}"


def currency(plan: Plan, digest: str, given: Options, environ: Mapping[str, str]) -> Currency:
    """Look, without a word to any estate."""
    named = given.state or usual_state(attrs.evolve(given, environment=plan.environment, lab=plan.origin.lab), environ)
    if hosts_of(plan.origin.state) and shown(named.replace("{env}", plan.environment)) != plan.origin.state:
        return Currency("unknown", f"its state is on a host, {plan.origin.state}; --state names it")
    options = Options(environment=plan.environment, lab=plan.origin.lab, state=given.state or plan.origin.state)
    try:
        with open_session(Path(plan.origin.file), options, exists=False, environ=environ) as session:
            state = session.backend.load()
            if not state.lineage and (plan.lineage or not session.root.is_dir()):
                return Currency("unknown", f"its state {plan.origin.state} is not there")
            approve.refuse_stale(plan, state, digest)
    except Stale as error:
        return Currency("stale", str(error))
    except HaplanError as error:
        return Currency("unknown", str(error))
    return Currency("current", "nothing that it depends on has moved in the state since")

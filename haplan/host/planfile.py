"""A plan in a file: written whole or not at all, and opened to be carried out where it is for and nowhere else."""

from pathlib import Path
from typing import Any

import attrs

from haplan.errors import HaplanError, PlanFileError
from haplan.host import admission
from haplan.host.options import DEFAULT, ENVIRONMENT, LAB, Options
from haplan.host.session import Session, open_session
from haplan.model.plan import Plan
from haplan.state import files
from haplan.state.location import shown
from haplan.steps import approve


def write_file(plan: Plan, at: float, path: Path) -> str:
    """As `write_plan`, of a plan that was made then."""
    sealed, text = approve.sealed(plan, at)
    try:
        files.put(path, text)
    except OSError as error:
        raise HaplanError(f"{path}: cannot write the plan: {error.strerror}") from None
    return sealed


def session_for(plan: Plan, options: Options | None = None, *, where: str = "", **more: Any) -> Session:
    """The session to apply a plan in: no stack code is run. `where` stands before what is refused.

    Raises:
        HaplanError: It was made for another environment or state than the options name.
        Denied: It was read from a file, and runs commands, or keeps its state on a host, that nobody here allowed.
        Declined: The person who was asked about that said no.
    """
    given = options or Options()
    _refuse_elsewhere(where, plan, given)
    state = given.state or plan.origin.state
    options = attrs.evolve(given, environment=plan.environment, lab=plan.origin.lab, state=state)
    session = open_session(Path(plan.origin.file), options, exists=False, **more)
    if plan.read:
        admission.admit_file(session, plan, given.state)
    refuse_needless(session, plan)
    return session


def _refuse_elsewhere(where: str, plan: Plan, given: Options) -> None:
    """Refuse to carry a plan out elsewhere than where it is for."""
    environment, lab, state = plan.environment, plan.origin.lab, plan.origin.state
    if lab != (environment == LAB) or not ENVIRONMENT.fullmatch(environment):
        raise PlanFileError(f"{where}this plan is for an environment that cannot be: {environment!r}; plan again")
    if given.environment not in (DEFAULT, environment) or (given.lab and not lab):
        raise HaplanError(f"{where}this plan is for environment {environment!r}; leave --env and --lab out")
    if given.state and shown(given.state.replace("{env}", environment)) != state:
        raise HaplanError(f"{where}this plan is for the state {state}; leave --state out")


def refuse_needless(session: Session, plan: Plan) -> None:
    """Of the variables a plan takes those again that it does not hold; the others it has decided."""
    lines = session.variable.needless(approve.sensitive_variables(plan), plan.variables)
    if lines:
        raise HaplanError("\n".join(lines))

"""An apply with a person at the keyboard, who may press Ctrl-C."""

from haplan import engine
from haplan.cli.signals import Interruptible
from haplan.host.options import sorted_out
from haplan.host.session import Session
from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.testing import Project


def apply(project: Project, **options: object) -> Result:
    """Plan and apply as the command line does."""
    opening, asked = sorted_out(options)
    with project.session(**opening) as session:
        return carry_out(session, engine.plan(session, asked))


def carry_out(session: Session, plan: Plan) -> Result:
    """Carry out a plan as the command line does."""
    with Interruptible(lambda text: session.tell("warning", text)) as person, session.observed_by([person]):
        return engine.apply(session, plan, person.stop)

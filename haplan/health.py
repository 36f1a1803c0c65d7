"""Health: how what a stack manages is, at any time. It looks as a plan does, and plans nothing.

move → refresh → health
"""

import attrs

from haplan.contracts import PlanView
from haplan.host.session import Session
from haplan.looking import Question, look
from haplan.model.health import Check, Snapshot
from haplan.steps import check


def taken(session: Session, question: Question) -> Snapshot:
    """The checks of this moment. Writes nothing and takes no lock.

    Raises:
        OtherEstate: The state belongs to another estate than the credentials reach.
    """
    looked = look(session, question)
    view = PlanView(
        stack=question.stack, state=looked.state, changes=(), seen=looked.seen.seen, facts=looked.seen.facts
    )
    found = session.plugins.health(view, question.types())
    unread = {address: why for address, why in looked.seen.unread.items() if address in {one.address for one in found}}
    checks = [one for one in found if one.address not in unread] + [
        Check(address=address, rule=check.UNREAD, title="all of it", colour="unknown", text=why)
        for address, why in unread.items()
    ]
    ordered = sorted(checks, key=lambda one: (one.address, one.rule, one.title))
    hidden = [attrs.evolve(one, text=session.redact.tree(one.text)) for one in ordered]
    return Snapshot(
        stack=question.stack.name,
        environment=session.options.environment,
        at=session.wall.now(),
        checks=tuple(hidden),
    )

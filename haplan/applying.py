"""Carrying out: the end of the story, from an approved plan to what is remembered of it.

    lock → refuse what moved → open a run → apply (each write) → close it

`haplan.engine` says when; each step is one module in `haplan.steps`.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from haplan.contracts import Provider
from haplan.errors import Abandoned, HaplanError
from haplan.host import admission
from haplan.host import records as runs_
from haplan.host.lock import locked
from haplan.host.planfile import session_for as session_for
from haplan.host.planfile import write_file as write_file
from haplan.host.session import Session
from haplan.model.plan import Action, Plan
from haplan.model.result import Outcome, Result, left_out
from haplan.model.state import State
from haplan.model.unfinished import begun
from haplan.planning import recorded
from haplan.steps import approve, reconcile, refresh, repair
from haplan.steps import resume as resume_

if TYPE_CHECKING:
    from haplan.steps.apply import RunContext


def settle(session: Session, plan: Plan) -> None:
    """All is as the stack says: what a dead run announced led to that, or to nothing, and is open no longer."""
    looked = plan.command != "refresh" and not any(plan.targets.values()) and not plan.unread
    if not looked or not session.backend.load().intents:
        return
    with locked(session, plan.command):
        state = session.backend.load()
        if (state.lineage, state.serial) == (plan.lineage, plan.serial):
            session.backend.settle_intents([(intent.id, "reconciled", {}) for intent in state.intents])


def accepted(session: Session, plan: Plan) -> Result:
    """Take into state what moved in the estate; nothing is written there."""
    with locked(session, plan.command) as held:
        state = recorded(session)
        sealed, kept = approve.sealed(plan, session.wall.now())
        approve.refuse_stale(plan, state, sealed)
        mended = repair.accept(state, plan.drift)
        with runs_.opened(session, plan, sealed, kept, held.told) as (run, _):
            session.backend.save(attrs.evolve(mended.update, run=run.id))
        runs_.end(session, run, 0)
    gone = {one.address for one in plan.drift if one.seen is None}
    addresses = dict.fromkeys(one.address for one in plan.drift if one.moved)
    done = tuple(Outcome(address=one, action=Action.FORGET if one in gone else Action.READ) for one in addresses)
    return Result(run=run.id, exit_code=0, done=done, left_out=left_out(plan))


def carried_out(
    session: Session, plan: Plan, stop: threading.Event | None, resumed: runs_.Kept | None = None
) -> Result:
    from haplan.steps.apply import apply as carry_out  # a plan does without it

    approve.refuse_other_plugins(plan, session.plugins.versions, session.plugins.broken)
    if plan.read and resumed is None:
        admission.admit(session, plan, recorded(session))
    else:
        session.secrets.allow(plan.sources)  # its stack was run here, or its run was let go on
    providers = session.providers.of_plan(plan)
    with locked(session, plan.command, stop) as held:
        state = recorded(session)
        sealed, kept = (resumed.digest, resumed.file) if resumed else approve.sealed(plan, session.wall.now())
        if resumed is None:
            approve.refuse_stale(plan, state, sealed)
        approve.refuse_other_values(plan, state.key, session.secrets.reveal)
        estates = refresh.identities(providers, session.catch_up)
        approve.refuse_estates({**state.identities, **plan.identities}, estates, "this plan")
        left = _left(session, plan, sealed, state, providers) if resumed else plan
        with runs_.opened(session, left, sealed, kept, held.told) as (run, tell):
            opened = begun(state if state.lineage else recorded(session))  # the first run gives the state its key
            stopping = stop or threading.Event()
            context = _run_context(
                session, left, holder=held.holder, run=run, state=opened, providers=providers, tell=tell, stop=stopping
            )
            try:
                result = session.redact.tree(carry_out(left, context))
            except (KeyboardInterrupt, Abandoned):
                runs_.end(session, run, runs_.INTERRUPTED)
                raise
            runs_.end(session, run, result.exit_code)
            runs_.keep_result(session, run, result)
    return result


def _run_context(session: Session, plan: Plan, *, state: State, **of_run: Any) -> "RunContext":
    """What a run works with: what is the session's, and what is of this run."""
    from haplan.steps.apply import RunContext

    return RunContext(
        backend=session.backend,
        state=state,
        types=session.types,
        rules=session.plugins.rules_about({change.type for change in plan.changes}),
        clock=session.clock,
        parallelism=session.options.parallelism,
        fingerprint=session.secrets.fingerprint(state),
        wall=session.wall.now,
        catch_up=session.catch_up,
        redact=session.redact.tree,
        **of_run,
    )


def _left(session: Session, plan: Plan, sealed: str, state: State, providers: Mapping[str, Provider]) -> Plan:
    """What is left of a plan that earlier runs began."""
    runs = resume_.runs_of(sealed, state)
    reconciled = reconcile.reconcile(state, providers, session.catch_up)
    unread = dict(reconciled.unread)
    confirmed = frozenset(key for key, provider in providers.items() if provider.confirmed)
    begun = resume_.begun(plan, reconciled.state, runs, session.backend.as_of(runs[-1].serial), confirmed)
    readings = refresh.readings(resume_.targets(begun), providers, state, session.catch_up)
    unread |= {address: why for reading in readings for address, why in reading.unread.items()}
    if unread:  # what was begun must be looked at before any of it is gone on with
        raise HaplanError("\n".join(f"{address}: could not be read: {why}" for address, why in unread.items()))
    left = resume_.rest(begun, readings, session.types)
    count = f"{len(left.changes)} of {len(plan.changes)} changes are left"
    session.tell("note", f"going on with the plan of run {runs[-1].id}: {count}")
    return left

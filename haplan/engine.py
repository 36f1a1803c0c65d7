"""The story on one page: a stack is loaded, compared with what is remembered and with what is there; the plan that
comes of it is approved, carried out, and remembered.

    load → graph → check → refresh → diff → stages → [approve] → apply → state

Each arrow is one module in `haplan.steps`. This module strings them together, `haplan.looking` and `haplan.planning`
those in the middle, `haplan.applying` those at the end; they hold no rule of their own.
"""

import threading
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import attrs

from haplan import applying
from haplan import health as health_
from haplan.contracts import Lab, ValidateView
from haplan.errors import Denied, HaplanError, Locked, StackError
from haplan.host import planfile
from haplan.host import records as runs_
from haplan.host.backend import look
from haplan.host.collector import collecting_rarely
from haplan.host.currency import currency as currency
from haplan.host.labs import blocks_of
from haplan.host.lock import is_dead, locked
from haplan.host.options import Options, PlanOptions
from haplan.host.planfile import session_for as session_for
from haplan.host.planfile import write_file as write_file
from haplan.host.session import Session
from haplan.looking import Question, Validation, types_of
from haplan.model.address import parse
from haplan.model.finding import Finding
from haplan.model.graph import Edge
from haplan.model.health import Snapshot
from haplan.model.plan import Action, Impact, Plan
from haplan.model.renames import renamed
from haplan.model.result import Result, left_out
from haplan.model.selection import Selection
from haplan.model.stack import Stack
from haplan.model.state import Holder, Run, State
from haplan.model.traffic import Question as Asked
from haplan.model.traffic import Traffic
from haplan.model.unfinished import with_orphans
from haplan.model.wiring import Sheet
from haplan.planning import planned, recorded
from haplan.steps import admit, approve, check, graph, move, order, refresh, select, steady
from haplan.steps import resume as resume_
from haplan.steps import rollback as rollback_
from haplan.steps.approve import PlanFile
from haplan.steps.load import load

RUNS_MEANWHILE = 3
"""So often at most a plan is made of a state that others write meanwhile; what is left then is as it was looked at."""


@collecting_rarely()
def validate(session: Session, *, twice: bool = False) -> Validation:
    """Check a stack offline: its language and the design rules.

    Args:
        twice: Load it twice, to warn of what is not the same both times; not where a person was asked for a value.

    Raises:
        StackError: The stack itself has mistakes.
    """
    stack = _sound(session)
    asked = any(variable.source == "asked" for variable in stack.variables.values())
    again = _again(session, stack) if twice and not asked else ()
    resources = graph.graph(stack, session.types)
    rules = session.plugins.rules_about({block.type for block in stack.blocks.values()})
    named = {block.name: session.plugins.provider(block.name) for block in stack.providers.values()}
    findings = check.check("V", ValidateView(stack), rules) + check.check_extra(stack, named)
    return Validation(stack, resources, check.in_order((*findings, *again)))


def _again(session: Session, stack: Stack) -> tuple[Finding, ...]:
    """What tells that the stack wants something else another time: it is loaded once more."""
    with steady.watched(stack) as read:
        second = _load(session)
    return (*steady.unsteady(stack, second), *read)


def _sound(session: Session) -> Stack:
    """The stack, if neither it nor the settings of its providers have a mistake; else all of them, in one error."""
    try:
        stack = _load(session)
        error = StackError((), stack)
    except StackError as found:
        error = found
    if not isinstance(error.part, Stack):
        raise error
    wrong = session.providers.mistakes(error.part, session.types)
    if not error.mistakes and not wrong:
        return error.part
    known = {key: block for key, block in error.part.providers.items() if key not in wrong.values()}
    rest = attrs.evolve(error.part, providers=known)
    error = StackError([*error.mistakes, *wrong], rest, error.about)
    raise check.beside(error, session.plugins.rules_about(set(session.types)))


def plan(session: Session, options: PlanOptions | None = None) -> Plan:
    """Make a plan. Writes nothing and takes no lock.

    Raises:
        Denied: A rule finds an error in the stack.
        OtherEstate: The state belongs to another estate than the credentials reach.
    """
    found = validate(session)
    _refuse_errors(found.findings)
    asked = options or PlanOptions()
    stack = _emptied(found.stack) if asked.destroy else found.stack
    return _at_rest(session, lambda now: _planned(session, found, stack, now, asked), _may_be_of_another_run)


@collecting_rarely()
def _at_rest(
    session: Session, make: Callable[[State], Plan], doubtful: Callable[[Plan], bool] = lambda made: True
) -> Plan:
    """A plan of a state that nobody wrote while it was made; of one that is written again and again, the last of a few.

    Args:
        doubtful: True of a plan that another run may have had a part in.
    """
    now = recorded(session)
    for _ in range(RUNS_MEANWHILE):
        made = make(now)
        then, now = now, recorded(session) if doubtful(made) else now
        if (now.serial, now.rows) == (then.serial, then.rows):
            break
        session.tell("note", "another run wrote this state meanwhile: it is read again, and all is compared anew")
    return made


def _planned(session: Session, found: Validation, stack: Stack, now: State, options: PlanOptions) -> Plan:
    state = with_orphans(renamed(now, move.names(stack, now)), stack.blocks)
    chosen = select.select(stack, state, options.targets, options.excludes, options.replaces)
    return planned(session, Question(found=found, stack=stack, recorded=now, chosen=chosen, options=options))


def _may_be_of_another_run(made: Plan) -> bool:
    """True if the estate has what state did not say: a run that ended since that was read may have done it."""
    return any(one.moved for one in made.drift) or any(finding.rule == "EXISTS" for finding in made.findings)


def import_(session: Session, address: str, identity: str) -> Plan:
    """A plan that takes one existing object into state, as it is.

    Raises:
        HaplanError: The stack has no such resource, state has it already, or the backend has no such object.
    """
    found = validate(session)
    if address not in found.stack.blocks:
        raise HaplanError(f"{address}: the stack has no such resource; declare it first, then import it")
    return _at_rest(session, lambda now: _imported(session, found, address, identity, now))


def import_all(session: Session) -> Plan:
    """A plan that takes into state all that is there with equal values, and changes nothing; the rest is told."""
    found = validate(session)
    return _at_rest(session, lambda now: _imported_all(session, found, now))


def _imported_all(session: Session, found: Validation, state: State) -> Plan:
    new = frozenset(one.address for one in found.stack.blocks.values() if not one.data and not state.row(one.address))
    chosen = Selection(only=new, taking=True)
    return planned(
        session, Question(found=found, stack=found.stack, recorded=state, chosen=chosen, options=PlanOptions())
    )


def _imported(session: Session, found: Validation, address: str, identity: str, state: State) -> Plan:
    if state.row(address) is not None:
        raise HaplanError(f"{address}: is in state already; `haplan state show` shows it")
    chosen = Selection(only=frozenset({address}), importing={address: identity})
    made = planned(
        session, Question(found=found, stack=found.stack, recorded=state, chosen=chosen, options=PlanOptions())
    )
    if address in made.unread:
        raise HaplanError(f"{address}: could not be read: {made.unread[address]}")
    if made.change(address) is None or made.count(Action.CREATE):
        raise HaplanError(f"{address}: there is no such object with id {identity}")
    return made


def rollback(session: Session, run: str, options: PlanOptions | None = None) -> Plan:
    """A plan back to what an earlier run recorded, without stack code.

    Raises:
        HaplanError: There is no such run, or something that it recorded cannot be brought back; it says why.
        StateError: What it recorded was pruned.
    """
    asked = attrs.evolve(options or PlanOptions(), to=run)
    return _at_rest(session, lambda now: _returned(session, run, asked, now))


def _returned(session: Session, run: str, options: PlanOptions, now: State) -> Plan:
    to = runs_.find(now, run)
    then = session.backend.as_of(to.serial)
    way = rollback_.back(to, then, now, session.types, session.name, str(session.root))
    named = way.stack.sources()
    admit.refuse_commands(named, allowed=session.options.allow_command, who=f"run {run}")
    session.secrets.allow(named)
    chosen = select.select(way.stack, way.state, options.targets, options.excludes, options.replaces)
    refused = [f"{one}: cannot be brought back: {why}" for one, why in way.refused.items() if chosen.has(one)]
    if refused:
        raise HaplanError("\n".join(refused))
    wanted = refresh.targets(way.stack, way.state, chosen)
    providers = session.providers.of_stack(way.stack, wanted)
    looks = refresh.looks(wanted, providers, way.state, session.catch_up)
    stack = order.in_sequence(way.stack, session.types, providers, looks, then.orders)
    found = Validation(stack, graph.graph(stack, session.types))
    return planned(session, Question(found=found, stack=stack, recorded=now, chosen=chosen, options=options, way=way))


def _load(session: Session) -> Stack:
    session.tell("phase", f"loading {session.name}")
    session.variable.read_files()
    stack = load(session.file, session.plugins.resources, session.variable)
    unused = session.variable.unused(stack.variables)
    if unused:
        raise HaplanError("\n".join(unused))
    session.secrets.allow(stack.sources())
    session.secrets.know(stack.literals)
    return stack


def _emptied(stack: Stack) -> Stack:
    """A stack that wants nothing: everything in state goes."""
    return attrs.evolve(stack, blocks={}, outputs={}, moves=(), imports=())


def _refuse_errors(findings: Sequence[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise Denied("\n".join(approve.line(finding) for finding in errors), findings)


# --- Apply ------------------------------------------------------------------------------------------------------------


def apply(session: Session, plan: Plan, stop: threading.Event | None = None) -> Result:
    """Carry out an approved plan: this plan, nothing else.

    Args:
        stop: Set, nothing new is begun, and what is under way is finished and saved.

    Raises:
        Denied: A rule or a limit forbids it.
        Stale: State moved since the plan, or this digest was applied already.
        Locked: Somebody else is writing this state.
    """
    approve.refuse_limits(plan)
    if plan.command == "refresh" and any(one.moved for one in plan.drift):
        return applying.accepted(session, plan)
    if plan.empty():  # a run without change opens no serial
        applying.settle(session, plan)
        return Result(run="", exit_code=0, left_out=left_out(plan))
    return applying.carried_out(session, plan, stop)


def kept_plan(session: Session, run: str) -> runs_.Kept:
    """The plan of a run that did not end.

    Raises:
        HaplanError: There is no such run, it did all it planned, or its plan is not kept here.
    """
    state = session.backend.load()
    found = runs_.find(state, run)
    kept = runs_.kept_plan(session.folder, found)
    resume_.runs_of(found.digest, state)
    planfile.refuse_needless(session, kept.plan)
    return kept


def resume(session: Session, run: str, stop: threading.Event | None = None) -> Result:
    """Go on with the very plan of a run that did not end: without what was recorded, and without a new digest.

    Raises:
        HaplanError: As `kept_plan`.
        Stale: Somebody else changed what it is about, in state or in the estate.
    """
    kept = kept_plan(session, run)
    approve.refuse_limits(kept.plan)
    return applying.carried_out(session, kept.plan, stop, kept)


def drift(session: Session, options: PlanOptions | None = None) -> Plan:
    """What moved in the estate since it was recorded: a plan without changes."""
    return plan(session, attrs.evolve(options or PlanOptions(), refresh_only=True))


def health(session: Session) -> Snapshot:
    """How what a stack manages is. Writes nothing and takes no lock.

    Raises:
        OtherEstate: The state belongs to another estate than the credentials reach.
    """
    found, now, asked = validate(session), recorded(session), PlanOptions(refresh_only=True)
    state = with_orphans(renamed(now, move.names(found.stack, now)), found.stack.blocks)
    chosen = select.select(found.stack, state, (), (), ())
    return health_.taken(session, Question(found=found, stack=found.stack, recorded=now, chosen=chosen, options=asked))


# --- Plan files -------------------------------------------------------------------------------------------------------


def write_plan(session: Session, plan: Plan, path: Path) -> str:
    """Write a plan to a file, and give its digest. A file of that name stays as it is until this one is whole."""
    return write_file(plan, session.wall.now(), path)


def read_plan(path: Path) -> PlanFile:
    """Read a plan file; see `haplan.steps.approve.unseal`."""
    return approve.unseal(path)


def open_plan(path: Path, options: Options | None = None, **more: Any) -> tuple[Session, Plan]:
    """A plan file with the session to apply it in: no stack code is run.

    Raises:
        PlanFileError: As `haplan.steps.approve.unseal`.
        HaplanError: It was made for another environment or state than the options name.
        Denied: It runs commands, or keeps its state on a host, that nobody here allowed.
    """
    plan = approve.unseal(path).plan
    return session_for(plan, options, where=f"{path}: ", **more), plan


# --- Looking at things ------------------------------------------------------------------------------------------------


def read_state(session: Session, serial: int = 0) -> State:
    """What is remembered, or was after the run of an earlier serial.

    Raises:
        StateError: There is no such serial, or its history was pruned.
    """
    return session.backend.as_of(serial) if serial else session.backend.load()


def dependencies(session: Session) -> tuple[Stack, tuple[Edge, ...]]:
    """A stack and its edges of all kinds, as if everything in it were new."""
    found = validate(session)
    resources = found.resources
    blocks = [block for block in found.stack.blocks.values() if not block.data]
    new = tuple(attrs.evolve(order.as_new(block), impact=Impact("reboot")) for block in blocks)  # so that gates show
    hooks = session.plugins.order_about(types_of(found.stack, State()))
    edges = order.edges(found.stack, State(), new, resources.edges, hooks)
    looked_up = [
        edge for edge in resources.edges if found.stack.blocks[edge.first].data or found.stack.blocks[edge.then].data
    ]
    return found.stack, (*looked_up, *edges)


def wiring(session: Session, clusters: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """How the boxes of a stack's pairs are cabled; of those that a glob names by address or label, or of all.

    Raises:
        Denied: A rule finds an error in the stack: nobody is to cable after that.
        HaplanError: No pair is called so.
    """
    found = validate(session)
    _refuse_errors(found.findings)
    sheets = session.plugins.wiring(found.stack)
    chosen = [one for one in sheets if not clusters or any(_is_called(one.address, glob) for glob in clusters)]
    if not chosen:
        known = ", ".join(one.address for one in sheets) or "none"
        raise HaplanError(f"no cluster {', '.join(clusters)} in this stack; there are: {known}" if clusters else
                          "this stack has no cluster: there is nothing to cable")  # fmt: skip
    return tuple(chosen)


def traffic(session: Session, question: Asked) -> Traffic:
    """Who reaches what in a stack, by which path, and what becomes of that when something fails. Offline.

    Raises:
        StackError: The stack itself has mistakes.
        HaplanError: What is asked for is not in it.
    """
    return session.plugins.traffic(_sound(session), question)


def _is_called(address: str, glob: str) -> bool:
    return fnmatchcase(address, glob) or fnmatchcase(parse(address).label, glob)


def labs(session: Session, *, port: int = 0, tls: bool = False) -> dict[str, Lab]:
    """Start the simulators of a stack's providers, by key; they end with the session.

    Args:
        port: Of the first; the others take free ones.
    """
    stack = _load(session)
    keys = tuple(stack.providers)
    return {
        key: session.labs.start(
            key,
            session.plugins.provider(provider.name),
            blocks_of(stack, key),
            keys=keys,
            port=port if key == keys[0] else 0,
            tls=tls,
        )
        for key, provider in stack.providers.items()
    }


def force_unlock(session: Session, lock_id: str) -> Holder:
    """Take the lock from its holder, as a run of its own: history shows it.

    Raises:
        HaplanError: Nobody holds a lock of that id.
    """
    holder = session.backend.unlock(lock_id)
    if holder is None:
        raise HaplanError(f"no lock {lock_id!r} is held; `haplan plan` says who holds one")
    try:
        with locked(session, "unlock"):
            runs_.end(session, runs_.begin(session, "unlock"), 0)
    except Locked as error:  # somebody waited for it: unlocked it is
        session.tell("warning", f"no history has this unlock: {error.said}")
    return holder


def writing(session: Session) -> bool:
    """True while somebody holds the lock of this state, and is alive."""
    holder = session.backend.holder()
    return holder is not None and not is_dead(session, holder)


def runs(session: Session) -> tuple[Run, ...]:
    """The runs that wrote, latest last."""
    return look(session.backend).runs

"""Looking: a stack against what is remembered and what is there. The first part of a plan.

    move → refresh → reconcile → diff → drift

It writes nothing. Each step is one module in `haplan.steps`; `haplan.planning` decides what comes of it.
"""

from collections.abc import Mapping

import attrs

from haplan.contracts import Provider
from haplan.errors import Gathering
from haplan.host.options import PlanOptions, command_line
from haplan.host.session import Session
from haplan.model.drift import Drift
from haplan.model.finding import Finding
from haplan.model.graph import Graph
from haplan.model.renames import renamed
from haplan.model.schema import TypeInfo
from haplan.model.selection import Selection
from haplan.model.stack import Stack
from haplan.model.state import State
from haplan.model.unfinished import with_orphans
from haplan.model.value import Tree
from haplan.steps import (
    approve,
    diff,
    graph,
    move,
    reconcile,
    refresh,
    select,
    upgrade,
)
from haplan.steps import drift as drift_
from haplan.steps.rollback import Return, revised


@attrs.frozen
class Validation:
    """What validating gives: the stack, its graph, and what the rules find in it."""

    stack: Stack
    resources: Graph
    findings: tuple[Finding, ...] = ()


@attrs.frozen(kw_only=True)
class Question:
    """What a plan is to answer.

    Attributes:
        found: The stack as written, with the findings of its rules.
        stack: What is wanted: that stack, or one that wants nothing where all is to go.
        recorded: What is remembered.
        chosen: What the plan is about.
        options: How it was asked.
        way: Back to what an earlier run recorded, for a rollback.
    """

    found: Validation
    stack: Stack
    recorded: State
    chosen: Selection
    options: PlanOptions
    way: Return | None = None

    def resources(self, types: Mapping[str, TypeInfo]) -> Graph:
        """The graph of what is wanted: that of the stack as written, unless all is to go."""
        return self.found.resources if self.stack is self.found.stack else graph.graph(self.stack, types)

    def types(self) -> set[str]:
        """The types of all that the plan may speak of."""
        return types_of(self.found.stack, self.recorded)


NOTHING = diff.Difference(changes=(), unchanged=0, same={}, findings=(), known={}, readable={})


@attrs.frozen(kw_only=True)
class Looked:
    """The estate as it is, and what differs from it.

    Attributes:
        names: Address in state → address in the stack, of what moves.
        state: What is remembered, under the addresses of the stack, with what a dead run left found out.
        resources: The graph of the stack.
        providers, identities: By key.
        seen: From refresh.
        left: Address → the unread one that it hangs on, of all that is left out.
        chosen: What the plan is about, without that.
        difference: From diff.
        drift: What moved in the estate since it was recorded.
    """

    names: Mapping[str, str]
    state: State
    resources: Graph
    providers: Mapping[str, Provider]
    identities: Mapping[str, Mapping[str, str]]
    seen: refresh.Refreshed
    left: Mapping[str, str]
    chosen: Selection
    difference: diff.Difference = NOTHING
    drift: tuple[Drift, ...] = ()


def types_of(stack: Stack, state: State) -> set[str]:
    """The types in a stack and a state."""
    return {block.type for block in stack.blocks.values()} | {row.type for row in state.rows.values()}


def look(session: Session, question: Question) -> Looked:
    stack, way = question.stack, question.way
    names = move.names(stack, question.recorded)
    state = with_orphans(renamed(question.recorded, names) if way is None else way.state, stack.blocks)
    resources = question.resources(session.types)
    wanted = refresh.targets(stack, state, question.chosen)
    refresh.refuse_without_provider(question.found.stack, wanted)
    providers = session.providers.of_stack(question.found.stack, wanted)
    identities = refresh.identities(providers, session.catch_up)
    approve.refuse_estates(state.identities, identities, "this state")
    reconciled = reconcile.reconcile(state, providers, session.catch_up)
    reconciled = attrs.evolve(reconciled, state=upgrade.kept(reconciled.state, providers))
    if reconciled.state is not state:
        state, wanted = reconciled.state, refresh.targets(stack, reconciled.state, question.chosen)
    seen = _refresh(session, question.options, wanted, providers, state)
    seen = attrs.evolve(seen, unread={**reconciled.unread, **seen.unread})
    count = sum(map(len, wanted.values()))
    session.tell("phase", f"comparing {count} resource{'' if count == 1 else 's'}")
    looked = Looked(
        names=names,
        state=state,
        resources=resources,
        providers=providers,
        identities=identities,
        seen=seen,
        left={},
        chosen=question.chosen,
    )
    return compare(session, question, without(question, looked, {one: one for one in seen.unread}))


def without(question: Question, looked: Looked, hanging: Mapping[str, str]) -> Looked:
    """Without what hangs on something that could not be read: address → the unread one."""
    if not hanging:
        return looked
    found = select.left_out(hanging, question.stack, looked.state)
    left = {**{one: hanging[root] for one, root in found.items()}, **looked.left}
    return attrs.evolve(looked, left=left, chosen=select.without(question.chosen, left, question.stack, looked.state))


def compare(session: Session, question: Question, looked: Looked) -> Looked:
    """Compare. Where a data source could not be read either, what hangs on it is left out too."""
    stack, way = question.stack, question.way
    while True:
        difference, seen = _difference(session, question, looked)
        new = {one: one for one in seen.unread if one not in looked.left}
        looked = without(question, attrs.evolve(looked, seen=seen), new)
        if not new:
            break
    moved = (
        *drift_.drift(
            stack, looked.state, seen.seen, session.types, looked.chosen, session.secrets.fingerprint(looked.state)
        ),
        *drift_.reorders(looked.state, seen.orders, session.types, looked.chosen),
    )
    if way is not None:
        difference = attrs.evolve(difference, changes=revised(difference.changes, way))
        moved = tuple(one for one in moved if one.address not in way.forgotten)
    asked = question.options
    gone = tuple(diff.as_asked(one, destroy=asked.destroy, run=asked.to) for one in difference.changes)
    difference = attrs.evolve(difference, changes=gone)
    return attrs.evolve(looked, difference=difference, drift=moved)


def _refresh(
    session: Session,
    options: PlanOptions,
    wanted: Mapping[str, Tree],
    providers: Mapping[str, Provider],
    state: State,
) -> refresh.Refreshed:
    if not options.refresh:
        looked = refresh.refresh(refresh.untold(wanted), providers, state, session.catch_up)
        return refresh.remembered(state, looked, wanted, providers)
    for key, asked in wanted.items():
        session.tell("refresh", data={"state": "started", "resources": len(asked), "provider": key})
    seen = refresh.refresh(wanted, providers, state, session.catch_up, deep=options.deep)
    gathering = Gathering()
    for key, asked in wanted.items():
        with gathering:
            calls = providers[key].calls((), seen.looks.get(key)).made
            session.tell("refresh", data={"state": "done", "resources": len(asked), "provider": key, "calls": calls})
    gathering.refuse()
    return seen


def _difference(session: Session, question: Question, looked: Looked) -> tuple[diff.Difference, refresh.Refreshed]:
    """Compare. Data sources whose names become known by it are read, and all is compared again."""
    stack, state, sequence, seen = question.stack, looked.state, looked.resources.order, looked.seen
    marked = session.secrets.fingerprint(state)
    estates = {key: one.get("id", key) for key, one in looked.identities.items()}
    by_id = {key: one.by_id for key, one in looked.providers.items()}
    read: dict[str, str] = {}
    while True:
        work = diff.Work(
            stack=stack,
            state=state,
            seen=seen.seen,
            types=session.types,
            selection=looked.chosen,
            fingerprint=marked,
            read=read,
            by_id=by_id,
            estates=estates,
            command=command_line(session.options, session.file),
        )
        found = diff.diff(sequence, work)
        if not found.readable:
            return found, seen
        read |= found.readable
        more = refresh.refresh(refresh.named(stack, found.readable), looked.providers, state, session.catch_up)
        seen = refresh.with_more(seen, more)

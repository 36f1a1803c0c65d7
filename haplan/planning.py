"""The middle of the story: a stack against what is remembered and what is there, up to the plan.

    look (refresh, diff) → decide (what changes) → stage (in which writes) → the plan

It writes nothing. Each step is one module in `haplan.steps`; what each part found is a frozen value for the next.
"""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.contracts import Calls, PlanView, Provider
from haplan.errors import Gathering
from haplan.host import provenance
from haplan.host.options import PlanOptions
from haplan.host.session import Session
from haplan.model.document import Document
from haplan.model.finding import Finding
from haplan.model.graph import Edge, Graph
from haplan.model.plan import Action, Change, Drift, Order, Placement, Plan, Transaction
from haplan.model.renames import renamed
from haplan.model.selection import Selection
from haplan.model.sources import sources
from haplan.model.stack import Stack
from haplan.model.state import State
from haplan.model.unfinished import with_orphans
from haplan.model.value import Tree
from haplan.steps import (
    approve,
    assess,
    check,
    conditions,
    diff,
    graph,
    halves,
    move,
    order,
    outputs,
    reconcile,
    refresh,
    rehearse,
    select,
    stages,
    upgrade,
)
from haplan.steps import drift as drift_
from haplan.steps.rollback import Return, revised


@attrs.frozen
class Validation:
    """What validating gives: the stack, and what the rules find in it."""

    stack: Stack
    findings: tuple[Finding, ...]


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

    def types(self) -> set[str]:
        """The types of all that the plan may speak of."""
        return types_of(self.found.stack, self.recorded)


NOTHING = diff.Difference(changes=(), unchanged=0, same={}, findings=(), known={}, readable={})


@attrs.frozen(kw_only=True)
class _Looked:
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


@attrs.frozen(kw_only=True)
class _Decided:
    """What changes.

    Attributes:
        changes: With order, moves, impact and conditions; none where the plan only refreshes.
        unchanged: How many resources stay as they are.
        placements: `Change.key` → documents.
        orders: (provider, document) → sequences to set.
        findings: Reasons to refuse or to warn.
    """

    changes: tuple[Change, ...]
    unchanged: int
    placements: Mapping[str, tuple[Placement, ...]]
    orders: Mapping[tuple[str, Document], Sequence[Order]]
    findings: tuple[Finding, ...]


@attrs.frozen(kw_only=True)
class _Staged:
    """In which writes, and what the rules and the backends say of them."""

    edges: tuple[Edge, ...]
    transactions: tuple[Transaction, ...]
    voided: tuple[Edge, ...]
    calls: tuple[Calls, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def planned(session: Session, question: Question) -> Plan:
    """The plan that answers a question.

    Raises:
        OtherEstate: The state belongs to another estate than the credentials reach.
    """
    looked = _look(session, question)
    composed = provenance.composed_sources(session, looked.providers, looked.state)
    if question.way is None:  # what a stack of this place had applied
        session.secrets.allow(composed)
    decided = _decide(session, question, looked)
    while hanging := select.used_by(looked.left, _going(decided.changes), question.stack, looked.state):
        looked = _compare(session, question, _without(question, looked, hanging))
        decided = _decide(session, question, looked)
    staged = _stage(session, question, looked, decided)
    made = _plan(session, question, looked, decided, staged)
    made = attrs.evolve(made, sources=tuple(sorted({*composed, *sources(made)})))
    session.tell("planned", data={action.value: made.count(action) for action in Action})
    for broke in session.plugins.plan_made(made):
        session.tell("warning", broke)
    return made


def recorded(session: Session) -> State:
    """What is remembered, in the shapes that the installed types have."""
    state = session.backend.load()
    session.secrets.key = state.key
    return upgrade.upgrade(state, session.types)


def types_of(stack: Stack, state: State) -> set[str]:
    """The types in a stack and a state."""
    return {block.type for block in stack.blocks.values()} | {row.type for row in state.rows.values()}


# --- Looking ----------------------------------------------------------------------------------------------------------


def _look(session: Session, question: Question) -> _Looked:
    stack, way = question.stack, question.way
    names = move.names(stack, question.recorded)
    state = with_orphans(renamed(question.recorded, names) if way is None else way.state, stack.blocks)
    resources = graph.graph(stack, session.types)
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
    looked = _Looked(
        names=names,
        state=state,
        resources=resources,
        providers=providers,
        identities=identities,
        seen=seen,
        left={},
        chosen=question.chosen,
    )
    return _compare(session, question, _without(question, looked, {one: one for one in seen.unread}))


def _without(question: Question, looked: _Looked, hanging: Mapping[str, str]) -> _Looked:
    """Without what hangs on something that could not be read: address → the unread one."""
    if not hanging:
        return looked
    found = select.left_out(hanging, question.stack, looked.state)
    left = {**{one: hanging[root] for one, root in found.items()}, **looked.left}
    return attrs.evolve(looked, left=left, chosen=select.without(question.chosen, left, question.stack, looked.state))


def _going(changes: Sequence[Change]) -> tuple[str, ...]:
    return tuple(change.address for change in changes if change.action in (Action.DELETE, Action.REPLACE))


def _compare(session: Session, question: Question, looked: _Looked) -> _Looked:
    """Compare. Where a data source could not be read either, what hangs on it is left out too."""
    stack, way = question.stack, question.way
    while True:
        difference, seen = _difference(session, question, looked)
        new = {one: one for one in seen.unread if one not in looked.left}
        looked = _without(question, attrs.evolve(looked, seen=seen), new)
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


def _difference(session: Session, question: Question, looked: _Looked) -> tuple[diff.Difference, refresh.Refreshed]:
    """Compare. Data sources whose names become known by it are read, and all is compared again."""
    stack, state, sequence, seen = question.stack, looked.state, looked.resources.order, looked.seen
    marked = session.secrets.fingerprint(state)
    estates = {key: one.get("id", key) for key, one in looked.identities.items()}
    by_id = {key: one.by_id for key, one in looked.providers.items()}
    read: dict[str, str] = {}
    while True:
        found = diff.diff(stack, sequence, state, seen.seen, session.types, looked.chosen, marked, read, by_id, estates)
        if not found.readable:
            return found, seen
        read |= found.readable
        more = refresh.refresh(refresh.named(stack, found.readable), looked.providers, state, session.catch_up)
        seen = refresh.with_more(seen, more)


# --- Deciding ---------------------------------------------------------------------------------------------------------


def _decide(session: Session, question: Question, looked: _Looked) -> _Decided:
    stack, chosen, difference = question.stack, looked.chosen, looked.difference
    gathering = Gathering()
    ordered = order.reordered(
        stack,
        session.types,
        looked.providers,
        looked.seen.looks,
        looked.seen.orders,
        difference.changes,
        difference.same,
        chosen,
        gathering,
    )
    told = move.told(ordered.changes, looked.names, stack, looked.state, chosen)
    assessed = assess.assess(told, looked.providers, looked.seen.looks, session.types, looked.state, gathering)
    judged = conditions.judge(stack, assessed.changes, difference.known, chosen)
    changes = () if question.options.refresh_only else judged.changes
    return _Decided(
        changes=changes,
        unchanged=difference.unchanged - len(told) + len(difference.changes),
        placements=assessed.placements,
        orders=ordered.orders,
        findings=(*approve.protected(changes), *difference.findings, *assessed.findings, *judged.findings),
    )


def _stage(session: Session, question: Question, looked: _Looked, decided: _Decided) -> _Staged:
    stack, state, changes, types = question.stack, looked.state, decided.changes, question.types()
    edges = order.edges(
        stack, state, changes, looked.resources.edges, session.plugins.order_about(types), decided.placements
    )
    ranks = {change.type: kind.rank for change in changes if (kind := session.types.get(change.type)) is not None}
    whole = {key for key, provider in looked.providers.items() if provider.atomic}
    placements = halves.in_halves(changes, decided.placements, edges, state, looked.providers, looked.seen.looks)
    staged = stages.stages(changes, placements, edges, ranks, decided.orders, whole)
    transactions, calls = assess.count(staged.transactions, changes, looked.providers, looked.seen.looks)
    written = tuple(change for change in changes if change.action is not Action.READ)
    view = PlanView(
        stack=stack,
        state=state,
        changes=written,
        seen=looked.seen.seen,
        facts=looked.seen.facts,
        edges=edges,
        calls=calls,
    )
    rules = session.plugins.rules_about(types)
    anew = {rule.id for rule in rules if rule.anew}
    of_stack = () if question.options.refresh_only else question.found.findings  # nothing of it is written then
    missing, uncompared = check.check_secrets(stack, changes, session.secrets.reveal)
    findings = (
        *(one for one in of_stack if one.rule not in anew),
        *decided.findings,
        *staged.findings,
        *assess.side_by_side(changes, transactions),
        *check.check("P", view, rules),
        *missing,
    )
    asked = question.options.check_on_device
    checked = transactions if asked else _after_restarts(question, transactions, changes, looked)
    if checked and not any(finding.severity == "error" for finding in findings):
        said = rehearse.rehearse(checked, changes, looked.providers, state, session.options.parallelism)
        findings = (*findings, *session.redact.tree(said.findings))
        transactions = session.redact.tree(said.transactions) if asked else transactions
    return _Staged(
        edges=edges,
        transactions=transactions,
        voided=staged.voided,
        calls=calls,
        findings=findings,
        notes=(*uncompared, *staged.notes),
    )


def _after_restarts(
    question: Question, transactions: Sequence[Transaction], changes: Sequence[Change], looked: _Looked
) -> tuple[Transaction, ...]:
    """What is written where something restarts first, of providers that check that without being asked."""
    restarts = {one.key for one in changes if one.after is not None and one.impact.kind in ("reboot", "outage")}
    return tuple(
        one
        for one in transactions
        if question.options.refresh and looked.providers[one.provider].checks_first
        if any(placed.address in restarts for placed in one.placed)
    )


# --- The plan ---------------------------------------------------------------------------------------------------------


def _plan(session: Session, question: Question, looked: _Looked, decided: _Decided, staged: _Staged) -> Plan:
    stack, state, changes, seen = question.stack, looked.state, decided.changes, looked.seen
    flowing = outputs.outputs(
        stack, state, looked.difference.known, session.secrets.fingerprint(state), session.secrets.hider()
    )
    importing = {"targets": tuple(question.chosen.importing)} if question.chosen.importing else {}
    return Plan(
        stack=stack.name,
        environment=session.options.environment,
        command=question.options.command,
        lineage=state.lineage,
        serial=state.serial,
        changes=changes,
        unchanged=decided.unchanged,
        drift=looked.drift,
        transactions=staged.transactions,
        edges=staged.edges,
        outputs=flowing if question.options.command != "refresh" else (),
        findings=session.redact.tree(check.in_order(staged.findings)),
        limits=stack.limits,
        identities=looked.identities,
        settings=provenance.settings_without_secrets(stack),
        calls=staged.calls,
        versions={**assess.versions(changes, flowing, stack, question.recorded), **_drifted(session, question, looked)},
        known=assess.flowing(changes, stack, looked.difference.known),
        facts={change.address: seen.facts[change.address] for change in changes if change.address in seen.facts},
        targets={**question.options.scope, **importing},
        inputs=stack.inputs,
        voided=staged.voided,
        notes=session.redact.tree(tuple(sorted(set(_notes(session, question, looked, staged))))),
        plugins=provenance.plugin_versions(session, looked.providers, changes),
        variables={
            name: provenance.shown_variable(session, variable, state) for name, variable in stack.variables.items()
        },
        memories=seen.memories,
        unread=session.redact.tree({address: seen.unread[address] for address in sorted(seen.unread)}),
        left_out={one: behind for one, behind in sorted(looked.left.items()) if one not in seen.unread},
        origin=provenance.origin(session, stack.inputs),
        destinations=provenance.destinations(session, stack, looked.providers, state, changes),
    )


def _drifted(session: Session, question: Question, looked: _Looked) -> dict[str, int]:
    """The rows that a refresh-only plan brings up to date, with their versions."""
    if question.options.command != "refresh":
        return {}
    rows = {one.address: question.recorded.row(one.address) for one in looked.drift if one.moved}
    return {address: row.serial for address, row in rows.items() if row is not None}


def _notes(session: Session, question: Question, looked: _Looked, staged: _Staged) -> Iterator[str]:
    """Lines for people."""
    yield from looked.seen.notes
    for lines in looked.seen.unowned.values():
        yield from lines
    yield from provenance.notes(session, looked.state)
    yield from staged.notes
    yield from session.secrets.made_up()
    yield from question.way.notes if question.way is not None else ()

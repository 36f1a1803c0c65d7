"""The middle of the story: a stack against what is remembered and what is there, up to the plan.

    look (refresh, diff) → decide (what changes) → stage (in which writes) → the plan

It writes nothing. Each step is one module in `haplan.steps`; what each part found is a frozen value for the next.
"""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.contracts import Calls, PlanView
from haplan.errors import Gathering
from haplan.host import provenance
from haplan.host.session import Session
from haplan.looking import Looked, Question, compare, look, without
from haplan.model.document import Document
from haplan.model.finding import Finding
from haplan.model.graph import Edge
from haplan.model.plan import Action, Change, Order, Placement, Plan, Transaction
from haplan.model.sources import sources
from haplan.model.state import State
from haplan.model.wiring import Sheet
from haplan.steps import (
    approve,
    assess,
    check,
    conditions,
    halves,
    move,
    order,
    outputs,
    pictures,
    rehearse,
    select,
    stages,
    upgrade,
)


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
    looked = look(session, question)
    composed = provenance.composed_sources(session, looked.providers, looked.state)
    if question.way is None:  # what a stack of this place had applied
        session.secrets.allow(composed)
    decided = _decide(session, question, looked)
    while hanging := select.used_by(looked.left, _going(decided.changes), question.stack, looked.state):
        looked = compare(session, question, without(question, looked, hanging))
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


def _going(changes: Sequence[Change]) -> tuple[str, ...]:
    return tuple(change.address for change in changes if change.action in (Action.DELETE, Action.REPLACE))


# --- Deciding ---------------------------------------------------------------------------------------------------------


def _decide(session: Session, question: Question, looked: Looked) -> _Decided:
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
        looked.state,
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


def _stage(session: Session, question: Question, looked: Looked, decided: _Decided) -> _Staged:
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
        *assess.used_by_old(changes, transactions, state),
        *check.check("P", view, rules),
        *missing,
    )
    said = _rehearsed(session, question, looked, changes, rehearse.Rehearsed(transactions, findings))
    return _Staged(
        edges=edges, transactions=said.transactions, voided=staged.voided, calls=calls, findings=said.findings,
        notes=(*uncompared, *staged.notes),
    )  # fmt: skip


def _rehearsed(
    session: Session, question: Question, looked: Looked, changes: Sequence[Change], found: rehearse.Rehearsed
) -> rehearse.Rehearsed:
    """What the backends say of the writes, where they are asked: of a plan that no rule refuses."""
    asked = question.options.check_on_device
    checked = found.transactions if asked else _after_restarts(question, found.transactions, changes, looked)
    if not checked or any(finding.severity == "error" for finding in found.findings):
        return found
    said = session.redact.tree(
        rehearse.rehearse(checked, changes, looked.providers, looked.state, session.options.parallelism)
    )
    return rehearse.Rehearsed(said.transactions if asked else found.transactions, (*found.findings, *said.findings))


def _after_restarts(
    question: Question, transactions: Sequence[Transaction], changes: Sequence[Change], looked: Looked
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


def _plan(session: Session, question: Question, looked: Looked, decided: _Decided, staged: _Staged) -> Plan:
    stack, state, changes, seen = question.stack, looked.state, decided.changes, looked.seen
    flowing = outputs.outputs(
        stack, state, looked.difference.known, session.secrets.fingerprint(state), session.secrets.hider()
    )
    drawn = session.plugins.wiring(stack, changes) if changes and question.way is None else ()
    pairs = pictures.pictures(drawn)
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
        facts={one: seen.facts[one] for one in _told_of(changes, pairs) if one in seen.facts},
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
        pairs=pairs,
    )


def _told_of(changes: Sequence[Change], pairs: Sequence[Sheet]) -> dict[str, None]:
    """What a plan says how it was seen of: what changes, and the pairs that are drawn, each once and in order."""
    drawn = [address for sheet in pairs for address in (sheet.address, *sheet.alike)]
    return dict.fromkeys([*(change.address for change in changes), *drawn])


def _drifted(session: Session, question: Question, looked: Looked) -> dict[str, int]:
    """The rows that a refresh-only plan brings up to date, with their versions."""
    if question.options.command != "refresh":
        return {}
    rows = {one.address: question.recorded.row(one.address) for one in looked.drift if one.moved}
    return {address: row.serial for address, row in rows.items() if row is not None}


def _notes(session: Session, question: Question, looked: Looked, staged: _Staged) -> Iterator[str]:
    """Lines for people."""
    yield from looked.seen.notes
    for lines in looked.seen.unowned.values():
        yield from lines
    yield from provenance.notes(session, looked.state)
    yield from staged.notes
    yield from session.secrets.made_up()
    yield from question.way.notes if question.way is not None else ()

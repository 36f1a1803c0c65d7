"""Authorise: whether what people said of a plan is what a policy wants."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from haplan.model.approval import Approval, Need, Policy
from haplan.model.plan import Plan


def lacking(policy: Policy, plan: Plan, approvals: Sequence[Approval]) -> Iterator[str]:
    """What a policy still wants of a plan, a line each; nothing if it may be carried out.

    Args:
        approvals: As they were judged by the signers of this policy.
    """
    needs = [need for need in policy.needs if need.about(plan.worst().kind, plan.environment)]
    name = Path(policy.place).name
    for one in approvals:
        if one.counts and one.decision is not None and not one.decision.yes and _blocks(policy, one.who):
            yield f"{name}: {one.who} said no{f': {one.decision.comment}' if one.decision.comment else ''}"
    author = policy.authors.get(plan.origin.author, "")
    if needs and not author:
        yield (
            f"{name}: who made the plan may not approve it, and [authors] does not say who of the signers "
            f"{plan.origin.author} is: add a line for it"
        )
    said_yes = dict.fromkeys(
        one.who for one in approvals if one.counts and one.decision is not None and one.decision.yes
    )
    people = [who for who in said_yes if who != author]
    own = [who for who in said_yes if who == author]
    for need in needs:
        yield from _lacks(need, policy, people, own, name)


def _blocks(policy: Policy, who: str) -> bool:
    return any(who in policy.roles[role] for role in policy.vetoes) if policy.vetoes else True


def _lacks(need: Need, policy: Policy, people: Sequence[str], own: Sequence[str], name: str) -> Iterator[str]:
    mine = f" ({own[0]} made the plan, and does not count)" if own else ""
    about = "every plan" if need.impact == "none" else f"a plan with {need.impact} or worse"
    if len(people) < need.approvals:
        yield f"{name}: {about} needs {need.approvals} to approve; {_said(people)}{mine}"
    for role, count in need.roles.items():
        having = [who for who in people if who in policy.roles[role]]
        if len(having) < count:
            yield f"{name}: {about} needs {count} of role {role} to approve; {_said(having)}{mine}"


def _said(people: Iterable[str]) -> str:
    found = list(people)
    return f"{len(found)} did ({', '.join(found)})" if found else "nobody did"

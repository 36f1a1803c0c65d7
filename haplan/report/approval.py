"""What is signed: the first screen of a plan as text, with the decision under it, the same bytes whoever makes it.

Nothing of it comes from a clock or from counts of calls: it is made of the body of the plan alone, so that `verify` and
`apply` make it again and refuse one that differs in a byte.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from haplan.errors import HaplanError
from haplan.model.approval import Approval, Decision, Policy
from haplan.model.plan import Plan
from haplan.model.value import Tree
from haplan.report import words
from haplan.report.cost import cost_lines
from haplan.report.findings import counts, finding_lines
from haplan.report.lines import Line, Lines, line, plain
from haplan.report.origin import origin_lines
from haplan.report.scope import scope_lines
from haplan.report.text import estates, tally
from haplan.report.unread import unread_lines

WIDTH, MOST = 80, 60
"""Columns, and lines at most: what a ticket shows and a person reads."""
LONGEST = 200
"""Signs of a ticket's name or of a comment."""
YES, NO = "approved", "rejected"
NONE = "-"
_DECISION = re.compile(
    rf"\nDecision: ({YES}|{NO})\nTicket: (.+)\nExpires: (.+)\nComment: (.+)\n\Z",
)


def approval_text(plan: Plan, digest: str, decision: Decision) -> str:
    """The text that an approver reads and signs.

    Raises:
        HaplanError: Ticket or comment are no short line.
    """
    for name, text in (("ticket", decision.ticket), ("comment", decision.comment)):
        if len(text) > LONGEST or not text.isprintable() or text != text.strip() or text == NONE:
            raise HaplanError(f"--{name}: one line of at most {LONGEST} signs, without control characters")
    tail = [
        f"Decision: {YES if decision.yes else NO}",
        f"Ticket: {decision.ticket or NONE}",
        f"Expires: {words.stamp(decision.expires) if decision.expires else NONE}",
        f"Comment: {decision.comment or NONE}",
    ]
    head = plain(_screen(plan, digest), WIDTH).splitlines()
    room = MOST - len(tail) - 2
    if len(head) > room:
        head = [*head[: room - 1], f"({len(head) - room + 1} more lines; haplan show has the whole plan)"]
    return "\n".join([*head, "", *tail]) + "\n"


def decision_in(text: str) -> Decision:
    """The decision at the end of such a text.

    Raises:
        ValueError: There is none.
    """
    found = _DECISION.search(text)
    if found is None:
        raise ValueError("it does not end with a decision as haplan writes it")
    said, ticket, expires, comment = found.groups()
    return Decision(
        yes=said == YES,
        ticket="" if ticket == NONE else ticket,
        comment="" if comment == NONE else comment,
        expires=0 if expires == NONE else _seconds(expires),
    )


def _seconds(stamp: str) -> int:
    return int(datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def _screen(plan: Plan, digest: str) -> Lines:
    """What an approver has to know, the most dangerous first."""
    origin = plan.origin
    commit = (
        f"commit {origin.commit[:12]}, {'clean' if origin.clean else 'not clean'}" if origin.commit else "no commit"
    )
    warned = [one for one in plan.findings if one.severity != "info"]
    return [
        line("haplan: a plan to decide on"),
        line(f"Plan {digest}"),
        line(
            f"of {plan.stack}, {plan.command} in environment {plan.environment}, on ",
            ", ".join(estates(plan)) or "no estate",
        ),
        *scope_lines(plan),
        *unread_lines(plan),
        tally(plan),
        *cost_lines(plan),
        line(f"way back: {way_back(plan)}"),
        line(f"made by {origin.author} of {origin.file}, {commit}"),
        line(f"state {origin.state}" + (", on simulators" if origin.lab else "")),
        *origin_lines(plan),
        line(f"rules: {counts(plan.findings)}"),
        *finding_lines(warned, full=False)[1:],
    ]


def way_back(plan: Plan) -> str:
    """How a plan is undone."""
    stuck = [change.key for change in plan.changes if not change.impact.undoable]
    if not stuck:
        return "another plan undoes all of it (haplan rollback)"
    return f"none that is quick for {words.some(stuck)}; another plan undoes the rest"


Standing = tuple[Policy, Sequence[Approval], Sequence[str]]
"""A policy, the decisions as it judges them, and what it still wants."""


def standing_lines(found: Sequence[Standing]) -> Lines:
    """What ``haplan verify`` says."""
    if not found:
        return [line("no approval policy holds for this plan: nobody has to approve it")]
    lines: Lines = []
    for policy, approvals, wants in found:
        lines.append(line((policy.place, "title"), f"  sha256:{policy.digest[:12]}"))
        lines += [_decided(one) for one in approvals]
        lines += [line((one, "error"), indent=2) for one in wants]
        if not wants:
            lines.append(line(("enough", "good"), indent=2))
    return lines


def standing_json(digest: str, found: Sequence[Standing]) -> dict[str, Tree]:
    """The same for machines."""
    return {
        "digest": digest,
        "enough": not any(wants for _, _, wants in found),
        "policies": [
            {
                "place": policy.place,
                "digest": f"sha256:{policy.digest}",
                "decisions": [_decision_json(one) for one in approvals],
                "lacking": list(wants),
            }
            for policy, approvals, wants in found
        ],
    }


def _decided(one: Approval) -> Line:
    said = one.decision
    word = "unreadable" if said is None else YES if said.yes else NO
    until = f" until {words.stamp(said.expires)}" if said is not None and said.expires else ""
    more = [text for text in (said.ticket, said.comment) if text] if said is not None else []
    told = f"{word} by {one.who or one.key or 'nobody known'}{until}" + "".join(f" · {text}" for text in more)
    return line(told, (f"  does not count: {one.wrong}" if one.wrong else "", "warning"), indent=2)


def _decision_json(one: Approval) -> dict[str, Tree]:
    said = one.decision
    return {
        "file": one.file, "who": one.who, "key": one.key, "counts": one.counts, "wrong": one.wrong,
        "decision": None if said is None else YES if said.yes else NO,
        "ticket": said.ticket if said else "", "comment": said.comment if said else "",
        "expires": words.stamp(said.expires) if said and said.expires else "",
    }  # fmt: skip

"""The text that is signed: short, complete, and made of nothing but the plan."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haplan.errors import HaplanError
from haplan.model.approval import Decision
from haplan.model.finding import Finding
from haplan.model.origin import Destination, Origin
from haplan.model.plan import Action, Calls, Change, Impact, Plan
from haplan.report.approval import LONGEST, MOST, WIDTH, approval_text, decision_in

ORIGIN = Origin(
    author="ana@laptop", file="/shops/stack.py", commit="0a1b2c3d4e5f6071", clean=False, state="sqlite:///x.db"
)
words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=LONGEST).filter(
    lambda text: text.isprintable() and text != "-"
)
decisions = st.builds(
    Decision, yes=st.booleans(), ticket=st.just("") | words, comment=st.just("") | words,
    expires=st.integers(0, 4_000_000_000),
)  # fmt: skip


def plan(count: int, *, undoable: bool = True) -> Plan:
    impact = Impact("outage", 900, undoable, "both nodes restart")
    return Plan(
        stack="shops", environment="default", command="apply", lineage="l", serial=1, origin=ORIGIN,
        changes=tuple(
            Change(address=f"cluster.c{at}", type="cluster", name=f"c{at}", provider="mist", action=Action.REPLACE,
                   impact=impact, sites=(f"site {at}",)) for at in range(count)
        ),
        findings=tuple(
            Finding(rule=f"HA{at:03d}", severity="warning", address=f"cluster.c{at}", message="a word of warning " * 9)
            for at in range(count)
        ),
        destinations=tuple(Destination(provider="mist", host=f"h{at}.example.com") for at in range(min(count, 9))),
        sources=("command:./pw.sh",),
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(decision=decisions, count=st.integers(1, 90))
def test_it_is_short_and_gives_its_decision_back(decision: Decision, count: int) -> None:
    made = plan(count)
    text = approval_text(made, "sha256:00", decision)
    assert decision_in(text) == decision
    *head, _said, _ticket, _expires, _comment = text.splitlines()
    assert len(head) + 4 <= MOST
    assert all(len(one) <= WIDTH or " " not in one.strip() for one in head)
    for needed in ("sha256:00", f"{count} to replace", "outage: ", "both nodes restart", "way back: ", "ana@laptop",
                   "0a1b2c3d4e5f, not clean", "command:./pw.sh", f"{count} warning", "sqlite:///x.db"):  # fmt: skip
        assert needed in " ".join(" ".join(head).split()), needed


def test_what_cannot_be_undone_quickly_is_named() -> None:
    assert "way back: none that is quick for cluster.c0, cluster.c1" in approval_text(
        plan(2, undoable=False), "d", Decision(yes=True)
    )


def test_neither_clock_nor_counts_of_calls_are_in_it() -> None:
    made = plan(3)
    other = attrs.evolve(made, calls=(Calls(provider="mist", made=7, expected=9),), read=True)
    assert approval_text(made, "d", Decision(yes=True)) == approval_text(other, "d", Decision(yes=True))


@pytest.mark.parametrize("text", ["a\nDecision: approved", "x" * (LONGEST + 1), " padded", "-", "\x1b[2J"])
def test_nothing_can_be_slipped_in_as_ticket_or_comment(text: str) -> None:
    with pytest.raises(HaplanError, match="--ticket: one line"):
        approval_text(plan(1), "d", Decision(yes=True, ticket=text))
    with pytest.raises(HaplanError, match="--comment: one line"):
        approval_text(plan(1), "d", Decision(yes=True, comment=text))


@pytest.mark.parametrize("text", ["", "hello", "x\nDecision: approved\nTicket: -\nExpires: tomorrow\nComment: -\n"])
def test_what_is_no_decision_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"decision|tomorrow"):
        decision_in(text)

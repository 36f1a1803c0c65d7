"""A plan for a merge request or a ticket: a table of changes, and the whole text folded under it."""

from haplan.model.plan import Change, Plan
from haplan.report import words
from haplan.report.changes import impact, sign_of
from haplan.report.lines import UNWRAPPED, plain
from haplan.report.origin import Made
from haplan.report.text import plan_lines, verdict


def plan_markdown(plan: Plan, *, full: bool = False, made: Made | None = None) -> str:
    """The plan as GitHub and GitLab render it."""
    head = plain(verdict(plan, made, full=full), UNWRAPPED).splitlines()
    parts = [f"## Plan: {_cell(head[0])}", "", *(f"* {_cell(row)}" for row in head[1:]), ""]
    if plan.changes:
        parts += ["| | address | what it costs | where |", "|---|---|---|---|", *map(_row, plan.changes), ""]
    text = plain(plan_lines(plan, full=full, made=made), UNWRAPPED).rstrip()
    fence = "`" * max(3, _longest_ticks(text) + 1)
    return "\n".join(
        [*parts, "<details><summary>The whole plan</summary>", "", fence, text, fence, "", "</details>", ""]
    )


def _row(change: Change) -> str:
    cost, place = impact(change.impact, change.sites), words.short(change.location)
    cells = (f"`{sign_of(change)[0]}`", f"`{change.address}`", cost, place)
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _longest_ticks(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest

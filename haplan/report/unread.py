"""What a plan says nothing of: what could not be read, and what hangs on it."""

from itertools import groupby

from haplan.model.plan import Plan
from haplan.report import words
from haplan.report.lines import Lines, line


def unread_lines(plan: Plan) -> Lines:
    """A line for each reason, and one for what is left out with it; none where all was read."""
    lines: Lines = []
    for why, alike in groupby(sorted(plan.unread.items(), key=lambda one: one[1]), key=lambda one: one[1]):
        names = words.some([address for address, _ in alike])
        lines.append(line((f"could not be read, and is left out: {names}: {why}", "warning")))
    if plan.left_out:
        what = f"{words.plural(len(plan.left_out), 'resource')} that {'hangs' if len(plan.left_out) == 1 else 'hang'}"
        lines.append(line((f"left out with it, {what} on it: {words.some([*plan.left_out])}", "warning")))
    return lines

"""What a plan is about where that is not all: the part that a person chose, and whether the estate was looked at."""

from collections.abc import Iterator

from haplan.model.plan import Plan
from haplan.model.value import Tree
from haplan.report import words
from haplan.report.lines import Lines, line


def chosen(plan: Plan) -> bool:
    """True if a person chose a part of the stack: nothing is said of the rest."""
    return bool(plan.targets.get("targets") or plan.targets.get("excludes"))


def looked(plan: Plan) -> bool:
    """False where the estate counts as recorded, because nobody looked."""
    return not plan.targets.get("refresh")


def scope_words(plan: Plan) -> Iterator[str]:
    """For the head line: nothing where a plan is about all, and all was looked at."""
    if chosen(plan):
        yield "part of the stack"
    if not looked(plan):
        yield "not refreshed"


def scope_lines(plan: Plan) -> Lines:
    """A line for the part, and one that nobody looked."""
    said = [
        f"{word} {words.some(patterns)} {more}"
        for name, word, more in (("targets", "only", "and its needs"), ("excludes", "without", "and what needs it"))
        if (patterns := plan.targets.get(name))
    ]
    lines = [line((f"part of the stack: {'; '.join(said)}", "warning"))] if said else []
    if not looked(plan):
        text = "not refreshed: planned from what is recorded; the estate was not looked at (--no-refresh)"
        lines.append(line((text, "warning")))
    return lines


def scope_json(plan: Plan) -> dict[str, Tree]:
    """The same for machines."""
    return {
        **{name: list(plan.targets.get(name, ())) for name in ("targets", "excludes", "replaces")},
        "refreshed": looked(plan),
    }

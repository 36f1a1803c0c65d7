"""What a plan costs, at its head: every kind of impact, with its changes and sites: the sum of the lines below it."""

from collections.abc import Iterable

from haplan.model.plan import IMPACTS, Change, ImpactKind, Plan
from haplan.report import words
from haplan.report.changes import impact
from haplan.report.lines import Line, Lines, line

TITLES: dict[ImpactKind, str] = {
    "outage": "outage", "reboot": "reboot", "traffic": "traffic", "config-push": "configuration push",
}  # fmt: skip
"""From the worst to the least."""
NAMED = 2
"""So many sites are called by their names."""


def cost_lines(plan: Plan) -> Lines:
    """A line for each kind of impact, and how long it takes."""
    by_kind = {kind: [one for one in plan.changes if one.impact.kind == kind and _said(one)] for kind in TITLES}
    lines = [line((_sentence(kind, found), _style(kind))) for kind, found in by_kind.items() if found]
    if IMPACTS.index(plan.worst().kind) < IMPACTS.index("traffic"):
        lines.append(line("no outage"))
    if plan.transactions:
        lines[-1] = Line((*lines[-1].spans, (f" · {words.about(plan.seconds())}", "")), lines[-1].hang)
    return lines


def _said(change: Change) -> bool:
    """True if the change's own line says that it costs something."""
    return bool(impact(change.impact, change.sites))


def _style(kind: ImpactKind) -> str:
    return "error" if kind == "outage" else "" if kind == "config-push" else "warning"


def _sentence(kind: ImpactKind, changes: Iterable[Change]) -> str:
    """``reboot: 4 clusters created, both nodes restart, at 4 sites``: a part for each sort, with the note all share."""
    sorts: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        sorts.setdefault((change.type, _done(change)), []).append(change)
    said = [_part(type_name, done, alike) for (type_name, done), alike in sorts.items()]
    sites = sorted({site for alike in sorts.values() for change in alike for site in change.sites})
    where = f", at {' and '.join(sites) if len(sites) <= NAMED else words.plural(len(sites), 'site')}" if sites else ""
    return f"{TITLES[kind]}: {'; '.join(said)}{where}"


def _part(type_name: str, done: str, alike: list[Change]) -> str:
    notes = {change.impact.note for change in alike}
    note = f", {alike[0].impact.note}" if len(notes) == 1 and alike[0].impact.note else ""
    return f"{words.plural(len(alike), type_name)} {done}{note}"


def _done(change: Change) -> str:
    done = {"create": "created", "update": "changed", "replace": "replaced", "delete": "deleted", "import": "taken in"}
    return done.get(change.action.value, change.action.value)

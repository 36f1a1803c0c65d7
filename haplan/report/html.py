"""A plan as one page: for a mail, a ticket, an archive. It reaches for nothing, and is whole without script and style.

Every change is text in the document, folded by its cause; the script only filters what is there. On the first screen
stands what an approver has to know before anything else; see `haplan.report.approval` for the text that is signed.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from haplan.model.plan import IMPACTS, Change, Plan
from haplan.model.visible import visible
from haplan.report import words
from haplan.report.alike import group_lines, groups
from haplan.report.approval import way_back
from haplan.report.changes import change_lines, drift_lines
from haplan.report.cost import cost_lines
from haplan.report.findings import counts, finding_lines
from haplan.report.lines import UNWRAPPED, Line, Lines, plain
from haplan.report.origin import Made, origin_lines
from haplan.report.scope import scope_lines
from haplan.report.stages import rehearsed_lines, stage_lines
from haplan.report.text import head_line, note_lines, output_change_lines, tally, why_nothing
from haplan.report.unread import unread_lines

if TYPE_CHECKING:  # imported only where a page is made
    from jinja2 import Template
    from markupsafe import Markup

OPEN = 12
"""So many groups of changes at most stand open at the beginning."""
SITES = 20
"""So many sites are called by their names on the first screen."""
Part = tuple["Markup | str", "Markup", bool]
"""What is folded under a summary, or stands by itself; and whether it is open."""


def plan_html(plan: Plan, *, full: bool = False, made: Made | None = None) -> str:
    """The page.

    Args:
        full: Fold nothing.
        made: Of a plan file: when and by whom it was made, and whether it is current.
    """
    style, script = _packaged("page.css"), _packaged("page.js")
    return _template().render(
        name=visible(f"{plan.stack} ({plan.environment})"),
        verdict=visible(_sentence(plan)),
        screen=[(question, [*map(visible, rows)]) for question, rows in _screen(plan, made, full=full)],
        sections=list(_sections(plan, full=full)),
        style=_safe(style), style_hash=_hash(style), script=_safe(script), script_hash=_hash(script),
    )  # fmt: skip


def _sentence(plan: Plan) -> str:
    """What it comes to, in one sentence."""
    if any(one.severity == "error" for one in plan.findings):
        return "This plan cannot be applied: rules found errors in it."
    if plan.empty():
        return f"Nothing changes. {why_nothing(plan)}"
    return f"{plain([tally(plan)], UNWRAPPED).strip()}; {' and '.join(_rows(cost_lines(plan)))}."


def _screen(plan: Plan, made: Made | None, *, full: bool) -> Iterator[tuple[str, list[str]]]:
    """Question and answer, the most dangerous first; a question that has no answer says so."""
    sites = sorted({site for change in plan.changes for site in change.sites})
    yield "Plan", _rows([head_line(plan), *scope_lines(plan), *unread_lines(plan)])
    yield "What stops", _rows(cost_lines(plan)) if not plan.empty() else ["nothing"]
    yield "Where", [f"{words.plural(len(sites), 'site')}: {words.some(sites, SITES)}" if sites else "no site"]
    yield "When", ["whenever it is applied: no window is fixed in it"]
    yield "How long", [words.about(plan.seconds()) if plan.transactions else "no time"]
    yield "Way back", [way_back(plan)]
    yield "Checked", [f"design rules: {counts(plan.findings)}", *_rehearsed(plan)]
    yield (
        "To accept",
        _rows(_below(finding_lines([one for one in plan.findings if one.severity == "warning"], full=False)))
        or ["no warning"],
    )
    yield "Reaches", _rows(origin_lines(plan, made, full=full)) or ["no host, no secret"]


def _rehearsed(plan: Plan) -> list[str]:
    count = sum(bool(one.rehearsed) for one in plan.transactions)
    return (
        [f"by the devices themselves: {count} of {words.plural(len(plan.transactions), 'transaction')}"]
        if count
        else []
    )


def _sections(plan: Plan, *, full: bool) -> Iterator[tuple[str, str, list[Part]]]:
    changes = [_group(alike) for alike in sorted(groups(plan.changes, full=full), key=_harm)]
    shown = [(summary, body, at < OPEN) for at, (summary, body) in enumerate(changes)]
    listed: list[tuple[str, str, list[Part]]] = [
        ("drift", "Changed outside haplan", _whole(drift_lines(plan.drift))),
        ("changes", "Changes", list(shown)),
        ("stages", "Stages", _whole(stage_lines(plan, full=full))),
        ("devices", "Checked on the devices", _whole(rehearsed_lines(plan))),
        ("outputs", "Outputs", _whole(output_change_lines(plan.outputs, full=full))),
        ("notes", "Notes", _whole(note_lines(plan, full=full))),
        ("findings", "Findings", _whole(finding_lines(plan.findings, full=full))),
    ]
    return ((id, title, parts) for id, title, parts in listed if parts)


def _harm(alike: Sequence[Change]) -> int:
    """The worst first, those of one impact in the order of the plan."""
    return -IMPACTS.index(alike[0].impact.kind)


def _group(alike: Sequence[Change]) -> tuple["Markup", "Markup"]:
    head, *rest = change_lines(alike[0]) if len(alike) == 1 else group_lines(alike)
    return _markup([head]), _markup(rest)


def _whole(lines: Lines) -> list[Part]:
    return [("", _markup(_below(lines)), False)] if lines else []


def _below(lines: Lines) -> Lines:
    """A section without its blank line and its heading."""
    return lines[2:]


def _rows(lines: Iterable[Line]) -> list[str]:
    return [row.strip() for row in plain(lines, UNWRAPPED).splitlines()]


def _markup(lines: Iterable[Line]) -> "Markup":
    """Lines with the styles of their pieces as classes; what they say is escaped."""
    from markupsafe import Markup

    rows = (
        Markup("").join(
            Markup('<span class="{}">{}</span>').format(style, visible(text)) if style else visible(text)
            for text, style in one.spans
        )
        for one in lines
    )
    return Markup("\n").join(rows)


def _packaged(name: str) -> str:
    return resources.files("haplan.report").joinpath("page", name).read_text(encoding="utf-8")


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined).from_string(_packaged("page.html"))


def _safe(text: str) -> "Markup":
    from markupsafe import Markup

    return Markup(text)


def _hash(text: str) -> str:
    """As a content security policy names a script or a style that may stand in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

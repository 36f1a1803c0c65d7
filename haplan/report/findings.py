"""Findings of rules as lines: errors first, then warnings, then notes grouped by rule."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from haplan.model.finding import Finding, Severity
from haplan.report import words
from haplan.report.lines import BLANK, Line, Lines, line, title

FOLD, SOME = 6, 3
"""Of more than so many from one rule, some are shown."""
NAMES: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def counts(findings: Sequence[Finding]) -> str:
    """``0 errors, 4 warnings, 12 notes``."""
    tally = {severity: sum(one.severity == severity for one in findings) for severity in NAMES}
    return ", ".join(words.plural(tally[severity], name) for severity, name in NAMES.items())


def finding_lines(findings: Sequence[Finding], *, full: bool = True) -> Lines:
    """The section of a plan; of many from one rule some are shown, unless the whole is asked for."""
    if not findings:
        return []
    lines = title("Findings")
    for severity in ("error", "warning"):
        told = _groups([one for one in findings if one.severity == severity], _alike)
        for rule, found in _by_rule(told).items():
            shown = found if full or len(found) <= FOLD else found[:SOME]
            lines += [row for same in shown for row in _whole(same)]
            if len(shown) < len(found):
                rest = [one for same in found[SOME:] for one in same]
                lines.append(_more(rule, rest))
    for same in _groups([one for one in findings if one.severity == "info"], lambda one: one.rule):
        lines.append(_note(same))
    return lines


def _by_rule(told: Iterable[Sequence[Finding]]) -> dict[str, list[Sequence[Finding]]]:
    found: dict[str, list[Sequence[Finding]]] = {}
    for same in told:
        found.setdefault(same[0].rule, []).append(same)
    return found


def _more(rule: str, rest: Sequence[Finding]) -> Line:
    about = list(dict.fromkeys(one.address for one in rest if one.address))
    where = f", on {words.some(about)}" if about else ""
    text = f"{rule}  and {len(rest)} more of this rule{where}; --full shows them"
    return line((f"{NAMES[rest[0].severity]:<7} ", rest[0].severity), text, indent=2, hang=17)


def _whole(same: Sequence[Finding]) -> Iterator[Line]:
    first = same[0]
    place = ((f"  {words.short(first.location)}", "dim"),) if first.location else ()
    lead = (f"{NAMES[first.severity]:<7} ", first.severity)
    yield line(lead, f"{first.rule}  {first.said}", (_others(same), "dim"), *place, indent=2, hang=17)
    if first.hint:
        yield line(f"→ {first.hint}", indent=17, hang=19)


def _note(same: Sequence[Finding]) -> Line:
    first = same[0]
    text = f"{first.rule}  {first.said}"
    return line(("note    ", "dim"), text, (_others(same), "dim"), indent=2, hang=17)


def _groups(findings: Iterable[Finding], sort: Callable[[Finding], Hashable]) -> list[list[Finding]]:
    groups: dict[Hashable, list[Finding]] = {}
    for one in findings:
        groups.setdefault(sort(one), []).append(one)
    return list(groups.values())


def _alike(one: Finding) -> Hashable:
    return one.rule, one.bare, one.hint


def _others(same: Sequence[Finding]) -> str:
    if len(same) == 1:
        return ""
    others = list(dict.fromkeys(one.address for one in same[1:] if one.address))
    return f" (and {len(same) - 1} more{': ' if others else ''}{words.some(others)})"


def validation_lines(name: str, findings: Sequence[Finding], resources: int) -> Lines:
    """What ``haplan validate`` says of a stack without mistakes."""
    wrong = any(one.severity == "error" for one in findings)
    verdict = ("does not keep the rules", "error") if wrong else ("is valid", "good")
    lines = [line((f"{name} ", "strong"), verdict, f": {words.plural(resources, 'resource')}, {counts(findings)}")]
    lines.extend(finding_lines(findings))
    if findings:
        lines += [BLANK, line("What a rule means: ", (f"haplan rules {findings[0].rule}", "strong"))]
    return lines

"""Findings of rules as lines: errors first, then warnings, then notes grouped by rule."""

from collections.abc import Iterable, Iterator, Sequence

from haplan.model.finding import Finding, Severity
from haplan.report import words
from haplan.report.lines import BLANK, Line, Lines, line, title

NAMES: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def counts(findings: Sequence[Finding]) -> str:
    """``0 errors, 4 warnings, 12 notes``."""
    tally = {severity: sum(one.severity == severity for one in findings) for severity in NAMES}
    return ", ".join(words.plural(tally[severity], name) for severity, name in NAMES.items())


def finding_lines(findings: Sequence[Finding]) -> Lines:
    """The section of a plan."""
    if not findings:
        return []
    lines = title("Findings")
    for severity in ("error", "warning"):
        for one in findings:
            if one.severity == severity:
                lines.extend(_whole(one))
    for same in _groups(f for f in findings if f.severity == "info"):
        lines.append(_group(same))
    return lines


def _whole(one: Finding) -> Iterator[Line]:
    place = ((f"  {words.short(one.location)}", "dim"),) if one.location else ()
    lead = (f"{NAMES[one.severity]:<7} ", one.severity)
    yield line(lead, f"{one.rule}  {_message(one)}", *place, indent=2, hang=17)
    if one.hint:
        yield line(f"→ {one.hint}", indent=17, hang=19)


def _groups(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        groups.setdefault(one.rule, []).append(one)
    return list(groups.values())


def _group(same: list[Finding]) -> Line:
    first = same[0]
    others = list(dict.fromkeys(one.address for one in same[1:] if one.address))
    more = f" (and {len(same) - 1} more{': ' if others else ''}{words.some(others)})" if len(same) > 1 else ""
    return line(("note    ", "dim"), f"{first.rule}  {_message(first)}", (more, "dim"), indent=2, hang=17)


def _message(one: Finding) -> str:
    return one.message if not one.address or one.message.startswith(one.address) else f"{one.address}: {one.message}"


def validation_lines(name: str, findings: Sequence[Finding], resources: int) -> Lines:
    """What ``haplan validate`` says of a stack without mistakes."""
    wrong = any(one.severity == "error" for one in findings)
    verdict = ("does not keep the rules", "error") if wrong else ("is valid", "good")
    lines = [line((f"{name} ", "strong"), verdict, f": {words.plural(resources, 'resource')}, {counts(findings)}")]
    lines.extend(finding_lines(findings))
    if findings:
        lines += [BLANK, line("What a rule means: ", (f"haplan rules {findings[0].rule}", "strong"))]
    return lines

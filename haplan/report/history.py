"""The history of a state as people read it: each run, and what it changed in what was recorded."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.model.value import Tree
from haplan.report import words
from haplan.report.changes import difference_lines
from haplan.report.differences import differences
from haplan.report.json import row_json
from haplan.report.lines import BLANK, Lines, line
from haplan.report.modules import values_of
from haplan.steps.history import Chapter, Entry

SIGNS: Mapping[str, tuple[str, str]] = {
    "recorded": ("+", "create"), "changed": ("~", "update"), "moved": ("→", "dim"), "forgotten": ("-", "delete"),
}  # fmt: skip


def history_lines(chapters: Iterable[Chapter], *, values: bool = False) -> Lines:
    """A paragraph for each run, the latest last; with `values` what changed inside each resource too."""
    lines: Lines = []
    for chapter in chapters:
        run = chapter.run
        said = [f"serial {run.serial}", run.command, words.moment(run.started), run.result or "did not end", run.who]
        lines += [*([BLANK] if lines else []), line((run.id, "strong"), "".join(f" · {text}" for text in said))]
        if chapter.entries is None:
            lines.append(line("what it changed was pruned", indent=6))
            continue
        for entry in chapter.entries:
            lines += _entry(entry, values=values)
        lines += [line(f"{sign:>3} ", f"output {name}", hang=6) for name, sign in chapter.outputs.items()]
        if not chapter.entries and not chapter.outputs:
            lines.append(line("nothing that is recorded", indent=6))
    return lines or [line("No runs yet.")]


def _entry(entry: Entry, *, values: bool) -> Lines:
    sign, style = SIGNS[entry.verb]
    row, before, after = entry.row, entry.before, entry.after
    name = f"{row.address} (deposed {row.deposed})" if row.deposed else row.address
    came = f"  from {before.address}" if entry.verb == "moved" and before else ""
    lines = [line((f"{sign:>3} ", style), (name, style), came, hang=6)]
    if before is not None and after is not None and before.status != after.status:
        lines.append(line(f"status {before.status} → {after.status}", indent=6))
    if not values:
        return lines
    sides = [values_of(one)[0] if one is not None else None for one in (before, after)]
    return [*lines, *difference_lines(differences(sides[0], sides[1], row.sensitive))]


def history_json(chapters: Iterable[Chapter]) -> list[dict[str, Tree]]:
    """One object a run; `changes` is null where the history was pruned."""
    return [
        {
            **attrs.asdict(chapter.run),
            "changes": None if chapter.entries is None else [_entry_json(entry) for entry in chapter.entries],
            "outputs": sorted(chapter.outputs),
        }
        for chapter in chapters
    ]


def _entry_json(entry: Entry) -> dict[str, Tree]:
    sides = {"before": entry.before, "after": entry.after}
    found: dict[str, Tree] = {"address": entry.row.address, "deposed": entry.row.deposed, "action": entry.verb}
    return found | {
        name: None if row is None else {**row_json(row), "status": row.status} for name, row in sides.items()
    }

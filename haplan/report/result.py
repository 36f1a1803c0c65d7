"""The summary after an apply: done, failed, skipped because of what, in doubt, pending."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Protocol

from haplan.model.plan import Action
from haplan.model.value import Tree
from haplan.report import words
from haplan.report.changes import SIGNS
from haplan.report.lines import Line, Lines, line, padded, title, wide


class Outcome(Protocol):
    """What became of one resource (`haplan.engine.Outcome`)."""

    @property
    def address(self) -> str: ...
    @property
    def action(self) -> Action: ...
    @property
    def text(self) -> str: ...
    @property
    def id(self) -> str: ...


class Result(Protocol):
    """What an apply came to (`haplan.engine.Result`)."""

    @property
    def run(self) -> str: ...
    @property
    def done(self) -> Sequence[Outcome]: ...
    @property
    def failed(self) -> Sequence[Outcome]: ...
    @property
    def skipped(self) -> Sequence[Outcome]: ...
    @property
    def in_doubt(self) -> Sequence[Outcome]: ...
    @property
    def pending(self) -> Sequence[Outcome]: ...
    @property
    def stopped(self) -> Sequence[Outcome]: ...
    @property
    def exit_code(self) -> int: ...
    @property
    def outputs(self) -> Mapping[str, Tree]: ...
    @property
    def seconds(self) -> float: ...
    @property
    def writes(self) -> int: ...


SECTIONS = (
    ("failed", "Failed", "error"),
    ("in_doubt", "In doubt: what was sent may or may not have arrived", "error"),
    ("stopped", "Stopped behind a failed check", "warning"),
    ("skipped", "Not attempted", "warning"),
    ("pending", "Pending: accepted, waiting for the device", "warning"),
    ("left_out", "Left out: the plan says nothing of it", "warning"),
)

WRONG = (
    ("failed", "failed"), ("in_doubt", "in doubt"), ("stopped", "stopped"), ("skipped", "not attempted"),
    ("pending", "pending"), ("left_out", "left out"),
)  # fmt: skip

DONE = (
    (Action.CREATE, "created"), (Action.UPDATE, "changed"), (Action.REPLACE, "replaced"), (Action.DELETE, "deleted"),
    (Action.IMPORT, "imported"), (Action.READ, "read"), (Action.FORGET, "forgotten"), (Action.NO_OP, "moved"),
)  # fmt: skip

MANY = 3
"""So many more outcomes of one text are not worth a line each."""

NEXT = {
    0: "", 3: "Mend what failed and run apply again: it goes on with what is missing.",
    7: "Interrupted; what was begun is finished and saved. Run apply again to go on.",
    8: "Plan again: haplan looks up what became of what is in doubt.",
    9: "The state was not saved; the recovery file named above holds it.",
    10: "Look at the failed check; after that, apply again goes on behind it.",
}  # fmt: skip


def result_lines(result: Result, sensitive: Sequence[str] = (), *, simulated: bool = False) -> Lines:
    """The whole summary. Values of the outputs named in `sensitive` are not shown."""
    writes = f"{words.plural(result.writes, 'write')} " if result.writes else ""  # a record is written nowhere else
    effort = f"{writes}in {words.took(result.seconds)}"
    effort += " of simulated time" if simulated and result.seconds >= 60 else ""
    lines = [_headline(result), line(effort, f" · run {result.run}" if result.run else "")]
    for name, heading, style in SECTIONS:
        outcomes: Sequence[Outcome] = getattr(result, name, ())
        if outcomes:
            lines += title(heading)
            lines += _listed(outcomes, style)
    lines += _outputs(result, sensitive)
    last = NEXT.get(result.exit_code, "")
    return [*lines, *title(last)] if last else lines


def _listed(outcomes: Sequence[Outcome], style: str) -> Lines:
    """One line each; what one write brought upon many is told once, with the many behind it."""
    lines: Lines = []
    for text, alike in groupby(outcomes, key=lambda one: one.text):
        first, *others = alike
        alone = [first, *others] if not text or len(others) < MANY else [first]
        for one in alone:
            said = f": {text}" if text else ""
            lines.append(line((f"{SIGNS[one.action][0]:>3} ", style), one.address, said, hang=6))
        if len(alone) == 1 and others:
            names = ", ".join(one.address for one in others)
            lines.append(line(f"the same of {len(others)} more: ", (names, "dim"), indent=6, hang=8))
    return lines


def _headline(result: Result) -> Line:
    said = [f"{len(outcomes)} {word}" for name, word in WRONG if (outcomes := getattr(result, name, ()))]
    actions = [one.action for one in result.done]
    done = [f"{actions.count(action)} {word}" for action, word in DONE if action in actions]
    verdict = ("Done. ", "good") if result.exit_code == 0 else ("Not all done. ", "error")
    return line(verdict, ", ".join([*(done or ["nothing changed"]), *said]))


def _outputs(result: Result, sensitive: Sequence[str]) -> Lines:
    if not result.outputs:
        return []
    width = min(max(map(wide, result.outputs)), 32)
    lines = title("Outputs")
    for name, tree in sorted(result.outputs.items()):
        text = words.SENSITIVE if name in sensitive else words.value(tree)
        lines.append(line(padded(name, width) + "  ", text, indent=2))
    return lines

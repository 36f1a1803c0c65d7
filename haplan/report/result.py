"""The summary after an apply: done, failed, skipped because of what, in doubt, pending."""

from collections.abc import Sequence
from itertools import groupby

from haplan.model.plan import Action
from haplan.model.result import InDocument, Outcome, Result
from haplan.report import words
from haplan.report.changes import SIGNS
from haplan.report.findings import finding_lines
from haplan.report.lines import BLANK, Line, Lines, line, padded, title, wide

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
    lines += _findings(result)
    lines += _moved(result)
    lines += _outputs(result, sensitive)
    last = NEXT.get(result.exit_code, "")
    return [*lines, *title(last)] if last else lines


def _listed(outcomes: Sequence[Outcome], style: str) -> Lines:
    """One line each; what one write brought upon many is told once, with the many behind it."""
    lines: Lines = []
    for (text, documents), alike in groupby(outcomes, key=lambda one: (one.text, one.documents)):
        first, *others = alike
        alone = [first, *others] if not text or len(others) < MANY else [first]
        for one in alone:
            said = f": {_how_far(documents) or text}" if documents or text else ""
            lines.append(line((f"{SIGNS[one.action][0]:>3} ", style), one.address, said, hang=6))
            lines += _by_document(documents)
        if len(alone) == 1 and others:
            names = ", ".join(one.address for one in others)
            lines.append(line(f"the same of {len(others)} more: ", (names, "dim"), indent=6, hang=8))
    return lines


def _findings(result: Result) -> Lines:
    """What the checks after the writes warn of; a red one is why something failed, and told there."""
    return finding_lines([one for one in result.findings if one.severity == "warning"])


def _how_far(documents: Sequence[InDocument]) -> str:
    """``done on 2 of 4: c1, c2``; "" where no document has it."""
    done = [one.document for one in documents if one.came == "done"]
    names = words.documents([one.document for one in documents])
    if not documents:
        return ""
    return f"done on {len(done)} of {len(documents)}" + (f": {words.some(names[one] for one in done)}" if done else "")


def _by_document(documents: Sequence[InDocument]) -> Lines:
    """Each document that has it not, with its own reason; those with one reason together."""
    names = words.documents([one.document for one in documents])
    groups: dict[tuple[str, str], list[str]] = {}
    for one in documents:
        if one.came != "done":
            groups.setdefault((dict(WRONG)[one.came], one.text), []).append(names[one.document])
    return [
        line(f"{', '.join(alike)}: {word}" + (f": {text}" if text else ""), indent=6, hang=8)
        for (word, text), alike in groups.items()
    ]


def _headline(result: Result) -> Line:
    wrong = [(word, outcomes) for name, word in WRONG if (outcomes := getattr(result, name, ()))]
    partly = any(one.partly for _, outcomes in wrong for one in outcomes)
    said = [f"{len(outcomes)} {word}{_partly(outcomes)}" for word, outcomes in wrong]
    actions = [one.action for one in result.done]
    done = [f"{actions.count(action)} {word}" for action, word in DONE if action in actions]
    if not done and not partly:
        done = ["nothing done" if result.writes else "nothing changed"]
    verdict = ("Done. ", "good") if result.exit_code == 0 else ("Not all done. ", "error")
    return line(verdict, ", ".join([*done, *said]))


def _partly(outcomes: Sequence[Outcome]) -> str:
    """How many of these are done in some of their documents."""
    count = sum(one.partly for one in outcomes)
    if not count:
        return ""
    return " (in part done)" if count == len(outcomes) else f" ({count} of them in part done)"


def _moved(result: Result) -> Lines:
    """What the plan has nothing to do with, in one line."""
    if not result.moved:
        return []
    count = words.plural(len(result.moved), "thing")
    said = f"{count} moved meanwhile that this plan does not touch: {words.some([*result.moved])}"
    return [BLANK, line((f"{said}; left as it runs, drift in the next plan", "warning"))]


def _outputs(result: Result, sensitive: Sequence[str]) -> Lines:
    if not result.outputs:
        return []
    width = min(max(map(wide, result.outputs)), 32)
    lines = title("Outputs")
    for name, tree in sorted(result.outputs.items()):
        text = words.SENSITIVE if name in sensitive else words.value(tree)
        lines.append(line(padded(name, width) + "  ", text, indent=2))
    return lines

"""A plan for a terminal: the verdict first, then why, then each change, then the writes, then what to type next."""

from collections.abc import Iterator, Sequence

from haplan.model.address import parse
from haplan.model.plan import Action, Change, OutputChange, Plan
from haplan.report import words
from haplan.report.alike import folded, group_lines, groups
from haplan.report.changes import change_lines, drift_lines
from haplan.report.cost import cost_lines
from haplan.report.differences import same
from haplan.report.findings import FOLD, SOME, counts, finding_lines
from haplan.report.lines import BLANK, Line, Lines, line, padded, title, wide
from haplan.report.origin import Made, origin_lines
from haplan.report.pictures import picture_lines
from haplan.report.scope import chosen, looked, scope_lines, scope_words
from haplan.report.stages import rehearsed_lines, stage_lines
from haplan.report.unread import unread_lines

USUAL = ((Action.CREATE, "create"), (Action.UPDATE, "change"), (Action.REPLACE, "replace"), (Action.DELETE, "delete"))
RARE = ((Action.IMPORT, "import"), (Action.READ, "read"), (Action.FORGET, "forget"), (Action.NO_OP, "move"))

LONG = 80
"""A plan of more lines says again at its end what it comes to: its head has left the screen."""


def plan_lines(
    plan: Plan, *, next_step: str = "", refused: str = "", full: bool = False, made: Made | None = None
) -> Lines:
    """The whole plan.

    Args:
        plan: The plan.
        next_step: The command that carries it out, for the last line.
        refused: Why no apply will take this plan, for the last line.
        full: Long lists of like writes are not folded, and notes on what does not change are shown.
        made: Of a plan file: then it says when it was made, by whom, of what and where, and whether it is current.
    """
    lines = [*verdict(plan, made, full=full), *drift_lines(plan.drift)]
    if plan.changes:
        lines += title("Changes")
        for alike in groups(plan.changes, full=full):
            lines += change_lines(alike[0]) if len(alike) == 1 else group_lines(alike)
    lines += [
        *picture_lines(plan.pairs, plan.facts, full=full),
        *stage_lines(plan, full=full),
        *rehearsed_lines(plan),
        *output_change_lines(plan.outputs, full=full),
        *note_lines(plan, full=full),
        *_findings(plan, full),
    ]
    again = [BLANK, tally(plan), *cost_lines(plan)] if len(lines) > LONG and not plan.empty() else []
    last = _last(plan, next_step, refused)
    return [*lines, *again, BLANK, last] if last else [*lines, *again]


def verdict(plan: Plan, made: Made | None = None, *, full: bool = False) -> Lines:
    """The block that answers: what happens, how much, how bad, how long, and whom it reaches."""
    lines = [head_line(plan), *scope_lines(plan), *unread_lines(plan)]
    if plan.empty():
        lines.append(line(("No changes. ", "good"), why_nothing(plan)))
    else:
        lines += [tally(plan), *cost_lines(plan)]
    if plan.findings or not plan.empty():
        lines.append(line((counts(plan.findings), "error" if _errors(plan) else "")))
    return [*lines, *_calls(plan), *origin_lines(plan, made, full=full)]


def head_line(plan: Plan) -> Line:
    """Which plan it is, of what, and of how much of it."""
    said = [f"environment {plan.environment}", *estates(plan), *scope_words(plan)]
    return line((plan.stack, "strong"), *(f" · {text}" for text in said))


def why_nothing(plan: Plan) -> str:
    """What is so where nothing changes."""
    moved = sum(one.moved for one in plan.drift)
    if moved and plan.command == "refresh":
        return f"{words.plural(moved, 'resource')} changed outside haplan; applied, this plan takes it into state."
    if moved:
        return f"{words.plural(moved, 'resource')} changed outside haplan in a way that asks for no write."
    if plan.drift:
        return f"All is written as the stack says, and {_not_running(plan)}."
    if plan.unread:
        return f"That is so of what could be read: {words.plural(plan.unchanged, 'resource')} compared."
    if plan.command == "destroy":
        return "There is nothing to destroy" + (" in this part of it." if chosen(plan) else ".")
    return f"{_all_is_well(plan)}: {words.plural(plan.unchanged, 'resource')} compared."


def _all_is_well(plan: Plan) -> str:
    """What was looked at, and what it is like; never more than that."""
    if plan.command == "refresh":
        return "Nothing moved outside haplan" + (" in this part of the stack" if chosen(plan) else "")
    if plan.command == "rollback":
        return f"{_what_counts(plan)} is as run {words.some(plan.targets['to'])} left it"
    return f"{_what_counts(plan)} is as the stack says"


def _what_counts(plan: Plan) -> str:
    if not looked(plan):
        return "What is recorded of this part" if chosen(plan) else "What is recorded"
    return "This part of the estate" if chosen(plan) else "The estate"


def estates(plan: Plan) -> Iterator[str]:
    """The estates of a plan, as people call them."""
    for key, estate in plan.identities.items():
        if key == "haplan":  # resources that live in state only
            continue
        kind = estate.get("kind", "").split()
        if kind[:1] == [key.partition(".")[0]]:  # a provider that says its own name before what its estate is
            del kind[0]
        yield f"{' '.join([key, *kind])} {words.value(estate.get('name') or estate.get('id', ''))}"


def tally(plan: Plan) -> Line:
    """How many changes of which sort, and how many writes."""
    said = [f"{plan.count(action)} to {word}" for action, word in USUAL]
    said += [f"{plan.count(action)} to {word}" for action, word in RARE if plan.count(action)]
    return line((", ".join(said), "strong"), " · " + _writes(plan))


def _writes(plan: Plan) -> str:
    writes = sum(one.writes for one in plan.transactions)
    if not plan.transactions:
        return "no writes"
    return f"{words.plural(writes, 'write')} in {words.plural(len(plan.transactions), 'transaction')}"


def _calls(plan: Plan) -> Lines:
    lines: Lines = []
    for calls in plan.calls:
        text = f"{calls.provider}: {words.plural(calls.made, 'call')} made"
        text += f", {calls.expected} more expected at apply" if calls.expected or not plan.empty() else ""
        if calls.left is not None:
            text += f", {calls.left} of {calls.limit} left" if calls.limit is not None else f", {calls.left} left"
        short = calls.left is not None and calls.expected > calls.left
        text += " (apply will have to wait)" if short else ""
        lines.append(line((text, "warning" if short else "dim")))
    return lines


def output_change_lines(outputs: Sequence[OutputChange], *, full: bool) -> Lines:
    """The section of outputs that change."""
    if not outputs:
        return []
    lines = title("Outputs")
    width = min(max(wide(one.name) for one in outputs), 32)
    return [*lines, *(_output(alike, width) for alike in folded(outputs, _shown, full=full))]


def _output(alike: Sequence[OutputChange], width: int) -> Line:
    sign, style, text = _shown(alike[0])
    if len(alike) > 1:
        names = words.some([one.name for one in alike])
        return line((f"{sign:>3} ", style), f"{len(alike)} outputs: {names}  ", text, hang=8)
    return line((f"{sign:>3} ", style), padded(alike[0].name, width) + "  ", text, hang=8)


def _shown(one: OutputChange) -> tuple[str, str, str]:
    """Sign, style and what becomes of it."""
    sides = (one.before, one.after)
    shown = [words.SENSITIVE if one.sensitive and side is not None else words.value(side) for side in sides]
    sign, style = ("+", "create") if one.before is None else ("-", "delete") if one.after is None else ("~", "update")
    return sign, style, shown[1] if sign == "+" else " → ".join(shown)


def note_lines(plan: Plan, *, full: bool = True) -> Lines:
    """Lines for people; of many about one object some are shown, unless the whole is asked for."""
    if not plan.notes and not plan.voided:
        return []
    lines, about = title("Notes"), dict[str, list[str]]()
    for note in plan.notes:
        about.setdefault(note.partition(": ")[0], []).append(note)
    for head, notes in about.items():
        shown = notes if full or len(notes) <= FOLD else notes[:SOME]
        for note in shown:
            first, *rest = note.split("\n")
            lines += [line(first, indent=2), *(line(one, indent=4) for one in rest)]
        if len(shown) < len(notes):
            lines.append(line(f"{head}: and {len(notes) - len(shown)} more; --full shows them", indent=2))
    return [*lines, *_given_up(plan)]


def _given_up(plan: Plan) -> Lines:
    """The orders that yield where keeping them would write one document twice, or wait at a gate."""
    lines: list[Line] = []
    for why, kind in (("one document is one write", "soft"), ("it would wait at a gate", "gate")):
        groups: dict[str, list[str]] = {}
        for edge in plan.voided:
            if edge.kind == kind:
                groups.setdefault(edge.why, []).append(f"{edge.first} before {edge.then}")
        said = [
            f"{one} ({pairs[0]}{f' and {len(pairs) - 1} more' if pairs[1:] else ''})" for one, pairs in groups.items()
        ]
        if said:
            lines.append(line(f"order given up, because {why}: " + "; ".join(said), indent=2))
    return lines


def _findings(plan: Plan, full: bool) -> Lines:
    """Errors and warnings, and of the notes those on what changes: on the rest they say nothing new."""
    if full:
        return finding_lines(plan.findings)
    near = {change.address for change in plan.changes if change.action is not Action.DELETE}
    near |= {change.owner for change in plan.changes if change.address in near and change.owner}
    owners = {parse(address).label for address in near}
    shown = [
        one for one in plan.findings
        if one.severity != "info" or not one.address or one.address in near or parse(one.address).owner in owners
    ]  # fmt: skip
    lines, rest = finding_lines(shown, full=False), len(plan.findings) - len(shown)
    if not rest:
        return lines
    text = f"{words.plural(rest, 'note')} on what does not change: --full or haplan validate shows them"
    return [*(lines or title("Findings")), line((text, "dim"), indent=2)]


def _errors(plan: Plan) -> bool:
    return any(one.severity == "error" for one in plan.findings)


def _last(plan: Plan, next_step: str, refused: str) -> Line | None:
    if refused and not _errors(plan):
        return line((f"This plan cannot be applied: {refused}", "error"))
    if _errors(plan):
        return line(("This plan cannot be applied: mend the errors above, then plan again.", "error"))
    if plan.empty() and not plan.drift:
        return None
    something = not plan.empty() or plan.command == "refresh"
    return line("To carry it out: ", (next_step, "strong")) if next_step and something else None


def drift_report(plan: Plan) -> Lines:
    """What ``haplan drift`` says."""
    if not plan.drift:
        seen = "What could be read" if plan.unread else _what_counts(plan)
        none = line(("No drift. ", "good"), f"{seen} is as haplan left it.")
        head = [head_line(plan), *scope_lines(plan), *unread_lines(plan), none, *_calls(plan)]
        return [*head, *finding_lines(plan.findings)]
    gone, moved = sum(one.seen is None for one in plan.drift), sum(one.moved for one in plan.drift)
    said = [f"{words.plural(moved, 'resource')} changed outside haplan"] if moved else []
    said += [f"{gone} of them gone"] if gone else []
    said += [_not_running(plan)] if any(one.amiss for one in plan.drift) else []
    text = ", ".join(said)
    head = [head_line(plan), *scope_lines(plan), *unread_lines(plan), line((text, "warning")), *_calls(plan)]
    return [*head, *drift_lines(plan.drift), *note_lines(plan), *finding_lines(plan.findings)]


def _not_running(plan: Plan) -> str:
    """How many resources do not run what is written for them."""
    count = sum(bool(one.amiss) for one in plan.drift)
    return f"{words.plural(count, 'resource')} {'does' if count == 1 else 'do'} not run what is written there"


def unchanged(change: Change) -> bool:
    """True if a change touches no value: an address moves, or an id is taken into state."""
    return same(change.before or {}, change.after or {})

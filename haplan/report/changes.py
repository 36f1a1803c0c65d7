"""One change as lines: sign, address, where it was written, why, what it costs, and each attribute before and after."""

from collections.abc import Iterator, Mapping

from haplan.model.condition import holds
from haplan.model.drift import Drift
from haplan.model.plan import Action, Change, Impact
from haplan.model.reason import Reason
from haplan.model.value import Secret, Tree, leaves
from haplan.report import words
from haplan.report.differences import ABSENT, Difference, differences, list_parts
from haplan.report.lines import Line, Lines, line, padded, title, wide

SIGNS: Mapping[Action, tuple[str, str]] = {
    Action.CREATE: ("+", "create"), Action.UPDATE: ("~", "update"), Action.REPLACE: ("-/+", "replace"),
    Action.DELETE: ("-", "delete"), Action.READ: ("<=", "read"), Action.IMPORT: ("⇐", "read"),
    Action.FORGET: (".", "dim"), Action.NO_OP: ("→", "dim"),
}  # fmt: skip
"""Action → sign and style. A no-op is listed only when its address moves."""

OBVIOUS = frozenset({Reason.NONE, Reason.NEW, Reason.CHANGED, Reason.REORDERED, Reason.IMPORTED})
"""Reasons that the sign and the attributes say already."""

REASONS = {
    Reason.DRIFTED: "it was changed outside haplan",
    Reason.GONE: "it is gone from the estate",
    Reason.UNSET: "its line left the stack",
    Reason.NOT_IN_STACK: "the stack does not have it any more",
    Reason.DESTROYED: "all that the stack made is destroyed",
    Reason.DEPOSED: "it was replaced, and its old object is still there",
    Reason.RESUMED: "goes on where an earlier run stopped",
    Reason.REMEMBERED: "only the state changes",
    Reason.SENT_AGAIN: "it is written there as it should be, and does not run: it is sent again",
    Reason.TAKEN_OVER: "it is there already and is taken into state",
}
"""Our words for a reason, said to a reader."""

_STYLE_OF = {"+": "create", "-": "delete", "~": "update"}


def sign_of(change: Change) -> tuple[str, str]:
    """The sign in front of an address, and its style."""
    if change.action is Action.REPLACE and change.create_first:
        return "+/-", "replace"
    return SIGNS[change.action]


def change_lines(change: Change) -> Lines:
    """Everything the plan says about one change."""
    sign, style = sign_of(change)
    head = line((f"{sign:>3} ", style), (change.address, style), *_place(change.location), hang=6)
    return [head, *_remarks(change), *_attributes(change)]


def _place(location: str) -> tuple[tuple[str, str], ...]:
    return ((f"  {words.short(location)}", "dim"),) if location else ()


def _remarks(change: Change) -> Iterator[Line]:
    label = change.address.rpartition(".")[2].strip('"')
    if change.previous_address:
        yield line(f"moves from {change.previous_address}", indent=6)
    if change.name and change.name != label:
        yield line(f"named {words.value(change.name)}", indent=6)
    if change.deposed:
        yield line(f"deposed object {change.deposed}", indent=6)
    if change.importing:
        yield line(f"takes {words.value(change.importing)} into state", indent=6)
    yield from common_remarks(change)
    if change.moving:
        yield line(change.moving, indent=6)
    words_of_impact = impact(change.impact, change.sites)
    if words_of_impact:
        yield line((words_of_impact, "warning" if change.impact.kind in ("reboot", "outage") else "dim"), indent=6)


def common_remarks(change: Change) -> Iterator[Line]:
    """What a change says that many alike say in the same words."""
    if change.action is Action.FORGET:
        yield line("leaves the state; the estate keeps it", indent=6)
    if change.reason not in OBVIOUS:
        yield line(change.because or REASONS.get(change.reason, change.why), indent=6)
    if change.overwrites:
        yield line(("overwrites what others wrote:", "warning"), indent=6)
        yield from (line(("~ ", "update"), one, indent=8, hang=12) for one in change.overwrites)
    for when, conditions in (("before", change.lifecycle.precondition), ("after", change.lifecycle.postcondition)):
        yield from (line(f"checked {when}: {one.text}", indent=6) for one in conditions if holds(one) is None)


def impact(cost: Impact, sites: tuple[str, ...] = ()) -> str:
    """What a change costs, in one line; "" when it costs nothing."""
    if cost.kind == "none" or (cost.kind == "config-push" and not sites and not cost.note):
        return ""
    kinds = {"config-push": "configuration push", "traffic": "traffic moves", "reboot": "reboot", "outage": "outage"}
    text = kinds[cost.kind]
    if sites:
        text += f" at {words.some(sites)}"
    if cost.seconds >= 60:
        text += f", {words.about(cost.seconds)}"
    if not cost.undoable:
        text += ", not quickly undone"
    return f"{text}: {cost.note}" if cost.note else text


def _attributes(change: Change) -> Lines:
    if change.action in (Action.CREATE, Action.READ):
        return whole(given(change), change.sensitive)
    if change.action is Action.DELETE:
        return [line(f"id {words.value(change.id)}", indent=6)] if change.id else []
    if change.action is Action.FORGET:
        return []
    if change.action is Action.REPLACE and change.before is None:
        return whole(given(change), change.sensitive)
    found = differences(change.before, change.after, change.sensitive)
    return difference_lines(found, change)


def given(change: Change) -> Mapping[str, Tree]:
    """What a change gives a resource, vendor keys included."""
    after = change.after or {}
    return {**after, "extra": change.extra} if change.extra and "extra" not in after else after


def difference_lines(found: list[Difference], change: Change | None = None) -> Lines:
    """A row for each entry that differs."""
    paths = [words.path(one.path) for one in found]
    width = min(max(map(wide, paths), default=0), 32)
    lines: Lines = []
    for one, name in zip(found, paths, strict=True):
        forced = change is not None and any(one.under(path) for path in change.replaces)
        mark = (("  # forces replacement", "replace"),) if forced else ()
        lead = ((f"{one.sign} ", _STYLE_OF[one.sign]), padded(name, width) + "  ")
        parts = [] if one.order else list_parts(one.before, one.after)
        if parts:
            lines.append(line(*lead, f"{len(one.before)} → {words.plural(len(one.after), 'entry')}", *mark, indent=6))
            lines.extend(line((f"{sign} ", _STYLE_OF[sign]), entry, indent=10) for sign, entry in parts)
        else:
            lines.append(line(*lead, *_both_sides(one), *mark, indent=6, hang=10))
    return lines


def _both_sides(one: Difference) -> Iterator[str]:
    if one.order:
        yield f"order: {', '.join(one.before)} → {', '.join(one.after)}"
        return
    if one.before is not ABSENT:
        yield words.value(one.before)
        yield " → "
    yield words.UNSET if one.after is ABSENT else words.value(one.after)
    if any(isinstance(leaf, Secret) and _uncompared(leaf) for _, leaf in leaves(one.after)):
        yield "  (secret, not compared)"


def _uncompared(secret: Secret) -> bool:
    return bool(secret.source) and not secret.fingerprint and secret.version is None


def whole(values: Mapping[str, Tree], sensitive: tuple[str, ...] = ()) -> Lines:
    """All attributes of something, compactly; maps of maps by entry."""
    given = sorted((name, tree) for name, tree in values.items() if tree is not None)
    shown: dict[str, Tree] = {name: _masked(name, tree, sensitive) for name, tree in given}
    nested = {name for name, tree in shown.items() if _by_entry(tree)}
    names = [name for name in shown if name not in nested]
    names += [f"  {words.key(entry)}" for name in nested for entry in shown[name]]
    width = min(max(map(wide, names), default=0), 32)
    lines: Lines = []
    for name, tree in shown.items():
        if name not in nested:
            lines.append(_row(name, _bare(tree), width))
            continue
        lines.append(line(name, indent=6))
        lines.extend(_row(f"  {words.key(entry)}", _bare(inner), width) for entry, inner in words.listed(tree))
    return lines


def _masked(name: str, tree: Tree, sensitive: tuple[str, ...]) -> Tree:
    return Secret("") if name in sensitive else tree


def _by_entry(tree: Tree) -> bool:
    return isinstance(tree, Mapping) and any(isinstance(inner, Mapping) and inner for inner in tree.values())


def _bare(tree: Tree) -> str:
    return words.entries(tree) if isinstance(tree, Mapping) and tree else words.value(tree)


def _row(name: str, text: str, width: int) -> Line:
    return line(padded(name, width) + "  ", text, indent=6, hang=min(6 + width + 2, 40))


def drift_lines(drift: tuple[Drift, ...]) -> Lines:
    """What was changed outside haplan, and what does not run though it is written."""
    moved = [one for one in drift if one.moved]
    return [*(_moved_lines(moved) if moved else []), *_amiss_lines(drift)]


def _amiss_lines(drift: tuple[Drift, ...]) -> Lines:
    amiss = [one for one in drift if one.amiss]
    if not amiss:
        return []
    lines = title("Does not run what is written for it")
    for one in amiss:
        lines.append(line(("  ! ", "warning"), (one.address, "warning"), hang=6))
        lines += [line(f"{one.name}: {said}", indent=6) for said in one.amiss]
    return lines


def _moved_lines(drift: list[Drift]) -> Lines:
    lines = title("Changed outside haplan")
    for one in drift:
        sign, style = ("-", "delete") if one.seen is None else ("~", "update")
        lines.append(line((f"{sign:>3} ", style), (one.address, style), (_who(one), "dim"), hang=6))
        if one.seen is None:
            lines.append(line("is gone", indent=6))
        else:
            lines.extend(difference_lines(differences(one.recorded, one.seen)))
    return lines


def _who(one: Drift) -> str:
    said = [f"by {one.who}" if one.who else "", words.moment(one.when) if one.when else ""]
    return "  " + ", ".join(word for word in said if word) if any(said) else ""

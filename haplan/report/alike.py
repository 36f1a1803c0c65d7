"""Many changes of one cause as one, with what is the same in all of them; what deviates stays apart."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from haplan.model.plan import Action, Change
from haplan.model.value import Path, Tree, is_mapping
from haplan.report import words
from haplan.report.changes import common_remarks, difference_lines, given, impact, sign_of, whole
from haplan.report.differences import Difference, differences, same
from haplan.report.lines import Lines, line

FOLD = 6
"""More than this many alike are one, unless the whole is asked for."""
MOST = 8
"""So many attributes that differ are named."""
T = TypeVar("T")


def folded(listed: Sequence[T], sort: Callable[[T], Hashable], *, full: bool) -> Iterator[list[T]]:
    """What is listed, one by one; more than `FOLD` of one sort together, where the first of them stands."""
    sorts = [sort(one) for one in listed]
    alike: dict[Hashable, list[T]] = {}
    for key, one in zip(sorts, listed, strict=True):
        alike.setdefault(key, []).append(one)
    shown: set[Hashable] = set()
    for key, one in zip(sorts, listed, strict=True):
        if full or len(alike[key]) <= FOLD:
            yield [one]
        elif key not in shown:
            shown.add(key)
            yield alike[key]


def groups(changes: Sequence[Change], *, full: bool) -> Iterator[list[Change]]:
    """The changes of a plan, those alike together."""
    usual, shared = ({}, {}) if full else (_usual(changes), _shared(changes))
    yield from folded(changes, lambda one: (_sort(one, usual), _values(one, shared)), full=full)


def group_lines(changes: Sequence[Change]) -> Lines:
    """Many changes alike: how many, which, what it costs, and what is the same in all of them."""
    first = changes[0]
    sign, style = sign_of(first)
    places = list(dict.fromkeys(words.short(one.location).partition(" (")[0] for one in changes if one.location))
    place = ((f"  {words.some(places, 2)}", "dim"),) if places else ()
    lines = [line((f"{sign:>3} ", style), (f"{len(changes)} × {first.type}", style), *place, hang=6)]
    lines.append(line(words.some([one.key for one in changes]), indent=6))
    lines += common_remarks(first)
    costs = dict.fromkeys(impact(one.impact) for one in changes)
    sites = tuple(dict.fromkeys(site for one in changes for site in one.sites))
    said = impact(first.impact, sites) if len(costs) == 1 else impact(first.impact, sites).partition(": ")[0]
    if said:
        lines.append(line((said, "warning" if first.impact.kind in ("reboot", "outage") else "dim"), indent=6))
    return [*lines, *(_wholes(changes) if first.action is Action.CREATE else _parts(changes))]


def _usual(changes: Sequence[Change]) -> Mapping[tuple[str, str], set[frozenset[str]]]:
    """(type, attribute) → sets of keys that several new ones have; keys of which each has its own tell nothing."""
    counts: dict[tuple[str, str], Counter[frozenset[str]]] = {}
    for change in changes:
        for name, value in given(change).items() if change.action is Action.CREATE else ():
            if is_mapping(value):
                counts.setdefault((change.type, name), Counter())[frozenset(value)] += 1
    return {where: {keys for keys, count in found.items() if count > 1} for where, found in counts.items()}


def _shared(changes: Sequence[Change]) -> Mapping[tuple[str, Path], set[str]]:
    """(type, path) → what many changes make of it in the same way: who makes something else of it deviates."""
    counts: dict[tuple[str, Path], Counter[str]] = {}
    for change in changes:
        for path, text in _made(change):
            counts.setdefault((change.type, path), Counter())[text] += 1
    return {where: {text for text, count in found.items() if count > FOLD} for where, found in counts.items()}


def _values(change: Change, shared: Mapping[tuple[str, Path], set[str]]) -> Hashable:
    return frozenset((path, text) for path, text in _made(change) if text in shared.get((change.type, path), ()))


def _made(change: Change) -> Iterator[tuple[Path, str]]:
    """Path → what a change makes of it, to be told from others."""
    new = change.action is Action.CREATE
    found = differences({}, given(change), change.sensitive) if new else _differing(change)
    return ((one.path, repr((one.before, one.after))) for one in found)


def _sort(change: Change, usual: Mapping[tuple[str, str], set[frozenset[str]]]) -> Hashable:
    if change.action is Action.CREATE:
        shape: Hashable = frozenset(
            (name, _keys(change.type, name, value, usual)) for name, value in given(change).items()
        )
    else:
        shape = frozenset((one.sign, one.path, one.order) for one in _differing(change))
    moved = (bool(change.previous_address), bool(change.importing), bool(change.deposed), change.position is not None)
    cost = (change.impact.kind, change.impact.undoable)
    conditions = (change.lifecycle.precondition, change.lifecycle.postcondition)
    told = (change.reason, change.because, change.create_first, change.replaces, change.overwrites, str(conditions))
    return change.type, change.action, moved, cost, told, shape


def _keys(type_name: str, name: str, value: Tree, usual: Mapping[tuple[str, str], set[frozenset[str]]]) -> Hashable:
    keys = frozenset(value) if is_mapping(value) else frozenset()
    return keys if keys in usual.get((type_name, name), ()) else None


def _differing(change: Change) -> list[Difference]:
    return [] if change.action is Action.DELETE else differences(change.before, change.after, change.sensitive)


def _wholes(changes: Sequence[Change]) -> Lines:
    """New ones: the attributes that all have alike, and the names of the others, which some may share."""
    first, others = given(changes[0]), [given(one) for one in changes[1:]]
    common, apart = _common(first, others)
    lines = whole(common, changes[0].sensitive)
    if apart:
        lines.append(line(("not the same in all: ", "dim"), words.some(sorted(apart), MOST), indent=6))
    return lines


def _common(first: Mapping[str, Tree], others: Sequence[Mapping[str, Tree]]) -> tuple[dict[str, Tree], list[str]]:
    common: dict[str, Tree] = {}
    apart: list[str] = []
    for name, value in first.items():
        sides = [one.get(name) for one in others]
        if all(same(value, side) for side in sides):
            common[name] = value
        elif is_mapping(value) and all(is_mapping(side) and side.keys() == value.keys() for side in sides):
            inner, rest = _common(value, [side for side in sides if is_mapping(side)])
            common |= {name: inner} if inner else {}
            apart += [f"{name}.{one}" for one in rest]
        else:
            apart.append(name)
    return common, apart


def _parts(changes: Sequence[Change]) -> Lines:
    """Changed ones: the rows that are the same in all, and the names of the others, which some may share."""
    found = [{(one.path, one.order): one for one in _differing(change)} for change in changes]
    alike: list[Difference] = []
    apart: list[str] = []
    for key, one in found[0].items():
        sides = [side[key] for side in found]
        if all(same(one.before, side.before) and same(one.after, side.after) for side in sides):
            alike.append(one)
        else:
            apart.append(f"{one.sign} {words.path(one.path)}")
    lines = difference_lines(alike, changes[0])
    return [*lines, *(line(name, ("  not the same in all", "dim"), indent=6) for name in dict.fromkeys(apart))]

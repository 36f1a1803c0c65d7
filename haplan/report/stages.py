"""The stages of a plan: which document is written when, and what it waits for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from haplan.model.plan import Plan, Transaction
from haplan.report import words
from haplan.report.lines import Line, Lines, line, padded, title, wide

FOLD = 12
"""More than this many alike in one stage are one line, unless the whole is asked for."""


def stage_lines(plan: Plan, *, full: bool = False) -> Lines:
    """The list that the apply carries out."""
    if not plan.transactions:
        return []
    lines = title("Stages")
    documents = {one.id: str(one.document) for one in plan.transactions}
    width = min(max(wide(str(one.document)) for one in plan.transactions), 44)
    for stage, group in groupby(plan.transactions, key=lambda one: one.stage):
        number = f"{stage:>4} │ "
        for row in _rows(plan, list(group), documents, width, full):
            lines.append(Line(((number, "dim"), *row.spans), min(width + 9, 60)))
            number = "     │ "
    return lines


def rehearsed_lines(plan: Plan) -> Lines:
    """What the backends say that they would change; alike answers are one."""
    said: dict[str, list[str]] = {}
    for one in plan.transactions:
        if one.rehearsed:
            said.setdefault(one.rehearsed, []).append(str(one.document))
    if not said:
        return []
    lines = title("Checked on the devices")
    for text, documents in said.items():
        lines.append(line(words.some(documents), indent=2))
        lines += [line(one, indent=4) for one in text.rstrip().split("\n")]
    return lines


def _rows(
    plan: Plan, group: Sequence[Transaction], documents: Mapping[str, str], width: int, full: bool
) -> Iterator[Line]:
    alike: dict[tuple[str, ...], list[Transaction]] = {}
    for one in group:
        alike.setdefault(_sort(one), []).append(one)
    folded = {key for key, members in alike.items() if len(members) > FOLD and not full}
    shown: set[tuple[str, ...]] = set()
    for one in group:
        key = _sort(one)
        if key not in folded:
            yield _row(plan, one, documents, width)
        elif key not in shown:
            shown.add(key)
            yield _fold(plan, alike[key], documents)


def _sort(one: Transaction) -> tuple[str, ...]:
    return (one.document.kind, one.verb, str(one.writes), *one.gates)


def _row(plan: Plan, one: Transaction, documents: Mapping[str, str], width: int) -> Line:
    said = [_carries(plan, one), _waits(plan, one, documents), _sequence(one)]
    rest = " · ".join(word for word in said if word)
    verb = f"{one.verb:<6}  {words.plural(one.writes, 'write'):<8}"
    return line(padded(str(one.document), width) + "  ", verb if rest else verb.rstrip(), f"  {rest}" if rest else "")


def _fold(plan: Plan, alike: Sequence[Transaction], documents: Mapping[str, str]) -> Line:
    first = alike[0]
    names = [one.document.name for one in alike]
    text = f"{len(alike)} × {_sort(first)[0]}  {first.verb}  {words.plural(first.writes, 'write')} each"
    said = [text, _waits(plan, first, documents), f"{names[0]} … {names[-1]}"]
    return line(" · ".join(word for word in said if word))


def _carries(plan: Plan, one: Transaction) -> str:
    """What a document carries beside the resource it is named for."""
    addresses = list(dict.fromkeys(placed.address for placed in one.placed))
    if len(addresses) < 2:
        titles = [placed.placement.title for placed in one.placed if placed.placement.title]
        return titles[0] if len(titles) == 1 else ""
    types = {change.address: change.type for change in plan.changes}
    tally = Counter(types.get(address, address.split(".")[0]) for address in addresses)
    return ", ".join(words.plural(count, kind) for kind, count in tally.items())


def _waits(plan: Plan, one: Transaction, documents: Mapping[str, str]) -> str:
    gates = [documents.get(gate, gate) for gate in one.gates]
    if str(one.document) in gates:  # written again and again: what it waits for is a part of it
        here = {placed.address for placed in one.placed}
        gates = list(dict.fromkeys(edge.first for edge in plan.edges if edge.kind == "gate" and edge.then in here))
    return f"waits for {words.some(gates)} verified" if gates else ""


def _sequence(one: Transaction) -> str:
    moved = [order.list for order in one.orders if order.before and order.before != order.after]
    return f"sequence of {', '.join(moved)}" if moved else ""

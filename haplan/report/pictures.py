"""The picture of a pair in a plan: both boxes side by side, what is plugged into them, and what changes.

It needs no colour and fits into 80 columns: ``+`` marks what the plan brings, ``~`` what it changes.
"""

from collections.abc import Iterator, Mapping, Sequence

from haplan.model.address import parse
from haplan.model.value import Tree, is_mapping
from haplan.model.visible import visible
from haplan.model.wiring import Plug, Sheet
from haplan.report import words
from haplan.report.lines import Line, Lines, line, padded, table, title, wide

SIDE, BOX, MIDDLE = 13, 12, 18
"""Columns of what hangs on one box, of a port in it, and of what joins the two."""


MANY = 20
"""Of a plan for more pairs that look the same their picture is a line, unless the whole is asked for."""


BOXES = 6
"""Of so many pairs that look the same it is told what their boxes are, unless the whole is asked for."""
Facts = Mapping[str, Mapping[str, Tree]]
"""What backends told of resources when the plan was made, by address."""


def picture_lines(pairs: Sequence[Sheet], facts: Facts | None = None, *, full: bool = True) -> Lines:
    """One picture for all pairs that look the same, and what was read of their boxes when the plan was made."""
    drawn = [sheet for sheet in pairs if sheet.plugs]
    if not drawn:
        return []
    lines = title("Pairs")
    for sheet in drawn:
        folded = not full and len(sheet.alike) >= MANY
        lines += [_named(sheet)] if folded else [*_picture(sheet), *_boxes(sheet, facts or {}, full=full)]
    return lines


def _boxes(sheet: Sheet, facts: Facts, *, full: bool) -> Lines:
    """What the boxes of these pairs are, as their backend tells it."""
    told = [address for address in (sheet.address, *sheet.alike) if is_mapping((facts.get(address) or {}).get("nodes"))]
    shown = told if full else told[:BOXES]
    rows = [row for address in shown for row in _of_pair(address, facts[address]["nodes"])]
    if not rows:
        return []
    more = f"; of {len(told) - len(shown)} more pairs --full says it" if len(shown) < len(told) else ""
    return [line((f"boxes, as read when this plan was made{more}:", "dim"), indent=4), *table(rows, indent=6)]


def _of_pair(address: str, nodes: Mapping[str, Mapping[str, Tree]]) -> Iterator[tuple[str, str, str]]:
    for mac, fact in nodes.items():
        yield parse(address).label, mac, _said(fact)


def _said(fact: Mapping[str, Tree]) -> str:
    """``SSR120, 6.3.0-107, connected, at branch``; what the backend does not tell is left out."""
    if fact.get("known") is False:
        return "not in the inventory"
    serial, site = str(fact.get("serial") or ""), str(fact.get("site") or "")
    there = {True: "connected", False: "offline"}.get(fact["connected"], "") if "connected" in fact else ""
    said = [str(fact.get("model") or ""), str(fact.get("firmware") or ""), f"serial {serial}" if serial else "", there]
    return ", ".join(
        filter(None, [*said, f"at {site}" if site else "", "in service" if fact.get("in_service") else ""])
    )


def _named(sheet: Sheet) -> Line:
    text = f" and {len(sheet.alike)} more: two {sheet.model} each, cabled alike; --full draws them"
    return line((sheet.address, "strong"), text, indent=2)


def _picture(sheet: Sheet) -> Lines:
    others = f" (and {len(sheet.alike)} more: {words.some(sheet.alike)})" if sheet.alike else ""
    lines = [line((sheet.address, "strong"), f" · two {sheet.model}{others}", indent=2)]
    lines += [line((f"not sure: {sheet.unsure}", "warning"), indent=4)] if sheet.unsure else []
    heads = [f"node{node} {sheet.boxes[node]} {sheet.marks[node]}".strip() for node in (0, 1)]
    lead, edge = " " * (SIDE + 3), "─" * BOX
    lines.append(_row(f"{lead}{padded(heads[0], BOX + MIDDLE + 2)}{heads[1]}"))
    lines.append(_row(f"{lead}┌{edge}┐{' ' * MIDDLE}┌{edge}┐"))
    lines += [_row(text) for text in _rows(sheet)]
    return [*lines, _row(f"{lead}└{edge}┘{' ' * MIDDLE}└{edge}┘")]


def _row(text: str) -> Line:
    return line(text.rstrip(), indent=1, hang=0)


def _rows(sheet: Sheet) -> Iterator[str]:
    """What joins both boxes is one row; what hangs on one of them stands beside it."""
    second = {plug.port: plug for plug in sheet.of(1)}
    joined = set[str]()
    for plug in sheet.of(0):
        other = second.get(plug.peer) or _twin(plug, second)
        if plug.kind in ("link", "lan", "wan") and other is not None:
            joined.add(other.port)
            yield _across(plug, other)
        else:
            yield _alone(plug)
    for plug in sheet.of(1):
        if plug.port not in joined or plug.kind == "management":
            yield _alone(plug)


def _twin(plug: Plug, second: dict[str, Plug]) -> Plug | None:
    """The other end of a link that no configuration names."""
    found = second.get(plug.port) if plug.kind == "link" else None
    return found if found is not None and found.box == plug.box and found.kind == "link" else None


def _across(plug: Plug, other: Plug) -> str:
    said = f" {_words(plug, MIDDLE - 4)} "
    left = (MIDDLE - wide(said)) // 2
    joint = "─" * left + said + "─" * (MIDDLE - left - wide(said))
    return f"{' ' * (SIDE + 3)}│ {_port(plug)}├{joint}┤ {_port(other)}│"


def _alone(plug: Plug) -> str:
    said = _words(plug, SIDE)
    empty = " " * BOX
    if plug.node == 0:
        return f"{' ' * (SIDE - wide(said))}{said} ──┤ {_port(plug)}│{' ' * MIDDLE}│{empty}│"
    return f"{' ' * (SIDE + 3)}│{empty}│{' ' * MIDDLE}│ {_port(plug)}├── {said}"


def _port(plug: Plug) -> str:
    return padded(_short(plug.port or plug.box, BOX - 2), BOX - 1)


def _words(plug: Plug, width: int) -> str:
    mark = f" {plug.mark}" if plug.mark else ""
    return _short(plug.use, width - len(mark)) + mark


def _short(text: str, width: int) -> str:
    """A name in so many columns, cut where it is longer."""
    shown = visible(text).replace("\n", " ")
    if wide(shown) <= width:
        return shown
    while wide(shown) > width - 1:
        shown = shown[:-1]
    return f"{shown}…"

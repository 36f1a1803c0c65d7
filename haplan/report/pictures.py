"""The picture of a pair in a plan: both boxes side by side, what is plugged into them, and what changes.

It needs no colour and fits into 80 columns: ``+`` marks what the plan brings, ``~`` what it changes.
"""

from collections.abc import Iterator, Sequence

from haplan.model.visible import visible
from haplan.model.wiring import Plug, Sheet
from haplan.report import words
from haplan.report.lines import Line, Lines, line, padded, title, wide

SIDE, BOX, MIDDLE = 13, 12, 18
"""Columns of what hangs on one box, of a port in it, and of what joins the two."""


MANY = 20
"""Of a plan for more pairs that look the same their picture is a line, unless the whole is asked for."""


def picture_lines(pairs: Sequence[Sheet], *, full: bool = True) -> Lines:
    """One picture for all pairs that look the same."""
    drawn = [sheet for sheet in pairs if sheet.plugs]
    if not drawn:
        return []
    lines = title("Pairs")
    for sheet in drawn:
        lines += _picture(sheet) if full or len(sheet.alike) < MANY else [_named(sheet)]
    return lines


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
    said = f" {_words(plug, MIDDLE - 6)} "
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

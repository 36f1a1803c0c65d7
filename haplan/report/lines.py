"""Lines of styled text, wrapped at a fixed width: what every report for a terminal is made of.

A report is the same text with and without colour. Columns are counted as a terminal shows them: a Chinese character
takes two.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

import attrs

from haplan.model.value import Tree
from haplan.model.visible import visible

WIDTH = 100
UNWRAPPED = 1_000_000
"""Columns where nothing is wrapped."""
Span = tuple[str, str]
"""Text and the name of its style; "" is plain."""

STYLES: Mapping[str, Mapping[str, Tree]] = {
    "title": {"bold": True}, "create": {"fg": "green"}, "update": {"fg": "yellow"}, "replace": {"fg": "magenta"},
    "delete": {"fg": "red"}, "read": {"fg": "cyan"}, "dim": {"dim": True}, "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow"}, "good": {"fg": "green"}, "strong": {"bold": True}, "": {},
}  # fmt: skip


@attrs.frozen
class Line:
    """One line before wrapping.

    Attributes:
        spans: Its pieces.
        hang: Column at which it goes on when it is too long.
    """

    spans: tuple[Span, ...]
    hang: int = 0


Lines = list[Line]


def line(*pieces: str | Span, indent: int = 0, hang: int | None = None) -> Line:
    """A line from plain texts and (text, style) pairs, indented."""
    spans = tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces)
    lead: tuple[Span, ...] = ((" " * indent, ""),) if indent else ()
    return Line((*lead, *spans), indent + 4 if hang is None else hang)


BLANK = Line(())


def title(text: str) -> Lines:
    """A heading with the blank line before it."""
    return [BLANK, line((text, "title"))]


_UNUSUAL = re.compile("[^ -\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u257f]")
"""What may take another number of columns than one; the signs of our own reports do not."""


def wide(text: str) -> int:
    """Columns that a terminal gives a text."""
    if not _UNUSUAL.search(text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """The text with blanks behind it, up to so many columns."""
    return text + " " * (width - wide(text))


def wrapped(one: Line, width: int = WIDTH) -> Iterator[tuple[Span, ...]]:
    """The rows a line takes; words are kept whole, and a name with its colon stays with what follows."""
    row: list[Span] = []
    used, pending = 0, ""
    for text, style in one.spans:
        for word in re.findall(r"\s+|(?:\S+: )*\S+", visible(text)):
            if word.isspace():
                pending += word
                continue
            if used + len(pending) + wide(word) > width and used > one.hang:
                yield tuple(row)
                row, used, pending = [], 0, " " * one.hang
            if row and row[-1][1] == style:
                row[-1] = (row[-1][0] + pending + word, style)
            else:
                row.append((pending + word, style))
            used, pending = used + len(pending) + wide(word), ""
    yield tuple(row)


def plain(lines: Iterable[Line], width: int = WIDTH) -> str:
    """The report without colour; every line ends with a newline."""
    return "".join(row.rstrip() + "\n" for one in lines for row in _texts(one, width))


def _texts(one: Line, width: int) -> Iterable[str]:
    whole = visible("".join(text for text, _ in one.spans))
    if wide(whole) <= width:  # most lines
        return (whole,)
    return ("".join(text for text, _ in row) for row in wrapped(one, width))


def write(lines: Sequence[Line], out: TextIO | None = None, *, color: bool = False, width: int = WIDTH) -> None:
    """Print a report."""
    out = out or sys.stdout
    if not color:
        out.write(plain(lines, width))
        return
    from click import style

    for one in lines:
        for row in wrapped(one, width):
            out.write("".join(style(text, **STYLES[name]) if STYLES[name] else text for text, name in row) + "\n")


def table(rows: Sequence[Sequence[str]], *, indent: int = 2) -> Lines:
    """Rows in columns; the last column wraps under itself."""
    if not rows:
        return []
    widths = [max(wide(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    hang = min(indent + sum(width + 2 for width in widths), 60)
    lines: Lines = []
    for row in rows:
        cells = [padded(cell, width) for cell, width in zip(row, widths, strict=False)]
        lines.append(line("  ".join([*cells, row[-1]]), indent=indent, hang=hang))
    return lines

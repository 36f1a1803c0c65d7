"""Lines of styled text, wrapped at a fixed width: what every report for a terminal is made of.

A report is the same text with and without colour; rich is imported only where colour is wanted.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

import attrs

WIDTH = 100
Span = tuple[str, str]
"""Text and the name of its style; "" is plain."""

STYLES: Mapping[str, str] = {
    "title": "bold", "create": "green", "update": "yellow", "replace": "magenta", "delete": "red", "read": "cyan",
    "dim": "dim", "error": "bold red", "warning": "yellow", "good": "green", "strong": "bold",
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


def safe(text: str) -> str:
    """The text with everything that would move a terminal's cursor, or turn its writing round, made visible."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def wrapped(one: Line, width: int = WIDTH) -> Iterator[tuple[Span, ...]]:
    """The rows a line takes; words are kept whole, and a name with its colon stays with what follows."""
    row: list[Span] = []
    used, pending = 0, ""
    for text, style in one.spans:
        for word in re.findall(r"\s+|(?:\S+: )*\S+", safe(text)):
            if word.isspace():
                pending += word
                continue
            if used + len(pending) + len(word) > width and used > one.hang:
                yield tuple(row)
                row, used, pending = [], 0, " " * one.hang
            if row and row[-1][1] == style:
                row[-1] = (row[-1][0] + pending + word, style)
            else:
                row.append((pending + word, style))
            used, pending = used + len(pending) + len(word), ""
    yield tuple(row)


def plain(lines: Iterable[Line], width: int = WIDTH) -> str:
    """The report without colour; every line ends with a newline."""
    return "".join(row.rstrip() + "\n" for one in lines for row in _texts(one, width))


def _texts(one: Line, width: int) -> Iterable[str]:
    whole = safe("".join(text for text, _ in one.spans))
    if len(whole) <= width:  # most lines
        return (whole,)
    return ("".join(text for text, _ in row) for row in wrapped(one, width))


def write(lines: Sequence[Line], out: TextIO | None = None, *, color: bool = False) -> None:
    """Print a report."""
    out = out or sys.stdout
    if not color:
        out.write(plain(lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, highlight=False, soft_wrap=True, force_terminal=True)
    for one in lines:
        for row in wrapped(one):
            console.print(Text.assemble(*((text, STYLES.get(style, "")) for text, style in row)), soft_wrap=True)


def table(rows: Sequence[Sequence[str]], *, indent: int = 2) -> Lines:
    """Rows in columns; the last column wraps under itself."""
    if not rows:
        return []
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    hang = min(indent + sum(width + 2 for width in widths), 60)
    lines: Lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append(line("  ".join([*cells, row[-1]]), indent=indent, hang=hang))
    return lines

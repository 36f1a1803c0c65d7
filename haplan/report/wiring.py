"""The cabling sheet of pairs, for the person with the cables: as text, CSV and markdown."""

import csv
import io
from collections.abc import Iterable, Sequence

from haplan.model.address import parse
from haplan.model.value import Tree
from haplan.model.wiring import Plug, Sheet
from haplan.report.lines import BLANK, Line, Lines, line, table

COLUMNS = ("port on the box", "in configurations", "carries", "goes to")
CSV = ("cluster", "site", "model", "node", "mac", "serial", "box_port", "port", "kind", "use", "peer", "to")
ACTING = ("=", "+", "-", "@")
"""A cell that begins so is a formula to a spreadsheet."""


def wiring_lines(sheets: Sequence[Sheet]) -> Lines:
    """One block a pair: each port of both nodes, and where it goes."""
    lines: Lines = []
    for sheet in sheets:
        lines += [BLANK, *_block(sheet)] if lines else _block(sheet)
    return lines


def _block(sheet: Sheet) -> Lines:
    lines = [_head(sheet)]
    lines += [line((f"not sure: {sheet.unsure}", "warning"), indent=2)] if sheet.unsure else []
    for node in (0, 1):
        lines.append(line((f"node{node}", "strong"), f"  {box(sheet, node)}", indent=2))
        lines += table([COLUMNS, *(_row(plug) for plug in sheet.of(node))], indent=4)
    return lines


def _head(sheet: Sheet) -> Line:
    return line((sheet.address, "strong"), f" · two {sheet.model} at {sheet.site}")


def box(sheet: Sheet, node: int) -> str:
    """Which box a node is: by its MAC address, and its serial number where that is known."""
    mac, serial = sheet.boxes[node], sheet.serials[node]
    return f"{mac or 'the box is not known yet'}{f' (serial {serial})' if serial else ''}"


def _row(plug: Plug) -> tuple[str, str, str, str]:
    return plug.box, plug.port, plug.use or "-", plug.to


def wiring_csv(sheets: Iterable[Sheet]) -> str:
    """A line a port."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV)
    for sheet in sheets:
        for plug in sheet.plugs:
            writer.writerow([_cell(one) for one in _cells(sheet, plug)])
    return text.getvalue()


def _cells(sheet: Sheet, plug: Plug) -> tuple[str, ...]:
    node = plug.node
    return (
        sheet.address, sheet.site, sheet.model, f"node{node}", sheet.boxes[node], sheet.serials[node], plug.box,
        plug.port, plug.kind, plug.use, plug.peer, plug.to,
    )  # fmt: skip


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(ACTING) else text


def wiring_markdown(sheets: Iterable[Sheet]) -> str:
    """A table a node."""
    lines: list[str] = []
    for sheet in sheets:
        lines += [f"## {_md(parse(sheet.address).label)}: two {_md(sheet.model)} at {_md(sheet.site)}", ""]
        lines += [f"Not sure: {_md(sheet.unsure)}", ""] if sheet.unsure else []
        for node in (0, 1):
            lines += [f"### node{node} {_md(box(sheet, node))}", "", f"| {' | '.join(COLUMNS)} |", "|---|---|---|---|"]
            lines += [f"| {' | '.join(_md(cell) for cell in _row(plug))} |" for plug in sheet.of(node)]
            lines.append("")
    return "\n".join(lines)


def _md(text: str) -> str:
    return "".join(f"\\{one}" if one in "|*_`<>[]\\" else one for one in text)


def wiring_json(sheets: Iterable[Sheet]) -> list[Tree]:
    """One entry a pair."""
    return [
        {
            "cluster": sheet.address,
            "site": sheet.site,
            "model": sheet.model,
            "unsure": sheet.unsure,
            "nodes": [
                {
                    "node": f"node{node}",
                    "mac": sheet.boxes[node],
                    "serial": sheet.serials[node],
                    "ports": [
                        {name: getattr(plug, name) for name in ("box", "port", "kind", "use", "peer", "to")}
                        for plug in sheet.of(node)
                    ],
                }
                for node in (0, 1)
            ],
        }
        for sheet in sheets
    ]

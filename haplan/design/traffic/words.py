"""A piece of the destinations in the shortest words that say it."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.design.spans import ANY, PORTS, Span
from haplan.design.traffic.edges import Application
from haplan.design.traffic.universe import Cell

ELSE, EVERYTHING = "anything else", "any"
FEW = 3


@attrs.frozen
class Named:
    """Cells that have a name."""

    words: str
    cells: frozenset[Cell]


def destination(piece: frozenset[Cell], everything: frozenset[Cell], named: Iterable[Named]) -> str:
    """What says a piece: names together, or one without others."""
    known = [one for one in named if one.cells]
    if piece == everything:
        return EVERYTHING
    said = [text for text in (_together(piece, known), _without(piece, everything, known)) if text]
    return min(said, key=len) if said else ELSE


def _together(piece: frozenset[Cell], known: Iterable[Named]) -> str:
    inside = [one for one in known if one.cells <= piece]
    chosen, left = _cover(piece, inside)
    return ", ".join(chosen) if not left else ""


def _without(piece: frozenset[Cell], everything: frozenset[Cell], known: list[Named]) -> str:
    around = [one for one in known if piece <= one.cells]
    whole = min(around, key=lambda one: (len(one.cells), len(one.words)), default=Named(EVERYTHING, everything))
    apart = [one for one in known if not one.cells & piece]
    chosen, left = _cover(whole.cells - piece, apart)
    if left:
        return "" if whole.words == EVERYTHING else f"part of {whole.words}"
    return f"{whole.words} without {_listed(chosen)}" if chosen else whole.words


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]


def _cover(wanted: frozenset[Cell], sets: Iterable[Named]) -> tuple[list[str], frozenset[Cell]]:
    """Names that cover what is wanted, the largest first, a few at most; and what they leave."""
    chosen: list[str] = []
    candidates = list(sets)
    while wanted and len(chosen) < FEW:
        best = max(candidates, key=lambda one: (len(one.cells & wanted), -len(one.words)), default=None)
        if best is None or not best.cells & wanted:
            break
        chosen.append(best.words)
        wanted -= best.cells
    return chosen, wanted


def application(one: Application) -> str:
    """An application in numbers where that is short: ``10.20.0.0/16``, ``udp/53 to 8.8.8.8``; else its name."""
    if one.opaque or len(one.nets) > 2 or len(one.spans) > 2:
        return one.name
    nets = " or ".join(str(net.network_address) if net.prefixlen == net.max_prefixlen else str(net) for net in one.nets)
    if all(net.prefixlen == 0 for net in one.nets):
        nets = EVERYTHING
    spoken = " or ".join(map(_span, one.spans))
    return nets if not spoken else f"{spoken} to {nets}" if len(one.nets) < 2 else one.name


def _span(span: Span) -> str:
    name, low, high = span
    if span == ANY:
        return ""
    if (low, high) == (0, PORTS):
        return name
    return f"{name}/{low}" if low == high else f"{name}/{low}-{high}"


def places(cells: Mapping[str, set[Cell]]) -> list[Named]:
    """Networks of the design by their names."""
    return [Named(name, frozenset(found)) for name, found in sorted(cells.items())]

"""Pictures: the pairs that a plan changes, once for all that look the same."""

from collections.abc import Iterable

import attrs

from haplan.model.wiring import Sheet


def pictures(sheets: Iterable[Sheet]) -> tuple[Sheet, ...]:
    """Of the sheets that something is marked on, what a picture shows: no addresses of circuits, no empty ports."""
    first: dict[object, Sheet] = {}
    alike: dict[object, list[str]] = {}
    for sheet in sheets:
        if not sheet.changes:
            continue
        plugs = tuple(attrs.evolve(plug, to="", face="") for plug in sheet.plugs if plug.kind != "free")
        key = (sheet.model, plugs, sheet.unsure, sheet.marks)
        if first.setdefault(key, attrs.evolve(sheet, plugs=plugs)).address != sheet.address:
            alike.setdefault(key, []).append(sheet.address)
    return tuple(attrs.evolve(sheet, alike=tuple(alike.get(key, ()))) for key, sheet in first.items())

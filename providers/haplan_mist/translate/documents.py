"""Which documents a change touches: pure functions of the change.

A document is one object of the API and is written by one call: `site:NAME`, `setting:NAME` (the site's variables),
`vpn:`, `network:`, `service:`, `deviceprofile:`, `gatewaytemplate:NAME`, and `cluster:NAME`, which is a pair.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from haplan.plugin import (
    Action,
    Change,
    Document,
    Placement,
    Reason,
    Tree,
)
from haplan_mist.private import Private
from haplan_mist.translate.keys import setting_keys

PREFIXES = {
    "overlay": "vpn", "network": "network", "application": "service", "hub_profile": "deviceprofile",
    "wan_edge_template": "gatewaytemplate",
}  # fmt: skip
"""Types with a document of their own."""
LISTS = {"vpn": "vpns", "network": "networks", "service": "services", "deviceprofile": "deviceprofiles",
         "gatewaytemplate": "gatewaytemplates", "site": "sites"}  # fmt: skip
"""Kind of document → list of the organisation."""
KIND = {**{kind: LISTS[prefix] for kind, prefix in PREFIXES.items()}, "site": "sites"}
"""Type → list of the organisation."""
GOING = (Action.DELETE, Action.FORGET)


def placements(change: Change) -> Sequence[Placement]:
    """The documents of a change, in order."""
    if change.type == "site":
        return _site(change)
    if change.type == "cluster":
        return _cluster(change)
    if change.type in ("steering", "policy"):
        return _in_owner(change)
    if change.type not in PREFIXES:
        return (Placement(document=Document("", change.address)),)
    return _own(change)


def owner_document(values: Mapping[str, Tree] | None) -> Document:
    """The document of the template or profile that a steering rule or policy lives in."""
    return Document(*binding(values))


def binding(values: Mapping[str, Tree] | None) -> tuple[str, str]:
    """What a cluster carries: kind of document and name."""
    values = values or {}
    if values.get("profile"):
        return "deviceprofile", str(values["profile"])
    return "gatewaytemplate", str(values.get("template") or "")


class Piece(StrEnum):
    """The parts that a resource may have in documents; one with a single part has `WHOLE`."""

    WHOLE = ""
    CREATE = "create"
    RETIRE = "retire"
    GROW = "grow"
    SHRINK = "shrink"
    VARIABLES = "variables"
    PAIR = "pair"
    BIND = "bind"
    UNBIND = "unbind"


def old_name(change: Change) -> str:
    """The name that an object has before the change."""
    return str((change.before or {}).get("name") or Private.of(change.private).name or change.name)


def _own(change: Change) -> Sequence[Placement]:
    document = Document(PREFIXES[change.type], change.name)
    if change.action is Action.REPLACE and old_name(change) != change.name:
        old = Placement(
            document=Document(document.kind, old_name(change)),
            part=Piece.RETIRE,
            title="delete the old one",
            verb="delete",
            late=True,
        )
        return (Placement(document=document, part=Piece.CREATE, title="create the new one", verb="create"), old)
    if change.type == "overlay" and change.action is Action.UPDATE:
        before, after = (set((side or {}).get("endpoints") or ()) for side in (change.before, change.after))
        if before - after and after - before:
            # names that others use grow first and shrink last
            grow = Placement(document=document, part=Piece.GROW, title=f"add {', '.join(sorted(after - before))}")
            return (
                grow,
                Placement(
                    document=document, part=Piece.SHRINK, title=f"remove {', '.join(sorted(before - after))}", late=True
                ),
            )
        if before - after:
            return (
                Placement(
                    document=document, part=Piece.SHRINK, title=f"remove {', '.join(sorted(before - after))}", late=True
                ),
            )
    return (Placement(document=document),)


def _site(change: Change) -> Sequence[Placement]:
    site = Placement(document=Document("site", change.name))
    setting = Placement(document=Document("setting", change.name), part=Piece.VARIABLES, title="set variables")
    if change.action in GOING:
        # the setting goes with its site
        return (site,)
    in_setting = setting_keys()
    before, after = (_site_side(change, side) for side in (change.before, change.after))
    has = [(key, after.get(key), before.get(key)) for key in {**before, **after}]
    of_setting = any(a != b for key, a, b in has if key == "variables" or key in in_setting)
    if change.before is None:
        return (site, setting) if of_setting else (site,)
    of_site = any(a != b for key, a, b in has if key not in ("variables", "role") and key not in in_setting)
    return (*([site] if of_site or not of_setting else []), *([setting] if of_setting else []))


def _site_side(change: Change, side: Mapping[str, Tree] | None) -> dict[str, Tree]:
    """Values and vendor keys in one mapping; what is empty is not there."""
    flat = {**{k: v for k, v in (side or {}).items() if k != "extra"}, **((side or {}).get("extra") or {})}
    if side is not None and side is change.after and "extra" not in side:
        flat.update(change.extra)
    return {key: value for key, value in flat.items() if value not in (None, {}, [], ())}


def _in_owner(change: Change) -> Sequence[Placement]:
    before, after = owner_document(change.before), owner_document(change.after)
    if change.action in GOING:
        return (Placement(document=before),)
    if change.action is Action.REPLACE and change.before is not None and before != after:
        return (
            Placement(document=before, part=Piece.RETIRE, title="take out of the old owner"),
            Placement(document=after, part=Piece.CREATE),
        )
    return (Placement(document=after),)


def _cluster(change: Change) -> Sequence[Placement]:
    pair = Placement(document=Document("cluster", change.name), part=Piece.PAIR, own=True)
    if change.action in GOING:
        kind, name = binding(change.before)
        unbind = Placement(document=_site_of(change.before), part=Piece.UNBIND, title=f"take off template {name}")
        return (pair, unbind) if kind == "gatewaytemplate" and name else (pair,)
    kind, name = binding(change.after)
    bind = Placement(document=_site_of(change.after), part=Piece.BIND, title=f"bind template {name}")
    if change.action is Action.UPDATE and change.before is not None and change.reason is not Reason.RESUMED:
        return _cluster_update(change, bind, pair)
    old_kind, old = binding(change.before)
    old_site = (change.before or {}).get("site")
    bound = change.action is Action.REPLACE and (old_kind, old, old_site) == (
        kind,
        name,
        (change.after or {}).get("site"),
    )
    places = [bind, pair] if kind == "gatewaytemplate" and not bound else [pair]
    moved = old_site != (change.after or {}).get("site") or old_kind != kind
    if change.action is Action.REPLACE and old_kind == "gatewaytemplate" and old and old_site and moved:
        places.append(
            Placement(document=Document("site", str(old_site)), part=Piece.UNBIND, title=f"take off template {old}")
        )
    return tuple(places)


def _site_of(values: Mapping[str, Tree] | None) -> Document:
    return Document("site", str((values or {}).get("site")))


def _cluster_update(change: Change, bind: Placement, pair: Placement) -> Sequence[Placement]:
    before, after = change.before or {}, change.after or {}
    template = before.get("template") != after.get("template")
    rest = any(before.get(key) != after.get(key) for key in {**before, **after} if key not in ("template", "name"))
    return (*([bind] if template else []), *([pair] if rest or not template else []))

"""Which documents a change touches: pure functions of the change.

A document is one object of the API and is written by one call: `site:NAME`, `setting:NAME` (the site's variables),
`vpn:`, `network:`, `service:`, `deviceprofile:`, `gatewaytemplate:NAME`, and `cluster:NAME`, which is a pair.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import attrs

from haplan.plugin import (
    Action,
    Change,
    Document,
    Placement,
    Reason,
    Tree,
    parse_address,
)
from haplan_mist.estate import Known
from haplan_mist.private import Private
from haplan_mist.translate import shared
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


def placements(change: Change, look: Known) -> Sequence[Placement]:
    """The documents of a change, in order."""
    if change.type == "site":
        return _site(change, look)
    if change.type == "cluster":
        return _cluster(change)
    if change.type in ("steering", "policy"):
        return _in_owner(change)
    if change.type not in PREFIXES:
        return (Placement(document=Document("", change.address)),)
    if change.type == "hub_profile":
        return _with_paths(change, _own(change))
    return _of_shared(change, look, _own(change))


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
    LEAVE = "leave"
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


def _of_shared(change: Change, look: Known, own: Sequence[Placement]) -> Sequence[Placement]:
    """Where an object goes that holds entries of others: these stay, and so does the object."""
    id_ = change.previous_id or change.id
    stay = shared.of_others(change.type, look.known(KIND[change.type]).get(id_) or {}, change.before)
    if not stay:
        return own
    title = _taken_out("ours", stay)
    if change.action is Action.DELETE:
        return (Placement(document=own[0].document, part=Piece.LEAVE, title=title, verb="update"),)
    return [attrs.evolve(one, title=title, verb="update") if one.part == Piece.RETIRE else one for one in own]


def _taken_out(ours: str, stay: Sequence[str]) -> str:
    some = ", ".join(stay[:3]) + (f" and {len(stay) - 3} more" if stay[3:] else "")
    return f"take out {ours}; {some} of others stay{'' if stay[1:] else 's'}"


def _with_paths(change: Change, own: Sequence[Placement]) -> Sequence[Placement]:
    """A hub of an overlay that the stack does not make: its endpoints are paths that the profile adds there, before
    any port speaks of them, and takes out last."""
    if not of_existing(change.depends_on):
        return own
    before, after = (set(paths_of(side)) for side in (change.before, change.after))
    return (*_paths(Piece.GROW, "add", after - before), *own, *_paths(Piece.SHRINK, "remove", before - after))


def _paths(part: Piece, verb: str, paths: Iterable[tuple[str, str]]) -> Iterator[Placement]:
    ends: dict[str, list[str]] = {}
    for overlay, end in sorted(paths):
        ends.setdefault(overlay, []).append(end)
    for overlay, names in ends.items():
        title = f"{verb} {', '.join(names)}"
        yield Placement(document=Document("vpn", overlay), part=part, title=title, late=part == Piece.SHRINK)


def paths_of(values: Mapping[str, Tree] | None) -> list[tuple[str, str]]:
    """(overlay, endpoint) of the paths that a hub profile makes."""
    overlay = (values or {}).get("overlay")
    faces = ((values or {}).get("interfaces") or {}).values()
    return [(str(overlay), str(face["endpoint"])) for face in faces if face.get("endpoint")] if overlay else []


def of_existing(needs: Iterable[str]) -> bool:
    """True for what refers to an overlay that the stack only looks up."""
    return any((one := parse_address(need)).data and one.type == "overlay" for need in needs)


def _site(change: Change, look: Known) -> Sequence[Placement]:
    site = Placement(document=Document("site", change.name))
    setting = Placement(document=Document("setting", change.name), part=Piece.VARIABLES, title="set variables")
    if change.action in GOING:
        stay = shared.in_setting_of_others(look.known("settings").get(change.id) or {}, change.before)
        if not stay or change.action is Action.FORGET:
            # the setting goes with its site
            return (site,)
        return (attrs.evolve(site, part=Piece.LEAVE, title=_taken_out("ours", stay), verb="update"),)
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

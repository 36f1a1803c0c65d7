"""Steering rules: service-policies with vectors.

A vector's priority says which path comes first; the lower number is preferred (128technology/docs config_ha_vrrp).
`hunt` fills the best path first, `proportional` spreads by capacity (bcp_service_and_service_policy_design).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from haplan.design.index import Resource
from haplan.plugin import Tree
from haplan_ssr.translate import vendor_keys
from haplan_ssr.translate.design import Design, at
from haplan_ssr.translate.draft import Draft
from haplan_ssr.translate.names import clean, complaint
from haplan_ssr.translate.tree import AUTHORITY

STEP = 10
"""Between the priorities of two paths: others can be put between them by hand."""
FAILOVER_ROUTES = (5, 4)
"""The first release with a vector on a service-route: before it, local WANs cannot be put in order
(config_ha_vrrp)."""


def policies_of_steering(design: Design, names: Mapping[str, str], draft: Draft) -> None:
    """Every steering rule as a service-policy of the name it got."""
    for piece in design.of("steering"):
        if piece.address in names and _can_be(piece, design, draft):
            _service_policy(piece, names[piece.address], design, draft)


def paths_of(piece: Resource | None, *kinds: str) -> list[Mapping[str, Tree]]:
    """The paths of a steering rule, of these kinds."""
    found = piece.values.get("paths") if piece is not None else None
    listed = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []
    return [one for one in listed if one.get("kind") in kinds]


def content(piece: Resource, design: Design) -> tuple[Any, ...]:
    """What two rules of one name have to share to be one service-policy."""
    ordered = tuple((clean(name), priority) for name, priority in _vectors(piece, design))
    return (piece.values.get("strategy"), ordered, piece.values.get("extra"))


def _can_be(piece: Resource, design: Design, draft: Draft) -> bool:
    why = complaint(piece.name)
    if why:
        draft.problem("SSR001", piece.address, f"steering rule {why}", "give it another name=")
        return False
    if piece.values.get("strategy") == "weighted":
        text = "weighted steering: a conductor shares by capacity or takes one path first, it knows no weights"
        draft.problem("SSR004", piece.address, text, 'use strategy "ordered" or "ecmp"')
        return False
    if paths_of(piece, "tunnel"):
        text = "paths through tunnels are not translated"
        draft.problem("SSR006", piece.address, text, "use WANs and overlay endpoints")
        return False
    wans = [path for path in paths_of(piece, "wan") if not path.get("disabled")]
    if len(wans) > 1 and piece.values.get("strategy") == "ordered" and design.terms.before(*FAILOVER_ROUTES):
        release = ".".join(map(str, design.terms.release))
        text = f"the conductor runs {release}, which cannot put local WANs in order; that came with 5.4"
        draft.problem("SSR004", piece.address, text, 'upgrade it, steer into the overlay, or use "ecmp"')
        return False
    return True


def _service_policy(piece: Resource, name: str, design: Design, draft: Draft) -> None:
    shared = piece.values.get("strategy") == "ecmp"
    path = draft.entry((*AUTHORITY, ("service-policy", name)), at(piece, "paths"))
    draft.own[piece.address] = path
    draft.leaf((*path, "lb-strategy"), "proportional" if shared else "hunt", at(piece, "strategy"))
    if paths_of(piece, "endpoint"):  # a session keeps its address in the overlay; on another WAN it cannot
        draft.leaf((*path, "session-resiliency"), "revertible-failover", at(piece, "paths"))
    vendor_keys.put(piece, path, draft)
    for vector, priority in _vectors(piece, design):
        entry = draft.entry((*path, ("vector", clean(vector))), at(piece, "paths"))
        draft.leaf((*entry, "priority"), priority, at(piece, "paths"), at(piece, "strategy"))


def _vectors(piece: Resource, design: Design) -> list[tuple[str, int | str]]:
    """Vector and priority: by place where ordered, all alike where shared, `never` for what is not to be used."""
    paths = paths_of(piece, "wan", "endpoint")
    shared = piece.values.get("strategy") == "ecmp"
    used = [path for path in paths if not path.get("disabled")]
    found: dict[str, int | str] = {
        str(path["name"]): STEP if shared else STEP * place for place, path in enumerate(used, start=1)
    }
    found |= {str(path["name"]): "never" for path in paths if path.get("disabled")}
    if used and all(path["kind"] == "wan" for path in paths):
        others = [name for name in _wans(design.owner_of(piece)) if name not in found]
        found |= dict.fromkeys(others, "never")
    return list(found.items())


def _wans(owner: Resource | None) -> Sequence[str]:
    faces = owner.values.get("interfaces") if owner is not None else None
    return sorted(name for name, face in (faces or {}).items() if face.get("usage") == "wan")

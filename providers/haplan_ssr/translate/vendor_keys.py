"""Vendor keys, ``extra={"ssr": {…}}``: leaves of the one object that a resource is on the conductor.

Names are the vendor's own, below the object, containers nested: ``{"description": "…", "bfd": {"multiplier": 5}}``.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from haplan.design.index import Resource
from haplan.plugin import Doubt, Secret, Tree, is_mapping, leaves
from haplan.plugin import Reference as Ref
from haplan.plugin import TextValue as Text
from haplan_ssr.translate.design import at
from haplan_ssr.translate.draft import Draft
from haplan_ssr.translate.tree import Path

if TYPE_CHECKING:
    from haplan_ssr.model.schema import Node

OBJECTS = {"cluster": "router", "network": "tenant", "steering": "service-policy", "policy": "service"}
"""Type → list of the authority that has an entry for each; a policy for several applications is several services."""
ELSEWHERE = {
    "site": "a site is the location of its routers: say it on the Cluster",
    "wan_edge_template": "a conductor holds no templates: say it on each Cluster",
    "hub_profile": "a conductor holds no profiles: say it on the Cluster",
    "application": "an application is in the service of each policy that names it: say it on the Policy",
    "overlay": "an overlay is no object of its own on a conductor",
}
OURS = "haplan sets it itself"
SAID: Mapping[str, Mapping[str, str]] = {
    "router": {
        "name": "use name=", "location": "use address= of the Site", "node": "use nodes=",
        "inter-node-security": 'use security= of provider("ssr", …)', "redundancy-group": "use primary= of lan(…)",
        "service-route": "use a Policy and its steering=", "peer": "the conductor makes peers of overlay endpoints",
        "dns-config": "use dns_servers= of the template or profile",
        "system.ntp": "use ntp_servers= of the template or profile",
    },
    "tenant": {"name": "use name=", "member": "who is in a tenant, its LAN interfaces say"},
    "service-policy": {"name": "use name=", "lb-strategy": "use strategy=", "vector": "use paths=",
                       "session-resiliency": OURS},
    "service": {
        "name": "use name=", "address": "use addresses= or hostnames= of the Application",
        "application-name": "use apps= of the Application", "transport": "use protocols= of the Application",
        "access-policy": "use networks= and action=", "service-policy": "use steering=", "applies-to": OURS,
        "scope": OURS, "security": 'use security= of provider("ssr", …)', "share-service-routes": OURS,
        "enabled": "leave the Policy out",
    },
}  # fmt: skip
"""What the vocabulary says, or haplan decides, and how: object → key → the right spelling."""


def problems(type_name: str, extra: Mapping[str, Tree]) -> Iterator[str | Doubt]:
    """One line for each vendor key that is wrong."""
    from haplan_ssr.model import model  # half a megabyte that only a stack with vendor keys needs

    kind = OBJECTS.get(type_name)
    if kind is None:
        why = ELSEWHERE.get(type_name, f"a {type_name} has no object of its own on a conductor")
        yield f"extra ssr: {', '.join(extra)}: {why}"
        return
    yield from _wrong(model().at(f"/{kind}"), kind, extra)


def put(piece: Resource, path: Path, draft: Draft) -> None:
    """The vendor keys of a resource, below the entry that it is."""
    _put(piece, path, (), piece.values.get("extra"), draft)


def _put(piece: Resource, path: Path, way: tuple[str, ...], tree: Tree, draft: Draft) -> None:
    for key, value in tree.items() if is_mapping(tree) else ():
        if is_mapping(value):
            _put(piece, path, (*way, key), value, draft)
        elif not any(isinstance(one, Ref | Text) for one in (value if isinstance(value, list | tuple) else ())):
            known = tuple(value) if isinstance(value, list) else value
            draft.leaf((*path, *way, key), known, at(piece, "extra", *way, key))


# --- Checking ---------------------------------------------------------------------------------------------------------


def _wrong(node: "Node", kind: str, tree: Mapping[str, Tree], above: str = "") -> Iterator[str | Doubt]:
    for key, value in tree.items():
        way = f"{above}{key}"
        child = node.children.get(key)
        if way in SAID[kind]:
            yield f"extra ssr.{way}: {SAID[kind][way]}"
        elif child is None:
            yield from _beyond(node, kind, key, way, value)
        elif child.hidden or child.read_only or child.generated:
            yield f"extra ssr.{way}: the conductor sets it itself"
        elif child.kind == "list":
            yield f"extra ssr.{way}: a list of entries is not taken, only values and what they are grouped in"
        elif child.kind == "container" and is_mapping(value):
            yield from _wrong(child, kind, value, f"{way}.")
        else:
            why = f"it is a group: write {{{key!r}: {{…}}}}" if child.kind == "container" else _misfit(child, value)
            if why:
                yield f"extra ssr.{way}: {why}"


def _beyond(node: "Node", kind: str, key: str, way: str, value: Tree) -> Iterator[str | Doubt]:
    """A key that the vendor's model of then does not have: a newer conductor may, and validates it."""
    near = difflib.get_close_matches(key.replace("_", "-"), sorted(node.children), 1)
    where = "on" if node.name == kind else f"in {node.name} of"
    said = f"the vendor's model has no such key {where} a {kind}; it is sent"
    if any(isinstance(leaf, Secret) for _, leaf in leaves(value)):
        yield f"extra ssr.{way}: secrets are not taken: what a conductor shows of them cannot be compared"
    elif isinstance(value, list | tuple) and any(is_mapping(one) for one in value):
        yield f"extra ssr.{way}: a list of entries is not taken, only values and what they are grouped in"
    else:
        yield Doubt(f"extra ssr.{way}: {said}" + (f"; did you mean {near[0]}?" if near else ""))


def _misfit(node: "Node", value: Tree) -> str:
    """What is wrong with the value of a leaf or leaf-list, or ""; what only an apply can tell is not looked at."""
    assert node.type is not None
    if isinstance(value, Ref | Text):
        return ""
    if value is None:
        return "None is no value: leave it out"
    if isinstance(value, Secret) or node.secret:
        return "secrets are not taken: what a conductor shows of them cannot be compared"
    listed = isinstance(value, list | tuple)
    if node.kind == "leaf-list" and not listed:
        return "must be a list of values"
    return next(filter(None, (_single(node, one) for one in (value if node.kind == "leaf-list" else [value]))), "")


def _single(node: "Node", value: Tree) -> str:
    return "" if node.type is None or isinstance(value, Ref | Text) else node.type.problem(value)

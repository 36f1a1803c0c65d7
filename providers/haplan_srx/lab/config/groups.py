"""Configuration groups: what a node really has once groups are applied and inactive statements are gone."""

import fnmatch

from lxml import etree

from haplan_srx.lab.config.schema import INHERIT, Node, root
from haplan_srx.lab.config.tree import Element, branches, find, key_of, plain, put, tag_of

GROUP = "group"
"""Attribute of what a group brought, while it is worked in."""


def effective(config: Element, node: str, mark: str = "") -> Element:
    """The configuration as a node sees it; `node` is ``node0``, ``node1``, or "" for a box that is not clustered.

    Args:
        mark: Attribute that tells of what is inherited by which group; "" is none.
    """
    made = _active(config)
    groups = {group.findtext("name") or "": group for group in made.findall("groups")}
    for group in groups.values():
        made.remove(group)
    _inherit(made, root(), [], groups, node, frozenset())
    for one in made.iter(etree.Element):
        by = one.get(GROUP)
        if by is not None:
            del one.attrib[GROUP]
            one.attrib.update({mark: by} if mark else {})
    return made


def applied(config: Element, node: str) -> list[str]:
    """Names of the groups applied at the top, the variable put in."""
    return [_name(one, node) for one in config.findall("apply-groups")]


def _name(element: Element, node: str) -> str:
    return (element.text or "").strip().strip('"').replace("${node}", node)


def _active(element: Element) -> Element:
    made = etree.Element(tag_of(element))
    made.text = element.text if not len(element) else None
    made.extend(_active(child) for child in branches(element) if not child.get("inactive"))
    return made


def _inherit(
    at: Element, node: Node, path: list[Element], groups: dict[str, Element], name: str, never: frozenset[str]
) -> None:
    """Work the groups that are applied at each level into it; what is there already wins."""
    never = never | {_name(one, name) for one in at.findall("apply-groups-except")}
    for word in [_name(one, name) for one in at.findall("apply-groups")]:
        if word in groups and word not in never:
            for source in _same_place(groups[word], path):
                _merge(at, source, node, word)
    for child in list(branches(at)):
        below = node.child(tag_of(child))
        if below is not None and not below.leaf:
            _inherit(child, below, [*path, child], groups, name, never)
        if tag_of(child) in INHERIT:
            at.remove(child)


def _same_place(group: Element, path: list[Element]) -> list[Element]:
    found, node = [group], root()
    for step in path:
        below = node.child(tag_of(step))
        if below is None:
            return []
        node = below
        found = [one for at in found for one in at.iterchildren(tag_of(step)) if _means(one, step, node)]
    return found


def _means(pattern: Element, entry: Element, node: Node) -> bool:
    """Whether an entry of a group, maybe with a wildcard such as ``<ge-*>``, means this entry."""
    wanted, got = key_of(pattern, node), key_of(entry, node)
    return len(wanted) == len(got) and all(
        fnmatch.fnmatchcase(have, want[1:-1]) if want.startswith("<") else want == have
        for want, have in zip(wanted, got, strict=True)
    )


def _merge(target: Element, source: Element, node: Node, group: str) -> None:
    for child in branches(source):
        below = node.child(tag_of(child))
        is_key = tag_of(child) in (node.keys if node is not root() else ("name",))
        if below is None or is_key:
            continue
        if below.kind == "l" and any(key.startswith("<") for key in key_of(child, below)):
            for entry in target.findall(tag_of(child)):
                if _means(child, entry, below):
                    _merge(entry, child, below, group)
            continue
        same = find(target, tag_of(child), below, key_of(child, below))
        if same is None:
            put(target, _brought(child, group), node)
        elif not below.leaf:
            _merge(same, child, below, group)


def _brought(element: Element, group: str) -> Element:
    made = plain(element)
    for one in made.iter(etree.Element):
        one.set(GROUP, group)
    return made

"""Merging a candidate's changes into what others have committed since it was begun: pure."""

from collections.abc import Mapping, Sequence

from haplan.plugin import Tree
from haplan_ssr.lab.config.edits import STRANGE, key_of
from haplan_ssr.model import Node

Conflicts = list[str]


def merged(node: Node, base: Tree, ours: Tree, theirs: Tree, where: str, conflicts: Conflicts) -> Tree:
    """Ours on top of theirs; None is absent. Where both changed one thing, theirs stays and the path is noted."""
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    if ours is None or theirs is None or node.kind in ("leaf", "leaf-list"):
        conflicts.append(where)
        return theirs
    if node.kind == "list" and isinstance(ours, list):
        return _lists(node, base or [], ours, theirs, where, conflicts)
    return _objects(node, base or {}, ours, theirs, where, conflicts)


def _objects(node: Node, base: Tree, ours: Tree, theirs: Tree, where: str, conflicts: Conflicts) -> Tree:
    out = {}
    for name in dict.fromkeys((*theirs, *ours)):
        kept = merged(
            node.children.get(name, STRANGE),
            base.get(name),
            ours.get(name),
            theirs.get(name),
            f"{where}/{name}",
            conflicts,
        )
        if kept is not None:
            out[name] = kept
    return out


def _lists(node: Node, base: Tree, ours: Tree, theirs: Tree, where: str, conflicts: Conflicts) -> Tree:
    sides = [_by_key(node, side) for side in (base, ours, theirs)]
    out = []
    for key in dict.fromkeys((*sides[2], *sides[1])):
        before, mine, other = (side.get(key) for side in sides)
        kept = _entry(node, before, mine, other, f"{where}/{key}", conflicts)
        if kept is not None:
            out.append(kept)
    return out or None


def _entry(node: Node, base: Tree, ours: Tree, theirs: Tree, where: str, conflicts: Conflicts) -> Tree:
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    if ours is None or theirs is None:
        conflicts.append(where)
        return theirs
    return _objects(node, base or {}, ours, theirs, where, conflicts)


def _by_key(node: Node, entries: Sequence[Mapping[str, Tree]]) -> dict[str, Mapping[str, Tree]]:
    return {key_of(node, entry): entry for entry in entries}

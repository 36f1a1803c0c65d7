"""Loads: what merging, replacing, deleting, inserting and renaming do to a configuration.

A load is a second tree whose elements carry marks: ``delete``, ``replace``, ``insert``, ``rename``, ``inactive``,
``active``, or ``operation`` of `edit-config`. What is wrong in it is left out and told; the rest is taken, as a device
does.
"""

from typing import Literal

from lxml import etree

from haplan_srx.lab.config.schema import Node, root, wrong_value
from haplan_srx.lab.config.tree import Element, Trouble, branches, find, key_of, path_to, put, tag_of, words_of

Default = Literal["merge", "replace", "none"]


class Loader:
    """Works one load into a configuration.

    Threads: one; made for one load.

    Attributes:
        troubles: What was wrong, in order.
    """

    def __init__(self, *, default: Default = "merge", replaces: bool = False, strict: bool = False) -> None:
        """`replaces`: ``replace`` marks count; `strict`: deleting what is not there is an error (edit-config)."""
        self._default, self._replaces, self._strict = default, replaces, strict
        self._group = False
        self.troubles: list[Trouble] = []

    def apply(self, target: Element, source: Element) -> None:
        """Both are `configuration` elements."""
        operation = source.get("operation") or self._default
        if source.get("delete") or operation in ("delete", "remove") or operation == "replace":
            for child in list(target):
                target.remove(child)
        self._below(target, source, root(), operation)

    def _below(self, target: Element, source: Element, node: Node, operation: str) -> None:
        for child in source.iterchildren(etree.Element):
            below = node.child(tag_of(child))
            if tag_of(child) == "undocumented":
                self._say("syntax error", target, bad="undocumented")
            elif below is None:
                self._say("syntax error", target, bad=tag_of(child))
            elif node.kind == "l" and tag_of(child) in node.keys:
                continue
            else:
                grouped, self._group = self._group, self._group or tag_of(child) == "groups"
                self._one(target, child, node, below, operation)
                self._group = grouped

    def _one(self, target: Element, child: Element, parent: Node, node: Node, inherited: str) -> None:
        operation = child.get("operation") or inherited
        if child.get("delete") or operation in ("delete", "remove"):
            self._delete(target, child, node, quiet=operation == "remove")
            return
        if why := self._wrong_key(child, node):
            self._say(why[0], target, bad=why[1])
            return
        key = key_of(child, node)
        found = find(target, tag_of(child), node, key)
        if child.get("rename"):
            self._rename(target, found, child, node)
            return
        if found is not None and operation == "create":
            self._say("statement already exists", target, bad=words_of(child, node), tag="data-exists")
            return
        replaced = child.get("operation") == "replace" or (self._replaces and child.get("replace") is not None)
        if found is not None and replaced:
            at = target.index(found)
            target.remove(found)
            found = self._new(target, child, parent, node)
            if found is not None and at < len(target):
                target.insert(at, found)
        if found is None and not node.leaf and _only_deletes(child, node):
            self._absent(target, child, node, operation)
            return
        if found is None:
            if operation == "none" and node.leaf:
                self._say("statement not found", target, bad=words_of(child, node), tag="data-missing")
                return
            found = self._new(target, child, parent, node)
        if found is None:
            return
        self._fill(found, child, node, "merge" if replaced else operation)
        self._state(found, child)
        if child.get("insert"):
            self._insert(target, found, child, node)

    def _new(self, target: Element, child: Element, parent: Node, node: Node) -> Element | None:
        if node.leaf and not self._group_value(target, child, node):
            return None
        made = etree.Element(tag_of(child))
        for name in node.keys:
            key = child.find(name)
            etree.SubElement(made, name).text = (key.text or "").strip() if key is not None else ""
        self._leave_other_branches(target, parent, node)
        put(target, made, parent)
        return made

    def _group_value(self, target: Element, child: Element, node: Node) -> bool:
        text = (child.text or "").strip()
        if len(child):
            self._say("syntax error", target, bad=tag_of(child[0]))
            return False
        why = wrong_value(node, text, self._group)
        if why:
            self._say(why, target, bad=text or tag_of(child))
        return not why

    def _fill(self, found: Element, child: Element, node: Node, operation: str) -> None:
        if not node.leaf:
            if child.text and child.text.strip() and not len(child):
                self._say("syntax error", found, bad=child.text.strip())
                return
            self._below(found, child, node, operation)
        elif node.kind == "f":
            parent = found.getparent()
            if parent is not None and self._group_value(parent, child, node):
                found.text = (child.text or "").strip() or None
        else:
            found.text = (child.text or "").strip()

    def _leave_other_branches(self, target: Element, parent: Node, node: Node) -> None:
        """Setting one branch of a choice takes the others away."""
        if not node.branch:
            return
        choice = node.branch.split(":")[0]
        for sibling in list(target):
            other = parent.child(tag_of(sibling))
            if other is not None and other.branch != node.branch and other.branch.split(":")[0] == choice:
                target.remove(sibling)

    def _delete(self, target: Element, child: Element, node: Node, quiet: bool) -> None:
        key = key_of(child, node)
        whole = node.kind in "lF" and not any(key)
        found = [*target.iterchildren(tag_of(child))] if whole else [find(target, tag_of(child), node, key)]
        gone = [one for one in found if one is not None]
        wanted = (child.text or "").strip()
        if node.kind == "f" and wanted and gone and (gone[0].text or "").strip() != wanted:
            gone = []
        for one in gone:
            target.remove(one)
        if not gone and not quiet:
            self._absent(target, child, node, "delete")

    def _absent(self, target: Element, child: Element, node: Node, operation: str) -> None:
        if operation == "remove":
            return
        if self._strict:
            self._say("statement not found", target, bad=words_of(child, node), tag="data-missing")
        else:
            self.troubles.append(Trouble(message="statement not found", path=path_to(target), warning=True))

    def _rename(self, target: Element, found: Element | None, child: Element, node: Node) -> None:
        new = child.get("name") or ""
        if found is None or node.kind != "l":
            self._say("statement not found", target, bad=words_of(child, node))
        elif find(target, tag_of(child), node, (new,)) is not None:
            self._say(f"statement '{new}' already exists", target, bad=new)
        else:
            key = found.find(node.keys[0])
            if key is not None:
                key.text = new

    def _insert(self, target: Element, found: Element, child: Element, node: Node) -> None:
        where, name = child.get("insert"), child.get("name") or child.get("key") or ""
        if not node.ordered:
            self._say("statement cannot be inserted: list is not ordered by user", target, bad=words_of(child, node))
            return
        likes = [one for one in target.iterchildren(tag_of(child)) if one is not found]
        if where in ("first", "last"):
            other = likes[0 if where == "first" else -1] if likes else None
        else:
            other = next((one for one in likes if " ".join(key_of(one, node)) == name), None)
            if other is None:
                self._say(f"statement '{name}' not found", target, bad=name)
                return
        if other is not None:
            (other.addprevious if where in ("first", "before") else other.addnext)(found)

    def _state(self, found: Element, child: Element) -> None:
        if child.get("inactive"):
            found.set("inactive", "inactive")
        elif child.get("active"):
            found.attrib.pop("inactive", None)

    def _wrong_key(self, child: Element, node: Node) -> tuple[str, str] | None:
        """Why a list entry cannot be told from others, or is named as nothing may be."""
        if node.kind != "l":
            return None
        for name in node.keys:
            text = (child.findtext(name) or "").strip()
            leaf = node.below.get(name)
            if not text:
                return "missing mandatory key", name
            if leaf is not None and (why := wrong_value(leaf, text, self._group)):
                return why, text
        return None

    def _say(self, message: str, at: Element, *, bad: str = "", tag: str = "operation-failed") -> None:
        self.troubles.append(Trouble(message=message, path=path_to(at), bad=bad, tag=tag))


def _only_deletes(child: Element, node: Node) -> bool:
    """Whether a part of a load is nothing but the way to what it deletes."""
    inner = [one for one in branches(child) if tag_of(one) not in node.keys]
    if child.get("delete") or child.get("operation") in ("delete", "remove"):
        return True
    return bool(inner) and all(
        below is not None and _only_deletes(one, below) for one in inner for below in [node.child(tag_of(one))]
    )


def override(target: Element, source: Element, loader: Loader) -> None:
    """Discard everything, then load."""
    for child in list(target):
        target.remove(child)
    loader.apply(target, source)

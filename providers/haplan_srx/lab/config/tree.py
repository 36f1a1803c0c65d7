"""The configuration tree: an lxml element `configuration` without namespaces; what is inactive carries a mark."""

import copy
import functools
from collections.abc import Callable, Iterator

import attrs
from lxml import etree

from haplan_srx.lab.config.schema import Node, root

Element = etree._Element


@attrs.frozen(kw_only=True)
class Trouble:
    """What was wrong with one statement.

    Attributes:
        message: In the device's words.
        path: Such as ``[edit interfaces]``, or "".
        bad: The word it stumbled over, or "".
        tag: Of the rpc-error.
        warning: Told only; the statement is skipped.
    """

    message: str
    path: str = ""
    bad: str = ""
    tag: str = "operation-failed"
    warning: bool = False


def tag_of(element: Element) -> str:
    """Its name; comments and the like are never in a tree here."""
    return element.tag  # type: ignore[return-value]  # lxml's types allow for what is no element


def empty() -> Element:
    return etree.Element("configuration")


def key_of(element: Element, node: Node) -> tuple[str, ...]:
    """The key of a list entry or the value of a leaf: what tells it from its siblings."""
    if node.kind == "l":
        return tuple((element.findtext(key) or "").strip() for key in node.keys)
    return ((element.text or "").strip(),) if node.kind == "F" else ()


def find(parent: Element, name: str, node: Node, key: tuple[str, ...]) -> Element | None:
    """The child that is the same statement."""
    if len(key) == 1 and node.kind == "l" and len(parent) > 16:
        found = _by_key(name, node.keys[0])(parent, key=key[0])
        return found[0] if isinstance(found, list) and found else None
    for child in parent.iterchildren(name):
        if key_of(child, node) == key:
            return child
    return None


@functools.lru_cache(1000)
def _by_key(name: str, key: str) -> etree.XPath:
    """Finds an entry among many without a look at each from Python."""
    return etree.XPath(f"{name}[{key}=$key]")


def words_of(element: Element, node: Node, written: Callable[[str], str] = str) -> str:
    """How the CLI names one statement, its value left out; `written` says how a key is written."""
    said = [] if node.hidden else [node.word]
    return " ".join([*said, *key_words(element, node, written)])


def key_words(element: Element, node: Node, written: Callable[[str], str] = str) -> list[str]:
    """The key of a list entry in the CLI's words: ``a to-zone b``."""
    said = []
    for name in node.keys if node.kind == "l" else ():
        leaf = node.below.get(name)
        if leaf is not None and not leaf.hidden and len(node.keys) > 1:
            said.append(leaf.word)
        said.append(written((element.findtext(name) or "").strip()))
    return said


def path_to(element: Element) -> str:
    """``[edit security policies from-zone a to-zone b]`` for an element of a configuration."""
    chain = [*reversed(list(element.iterancestors())), element]
    node, said = root(), []
    for one in chain[1:]:
        below = node.child(tag_of(one))
        if below is None:
            break
        node = below
        said.append(words_of(one, node))
    return f"[edit {' '.join(word for word in said if word)}]" if said else "[edit]"


def put(parent: Element, child: Element, node: Node) -> None:
    """Add a child where a device would send it: in the schema's order, behind its likes."""
    place = node.place.get(tag_of(child), -1)
    for index in range(len(parent) - 1, -1, -1):
        other = parent[index]
        if tag_of(other) == tag_of(child) or node.place.get(tag_of(other), -1) <= place:
            parent.insert(index + 1, child)
            return
    parent.insert(0, child)


def plain(element: Element) -> Element:
    """A copy without marks, except that what is inactive stays so."""
    made = etree.Element(tag_of(element))
    if element.get("inactive"):
        made.set("inactive", "inactive")
    if len(element) == 0 and element.text and element.text.strip():
        made.text = element.text.strip()
    for child in element.iterchildren(etree.Element):
        made.append(plain(child))
    return made


def tidy(element: Element, node: Node | None = None) -> None:
    """Drop containers that say nothing any more, as a device does when their last statement goes."""
    node = node or root()
    for child in list(element):
        below = node.child(tag_of(child))
        if below is None or below.leaf:
            continue
        tidy(child, below)
        if below.kind == "c" and not len(child) and not below.presence:
            element.remove(child)


def select(config: Element, wanted: Element | None) -> Element:
    """The part of a configuration that a subtree filter names; keys and values in the filter choose entries."""
    if wanted is None or not len(wanted):
        return copy.deepcopy(config)
    made = etree.Element(tag_of(config))
    for child in config.iterchildren(etree.Element):
        for part in wanted.iterchildren(tag_of(child)):
            chosen = _select(child, part)
            if chosen is not None:
                made.append(chosen)
                break
    return made


def _select(element: Element, part: Element) -> Element | None:
    """A part of one element, or None. In a filter a child with text is a condition, any other chooses."""
    conditions = [one for one in branches(part) if not len(one) and one.text and one.text.strip()]
    for one in conditions:
        if (one.text or "").strip() not in [(found.text or "").strip() for found in element.iterchildren(tag_of(one))]:
            return None
    choices = [one for one in branches(part) if one not in conditions]
    if part.get("recurse") == "false":
        return _flat(element)
    if not choices:
        return copy.deepcopy(element)
    made = etree.Element(tag_of(element), dict(element.attrib))
    keys = {"name", *(tag_of(one) for one in conditions)} - {tag_of(one) for one in choices}
    chosen = 0
    for child in branches(element):
        if tag_of(child) in keys:
            made.append(copy.deepcopy(child))
            continue
        for choice in choices:
            found = _select(child, choice) if tag_of(choice) == tag_of(child) else None
            if found is not None:
                made.append(found)
                chosen += 1
                break
    return made if chosen or conditions else None


def _flat(element: Element) -> Element:
    """Without what is nested in it."""
    made = etree.Element(tag_of(element), dict(element.attrib))
    made.extend(copy.deepcopy(child) for child in branches(element) if not len(child))
    return made


def branches(element: Element) -> Iterator[Element]:
    """Children that are elements."""
    yield from element.iterchildren(etree.Element)

"""Statements as Junos XML, and Junos XML as statements.

Only local names count: a device puts configuration into one namespace or another, by how it is set up.
What it wraps in ``<undocumented>`` it accepts and its models lack; that is left alone.
"""

from collections.abc import Callable, Iterable, Mapping

from lxml import etree

from haplan_srx.translate.difference import Activate, Delete, Edit, Insert, Set
from haplan_srx.translate.scrambled import plain
from haplan_srx.translate.statements import KEYS, Live, Path, Step, keys, tag

_KEYED = {element: names for (element, _), names in KEYS.items()}
UNDOCUMENTED = "undocumented"
SECRET = "ascii-text"
"""The leaf of a pre-shared key."""


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; "" for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


# --- reading ---


def parse(configuration: etree._Element, fingerprint: Callable[[str], str] = lambda text: "") -> Live:
    """What a ``<configuration>`` holds; `fingerprint` marks its secrets."""
    values: dict[Path, tuple[str, ...]] = {}
    inactive: set[Path] = set()
    _walk(configuration, (), values, inactive)
    told = {path: plain(one[0]) for path, one in values.items() if path[-1] == SECRET and len(one) == 1}
    return Live(values, frozenset(inactive), {path: fingerprint(one) for path, one in told.items() if one})


def _walk(
    elements: Iterable[etree._Element], at: Path, values: dict[Path, tuple[str, ...]], inactive: set[Path]
) -> None:
    for child in elements:
        name = local(child)
        if not name or name == UNDOCUMENTED:
            continue
        names = _keys_of(child)
        here = (*at, (name, *names.values()) if names else name)
        if child.get("inactive") == "inactive":
            inactive.add(here)
        below = [one for one in child if local(one) and local(one) not in names and local(one) != UNDOCUMENTED]
        if below:
            _walk(below, here, values, inactive)
        elif names or len(child):
            values.setdefault(here, ())
        else:
            text = (child.text or "").strip()
            values[here] = (*values.get(here, ()), *([text] if text else []))


def _keys_of(element: etree._Element) -> dict[str, str]:
    """The keys of a list entry: its ``name``, or what this element has instead; {} for a container."""
    names = _KEYED.get(local(element), ())
    found = {local(child): (child.text or "").strip() for child in element if local(child) in names and not len(child)}
    if names and len(found) == len(names):
        return {name: found[name] for name in names}
    first = next((child for child in element if local(child)), None)
    if first is None or local(first) != "name" or len(first):
        return {}
    return {"name": (first.text or "").strip()}


def step_of(element: etree._Element) -> Step:
    """The step of a path that an element is."""
    names = _keys_of(element)
    return (local(element), *names.values()) if names else local(element)


# --- writing ---


def document(edits: list[Edit], secrets: Mapping[str, str] | None = None) -> etree._Element:
    """A ``<configuration>`` that carries out edits when it is merged.

    Args:
        secrets: Source → secret; without it a secret is written as its source in brackets.
    """
    root = _Tree()
    for edit in edits:
        root.take(edit, secrets or {})
    return root.element


class _Tree:
    """An XML tree that grows by paths.

    Threads: one; made for one request.
    """

    def __init__(self) -> None:
        self.element: etree._Element = etree.Element("configuration")
        self._at: dict[Path, etree._Element] = {(): self.element}

    def take(self, edit: Edit, secrets: Mapping[str, str]) -> None:
        match edit:
            case Set():
                self._set(edit, secrets)
            case Delete(path, ()):
                self._new(path).set("delete", "delete")
            case Delete(path, values):
                for value in values:
                    child = etree.SubElement(self._node(path[:-1]), tag(path[-1]))
                    child.text = value
                    child.set("delete", "delete")
            case Insert(path, where, other):
                self._node(path).set("insert", where)
                self._node(path).set("name", other)
            case Activate(path):
                self._node(path).set("active", "active")

    def _set(self, edit: Set, secrets: Mapping[str, str]) -> None:
        if edit.secret:
            self._new(edit.path).text = secrets.get(edit.secret, f"({edit.secret})")
        elif not edit.values:
            self._node(edit.path)
        for value in () if edit.secret else edit.values:
            self._new(edit.path).text = value

    def _node(self, path: Path) -> etree._Element:
        found = self._at.get(path)
        if found is None:
            found = self._new(path)
            self._at[path] = found
        return found

    def _new(self, path: Path) -> etree._Element:
        element = etree.SubElement(self._node(path[:-1]), tag(path[-1]))
        for name, value in keys(path[-1]):
            etree.SubElement(element, name).text = value
        return element


def filters(paths: Iterable[Path]) -> etree._Element:
    """A subtree filter that asks for these paths, and nothing else."""
    tree = _Tree()
    for path in paths:
        tree.take(Set(path), {})
    return tree.element


def shown(step: Step) -> str:
    """A step for people."""
    return step if isinstance(step, str) else " ".join(step)


def text(element: etree._Element) -> str:
    """An element as it is sent: no declaration."""
    return etree.tostring(element, encoding="unicode")

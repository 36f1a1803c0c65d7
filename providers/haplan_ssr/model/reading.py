"""A configuration read against the model: as XML for the rules, and what is wrong with it on the way.

What can be seen at one place is found here: names, kinds, types, keys, how many, mandatory leaves, choices, releases.
"""

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import attrs
from lxml import etree

from haplan.plugin import Tree
from haplan_ssr.model.kinds import text_of
from haplan_ssr.model.schema import FIRST, LAST, Node, Release

Path = tuple[str, ...]


@attrs.frozen(eq=False)
class Instance:
    """One node of the configuration.

    Attributes:
        node: What the model says of it.
        element: Where it is in the document.
    """

    node: Node
    element: etree._Element


class Reading:
    """A whole configuration, read.

    Threads: one; made for one check.

    Attributes:
        document: It, as XML without namespaces: `config/authority/…`.
        ruled: Node that has rules → how many instances of it there are.
        references: Instances of leafrefs.
    """

    def __init__(self, authority: Node, release: Release | None) -> None:
        self._authority, self._release = authority, release
        self.document = etree.Element("config")
        self._known: dict[tuple[object, ...], Sequence[tuple[Path, str]]] = {}
        self._said: list[tuple[etree._Element, Path, str]] = []
        self.ruled: Counter[Node] = Counter()
        self.references: list[Instance] = []

    def read(self, tree: Mapping[str, Tree]) -> None:
        """Read `{"authority": {…}}`."""
        for name, value in tree.items():
            if name != "authority":
                self._say("unknown: the configuration is an authority", self.document, name)
            elif not isinstance(value, Mapping):
                self._say("must be an object", self.document, name)
            else:
                self._inside(self._authority, value, self._add(self._authority, self.document))

    def problems(self) -> Iterator[tuple[Path, str]]:
        """(path, message) of what is wrong. The keys in a path are known when all is read."""
        for element, more, said in self._said:
            yield self.at(element, *more), said

    def fill(self) -> None:
        """Put the defaults of leaves into what is there, those of choices left out."""
        self._fill(self._authority, self.document[0])

    def _fill(self, node: Node, element: etree._Element) -> None:
        for child in list(element):
            below = node.children[str(child.tag)]
            if below.children:
                self._fill(below, child)
        for name, default in _defaults(node):
            if element.find(name) is None:
                etree.SubElement(element, name).text = default

    def at(self, element: etree._Element, *more: str) -> Path:
        """The path to an element: names, and keys of entries (of two leaves: joined by a comma)."""
        lineage = [*reversed(list(element.iterancestors())), element]
        node, steps = self._authority, ["authority"] if len(lineage) > 1 else []
        for one in lineage[2:]:
            node = node.children[str(one.tag)]
            steps.append(node.name)
            if node.kind == "list":
                steps.append(",".join(one.findtext(key) or "" for key in node.keys))
        return (*steps, *more)

    def _say(self, message: str, element: etree._Element, *more: str) -> None:
        self._said.append((element, more, message))

    def _add(self, node: Node, above: etree._Element) -> etree._Element:
        element = etree.SubElement(above, node.name)
        if node.must or node.when:
            self.ruled[node] += 1
        return element

    def _inside(self, node: Node, data: Mapping[str, Tree], element: etree._Element) -> None:
        """What is in a container or an entry."""
        for name, value in data.items():
            child = node.children.get(name)
            if child is None and node.open:
                continue
            if child is None:
                self._say("unknown: the model has no such name here", element, name)
                continue
            if child.since is not FIRST or child.until is not LAST:
                self._belongs(child, element)
            if child.kind == "leaf" and not (child.either and isinstance(value, list)):
                self._leaf(child, value, element)
            elif child.kind == "container":
                self._container(child, value, element)
            elif isinstance(value, Mapping) if child.kind == "list" else not isinstance(value, list | Mapping):
                self._several(child, [value], element)  # of a list of one, some write the one
            elif not isinstance(value, Sequence) or isinstance(value, str):
                self._say("must be a list", element, name)
            else:
                self._several(child, value, element)
        for more, said in self._missing(node, data):
            self._say(said, element, *more)

    def _missing(self, node: Node, data: Mapping[str, Tree]) -> Sequence[tuple[Path, str]]:
        """What should be in a container or an entry: worked out once for all that have the same names."""
        if _counted(node):
            return tuple(_absent(node, data))
        names = (node, *data)
        if names not in self._known:
            self._known[names] = tuple(_absent(node, data))
        return self._known[names]

    def _belongs(self, child: Node, element: etree._Element) -> None:
        if self._release is None or child.since <= self._release <= child.until:
            return
        early = self._release < child.since
        text = "{}.{}".format(*(child.since if early else child.until))
        self._say(f"not in this release: {'since' if early else 'no longer after'} {text}", element, child.name)

    def _container(self, child: Node, value: object, element: etree._Element) -> None:
        if isinstance(value, Mapping):
            self._inside(child, value, self._add(child, element))
        else:
            self._say("must be an object", element, child.name)

    def _leaf(self, child: Node, value: object, above: etree._Element) -> None:
        assert child.type is not None
        said = child.type.problem(value)
        if said:
            self._say(said, above, child.name)
        empty = child.type.base == "empty"
        if type(value) is not str and isinstance(value, Mapping | list) and not empty:
            return
        text = "" if empty else text_of(value)
        element = self._add(child, above)
        try:
            element.text = text.rpartition(":")[2] if child.type.base == "identityref" else text
        except ValueError:
            return  # control characters, as was just said
        if child.type.path:
            self.references.append(Instance(child, element))

    def _several(self, child: Node, values: Sequence[object], above: etree._Element) -> None:
        if child.high and len(values) > child.high:
            self._say(f"at most {child.high}, not {len(values)}", above, child.name)
        if child.kind != "list":
            for value in values:
                self._leaf(child, value, above)
            texts = [text_of(value) for value in values]
            for text in (
                sorted({text for text in texts if texts.count(text) > 1}) if len(set(texts)) < len(texts) else ()
            ):
                self._say(f"{text!r} is there twice", above, child.name)
            return
        entries = []
        for value in values:
            if isinstance(value, Mapping):
                element = self._add(child, above)
                entries.append(element)
                self._inside(child, value, element)
            else:
                self._say("each entry must be an object", above, child.name)
        if len(entries) > 1:
            self._distinct(child, entries)

    def _distinct(self, child: Node, entries: Sequence[etree._Element]) -> None:
        """No two entries share their key, nor what is unique."""
        for leaves in (child.keys, *child.unique):
            seen: set[tuple[str, ...]] = set()
            for entry in entries:
                values = tuple(text for text in (entry.findtext(leaf) for leaf in leaves) if text is not None)
                if len(values) < len(leaves):
                    continue
                if values in seen:
                    said = "is there twice" if leaves is child.keys else f"must be unique in the {child.name} list"
                    secret = any(child.children[leaf].secret for leaf in leaves)
                    shown = "" if secret else f" {', '.join(map(repr, values))}"
                    self._say(f"{' and '.join(leaves)}{shown} {said}", entry)
                seen.add(values)


def _absent(node: Node, data: Mapping[str, Tree]) -> Iterator[tuple[Path, str]]:
    """What should be in a container or an entry."""
    for key in node.keys:
        if key not in data:
            yield (key,), "missing: it is the key"
    elsewhere = _unchosen(node, data)
    for name, low in _needed(node):
        if name in elsewhere:
            continue
        if not low and name not in data:
            yield (name,), f"{name} is required"
        elif low and len(data.get(name) or ()) < low:
            yield (name,), f"at least {low} required"
    for choice in node.choices:
        there = [case for case, names in choice.cases.items() if not names.isdisjoint(data)]
        if len(there) > 1:
            yield (), f"only one of {', '.join(there)} ({choice.name})"
        elif choice.mandatory and not there:
            yield (), f"one of {', '.join(choice.cases)} is required ({choice.name})"


def _unchosen(node: Node, data: Mapping[str, Tree]) -> frozenset[str]:
    """What stands in a case of a choice that is not the one that is there: nobody asks for it."""
    return frozenset(
        name for choice in node.choices for names in choice.cases.values() if names.isdisjoint(data) for name in names
    )


@functools.lru_cache(10000)
def _defaults(node: Node) -> tuple[tuple[str, str], ...]:
    """Leaves that have a default, with it."""
    chosen = {name for choice in node.choices for names in choice.cases.values() for name in names}
    leaves = [child for child in node.children.values() if child.kind == "leaf" and child.name not in chosen]
    return tuple((leaf.name, leaf.default) for leaf in leaves if leaf.default is not None)


@functools.lru_cache(10000)
def _counted(node: Node) -> bool:
    """True if there has to be a number of something."""
    return any(low for _, low in _needed(node))


@functools.lru_cache(10000)
def _needed(node: Node) -> tuple[tuple[str, int], ...]:
    """Names that have to be there, with how many; 0 for a leaf."""
    return tuple((child.name, child.low) for child in node.children.values() if child.mandatory or child.low)

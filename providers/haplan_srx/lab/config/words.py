"""The words of the CLI: from words to statements of a load, and back.

`set` lines and text in braces say the same thing in the same words; only punctuation differs. Both are turned into the
tree that an XML load would be, and go through the same router.
"""

from collections.abc import Sequence

from lxml import etree

from haplan_srx.lab.config.schema import Node, root, wrong_value
from haplan_srx.lab.config.tree import Element

SIMPLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:*+@%,=~$")


class BadWord(Exception):
    """A word that means nothing here."""

    def __init__(self, word: str, message: str = "syntax error") -> None:
        super().__init__(message)
        self.word, self.message = word, message


def split(line: str) -> list[str]:
    """Words of a line; quotes hold together, a backslash takes the next character as it is."""
    found: list[str] = []
    word, quoted, begun = "", False, False
    at = iter(line)
    for letter in at:
        if letter == "\\" and quoted:
            word += next(at, "")
        elif letter == '"':
            quoted, begun = not quoted, True
        elif letter.isspace() and not quoted:
            if word or begun:
                found.append(word)
            word, begun = "", False
        else:
            word += letter
    if quoted:
        raise BadWord(line, "unterminated string")
    return [*found, word] if word or begun else found


def quote(value: str) -> str:
    """A value as the CLI writes it."""
    if value and set(value) <= SIMPLE:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class Builder:
    """Makes the tree of a load from words.

    Attributes:
        top: The `configuration` element made so far.
    """

    def __init__(self) -> None:
        self.top = etree.Element("configuration")

    def walk(
        self, words: Sequence[str], start: Element | None = None, node: Node | None = None
    ) -> tuple[Element, Node]:
        """Follow words from a statement downwards, making elements; gives the last statement."""
        at, here = (self.top if start is None else start), (node or root())
        above = at, here
        rest = list(words)
        while rest:
            if here.leaf:
                at, here = above  # `match source-address any destination-address any`
            above = at, here
            at, here = self._step(at, here, rest)
        return at, here

    def _step(self, at: Element, node: Node, rest: list[str]) -> tuple[Element, Node]:
        """Take one statement off the front of the words."""
        word = rest[0]
        found = next((one for one in node.below.values() if one.word == word and not one.hidden), None)
        inherited = node.child(word) if found is None and word.startswith("apply-groups") else None
        if found or inherited:
            rest.pop(0)
            return self._enter(at, found or inherited, rest)  # type: ignore[arg-type]  # one of them is there
        for hidden in node.below.values():
            if hidden.hidden and hidden.name not in node.keys and self._takes(at, hidden, word):
                return self._enter(at, hidden, rest)
        raise BadWord(word)

    def _takes(self, at: Element, hidden: Node, word: str) -> bool:
        """Whether a statement without a word of its own begins with this one."""
        if hidden.leaf:
            taken = hidden.kind == "f" and at.find(hidden.name) is not None
            return not taken and not wrong_value(hidden, word, in_group=True)
        if hidden.kind == "l":
            return True
        return any(one.word == word and not one.hidden for one in hidden.below.values())

    def _enter(self, at: Element, node: Node, rest: list[str]) -> tuple[Element, Node]:
        if node.kind == "l":
            return self._entry(at, node, rest), node
        if node.leaf:
            return self._value(at, node, rest), node
        found = at.find(node.name)
        return (etree.SubElement(at, node.name) if found is None else found), node

    def _entry(self, at: Element, node: Node, rest: list[str]) -> Element:
        values: list[str] = []
        for name in node.keys:
            key = node.below.get(name)
            if key is not None and not key.hidden and len(node.keys) > 1 and rest and rest[0] == key.word:
                rest.pop(0)
            if not rest:
                if values:
                    raise BadWord("", "missing argument.")
                # a whole list, as `delete interfaces ge-0/0/0 unit` names it
                return etree.SubElement(at, node.name)
            values.append(rest.pop(0))
        for old in at.iterchildren(node.name):
            if [old.findtext(name) for name in node.keys] == values:
                return old
        made = etree.SubElement(at, node.name)
        for name, value in zip(node.keys, values, strict=True):
            etree.SubElement(made, name).text = value
        return made

    def _value(self, at: Element, node: Node, rest: list[str]) -> Element:
        if node.flag:
            return etree.SubElement(at, node.name)
        if rest and rest[0] == "[" and node.kind == "F":
            return self._values(at, node, rest)
        if node.kind == "f":
            for old in at.iterchildren(node.name):
                at.remove(old)
        made = etree.SubElement(at, node.name)
        if rest:
            made.text = rest.pop(0)
        return made

    def _values(self, at: Element, node: Node, rest: list[str]) -> Element:
        rest.pop(0)
        made = None
        while rest and rest[0] != "]":
            made = etree.SubElement(at, node.name)
            made.text = rest.pop(0)
        if not rest or made is None:
            raise BadWord("[")
        rest.pop(0)
        return made

"""The vendor's constraints of a commit: the language of `junos:must` in the models.

A constraint is made of paths in quotes, ``!``, ``&&``, ``||``, brackets, and the words ``any`` (one is enough, as
without it) and ``unique`` (one at most). A path is absolute, or begins with ``..``; in it ``$$`` is the value of the
statement, ``$$-IFL`` for an interface and its unit, ``${list}`` for the key of a list above, ``<*>`` for any entry, and
``$$={word}`` for that word. A constraint in another form is not evaluated.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from haplan_srx.lab.config.schema import WORDS, Node, root
from haplan_srx.lab.config.tree import Element, branches, tag_of

NAME = re.compile(r"[A-Za-z_][\w.-]*")
TOKEN = re.compile(r'"[^"]*"|\(|\)|!|&&|\|\||[a-z]+')


@functools.cache
def hidden() -> Mapping[str, frozenset[str]]:
    """Lists whose word is not written: a path names their entries directly below the statement of this name."""
    found: dict[str, set[str]] = {}
    seen: set[int] = set()

    def walk(node: Node) -> None:
        for below in node.below.values():
            if below.kind == "l" and below.hidden:
                found.setdefault(node.name, set()).add(below.name)
            if id(below) not in seen:
                seen.add(id(below))
                walk(below)

    walk(root())
    return {name: frozenset(lists) for name, lists in found.items()}


IFL = "$$-IFL "
"""Before a word that is an interface with its unit."""

ALIASES: dict[str, set[str]] = {}
for (_, _name), _said in WORDS.items():
    ALIASES.setdefault(_said, {_said}).add(_name)


class NotEvaluated(Exception):
    """A constraint in a form that nobody explained."""


@attrs.frozen
class Here:
    """Where a constraint is evaluated.

    Attributes:
        element: The statement.
        node: What it is.
        bound: Keys of the lists above, by element name.
        known: What absolute paths led to so far, by their words.
    """

    element: Element
    node: Node
    bound: Mapping[str, str]
    known: dict[tuple[str, ...], list[Element]] = attrs.field(factory=dict)

    @property
    def value(self) -> str:
        return value_of(self.element)


Test = Callable[[Here], bool]


def value_of(element: Element) -> str:
    """Text of a leaf, or key of an entry."""
    if not len(element):
        return (element.text or "").strip()
    first = element[0]
    return (first.text or "").strip() if not len(first) else ""


def failures(config: Element) -> Iterator[tuple[Element, str]]:
    """Statements of an effective configuration that break a constraint, with the vendor's message."""
    yield from _failures(config, root(), {}, {})


def _failures(
    element: Element, node: Node, bound: Mapping[str, str], known: dict[tuple[str, ...], list[Element]]
) -> Iterator[tuple[Element, str]]:
    for child in branches(element):
        below = node.child(tag_of(child))
        if below is None:
            continue
        inner = {**bound, below.name: value_of(child)} if below.kind == "l" else bound
        for rule, said in below.rules:
            if not _holds(rule, Here(child, below, inner, known)):
                yield child, said or rule
        if not below.leaf:
            yield from _failures(child, below, inner, known)


def _holds(rule: str, here: Here) -> bool:
    try:
        return compiled(rule)(here)
    except NotEvaluated:
        return True


# --- The language -----------------------------------------------------------------------------------------------------


@functools.lru_cache(10000)
def compiled(rule: str) -> Test:
    """A constraint as a function.

    Raises:
        NotEvaluated: By the function: it is in a form that nobody explained.
    """
    words = TOKEN.findall(rule)
    try:
        test = _either(words)
        if words:
            raise NotEvaluated(rule)
    except NotEvaluated:
        return _never
    return test


def _never(_here: Here) -> bool:
    raise NotEvaluated


def _either(words: list[str]) -> Test:
    test = _term(words)
    while words and words[0] in ("&&", "||"):
        test = _joined(words.pop(0) == "&&", test, _term(words))
    return test


def _joined(both: bool, left: Test, right: Test) -> Test:
    if both:
        return lambda here: left(here) and right(here)
    return lambda here: left(here) or right(here)


def _term(words: list[str]) -> Test:
    word = words.pop(0) if words else ""
    if word == "!":
        inner = _term(words)
        return lambda here: not inner(here)
    if word == "(":
        inner = _either(words)
        if not words or words.pop(0) != ")":
            raise NotEvaluated
        return inner
    if word == "any":
        return _term(words)
    if word == "unique" and words and words[0].startswith('"'):
        path = _path(words.pop(0))
        return lambda here: len(path(here)) <= 1
    if word.startswith('"'):
        path = _path(word)
        return lambda here: bool(path(here))
    raise NotEvaluated


def _path(quoted: str) -> Callable[[Here], list[Element]]:
    steps = quoted.strip('"').split()
    if any(("$" in step or "<" in step) and not _known(step) for step in steps):
        raise NotEvaluated
    return lambda here: _follow(here, steps)


def _known(step: str) -> bool:
    return step in ("$$", "$$-IFL", "<*>") or re.fullmatch(r"\$\$=\{[^}]*\}|\$\{[\w-]+\}", step) is not None


def _follow(here: Here, steps: list[str]) -> list[Element]:
    if steps[0] not in (".", ".."):
        return _from_top(here, tuple(_word(step, here) for step in steps))
    rest, at = list(steps), here.element
    if here.node.kind == "F" and rest[0] == "..":
        rest.pop(0)  # a value of a leaf-list counts as one level below its statement
    while rest and rest[0] in (".", ".."):
        above = at.getparent() if rest.pop(0) == ".." else at
        if above is None:
            return []
        at = above
    if at.getparent() is None:
        return _from_top(here, tuple(_word(step, here) for step in rest))
    return _walk([at], [_word(step, here) for step in rest])


def _from_top(here: Here, words: tuple[str, ...]) -> list[Element]:
    """Many constraints ask for the same, and one of them for four hundred units of one interface."""
    if words not in here.known:
        top = here.element.getroottree().getroot()
        here.known[words] = _walk(_from_top(here, words[:-1]), words[-1:]) if words else [top]
    return here.known[words]


def _walk(found: list[Element], words: Sequence[str]) -> list[Element]:
    for word in words:
        found = [one for element in found for one in _step(element, word)]
    return found


def _step(element: Element, word: str) -> list[Element]:
    if word == "<*>":
        lists = hidden().get(tag_of(element))
        return list(element.iterchildren(*lists)) if lists else [element]
    if word.startswith(IFL):
        name, _, number = word.removeprefix(IFL).rpartition(".")
        return [
            unit
            for interface in element.iterchildren("interface")
            if interface.findtext("name") == name
            for unit in interface.iterchildren("unit")
            if unit.findtext("name") == number
        ]
    return _named(element, word)


def _word(step: str, here: Here) -> str:
    if step == "$$":
        return here.value
    if step == "$$-IFL":
        return IFL + here.value
    if step.startswith("$$={"):
        return step[4:-1]
    if step.startswith("${"):
        if step[2:-1] not in here.bound:
            raise NotEvaluated
        return here.bound[step[2:-1]]
    return step


def _named(element: Element, word: str) -> list[Element]:
    """Children of that name, or the entry of that key; a word that is the value of a statement stays at it."""
    names = _names(word)
    found = list(element.iterchildren(*names)) if names else []
    if lists := hidden().get(tag_of(element)):
        found += [child for child in element.iterchildren(*lists) if value_of(child) == word]
    if found:
        return found
    said = value_of(element) == word or any(
        child.text == word and not len(child) and tag_of(child) != "name" for child in branches(element)
    )
    return [element] if said else []


@functools.lru_cache(10000)
def _names(word: str) -> tuple[str, ...]:
    """The elements that a word may name; none of one that can be a value only."""
    return tuple(ALIASES.get(word, {word})) if NAME.fullmatch(word) else ()

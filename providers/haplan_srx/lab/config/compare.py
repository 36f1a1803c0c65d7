"""`show | compare`: the difference of two configurations as the device prints it.

Lines of one level stand under ``[edit path]``. How far they are indented follows outputs that were seen: one space more
than the level is deep, two at least; a list whose entries share braces counts twice.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from lxml import etree

from haplan_srx.lab.config.schema import Node, root
from haplan_srx.lab.config.text import name, oneline, statement, values
from haplan_srx.lab.config.tree import Element, branches, find, key_of, tag_of


def compare(old: Element, new: Element) -> str:
    """What to do to `old` to get `new`; a lone newline if they are the same."""
    return "".join(f"{line}\n" for line in _level(old, new, root(), [], 0)) or "\n"


def _level(old: Element, new: Element, node: Node, path: list[str], depth: int) -> Iterator[str]:
    levels: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for brace, sign, line in _here(old, new, node):
        levels.setdefault(brace, []).append((sign, line))
    for (word, more), lines in levels.items():
        yield f"[edit{''.join(f' {one}' for one in [*path, word] if one)}]"
        pad = " " * max(2, depth + more + 1)
        yield from (f"{sign}{pad}{line}" for sign, line in lines)
    for child in branches(new):
        below = node.child(tag_of(child))
        if below is None or below.leaf or (node.kind == "l" and tag_of(child) in node.keys):
            continue
        twin = _twin(old, child, below)
        if twin is not None and not _same(twin, child) and not _in_place(twin, child, below):
            word, more = _brace(below)
            words = [one for one in (word, name(child, below, inside=bool(word))) if one]
            yield from _level(twin, child, below, [*path, *words], depth + more + 1)


def _brace(node: Node) -> tuple[str, int]:
    """The word of the braces that a list's entries share, and by how much they lie deeper."""
    if node.kind != "l" or not node.grouped:
        return "", 0
    return ("" if node.hidden else node.word), 1


def _twin(parent: Element, child: Element, node: Node) -> Element | None:
    return find(parent, tag_of(child), node, key_of(child, node))


def _same(old: Element, new: Element) -> bool:
    """The very same words: nothing in it is to be looked at."""
    return etree.tostring(old) == etree.tostring(new)


def _in_place(old: Element, new: Element, node: Node) -> bool:
    """Whether both are written on one line, so that a change is one line out and one in."""
    return oneline(old, node) is not None and oneline(new, node) is not None


def _here(old: Element, new: Element, node: Node) -> Iterator[tuple[tuple[str, int], str, str]]:
    """Changes of one level: (the braces they stand in, sign, line)."""
    tags = dict.fromkeys(tag_of(one) for one in (*branches(old), *branches(new)))
    for tag in sorted(tags, key=lambda one: _turn(one, old, node)):
        below = node.child(tag)
        if below is None or (node.kind == "l" and tag in node.keys):
            continue
        before, after = list(old.iterchildren(tag)), list(new.iterchildren(tag))
        differences = _values if below.kind == "F" else _entries if below.kind == "l" else _single
        yield from ((_brace(below), sign, line) for sign, line in differences(before, after, below))


def _turn(tag: str, old: Element, node: Node) -> tuple[int, bool]:
    """In the schema's order; of the branches of a choice the one that goes comes first."""
    below = node.child(tag)
    choice = below.branch.split(":")[0] if below is not None else ""
    alike = [one.name for one in node.below.values() if choice and one.branch.split(":")[0] == choice]
    return node.place.get(alike[0] if alike else tag, -1), bool(alike) and old.find(tag) is None


def _values(before: list[Element], after: list[Element], node: Node) -> Iterator[tuple[str, str]]:
    lines = [values(some, node) if some else "" for some in (before, after)]
    if lines[0] != lines[1]:
        yield from ((sign, line) for sign, line in zip("-+", lines, strict=True) if line)


def _single(before: list[Element], after: list[Element], node: Node) -> Iterator[tuple[str, str]]:
    if before and after:
        if node.leaf or _in_place(before[0], after[0], node):
            yield from _lines(before[0], after[0], node)
        elif before[0].get("inactive") != after[0].get("inactive"):
            yield "!", _state(after[0], node)
        return
    for sign, some in (("-", before), ("+", after)):
        for one in some:
            yield from ((sign, line) for line in statement(one, node))


def _state(element: Element, node: Node) -> str:
    return f"{'inactive' if element.get('inactive') else 'active'}: {_shut(element, node)}"


def _shut(element: Element, node: Node) -> str:
    """One entry without what is in it."""
    return f"{name(element, node, bool(_brace(node)[0]))} {{ ... }}"


def _entries(before: list[Element], after: list[Element], node: Node) -> Iterator[tuple[str, str]]:
    old = {key_of(one, node): one for one in before}
    new = {key_of(one, node): one for one in after}
    inside = bool(_brace(node)[0])
    for key, one in old.items():
        if key not in new:
            yield from (("-", line) for line in statement(one, node, inside))
    moved = _moved([key for key in old if key in new], [key for key in new if key in old]) if node.ordered else set()
    previous: Element | None = None
    for key, one in new.items():
        twin = old.get(key)
        if node.ordered and previous is not None and (twin is None or key in moved) and key_of(previous, node) in old:
            yield " ", _shut(previous, node)
        if twin is None:
            yield from (("+", line) for line in statement(one, node, inside))
        elif key in moved:
            yield "!", _shut(one, node)
        elif _same(twin, one):
            pass
        elif _in_place(twin, one, node):
            yield from _lines(twin, one, node, inside)
        elif twin.get("inactive") != one.get("inactive"):
            yield "!", _state(one, node)
        previous = one


def _lines(old: Element, new: Element, node: Node, inside: bool = False) -> Iterator[tuple[str, str]]:
    lines = [list(statement(one, node, inside)) for one in (old, new)]
    if lines[0] != lines[1]:
        yield from (("-", line) for line in lines[0])
        yield from (("+", line) for line in lines[1])


def _moved(old: list[tuple[str, ...]], new: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Entries that stand elsewhere: all but the longest run that kept its order."""
    if old == new:
        return set()
    kept = {old[at] for match in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
            for at in range(match.a, match.a + match.size)}  # fmt: skip
    return set(new) - kept

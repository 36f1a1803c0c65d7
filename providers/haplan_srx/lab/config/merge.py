"""A private copy whose base is not what runs any more: what was done in it, done to what runs now.

Both are kept where they say different statements. Where both changed one statement, each its own way, or one took away
what the other changed, they conflict: then nothing is committed.
"""

import copy
from collections.abc import Iterator

from lxml import etree

from haplan_srx.lab.config.schema import Node, root
from haplan_srx.lab.config.tree import Element, Trouble, branches, find, key_of, path_to, put, tag_of, tidy
from haplan_srx.lab.netconf.wire import Refused

Key = tuple[str, tuple[str, ...]]


def merged(base: Element, mine: Element, theirs: Element) -> Element:
    """What runs, with what was done in a private copy.

    Raises:
        Refused: They conflict.
    """
    made = copy.deepcopy(theirs)
    _merge(base, mine, made, root())
    tidy(made)
    return made


def _merge(base: Element, mine: Element, made: Element, node: Node) -> None:
    _mark(base, mine, made)
    old, new = dict(_entries(base, node)), dict(_entries(mine, node))
    for key, one in old.items():
        if key not in new:
            _take_off(one, made, key, node)
    for key, one in new.items():
        if key not in old or not _same(old[key], one):
            _bring(old.get(key), one, made, key, node)
    _order(old, new, made, node)


def _entries(parent: Element, node: Node) -> Iterator[tuple[Key, Element]]:
    for child in branches(parent):
        below = node.child(tag_of(child))
        if below is not None and not (node.kind == "l" and tag_of(child) in node.keys):
            yield (tag_of(child), key_of(child, below)), child


def _there(made: Element, key: Key, node: Node) -> Element | None:
    below = node.child(key[0])
    return None if below is None else find(made, key[0], below, key[1])


def _take_off(was: Element, made: Element, key: Key, node: Node) -> None:
    there = _there(made, key, node)
    if there is None:
        return
    if not _same(was, there):
        raise _conflict(there)
    made.remove(there)


def _bring(was: Element | None, wanted: Element, made: Element, key: Key, node: Node) -> None:
    there, below = _there(made, key, node), node.child(key[0])
    if below is None or (there is not None and _same(there, wanted)):
        return
    if there is None:
        if was is not None:
            raise _conflict(wanted)
        put(made, copy.deepcopy(wanted), node)
    elif not below.leaf:
        _merge(was if was is not None else etree.Element(key[0]), wanted, there, below)
    elif was is None or not _same(was, there):
        raise _conflict(there)
    else:
        made.replace(there, copy.deepcopy(wanted))


def _mark(base: Element, mine: Element, made: Element) -> None:
    """What was switched off or on."""
    wanted = mine.get("inactive")
    if base.get("inactive") != wanted:
        made.attrib.pop("inactive", None)
        made.attrib.update({"inactive": wanted} if wanted else {})


def _order(old: dict[Key, Element], new: dict[Key, Element], made: Element, node: Node) -> None:
    """What the user orders stands as in the private copy; what others added comes behind."""
    for tag in {tag for tag, _ in new}:
        below = node.child(tag)
        listed = [[key for key in keys if key[0] == tag] for keys in (old, new)]
        if below is None or not below.ordered or listed[0] == listed[1]:
            continue
        ours = [there for key in listed[1] if (there := _there(made, key, node)) is not None]
        rest = [one for one in made.iterchildren(tag) if one not in ours]
        place = next(iter([*made.iterchildren(tag)]), None)
        at = made.index(place) if place is not None else 0
        for one in (*ours, *rest):
            made.remove(one)
        made[at:at] = [*ours, *rest]


def _same(one: Element, other: Element) -> bool:
    return etree.tostring(one) == etree.tostring(other)


def _conflict(there: Element) -> Refused:
    return Refused(Trouble(message="configuration was changed by another commit here; update and commit again",
                           path=path_to(there), bad=tag_of(there)))  # fmt: skip

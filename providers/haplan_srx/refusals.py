"""What a device would refuse of a configuration, known before one is asked: pure.

The vendor's models of Junos (statements, values, the constraints of a commit) and what boxes are known to refuse beside
them are those of the simulator. Values are looked at for each pair; constraints for one of all pairs that differ by
addresses, VLANs and names only, since no constraint asks for those.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from haplan_srx.lab.chassis.models import Model
from haplan_srx.lab.config import checks
from haplan_srx.lab.config.schema import Node, root, wrong_value
from haplan_srx.lab.config.tree import Element
from haplan_srx.translate import xml
from haplan_srx.translate.difference import NOTHING, difference
from haplan_srx.translate.recorded import Picture
from haplan_srx.translate.slots import Slots
from haplan_srx.translate.statements import Configuration, Live, Path, Statement, Step, Trouble, keys, tag

NODES = ("node0", "node1")
UNITS = frozenset({"unit", "vlan-id", "native-vlan-id"})
"""Where a number is that of a unit or a VLAN."""

Found = tuple[Path, str]
"""Where something is refused, and why."""


class Refusals:
    """What devices would refuse.

    Threads: one; made for one look at a stack.
    """

    def __init__(self) -> None:
        self._known: dict[object, tuple[Found, ...]] = {}

    def of(self, picture: Picture, cluster: str, slots: Slots) -> Iterator[Trouble]:
        """What one device would refuse."""
        statements = picture.configuration(cluster).statements.values()
        wrong = [Trouble(one.origin, text) for one in statements for text in values(one)]
        yield from wrong or self._constraints(picture.sample(cluster).configuration(cluster), slots, cluster)

    def _constraints(self, configuration: Configuration, slots: Slots, cluster: str) -> Iterator[Trouble]:
        shape = (slots, _shape(configuration))
        if shape not in self._known:
            self._known[shape] = _constraints(configuration, slots)
        for path, why in self._known[shape]:
            yield Trouble(_origin(configuration, path) or cluster, f"{why}: {_words(path)}")


def values(one: Statement) -> Iterator[str]:
    """What of one statement no model knows."""
    node = root()
    for step in one.path:
        below = node.child(tag(step))
        if below is None:
            yield f"no device knows {_words(one.path)}"
            return
        node = below
        yield from (why for name, key in keys(step) if (why := _wrong_key(node, name, key, one.path)))
    for value in one.values if not one.secret else ():
        if why := wrong_value(node, value, False):
            yield _refused(value, why, one.path)


def _wrong_key(node: Node, name: str, key: str, path: Path) -> str:
    leaf = node.child(name)
    why = wrong_value(leaf, key, False) if leaf is not None else ""
    return _refused(key, why, path) if why else ""


def _refused(value: str, why: str, path: Path) -> str:
    return f"a device takes no {value!r} for {_words(path)}: {why}"


def _words(path: Path) -> str:
    return " ".join(word for step in path for word in ([step] if isinstance(step, str) else step))


# --- constraints ---


def _constraints(configuration: Configuration, slots: Slots) -> tuple[Found, ...]:
    edits = difference(configuration, NOTHING, Live()).edits
    secrets = {one.secret: "secret" for one in configuration.statements.values() if one.secret}
    return _broken(etree.tostring(xml.document(list(edits), secrets)), slots)


@lru_cache(maxsize=64)
def _broken(configuration: bytes, slots: Slots) -> tuple[Found, ...]:
    """What of one configuration breaks a constraint: a stack is looked at several times in a plan and its apply."""
    model = Model(name=slots.model, offset=slots.offset or 0, fxp0=slots.management, fxp1=slots.control)
    found = checks.found(etree.fromstring(configuration), model, NODES)
    return tuple((_path(element), why) for element, why in found)


def _path(element: Element) -> Path:
    steps = [*reversed(list(element.iterancestors())), element][1:]
    return tuple(xml.step_of(one) for one in steps)


def _origin(configuration: Configuration, path: Path) -> str:
    """Who says what stands there, or the nearest to it."""
    for depth in range(len(path), 0, -1):
        for one in configuration.statements.values():
            if one.path[:depth] == path[:depth]:
                return one.origin
    return ""


# --- shapes ---


def _shape(configuration: Configuration) -> object:
    """A configuration with its addresses, VLANs and the names of nodes numbered as they come: alike where no constraint
    tells two apart."""
    words: dict[str, str] = {}
    return tuple(
        (tuple(_step(step, words) for step in one.path), tuple(_word(tag(one.path[-1]), value, words)
                                                              for value in one.values))
        for one in configuration.statements.values()
    )  # fmt: skip


def _step(step: Step, words: dict[str, str]) -> Step:
    return step if isinstance(step, str) else (step[0], *(_word(step[0], key, words) for key in step[1:]))


def _word(element: str, text: str, words: dict[str, str]) -> str:
    if element in UNITS and text != "0":
        return words.setdefault(text, f"unit {len(words)}")
    if element == "host-name":
        return "host"
    port, dot, unit = text.rpartition(".")
    if dot and unit.isdigit() and re.fullmatch(r"[a-z]+-\d+/\d+/\d+|[a-z]+\d+", port):
        return f"{port}.{_word('unit', unit, words)}"
    return words.setdefault(text, f"name {len(words)}") if dot or ":" in text else text

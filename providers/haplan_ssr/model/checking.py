"""Checking a configuration against the vendor's model: nothing is sent, nothing is changed."""

from collections.abc import Iterator, Mapping
from typing import Literal

import attrs
from lxml import etree

from haplan.plugin import Tree
from haplan_ssr.model.documented import documented
from haplan_ssr.model.reading import Instance, Path, Reading
from haplan_ssr.model.rules import Rules
from haplan_ssr.model.schema import Model, Node, Release, model, release_of

Values = frozenset[str]


@attrs.frozen
class Problem:
    """What is wrong at one place.

    Attributes:
        path: From the authority down: names, and keys of entries; the key of two leaves is joined by a comma.
        message: The vendor's words where the model has some.
        severity: ``error`` where the model is as new as the conductor's release, else ``warning``.
        documented: It breaks what the documentation says (`haplan_ssr.model.documented`), which gives the severity.
    """

    path: Path
    message: str
    severity: Literal["error", "warning"]
    documented: bool = False

    @property
    def where(self) -> str:
        """The path for people: "router spoke1 node node0 role"."""
        return " ".join(self.path[1:] or self.path)


@attrs.frozen
class Report:
    """What a check found.

    Attributes:
        problems: In order of the configuration, what can be seen at one place before rules and references.
        evaluated: How many rules (`must`, `when`) were evaluated.
    """

    problems: tuple[Problem, ...]
    evaluated: int


def evaluate(tree: Mapping[str, Tree], *, release: str | None = None) -> Report:
    """What is wrong with a whole configuration, and how much was looked at.

    Args:
        tree: `{"authority": {…}}` in kebab-case, without defaults.
        release: The conductor's software version, such as "6.3.0-107"; None where it is not known: then what the model
            finds is a warning, and what only some releases have is taken.

    Raises:
        ValueError: `release` is not a software version.
    """
    version = None if release is None else release_of(release)
    known = model()
    reading = Reading(known.authority, version)
    reading.read(tree)
    broken = Broken(reading)
    found = dict.fromkeys((*reading.problems(), *broken.rules(), *broken.references()))
    problems = [Problem(path, said, _severity(known, version, path)) for path, said in found]
    problems += (Problem(*one, documented=True) for one in documented(tree, version))
    return Report(tuple(problems), broken.evaluated)


def _severity(known: Model, version: Release | None, path: Path) -> Literal["error", "warning"]:
    return "error" if known.covers(version, "/" + "/".join(path[1:2])) else "warning"


class Broken:
    """Rules and references of a read configuration that do not hold.

    Threads: one; made for one check.

    Attributes:
        evaluated: How many rules were evaluated so far.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._targets: dict[tuple[etree._Element, str], Values] = {}
        self.evaluated = 0

    def rules(self) -> Iterator[tuple[Path, str]]:
        """(path, message) of each rule that an instance breaks.

        Most rules say what holds where a leaf is not set, some count on its default being there. Which of the two the
        vendor's own evaluation sees is not published: a rule is broken if it is broken both ways.
        """
        broken: dict[etree._Element, list[tuple[Node, int]]] = {}
        rules = Rules()
        for node, instances in self._reading.ruled.items():
            for place, rule in enumerate(rules.of(node)):
                self.evaluated += instances
                for element in rule.broken(self._reading.document):
                    broken.setdefault(element, []).append((node, place))
        if not broken:
            return
        ordered = [(one, broken[one]) for one in self._reading.document.iter() if one in broken]
        self._reading.fill()
        rules = Rules()
        for element, those in ordered:
            for node, place in those:
                rule = rules.of(node)[place]
                if not rule.holds(element):
                    yield self._reading.at(element), rule.must.message

    def references(self) -> Iterator[tuple[Path, str]]:
        """(path, message) of each reference to what is not there."""
        for instance in self._reading.references:
            text = instance.element.text or ""
            if text not in self._values(instance):
                path = _type_path(instance.node).removeprefix("/config/").replace("../", "")
                yield self._reading.at(instance.element), f"{text!r} does not exist: it refers to {path}"

    def _values(self, instance: Instance) -> Values:
        path = _type_path(instance.node)
        ups = path.count("../")
        anchor = self._reading.document
        if ups:
            anchor = instance.element
            for _ in range(ups):
                above = anchor.getparent()
                assert above is not None
                anchor = above
        down = path.replace("../", "") if ups else path.removeprefix("/config/")
        if (anchor, down) not in self._targets:
            self._targets[anchor, down] = frozenset(one.text or "" for one in anchor.iterfind(down))
        return self._targets[anchor, down]


def _type_path(node: Node) -> str:
    assert node.type is not None
    return node.type.path

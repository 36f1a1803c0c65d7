"""The model as a tree of nodes: what the configuration of an authority may hold.

`model()` reads the data once. A node is found by its path without keys: `model().at("/router/node/device-interface")`.
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Literal

import attrs

from haplan.plugin import Tree
from haplan_ssr.model.kinds import Type, make_types

Kind = Literal["container", "list", "leaf", "leaf-list"]
Release = tuple[int, int]
FIRST, LAST = (0, 0), (999, 0)


@attrs.frozen(eq=False)
class Must:
    """A rule of the vendor.

    Attributes:
        condition: XPath without prefixes.
        message: The vendor's words.
        at_parent: The condition is read at the parent of its node.
    """

    condition: str
    message: str
    at_parent: bool = False


@attrs.frozen(eq=False)
class Choice:
    """Of several cases one, each with the names that are in it.

    Attributes:
        name: Its name; it is not in the data.
        mandatory: One case has to be there.
    """

    name: str
    mandatory: bool
    cases: Mapping[str, frozenset[str]]


@attrs.frozen(eq=False, kw_only=True)
class Node:
    """One node of the model; choices and cases are not in the data, and so not here.

    Attributes:
        name: Its name in paths and bodies.
        path: From the authority down, without keys: "/router/node"; "" for the authority.
        kind: As in YANG.
        keys: Leaves that are the key of a list.
        type: Of a leaf or leaf-list.
        default: What holds where it is not set, as text, or None.
        mandatory: Has to be set where its parent is.
        low, high: How many elements a list or leaf-list may have; high 0: any number.
        unique: Groups of leaves whose values no two entries of this list share.
        user_ordered: The order of its elements counts.
        must: Rules for it.
        when: Conditions under which it may be there at all.
        since, until: First and last release that may have it.
        restart: Which of ``create``, ``modify``, ``delete`` need a restart of the software (`require-reboot-on`).
        read_only: Set by the conductor alone.
        hidden: Not meant to be seen.
        generated: The mark of objects that the conductor makes.
        secret: Not to be shown.
        either: Leaf or leaf-list is not documented: both are taken.
        open: What is below it is documented in part or not at all: any name is taken there.
        units: For numbers.
        children: What may be below it.
        choices: Choices among its children.
    """

    name: str
    path: str
    kind: Kind
    keys: tuple[str, ...] = ()
    type: Type | None = None
    default: str | None = None
    mandatory: bool = False
    low: int = 0
    high: int = 0
    unique: tuple[tuple[str, ...], ...] = ()
    user_ordered: bool = False
    must: tuple[Must, ...] = ()
    when: tuple[Must, ...] = ()
    since: Release = FIRST
    until: Release = LAST
    restart: frozenset[str] = frozenset()
    read_only: bool = False
    hidden: bool = False
    generated: bool = False
    secret: bool = False
    either: bool = False
    open: bool = False
    units: str = ""
    children: Mapping[str, "Node"] = attrs.field(factory=dict)
    choices: tuple[Choice, ...] = ()

    def walk(self) -> Iterator["Node"]:
        """This node and all below it."""
        yield self
        for child in self.children.values():
            yield from child.walk()


@attrs.frozen(eq=False)
class Model:
    """The configuration model.

    Attributes:
        authority: Its root.
        releases: The release of the vendor's export that routers, and that everything else was taken from.
        rules: How many rules (`must` and `when`) it has.
    """

    authority: Node
    releases: Mapping[str, Release]
    rules: int

    def at(self, path: str) -> Node:
        """The node at a path without keys, such as "/router/node/role".

        Raises:
            KeyError: The model has no such node.
        """
        node = self.authority
        for step in path.strip("/").split("/") if path.strip("/") else ():
            node = node.children[step]
        return node

    def covers(self, release: Release | None, path: str) -> bool:
        """True if a release is not newer than the export that the node at a path was taken from."""
        part = "router" if path.startswith("/router") else "authority"
        return release is not None and release <= self.releases[part]


def release_of(text: str) -> Release:
    """The release in a software version such as "6.3.0-107.r1": (6, 3).

    Raises:
        ValueError: It does not begin with two numbers.
    """
    found = re.match(r"\D*(\d+)\.(\d+)", text)
    if found is None:
        raise ValueError(f"{text!r} is not a software version such as 6.3.0")
    return int(found[1]), int(found[2])


@functools.cache
def model() -> Model:
    """The vendor's model, read from the package's data."""
    data = json.loads(resources.files(__package__).joinpath("model.json").read_text(encoding="utf-8"))
    types = make_types(data["types"], lambda path: _known(data["authority"], path))
    authority = _node("authority", "", data["authority"], types)
    rules = sum(len(node.must) + len(node.when) for node in authority.walk())
    return Model(authority, {part: release_of(text) for part, text in data["releases"].items()}, rules)


def _known(root: Mapping[str, Tree], path: str) -> bool:
    """False for an absolute leafref whose target the model does not have."""
    place: Mapping[str, Tree] | None = root
    for step in path.split("/")[3:] if path.startswith("/") else ():
        place = (place or {}).get("children", {}).get(step)
    return place is not None


def _node(
    name: str, path: str, data: Mapping[str, Tree], types: tuple[Type, ...], above: tuple[Must, ...] = ()
) -> Node:
    below = tuple(_below(data, ()))
    return Node(
        name=name, path=path, kind=data["kind"],
        keys=tuple(data.get("keys", ())),
        type=types[data["type"]] if "type" in data else None,
        default=data.get("default"),
        mandatory=data.get("mandatory", False),
        low=data.get("min", 0),
        high=data.get("max", 0),
        unique=tuple(map(tuple, data.get("unique", ()))),
        user_ordered=data.get("ordered") == "user",
        must=tuple(Must(condition, said or f"must hold: {condition}") for condition, said in data.get("must", ())),
        when=(*above, *_when(data)),
        since=release_of(data["since"]) if "since" in data else FIRST,
        until=release_of(data["until"]) if "until" in data else LAST,
        restart=frozenset(data.get("reboot", ())),
        read_only=data.get("read_only", False),
        hidden=data.get("hidden", False),
        generated=data.get("generated", False),
        secret=data.get("secure", False),
        either=data.get("either", False),
        open=data.get("open", False),
        units=data.get("units", ""),
        children={child: _node(child, f"{path}/{child}", one, types, whens) for child, one, whens in below},
        choices=tuple(_choices(data)),
    )  # fmt: skip


def _when(data: Mapping[str, Tree], *, of_choice: bool = False) -> tuple[Must, ...]:
    return tuple(
        Must(condition, f"is not valid here: only if {condition}", of_choice or context == "parent")
        for condition, context in data.get("when", ())
    )


def _below(
    data: Mapping[str, Tree], above: tuple[Must, ...]
) -> Iterator[tuple[str, Mapping[str, Tree], tuple[Must, ...]]]:
    """The data nodes below one, with the conditions of the choices and cases that they are in."""
    for name, child in data.get("children", {}).items():
        if child["kind"] in ("choice", "case"):
            yield from _below(child, (*above, *_when(child, of_choice=True)))
        else:
            yield name, child, above


def _choices(data: Mapping[str, Tree]) -> Iterator[Choice]:
    for name, choice in data.get("children", {}).items():
        if choice["kind"] == "choice":
            cases = {case: frozenset(n for n, _, _ in _below(one, ())) for case, one in choice["children"].items()}
            yield Choice(name, choice.get("mandatory", False), cases)

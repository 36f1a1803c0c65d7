"""What the simulator knows of the configuration language: `schema.json.xz`, made by `make_schema.py`.

A node of that file has: `n` name, `k` kind (c container, l list, f leaf, F list of values), `key`, `o` ordered by the
user, `p` presence, `m` mandatory, `x` how many at most, `t` types, `f` how the CLI writes it (h its word is not
written, 1 on one line, + on one line if it says one thing, g one pair of braces for all), `c` choice and case, `r`
constraints of a commit, `b` what is below.
"""

import functools
import ipaddress
import json
import lzma
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from haplan.plugin import Tree

INHERIT = ("apply-groups", "apply-groups-except")

WORDS = {
    ("policies", "policy"): "from-zone",
    ("advance-policy-based-routing", "policy"): "from-zone",
    ("policy", "to-zone-name"): "to-zone",
    ("rule", "src-nat-rule-match"): "match",
    ("rule", "dest-nat-rule-match"): "match",
    ("rule", "static-nat-rule-match"): "match",
    ("gigether-options", "ieee-802.3ad"): "802.3ad",
    ("ether-options", "ieee-802.3ad"): "802.3ad",
    ("fastether-options", "ieee-802.3ad"): "802.3ad",
}
"""Words of the CLI that the models do not give: (parent, name) → word."""


@attrs.frozen(eq=False, kw_only=True)
class Node:
    """One statement.

    Attributes:
        name: Element name.
        kind: ``c`` container, ``l`` list, ``f`` leaf, ``F`` list of values.
        keys: Names of the key leaves of a list.
        ordered: The user's order counts.
        presence: An empty container that means something.
        mandatory: Must be there when its parent is.
        most: How many entries at most, or None.
        types: Alternatives, as in the file.
        hidden: The CLI does not write its word.
        oneline: The CLI writes it on one line.
        short: The CLI writes it on one line if it says one thing.
        grouped: The CLI writes the entries of a list in one pair of braces; the word of a container with each child.
        branch: ``choice:case``, or "".
        rules: (constraint, message) that a commit evaluates.
        below: By name.
        word: What the CLI calls it.
    """

    name: str
    kind: str
    keys: tuple[str, ...] = ()
    ordered: bool = False
    presence: bool = False
    mandatory: bool = False
    most: int | None = None
    types: tuple[Any, ...] = ()
    hidden: bool = False
    oneline: bool = False
    short: bool = False
    grouped: bool = False
    branch: str = ""
    rules: tuple[tuple[str, str], ...] = ()
    below: Mapping[str, "Node"] = attrs.field(factory=dict, repr=False)
    word: str = ""

    @property
    def leaf(self) -> bool:
        return self.kind in "fF"

    @property
    def flag(self) -> bool:
        """A leaf without a value."""
        return self.kind == "f" and all(one[0] == "0" for one in self.types)

    @functools.cached_property
    def place(self) -> Mapping[str, int]:
        """Where a child stands among its siblings, as a device sends them."""
        return {name: index for index, name in enumerate(self.below)}

    @functools.cached_property
    def counted(self) -> Sequence[tuple[str, "Node"]]:
        """What is below it and has to be there, or may stand so many times at the most."""
        return tuple((name, below) for name, below in self.below.items() if below.mandatory or below.most)

    def child(self, name: str) -> "Node | None":
        found = self.below.get(name)
        return INHERITED[name] if found is None and name in INHERIT and not self.leaf else found


INHERITED = {name: Node(name=name, kind="F", ordered=True, types=(["s", "string", ""],), word=name) for name in INHERIT}


@functools.cache
def root() -> Node:
    """The container `configuration`."""
    file = pathlib.Path(__file__).with_name("schema.json.xz")
    data = json.loads(lzma.decompress(file.read_bytes()))
    made: list[Node] = []
    for raw in data["nodes"]:
        made.append(_node(raw, made))
    tops = [made[index] for index in data["tops"]]
    # `undocumented` wraps what a device takes and the models lack: it is read, kept and never written back
    name, version = _text_leaf("name"), _text_leaf("version")
    groups = Node(
        name="groups", kind="l", keys=("name",), ordered=True, below=_by_name([attrs.evolve(name, hidden=True), *tops])
    )
    groups = attrs.evolve(groups, word="groups")
    return Node(name="configuration", kind="c", below=_by_name([version, groups, INHERITED["apply-groups"], *tops]))


def _text_leaf(name: str) -> Node:
    return Node(name=name, kind="f", types=(["s", "string", ""],), word=name)


def _by_name(nodes: list[Node]) -> dict[str, Node]:
    return {node.name: node for node in nodes}


def _node(raw: Mapping[str, Tree], made: list[Node]) -> Node:
    marks = raw.get("f", "")
    name = raw["n"]
    below = {}
    for index in raw.get("b", ()):
        child = made[index]
        word = WORDS.get((name, child.name))
        below[child.name] = attrs.evolve(child, word=word, hidden=False) if word else child
    return Node(
        name=name,
        kind=raw["k"],
        keys=tuple(raw.get("key", ())),
        ordered=bool(raw.get("o")),
        presence=bool(raw.get("p")),
        mandatory=bool(raw.get("m")),
        most=raw.get("x"),
        types=tuple(raw.get("t", ())),
        hidden="h" in marks,
        oneline="1" in marks,
        short="+" in marks,
        grouped="g" in marks,
        branch=raw.get("c", ""),
        rules=tuple((rule, said) for rule, said in raw.get("r", ())),
        below=below,
        word=name,
    )


# --- Values -----------------------------------------------------------------------------------------------------------


def wrong_value(node: Node, text: str, in_group: bool = False) -> str:
    """Why a text is no value of a leaf, in the device's words; "" if it is one."""
    said = ""
    for kind, *facts in node.types:
        if kind == "v":
            # wildcards and variables stand in groups only
            why = "" if in_group and (re.fullmatch("<.*>", text) or text.startswith("$")) else "syntax error"
        else:
            why = TYPES[kind](text, facts)
        if not why:
            return ""
        said = why if not said or said == "syntax error" else said
    return said


def _word(text: str, facts: list[Tree]) -> str:
    return "" if text in facts[0] else "syntax error"


def _empty(text: str, _facts: list[Any]) -> str:
    return "syntax error" if text else ""


def _number(text: str, facts: list[Tree]) -> str:
    name, *ranges = facts
    if not re.fullmatch(r"-?\d+", text):
        return f"Invalid numeric value: '{text}'"
    bits = int(re.sub(r"\D", "", name))
    lowest, highest = (0, 2**bits - 1) if name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for part in " | ".join(ranges).split("|") if ranges else [f"{lowest} .. {highest}"]:
        low, _, high = (one.strip() for one in part.partition(".."))
        if int(low or lowest) <= int(text) <= int(high or low or highest):
            return ""
    shown = ranges[0].replace(" ", "") if ranges else f"{lowest}..{highest}"
    return f"Value {text} is not within range ({shown})"


def _string(text: str, facts: list[Tree]) -> str:
    name, length, *patterns = facts
    if length:
        low, _, high = (one.strip() for one in length.partition(".."))
        if not int(low) <= len(text) <= int(high or low):
            return f"must be a string of {low} to {high or low} characters" if len(text) > int(low) else "syntax error"
    for pattern in patterns:
        if not _fits_pattern(pattern, text):
            return f"invalid value '{text}'"
    check = ADDRESSES.get(name)
    return "" if check is None or check(text) else f"invalid {MEANING[name]} '{text}'"


def _fits_pattern(pattern: str, text: str) -> bool:
    """A YANG pattern holds the whole text; a posix one is searched, and a leading ``!`` turns it round."""
    if not pattern.startswith("posix "):
        return re.fullmatch(pattern, text) is not None
    posix = pattern.removeprefix("posix ")
    found = re.search(_posix(posix.removeprefix("!")), text) is not None
    return found != posix.startswith("!")


@functools.lru_cache(1000)
def _posix(pattern: str) -> str:
    for name, inside in (("alnum", "0-9A-Za-z"), ("alpha", "A-Za-z"), ("digit", "0-9"), ("xdigit", "0-9A-Fa-f")):
        pattern = pattern.replace(f"[:{name}:]", inside)
    return pattern


TYPES: Mapping[str, Callable[[str, list[Any]], str]] = {"e": _word, "0": _empty, "i": _number, "s": _string}


def _parses(*readers: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        for reader in readers:
            try:
                reader(text)
            except ValueError:
                continue
            return True
        return False

    return check


def _mac(text: str) -> None:
    if not re.fullmatch(r"([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}|([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}", text):
        raise ValueError(text)


ADDRESSES: Mapping[str, Callable[[str], bool]] = {
    "ipv4addr": _parses(ipaddress.IPv4Address),
    "ipv6addr": _parses(ipaddress.IPv6Address),
    "ipaddr": _parses(ipaddress.ip_address),
    "ipv4prefix": _parses(ipaddress.IPv4Interface),
    "ipv6prefix": _parses(ipaddress.IPv6Interface),
    "ipprefix": _parses(ipaddress.ip_interface),
    "ipprefix-mandatory": _parses(ipaddress.ip_interface),
    "mac-addr": _parses(_mac),
    "mac-unicast": _parses(_mac),
}
"""The models call these plain strings; the device does not."""

MEANING = {
    name: "MAC address" if "mac" in name else "prefix" if "prefix" in name else "ip address" for name in ADDRESSES
}

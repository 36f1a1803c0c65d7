"""The authority as a flat tree: every list entry and every leaf by its path. Pure.

A step of a path is the name of a container or leaf, or a tuple for an entry of a list: its name and its key or keys,
``("router", "spoke1")``. Flat, two trees compare as two dictionaries, and ownership by entry is a set of paths.

Facts of the wire (128technology/docs apis_rest, and public scripts): names are kebab-case when written; some releases
and GraphQL answer camelCase, so both are read.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import quote

from haplan.plugin import Tree, whole_in

Step = str | tuple[str, ...]
Path = tuple[Step, ...]
Flat = dict[Path, Any]
"""Path → value of a leaf, tuple of a leaf-list, or `HERE` for an entry."""


class _Here:
    def __repr__(self) -> str:
        return "HERE"


HERE: Final = _Here()
"""The value of an entry: it is there."""

AUTHORITY: Path = ("authority",)

KEYS: Mapping[str, tuple[str, ...]] = {
    "authority/router": ("name",),
    "authority/security": ("name",),
    "authority/service": ("name",),
    "authority/service-policy": ("name",),
    "authority/tenant": ("name",),
    "device-interface/network-interface": ("name",),
    "host-service/address-pool": ("start-address",),
    "network-interface/address": ("ip-address",),
    "network-interface/neighborhood": ("name",),
    "address/host-service": ("service-type",),
    "node/device-interface": ("name",),
    "ntp/server": ("ip-address",),
    "redundancy-group/member": ("node", "device-id"),
    "router/dns-config": ("mode",),
    "router/node": ("name",),
    "router/redundancy-group": ("name",),
    "router/service-route": ("name",),
    "service/access-policy": ("source",),
    "service/applies-to": ("type",),
    "service/transport": ("protocol",),
    "service-policy/vector": ("name",),
    "service-route/next-hop": ("node-name", "interface"),
    "transport/port-range": ("start-port",),
}  # fmt: skip
"""Keys of the lists that haplan writes, by parent and name. Any other list is carried along as it is."""
_HUMP = re.compile(r"([a-z0-9])([A-Z])")


@functools.lru_cache(10_000)
def kebab(name: str) -> str:
    """``device-interface`` for ``deviceInterface``, and for itself."""
    return _HUMP.sub(r"\1-\2", name).lower()


def kebabs(tree: Tree) -> Tree:
    """A JSON tree with its keys in kebab-case."""
    if isinstance(tree, dict):
        return {kebab(key): kebabs(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [kebabs(one) for one in tree]
    return tree


def is_generated(entry: Any) -> bool:
    """True for an object that the conductor made itself and makes again at each commit."""
    return isinstance(entry, dict) and str(entry.get("generated", "")).lower() == "true"


def name_of(step: Step) -> str:
    """The name of a step without its keys."""
    return step if isinstance(step, str) else step[0]


def is_entry(path: Path) -> bool:
    """True for an entry of a list."""
    return not isinstance(path[-1], str)


def parents(path: Path) -> Iterator[Path]:
    """The paths above, nearest first."""
    for end in range(len(path) - 1, 0, -1):
        yield path[:end]


def flat(tree: Mapping[str, Tree]) -> Flat:
    """A configuration as the conductor gives it, ``{"authority": {…}}``; what is generated is left out."""
    found: Flat = {}
    _flatten(tree.get("authority", tree), AUTHORITY, found)
    return found


def _flatten(tree: Mapping[str, Tree], at: Path, into: Flat) -> None:
    here = name_of(at[-1])
    for spelt, value in tree.items():
        name = kebab(spelt)
        if not isinstance(value, dict | list):  # most of a tree are leaves
            into[*at, name] = value
            continue
        keys = KEYS.get(f"{here}/{name}")
        if isinstance(value, dict) and keys is not None:
            value = [value]  # of a list of one, some write the one
        if isinstance(value, dict):
            _flatten(value, (*at, name), into)
        elif isinstance(value, list) and keys is not None and all(isinstance(one, dict) for one in value):
            for one in value:
                if not is_generated(one):
                    _flatten_entry(one, name, keys, at, into)
        else:
            into[*at, name] = tuple(kebabs(one) for one in value if not is_generated(one))


def _flatten_entry(entry: Mapping[str, Tree], name: str, keys: tuple[str, ...], at: Path, into: Flat) -> None:
    spelt = {kebab(key): key for key in entry}
    below = (*at, (name, *(str(entry[spelt[key]]) if key in spelt else "" for key in keys)))
    into[below] = HERE
    _flatten({leaf: entry[key] for leaf, key in spelt.items() if leaf not in keys}, below, into)


def nested(tree: Mapping[Path, Any], at: Path) -> dict[str, Tree]:
    """What stands below a path, as JSON to send; an entry with its keys."""
    return nested_all(tree, [at])[at]


def nested_all(tree: Mapping[Path, Any], roots: list[Path]) -> dict[Path, dict[str, Tree]]:
    """As `nested`, for many paths with one walk over the tree."""
    made: dict[Path, dict[str, Tree]] = {root: entry_keys(root) for root in roots}
    containers: dict[Path, dict[str, Tree] | None] = dict(made)

    def container(path: Path) -> dict[str, Tree] | None:
        if path in containers:
            return containers[path]
        above = container(path[:-1]) if len(path) > 1 else None
        if above is None:
            containers[path] = None
            return None
        fresh = entry_keys(path)
        if is_entry(path):
            above.setdefault(name_of(path[-1]), []).append(fresh)
        else:
            above[cast(str, path[-1])] = fresh
        containers[path] = fresh
        return fresh

    for path, value in tree.items():
        if value is HERE:
            container(path)
        elif (above := container(path[:-1])) is not None:
            above[cast(str, path[-1])] = list(value) if isinstance(value, tuple) else value
    return made


def entry_keys(path: Path) -> dict[str, Tree]:
    """The keys of the entry at a path as JSON has them; {} for a container."""
    step = path[-1]
    if isinstance(step, str):
        return {}
    keys = KEYS[f"{name_of(path[-2])}/{step[0]}"]
    return {key: _typed(key, value) for key, value in zip(keys, step[1:], strict=True)}


def _typed(key: str, value: str) -> str | int:
    number = whole_in(value) if key == "start-port" else None
    return value if number is None else number


def url(path: Path) -> str:
    """The path of a request below ``/config/candidate``; every key percent-encoded."""
    words: list[str] = []
    for step in path:
        words += [step] if isinstance(step, str) else [step[0], *(quote(key, safe="") for key in step[1:])]
    return "/" + "/".join(words)


def addressable(path: Path) -> bool:
    """True if a request can name it: how two keys of one entry share a segment is not documented."""
    return all(isinstance(step, str) or len(step) == 2 for step in path)


def words(path: Path) -> str:
    """A path for people: ``router spoke1 node node0``, without the authority around it."""
    return " ".join(word for step in path[1:] for word in ([step] if isinstance(step, str) else step))


def same(one: Any, other: Any) -> bool:
    """True if two values of a leaf mean the same: booleans and numbers may come as texts, leaf-lists are sets."""
    if type(one) is type(other) and one == other:
        return True
    if isinstance(one, tuple) != isinstance(other, tuple):  # a single value stands for a list of it
        one, other = (value if isinstance(value, tuple) else (value,) for value in (one, other))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return sorted(map(_meaning, one)) == sorted(map(_meaning, other))
    return _meaning(one) == _meaning(other) or _one_number(one, other)


def _one_number(one: Tree, other: Tree) -> bool:
    """True of 3 and "3.00": fractions come back with their digits. Two texts are what they say."""
    sides = (one, other)
    if any(isinstance(side, bool) for side in sides) or all(isinstance(side, str) for side in sides):
        return False
    found = [re.fullmatch(r"(-?[0-9]+)(?:\.([0-9]*?)0*)?", str(side)) for side in sides]
    return all(found) and len({(one[1], one[2] or "") for one in found if one}) == 1


def _meaning(value: Tree) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value in ("", None) or value == [None]:
        return ""
    text = str(value)
    return text.lower() if re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", text) else text

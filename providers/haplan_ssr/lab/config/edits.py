"""Edits of configuration: pure but for refusing. Every name and value is checked against the model as it comes in.

What a PATCH does with lists of values and with null is not documented; see `Settings`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from haplan.plugin import Tree
from haplan_ssr.lab.definition import Settings
from haplan_ssr.lab.http.wire import Refused
from haplan_ssr.model import Node, Type, release_of, text_of
from haplan_ssr.model.kinds import INTEGERS

Body = dict[str, Tree]
STRANGE = Node(name="", path="", kind="leaf")
"""What the model has no name for: it is there since the configuration was taken over, and stays as it is."""


@attrs.frozen
class Spot:
    """Where a path leads.

    Attributes:
        node: What the model says of it.
        key: Of the entry, or None: a container, or a list as a whole.
        text: The path, for messages.
    """

    node: Node
    key: str | None
    text: str

    @property
    def collection(self) -> bool:
        """True for a list as a whole."""
        return self.node.kind == "list" and self.key is None


def spots(authority: Node, segments: Sequence[str], settings: Settings) -> list[Spot]:
    """The spots on the way down from the authority; the last one is where the path leads.

    Raises:
        Refused: 404, there is no such path.
    """
    found: list[Spot] = []
    node, rest = authority, list(segments)
    while rest:
        name = rest.pop(0)
        child = node.children.get(name)
        text = "/".join(["authority", *segments[: len(segments) - len(rest)]])
        if child is None or child.kind in ("leaf", "leaf-list") or not available(child, settings):
            raise Refused(404, f"no such path: {text}")
        key = None
        if child.kind == "list" and rest:
            key = rest.pop(0)
            if len(child.keys) > 1 and settings.two_keys == "refuse":
                raise Refused(404, f"no such path: {text}: an entry with {len(child.keys)} keys")
        found.append(Spot(child, key, text if key is None else f"{text}/{key}"))
        node = child
    return found


def available(node: Node, settings: Settings) -> bool:
    """True if the conductor's release has this."""
    return node.since <= release_of(settings.version) <= node.until


def key_of(node: Node, entry: Mapping[str, Tree]) -> str:
    """The key of an entry as it stands in a path."""
    return ",".join(text_of(entry.get(key)) for key in node.keys)


def entry_of(node: Node, entries: Sequence[Body], key: str) -> Body | None:
    """The entry of that key."""
    return next((one for one in entries if key_of(node, one) == key), None)


def merge(node: Node, target: Body, patch: Any, settings: Settings, where: str) -> None:
    """Merge a body into a container or an entry, in place.

    Raises:
        Refused: 400, a name or value that the model does not have.
    """
    if not isinstance(patch, Mapping):
        raise Refused(400, f"{where}: must be an object")
    for name, value in patch.items():
        child = node.children.get(name)
        place = f"{where}/{name}"
        if child is None and node.open:
            target[name] = value
            continue
        if child is None or child.read_only or not available(child, settings):
            raise Refused(400, f"{place}: unknown element")
        if child.kind == "container":
            merge(child, target.setdefault(name, {}), value, settings, place)
        elif child.kind == "list":
            _merge_list(child, target.setdefault(name, []), value, settings, place)
        elif child.kind == "leaf-list" or (child.either and settings.service_route_vector == "leaf-list"):
            _merge_values(child, target, value, settings, place)
        else:
            _set_leaf(child, target, value, settings, place)


def new_entry(node: Node, body: Tree, settings: Settings, where: str) -> Body:
    """An entry from a body; mandatory leaves may be missing until validation, keys may not."""
    if not isinstance(body, Mapping):
        raise Refused(400, f"{where}: must be an object")
    for key in node.keys:
        if key not in body:
            raise Refused(400, f"{where}: {key} is missing: it is the key")
    made: Body = {}
    merge(node, made, body, settings, where)
    return made


def _merge_list(child: Node, entries: list[Body], value: Tree, settings: Settings, where: str) -> None:
    if not isinstance(value, list):
        raise Refused(400, f"{where}: must be a list")
    for one in value:
        fresh = new_entry(child, one, settings, where)
        old = entry_of(child, entries, key_of(child, fresh))
        if old is None:
            entries.append(fresh)
        else:
            merge(child, old, one, settings, f"{where}/{key_of(child, fresh)}")


def _merge_values(child: Node, target: Body, value: Tree, settings: Settings, where: str) -> None:
    if not isinstance(value, list):
        raise Refused(400, f"{where}: must be a list")
    kept = target.get(child.name, []) if settings.patch_leaf_list == "merge" else []
    target[child.name] = list(dict.fromkeys([*kept, *(_canonical(child, one, where) for one in value)]))


def _set_leaf(child: Node, target: Body, value: Tree, settings: Settings, where: str) -> None:
    assert child.type is not None
    if value is None and child.type.base != "empty" and settings.patch_null == "delete":
        target.pop(child.name, None)
    else:
        target[child.name] = _canonical(child, value, where)


def _canonical(child: Node, value: Tree, where: str) -> Tree:
    """A value in the spelling that it is read back in: booleans and numbers as such, MACs in lower case."""
    assert child.type is not None
    said = child.type.problem(value)
    if said:
        raise Refused(400, f"{where}: {said}")
    return canonical(child.type, value)


def canonical(kind: Type, value: Tree) -> Tree:
    """A value that fits its type, as JSON has it."""
    text = text_of(value)
    if kind.base == "union":
        return canonical(next(member for member in kind.members if not member.misfit(text)), value)
    if kind.base == "empty":
        return ""
    if kind.base == "boolean":
        return text == "true"
    if kind.base in INTEGERS:
        return int(text)
    if kind.base == "decimal64":
        return float(text)
    return text.lower() if re.fullmatch(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", text) else text


def shown(node: Node, data: Body, settings: Settings, *, defaults: bool = False) -> Body:
    """A container or entry as it is read."""
    out: Body = {}
    names = {**dict.fromkeys(data), **(dict.fromkeys(node.children) if defaults else {})}
    for name in names:
        child = node.children.get(name, STRANGE)
        value = _shown(child, data.get(name), name in data, settings, defaults)
        if value is not None:
            out[_camel(name) if settings.keys == "camel" else name] = value[0]
    return out


def _shown(child: Node, value: Tree, there: bool, settings: Settings, defaults: bool) -> tuple[Any] | None:
    """One child, or None where it is left out."""
    if child.kind == "container":
        below = shown(child, value or {}, settings, defaults=defaults) if there or defaults else {}
        return (below,) if below or there else None
    if child.kind == "list":
        return ([shown(child, one, settings, defaults=defaults) for one in value],) if value else None
    if not there:
        fits = defaults and child.default is not None and not child.when and available(child, settings)
        return (canonical(child.type, child.default),) if fits and child.type else None
    if child.type is not None and child.type.base == "empty":
        return ({"text": "", "null": None, "true": True, "list": [None]}[settings.empty_leaf],)
    return (value,)


def _camel(name: str) -> str:
    return re.sub(r"-([a-z0-9])", lambda found: found[1].upper(), name)

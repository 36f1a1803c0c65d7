"""Comparing by meaning and by ownership: what is wanted against what is there.

Ownership goes down to the entry: of a mapping only the keys that the stack declares, of each of them only what it
declares in turn; a list or a plain value is owned whole. Absent, ``None`` and an empty container are the same.

The order of `Entries` is compared too: of those that both sides have, and where both tell one. A backend that gives a
plain mapping tells none: there the order means nothing, or nobody can see it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from haplan.model.canonical import sorted_json
from haplan.model.entries import Entries, in_order, moved
from haplan.model.schema import Attribute, TypeInfo
from haplan.model.value import (
    ALIKE,
    PLAIN,
    SEQUENCES,
    Path,
    Ref,
    Secret,
    Text,
    Tree,
    Unknown,
    at_path,
    encode,
    hides,
    is_mapping,
    leaves,
    texts,
)

_MAPPINGS = (dict, Entries)
UNTOLD = Secret("")
"""Stands for what a backend tells where a secret is, when state knows of none there."""
Unordered = frozenset[str]
"""Names of the attributes that compare as sets."""


def unordered(attributes: Mapping[str, Attribute], values: Mapping[str, Tree]) -> Unordered:
    """Which attributes compare as sets, given the values that decide on it."""
    return frozenset(
        name
        for name, attribute in attributes.items()
        if attribute.unordered
        or (attribute.unordered_when and values.get(attribute.unordered_when[0]) == attribute.unordered_when[1])
    )


def is_empty(tree: Tree) -> bool:
    """True for what counts as not there."""
    if tree or type(tree) in PLAIN:
        return tree is None
    return is_mapping(tree) or isinstance(tree, SEQUENCES)


def owned(shape: Tree, live: Tree) -> Tree:
    """The part of `live` that `shape` declares."""
    if is_mapping(shape) and is_mapping(live):
        found = {
            key: live[key] if type(value) in PLAIN else owned(value, live[key])
            for key, value in shape.items()
            if key in live
        }
        return in_order(found, live, shape)
    return live


def ordered(tree: Tree, *told: Tree) -> Tree:
    """The tree, with an order where it has none and another one tells it of all that is there; the first that does.

    State of haplan 0.1.0 had no order: that of what runs is its, and where nobody tells one, none is made up.
    """
    if type(tree) in PLAIN or not is_mapping(tree):
        return tree
    others = [other for other in told if is_mapping(other)]
    found = {key: ordered(value, *(other.get(key) for other in others)) for key, value in tree.items()}
    return in_order(found, tree, *(other for other in others if all(key in other for key in tree)))


def same(wanted: Tree, live: Tree, as_set: bool = False) -> bool:
    """True if both mean the same; anything not known until apply differs."""
    if type(wanted) is type(live) and type(wanted) in PLAIN:
        return bool(wanted == live)
    if is_empty(wanted) and is_empty(live):
        return True
    if is_mapping(wanted) and is_mapping(live):
        entries = (one for key in {*wanted, *live} for one in _entry(wanted, live, key, frozenset(), (key,)))
        return not moved(wanted, live) and not any(True for _ in entries)
    if isinstance(wanted, SEQUENCES) and isinstance(live, SEQUENCES):
        if as_set:
            return sorted(map(_key, wanted)) == sorted(map(_key, live))
        return len(wanted) == len(live) and all(map(same, wanted, live))
    if isinstance(wanted, Ref | Text | Unknown):
        return False
    if isinstance(wanted, Secret) or isinstance(live, Secret):
        return _same_secret(wanted, live)
    return bool(wanted == live) and isinstance(wanted, bool) == isinstance(live, bool)


def _same_secret(wanted: Tree, live: Tree) -> bool:
    """By version where one is given, else by fingerprint; what could not be resolved is not compared."""
    if not isinstance(wanted, Secret) or not isinstance(live, Secret):
        return False
    if live == UNTOLD:  # wanted as it is there, whatever that is: by what is only taken into state
        return wanted == UNTOLD
    if wanted.version is not None or live.version is not None:
        return wanted.version == live.version
    return not wanted.fingerprint or wanted.fingerprint == live.fingerprint


def alike(one: Tree, other: Tree) -> bool:
    """True if two trees are the very same plain JSON: the quick answer for what has not changed.

    False says little: they may still mean the same, see `same`. Anything that is not plain is never alike.
    """
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in PLAIN:
        return bool(one == other)
    if kind is Entries and list(one) != list(other):
        return False
    if kind is dict or kind is Entries:
        return len(one) == len(other) and _within(one, other, alike)
    return kind is list and len(one) == len(other) and all(map(alike, one, other))


def holds(live: Tree, shape: Tree) -> bool:
    """True if `live` has everything that `shape` declares, in the very same plain JSON: `alike` for what is owned."""
    if type(shape) in _MAPPINGS and type(live) in _MAPPINGS:
        return not moved(shape, live) and _within(shape, live, _held_by)
    return alike(shape, live)


def _held_by(shape: Tree, live: Tree) -> bool:
    """As `holds`, the other way round."""
    return holds(live, shape)


def _within(one: Mapping[str, Tree], other: Mapping[str, Tree], deeper: Callable[[Tree, Tree], bool]) -> bool:
    """True if the other one has every entry: plain leaves the very same, and the rest as `deeper` says."""
    for key, value in one.items():
        if key not in other:
            return False
        there = other[key]
        if type(value) in PLAIN:  # no call for each: nearly all that a plan compares is that
            if type(there) is not type(value) or there != value:
                return False
        elif not deeper(value, there):
            return False
    return True


def differences(wanted: Tree, live: Tree, sets: Unordered = frozenset(), at: Path = ()) -> Iterator[Path]:
    """The paths at which two trees differ, as deep as mappings go; that of entries, if their order does."""
    if (
        type(wanted) not in PLAIN
        and (wanted or not at)
        and is_mapping(wanted)
        and (is_mapping(live) or (at and live is None))
    ):
        there = live or {}
        for key in [*wanted, *(key for key in there if key not in wanted)]:
            one, other = wanted.get(key), there.get(key)
            if type(one) in PLAIN and type(one) is type(other) and one == other:
                continue
            yield from _entry(wanted, there, key, sets, (*at, key))
        if moved(wanted, there):
            yield at
    elif not same(wanted, live, as_set=len(at) == 1 and at[0] in sets):
        yield at


def _entry(wanted: Mapping[str, Tree], live: Mapping[str, Tree], key: str, sets: Unordered, at: Path) -> Iterator[Path]:
    if len(at) > 1 and stands(wanted, key) != stands(live, key):
        yield at
    else:
        yield from differences(wanted.get(key), live.get(key), sets, at)


def stands(tree: Tree, key: str | int) -> bool:
    """True if an entry is there. Below the attributes an empty mapping is one: a node without further words."""
    return is_mapping(tree) and key in tree and (not is_empty(tree[key]) or is_mapping(tree[key]))


def stands_at(tree: Tree, path: Path) -> bool:
    """True if something is at a path: an attribute that is not empty, or an entry below one."""
    if len(path) == 1:
        return not is_empty(at_path(tree, path))
    return stands(at_path(tree, path[:-1]), path[-1])


def lost(recorded: Tree, wanted: Tree, at: Path = ()) -> Iterator[Path]:
    """Paths that were declared before and are declared no more: at the highest level that went."""
    if not is_mapping(recorded) or not is_mapping(wanted):
        return
    for key, value in recorded.items():
        if key not in wanted:
            yield (*at, key)
        elif type(value) not in PLAIN:
            yield from lost(value, wanted[key], (*at, key))


def without(tree: Tree, paths: tuple[Path, ...]) -> Tree:
    """The tree without what stands at these paths."""
    if not paths or not is_mapping(tree):
        return tree
    gone = {path[0] for path in paths if len(path) == 1}
    deeper = {key: tuple(path[1:] for path in paths if len(path) > 1 and path[0] == key) for key in tree}
    return in_order({key: without(value, deeper[key]) for key, value in tree.items() if key not in gone}, tree)


def without_secrets(tree: Tree) -> Tree:
    """The tree without its secrets: no backend tells them, so they are not compared with what is read."""
    if type(tree) not in PLAIN and is_mapping(tree):
        return in_order({key: without_secrets(value) for key, value in tree.items() if not _secret(value)}, tree)
    return tree


def _secret(tree: Tree) -> bool:
    """True for a secret, and for a list that has one in it: a list is compared whole."""
    if isinstance(tree, SEQUENCES):
        return any(isinstance(leaf, Secret) for _, leaf in leaves(tree))
    return isinstance(tree, Secret)


def with_secrets(live: Tree, shape: Tree, recorded: Tree) -> Tree:
    """What is live, with the secrets of the shape as recorded: whatever a backend tells of them is not shown, but the
    keyed fingerprint where a provider gives one."""
    if type(shape) in PLAIN:
        return live
    if isinstance(shape, Secret) and isinstance(live, Secret) and live.fingerprint:
        return _as_marked(live.fingerprint, shape, recorded)
    if isinstance(shape, Secret):
        return UNTOLD if recorded is None and live is not None else recorded
    if is_mapping(shape) and is_mapping(live):
        old = recorded if is_mapping(recorded) else {}
        keys = [key for key in shape if key in live or isinstance(shape[key], Secret)]
        found = {key: with_secrets(live.get(key), shape[key], old.get(key)) for key in keys}
        return in_order(found, live, shape)
    if isinstance(live, SEQUENCES) and isinstance(shape, SEQUENCES) and _secret(shape):
        return _list_with_secrets(live, shape, recorded)
    return _veiled(live, shape) if hides(shape) else live


def _as_marked(fingerprint: str, shape: Secret, recorded: Tree) -> Secret:
    """A secret that a provider has marked: of what is not in state, the stack's own if it is equal to that."""
    if isinstance(recorded, Secret):
        return recorded if fingerprint == ALIKE else attrs.evolve(recorded, fingerprint=fingerprint)
    equal = fingerprint in (ALIKE, shape.fingerprint)
    return shape if equal else attrs.evolve(UNTOLD, fingerprint=fingerprint)


def _list_with_secrets(live: Tree, shape: Tree, recorded: Tree) -> Tree:
    """Whatever order and number a backend tells them in: an entry that the shape has in plain is that, another stands
    for the next one with a secret, and what is left over may be a secret as well."""
    rest = recorded if isinstance(recorded, SEQUENCES) and len(recorded) == len(shape) else [None] * len(shape)
    plain = [entry for entry in shape if not hides(entry)]
    secret = [(entry, old) for entry, old in zip(shape, rest, strict=True) if hides(entry)]
    found = []
    for entry in live:
        if entry in plain:
            plain.remove(entry)
            found.append(entry)
        elif secret:
            found.append(_entry_with_secrets(entry, *secret.pop(0)))
        else:
            found.append(_veiled(entry, shape))
    return found


def _entry_with_secrets(live: Tree, shape: Tree, recorded: Tree) -> Tree:
    """An entry of a list is owned whole."""
    found = with_secrets(live, shape, recorded)
    if not (is_mapping(found) and is_mapping(live)):
        return found
    more = {key: _veiled(value, shape) for key, value in live.items() if key not in found}
    return {**more, **found} if more else found


def _veiled(live: Tree, shape: Tree) -> Tree:
    """What a backend tells where a secret is, but not as the stack has it: only texts of the stack's own are shown."""
    if is_mapping(live):
        return in_order({key: _veiled(value, shape) for key, value in live.items()}, live)
    if isinstance(live, SEQUENCES):
        return [_veiled(value, shape) for value in live]
    return live if not isinstance(live, str) or live in texts(shape) else UNTOLD


def ours(kind: TypeInfo, shape: Tree, live: Tree, *also: Tree) -> dict[str, Tree]:
    """The owned part of the values of a resource; of what it shares with others, what the shape or `also` names."""
    found = dict(owned(shape, live))
    for name in kind.shared:
        if isinstance(found.get(name), SEQUENCES):
            known = [one for side in (shape, *also) for one in side.get(name) or ()]
            found[name] = [one for one in found[name] if one in known]
    return found


def seen_as(shape: Tree, live: Tree, recorded: Tree, kind: TypeInfo, beside: Iterable[str] = ()) -> dict[str, Tree]:
    """The owned part of what is there; secrets, local attributes and those `beside` as recorded: no backend can tell
    them."""
    found = ours(kind, shape, live, recorded)
    for name in (*kind.local, *beside):
        found.pop(name, None)
        if name in recorded:
            found[name] = recorded[name]
    return dict(with_secrets(found, shape, recorded))


def merged(shape: Tree, more: Tree) -> Tree:
    """Two declarations as one shape: every key that either has."""
    if type(shape) not in PLAIN and is_mapping(shape) and is_mapping(more):
        found = {key: merged(shape.get(key, more.get(key)), more.get(key, shape.get(key))) for key in {**shape, **more}}
        return in_order(found, shape, more)
    return shape


def kept_in_order(wanted: list[str], live: list[str]) -> set[str]:
    """The names that need not move: a longest common subsequence. Names stand once in each list."""
    place = {name: index for index, name in enumerate(live)}
    common = [name for name in wanted if name in place]
    ends: list[int] = []
    back: dict[str, str] = {}
    tails: list[str] = []
    for name in common:
        at = bisect_left(ends, place[name])
        if at:
            back[name] = tails[at - 1]
        ends[at : at + 1], tails[at : at + 1] = [place[name]], [name]
    kept: set[str] = set()
    last = tails[-1] if tails else None
    while last is not None:
        kept.add(last)
        last = back.get(last)
    return kept


_written = sorted_json()


def _key(value: Tree) -> str:
    return _written(encode(value))

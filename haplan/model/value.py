"""Values: what attributes hold, from the stack to the plan file.

A value is a tree of plain JSON (``str``, ``int``, ``float``, ``bool``, ``None``, tuples or lists, mappings with
string keys) in which `Entries` are named and have an order, while a mapping has none, and whose leaves may also be:

* `Ref`: an attribute of a resource, known once that resource is there;
* `Text`: a string with references inside, from an f-string;
* `Secret`: where a secret comes from, never the secret;
* `Unknown`: a value that only the apply will tell.

In files each of them is a mapping with the key ``$haplan``, and so are entries, as a list of names and values; a
mapping that has this key by itself is wrapped in one.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeGuard

import attrs

from haplan.model.entries import Entries, in_order

Tree = Any
"""A tree as the module's text describes it. Python's type system has no recursive type that mypy and pyright both
narrow well through mappings and sequences, so the leaves are checked where values enter (`haplan.language.kinds`)."""

Path = tuple[str | int, ...]
TAG = "$haplan"
TEXT = "text:"
"""Source of a secret that is a text with secrets in it, as JSON."""
VARIABLE = "var"
"""Scheme of sensitive variables."""
OUTPUT = "output:"
"""Source of a secret that stands for what a sensitive output holds."""

PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of plain leaves. Asked first wherever trees are walked: most of a tree is that, and abstract classes are slow
to say that something is none of theirs."""
SEQUENCES = (list, tuple)


_MAPPINGS = (dict, Mapping)


def is_mapping(tree: Tree) -> TypeGuard[Mapping[Any, Tree]]:
    """True for a mapping; quick for a dict."""
    return isinstance(tree, _MAPPINGS)


@attrs.frozen
class Ref:
    """An attribute of a resource.

    Attributes:
        address: The resource.
        path: The attribute, and where needed the way down into it.
        derived: True when the attribute is worked out from the stack: known at plan, and no edge.
    """

    address: str
    path: Path
    derived: bool = False

    def __str__(self) -> str:
        return ".".join([self.address, *map(str, self.path)])


@attrs.frozen
class Text:
    """A string with references inside; `parts` alternate between plain text, `Ref` and `Secret`."""

    parts: "tuple[str | Ref | Secret, ...]"


@attrs.frozen
class Secret:
    """Where a secret comes from: ``env:NAME``, ``file:PATH``, ``command:…``; `version` decides on a change if given.

    `fingerprint` is the keyed hash of the secret, empty where it could not be resolved.
    """

    source: str
    version: str | None = None
    fingerprint: str = ""


@attrs.frozen
class Unknown:
    """A value that is known only after the apply; `because` names what it comes from."""

    because: str = ""


_LEAVES = frozenset({Ref, Text, Secret, Unknown})
"""What is surely no mapping: the question whether something is one takes long where the answer is no."""
ALIKE = "as in the stack"
"""In place of a fingerprint: where the state has no key yet, who has compared a secret itself says that it is equal."""


def fingerprint(key: bytes, secret: str) -> str:
    """What is kept of a secret: HMAC-SHA256 under the state's own key."""
    return "hmac-sha256:" + hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


def transform(tree: Tree, leaf: Callable[[Tree], Tree]) -> Tree:
    """The same tree with every leaf replaced that is not plain JSON; mappings and sequences are new."""
    kind = type(tree)
    if kind in PLAIN:
        return tree
    if kind in _LEAVES:
        return leaf(tree)
    if kind is dict:
        return {key: value if type(value) in PLAIN else transform(value, leaf) for key, value in tree.items()}
    if is_mapping(tree):
        found = {key: value if type(value) in PLAIN else transform(value, leaf) for key, value in tree.items()}
        return in_order(found, tree)
    if isinstance(tree, SEQUENCES):
        return [transform(value, leaf) for value in tree]
    return leaf(tree)


def by_name(tree: Tree) -> Tree:
    """The same tree with its mappings laid out by name, as files have them: nothing can be read from their order."""
    kind = type(tree)
    if kind in PLAIN or kind in _LEAVES:
        return tree
    if kind is dict:
        return {name: value if type(value := tree[name]) in PLAIN else by_name(value) for name in sorted(tree)}
    if is_mapping(tree):
        names = tree if type(tree) is Entries else sorted(tree)
        return in_order({name: by_name(tree[name]) for name in names}, tree)
    return [by_name(value) for value in tree] if isinstance(tree, SEQUENCES) else tree


def leaves(tree: Tree, at: Path = ()) -> Iterator[tuple[Path, Tree]]:
    """Every leaf with the way to it; an empty mapping or list is a leaf."""
    if type(tree) in PLAIN or not tree:
        yield at, tree
    elif is_mapping(tree):
        for key, value in tree.items():
            yield from leaves(value, (*at, key))
    elif isinstance(tree, SEQUENCES):
        for index, value in enumerate(tree):
            yield from leaves(value, (*at, index))
    else:
        yield at, tree


def texts(tree: Tree) -> Iterator[str]:
    """Every plain text in a tree, in order; keys are none."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if type(one) is str:
            yield one
        elif type(one) in PLAIN:
            continue
        elif is_mapping(one):
            waiting += list(one.values())[::-1]
        elif isinstance(one, SEQUENCES):
            waiting += one[::-1]


def special(tree: Tree) -> Iterator[Tree]:
    """The leaves that are not plain JSON, in order."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind in PLAIN:
            continue
        if kind is dict or (kind not in _LEAVES and is_mapping(one)):
            waiting += [value for value in one.values() if type(value) not in PLAIN][::-1]
        elif isinstance(one, SEQUENCES):
            waiting += one[::-1]
        else:
            yield one


def may_hide(tree: Tree) -> bool:
    """False if no secret is in a tree, neither as itself nor as files have it: the quick answer for what is plain."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind is dict or kind is Entries:
            if TAG in one:
                return True
            waiting += [value for value in one.values() if type(value) not in PLAIN]
        elif kind is list or kind is tuple:
            waiting += one
        elif kind not in PLAIN and kind is not Ref:
            return True
    return False


def at_path(tree: Tree, path: Path) -> Tree:
    """What stands at a path, or None where the way ends."""
    for step in path:
        if is_mapping(tree):
            tree = tree.get(step)
        elif isinstance(tree, SEQUENCES) and isinstance(step, int) and -len(tree) <= step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree


def references(tree: Tree) -> Iterator[Ref]:
    """Every reference in a tree, those inside texts included."""
    for leaf in special(tree):
        if isinstance(leaf, Ref):
            yield leaf
        elif isinstance(leaf, Text):
            yield from (part for part in leaf.parts if isinstance(part, Ref))


def resolve(tree: Tree, known: Callable[[Ref], Tree]) -> Tree:
    """The tree with each reference replaced by what `known` says of it: a value, or `Unknown`."""

    def leaf(value: Tree) -> Tree:
        if isinstance(value, Ref):
            return known(value)
        if isinstance(value, Text):
            return _joined(value, known)
        return value

    return transform(tree, leaf)


def _joined(text: Text, known: Callable[[Ref], Tree]) -> Tree:
    words: list[str | Secret] = []
    for part in text.parts:
        value = known(part) if isinstance(part, Ref) else part
        if isinstance(value, Unknown):
            return value
        words.append(value if isinstance(value, Secret) else str(value))
    return joined(words)


def joined(parts: Iterable[str | Secret]) -> str | Secret:
    """Texts and secrets as one text: a secret as soon as one of them is."""
    parts = list(parts)
    if all(isinstance(part, str) for part in parts):
        return "".join(map(str, parts))
    return Secret(TEXT + json.dumps([part if isinstance(part, str) else {"secret": part.source} for part in parts]))


def pieces(source: str) -> list[str | Secret]:
    """What `joined` put together: the texts and the secrets; of any other source the secret itself."""
    if not source.startswith(TEXT):
        return [Secret(source)]
    return [part if isinstance(part, str) else Secret(part["secret"]) for part in json.loads(source[len(TEXT) :])]


def of_variable(name: str, kind: str) -> str:
    """The source of a sensitive variable: ``var:NAME``, or ``var.bool:NAME`` for one that is no text."""
    return f"{VARIABLE}:{name}" if kind == "str" else f"{VARIABLE}.{kind}:{name}"


def variables(source: str) -> set[str]:
    """Names of the variables that a secret is made of."""
    if source.startswith(TEXT):
        return {name for part in pieces(source) if isinstance(part, Secret) for name in variables(part.source)}
    scheme, _, name = source.partition(":")
    return {name} if scheme.partition(".")[0] == VARIABLE else set()


def partly(tree: Tree, known: Mapping[str, Mapping[str, Tree]]) -> Tree:
    """The tree with each reference replaced whose value is known; the others stay."""
    return transform(tree, known_leaf(known))


def known_leaf(known: Mapping[str, Mapping[str, Tree]]) -> Callable[[Tree], Tree]:
    """What `partly` makes of a leaf."""

    def resolved(ref: Ref) -> Tree:
        found = at_path(known.get(ref.address), ref.path)
        return ref if found is None else found

    def leaf(value: Tree) -> Tree:
        if isinstance(value, Ref):
            return resolved(value)
        if isinstance(value, Text):
            parts = [resolved(part) if isinstance(part, Ref) else part for part in value.parts]
            parts = [part if isinstance(part, Ref | Secret) else str(part) for part in parts]
            return Text(tuple(parts)) if any(isinstance(part, Ref) for part in parts) else joined(parts)
        return value

    return leaf


def secrets(tree: Tree) -> Iterator[Secret]:
    """Every secret in a tree, those inside texts included."""
    for leaf in special(tree):
        for part in leaf.parts if isinstance(leaf, Text) else (leaf,):
            if isinstance(part, Secret):
                yield part


def hides(tree: Tree) -> bool:
    """True if a secret is in a tree, or in a text of it."""
    return any(True for _ in secrets(tree))


def hidden(tree: Tree, hide: Callable[[Tree], Secret]) -> Tree:
    """The tree with nothing of it in plain: values, keys and pieces of text are what `hide` makes of them.

    A mapping becomes a list of pairs, because a key may tell as much as what stands under it.
    """
    if is_mapping(tree):
        names = tree if type(tree) is Entries else sorted(tree)
        return [[hide(name), hidden(tree[name], hide)] for name in names]
    if isinstance(tree, SEQUENCES):
        return [hidden(value, hide) for value in tree]
    if isinstance(tree, Text):
        return Text(tuple(hide(part) if isinstance(part, str) else part for part in tree.parts))
    if isinstance(tree, Secret) and tree.source.startswith(TEXT):
        return joined(hide(part) if isinstance(part, str) else part for part in pieces(tree.source))
    return tree if isinstance(tree, Ref | Secret | Unknown) else hide(tree)


def sealed(tree: Tree, output: str, key: bytes) -> Tree:
    """A sensitive output as state keeps it: fingerprints, and no text of which a secret is a part."""

    def of_text(leaf: Tree) -> Tree:
        within = isinstance(leaf, Secret) and leaf.source.startswith(TEXT)
        return attrs.evolve(leaf, source=source) if within else leaf

    source = f"{OUTPUT}{output}"
    return hidden(transform(tree, of_text), lambda leaf: Secret(source, fingerprint=fingerprint(key, words(leaf))))


def words(leaf: Tree) -> str:
    """A plain leaf as the text that a fingerprint is taken of."""
    return leaf if isinstance(leaf, str) else json.dumps(leaf)


def is_known(tree: Tree) -> bool:
    """True if no leaf is `Unknown`."""
    return not any(isinstance(leaf, Unknown) for leaf in special(tree))


def encode(tree: Tree) -> Tree:
    """The tree as plain JSON, for files."""
    if type(tree) in PLAIN:
        return tree
    if type(tree) is Entries:
        return {TAG: "entries", "named": [[name, encode(value)] for name, value in tree.items()]}
    if is_mapping(tree):
        plain = {key: value if type(value) in PLAIN else encode(value) for key, value in tree.items()}
        return {TAG: "map", "value": plain} if TAG in tree else plain
    if isinstance(tree, SEQUENCES):
        return [encode(value) for value in tree]
    if isinstance(tree, Ref):
        derived = {"derived": True} if tree.derived else {}
        return {TAG: "ref", "address": tree.address, "path": list(tree.path), **derived}
    if isinstance(tree, Text):
        return {TAG: "text", "parts": [encode(part) for part in tree.parts]}
    if isinstance(tree, Secret):
        return {TAG: "secret", "source": tree.source, "version": tree.version, "fingerprint": tree.fingerprint}
    if isinstance(tree, Unknown):
        return {TAG: "unknown", "because": tree.because}
    return tree


def decode(tree: Tree) -> Tree:
    """The tree that `encode` wrote."""
    if type(tree) in PLAIN:
        return tree
    if is_mapping(tree):
        if TAG in tree:
            return _tagged(tree)
        return {key: value if type(value) in PLAIN else decode(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [decode(value) for value in tree]
    return tree


def _tagged(tree: Mapping[str, Tree]) -> Tree:
    match tree[TAG]:
        case "ref":
            return Ref(tree["address"], tuple(tree["path"]), tree.get("derived", False))
        case "text":
            return Text(tuple(decode(part) for part in tree["parts"]))
        case "secret":
            return Secret(tree["source"], tree["version"], tree["fingerprint"])
        case "unknown":
            return Unknown(tree["because"])
        case "entries":
            return Entries((name, decode(value)) for name, value in tree["named"])
        case "map":
            return {key: decode(value) for key, value in tree["value"].items()}
    return {key: decode(value) for key, value in tree.items()}


def whole_in(text: str) -> int | None:
    """The whole number that a text is: plain digits, and no more than any JSON reader takes; None of another text.

    Neither ``str.isdigit`` nor ``int`` is enough: the one takes ``²``, the other stops at 4,300 digits.
    """
    return int(text) if len(text) < 16 and text.isascii() and text.isdigit() else None


def kind_of(thing: object) -> str:
    """What a thing is, without saying what is in it: ``a list``, ``an int``, ``None``."""
    return "None" if thing is None else with_article(type(thing).__name__)


def with_article(name: str) -> str:
    """The name of a type as a sentence has it."""
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"

"""Frozen nouns and plain JSON, both ways: what a plan file holds, and what a state's document and recovery file hold.

The values of a plan's nouns are decoded, with references and secrets among them; those of a state's stay as they are
kept, since few of them are looked at.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from haplan.errors import StateError
from haplan.model import value as model
from haplan.model.document import Document
from haplan.model.entries import Entries
from haplan.model.value import Tree


def plain(thing: Tree) -> Tree:
    """Frozen nouns as plain JSON."""
    kind: Tree = type(thing)
    if kind in _SCALARS:
        return thing
    if kind in _SEQUENCES:
        return [plain(value) for value in thing]
    if kind is Document:
        return str(thing)
    if kind is Entries or (kind is not dict and not isinstance(thing, Mapping)):
        names = _fields(kind)
        if names is None:
            return thing.value if isinstance(thing, Enum) else thing
        if not names:
            return model.encode(thing)
        values = [(name, getattr(thing, name)) for name in names]
        return {name: value if type(value) in _SCALARS else plain(value) for name, value in values}
    found = {str(key): value if type(value) in _SCALARS else plain(value) for key, value in thing.items()}
    return {model.TAG: "map", "value": found} if model.TAG in found else found


_SCALARS = frozenset({str, int, float, bool, type(None)})
_SEQUENCES = frozenset({tuple, list, set, frozenset})


@lru_cache(1000)
def _fields(kind: Tree) -> tuple[str, ...] | None:
    """The fields of a noun; none for a leaf that `haplan.model.value` encodes, None for what is no noun."""
    if kind in (model.Ref, model.Text, model.Secret, model.Unknown, Entries):
        return ()
    return tuple(field.name for field in attrs.fields(kind)) if attrs.has(kind) else None


def noun(kind: Any, tree: Tree) -> Any:
    """A noun of a plan from plain JSON, with all that it holds.

    Raises:
        ValueError: A field is missing, unknown or of another kind; it says which.
    """
    return _reader(decoded=True).structure(tree, kind)


def revive(kind: Any, tree: Tree, where: str) -> Any:
    """A noun of a state from plain JSON, every field checked; its values stay as they are kept.

    Raises:
        StateError: As `noun`; `where` says in what.
    """
    try:
        return _reader(decoded=False).structure(tree, kind)
    except Unlike as wrong:
        raise StateError(str(wrong.under(where))) from None


class Unlike(ValueError):
    """What is not of its kind; the text says where in it.

    Threads: one; raised and caught in one reading.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._where, self._text = "", text

    def under(self, part: str) -> "Unlike":
        """The same, seen from further up."""
        between = "." if self._where and not self._where.startswith("[") else ""
        self._where = f"{part}{between}{self._where}"
        return self

    def __str__(self) -> str:
        return f"{self._where}: {self._text}" if self._where else self._text


Read = Callable[[Any], Any]
Of = Callable[[Any], Read]
"""Gives what reads plain JSON as a kind, which is what a field is annotated with."""


@lru_cache(2)
def _reader(*, decoded: bool) -> Any:
    """Reads plain JSON as any kind; nothing is bent into shape."""
    import cattrs

    reader = cattrs.Converter()

    def of(kind: Any) -> Read:
        hook = reader.get_structure_hook(kind)
        return lambda value: hook(value, kind)

    for fits, made in _SHAPES:
        reader.register_structure_hook_factory(fits, lambda kind, made=made: _hook(made(kind, of)))
    for leaf in (str, int, float, bool, type(None)):
        reader.register_structure_hook(leaf, _leaf)
    reader.register_structure_hook(Document, _document)
    reader.register_structure_hook_func(
        lambda kind: kind is Any, lambda value, _: model.decode(value) if decoded else value
    )
    return reader


def _hook(read: Read) -> Callable[[Any, Any], Any]:
    return lambda value, _: read(value)


def _refuse(value: Any) -> Any:
    raise Unlike(f"{value!r} is not allowed here")


def _each(items: Iterable[tuple[Any, Any]], read: Callable[[Any], Read], part: str = "{}") -> dict[Any, Any]:
    """Names and what is read of them; what is wrong is told with the name."""
    found, name = {}, None
    try:
        for name, item in items:
            found[name] = read(name)(item)
    except Unlike as wrong:
        raise wrong.under(part.format(name)) from None
    return found


def _document(text: Any, kind: Any) -> Document:
    return Document.parse(text) if isinstance(text, str) else _refuse(text)


def _leaf(value: Any, kind: Any) -> Any:
    return value if type(value) is kind or (kind is float and type(value) is int) else _refuse(value)


def _word(kind: Any, of: Of) -> Read:
    words = {one.value: one for one in kind}
    return lambda value: words[value] if isinstance(value, str) and value in words else _refuse(value)


def _one_of(kind: Any, of: Of) -> Read:
    return lambda value: value if value in get_args(kind) else _refuse(value)


def _either(kind: Any, of: Of) -> Read:
    readers = [of(one) for one in get_args(kind)]

    def read(value: Any) -> Any:
        found: list[Unlike] = []
        for one in readers:
            try:
                return one(value)
            except Unlike as wrong:
                found.append(wrong)
        raise found[0]

    return read


def _listed(kind: Any, of: Of) -> Read:
    """A tuple: of any number of one kind, or one of each."""
    given = get_args(kind)
    many = given[-1] is Ellipsis
    readers = [of(one) for one in given if one is not Ellipsis]

    def read(value: Any) -> Any:
        if not isinstance(value, list | tuple) or not (many or len(value) == len(readers)):
            return _refuse(value)
        return tuple(_each(enumerate(value), (lambda _: readers[0]) if many else readers.__getitem__, "[{}]").values())

    return read


def _mapping(kind: Any, of: Of) -> Read:
    one = of(get_args(kind)[1])

    def read(value: Any) -> Any:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            return _refuse(value)
        return _each(value.items(), lambda _: one)

    return read


def _noun(kind: Any, of: Of) -> Read:
    @cache  # made when one is first read: a noun may hold others of its kind
    def readers() -> Mapping[str, Read]:
        return {field.name: of(field.type) for field in attrs.fields(kind)}

    needed = [field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING]

    def read(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise Unlike(f"expected a mapping, found {type(value).__name__}")
        for name in value:
            if name not in readers():
                raise Unlike(f"unknown field {name!r}")
        for name in needed:
            if name not in value:
                raise Unlike(f"field {name!r} is missing")
        return kind(**_each(value.items(), readers().__getitem__))

    return read


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


_SHAPES: Sequence[tuple[Callable[[Any], bool], Callable[[Any, Of], Read]]] = (
    (attrs.has, _noun),
    (lambda kind: get_origin(kind) is Mapping, _mapping),
    (lambda kind: get_origin(kind) is tuple, _listed),
    (lambda kind: get_origin(kind) in (Union, UnionType), _either),
    (lambda kind: get_origin(kind) is Literal, _one_of),
    (_is_enum, _word),
)

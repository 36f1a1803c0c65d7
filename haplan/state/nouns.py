"""Frozen nouns and plain JSON, both ways: what a plan file holds, and what a state's document and recovery file hold.

The values of a plan's nouns are decoded, with references and secrets among them; those of a state's stay as they are
kept, since few of them are looked at.
"""

from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin

import attrs

from haplan.errors import StateError
from haplan.model import value as model
from haplan.model.document import Document
from haplan.model.entries import Entries
from haplan.model.value import Tree

T = TypeVar("T")


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


def noun(kind: type[T], tree: Tree) -> T:
    """A noun of a plan from plain JSON, with all that it holds; raises whatever is wrong with it."""
    found: T = _reader().structure(tree, kind)
    return found


@cache
def _reader() -> Any:
    import cattrs

    reader = cattrs.Converter(forbid_extra_keys=True)
    reader.register_structure_hook_func(lambda kind: kind is Any, lambda value, _: model.decode(value))
    reader.register_structure_hook(Document, lambda text, _: Document.parse(text))
    reader.register_structure_hook_func(
        lambda kind: kind == model.Path or kind == str | int,
        lambda value, _: tuple(value) if isinstance(value, list) else value,
    )
    return reader


def revive(cls: type[T], data: object, where: str) -> T:
    """A noun from plain JSON, every field checked.

    Raises:
        StateError: A field is missing, unknown or of another kind; `where` says in what.
    """
    if not isinstance(data, Mapping):
        raise StateError(f"{where}: expected a mapping, found {type(data).__name__}")
    fields = {field.name: field for field in attrs.fields(cls)}  # type: ignore[arg-type]  # only attrs classes come here
    for name in data:
        if name not in fields:
            raise StateError(f"{where}: unknown field {name!r}")
    for name, field in fields.items():
        if name not in data and field.default is attrs.NOTHING:
            raise StateError(f"{where}: field {name!r} is missing")
    return cls(**{name: cast(fields[name].type, value, f"{where}.{name}") for name, value in data.items()})


def cast(kind: Any, value: Tree, where: str) -> Tree:
    """The value of a field of that kind.

    Raises:
        StateError: It is of another kind.
    """
    origin = get_origin(kind) or kind
    if kind is Any:
        return value
    if origin is Literal:
        return expect(value in get_args(kind), value, where)
    if origin is tuple:
        expect(isinstance(value, list | tuple) and all(isinstance(item, str) for item in value), value, where)
        return tuple(value)
    if origin is Mapping:
        return expect(isinstance(value, Mapping), value, where)
    if kind is Document:
        return expect(isinstance(value, str), value, where)
    if kind is float:
        return expect(isinstance(value, int | float) and not isinstance(value, bool), value, where)
    if kind is int:
        return expect(isinstance(value, int) and not isinstance(value, bool), value, where)
    return expect(isinstance(value, kind), value, where)


def expect(right: bool, value: Tree, where: str) -> Tree:
    """The value, if it is right.

    Raises:
        StateError: It is not.
    """
    if not right:
        raise StateError(f"{where}: {value!r} is not allowed here")
    return value

"""Computed values: what only the backend can tell is of its kind, whoever tells it and when. Pure."""

from collections.abc import Iterator, Mapping

from haplan.model import value as model
from haplan.model.schema import TypeInfo
from haplan.model.value import Tree
from haplan.wall.shapes import Misfit

_KINDS: Mapping[str, type] = {"text": str, "integer": int, "bool": bool}
"""What a computed attribute of a kind holds; of other kinds anything, None included."""


def misgiven(kind: TypeInfo, values: Mapping[str, Tree]) -> Iterator[tuple[str, Misfit]]:
    """Computed values that are not of their kind, by attribute: None above all, which is no value at all."""
    for name in kind.computed:
        due, value = kind.attributes[name].kind, values.get(name)
        if name in values and not isinstance(value, model.Secret) and not _is_kind(due, value):
            yield name, Misfit("None" if value is None else type(value).__name__, due)


def _is_kind(due: str, value: Tree) -> bool:
    return due not in _KINDS or type(value) is _KINDS[due]

"""Values as plan JSON has them: secrets and sensitive ones masked, unknown ones left out and marked beside."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from haplan.model.entries import Entries
from haplan.model.value import PLAIN, Path, Ref, Secret, Text, Tree, Unknown, hides, is_mapping
from haplan.report.words import SENSITIVE, path

_GONE = object()


def is_unknown(leaf: Tree) -> bool:
    """True for a leaf that only the apply will tell."""
    return isinstance(leaf, Ref | Text | Unknown)


def is_secret(leaf: Tree) -> bool:
    """True for a leaf that is never shown."""
    return isinstance(leaf, Secret | Text) and hides(leaf)


def known(values: Mapping[str, Tree] | None, sensitive: Sequence[str] = ()) -> dict[str, Tree] | None:
    """The values without the unknown ones; None stays None."""
    if values is None:
        return None
    masked = {name: _mask(tree) if name in sensitive else tree for name, tree in values.items()}
    found = _known(masked)
    return found if isinstance(found, dict) else {}


def _known(tree: Tree) -> Tree:
    if type(tree) in PLAIN:
        return tree
    if is_mapping(tree):
        inner = {name: _known(value) for name, value in tree.items()}
        return {name: value for name, value in inner.items() if value is not _GONE}
    if isinstance(tree, list | tuple):
        return [None if value is _GONE else value for value in map(_known, tree)]
    if is_unknown(tree):
        return _GONE
    return SENSITIVE if is_secret(tree) else tree


def plain(tree: Tree) -> Tree:
    """One value on its own; None where it is unknown."""
    found = _known(tree)
    return None if found is _GONE else found


def marks(values: Mapping[str, Tree] | None, true_for: Callable[[Tree], bool], names: Iterable[str] = ()) -> Tree:
    """The same shape, True at the leaves that are meant (no plain one is); those in `names` are True as a whole."""
    found = {name: True if name in names else _marks(tree, true_for) for name, tree in (values or {}).items()}
    return {name: mark for name, mark in found.items() if mark is not False}


def _marks(tree: Tree, true_for: Callable[[Tree], bool]) -> Tree:
    if type(tree) in PLAIN:
        return False
    if is_mapping(tree):
        found = {name: _marks(value, true_for) for name, value in tree.items()}
        return {name: mark for name, mark in found.items() if mark is not False}
    if isinstance(tree, list | tuple):
        return [_marks(value, true_for) for value in tree]
    return true_for(tree)


def orders(values: Mapping[str, Tree] | None, sensitive: Sequence[str] = ()) -> dict[str, list[str]]:
    """The names of entries in their order, by path: what a reader of JSON that sorts keys would lose."""
    shown = {name: tree for name, tree in (values or {}).items() if name not in sensitive}
    return {path(at): names for at, names in _orders(shown, ())}


def _orders(tree: Tree, at: Path) -> Iterator[tuple[Path, list[str]]]:
    if isinstance(tree, Entries):
        yield at, list(tree)
    for name, value in tree.items() if is_mapping(tree) else ():
        if type(value) not in PLAIN:
            yield from _orders(value, (*at, name))


def _mask(tree: Tree) -> Tree:
    return tree if tree is None or is_unknown(tree) else Secret("")

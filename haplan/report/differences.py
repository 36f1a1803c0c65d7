"""What differs between two values, entry by entry: the rows under a change."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.model.entries import in_order, moved
from haplan.model.value import Path, Secret, Tree
from haplan.report import words


class Absent:
    """Stands where one side has nothing."""

    def __repr__(self) -> str:
        return "<absent>"


ABSENT = Absent()


@attrs.frozen
class Difference:
    """One entry that differs; a side is `ABSENT` where it has none.

    With `order`, the entries at the path stand in another order: the sides are their names.
    """

    path: Path
    before: Tree
    after: Tree
    order: bool = False

    @property
    def sign(self) -> str:
        """``+``, ``-`` or ``~``."""
        if self.before is ABSENT:
            return "+"
        return "-" if self.after is ABSENT else "~"

    def under(self, path: Path) -> bool:
        """True if this entry is at the path or below, or the path is below it."""
        shared = min(len(path), len(self.path))
        return path[:shared] == self.path[:shared]


def differences(
    before: Mapping[str, Tree] | None, after: Mapping[str, Tree] | None, sensitive: Sequence[str] = ()
) -> list[Difference]:
    """Every entry that differs, by name; sensitive attributes as a whole, masked."""
    before, after = before or {}, after or {}
    found: list[Difference] = []
    for name in sorted({*before, *after}):
        one, other = _side(before, name), _side(after, name)
        if same(one, other):
            continue
        if name in sensitive:
            found.append(Difference((name,), _mask(one), _mask(other)))
        else:
            found.extend(_compare(one, other, (name,)))
    return found


def same(before: Tree, after: Tree) -> bool:
    """True if nothing differs; lists and tuples count alike."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        alike = before.keys() == after.keys() and not moved(before, after)
        return alike and all(same(before[name], after[name]) for name in before)
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return len(before) == len(after) and all(map(same, before, after))
    return type(before) is type(after) and bool(before == after)


def _side(tree: Mapping[str, Tree], name: str) -> Tree:
    found = tree.get(name, ABSENT)
    return ABSENT if found is None else found


def _mask(side: Tree) -> Tree:
    return side if side is ABSENT else Secret("")


def _compare(before: Tree, after: Tree, at: Path) -> Iterator[Difference]:
    if same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in in_order(dict.fromkeys(sorted({*before, *after})), after, before):
            yield from _compare(_side(before, name), _side(after, name), (*at, name))
        if moved(before, after):
            one, other = ([name for name in side if name in before and name in after] for side in (before, after))
            yield Difference(at, one, other, order=True)
    elif _rows(before) and _rows(after) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _compare(one, other, (*at, index))
    else:
        yield Difference(at, before, after)


def _rows(tree: Tree) -> bool:
    return isinstance(tree, list | tuple) and bool(tree) and all(isinstance(row, Mapping) for row in tree)


def list_parts(before: Tree, after: Tree, most: int = 60) -> list[tuple[str, str]]:
    """For two long lists: (sign, entry) of what comes and goes; nothing where one line shows them well."""
    if not (isinstance(before, list | tuple) and isinstance(after, list | tuple)):
        return []
    one, other = [words.value(entry) for entry in before], [words.value(entry) for entry in after]
    if len(", ".join(one)) <= most and len(", ".join(other)) <= most:
        return []
    gone, new = [entry for entry in one if entry not in other], [entry for entry in other if entry not in one]
    return [("-", entry) for entry in gone] + [("+", entry) for entry in new]

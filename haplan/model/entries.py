"""Named entries: what has an order and is found by name.

Order that means something is kept in a list. Where each thing in the list has a name, and ownership, differences and
plans speak of it by that name, the list is `Entries`: a mapping to whoever looks something up, a list to whoever asks
what comes first. A plain mapping says nothing of order, however its keys happen to lie: files sort them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class Entries(Mapping[str, Any]):
    """A list of named entries. Equal to another one only in the same order; never equal to a plain mapping."""

    __slots__ = ("_named",)
    __hash__ = None  # type: ignore[assignment]  # what stands under the names may change, as in a dict

    def __init__(self, named: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        """Take the entries as they come.

        Raises:
            ValueError: A name stands there twice.
        """
        pairs = list(named.items() if isinstance(named, Mapping) else named)
        self._named: dict[str, Any] = dict(pairs)
        if len(self._named) != len(pairs):
            twice = next(name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at]))
            raise ValueError(f"two entries are called {twice!r}")

    def __getitem__(self, name: str) -> Any:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __contains__(self, name: object) -> bool:
        return name in self._named

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entries):
            return NotImplemented
        return list(self._named.items()) == list(other._named.items())

    def __repr__(self) -> str:
        return f"Entries({self._named!r})"


def in_order(found: Mapping[str, Any], *told: Any) -> Mapping[str, Any]:
    """What was found, in the order of the first tree that has one; what does not stand in that comes last.

    Whoever makes a new tree from an old one asks this, so that what had an order keeps it.
    """
    first = next((one for one in told if type(one) is Entries), None)
    if first is None:
        return found
    return Entries({**{name: found[name] for name in first if name in found}, **found})


def moved(one: Any, other: Any) -> bool:
    """True if two trees have an order, and what both have stands in another one."""
    if type(one) is not Entries or type(other) is not Entries:
        return False
    return [name for name in one if name in other] != [name for name in other if name in one]

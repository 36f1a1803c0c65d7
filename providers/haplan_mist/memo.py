"""What was worked out of whole lists, for as long as they are the same lists: who asks about one device of a thousand
does not look through all of them."""

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
NOTHING: Mapping[str, Any] = {}
"""A list that was not read: the same each time."""


class Memo:
    """Results by the function that gave them, with the lists that they were made of.

    Threads: any; two that ask at once may both work it out, and either result is as good.
    """

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[tuple[object, ...], Any]] = {}

    def of(self, make: Callable[P, T], *lists: P.args, **none: P.kwargs) -> T:
        """What a function makes of these lists, which never change: another state of one is another list."""
        before, found = self._kept.get(make, ((), None))
        if len(before) != len(lists) or any(one is not other for one, other in zip(before, lists, strict=True)):
            found = make(*lists, **none)
            self._kept[make] = (lists, found)
        made: T = found
        return made

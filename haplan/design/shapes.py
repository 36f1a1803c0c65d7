"""Hints where a list of blocks is written in another shape: one alone, a mapping, a generator, brackets too many."""

from collections.abc import Callable, Iterable, Mapping

from haplan.plugin import shown


def whole(value: object, fits: Callable[[object], bool]) -> str:
    """What to write instead of a value that is no list; "" where nothing is meant that would be taken."""
    if isinstance(value, str):
        parts = [part for part in value.replace(",", " ").split() if fits(part)]
        return f"; write a list: [{', '.join(map(shown, parts))}]" if parts else ""
    if fits(value):
        return "; write a list: […]"
    if isinstance(value, Mapping):
        keys = all(map(fits, value)) and not any(map(fits, value.values()))
        return _of("its keys", value, fits) if keys else _of("its values", value.values(), fits)
    if isinstance(value, Iterable) and not isinstance(value, type):
        return "; write a list: list(…)"
    return called(value)


def entry(value: object, fits: Callable[[object], bool]) -> str:
    """The same of an entry of a list that is none of those that belong there."""
    if isinstance(value, list | tuple) and value and all(map(fits, value)):
        return "; write its entries without brackets of their own: *[…]"
    return called(value)


def called(value: object) -> str:
    """Of a constructor that was not called."""
    name = getattr(value, "__name__", "")
    return f"; call it: {name}(…)" if callable(value) and name.isidentifier() else ""


def _of(words: str, values: Iterable[object], fits: Callable[[object], bool]) -> str:
    given = list(values)
    return f"; write a list of {words}" if given and all(map(fits, given)) else ""

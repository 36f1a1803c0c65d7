"""`lab.toml` into frozen values: every mistake is one line that names the key and what is allowed.

A table that no lab here knows belongs to another provider and is left alone. A file for several labs keeps each one's
tables under its provider's name: `[mist.settings]`, `[[ssr.fault]]`. What is of one alias alone stands under its key,
`["mist.west".settings]`, `[["mist.west".device]]`: an alias that has such tables goes by nothing else.
"""

import difflib
import tomllib
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import attrs

from haplan.plugin import Tree
from haplan.state import files

D = TypeVar("D")


def read_tables(path: Path, key: str, made_from: Callable[[Mapping[str, Tree]], D], keys: Sequence[str] = ()) -> D:
    """What `made_from` makes of a `lab.toml`, or of its table for one provider.

    Args:
        key: Of the provider: its name, or ``name.alias``.
        keys: All providers of the stack; empty where they are not known.

    Raises:
        ValueError: One line with file, key and what is allowed.
        OSError: It cannot be read.
    """
    try:
        data = tomllib.loads(files.read(path, files.LARGEST_TABLE).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    except RecursionError:
        raise ValueError(f"{path}: it is nested too deeply") from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        provider = key.partition(".")[0]
        for name in data if keys else ():
            if name.startswith(f"{provider}.") and name not in keys:
                raise ValueError(f"{name}: the stack has no such provider; there are {', '.join(sorted(keys))}")
        return made_from(data.get(key, data.get(provider, data)))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def settings_of(kind: type[D], data: Mapping[str, Tree]) -> D:
    """The table `[settings]`."""
    settings = data.get("settings", {})
    if not isinstance(settings, dict):
        raise ValueError("settings: must be a table [settings]")
    made: D = build(kind, settings, "settings")
    return made


def lists_of(kinds: Mapping[str, type[Any]], data: Mapping[str, Tree]) -> dict[str, tuple[Any, ...]]:
    """The lists of tables, by name."""
    _none_misspelt(data, [*kinds, "settings"])
    return {name: _tables(name, kind, data.get(name, [])) for name, kind in kinds.items()}


def refuse_twice(name: str, key: str, entries: Sequence[Tree]) -> None:
    """A ValueError where two tables of a list have the same key."""
    seen = [getattr(entry, key) for entry in entries]
    for index, value in enumerate(seen):
        if value in seen[:index]:
            raise ValueError(f"{name}[{index}].{key}: {value} is listed twice")


def build(kind: type[Any], values: Mapping[str, Tree], where: str) -> Any:
    """One value of `kind` from a table; every wrong key is told with the keys that are allowed."""
    fields = {field.name: field for field in attrs.fields(kind)}
    for key, value in values.items():
        if key not in fields:
            raise ValueError(f"{where}.{key}: unknown key; allowed are {', '.join(sorted(fields))}")
        _check_type(fields[key].type, value, f"{where}.{key}")
    missing = [name for name, field in fields.items() if field.default is attrs.NOTHING and name not in values]
    if missing:
        raise ValueError(f"{where}: missing key {missing[0]}; required are {', '.join(missing)}")
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _none_misspelt(data: Mapping[str, Tree], known: Iterable[str]) -> None:
    """A table of another name belongs to another provider, unless it is nearly one of ours."""
    for name in data:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
        if near and near[0] != name:
            written = f"[{near[0]}]" if near[0] == "settings" else f"[[{near[0]}]]"
            raise ValueError(f"{name}: no such table; did you mean {written}?")


def _tables(name: str, kind: type[Any], value: Tree) -> tuple[Any, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ValueError(f"{name}: must be a list of tables [[{name}]]")
    return tuple(build(kind, entry, f"{name}[{index}]") for index, entry in enumerate(value))


def _check_type(wanted: Any, value: Tree, where: str) -> None:
    if typing.get_origin(wanted) is Literal:
        _check_choice(typing.get_args(wanted), value, where)
        return
    choices = typing.get_args(wanted) or (wanted,)
    literals = [choice for choice in choices if typing.get_origin(choice) is Literal]
    if literals:
        _check_choice(typing.get_args(literals[0]), value, where)
    elif not any(_fits(choice, value) for choice in choices):
        names = " or ".join(getattr(choice, "__name__", str(choice)) for choice in choices if choice is not type(None))
        raise ValueError(f"{where}: must be {names}, not {value!r}")


def _check_choice(allowed: tuple[Any, ...], value: Tree, where: str) -> None:
    if value not in allowed:
        raise ValueError(f"{where}: must be one of {', '.join(map(repr, allowed))}, not {value!r}")


def _fits(kind: Any, value: Tree) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    origin = typing.get_origin(kind) or kind
    if origin is Mapping:
        return isinstance(value, dict)
    return isinstance(origin, type) and isinstance(value, origin)

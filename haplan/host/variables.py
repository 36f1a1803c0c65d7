"""Where the values of variables come from.

The first that has it wins: ``--var``, ``--var-file`` (the last one first), ``env/<environment>.toml``,
``HAPLAN_VAR_<name>``, the default, a question on a terminal.
"""

import os
import threading
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from haplan.errors import HaplanError
from haplan.language.record import close_words, nearest
from haplan.model.canonical import parse, sorted_json
from haplan.model.value import Tree
from haplan.state import files

KINDS: Mapping[str, type] = {kind.__name__: kind for kind in (str, int, float, bool, list, dict)}
"""What a variable may be, by name."""
Ask = Callable[[str, bool], str]
"""Asks a person for a value: (name, whether it is sensitive, so that it must not be seen) → the answer."""

Confirm = Callable[[str], bool]
"""Asks a person for a yes: a text of some lines → whether it was given."""


_written = sorted_json(ascii_only=False)


class Given(Protocol):
    """The options that name variables."""

    @property
    def environment(self) -> str: ...
    @property
    def variables(self) -> tuple[str, ...]: ...
    @property
    def variable_files(self) -> tuple[str, ...]: ...


class Variables:
    """Gives the values, and knows afterwards which of them nobody asked for.

    Threads: any, under one lock: a person is asked one thing at a time, and the same thing once.
    """

    def __init__(self, root: Path, options: Given, environ: Mapping[str, str], ask: Ask | None) -> None:
        self._root = root
        self._options = options
        self._environ = environ
        self._ask = ask
        self._lock = threading.RLock()
        self._values: dict[str, Tree] = {}

    def __call__(self, name: str, wanted: type, sensitive: bool, default: Any) -> tuple[Any, str]:
        """The value of a variable, and where it comes from.

        Raises:
            ValueError: There is none, or it is not of the wanted type.
        """
        with self._lock:
            value, source = self._find(name, default, sensitive)
            self._values[name] = _typed(value, wanted, source, sensitive)
            return self._values[name], source

    def words(self, name: str, kind: str) -> str:
        """The value of a sensitive variable as text: given before, or, for a plan file, asked for again.

        Raises:
            HaplanError: It is needed and not known, or not of its kind.
        """
        with self._lock:
            if name not in self._values:
                try:
                    self(name, KINDS.get(kind, str), True, None)
                except ValueError as error:
                    raise HaplanError(f"variable {name!r}: {error}") from None
            value = self._values[name]
        return value if isinstance(value, str) else _written(value)

    def needless(self, asked: Collection[str], decided: Mapping[str, Tree]) -> list[str]:
        """One line for each ``--var`` that a plan file has decided already.

        And for each ``--var-file`` that gives none of those it asks for again (the sensitive ones), or another value of
        what is `decided`.
        """
        words = "this plan has decided that; leave it out, or plan again"
        found = [f"--var {name}: {words}" for name in self._command_line if name not in asked]
        for source, values in self._files:
            other = sorted(
                name for name in values.keys() & decided.keys() - set(asked) if not _says(values[name], decided[name])
            )
            if other or not values.keys() & set(asked):
                found.append(f"{source}{': ' if other else ''}{', '.join(other)}: {words}")
        return found

    def unused(self, known: Mapping[str, Tree]) -> list[str]:
        """One line for each ``--var``, and each name in the environment's own file, that no variable has. A
        ``--var-file`` may be shared with other stacks."""
        return [
            f"{source} {name}: the stack has no such variable{nearest(name, known)}"
            for source, values in (("--var", self._command_line), *self._own)
            for name in values
            if name not in known
        ]

    def read_files(self) -> None:
        """Read the files now, also where no variable asks for what is in them.

        Raises:
            HaplanError: One is not there, or cannot be read.
        """
        with self._lock:
            _ = self._sources

    def _find(self, name: str, default: Any, sensitive: bool) -> tuple[Any, str]:
        for source, values in self._sources:
            if name in values:
                return values[name], source
        if f"HAPLAN_VAR_{name}" in self._environ:
            return self._environ[f"HAPLAN_VAR_{name}"], f"HAPLAN_VAR_{name}"
        if default is not None:
            return default, "default"
        if self._ask is not None:
            return self._ask(name, sensitive), "asked"
        raise ValueError(
            f"has no value; give --var {name}=…, HAPLAN_VAR_{name}, or a line in env/{self._options.environment}.toml"
        )

    @cached_property
    def _command_line(self) -> dict[str, str]:
        found = {}
        for text in self._options.variables:
            name, equals, value = text.partition("=")
            if not equals or not name:
                raise HaplanError(f"--var {text}: write --var name=value")
            found[name] = value
        return found

    @cached_property
    def _sources(self) -> list[tuple[str, Mapping[str, Tree]]]:
        return [("--var", self._command_line), *self._files, *self._own]

    @cached_property
    def _files(self) -> list[tuple[str, Mapping[str, Tree]]]:
        given = reversed(self._options.variable_files)
        return [(f"--var-file {name}", _read(Path(name), self._root)) for name in given]

    @cached_property
    def _own(self) -> list[tuple[str, Mapping[str, Tree]]]:
        own = self._root / "env" / f"{self._options.environment}.toml"
        return [(f"env/{own.name}", _read(own))] if own.is_file() else []


def _read(path: Path, root: Path | None = None) -> Mapping[str, Tree]:
    """The variables in a file; where it is not there, one beside the stack of that `root` may be meant."""
    try:
        text = files.read(path, files.LARGEST_TABLE).decode()
        found = parse(text) if path.suffix == ".json" else _toml(text)
    except OSError as error:
        meant = _meant(path, root) if root and isinstance(error, FileNotFoundError) else ""
        raise HaplanError(f"{path}: cannot read these variables: {error.strerror}{meant}") from None
    except ValueError as error:
        raise HaplanError(f"{path}: cannot read these variables: {error}") from None
    if not isinstance(found, dict):
        raise HaplanError(f"{path}: expected names with values")
    return found


def _meant(path: Path, root: Path) -> str:
    """The file that may be meant by one that is not there: as it would be given."""
    if (root / path).is_file():
        return f"; did you mean {os.path.relpath(root / path)!r}?"
    folders = (root / "env", path.parent)
    beside = {one.name: one for folder in folders for one in folder.glob("*") if one.suffix in (".toml", ".json")}
    name = next(iter(close_words(path.name, beside)), "")
    return f"; did you mean {os.path.relpath(beside[name])!r}?" if name else ""


def _typed(value: Tree, wanted: type, source: str, sensitive: bool) -> Tree:
    if isinstance(value, str) and wanted is not str:
        value = _from_text(value, wanted)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        shown = "a sensitive value" if sensitive else repr(value)
        raise ValueError(f"expected {wanted.__name__}, got {shown} from {source}")
    return value


def _says(value: Tree, decided: Tree) -> bool:
    """Whether a value, as it was written, is the one that was decided."""
    try:
        return bool(_typed(value, type(decided), "", True) == decided)
    except ValueError:
        return False


def _from_text(text: str, wanted: type) -> Tree:
    """Text from a command line or the environment: numbers, true and false, and JSON for lists and maps."""
    if wanted is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    try:
        return parse(text)
    except ValueError:
        return text


def _toml(text: str) -> dict[str, Tree]:
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None

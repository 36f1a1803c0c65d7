"""The blocks that are not resources, and what goes with them: provider, variable, output, module, lifecycle, rows, …"""

import csv
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Literal, ParamSpec, TypeVar, cast, overload

from haplan.language import conditions
from haplan.language.conditions import When
from haplan.language.kinds import Anything, fits
from haplan.language.record import Recording, current, here, mistake, nearest
from haplan.language.refs import Hidden, Ref, has_token
from haplan.language.resource import Resource
from haplan.language.taking import BROKEN, Taking, exact, shown
from haplan.model.left_alone import EVERY
from haplan.model.stack import Lifecycle, Limits, Output, ProviderBlock, Variable
from haplan.model.value import Secret, Tree, leaves, of_variable

ALIAS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
"""A provider's alias: it stands in names of folders and at the beginning of lines."""
P = ParamSpec("P")
T = TypeVar("T")


def helper(function: Callable[P, T]) -> Callable[P, T]:
    """Make a helper function of the language: a wrong call is a recorded mistake, and gives `BROKEN`."""
    signature = inspect.signature(function)
    keywords = [p.name for p in signature.parameters.values() if p.kind is not p.VAR_POSITIONAL]

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        current(f"{function.__name__}(…)")
        for name in [name for name in kwargs if name not in keywords]:
            mistake(f"{function.__name__}: unknown keyword {name!r}{nearest(name, keywords)}")
            del kwargs[name]
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            mistake(f"{function.__name__}: {error}")
            return cast(T, BROKEN)
        return function(*args, **kwargs)

    return checked


def provider(name: str, *, alias: str | None = None, **settings: Any) -> ProviderBlock:
    """Which backend serves the stack; its settings come from here or from the environment."""
    recording, location = current("provider(…)"), here()
    name, alias = str(exact(name)), exact(alias)
    if alias and not ALIAS.fullmatch(str(alias)):
        recording.mistake(f"provider {name!r}: letters, digits, - and _ make an alias, not {alias!r}", location)
    block = ProviderBlock(name, alias or "", {}, location)
    taking = Taking(recording=recording, subject=f"provider {block.key}", location=location)
    taken = {key: Anything().take(value, key, taking) for key, value in settings.items()}
    block = ProviderBlock(
        name, alias or "", {key: value for key, value in taken.items() if value is not BROKEN}, location
    )
    for one in taking.references:
        recording.mistake(
            f"provider {block.key!r}: a setting refers to {one.address}; settings are needed before anything is read: "
            "write the value itself", location,
        )  # fmt: skip
    first = recording.providers.get(block.key)
    if first is not None:
        recording.mistake(
            f"provider {block.key!r} is declared twice; first at {first.location}. Give one an alias", location
        )
    else:
        recording.providers[block.key] = block
    return block


@overload
def variable(name: str, *, description: str = ..., default: T, sensitive: bool = ...) -> T: ...
@overload
def variable(name: str, *, description: str = ..., type: type[T], sensitive: bool = ...) -> T: ...
@overload
def variable(name: str, *, description: str = ..., sensitive: bool = ...) -> str: ...
@helper
def variable(
    name: str, *, description: str = "", default: Any = None, type: Any = None, sensitive: bool = False
) -> Any:
    """A value from outside: ``--var``, ``--var-file``, ``env/<environment>.toml``, ``HAPLAN_VAR_<name>``, the default,
    or, on a terminal, a question. `type` is ``str``, ``int``, ``float``, ``bool``, ``list`` or ``dict``; by default the
    default's own."""
    recording, location = current("variable(…)"), here()
    wanted = type or (builtin_type(default) if default is not None else str)
    if name in recording.variables:
        recording.mistake(
            f"variable {name!r} is declared twice; first at {recording.variables[name].location.short}", location
        )
    try:
        value, source = recording.variable_value(name, wanted, sensitive, default)
    except ValueError as error:
        recording.mistake(f"variable {name!r}: {error}", location)
        return BROKEN
    if isinstance(value, str) and has_token(value):
        recording.mistake(f"variable {name!r}: its default cannot hold a reference", location)
        return BROKEN
    if odd := [leaf for _, leaf in leaves(value) if isinstance(leaf, int | float) and not fits(leaf)]:
        recording.mistake(f"variable {name!r}: {shown(odd[0])} does not fit into JSON; write it as text", location)
        return BROKEN
    recording.variables[name] = Variable(
        name=name, value=value, sensitive=sensitive, source=source, location=location, kind=wanted.__name__
    )
    return Hidden(of_variable(name, wanted.__name__)) if sensitive else value


def builtin_type(value: Tree) -> type:
    """The type of a default, as `variable` names it."""
    return next((cls for cls in (bool, int, float, str, list, dict) if isinstance(value, cls)), str)


@helper
def output(name: str, value: Tree, *, sensitive: bool = False) -> None:
    """A value to show after apply and to read with ``haplan output``; of a sensitive one state keeps a fingerprint."""
    recording, location, name = current("output(…)"), here(), exact(name)
    full = ".".join([*(f"module.{label}" for label in recording.modules), name])
    taking = Taking(recording=recording, subject=f"output {full}", location=location)
    taken = Anything().take(value, "", taking)
    first = recording.outputs.get(full)
    if has_token(name):
        taking.wrong("", "a name cannot hold a reference")
    elif first is not None:
        taking.wrong("", f"is declared twice; first at {first.location.short}")
    elif taken is not BROKEN:
        recording.outputs[full] = Output(full, taken, sensitive, location)


class module:  # noqa: N801  (reads as a statement: with module("store-042"):)
    """Puts the blocks of a ``with`` block under ``module.<label>``.

    Threads: one, the load's.
    """

    def __init__(self, label: str) -> None:
        self._recording = current("module(…)")
        self._label = exact(label)
        if not isinstance(label, str) or not label or has_token(label):
            self._recording.mistake(f"module: expected a label, got {shown(label)}")
            self._label = f"unnamed-{len(self._recording.modules)}"

    def __enter__(self) -> None:
        self._before = self._recording.modules
        self._recording.modules = (*self._before, self._label)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._recording.modules = self._before


@helper
def lifecycle(
    *,
    prevent_destroy: bool = False,
    ignore_changes: "Sequence[str] | Literal['all']" = (),
    leave: Sequence[str] = (),
    create_before_destroy: bool = False,
    timeouts: Mapping[str, int] | None = None,
    replace_triggered_by: Sequence[Resource | Ref[Any]] = (),
    precondition: When | Sequence[When] | None = None,
    postcondition: When | Sequence[When] | None = None,
) -> Lifecycle:
    """How the engine treats one resource; see `haplan.model.stack.Lifecycle` and `haplan.language.conditions`."""
    for name, value in (("prevent_destroy", prevent_destroy), ("create_before_destroy", create_before_destroy)):
        if not isinstance(value, bool):
            mistake(f"lifecycle: {name}: expected True or False, got {shown(value)}")
    given: Any = ignore_changes
    if given is all or given == [all]:
        mistake('lifecycle: ignore_changes: got the function all of Python; write ignore_changes="all"')
        return Lifecycle()
    ignored = [EVERY] if given == EVERY else given
    for name, words in (("ignore_changes", ignored), ("leave", leave)):
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
            mistake(f"lifecycle: {name}: expected a list of attribute names, got {shown(words)}")
            return Lifecycle()
    if timeouts is not None and not isinstance(timeouts, Mapping):
        mistake(f'lifecycle: timeouts: expected a map such as {{"create": 600}}, got {shown(timeouts)}')
        return Lifecycle()
    for step, seconds in (timeouts or {}).items():
        if not _whole(seconds, 1):
            mistake(f"lifecycle: timeouts[{step!r}]: expected seconds above 0, got {shown(seconds)}")
    return Lifecycle(
        prevent_destroy=prevent_destroy is True,
        ignore_changes=tuple(ignored),
        leave=tuple(leave),
        create_before_destroy=create_before_destroy is True,
        timeouts={exact(step): exact(seconds) for step, seconds in (timeouts or {}).items()},
        triggers=conditions.triggers(replace_triggered_by),
        precondition=conditions.given("precondition", precondition),
        postcondition=conditions.given("postcondition", postcondition),
    )


def _whole(value: Tree, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least and fits(value)


@helper
def limits(
    *,
    max_deletes: int | None = None,
    max_reboots: int | None = None,
    max_sites: int | None = None,
    max_commands: int | None = None,
) -> None:
    """What a plan may not exceed without a person's yes; guards ``--auto-approve``."""
    recording = current("limits(…)")
    given = {"max_deletes": max_deletes, "max_reboots": max_reboots, "max_sites": max_sites}
    given["max_commands"] = max_commands
    for name, value in given.items():
        if value is not None and (
            not isinstance(value, int) or isinstance(value, bool) or value < 0 or not fits(value)
        ):
            recording.mistake(f"limits: {name}: expected a number from 0, got {shown(value)}")
            given[name] = None
    recording.limits = Limits(**{name: exact(value) for name, value in given.items()})


@helper
def secret(source: str, *, version: str | None = None) -> Secret:
    """A secret by where it comes from: ``env:NAME``, ``file:PATH`` or ``command:…``. Never shown, never stored."""
    if not isinstance(source, str) or ":" not in source or has_token(source):
        mistake(f'secret: expected a source such as "env:NAME", got {shown(source)}')
        return Hidden("env:")
    if version is not None and (not isinstance(version, str) or has_token(version)):
        mistake(f'secret: version: expected text such as "2", got {shown(version)}')
        return Hidden(source)
    return Hidden(source, version)


class Row(dict[str, str]):
    """One row of a CSV file: text cells by column."""

    def __init__(self, cells: Mapping[str, str], place: str) -> None:
        super().__init__(cells)
        self.place = place

    def __missing__(self, column: str) -> str:
        mistake(f"{self.place} has no column {column!r}{nearest(column, self)}")
        return ""

    def group(self, prefix: str) -> dict[str, str]:
        """The columns that begin with a prefix, without it; blank cells left out."""
        return {
            key.removeprefix(prefix): value for key, value in self.items() if key.startswith(prefix) and value != ""
        }


def rows(path: str) -> Iterator[Row]:
    """The rows of a CSV file, relative to the calling file."""
    recording, location = current("rows(…)"), here()
    file = Path(_caller(recording)).parent / path
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        recording.mistake(f"rows: cannot read {path}: {reason}", location)
        return
    recording.inputs.add(file.resolve())
    reader = csv.DictReader(text.splitlines())
    before = recording.row
    try:
        for cells in reader:
            place = f"{Path(path).name}:{reader.line_num}"
            if None in cells or None in cells.values():
                recording.mistake(
                    f"{place}: {len(reader.fieldnames or [])} columns are named, this row has another number", location
                )
                continue
            recording.row = place
            yield Row(cells, place)
    finally:
        recording.row = before


def _caller(recording: Recording) -> str:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not recording.holds(frame):
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else os.getcwd()


__all__ = [
    "Resource",
    "Row",
    "helper",
    "lifecycle",
    "limits",
    "module",
    "output",
    "provider",
    "rows",
    "secret",
    "variable",
]

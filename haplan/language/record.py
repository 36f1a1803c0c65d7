"""The recording of one load: what was declared, where, and every mistake.

A constructor outside a load is an error. Constructors and helper functions never raise for a mistake of the author:
they record it with the place it was written at and go on, so that all mistakes are reported together.
"""

import difflib
import itertools
import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

from haplan.errors import HaplanError
from haplan.language.under_way import under_way
from haplan.model.address import Address
from haplan.model.stack import Import, Limits, Location, Move, Output, Promise, ProviderBlock, Removal, Variable
from haplan.model.value import Tree

PACKAGE = "_haplan_stack_"
"""How the names of the private packages begin, under which stacks and their neighbours are imported."""
UNSTEADY = "holds the name of a module of the stack, which is another one at each load; write out what it is to say"
_numbers = itertools.count(1)  # of the loads of this process: no two have one, in whatever threads


class Recording:
    """What one load has seen so far. The only mutable thing of the language; `load` turns it into a frozen stack.

    Threads: one, that which loads; a thread that a stack starts has no recording, and constructors say so there.

    Attributes:
        package: Name of the private package in which the stack and its neighbours are imported; no other load has it.
        wrong: The lines and addresses that the mistakes are about.
    """

    def __init__(
        self, root: Path, variable: Callable[[str, Any, bool, Any], Any], resources: Mapping[str, type]
    ) -> None:
        self.root = root
        self.package = f"{PACKAGE}{next(_numbers)}"
        self.variable_value = variable
        self.types = resources
        self.resources: dict[str, Tree] = {}
        self.providers: dict[str, ProviderBlock] = {}
        self.variables: dict[str, Variable] = {}
        self.outputs: dict[str, Output] = {}
        self.limits = Limits()
        self.moves: list[Move] = []
        self.imports: list[Import] = []
        self.removals: list[Removal] = []
        self.literals: dict[str, str] = {}
        self.promises: dict[str, Promise] = {}
        self.mistakes: list[str] = []
        self.wrong: set[str] = set()
        self.inputs: set[Path] = set()
        self.modules: tuple[str, ...] = ()
        self.module_places: dict[tuple[str, ...], Location] = {}
        self.row = ""
        self.refs: list[Any] = []
        self.bottom: FrameType | None = None

    def holds(self, frame: FrameType) -> bool:
        """True for a frame of the stack's code."""
        return str(frame.f_globals.get("__name__", "")).startswith(f"{self.package}.")

    def mistake(self, text: str, location: Location | None = None, about: str = "") -> None:
        """Record a mistake, at the line being carried out unless another is given; the same line only once.

        Args:
            about: The address that it is about, where it is about one.
        """
        place = str(location or here())
        line = f"{place}: {text}"
        self.wrong |= {place, about}
        if line not in self.mistakes:
            self.mistakes.append(line)


_current: ContextVar[Recording | None] = ContextVar("haplan_recording", default=None)


class recording:  # noqa: N801  (reads as a statement: with recording(…))
    """Makes a recording the current one for a ``with`` block.

    Threads: one, the load's.
    """

    def __init__(self, into: Recording) -> None:
        self._into = into

    def __enter__(self) -> Recording:
        under_way.add(self._into)
        self._token = _current.set(self._into)
        self._into.bottom = sys._getframe(1)
        return self._into

    def __exit__(self, *exc: object) -> None:
        self._into.bottom = None
        _current.reset(self._token)
        under_way.discard(self._into)


def current(what: str) -> Recording:
    """The recording of the load under way.

    Raises:
        HaplanError: There is none: a stack file was run by hand.
    """
    found = _current.get()
    if found is None:
        raise HaplanError(f"{what} outside a load; write it in a stack.py and run: haplan plan")
    return found


def mistake(text: str, location: Location | None = None) -> None:
    """Record a mistake of the author."""
    current("a mistake").mistake(text, location)


def promised(label: str, made: object) -> None:
    """Record what a stack asserts, at the line being carried out, under ``promise.<label>``."""
    into, location = current("promise(…)"), here()
    address = str(Address(module=into.modules, data=False, type="promise", owner="", label=label))
    first = into.promises.get(address)
    if first is not None:
        into.mistake(f"{address} is declared twice; first at {first.location.short}", location)
        return
    into.promises[address] = Promise(address=address, location=location, object=made)


def here() -> Location:
    """The line of the stack being carried out, with the calls that led there."""
    now = _current.get()
    if now is None:
        return placed((), Path())
    frames: list[tuple[str, int]] = []
    frame: FrameType | None = sys._getframe(1)
    inside = f"{now.package}."
    while frame is not now.bottom and frame is not None:
        if frame.f_globals.get("__name__", "").startswith(inside):
            frames.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return placed(tuple(frames), now.root, now.row)


@lru_cache(1024)  # a loop makes many blocks at one place
def placed(frames: tuple[tuple[str, int], ...], root: Path, row: str = "") -> Location:
    """A location from absolute frames: relative to the stack, or to the folder around it where neighbours take part."""
    base = root if all(_inside(file, root) for file, _ in frames) else root.parent
    named: list[tuple[str, int]] = []
    for file, line in frames:
        one = (_inside(file, base) or Path(file).name, line)
        if named[-1:] != [one]:  # a comprehension is a frame of its own on the same line
            named.append(one)
    if not named:
        return Location("stack.py", 0, (), row)
    return Location(named[0][0], named[0][1], tuple(named[1:]), row)


@lru_cache(10_000)  # of paths as text, no file is looked at; each constructor asks, for the same few files
def _inside(file: str, folder: Path) -> str:
    """The way to a file from a folder, or "" where it stands elsewhere."""
    path = Path(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else ""


MANY = 20
"""So many known words are listed where none is near."""


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the nearest known word, else what is known."""
    known = sorted(set(known))
    meant = close_to(word, known)
    if meant:
        return meant
    some = ", ".join(known[:MANY]) + (f" and {len(known) - MANY} more" if len(known) > MANY else "")
    return f"; there are: {some}" if known else ""


def close_to(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the nearest known word; "" where none is near."""
    return next((f"; did you mean {near!r}?" for near in close_words(word, known)), "")


def close_words(word: str, known: Iterable[str]) -> list[str]:
    """The nearest known word, whatever its capitals; none where none is near."""
    by_small = {one.casefold(): one for one in sorted(known)}
    return [by_small[near] for near in difflib.get_close_matches(word.casefold(), by_small, n=1, cutoff=0.6)]

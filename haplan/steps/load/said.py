"""What Python says of a stack that broke, as one line: where in the stack, what, and what may be meant."""

import builtins
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType, ModuleType

from haplan.language.record import Recording, close_to, close_words, nearest, placed

FACE = "haplan"
"""Has what every stack may import; what plugins bring stands in packages of their own."""


def line(error: BaseException, into: Recording, file: Path) -> str:
    """An exception of Python's own as one line; `file` is the stack's, which may not have come to its first line."""
    if isinstance(error, SyntaxError) and error.filename:
        place = placed(((error.filename, error.lineno or 0),), into.root)
        return f"{place}: syntax error: {error.msg}"
    steps = [(frame, number) for frame, number in traceback.walk_tb(error.__traceback__) if into.holds(frame)]
    if not steps:
        return f"{file.name}: cannot be read as Python: {_unread(error)}"
    place = placed(tuple((frame.f_code.co_filename, number) for frame, number in reversed(steps)), into.root)
    return f"{place}: {_words(error, steps[-1][0], into)}"


def _unread(error: BaseException) -> str:
    return str(error.strerror if isinstance(error, OSError) and error.strerror else error)


def _words(error: BaseException, frame: FrameType, into: Recording) -> str:
    inner = f"{into.package}."
    usual = f"{type(error).__name__}: {str(error).replace(inner, '')}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        if error.name.startswith(inner):
            return _no_neighbour(error.name.removeprefix(inner), into)
        return usual + _module_meant(error.name, into)
    wanted = re.match(r"cannot import name '(\w+)' from '", str(error)) if isinstance(error, ImportError) else None
    if wanted and isinstance(error, ImportError) and error.name:
        return f"no {wanted[1]!r} in {error.name.removeprefix(inner)}{_import_meant(wanted[1], error.name, into)}"
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError) and error.name:
        return usual + _name_meant(error.name, frame, into)
    if isinstance(error, AttributeError) and error.name:
        own = _public(dir(error.obj))
        return usual + (nearest(error.name, own) if own else "")
    return usual


def _public(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith(("_", "haplan_"))]


# --- Modules ----------------------------------------------------------------------------------------------------------


def _no_neighbour(name: str, into: Recording) -> str:
    """A module of the stack's own that is not there, such as ``modules.brnch``."""
    *parents, last = name.split(".")
    own = into.root.name.replace(".", "_") or "root"
    folder = into.root if parents[:1] == [own] else into.root.parent
    below = parents[1:] if folder is into.root else parents
    known = {*_modules_in(folder.joinpath(*below))} - ({"stack"} if folder is into.root else {own})
    before = "".join(f"{one}." for one in parents)
    near = next((before + one for one in close_words(last, known)), "")
    return f"no module {name!r} beside the stack{f'; did you mean {near!r}?' if near else ''}"


def _modules_in(folder: Path) -> list[str]:
    found = [one.stem for one in folder.glob("*.py")] + [one.name for one in folder.glob("*") if one.is_dir()]
    return [name for name in found if name.isidentifier() and not name.startswith("_")]


def _module_meant(name: str, into: Recording) -> str:
    for dots, folder in ((".", into.root), ("..", into.root.parent)):
        if name in _modules_in(folder):
            return f"; it stands beside the stack: write from {dots}{name} import …"
    parent, _, last = name.rpartition(".")
    if parent:
        below = [f"{parent}.{one}" for one in _submodules(sys.modules.get(parent))]
        faces = [face for face in _faces(into) if face.startswith(f"{parent}.")]
        return close_to(name, faces) or close_to(name, below)
    return close_to(name, {FACE, *sys.stdlib_module_names}) if last else ""


def _submodules(module: ModuleType | None) -> list[str]:
    return [one.name for one in pkgutil.iter_modules(getattr(module, "__path__", None) or [])] if module else []


# --- Names ------------------------------------------------------------------------------------------------------------


def _import_meant(name: str, module: str, into: Recording) -> str:
    """What may be meant by a name that is not in a module."""
    elsewhere = _brought(into)
    if name in elsewhere:
        return f"; write from {elsewhere[name]} import {name}"
    found = sys.modules.get(module)
    own = getattr(found, "__all__", None) or _public(dir(found)) if found else []
    path = [Path(str(one)) for one in getattr(found, "__path__", ())] if module.startswith(into.package) else []
    own = [*own, *(one for folder in path for one in _modules_in(folder))]
    close = close_to(name, own) or close_to(name, elsewhere)
    return close if close else nearest(name, own) if own else ""


def _name_meant(name: str, frame: FrameType | None, into: Recording) -> str:
    """What may be meant by a name that nobody defined: an import that is missing, or a name that is misspelt."""
    brought = _brought(into)
    if name in brought:
        return f"; write from {brought[name]} import {name}"
    here = {*frame.f_locals, *frame.f_globals} if frame else set()
    close = close_to(name, _public(here))
    if close:
        return close
    meant = close_to(name, [*brought, *_public(dir(builtins))])
    near = meant.partition("'")[2].partition("'")[0]
    return f"{meant.rstrip('?')}, from {brought[near]}?" if near in brought else meant


def _brought(into: Recording) -> dict[str, str]:
    """What a stack may import, and from where: by haplan itself, and by what is installed."""
    found: dict[str, str] = {}
    for face in reversed(_faces(into)):
        found |= dict.fromkeys(getattr(sys.modules[face], "__all__", ()), face)
    return found


def _faces(into: Recording) -> list[str]:
    """The packages that resource types stand in, as they are imported: the outermost that has the class."""
    return list(dict.fromkeys([FACE, *(face for cls in into.types.values() for face in _face(cls))]))


def _face(cls: type) -> Iterator[str]:
    parts = cls.__module__.split(".")
    for length in range(1, len(parts) + 1):
        module = sys.modules.get(".".join(parts[:length]))
        if getattr(module, cls.__name__, None) is cls:
            yield ".".join(parts[:length])
            return

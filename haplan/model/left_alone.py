"""What is left alone: paths whose difference from the estate changes nothing (``ignore_changes``), and paths that stay
as they are when their line leaves the stack (``leave``).

A path names an attribute and the way down into it: ``variables.VOICE``, ``variables."a.b"`` where a key has a dot. An
entry of a list is named by its place, ``paths.0``, or by itself, ``networks.guest``.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from haplan.model.compare import merged, owned
from haplan.model.entries import in_order
from haplan.model.value import SEQUENCES, Path, Tree, is_mapping, whole_in

EVERY = "all"
"""Stands for every attribute."""
BESIDE = ("name", "extra")
"""What every resource has beside its attributes."""
_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[^.]+')


def as_path(text: str) -> Path:
    """A path as it is written in a stack."""
    return tuple(map(_step, _STEP.findall(text)))


def _step(text: str) -> str:
    try:
        return str(json.loads(text)) if text.startswith('"') else text
    except ValueError:  # no attribute is called so, and a stack is told that
        return text


def ignored(names: Iterable[str], attributes: Iterable[str]) -> tuple[Path, ...]:
    """The paths of ``ignore_changes``; ``all`` is every attribute, the remote name and the vendor keys."""
    found = [*names]
    return tuple((name,) for name in (*attributes, *BESIDE)) if EVERY in found else tuple(map(as_path, found))


def as_there(wanted: Tree, declared: Tree, live: Tree, path: Path, *, left: bool = False) -> Tree:
    """What is wanted, with what is there at a path in its place: changed, added or absent.

    Args:
        declared: What a stack had before; with `wanted` it says what is ours.
        left: Only what is not wanted any more.
    """
    if isinstance(wanted, SEQUENCES):
        return _listed(list(wanted), _list(declared), _list(live), path, left=left)
    ours, before, there = _map(wanted), _map(declared), _map(live)
    step, rest = str(path[0]), path[1:]
    if (wanted is not None and not is_mapping(wanted)) or (step not in ours and step not in before):
        return wanted
    if rest:
        new = as_there(ours.get(step), before.get(step), there.get(step), rest, left=left)
    elif left and step in ours:
        return wanted
    else:
        shape = merged(ours.get(step, before.get(step)), before.get(step, ours.get(step)))
        new = owned(shape, there.get(step))
    kept = {key: value for key, value in {**ours, step: new}.items() if key != step or new is not None}
    return in_order(kept, wanted, live)


def _listed(wanted: list[Tree], declared: list[Tree], live: list[Tree], path: Path, *, left: bool) -> list[Tree]:
    """An entry that stands on both sides as it is there; one that was added or taken out as if nobody had."""
    step, rest = str(path[0]), path[1:]
    old, now, ours = (_place(side, step) for side in (declared, live, wanted))
    if whole_in(step) is not None and len(wanted) != len(declared):  # the others have moved up or down by it
        out = old is not None and declared[:old] + declared[old + 1 :] == wanted
        new = ours is not None and wanted[:ours] + wanted[ours + 1 :] == declared
        ours, now = (None, now) if out else (ours, None) if new else (ours, now)
    if ours is None:
        return wanted if now is None or old is None else [*wanted[:now], live[now], *wanted[now:]]
    if left:
        return wanted
    if now is None:
        return [*wanted[:ours], *wanted[ours + 1 :]]
    entry = as_there(wanted[ours], None, live[now], rest) if rest else live[now]
    return [*wanted[:ours], entry, *wanted[ours + 1 :]]


def _place(entries: Sequence[Tree], step: str) -> int | None:
    index = whole_in(step)
    if index is not None:
        return index if index < len(entries) else None
    named = (at for at, one in enumerate(entries) if step in (one, one.get("name") if is_mapping(one) else None))
    return next(named, None)


def _map(tree: Tree) -> Mapping[str, Tree]:
    return tree if is_mapping(tree) else {}


def _list(tree: Tree) -> list[Tree]:
    return list(tree) if isinstance(tree, SEQUENCES) else []

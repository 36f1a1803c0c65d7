"""From what is there to what is wanted: the requests that change the candidate. Pure.

There is no PUT and no way to remove a leaf in the endpoint table (128technology/docs apis_rest), and whether a PATCH
replaces or extends a list of values is not documented. So an entry is created by POST, deleted by DELETE, gets further
leaves by PATCH; whatever has to lose a leaf or a value is deleted and created again, which nobody sees before a commit.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import attrs

from haplan.plugin import Tree
from haplan_ssr.translate.tree import (
    AUTHORITY,
    HERE,
    Flat,
    Path,
    addressable,
    is_entry,
    name_of,
    nested_all,
    parents,
    same,
    url,
    words,
)

RANKS = ("security", "tenant", "service-class", "service-policy", "router", "service")
"""Creates go in this order, deletes backwards: errors then name the cause and not a consequence."""


@attrs.frozen
class Edit:
    """One request.

    Attributes:
        method: HTTP.
        path: What it is about, as a path of the tree.
        url: Below ``/config/candidate``.
        body: JSON, or None.
    """

    method: Literal["POST", "PATCH", "DELETE"]
    path: Path
    url: str
    body: Mapping[str, Tree] | None = None

    @property
    def text(self) -> str:
        """For people and logs."""
        return f"{ {'POST': 'create', 'PATCH': 'change', 'DELETE': 'delete'}[self.method] } {words(self.path)}"


def outcome(live: Flat, owned: Flat, wanted: Flat, found: Mapping[Path, Any]) -> Flat:
    """The authority as it is to be: what is wanted is there, what is owned and not wanted is gone, the rest stays.

    Args:
        live: As it is.
        owned: What haplan put there.
        wanted: What it wants there.
        found: What was there before haplan owned it; given back instead of removed.
    """
    made = {**live, **{path: value for path, value in wanted.items() if not stands(live, path, value)}}
    going = [path for path in owned if path not in wanted and path in live]
    gone = {path for path in going if is_entry(path) and path not in found}
    for path in going:
        if not is_entry(path):
            if path in found:
                made[path] = found[path]
            else:
                made.pop(path, None)
    if gone:
        made = {path: value for path, value in made.items() if path not in gone and not any_above(path, gone)}
    return made


def any_above(path: Path, among: Iterable[Path]) -> bool:
    """True if one of these paths is above."""
    return any(above in among for above in parents(path))


def stands(live: Flat, path: Path, value: Tree) -> bool:
    """True if this is at a path: an entry, a value; or nothing in an entry that is there, where it is the default."""
    if path in live:
        there = live[path]
        return value is HERE or (type(there) is type(value) and there == value) or same(there, value)
    return value is not HERE and path[:-1] in live and is_entry(path[:-1]) and _is_default(path, value)


def _is_default(path: Path, value: Tree) -> bool:
    default = _default("/".join(name_of(step) for step in path[1:]))
    return default is not None and not isinstance(value, tuple) and same(default, value)


@lru_cache(10_000)
def _default(path: str) -> str | None:
    """What holds at a path of the vendor's model where nothing is set; None where it does not say."""
    from haplan_ssr.model import model  # half a megabyte: only where something is not there

    try:
        return model().at(path).default
    except KeyError:
        return None


def moved(one: Flat, other: Flat) -> list[Path]:
    """The paths at which two trees differ."""
    changed = [path for path, value in other.items() if not stands(one, path, value)]
    return [*changed, *(path for path, value in one.items() if path not in other and not stands(other, path, value))]


def edits(live: Flat, wanted: Flat) -> list[Edit]:
    """The requests that make one tree of the other.

    Raises:
        ValueError: A leaf of the authority itself would have to go, for which there is no request.
    """
    changed = moved(live, wanted)
    if not changed:
        return []
    again = _rebuilt(live, wanted, changed)
    deleted = _topmost([*again, *(path for path in changed if path not in wanted and is_entry(path))])
    made = _topmost([*again, *(path for path in changed if path not in live and is_entry(path))])
    patched = _patched(live, wanted, changed, {*deleted, *made})
    bodies = nested_all(wanted, made)
    found = [Edit("DELETE", path, url(path)) for path in sorted(deleted, key=rank, reverse=True) if path in live]
    for path in sorted([*made, *patched], key=rank):
        if path in patched:
            found.append(Edit("PATCH", path, url(path), patched[path]))
        else:
            found.append(Edit("POST", path, f"{url(path[:-1])}/{name_of(path[-1])}", bodies[path]))
    return found


def rank(path: Path) -> tuple[int, str]:
    """The place of an edit among others."""
    kind = name_of(path[1]) if len(path) > 1 else ""
    return (RANKS.index(kind) if kind in RANKS else 0, repr(path))


def _rebuilt(live: Flat, wanted: Flat, changed: Iterable[Path]) -> list[Path]:
    """Entries that are deleted and made again: they lose a leaf or a value, or cannot be addressed from below."""
    found: dict[Path, None] = {}
    for path in changed:
        entry = next(_entries(path))
        if not _in_both(entry, live, wanted) or _by_itself(path, entry, live, wanted):
            continue
        above = next((one for one in (entry, *parents(entry)) if is_entry(one) and addressable(one)), None)
        if above is None:
            raise ValueError(f"{words(path)}: a conductor has no request that takes it out of the authority")
        found[above] = None
    return list(found)


def _in_both(entry: Path, live: Flat, wanted: Flat) -> bool:
    return entry == AUTHORITY or (entry in live and entry in wanted)


def _by_itself(path: Path, entry: Path, live: Flat, wanted: Flat) -> bool:
    """True if one request about this path alone does it, the entry around it being in both trees."""
    if is_entry(path):
        return addressable(path) if path not in wanted else addressable(entry)
    return path in wanted and addressable(entry) and not (path in live and _loses(live[path], wanted[path]))


def _loses(old: Any, new: Any) -> bool:
    return isinstance(old, tuple) and not set(map(str, old)) <= set(map(str, new if isinstance(new, tuple) else ()))


def _topmost(paths: Iterable[Path]) -> list[Path]:
    """The paths that are below none of the others."""
    among = set(paths)
    return [path for path in dict.fromkeys(paths) if not any_above(path, among)]


def _patched(live: Flat, wanted: Flat, changed: Iterable[Path], whole: set[Path]) -> dict[Path, dict[str, Tree]]:
    """Leaves that change in entries that stay."""
    found: dict[Path, dict[str, Tree]] = {}
    for path in changed:
        if is_entry(path) or path not in wanted or any_above(path, whole):
            continue
        entry = next(_entries(path))
        body = found.setdefault(entry, {})
        for step in path[len(entry) : -1]:
            body = body.setdefault(str(step), {})
        value = wanted[path]
        body[str(path[-1])] = list(value) if isinstance(value, tuple) else value
    return found


def _entries(path: Path) -> Iterator[Path]:
    yield from (above for above in parents(path) if is_entry(above))
    yield AUTHORITY

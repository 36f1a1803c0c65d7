"""What others have where a change puts something or takes something away: told by a plan, and looked at again before
the write, so that nothing goes that came there meanwhile. Pure.

A plan holds a mark of each, never its value: somebody's key may be among them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from haplan.design.resources import GOING
from haplan.plugin import Change, Stale, Task
from haplan_ssr.model import model
from haplan_ssr.private import text_of
from haplan_ssr.translate import Given, Translation
from haplan_ssr.translate.edits import any_above, stands
from haplan_ssr.translate.tree import HERE, Flat, Path, is_entry, name_of, parents, words

Marks = dict[Path, str]
"""Path → mark of what others have there."""


class Others:
    """What others have, by the resources of haplan that it is in the way of.

    Threads: any; nothing of it changes.

    Args:
        live: What runs.
        recorded, wanted: What haplan's resources gave, and are to give.
    """

    def __init__(self, live: Flat, recorded: Translation, wanted: Translation) -> None:
        self._live, self._recorded, self._wanted = live, recorded, wanted
        self._in_place: dict[str, list[Path]] = {}
        self._inside: dict[str, list[tuple[Path, Path]]] = {}
        for path, given in wanted.entries.items():
            if path in live and path not in recorded.entries:
                for address in _sources(given):
                    self._in_place.setdefault(address, []).append(path)
        for path in live:
            if path not in recorded.entries and path not in wanted.entries and live[path] != ():
                self._is_inside(path)

    def _is_inside(self, path: Path) -> None:
        for above in parents(path):
            given = self._recorded.entries.get(above)
            for address in _sources(given) if given is not None else ():
                self._inside.setdefault(address, []).append((path, above))

    def of(self, change: Change) -> tuple[Path, ...]:
        """What a change may set otherwise, or take away with what it is in."""
        going = change.action in GOING
        found = [] if going else self._in_place.get(change.address, [])
        left = (
            path
            for path, above in self._inside.get(change.address, ())
            if going or above not in self._wanted.entries
        )  # fmt: skip
        return tuple(dict.fromkeys([*found, *left]))

    def state(self, change: Change) -> str:
        """The marks of that, for a plan."""
        return json.dumps({text_of(path): mark(self._live, path) for path in sorted(self.of(change), key=repr)})

    def overwritten(self, change: Change) -> Iterator[str]:
        """A line for each value of theirs that a change sets otherwise."""
        for path in self.of(change):
            given = self._wanted.entries.get(path)
            if given is not None and not stands(self._live, path, given.value):
                then, now = (_shown(path, value) for value in (self._live[path], given.value))
                yield f"{words(path)}: {then} → {now}"


def refuse_new(task: Task, live: Flat, owned: Flat, wanted: Flat, before: Translation, kept: Iterable[Path]) -> None:
    """Refuse to set otherwise, or to take away, what others put there since the plan.

    Args:
        owned, wanted: What the transaction is about, as it is recorded and as it is to be.
        kept: What was there before haplan, as rows remember it.

    Raises:
        Stale: Naming it.
    """
    plans = [part.placement.state for part in task.parts]
    if not all(plans):  # a plan of a haplan that held none
        return
    known = {path: one for text in plans for path, one in json.loads(text).items()}
    address = task.parts[0].change.address
    for path in _at_stake(live, owned, wanted, before, frozenset(kept)):
        if known.get(text_of(path)) != mark(live, path):
            said = _clash(path, wanted)
            raise Stale(f"{address}: {words(path)} {said}; plan again")


def _clash(path: Path, wanted: Flat) -> str:
    if path not in wanted:
        return "came to the conductor since the plan, which takes it away with what it is in"
    what = "made on the conductor since the plan, which makes it too"
    return f"was {what}" if is_entry(path) else "was set on the conductor since the plan, which sets it otherwise"


def _at_stake(live: Flat, owned: Flat, wanted: Flat, before: Translation, kept: frozenset[Path]) -> Iterator[Path]:
    """What of others a transaction sets otherwise, makes anew over what they have in it, or takes away."""
    coming = [path for path in wanted if path in live and path not in before.entries and path not in kept]
    yield from (path for path in coming if not stands(live, path, wanted[path]))
    came = {path for path in coming if is_entry(path)}
    gone = {path for path in owned if is_entry(path) and path in live and path not in wanted and path not in kept}
    for path in live if came or gone else ():
        if path not in before.entries and path not in wanted and live[path] != ():
            yield from (above for above in parents(path) if above in came)
            if any_above(path, gone):
                yield path


def mark(live: Mapping[Path, Any], path: Path) -> str:
    """A mark of a value; of a secret only that it is there."""
    value = live[path]
    if value is HERE or _is_secret("/".join(name_of(step) for step in path[1:])):
        return "there"
    told = sorted(map(str, value)) if isinstance(value, tuple) else str(value)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:8]


def _shown(path: Path, value: Any) -> str:
    if _is_secret("/".join(name_of(step) for step in path[1:])):
        return "(sensitive)"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@lru_cache(10_000)
def _is_secret(path: str) -> bool:
    try:
        return model().at(path).secret
    except KeyError:
        return False


def _sources(given: Given) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source.address for source in given.sources))

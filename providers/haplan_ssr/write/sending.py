"""How edits get into the candidate: many in one call where the conductor has the edit door, else side by side.

The door came with release 6.3 (128technology/docs cc_fips_6.3.0_rest_graphql_apis): a list of edits, each with path,
type and value. Only the type `merge` is described there, so what has to go is deleted one by one first. A conductor
that refuses the door gets the same edits one by one, whose errors name the resource.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice

import attrs

from haplan.kit.calls import ApiError, Lost
from haplan.plugin import Tree
from haplan_ssr.estate import Estate
from haplan_ssr.translate.edits import Edit, rank
from haplan_ssr.translate.tree import Path, entry_keys, name_of

DOOR = (6, 3)
"""The first release with the edit door."""
BATCH = 100
"""Entries of the authority in one call through the door."""
AT_ONCE = 8
"""Edits under way at once where each is a call of its own; those of one entry stay in their order."""


@attrs.frozen(kw_only=True)
class Sender:
    """What edits are sent with.

    Attributes:
        estate: The conductor.
        title: What an edit is told by.
        progress: Takes a line for people.
        undo: Leaves the candidate as it was found.
    """

    estate: Estate
    title: Callable[[Edit], str]
    progress: Callable[[str], None]
    undo: Callable[[], object]


def calls_for(made: Sequence[Edit], release: tuple[int, ...]) -> int:
    """How many calls edits take on a conductor of a release, where it takes them all."""
    coming = [edit for edit in made if edit.method != "DELETE"]
    many = len(coming) > 1 and release >= DOOR
    return len(made) - len(coming) + (len(list(batches(coming))) if many else len(coming))


def send(made: Sequence[Edit], sender: Sender) -> None:
    """Put edits into the candidate.

    Raises:
        ApiError: The conductor refuses one; `Lost` if that cannot be told.
    """
    going = [edit for edit in made if edit.method == "DELETE"]
    coming = [edit for edit in made if edit.method != "DELETE"]
    _one_by_one(going, sender, len(made))
    if len(coming) > 1 and sender.estate.release >= DOOR:
        try:
            _through_the_door(coming, sender)
            return
        except Lost:
            raise
        except ApiError as error:
            if error.status not in (
                404,
                405,
            ):  # it has one, and did not like what came: which of it, is told one by one
                sender.undo()
                coming = [*made]
    _one_by_one(coming, sender, len(made))


# --- Many in one call -------------------------------------------------------------------------------------------------


def _through_the_door(made: Sequence[Edit], sender: Sender) -> None:
    done = 0
    for batch in batches(made):
        done += len(batch)
        sender.progress(f"{done} of {len(made)} edits, {len(batch)} in one call")
        sender.estate.client.merge(merged(batch), f"{sender.title(batch[0])} and {len(batch) - 1} more edits")


def batches(made: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Edits as they go through the door together: those of so many entries of the authority."""
    entries = iter([list(group) for _, group in groupby(made, key=lambda edit: edit.path[:2])])
    while batch := [edit for group in islice(entries, BATCH) for edit in group]:
        yield batch


def merged(made: Iterable[Edit]) -> dict[str, Tree]:
    """Entries that are made and leaves that are set as one tree, ``{"authority": {…}}``, to be merged."""
    root: dict[str, Tree] = {}
    known: dict[Path, dict[str, Tree]] = {(): root}
    for edit in made:
        for end in range(1, len(edit.path) + 1):
            if edit.path[:end] not in known:
                known[edit.path[:end]] = _placed(edit.path[:end], known[edit.path[: end - 1]])
        _merge(known[edit.path], edit.body or {})
    return root


def _placed(path: Path, above: dict[str, Tree]) -> dict[str, Tree]:
    step = path[-1]
    if isinstance(step, str):
        found: dict[str, Tree] = above.setdefault(step, {})
        return found
    fresh = entry_keys(path)
    above.setdefault(name_of(step), []).append(fresh)
    return fresh


def _merge(place: dict[str, Tree], body: Mapping[str, Tree]) -> None:
    for name, value in body.items():
        if isinstance(value, dict) and isinstance(place.get(name), dict):
            _merge(place[name], value)
        else:
            place[name] = value


# --- Each by itself ---------------------------------------------------------------------------------------------------


def _one_by_one(made: Sequence[Edit], sender: Sender, total: int) -> None:
    """Edits of one kind side by side, those of one entry one after the other, the kinds in their order."""
    done = 0
    for _, kind in groupby(made, key=lambda edit: rank(edit.path)[0]):
        entries = [list(group) for _, group in groupby(kind, key=lambda edit: edit.path[:2])]
        done += sum(map(len, entries))
        sender.progress(f"{done} of {total} edits: {entries[0][0].text}")
        if len(entries) == 1:
            _in_order(entries[0], sender)
            continue
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = [pool.submit(_in_order, entry, sender) for entry in entries]
            try:
                for one in waiting:
                    one.result()
            finally:
                for one in waiting:
                    one.cancel()


def _in_order(made: Sequence[Edit], sender: Sender) -> None:
    for edit in made:
        sender.estate.client.edit(edit.method, edit.url, edit.body, f"{sender.title(edit)}: {edit.text}")

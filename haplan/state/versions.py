"""The rules of row versions and of history. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.errors import Stale, StateError
from haplan.model.state import OrderRow, Row, State

Key = tuple[str, str]
"""Address and mark of deposed."""


def refuse_moved(address: str, read: int, stored: int, run: str) -> None:
    """Refuse a row that was at serial `read` and is at `stored` now (0: gone), written by `run` ("": unknown).

    Raises:
        Stale: Always.
    """
    by = f" by run {run}" if run else ""
    now = f"was written{by} at serial {stored}" if stored else "is no longer in the state"
    raise Stale(f"{address}: its row {now}, this run read it at serial {read}; make a new plan")


def refuse_unkept(serial: int, oldest: int, latest: int) -> None:
    """Refuse a serial whose history is not there.

    Raises:
        StateError: There is no such serial, or its history was pruned.
    """
    if not oldest <= serial <= latest:
        kept = f"kept are {oldest} to {latest}" if latest else "nothing was recorded yet"
        raise StateError(f"the state has no record of serial {serial}; {kept}")


def numbered(rows: Sequence[Row], stored: Mapping[Key, int], last: int, serial: int) -> tuple[list[Row], int]:
    """Rows as a run of that serial writes them, each with its number of creation; and the last number given.

    One that is stored keeps its number; one that moves to another key brings its own along.
    """
    made = []
    for row in rows:
        number = stored.get((row.address, row.deposed), row.seq) or last + 1
        last = max(last, number)
        made.append(attrs.evolve(row, serial=serial, seq=number))
    return made, last


def rows_to_push(state: State, stored: State) -> tuple[list[Key], list[Row]]:
    """Keys of rows that go and rows that are written, when `state` takes the place of `stored`."""
    gone = [key for key in stored.rows if key not in state.rows]
    return gone, [row for key, row in state.rows.items() if stored.rows.get(key) != row]


def orders_to_push(state: State, stored: State) -> list[OrderRow]:
    """The same for orders: one that goes has no names."""
    gone = [OrderRow(*key, ()) for key in stored.orders if key not in state.orders]
    return gone + [row for key, row in state.orders.items() if stored.orders.get(key) != row]


def moved(before: Mapping[Key, Row], after: Mapping[Key, Row], *, by_name: bool = False) -> dict[Key, Key]:
    """Key before → key after, of what is the same object under another address.

    An object is told by its id; with `by_name` also by its name, where that stands once on either side: a backend has
    one object of a type and name. What lives in another is told by its owner too, under the address that this has then.
    """
    gone = [row for key, row in before.items() if key not in after]
    new = [row for key, row in after.items() if key not in before]
    found: dict[Key, Key] = {}
    for owned in (False, True):
        owners = {old: now for (old, _), (now, _) in found.items()}
        for field in ("id", "name") if by_name else ("id",):
            left = _alone(gone, field, owners, owned, set(found))
            there = _alone(new, field, {}, owned, set(found.values()))
            found |= {left[one]: there[one] for one in left if one in there}
    return found


def _alone(
    rows: Iterable[Row], field: str, owners: Mapping[str, str], owned: bool, taken: set[Key]
) -> dict[tuple[str, ...], Key]:
    """Rows that are the only ones of their identity."""
    found: dict[tuple[str, ...], list[Key]] = {}
    for row in rows:
        key, word = (row.address, row.deposed), str(getattr(row, field))
        if word and bool(row.owner) == owned and key not in taken:
            identity = (row.provider_key, row.type, word, owners.get(row.owner, row.owner), row.deposed)
            found.setdefault(identity, []).append(key)
    return {identity: keys[0] for identity, keys in found.items() if len(keys) == 1}

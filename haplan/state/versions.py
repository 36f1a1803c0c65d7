"""The rules of row versions and of history. Pure functions."""

from collections.abc import Mapping, Sequence

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

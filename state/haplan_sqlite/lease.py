"""The lock: one row that says who may write, until when, and by which fencing token.

Functions of an open transaction. The token grows with every taking and never goes back, so a writer that slept
through its lease is told from the one that took over, however long it slept.
"""

import os
import sqlite3
from datetime import UTC, datetime

import attrs

from haplan.errors import Locked
from haplan.model.state import Holder

HEARTBEAT = 15.0
"""Seconds between renewals (design, section 5): four chances before the lease ends."""

LEASE = 60.0
"""Seconds a lease lasts after it was taken or renewed (design, section 5)."""


def holder(db: sqlite3.Connection) -> Holder | None:
    """Who holds the lock, its lease run out or not."""
    columns = 'id, who, "where", pid, what, since, until, token'
    record = db.execute(f"SELECT {columns} FROM lock").fetchone()
    return Holder(*record) if record and record[0] else None


def take(db: sqlite3.Connection, wanted: Holder, now: float, *, takeover: bool) -> Holder:
    """Take the lock.

    Raises:
        Locked: Somebody else has it.
    """
    there = holder(db)
    if there is not None and not (takeover and is_gone(there, wanted.where, now)):
        raise Locked(_refusal(there, now))
    (token,) = db.execute("SELECT token FROM lock").fetchone()
    taken = attrs.evolve(wanted, since=now, until=now + LEASE, token=token + 1)
    _write(db, taken)
    return taken


def renew(db: sqlite3.Connection, mine: Holder | None, now: float) -> Holder:
    """Extend the lease. One that ran out is extended too, if nobody took it.

    Raises:
        Locked: It was lost.
    """
    extended = attrs.evolve(fence(db, mine, now), until=now + LEASE)
    _write(db, extended)
    return extended


def release(db: sqlite3.Connection, holder_id: str) -> Holder | None:
    """Give the lock back, or take it from the holder of that id."""
    there = holder(db)
    if there is None or there.id != holder_id:
        return None
    _write(db, Holder(id="", who="", where="", pid=0, what="", since=0.0, until=0.0, token=there.token))
    return there


def fence(db: sqlite3.Connection, mine: Holder | None, now: float) -> Holder:
    """Ours, as it stands. The token alone decides: while nobody took over, a late write hurts nobody.

    Raises:
        Locked: The lock is not, or no longer, ours.
    """
    there = holder(db)
    if mine is not None and there is not None and (there.id, there.token) == (mine.id, mine.token):
        return there
    if there is not None:
        raise Locked(_refusal(there, now))
    raise Locked("the lock of the state is not held: it was never taken, or `haplan unlock` took it; start again")


def is_gone(there: Holder, here: str, now: float) -> bool:
    """True if the lease has run out, or the process is dead. That can be told on its own host only."""
    return there.until <= now or (there.where == here and not _alive(there.pid))


def _alive(pid: int) -> bool:
    if pid <= 0 or os.name == "nt":  # 0 is a process group; on Windows signal 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _refusal(there: Holder, now: float) -> str:
    since = datetime.fromtimestamp(there.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    left = there.until - now
    lease = f"its lease lasts {left:.0f} s more" if left > 0 else f"its lease ran out {-left:.0f} s ago"
    return (
        f"the state is locked by {there.who} on {there.where} (pid {there.pid}) for {there.what} since {since}, "
        f"{lease}; wait, or, if that run is surely dead, `haplan unlock {there.id}`"
    )


def _write(db: sqlite3.Connection, holder: Holder) -> None:
    db.execute(
        'UPDATE lock SET token = ?, id = ?, who = ?, "where" = ?, pid = ?, what = ?, since = ?, until = ?',
        [holder.token, holder.id, holder.who, holder.where, holder.pid, holder.what, holder.since, holder.until],
    )

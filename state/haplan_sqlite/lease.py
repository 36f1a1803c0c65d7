"""The lock's table: one row for ever. Functions of an open transaction; `haplan.state.lease` has the rules."""

import sqlite3

from haplan.plugin import (
    Holder,
    codec,
    lease,
)


def holder(db: sqlite3.Connection) -> Holder | None:
    """Who holds the lock, its lease run out or not."""
    there = _there(db)
    return there if there.id else None


def take(db: sqlite3.Connection, wanted: Holder, now: float, *, takeover: bool) -> Holder:
    """Take the lock.

    Raises:
        Locked: Somebody else has it.
    """
    return _write(db, lease.taken(_there(db), wanted, now, takeover=takeover))


def renew(db: sqlite3.Connection, mine: Holder | None, now: float) -> Holder:
    """Extend the lease.

    Raises:
        Locked: It was lost.
    """
    return _write(db, lease.renewed(_there(db), mine, now))


def release(db: sqlite3.Connection, holder_id: str) -> Holder | None:
    """Give the lock back, or take it from the holder of that id."""
    there = _there(db)
    if not there.id or there.id != holder_id:
        return None
    _write(db, lease.freed(there))
    return there


def fence(db: sqlite3.Connection, mine: Holder | None, now: float) -> None:
    """Make sure that the lock is ours.

    Raises:
        Locked: It is not, or no longer.
    """
    lease.fenced(_there(db), mine, now)


def _there(db: sqlite3.Connection) -> Holder:
    return codec.holder(db.execute(f"SELECT {codec.quoted(codec.HOLDER)} FROM lock").fetchone())


def _write(db: sqlite3.Connection, holder: Holder) -> Holder:
    db.execute(
        'UPDATE lock SET token = ?, id = ?, who = ?, "where" = ?, pid = ?, what = ?, since = ?, until = ?',
        [holder.token, holder.id, holder.who, holder.where, holder.pid, holder.what, holder.since, holder.until],
    )
    return holder

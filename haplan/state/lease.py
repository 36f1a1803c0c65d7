"""The rules of the lock: one holder, until when, and by which fencing token. Values in, values out; backends keep them.

The token grows with every taking and never goes back, so a writer that slept through its lease is told from the one
that took over, however long it slept.
"""

import os
from datetime import UTC, datetime

import attrs

from haplan.errors import Locked
from haplan.model.state import Holder

HEARTBEAT = 15.0
"""Seconds between renewals: four chances before the lease ends."""

LEASE = 60.0
"""Seconds a lease lasts after it was taken or renewed."""

NOBODY = Holder(id="", who="", where="", pid=0, what="", since=0.0, until=0.0)
"""What stands in the place of a holder while the lock is free; its token goes on counting."""


def taken(there: Holder, wanted: Holder, now: float, *, takeover: bool) -> Holder:
    """The holder to put in the place of the one that is there.

    Raises:
        Locked: Somebody else has it.
    """
    if there.id and not (takeover and is_gone(there, wanted.where, now)):
        raise _refusal(there, now)
    return attrs.evolve(wanted, since=now, until=now + LEASE, token=there.token + 1)


def renewed(there: Holder, mine: Holder | None, now: float) -> Holder:
    """Ours with a longer lease. One that ran out is extended too, if nobody took it.

    Raises:
        Locked: It was lost.
    """
    return attrs.evolve(fenced(there, mine, now), until=now + LEASE)


def fenced(there: Holder, mine: Holder | None, now: float) -> Holder:
    """Ours, as it stands. The token alone decides: while nobody took over, a late write hurts nobody.

    Raises:
        Locked: The lock is not, or no longer, ours.
    """
    if mine is not None and there.id and (there.id, there.token) == (mine.id, mine.token):
        return there
    if there.id:
        raise _refusal(there, now)
    raise Locked("the lock of the state is not held: it was never taken, or `haplan unlock` took it; start again")


def freed(there: Holder) -> Holder:
    """What stands there once the lock is given back."""
    return attrs.evolve(NOBODY, token=there.token)


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


def _refusal(there: Holder, now: float) -> Locked:
    since = datetime.fromtimestamp(there.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    left = there.until - now
    lease = f"its lease lasts {left:.0f} s more" if left > 0 else f"its lease ran out {-left:.0f} s ago"
    who = f"{there.who} on {there.where} (pid {there.pid})"
    return Locked(
        f"the state is locked by {who} for {there.what} since {since}, {lease}",
        f"wait, or, if that run is surely dead, `haplan unlock {there.id}`",
    )

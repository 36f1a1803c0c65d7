"""The lock of a session's state: waited for, held for a block, given back."""

import contextlib
import math
import os
import pwd
import secrets
import socket
import threading
import time
from collections.abc import Iterator

import attrs

from haplan.errors import HaplanError, Interrupted, Locked
from haplan.host.session import Session
from haplan.model.event import Event
from haplan.model.state import Holder
from haplan.state.lease import LEASE, is_gone


def who() -> str:
    """user@host, for people to read."""
    name = next((found for word in ("LOGNAME", "USER", "LNAME", "USERNAME") if (found := os.environ.get(word))), "")
    try:
        name = name or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


@attrs.frozen
class Held:
    """The lock of a state, held.

    Attributes:
        holder: Who holds it.
        told: What was told on the way to it, such as that it was taken over: before a run had its record.
    """

    holder: Holder
    told: tuple[Event, ...]


@contextlib.contextmanager
def locked(session: Session, what: str, stop: threading.Event | None = None) -> Iterator[Held]:
    """Hold the lock for a ``with`` block; `what` says for what, for people who find it held.

    Raises:
        Locked: Somebody else holds it, longer than ``--lock-timeout``.
        Interrupted: `stop` was set before it was had.
    """
    now = session.wall.now()
    wanted = Holder(
        id=secrets.token_hex(4),
        who=who(),
        where=socket.gethostname(),
        pid=os.getpid(),
        what=what,
        since=now,
        until=now + LEASE,
    )
    told: list[Event] = []
    with session.observed_by([lambda event: told.append(event)]):
        holder = _wait(session, wanted, stop or threading.Event())
    try:
        if copy := session.backend.migrated:
            session.tell("note", f"the state of an older haplan was migrated; a copy of it is {copy}")
        yield Held(holder, tuple(told))
    finally:
        _give_back(session, holder)


def is_dead(session: Session, holder: Holder) -> bool:
    """True if the run that has the lock is dead, or its lease ran out: whoever comes next takes the lock over."""
    return is_gone(holder, socket.gethostname(), session.backend.now())


def end_of(session: Session, holder: Holder) -> str:
    """What can be said of a run that `is_dead`: on this machine that it is, elsewhere that it was not heard of."""
    surely = is_gone(attrs.evolve(holder, until=math.inf), socket.gethostname(), session.backend.now())
    return f"{words(holder)} {'is dead' if surely else 'let its lease run out'}"


def words(holder: Holder) -> str:
    """Whose run it is, for people."""
    return f"the run of {holder.who} on {holder.where} (pid {holder.pid}, {holder.what})"


def _give_back(session: Session, holder: Holder) -> None:
    try:
        session.backend.unlock(holder.id)
    except HaplanError as error:  # it must not stand in the place of what went wrong before
        session.tell("warning", f"{error}; it is free again when its lease has run out")


def _wait(session: Session, wanted: Holder, stop: threading.Event) -> Holder:
    timeout = session.options.lock_timeout
    until, told = time.monotonic() + timeout, False
    while not stop.is_set():
        try:
            before = session.backend.holder()
            taken = session.backend.lock(wanted)
            if before is not None and taken.token == before.token + 1 and is_dead(session, before):
                session.tell("warning", f"{end_of(session, before)}: its lock {before.id} was taken over")
            return taken
        except Locked as error:
            if time.monotonic() >= until:
                raise
            if not told:
                waiting = f"waiting for the lock: {error.said}"
                session.tell("phase", waiting, data={"expected_seconds": timeout})
            told = True
            stop.wait(0.2)
    raise Interrupted("interrupted: nothing was begun")

"""The lock of a session's state: waited for, held for a block, given back."""

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator

from haplan.errors import HaplanError, Interrupted, Locked
from haplan.host.provenance import who
from haplan.host.session import Session
from haplan.model.state import Holder
from haplan.state.lease import LEASE


@contextlib.contextmanager
def locked(session: Session, what: str, stop: threading.Event | None = None) -> Iterator[Holder]:
    """Hold the lock for a ``with`` block; `what` says for what, for people who find it held.

    Raises:
        Locked: Somebody else holds it, longer than ``--lock-timeout``.
        Interrupted: `stop` was set before it was had.
    """
    now = session.wall.now()
    wanted = Holder(secrets.token_hex(4), who(), socket.gethostname(), os.getpid(), what, now, now + LEASE)
    holder = _wait(session, wanted, stop or threading.Event())
    try:
        if session.backend.migrated:
            copy = session.backend.migrated
            session.tell("note", f"the state of an older haplan was migrated; a copy of it is {copy}")
        yield holder
    finally:
        _give_back(session, holder)


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
            return session.backend.lock(wanted)
        except Locked as error:
            if time.monotonic() >= until:
                raise
            if not told:
                waiting = f"waiting for the lock: {error.said}"
                session.tell("phase", waiting, data={"expected_seconds": timeout})
            told = True
            stop.wait(0.2)
    raise Interrupted("interrupted: nothing was begun")

"""Who edits what: the shared candidate, private copies, and the lock."""

import copy
import os
import sqlite3
import time

from haplan_srx.lab.config.tree import Element, Trouble
from haplan_srx.lab.estate import Tx
from haplan_srx.lab.netconf.wire import Call, Refused


def current(call: Call) -> Element:
    """The candidate as this session sees it; not to be changed."""
    return call.tx.config(current_hash(call))


def current_hash(call: Call) -> str:
    if call.session["mode"] == "private":
        return str(call.session["private"])
    row = database(call.tx, call.box)
    return str(row["candidate"] or row["running"])


def edit(call: Call) -> Element:
    """A copy of the candidate to work on; `save` puts it back.

    Raises:
        Refused: Somebody else holds the lock.
    """
    if call.session["mode"] != "private":
        refuse_if_locked(call)
    return copy.deepcopy(current(call))


def save(call: Call, config: Element) -> None:
    tx = call.tx
    hash_ = tx.keep(config)
    if call.session["mode"] == "private":
        tx.run("update sessions set private = ? where id = ?", hash_, call.session["id"])
        return
    row = database(tx, call.box)
    changed = hash_ if hash_ != row["running"] else None
    who = call.session["user"] if changed else None
    tx.run(
        "update dbs set candidate = ?, candidate_by = ?, candidate_at = ? where id = ?",
        changed, who, tx.now if changed else None, row["id"],
    )  # fmt: skip
    if not call.session["mode"]:
        tx.run("update sessions set mode = 'shared' where id = ?", call.session["id"])


def discard(tx: Tx, db: int) -> None:
    """The shared candidate is the running configuration again."""
    tx.run("update dbs set candidate = null, candidate_by = null, candidate_at = null where id = ?", db)


def database(tx: Tx, box: sqlite3.Row) -> sqlite3.Row:
    row = tx.one("select * from dbs where id = ?", box["db"])
    if row is None:
        raise LookupError(f"no database of {box['mac']}")
    return row


# --- Locks ------------------------------------------------------------------------------------------------------------


def holder(tx: Tx, box: sqlite3.Row) -> sqlite3.Row | None:
    """The session that holds the lock of the box's database."""
    drop_dead(tx)
    return tx.one(
        "select s.* from sessions s join boxes b on b.mac = s.mac where b.db = ? and s.mode = 'exclusive'", box["db"]
    )


def editors(tx: Tx, box: sqlite3.Row) -> list[sqlite3.Row]:
    """Everybody who has a configuration open."""
    drop_dead(tx)
    return tx.all(
        "select s.* from sessions s join boxes b on b.mac = s.mac where b.db = ? and s.mode != '' order by s.id",
        box["db"],
    )


def refuse_if_locked(call: Call) -> None:
    found = holder(call.tx, call.box)
    if found is not None and found["id"] != call.session["id"]:
        raise Refused(locked_by(found))


def locked_by(session: sqlite3.Row) -> Trouble:
    since = stamp(session["since"])
    said = f"  {session['user']} terminal netconf (pid {session['id']}) on since {since}\n      exclusive [edit]"
    return Trouble(message=f"configuration database locked by:\n{said}", tag="lock-denied")


def lock(call: Call) -> None:
    """Take the whole candidate for this session.

    Raises:
        Refused: Somebody has it, or has left changes in it.
    """
    refuse_if_locked(call)
    if call.session["mode"] == "private":
        raise Refused(Trouble(message="private configuration is open; close it first"))
    row = database(call.tx, call.box)
    if row["candidate"] is not None and row["candidate_by"] is not None:
        raise Refused(Trouble(message="configuration database modified", tag="lock-denied"))
    call.tx.run("update sessions set mode = 'exclusive', since = ? where id = ?", call.tx.now, call.session["id"])


def unlock(call: Call) -> None:
    """Give it back; what was not committed is dropped.

    Raises:
        Refused: This session does not hold it.
    """
    if call.session["mode"] != "exclusive":
        raise Refused(Trouble(message="configuration database is not locked", tag="operation-failed"))
    discard(call.tx, call.box["db"])
    call.tx.run("update sessions set mode = '' where id = ?", call.session["id"])


def open_private(call: Call) -> None:
    """A copy of what is running, for this session alone."""
    if call.session["mode"] in ("exclusive", "private"):
        raise Refused(Trouble(message=f"configuration is already open: {call.session['mode']}"))
    running = database(call.tx, call.box)["running"]
    call.tx.run(
        "update sessions set mode = 'private', private = ?, base = ? where id = ?", running, running, call.session["id"]
    )


def close(tx: Tx, session: sqlite3.Row) -> None:
    """End editing: a private copy is dropped; so is what a lock holder did not commit."""
    if session["mode"] == "exclusive":
        discard(tx, tx.box(session["mac"])["db"])
    tx.run("update sessions set mode = '', private = null, base = null where id = ?", session["id"])


# --- Sessions ---------------------------------------------------------------------------------------------------------


def drop_dead(tx: Tx) -> None:
    """Forget the sessions of processes that are gone: their connections went with them."""
    for server in tx.all("select * from servers"):
        if server["pid"] != os.getpid() and not alive(server["pid"], server["started"]):
            for session in tx.all("select * from sessions where server = ?", server["id"]):
                end(tx, session)
            tx.run("delete from servers where id = ?", server["id"])


def end(tx: Tx, session: sqlite3.Row) -> None:
    close(tx, session)
    tx.run("delete from sessions where id = ?", session["id"])


def alive(pid: int, started: str) -> bool:
    return started_at(pid) == started


def started_at(pid: int) -> str:
    """When a process was started, as its kernel says it; "" if there is none. Without /proc, only that it is there."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[19]
    except FileNotFoundError:
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, PermissionError):
            return ""
        return "" if os.path.exists("/proc/self") else "running"


def stamp(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))

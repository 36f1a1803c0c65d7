"""Commits: check, commit, confirm within a time, and the configurations that were."""

import json
import sqlite3

import attrs

from haplan_srx.lab.chassis import boxes, models
from haplan_srx.lab.config import candidates, checks
from haplan_srx.lab.config.merge import merged
from haplan_srx.lab.config.recording import record
from haplan_srx.lab.config.tree import Element, Trouble
from haplan_srx.lab.estate import Tx
from haplan_srx.lab.netconf.wire import Call, Refused

KEPT = 50
"""Configurations that can be rolled back to: 0 is the running one."""


@attrs.frozen
class Order:
    """What a commit is to do.

    Attributes:
        check: Only look whether it would work.
        log: One line for the history.
        minutes: Go back by itself unless confirmed in this time; None commits for good.
    """

    check: bool = False
    log: str = ""
    minutes: float | None = None


def commit(call: Call, order: Order) -> None:
    """Check or commit the candidate of this session.

    Raises:
        Refused: Somebody else is in the way, or the configuration is wrong.
    """
    tx, box, session = call.tx, call.box, call.session
    private = session["mode"] == "private"
    if private and order.minutes is not None and not tx.settings.private_confirmed:
        raise Refused(Trouble(message="commit confirmed not supported for private configuration"))
    config = _allowed(call)
    if private and session["private"] == session["base"] and not order.check:
        return  # a private copy without changes is not committed, and confirms nothing
    if order.check:
        if tx.settings.check_confirms:
            tx.run("update dbs set deadline = null where id = ?", box["db"])
        return
    store(tx, box, config, user=session["user"], client="netconf", order=order, session=session["id"])
    if private:
        running = candidates.database(tx, box)["running"]
        tx.run("update sessions set private = ?, base = ? where id = ?", running, running, session["id"])
    else:
        candidates.discard(tx, box["db"])


def _allowed(call: Call) -> Element:
    """The candidate, if this session may commit it as it is.

    Raises:
        Refused: Somebody else is in the way, or the configuration is wrong.
    """
    tx, box, session = call.tx, call.box, call.session
    refuse_on_secondary(call)
    _refuse_if_busy(tx, box)
    if session["mode"] != "exclusive":
        candidates.refuse_if_locked(call)
    if session["mode"] == "private":
        db = candidates.database(tx, box)
        _refuse_if_shared_is_modified(db)
        if session["base"] != db["running"]:
            return _checked(call, _on_top(call, db))
    return _checked(call, candidates.current_hash(call))


def _checked(call: Call, hash_: str) -> Element:
    wrong = _wrong(call, hash_)
    if wrong:
        raise Refused(*wrong, Trouble(message="configuration check-out failed"))
    config = call.tx.config(hash_)
    record(config)
    return config


def _on_top(call: Call, db: sqlite3.Row) -> str:
    """What was done in a private copy, on top of what somebody committed meanwhile.

    Raises:
        Refused: Both changed the same, or these boxes do not merge.
    """
    tx, session = call.tx, call.session
    if not tx.settings.private_merges:
        raise Refused(
            Trouble(message="configuration was changed by another commit since it was opened; close and open it")
        )
    made = merged(*(tx.config(one) for one in (session["base"], session["private"], db["running"])))
    return tx.keep(made)


def _wrong(call: Call, hash_: str) -> list[Trouble]:
    """What the checks say, on both nodes of a cluster."""
    model, tx = models.find(call.box["model"]), call.tx
    nodes = ("node0", "node1") if call.box["cluster"] else ("",)
    return tx.once((hash_, "check", model, nodes), lambda: checks.check(tx.config(hash_), model, nodes))


def refuse_on_secondary(call: Call) -> None:
    """Configuration is the primary's business."""
    if boxes.primary(call.tx, call.box) != call.box["mac"]:
        raise Refused(
            Trouble(message="configuration is not allowed on the secondary node", tag="operation-not-supported")
        )


def _refuse_if_busy(tx: Tx, box: sqlite3.Row) -> None:
    if tx.one("select 1 from pending p join boxes b on b.mac = p.mac where b.db = ?", box["db"]):
        raise Refused(Trouble(message="another commit is in progress", tag="in-use"))


def _refuse_if_shared_is_modified(db: sqlite3.Row) -> None:
    if db["candidate"] is not None:
        hint = (
            "Please temporarily use 'configure shared' to commit outstanding changes in the shared database, exit, and"
            " return to configuration mode using 'configure private'"
        )
        raise Refused(Trouble(message=f"shared configuration database modified\n{hint}"))


def store(
    tx: Tx, box: sqlite3.Row, config: Element, *, user: str, client: str, order: Order, session: int | None = None
) -> None:
    """Put a configuration in force and into the history."""
    hash_ = tx.keep(config)
    deadline = None if order.minutes is None else tx.now + order.minutes * 60
    tx.run(
        "update dbs set running = ?, deadline = ?, revision = revision + 1, look = ? where id = ?",
        hash_, deadline, tx.now, box["db"],
    )  # fmt: skip
    tx.run(
        "insert into commits (db, at, user, client, log, hash, confirmed, mac, session) values (?,?,?,?,?,?,?,?,?)",
        box["db"], tx.now, user, client, order.log, hash_,
        None if order.minutes is None else round(order.minutes * 60), box["mac"], session,
    )  # fmt: skip


def history(tx: Tx, db: int) -> list[sqlite3.Row]:
    """The newest first; number n is rollback n."""
    return tx.all("select * from commits where db = ? order by seq desc limit ?", db, KEPT)


def rollback(tx: Tx, db: int, number: int) -> Element:
    """The configuration of that number.

    Raises:
        Refused: There is none.
    """
    found = history(tx, db)
    if not 0 <= number < KEPT:
        raise Refused(Trouble(message=f"Value {number} is not within range (0..{KEPT - 1})", bad=str(number)))
    if number >= len(found):
        raise Refused(Trouble(message=f"could not open rollback configuration {number}", bad=str(number)))
    return tx.config(found[number]["hash"])


# --- What happens by itself -------------------------------------------------------------------------------------------


def settle(tx: Tx) -> None:
    """Commits that outlived their session, and confirmed commits that nobody confirmed."""
    for late in tx.all("select * from pending where due <= ? order by due, seq", tx.now):
        tx.run("delete from pending where seq = ?", late["seq"])
        work = json.loads(late["work"])
        box = tx.box(late["mac"])
        with tx.at(late["due"]):
            order = Order(log=work["log"], minutes=work["minutes"])
            config = tx.config(work["hash"])
            store(tx, box, config, user=work["user"], client="netconf", order=order, session=work["session"])
            candidates.discard(tx, box["db"])
    for db in tx.all("select * from dbs where deadline <= ? order by deadline", tx.now):
        revert(tx, db["id"], db["deadline"])


def revert(tx: Tx, db: int, at: float) -> None:
    """Load rollback 1 and commit it, as the box does when its time is up."""
    box = tx.one("select * from boxes where db = ? order by cluster, node limit 1", db)
    if box is not None:
        with tx.at(at):
            store(tx, box, rollback(tx, db, 1), user="root", client="other", order=Order())


def outlive(call: Call, order: Order, seconds: float) -> None:
    """Go on with a commit although its session ends now.

    Raises:
        Refused: As of any commit.
    """
    candidate = call.tx.keep(_allowed(call))
    work = {
        "hash": candidate, "log": order.log, "minutes": order.minutes, "user": call.session["user"],
        "session": call.session["id"],
    }  # fmt: skip
    call.tx.run(
        "insert into pending (mac, due, work) values (?, ?, ?)",
        call.box["mac"],
        call.tx.now + seconds,
        json.dumps(work),
    )

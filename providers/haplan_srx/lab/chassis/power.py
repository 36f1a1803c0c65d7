"""Boots and clusters: what becomes of boxes as time passes. Nothing runs; `settle` computes what is due."""

import sqlite3

from haplan_srx.lab.chassis import boxes, cluster
from haplan_srx.lab.config import candidates, commits
from haplan_srx.lab.estate import Tx, next_mishap


def settle(tx: Tx) -> None:
    """Bring the whole estate to the present."""
    for box in tx.all("select * from boxes where down_until <= ? order by down_until, seq", tx.now):
        with tx.at(box["down_until"]):
            cluster.settle(tx)
            _came_up(tx, box)
    commits.settle(tx)
    cluster.settle(tx)


def reboot(tx: Tx, box: sqlite3.Row) -> None:
    """Go down now; what was set with `set chassis cluster` holds from the next start."""
    fault = next_mishap(tx, "boot", box, lambda _spec: True)
    minutes = tx.settings.boot_minutes
    if fault and fault["minutes"] is not None:
        minutes = fault["minutes"]
    until = boxes.LOST if fault and fault["result"] == "never" else tx.now + minutes * 60
    go_down(tx, box, until)


def go_down(tx: Tx, box: sqlite3.Row, until: float) -> None:
    """Sessions end, and with them what they held."""
    for session in tx.all("select * from sessions where mac = ?", box["mac"]):
        candidates.end(tx, session)
    tx.run("update boxes set down_until = ? where mac = ?", until, box["mac"])
    cluster.look_at(tx, box["db"])
    cluster.settle(tx)


def plug(tx: Tx, mac: str, port: str, up: bool) -> None:
    """Pull or plug a cable. A secondary that was disabled for want of a control link stays so until it is rebooted, or
    reboots by itself where `control-link-recovery` says so."""
    settle(tx)
    box = tx.box(mac)
    if not up:
        tx.run("insert or ignore into broken values (?, ?, ?)", mac, port, tx.now)
    elif tx.run("delete from broken where mac = ? and port = ?", mac, port) and port == "control":
        for one in cluster.cut_off(tx, box):
            tx.run("update boxes set disabled = 1 where mac = ?", one["mac"])
            if boxes.effective(tx, one).find("chassis/cluster/control-link-recovery") is not None:
                reboot(tx, one)
    cluster.look_at(tx, box["db"])
    settle(tx)


def switch_on(tx: Tx, box: sqlite3.Row) -> None:
    """Somebody presses the button of a box that is off or hangs."""
    tx.run("update boxes set down_until = ? where mac = ?", tx.now + tx.settings.boot_minutes * 60, box["mac"])


def _came_up(tx: Tx, box: sqlite3.Row) -> None:
    tx.run("update boxes set booted = ?, down_until = null, disabled = 0 where mac = ?", tx.now, box["mac"])
    if box["next_cluster"] is not None:
        if box["cluster"]:
            _leave(tx, box)
        tx.run(
            "update boxes set cluster = next_cluster, node = next_node, next_cluster = null, next_node = null"
            " where mac = ?",
            box["mac"],
        )
    cluster.look_at(tx, tx.box(box["mac"])["db"])
    cluster.joined(tx, tx.box(box["mac"]))


def _leave(tx: Tx, box: sqlite3.Row) -> None:
    """A node that leaves takes a copy of the configuration with it, if the database is not its own alone."""
    shared = tx.one("select 1 from boxes where db = ? and mac != ?", box["db"], box["mac"])
    if shared:
        own_database(tx, box)


def own_database(tx: Tx, box: sqlite3.Row) -> int:
    """Give a box a database of its own, with what is running now."""
    running = candidates.database(tx, box)["running"]
    db = tx.insert("insert into dbs (running, revision) values (?, 1)", running)
    tx.run(
        "insert into commits (db, at, user, client, log, hash, mac) values (?, ?, 'root', 'other', '', ?, ?)",
        db, tx.now, running, box["mac"],
    )  # fmt: skip
    tx.run("update boxes set db = ? where mac = ?", db, box["mac"])
    return db

"""Two boxes as one: who is primary for which redundancy group, and what the links between them do.

Ownership of groups is stored and changes only here, so that what the status says, what a session may do and what the
history tells agree.
"""

import sqlite3

import attrs

from haplan_srx.lab.chassis import boxes, models
from haplan_srx.lab.config.tree import Element
from haplan_srx.lab.estate import Tx


@attrs.frozen
class Member:
    """One node in one redundancy group.

    Attributes:
        priority: As the status shows it; 0 if it may not take the group.
        failures: Codes of monitors that failed, such as ``IF``, or "".
        fit: It may be primary.
        state: ``up``, ``hold``, ``lost``, ``ineligible`` or ``disabled``.
    """

    priority: int
    failures: str
    fit: bool
    state: str


def settle(tx: Tx) -> None:
    """Look at the clusters where something happened or a time has passed, and let groups move."""
    for row in tx.all("select id from dbs where look <= ?", tx.now):
        box = tx.one("select * from boxes where db = ? and cluster > 0 order by seq", row["id"])
        held = []
        if box is not None:
            _elect(tx, box)
            held = [one["booted"] + tx.settings.hold_seconds for one in nodes(tx, box).values()]
        tx.run("update dbs set look = ? where id = ?", min((at for at in held if at > tx.now), default=None), row["id"])


def look_at(tx: Tx, db: int) -> None:
    """Something happened to a cluster: `settle` is to look at it."""
    tx.run("update dbs set look = ? where id = ?", tx.now, db)


def joined(tx: Tx, box: sqlite3.Row) -> None:
    """A node has started: if the other one is there, take over its configuration."""
    other = boxes.peer(tx, box)
    if other is None or not boxes.is_up(tx, other) or other["db"] == box["db"] or boxes.is_broken(tx, box, "control"):
        return
    first, second = (box, other) if _leads(box, other) else (other, box)
    tx.run("update boxes set db = ? where mac = ?", first["db"], second["mac"])
    tx.run("delete from groups where db = ?", second["db"])
    look_at(tx, first["db"])


def _leads(box: sqlite3.Row, other: sqlite3.Row) -> bool:
    """Whether a box keeps its configuration when two meet: the one that is up longer, within the hold time node0."""
    if abs(box["booted"] - other["booted"]) <= 30:
        return bool(box["node"] < other["node"])
    return bool(box["booted"] < other["booted"])


def nodes(tx: Tx, box: sqlite3.Row) -> dict[int, sqlite3.Row]:
    """Both nodes by number, as far as this one knows of them."""
    other = boxes.peer(tx, box)
    found = {int(box["node"]): box}
    if other is not None and other["db"] == box["db"]:
        found[int(other["node"])] = other
    return dict(sorted(found.items()))


def redundancy_groups(config: Element) -> dict[int, Element | None]:
    """What is configured; group 0 is always there."""
    found: dict[int, Element | None] = {0: None}
    for group in config.findall("chassis/cluster/redundancy-group"):
        found[int(group.findtext("name") or 0)] = group
    return dict(sorted(found.items()))


def member(tx: Tx, box: sqlite3.Row, node: int, number: int, group: Element | None) -> Member:
    """How one node stands in one group."""
    members = nodes(tx, box)
    one = members.get(node)
    if one is None or not boxes.is_up(tx, one):
        return Member(0, "", False, "lost")
    state = _linked(tx, box, node)
    configured = _priority(group, node)
    if state != "up":
        return Member(configured if number == 0 else 0, "", False, state)
    if number and _weight(tx, one, group) <= 0:
        return Member(0, "IF", False, "up")
    if number and not fabric_ports(boxes.running(tx, box), node):
        return Member(0, "CF", False, "up")
    if tx.now - one["booted"] < tx.settings.hold_seconds:
        return Member(configured, "", True, "hold")
    manual = tx.one("select manual from groups where db = ? and id = ?", box["db"], number)
    if manual is not None and manual["manual"] == node:
        configured = 255
    return Member(configured, "", True, "up")


def _priority(group: Element | None, node: int) -> int:
    for one in group.findall("node") if group is not None else []:
        if one.findtext("name") == str(node):
            return int(one.findtext("priority") or 1)
    return 1


def _linked(tx: Tx, box: sqlite3.Row, node: int) -> str:
    """What broken links make of a node: the secondary of group 0 goes out of service, the primary goes on."""
    if nodes(tx, box)[node]["disabled"]:
        return "disabled"
    since = min((at for port in ("control", "fabric") for at in _broken(tx, box, port)), default=None)
    if since is None or len(nodes(tx, box)) < 2:
        return "up"
    owner = tx.one("select owner from groups where db = ? and id = 0", box["db"])
    if owner is None or owner["owner"] == node:
        return "up"
    return "disabled" if tx.now - since > tx.settings.disable_seconds else "ineligible"


def cut_off(tx: Tx, box: sqlite3.Row) -> list[sqlite3.Row]:
    """Nodes of a cluster that went out of service when its control link broke."""
    found = []
    for node, one in nodes(tx, box).items():
        row = tx.one("select owner from groups where db = ? and id = 0", box["db"])
        if len(nodes(tx, box)) == 2 and row is not None and row["owner"] != node and boxes.is_up(tx, one):
            found.append(one)
    return found


def _broken(tx: Tx, box: sqlite3.Row, port: str) -> list[float]:
    """Since when the control or fabric link between the nodes is down; a fabric of two links has one to spare."""
    members = nodes(tx, box)
    marks = ",".join("?" * len(members))
    macs = [one["mac"] for one in members.values()]
    found = [row["since"] for row in
             tx.all(f"select since from broken where port = ? and mac in ({marks})", port, *macs)]  # fmt: skip
    if port == "control":
        return found
    config, model = boxes.running(tx, box), models.find(box["model"])
    children = [fabric_ports(config, node) for node in members]
    for pair in zip(*children, strict=False) if len(children) == 2 else []:
        down = [_since(tx, members[model.node_of(child)], local(model, child)) for child in pair]
        if not any(down):
            return found
        found += [at for at in down if at]
    return found


def _since(tx: Tx, box: sqlite3.Row, port: str) -> float | None:
    row = tx.one("select since from broken where mac = ? and port = ?", box["mac"], port)
    return row["since"] if row else None


def local(model: models.Model, port: str) -> str:
    """A port of the cluster as it is labelled on its box."""
    found = models.PORT.fullmatch(port)
    if found is None or int(found["slot"]) < model.offset:
        return port
    return f"{found['kind']}-{int(found['slot']) - model.offset}/{found['rest']}"


def fabric_ports(config: Element, node: int) -> list[str]:
    """Members of fab0 or fab1."""
    for interface in config.findall("interfaces/interface"):
        if interface.findtext("name") == f"fab{node}":
            return [one.findtext("name") or "" for one in interface.findall("fabric-options/member-interfaces")]
    return []


def _weight(tx: Tx, box: sqlite3.Row, group: Element | None) -> int:
    """255 less the weights of this node's monitored ports that are down."""
    model, left = models.find(box["model"]), 255
    for monitor in group.findall("interface-monitor") if group is not None else []:
        port = monitor.findtext("name") or ""
        if model.node_of(port) == box["node"] and boxes.is_broken(tx, box, local(model, port)):
            left -= int(monitor.findtext("weight") or 0)
    return left


# --- Election ---------------------------------------------------------------------------------------------------------


def _elect(tx: Tx, box: sqlite3.Row) -> None:
    config = boxes.running(tx, box)
    wanted = redundancy_groups(config)
    for row in tx.all("select id from groups where db = ?", box["db"]):
        if row["id"] not in wanted:
            tx.run("delete from groups where db = ? and id = ?", box["db"], row["id"])
    for number, group in wanted.items():
        _elect_group(tx, box, number, group)


def _elect_group(tx: Tx, box: sqlite3.Row, number: int, group: Element | None) -> None:
    members = {node: member(tx, box, node, number, group) for node in nodes(tx, box)}
    row = tx.one("select * from groups where db = ? and id = ?", box["db"], number)
    best = max(members, key=lambda node: (members[node].fit, members[node].priority, -node))
    if row is None:
        if members[best].state == "up":
            tx.run("insert into groups values (?, ?, ?, 0, null)", box["db"], number, best)
            record(tx, box, number, best, "secondary", "primary", "Better priority" if len(members) > 1 else
                   "Only node present")  # fmt: skip
        return
    owner = members.get(row["owner"])
    if owner is None or owner.state == "lost" or (not owner.fit and members[best].fit):
        if best != row["owner"] and (members[best].fit or owner is None or owner.state == "lost"):
            reason = "Remote node is lost" if owner is None or owner.state == "lost" else "Monitor failed: IF"
            move(tx, box, number, best, reason)
        return
    preempt = group is not None and group.find("preempt") is not None and row["manual"] is None and number > 0
    if preempt and best != row["owner"] and members[best].state == "up" and members[best].priority > owner.priority:
        move(tx, box, number, best, f"Better priority ({members[best].priority}/{owner.priority})")


def move(tx: Tx, box: sqlite3.Row, number: int, node: int, reason: str, manual: bool = False) -> None:
    """A group gets another primary."""
    tx.run(
        "update groups set owner = ?, failovers = failovers + 1, manual = ? where db = ? and id = ?",
        node, node if manual else None, box["db"], number,
    )  # fmt: skip
    record(tx, box, number, 1 - node, "primary", "secondary", reason)
    record(tx, box, number, node, "secondary", "primary", reason)


def record(tx: Tx, box: sqlite3.Row, number: int, node: int, old: str, new: str, reason: str) -> None:
    tx.run(
        "insert into transitions (db, at, id, node, old, new, reason) values (?, ?, ?, ?, ?, ?, ?)",
        box["db"], tx.now, number, node, old, new, reason,
    )  # fmt: skip

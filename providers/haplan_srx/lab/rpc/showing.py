"""RPCs of chassis clusters: forming and leaving one, moving groups, and the status in the shapes that were captured."""

import sqlite3
import time
from collections.abc import Iterator

from haplan_srx.lab.chassis import boxes, cluster, models, power
from haplan_srx.lab.config.tree import Element, Trouble
from haplan_srx.lab.netconf.wire import XNM, Call, Refused, Table, block, tag
from haplan_srx.lab.rpc import facts

TABLE = Table()


def not_clustered() -> str:
    """What a single box says to every cluster RPC: no rpc-error."""
    parts = tag("parse") + tag("source-daemon", "jsrpd") + tag("message", "error: Chassis cluster is not enabled")
    return block("xnm:error", parts, xmlns=XNM, xmlns__xnm=XNM)


# --- Forming and leaving ----------------------------------------------------------------------------------------------


@TABLE.rpc("set-chassis-cluster-enable")
def enable(call: Call) -> str:
    """Become node 0 or 1 of a cluster, from the next start on."""
    for name in ("cluster-id", "node"):
        if not call.text(name):
            raise Refused(Trouble(message="missing mandatory argument", bad=name, tag="missing-element"))
    number, node = _number(call, "cluster-id", 255), _number(call, "node", 1)
    return _from_next_start(call, number, node)


@TABLE.rpc("set-chassis-cluster-disable")
def disable(call: Call) -> str:
    """Leave the cluster, from the next start on."""
    return _from_next_start(call, 0, 0)


def _number(call: Call, name: str, most: int) -> int:
    given = call.text(name)
    if not given.isdigit() or int(given) > most:
        raise Refused(Trouble(message=f"Value {given} is not within range (0..{most})", bad=given))
    return int(given)


def _from_next_start(call: Call, number: int, node: int) -> str:
    call.tx.run("update boxes set next_cluster = ?, next_node = ? where mac = ?", number, node, call.box["mac"])
    if call.has("reboot"):
        power.reboot(call.tx, call.tx.box(call.box["mac"]))
        said = f"Successfully {'enabled' if number else 'disabled'} chassis cluster. Going to reboot now."
    else:
        said = f"Successfully {'enabled' if number else 'disabled'} chassis cluster. Please reboot the system."
    return tag("output", f"\n{said}\n")


@TABLE.rpc("request-reboot")
def request_reboot(call: Call) -> str:
    """Start again: this box, or a node of its cluster that is named."""
    for name in ("at", "in", "media", "power-off"):
        if call.has(name):
            raise Refused(Trouble(message="the simulator reboots at once or not at all", bad=name))
    for one in _named(call):
        power.reboot(call.tx, one)
    return block("request-reboot-results", block("request-reboot-status", "Shutdown NOW!\n"))


def _named(call: Call) -> list[sqlite3.Row]:
    name = call.text("node")
    if not name:
        return [call.box]
    found = [
        one for number, one in cluster.nodes(call.tx, call.box).items() if name in ("all", str(number), f"node{number}")
    ]
    if not call.box["cluster"] or not found:
        raise Refused(Trouble(message="invalid node", bad=name))
    return found


# --- Moving groups ----------------------------------------------------------------------------------------------------


@TABLE.rpc("request-chassis-cluster-failover")
def failover(call: Call) -> str:
    """Move one group by hand; it stays there until that is reset."""
    if not call.box["cluster"]:
        return not_clustered()
    number, group = _group(call)
    node = call.text("node").removeprefix("node")
    row = call.tx.one("select * from groups where db = ? and id = ?", call.box["db"], number)
    if node not in ("0", "1"):
        raise Refused(Trouble(message="missing mandatory argument", bad="node", tag="missing-element"))
    wanted = cluster.member(call.tx, call.box, int(node), number, group)
    if row is None or not wanted.fit or wanted.state != "up":
        return _jsrp(f"node{node} is not ready to become primary for redundancy group {number}")
    if row["manual"] is not None:
        return _jsrp(f"Manual failover is already in effect for redundancy group {number}; reset it first")
    if row["owner"] == int(node):
        return _jsrp(f"node{node} is already primary for redundancy group {number}")
    cluster.move(call.tx, call.box, number, int(node), "manual failover", manual=True)
    return tag("output", f"\nInitiated manual failover for redundancy group {number}\n")


@TABLE.rpc("request-chassis-cluster-failover-reset")
def failover_reset(call: Call) -> str:
    """End a manual failover: priorities count again."""
    if not call.box["cluster"]:
        return not_clustered()
    number, _ = _group(call)
    call.tx.run("update groups set manual = null where db = ? and id = ?", call.box["db"], number)
    cluster.look_at(call.tx, call.box["db"])
    cluster.settle(call.tx)
    return tag("output", f"\nSuccessfully reset manual failover for redundancy group {number}\n")


def _group(call: Call) -> tuple[int, Element | None]:
    number = call.text("redundancy-group")
    if not number:
        raise Refused(Trouble(message="missing mandatory argument", bad="redundancy-group", tag="missing-element"))
    groups = cluster.redundancy_groups(boxes.running(call.tx, call.box))
    if not number.isdigit() or int(number) not in groups:
        raise Refused(Trouble(message=f"redundancy group {number} does not exist", bad=number))
    return int(number), groups[int(number)]


def _jsrp(message: str) -> str:
    parts = tag("parse") + tag("source-daemon", "jsrpd") + tag("message", f"error: {message}")
    return block("xnm:error", parts, xmlns=XNM, xmlns__xnm=XNM)


@TABLE.rpc("clear-chassis-cluster-failover-count")
def clear_failovers(call: Call) -> str:
    """Counters start again at zero."""
    if not call.box["cluster"]:
        return not_clustered()
    call.tx.run("update groups set failovers = 0 where db = ?", call.box["db"])
    return tag("output", "\nCleared failover-count for all redundancy-groups\n")


# --- Status -----------------------------------------------------------------------------------------------------------


@TABLE.rpc("get-chassis-cluster-status")
def status(call: Call) -> str:
    """Groups, and in each both nodes as flat siblings."""
    if not call.box["cluster"]:
        return not_clustered()
    wanted, parts = call.text("redundancy-group"), [tag("cluster-id", call.box["cluster"])]
    for number, group in cluster.redundancy_groups(boxes.running(call.tx, call.box)).items():
        if wanted in ("", str(number)):
            parts.append(_group_status(call, number, group))
    return block("chassis-cluster-status", parts)


def _group_status(call: Call, number: int, group: Element | None) -> str:
    row = call.tx.one("select * from groups where db = ? and id = ?", call.box["db"], number)
    preempt = "yes" if group is not None and group.find("preempt") is not None else "no"
    stats = ""
    for node in (0, 1):
        member = cluster.member(call.tx, call.box, node, number, group)
        lost = member.state == "lost"
        stats += tag("device-name", f"node{node}") + tag("device-priority", member.priority)
        stats += tag("redundancy-group-status", role(member, row, node)) + tag("preempt", "n/a" if lost else preempt)
        manual = "yes" if row is not None and row["manual"] is not None else "no"
        stats += tag("failover-mode", "n/a" if lost else manual)
        stats += tag("monitor-failures", "n/a" if lost else member.failures or "None")
    return block(
        "redundancy-group",
        [
            tag("cluster-id", call.box["cluster"]),
            tag("redundancy-group-id", number),
            tag("redundancy-group-failover-count", row["failovers"] if row is not None else 0),
            block("device-stats", stats),
        ],
    )


def role(member: cluster.Member, row: sqlite3.Row | None, node: int) -> str:
    """The status word."""
    if member.state != "up":
        return member.state
    if row is None:
        return "hold"
    return "primary" if row["owner"] == node else "secondary"


@TABLE.rpc("get-chassis-cluster-interfaces")
def interfaces(call: Call) -> str:
    """Control and fabric links, reths, monitors."""
    if not call.box["cluster"]:
        return not_clustered()
    up = not boxes.is_broken(call.tx, call.box, "control") and _whole(call, "control")
    model = models.find(call.box["model"])
    control = [
        tag("control-link-interface-index", 0),
        tag("control-link-interface-name", model.control),
        tag("control-link-interface-status", _word(up)),
        tag("control-link-interface-internal-sa-status", "Disabled"),
        tag("control-link-interface-security-status", "Disabled"),
    ]
    links = list(_fabric(call))
    return block(
        "chassis-cluster-interface-statistics",
        [
            tag("control-interface-status", _word(up)),
            block("control-link-interfaces", block("control-information", control)),
            tag("dataplane-interface-status", _word(any(ok for _, ok in links))),
            block("dataplane-interfaces", [text for text, _ in links]),
            *_reths(call),
            block("pseudo-if", tag("name", "lo0") + tag("status", "Up") + tag("redundancy-group-id", 0)),
            block("interface-monitoring", list(_monitors(call))),
        ],
    )


def _word(up: bool) -> str:
    return "Up" if up else "Down"


def _whole(call: Call, port: str) -> bool:
    """Whether a link between the nodes carries: both are there, and neither end is broken."""
    members = cluster.nodes(call.tx, call.box).values()
    both = len(members) == 2 and all(boxes.is_up(call.tx, one) for one in members)
    return both and not any(boxes.is_broken(call.tx, one, port) for one in members)


def _fabric(call: Call) -> Iterator[tuple[str, bool]]:
    """One entry a node; physical, and whether the other end is heard."""
    config = boxes.running(call.tx, call.box)
    for node in (0, 1):
        said, good = tag("fabric-interface-index", node), False
        for place, port in enumerate(cluster.fabric_ports(config, node)):
            others = cluster.fabric_ports(config, 1 - node)
            physical = port_up(call, port)
            heard = physical and place < len(others) and port_up(call, others[place]) and _whole(call, "fabric")
            good = good or heard
            said += tag("fabric-child-interface-name", port)
            said += tag("fabric-child-interface-status", f"{_word(physical):<4} / {_word(heard)}")
            said += tag("fabric-link-interface-security-status", "Disabled")
        yield block("fabric-information", said + tag("fabric-interface-index", node)), good


def port_up(call: Call, port: str) -> bool:
    """True if a port of the pair carries."""
    model = models.find(call.box["model"])
    box = cluster.nodes(call.tx, call.box).get(model.node_of(port))
    if box is None or not boxes.is_up(call.tx, box):
        return False
    return not boxes.is_broken(call.tx, box, cluster.local(model, port))


def _reths(call: Call) -> list[str]:
    config = boxes.effective(call.tx, call.box)
    said = ""
    for interface in config.findall("interfaces/interface"):
        name = interface.findtext("name") or ""
        if not name.startswith("reth"):
            continue
        group = interface.findtext("redundant-ether-options/redundancy-group")
        said += tag("reth-name", name) + tag("reth-status", _word(reth_up(call, config, interface)))
        said += tag("redundancy-group-id-for-reth", group or "Not configured")
    return [block("reth", said)] if said else []


def reth_up(call: Call, config: Element, reth: Element) -> bool:
    """Up on the node that is primary for its group, if a member there is up and the reth counts."""
    name, group = reth.findtext("name") or "", reth.findtext("redundant-ether-options/redundancy-group")
    count = int(config.findtext("chassis/cluster/reth-count") or 0)
    row = call.tx.one("select owner from groups where db = ? and id = ?", call.box["db"], group or -1)
    if row is None or int(name.removeprefix("reth")) >= count or reth.find("disable") is not None:
        return False
    model = models.find(call.box["model"])
    members = [
        interface.findtext("name") or ""
        for interface in config.findall("interfaces/interface")
        if any(parent.text == name for parent in interface.iterfind("*/redundant-parent/parent"))
        and interface.find("disable") is None
    ]
    return any(model.node_of(port) == row["owner"] and port_up(call, port) for port in members)


def _monitors(call: Call) -> Iterator[str]:
    for number, group in cluster.redundancy_groups(boxes.running(call.tx, call.box)).items():
        for monitor in group.findall("interface-monitor") if group is not None else []:
            port = monitor.findtext("name") or ""
            yield tag("interface-name-for-monitoring", port) + tag("weight", monitor.findtext("weight") or 0)
            yield tag("status", _word(port_up(call, port))) + tag("redundancy-group-for-interface", number)


@TABLE.rpc("get-chassis-cluster-information")
def information(call: Call) -> str:
    """Per node: groups with their history."""
    if not call.box["cluster"]:
        return not_clustered()

    def told(box: sqlite3.Row) -> str:
        lists = [_history(call, box, number, group) for number, group in
                 cluster.redundancy_groups(boxes.running(call.tx, box)).items()]  # fmt: skip
        whole = len(cluster.nodes(call.tx, box)) == 2 and all(
            boxes.is_up(call.tx, one) for one in cluster.nodes(call.tx, box).values()
        )
        led = tag("current-led-color", "Green" if whole else "Amber")
        led += tag("last-change-reason", "No failures" if whole else "Peer node is lost")
        return block(
            "chassis-cluster-information",
            [
                block("chassis-cluster-redundancy-group-information", lists),
                block("chassis-cluster-led-information", led),
            ],
        )

    return facts.per_node(call, told)


def _history(call: Call, box: sqlite3.Row, number: int, group: Element | None) -> str:
    row = call.tx.one("select * from groups where db = ? and id = ?", box["db"], number)
    member = cluster.member(call.tx, box, box["node"], number, group)
    said = tag("redundancy-group-id", number) + tag("redundancy-group-status", role(member, row, box["node"]))
    said += tag("redundancy-group-weight", 255 if member.fit else 0)
    for one in call.tx.all(
        "select * from transitions where db = ? and id = ? and node = ? order by seq", box["db"], number, box["node"]
    ):
        moment = tag("transition-time", time.strftime("%b %d %H:%M:%S", time.gmtime(one["at"])))
        moves = tag("from-state", one["old"]) + tag("to-state", one["new"]) + tag("transition-reason", one["reason"])
        said += block("redundancy-group-state-transition-record", moment + moves)
    return block("redundancy-group-list", said)

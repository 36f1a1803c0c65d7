"""Forming and dissolving pairs, and putting another box in the place of a node.

Cluster id and node number are no configuration: an operational command on each box sets them, and it restarts. Each
step finds out first whether it is done, so an apply that was killed goes on where it is.
"""

from collections.abc import Mapping, Sequence

from haplan.design.clusters import refreshes
from haplan.design.resources import GOING, of_change
from haplan.design.settling import FORMATION, formation_limit, forming
from haplan.plugin import (
    Change,
    Document,
    Io,
    ProviderError,
    Settlement,
    Task,
    Tree,
    Written,
    decode,
)
from haplan_srx.device.operational import macs
from haplan_srx.device.replies import Refused
from haplan_srx.device.rpcs import Box
from haplan_srx.estate import Estate
from haplan_srx.private import Overwritten, Private
from haplan_srx.translate.documents import RETIRED, device
from haplan_srx.translate.recorded import joining, nodes_of
from haplan_srx.write.steps import JOIN, Step
from haplan_srx.write.writer import Writer

SELDOM = 230
BETWEEN = 15
"""Seconds between two looks for a box that restarts while nothing can be written to it."""
LOOKS = (0, *range(240, 961, 90))
"""Seconds after the boxes were sent off when a look tells something: none is back before four minutes. Those that take
longer than they should are looked at every `SELDOM` seconds. A look may cost a login at either node: that makes 30 at
most until a pair is given up."""


def write(task: Task, writer: Writer) -> Written:
    """Join the nodes, or let them go: node1 first, so that node0 keeps the configuration.

    Raises:
        ProviderError: A box is not reached, or is a member of another cluster; nothing was sent to it.
    """
    change = _change(task)
    if change.action in GOING:
        return _dissolve(writer.estate, task, change, writer.io)
    return _form(writer.estate, task, change, writer.io)


def _change(task: Task) -> Change:
    return next(part.change for part in task.parts if part.change.type == "cluster")


def _hosts(change: Change) -> Mapping[str, str]:
    return nodes_of(of_change(change, change.before if change.action in GOING else change.after)).hosts


def _form(estate: Estate, task: Task, change: Change, io: Io) -> Written:
    values = change.after or {}
    hosts, cluster_id = _hosts(change), int(values.get("cluster_id") or 0)
    numbers = _numbers(estate, change, hosts)
    known = next(part for part in task.parts if part.change is change).row is not None
    sent = hosts if change.incomplete and known else joining(task.announced) if change.incomplete else {}
    for mac in _sent_away(task.announced) & {*hosts}:
        _come_back(estate, hosts[mac], io, patient=True)
    waiting = {mac: _standing(estate, host, cluster_id, gone=mac in sent) for mac, host in hosts.items()}
    old = _retiring(task) if refreshes(change.before, change.after) else None
    if old is not None:
        _refuse_unequal(change, waiting)
    for mac in sorted(hosts, key=lambda mac: -numbers[mac]):
        box = waiting[mac]
        if box is None:
            continue
        key = {"cluster_id": cluster_id, "node": numbers[mac], "mac": mac, "host": hosts[mac]}
        io.about_to(JOIN[numbers[mac]], change.address, key, idempotent=True)
        try:
            box.join(cluster_id, numbers[mac])
        except Refused as error:
            _refuse_unless_gone(estate, hosts[mac], error, stays=True)
        estate.forget(hosts[mac])
    estate.outdate(change.name, nodes=True)
    id_ = change.id if change.id and old is None else next(iter(hosts))
    formed = Private(formed=True, retiring=old, kept=_kept_of_old(change) if old is not None else {}).plain()
    return Written(ids={change.address: id_}, values={change.address: {"id": id_}}, private={change.address: formed})


def _sent_away(announced: Sequence[Mapping[str, Tree]]) -> set[str]:
    """MAC addresses of the boxes that a run which died was about to let go, and no later one to make nodes again."""
    last = {str(key["mac"]): key for key in announced if key.get("mac")}
    return {mac for mac, key in last.items() if "node" not in key}


def _refuse_unless_gone(estate: Estate, host: str, error: Refused, *, stays: bool) -> None:
    """A box that says no may have done it all the same: it is asked what it is now.

    Args:
        stays: It stands alone if nothing was done.

    Raises:
        ProviderError: It is as it was, or gives no answer any more, and then nobody knows.
    """
    estate.forget(host)
    try:
        alone = estate.box(host).status() is None
    except ProviderError as silent:
        raise ProviderError(f"{error}; since then it gives no answer ({silent})", lost=True) from None
    if alone is stays:
        raise error


def _retiring(task: Task) -> tuple[tuple[str, str], ...]:
    """The boxes that are still to be let go, for the row of the cluster: who goes on after a crash needs them too."""
    part = next(part for part in task.parts if part.change.type == "cluster")
    values = decode(part.row.values) if part.row is not None else part.change.before
    return tuple(nodes_of(of_change(part.change, values)).hosts.items())


def _kept_of_old(change: Change) -> dict[Document, Overwritten]:
    """What haplan once overwrote on the boxes that are to be let go: the new ones had nothing of it."""
    found = Private.of(change.private).kept.get(device(change.name), {})
    return {Document(RETIRED, change.name): found} if found else {}


def _refuse_unequal(change: Change, boxes: Mapping[str, Box | None]) -> None:
    """Boxes that take the places of others are equal before anything is sent; until then the old pair stays.

    Raises:
        ProviderError: They are not.
    """
    facts = [box.facts() for box in boxes.values() if box is not None]
    for what, found in (("model", {one.model for one in facts}), ("Junos", {one.version for one in facts})):
        if len(found) > 1:
            unlike = f"{' and '.join(boxes)} are not equal: {what} {' and '.join(sorted(found))}"
            raise ProviderError(f"{change.address}: {unlike}; the old pair stays: mend that, then apply again")


def _numbers(estate: Estate, change: Change, hosts: Mapping[str, str]) -> dict[str, int]:
    """MAC address → node number: the lowest is node0; one that stays in a pair keeps its number."""
    stays = set(hosts) & set((change.before or {}).get("nodes") or {})
    if change.before is None or len(stays) != 1:
        return {mac: number for number, mac in enumerate(hosts)}
    (old,) = stays
    (new,) = set(hosts) - stays
    known = macs(estate.box(hosts[old]).chassis())
    number = next((int(node[-1]) for node, mac in known.items() if mac == old and node), 0)
    return {old: number, new: 1 - number}


def _standing(estate: Estate, host: str, cluster_id: int, *, gone: bool) -> Box | None:
    """A box that is still to join; None for one that has, or that is on its way up.

    Args:
        gone: An earlier run sent it into its restart, or may have.
    """
    try:
        box = estate.box(host)
        status = box.status()
    except ProviderError:
        if gone:
            return None
        raise
    if status is None:
        return box
    if status.cluster_id != cluster_id:
        raise ProviderError(
            f"{box.place}: is in cluster {status.cluster_id}, not in {cluster_id}; take it out there first"
        )
    return None


def _dissolve(estate: Estate, task: Task, change: Change, io: Io) -> Written:
    for mac, host in reversed(_leaving(task, change).items()):
        box = _come_back(estate, host, io, patient=bool(task.announced))
        if box.status() is not None:
            io.about_to(Step.LEAVE, change.address, {"mac": mac, "host": host}, idempotent=True)
            try:
                box.leave()
            except Refused as error:
                _refuse_unless_gone(estate, host, error, stays=False)
        estate.forget(host)
    estate.outdate(change.name, nodes=True)
    return Written()


def _leaving(task: Task, change: Change) -> dict[str, str]:
    """The boxes to be let go, the lowest first; of a pair that nobody recorded, those that were about to join."""
    return {**(_hosts(change) or dict(sorted(joining(task.announced).items())))}


def _come_back(estate: Estate, host: str, io: Io, *, patient: bool) -> Box:
    """The session with a box that answers.

    Args:
        patient: A run that died may have sent it into a restart: it is waited for until it is up.
    """
    until = estate.clock.now() + (FORMATION if patient else 0)
    while True:
        try:
            box = estate.box(host)
            box.status()
            return box
        except ProviderError:
            if estate.clock.now() >= until:
                raise
        io.progress(f"{host} gives no answer: waiting for its restart")
        estate.clock.sleep(BETWEEN)


def settled(estate: Estate, task: Task, now: float) -> Settlement:
    """How far a pair is."""
    change = _change(task)
    going = change.action in GOING
    last, lacking = estate.formation.pop(change.name, (task.started - 1, ""))
    elapsed = now - task.started
    due = any(last - task.started < at <= elapsed for at in LOOKS) or now - last >= SELDOM
    if due or elapsed > formation_limit(task):
        last, lacking = now, _dissolved(estate, _leaving(task, change)) if going else _formed(estate, change)
    if lacking:
        estate.formation[change.name] = last, lacking
    return forming(task, now, lacking, "part" if going else "form") if lacking else Settlement(state="done")


def _formed(estate: Estate, change: Change) -> str:
    """What a pair is still waited for; "" once it is there, of the nodes that it is to have."""
    hosts = _hosts(change)
    for host in hosts.values():
        try:
            box = estate.box(host)
            status = box.status()
            if status is None:
                return "a node has not restarted yet"
            if status.formed:
                return _stranger(box, hosts)
        except ProviderError:
            continue
        nodes = (f"{node.name} {node.status}" for node in status.groups.get(0, ()))
        return ", ".join(nodes) or "the nodes look for one another"
    return "nodes rebooting"


def _stranger(box: Box, hosts: Mapping[str, str]) -> str:
    """Of a pair that is whole, the node that is not one of those that it is to have; "" if there is none."""
    members = set(macs(box.chassis()).values())
    strange, missing = sorted(members - {*hosts}), sorted({*hosts} - members)
    if not strange or not missing:
        return ""
    return f"{strange[0]} is still a node of it: cable {missing[0]} in its place, and switch {strange[0]} off"


def _dissolved(estate: Estate, hosts: Mapping[str, str]) -> str:
    for host in hosts.values():
        try:
            if estate.box(host).status() is not None:
                return "a node has not restarted yet"
        except ProviderError:
            return "nodes rebooting"
    return ""

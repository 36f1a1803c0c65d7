"""What operational replies of a device say. Pure.

Some answer once for the cluster, others once for each node. The status of a group is flat: positions, not nesting, tell
the nodes apart.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import attrs
from lxml import etree

from haplan_srx.device.replies import Complaint, Reply, children, local, named, text_of

NODES = ("node0", "node1")
_MINUTES = re.compile(r"(\d+) ?min")
PING_WORDS = ("ping-error-message", "ping-failure")
SLACK = 300
"""Seconds that the clock of a device may be behind."""
NOT_PRIVATE = "not supported for private configuration"
NOT_CLUSTERED = "cluster is not enabled"


@attrs.frozen(kw_only=True)
class Facts:
    """What one box says of itself.

    Attributes:
        model: Such as ``srx300``, upper-case.
        version: Junos version.
        serial: Serial number.
        mac: Base MAC address, twelve lower-case hex digits, or "".
        clustered: It is a member of a cluster.
    """

    model: str
    version: str
    serial: str
    mac: str = ""
    clustered: bool = False


@attrs.frozen(kw_only=True)
class NodeStatus:
    """One node in one redundancy group."""

    name: str
    priority: str
    status: str
    failures: str
    manual: bool = False


@attrs.frozen
class Status:
    """The state of a cluster: its id, and redundancy group → nodes."""

    cluster_id: int
    groups: Mapping[int, tuple[NodeStatus, ...]]

    def roles(self) -> frozenset[str]:
        """Every word that a node has anywhere."""
        return frozenset(node.status for nodes in self.groups.values() for node in nodes)

    @property
    def formed(self) -> bool:
        """True if each group has a primary and a secondary."""
        return bool(self.groups) and all(
            {node.status for node in nodes} == {"primary", "secondary"} for nodes in self.groups.values()
        )

    @property
    def primary(self) -> str:
        """The node that has the control plane; "" if none has."""
        return next((node.name for node in self.groups.get(0, ()) if node.status == "primary"), "")


@attrs.frozen
class Links:
    """Links and redundant interfaces of a cluster.

    Attributes:
        control: ``Up`` or another word.
        fabric: Name of each child with ``Up / Up`` or other words.
        reths: Name of each reth with ``Up`` or another word.
        monitors: Interface → ``Up`` or another word.
    """

    control: str
    fabric: tuple[tuple[str, str], ...]
    reths: tuple[tuple[str, str], ...]
    monitors: tuple[tuple[str, str], ...]


def per_node(reply: Reply) -> Iterator[tuple[str, etree._Element]]:
    """The answers of each node; of a single box one without a name."""
    items = list(reply.all("multi-routing-engine-item"))
    if not items:
        yield "", reply.element
    for item in items:
        yield text_of(item, "re-name"), item


def facts(system: Reply, chassis: Reply) -> Facts:
    """From ``get-system-information`` and ``get-chassis-mac-addresses``."""
    information = next(named(system.element, "system-information"), system.element)
    return Facts(
        model=text_of(information, "hardware-model").upper(),
        version=text_of(information, "os-version"),
        serial=text_of(information, "serial-number"),
        mac=_mac(chassis),
        clustered=bool(children(information, "cluster-node")),
    )


def _mac(chassis: Reply) -> str:
    text = next((text_of(item, name) for name in ("public-base-address", "private-base-address", "base-mac-address",
                                                   "mac-address") for _, item in per_node(chassis)
                 if text_of(item, name)), "")  # fmt: skip
    return "".join(one for one in text.lower() if one in "0123456789abcdef")


def macs(chassis: Reply) -> dict[str, str]:
    """Node → its base MAC address; of a single box under ""."""
    return {node: found for node, item in per_node(chassis) if (found := _mac(Reply(item)))}


def serials(inventory: Reply) -> dict[str, str]:
    """Node → serial number of its chassis, from ``get-chassis-inventory``; of a single box under ""."""
    chassis = ((node, next(named(item, "chassis"), None)) for node, item in per_node(inventory))
    found = {node: children(one, "serial-number") for node, one in chassis if one is not None}
    return {node: (said[0].text or "").strip() for node, said in found.items() if said}


def versions(reply: Reply) -> dict[str, str]:
    """Node → Junos version, from ``get-software-information``."""
    return {node: text_of(item, "junos-version") for node, item in per_node(reply)}


def unclustered(reply: Reply) -> bool:
    """True if a device says that it is in no cluster."""
    return any(NOT_CLUSTERED in one.message.lower() for one in reply.complaints)


def takes_no_private(complaints: Iterable[Complaint]) -> bool:
    """True if a release says that it takes no confirmed commit of a private copy (py-junos-eznc pull request 954)."""
    return any(NOT_PRIVATE in one.message for one in complaints)


def status(reply: Reply) -> Status | None:
    """From ``get-chassis-cluster-status``; None if the box is in no cluster."""
    if unclustered(reply):
        return None
    groups: dict[int, tuple[NodeStatus, ...]] = {}
    for group in reply.all("redundancy-group"):
        number = text_of(group, "redundancy-group-id")
        if number.isdigit():
            groups[int(number)] = tuple(_nodes(group))
    id_ = text_of(reply.element, "cluster-id")
    return Status(int(id_) if id_.isdigit() else 0, groups)


def _nodes(group: etree._Element) -> Iterator[NodeStatus]:
    stats = next(named(group, "device-stats"), group)
    columns = {
        name: [(one.text or "").strip() for one in named(stats, name)]
        for name in ("device-name", "device-priority", "redundancy-group-status", "monitor-failures", "failover-mode")
    }
    for at, name in enumerate(columns["device-name"]):
        priority, role, failures, mode = (_at(found, at) for key, found in columns.items() if key != "device-name")
        yield NodeStatus(name=name, priority=priority, status=role, failures=failures, manual=mode == "yes")


def _at(values: list[str], index: int) -> str:
    return values[index] if index < len(values) else ""


def links(reply: Reply) -> Links:
    """From ``get-chassis-cluster-interfaces``."""
    return Links(
        control=text_of(reply.element, "control-interface-status"),
        fabric=tuple(
            (child, " ".join(state.split()))
            for one in reply.all("fabric-information")
            for child, state in _pairs(one, "fabric-child-interface-name", "fabric-child-interface-status")
        ),
        reths=tuple(pair for one in reply.all("reth") for pair in _pairs(one, "reth-name", "reth-status")),
        monitors=tuple(
            pair
            for one in reply.all("interface-monitoring")
            for pair in _pairs(one, "interface-name-for-monitoring", "interface-monitoring-status")
        ),
    )


def _pairs(element: etree._Element, name: str, state: str) -> list[tuple[str, str]]:
    names = [(one.text or "").strip() for one in named(element, name)]
    states = [(one.text or "").strip() for one in named(element, state)]
    return list(zip(names, states, strict=False))


@attrs.frozen(kw_only=True)
class Commit:
    """One entry of the commit history.

    Attributes:
        confirmed: It was to take itself back unless it was confirmed.
        until: When it did, epoch seconds; 0 where the device does not say.
    """

    number: int
    user: str
    client: str
    when: str
    log: str
    confirmed: bool
    until: float = 0.0

    def pending(self, now: float) -> bool:
        """True if it, as the newest, may still take itself back: a check confirms it without a trace."""
        return self.confirmed and (not self.until or now < self.until + SLACK)


def unanswered(reply: Reply) -> str:
    """Why a host did not answer, from ``ping`` (reply as in the vendor's YANG, Junos 24.4R1); "" if it did."""
    received = text_of(reply.element, "responses-received")
    if not reply.errors and (
        any(True for _ in reply.all("ping-success")) or (received.isdigit() and int(received) > 0)
    ):
        return ""
    words = [*(str(one) for one in reply.errors), *(text_of(reply.element, name) for name in PING_WORDS)]
    return next(filter(None, words), "no answer")


def history(reply: Reply) -> tuple[Commit, ...]:
    """From ``get-commit-information``, the newest first."""
    return tuple(
        Commit(
            number=int(text_of(one, "sequence-number") or 0),
            user=text_of(one, "user"),
            client=text_of(one, "client"),
            when=text_of(one, "date-time"),
            log=text_of(one, "log") or text_of(one, "comment"),
            confirmed=any(local(child) == "commit-confirmed" for child in one.iter()),
            until=_until(one),
        )
        for one in reply.all("commit-history")
    )


def _until(entry: etree._Element) -> float:
    when = next(named(entry, "date-time"), entry)
    at = next((text for name, text in when.attrib.items() if str(name).endswith("seconds")), "")
    minutes = _MINUTES.search(text_of(entry, "commit-confirmed"))
    return float(at) + int(minutes[1]) * 60 if minutes and str(at).isdigit() else 0.0


def editors(reply: Reply) -> tuple[str, ...]:
    """Who has the configuration open, from ``get-configuration-database-status``."""
    found = []
    for one in reply.all("database-status"):
        said = {name: text_of(one, name) for name in ("user", "pid", "terminal", "start-time")}
        user = said.pop("user") or "somebody"
        rest = ", ".join(f"{name} {value}" for name, value in said.items() if value)
        found.append(f"{user} ({rest})" if rest else user)
    return tuple(found)

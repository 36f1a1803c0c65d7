"""What the rules after a write look at, by data: what a provider sees of a pair, and what it says of it."""

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from haplan.contracts import Part, Task
from haplan.model.plan import Placement, Transaction
from haplan_mist.estate import Lists
from haplan_mist.pushes import CHANGED, Device, verdict
from haplan_mist.settle import Wait
from haplan_mist.verify import findings as mist_findings
from haplan_srx.device.operational import Links, NodeStatus, Status
from haplan_srx.verify import Health, findings
from tests.design.situations import NEW, A, B


@attrs.frozen(kw_only=True)
class After:
    """A rule after a write: what trips it, what it then says, and the nearest that does not."""

    rule: str
    trips: Any
    near: Any
    says: str
    found: Callable[[Any], Iterable[tuple[str, str, str]]]


def node(name: str, role: str, priority: str = "100", failures: str = "None", *, manual: bool = False) -> NodeStatus:
    return NodeStatus(name=name, priority=priority, status=role, failures=failures, manual=manual)


LINKS = Links(control="Up", fabric=(("ge-0/0/2", "Up / Up"),), reths=(("reth0", "Up"),), monitors=())


def srx(other: NodeStatus | None = None, links: Links = LINKS, **more: Any) -> Health:
    """A pair of SRX over a new session; `other` is node1 in the group of the control plane."""
    groups = {0: (node("node0", "primary"), other or node("node1", "secondary"))}
    return Health(status=Status(1, groups), links=links, versions=("24.4R1",), **more)


def on_srx(rule: str, says: str, trips: Health) -> After:
    return After(rule=rule, says=says, trips=trips, near=srx(), found=lambda one: findings(one, "c", going=False))


def mist(head: str = A, macs: tuple[str, ...] = (A, B), version: str = "6.3", **more: Any) -> dict[str, Any]:
    """The statistics of a pair; `version` is node1's."""
    modules = [
        {"mac": mac, "serial": mac[-4:], "version": said} for mac, said in zip(macs, ("6.3", version), strict=False)
    ]
    return {head: {"mac": head, "is_ha": True, "module_stat": modules, **more}}


def on_mist(rule: str, says: str, trips: dict[str, Any]) -> After:
    task = Task(
        transaction=Transaction(id="t01", stage=1, provider="mist", document="cluster:c", placed=()),
        parts=(Part(change=NEW, placement=Placement(document="cluster:c")),),
    )
    wait = Wait(pair=(A, B))
    return After(rule=rule, says=says, trips=trips, near=mist(), found=lambda stats: [
        (one.rule, one.severity, one.message) for one in mist_findings(Lists({"stats": stats}), task, wait)
    ])  # fmt: skip


def on_push(rule: str, says: str, trips: tuple[str, ...], near: tuple[str, ...]) -> After:
    """What is said of a device by the events after a write, in their order."""

    def found(kinds: tuple[str, ...]) -> list[tuple[str, str, str]]:
        events = [{"type": kind, "timestamp": 1000.0 + at} for at, kind in enumerate(kinds)]
        said = verdict(Device(entry={"status": "connected"}, events=events), 1000.0, 1700.0, 1700.0)
        return [(rule, "error", said.text)] if said.state == "failed" else []

    return After(rule=rule, says=says, trips=trips, near=near, found=found)


AFTER = (
    on_srx("HA154", "c: redundancy group 0 still in manual failover: it "
           "does not fail over by itself before that is reset",
           srx(node("node1", "secondary", manual=True))),
    on_srx("HA175", "c is not reached any more after the commit: no answer", Health(error="no answer")),
    on_srx("HA176", "c RG0: node1 is lost", srx(node("node1", "lost", "0"))),
    on_srx("HA177", "c: the control link is Down", srx(links=attrs.evolve(LINKS, control="Down"))),
    on_srx("HA182", "c: reth0 is Down", srx(links=attrs.evolve(LINKS, reths=(("reth0", "Down"),)))),
    on_srx("HA183", "c: the nodes run 24.4R1 and 24.4R2", attrs.evolve(srx(), versions=("24.4R1", "24.4R2"))),
    on_srx("HA184", "c RG0: node1 priority 0 (IF)", srx(node("node1", "secondary", "0", "IF"))),
    on_srx("HA185", "c: node1 is disabled; reboot it in a window, once its links are up",
           srx(node("node1", "disabled"))),
    on_mist("HA175", f"c: only 1 serial visible, expected one device with {A}, {B}", mist(macs=(A,))),
    on_mist("HA178", f"c: node0 is {B}, planned {A}", mist(head=B)),
    on_mist("HA183", "c: nodes run different firmware: 6.2, 6.3", mist(version="6.2")),
    on_push("HA179", "connected, but it has not confirmed the configuration within 10 min", ("GW_CONFIGURED", CHANGED),
            (CHANGED, "GW_CONFIGURED")),
)  # fmt: skip
"""Rules after a write."""

"""After a commit, over a new session: is the pair well? (HA154, HA175 to HA177, HA182 to HA185)"""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.design.resources import GOING
from haplan.plugin import (
    Finding,
    ProviderError,
    Severity,
    Task,
    Tree,
)
from haplan_srx.device.operational import Links, NodeStatus, Status
from haplan_srx.estate import Estate, Nodes
from haplan_srx.rules import ANSWERED, WATCHED
from haplan_srx.write.receipt import Receipt

FOUND = "found"
"""Key of a receipt: rule, severity and text of each thing that is wrong."""
Wrong = tuple[str, Severity, str]
"""Rule, severity and text."""


@attrs.frozen(kw_only=True)
class Health:
    """What was seen: why the device was not reached, or its state.

    Attributes:
        silent: Host that was to answer → why it did not.
        unheard: Of what IP monitoring asks since the commit, what does not answer.
    """

    error: str = ""
    status: Status | None = None
    links: Links | None = None
    versions: tuple[str, ...] = ()
    silent: Mapping[str, str] = attrs.field(factory=dict)
    unheard: tuple[str, ...] = ()


def checked(estate: Estate, receipt: Receipt, task: Task) -> dict[str, Tree]:
    """Look over a new session; gives what is wrong for the receipt."""
    name = task.transaction.document.name
    going = any(
        part.change.type == "cluster" and part.change.name == name and part.change.action in GOING
        for part in task.parts
    )
    health = look(estate, receipt.nodes, receipt.probed)
    return {FOUND: [list(one) for one in findings(health, name, going=going, ours=receipt.reths)]}


def told(task: Task) -> tuple[Finding, ...]:
    """What is wrong, from the receipt."""
    about = task.parts[0].change
    return tuple(Finding.at(about, rule, text, severity) for rule, severity, text in task.receipt.get(FOUND, ()))


def look(estate: Estate, nodes: Nodes, probed: Sequence[str] = ()) -> Health:
    """Look over a new session."""
    try:
        box, status = estate.leading(nodes, anew=True)
        versions = tuple(sorted(set(box.software().values()) - {""}))
        answers = {host: box.unanswered(host) for host in (*estate.access.probes, *probed)}
        return Health(
            error="",
            status=status,
            links=box.links(),
            versions=versions,
            silent={host: why for host, why in answers.items() if why and host in estate.access.probes},
            unheard=tuple(host for host in probed if answers[host]),
        )
    except ProviderError as error:
        return Health(error=str(error))


def findings(health: Health, name: str, *, going: bool, ours: tuple[str, ...] | None = None) -> Iterator[Wrong]:
    """What is wrong; of a pair that is let go only whether it is still reached. `ours` are the reths that count."""
    if health.error:
        yield "HA175", "error", f"{name} is not reached any more after the commit: {health.error}"
    if health.error or going:
        return
    for host, why in health.silent.items():
        yield ANSWERED, "error", f"{name} gets no answer from {host}: {why}"
    for host in health.unheard:
        text = f"{name}: {host} does not answer: its WAN is used only while no other is well"
        yield WATCHED, "warning", f"{text}; name hosts that do in probes=[…] of that WAN, or say probes=False"
    if health.status is None:
        yield "HA176", "error", f"{name} is in no cluster"
        return
    yield from _nodes(health.status, name)
    if health.links is not None:
        yield from _links(health.links, name, ours)
    if len(health.versions) > 1:
        yield "HA183", "error", f"{name}: the nodes run {' and '.join(health.versions)}"


def _nodes(status: Status, name: str) -> Iterator[Wrong]:
    for group, nodes in sorted(status.groups.items()):
        for node in nodes:
            if node.status not in ("primary", "secondary"):
                yield "HA176", "error", f"{name} RG{group}: {node.name} is {node.status}"
                yield from _way_back(node, name, group)
            elif node.priority == "0":
                code = node.failures if node.failures not in ("", "None") else "no monitor code"
                yield "HA184", "warning", f"{name} RG{group}: {node.name} priority 0 ({code})"
        if any(node.manual for node in nodes):
            text = f"{name}: redundancy group {group} still in manual failover"
            yield "HA154", "warning", f"{text}: it does not fail over by itself before that is reset"


def _way_back(node: NodeStatus, name: str, group: int) -> Iterator[Wrong]:
    """How a node comes back that is out for want of a link; said once, not for each group."""
    if group == 0 and node.status == "disabled":
        yield "HA185", "warning", f"{name}: {node.name} is disabled; reboot it in a window, once its links are up"
    if group == 0 and node.status == "ineligible":
        yield (
            "HA185",
            "warning",
            f"{name}: {node.name} is ineligible, and disabled after 180 s without its control link",
        )


def _links(links: Links, name: str, ours: tuple[str, ...] | None) -> Iterator[Wrong]:
    if links.control and links.control != "Up":
        yield "HA177", "error", f"{name}: the control link is {links.control}"
    for child, state in links.fabric:
        if state != "Up / Up":
            yield "HA177", "error", f"{name}: fabric link {child} is {state}"
    for reth, state in links.reths:
        if state != "Up" and (ours is None or reth in ours):
            yield "HA182", "error", f"{name}: {reth} is {state}"
        elif state != "Up":
            yield "HA182", "warning", f"{name}: {reth}, which is of others, is {state}"

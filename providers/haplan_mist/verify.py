"""The check after a pair has formed, from the organisation's stats."""

from collections.abc import Iterator

from haplan.plugin import Action, Finding, Task
from haplan_mist.estate import Known, Object
from haplan_mist.read.alive import links_down
from haplan_mist.read.devices import module_macs, modules_of
from haplan_mist.settle import Wait
from haplan_mist.translate.documents import GOING
from haplan_mist.write.clusters import node_order

MAX_AGE = 60.0


def roles_missing(entry: Object) -> list[str]:
    """Nodes of a pair that are away, in words."""
    return [f"{one.get('mac')} is away" for one in modules_of(entry) if one.get("status") == "disconnected"]


def findings(estate: Known, task: Task, wait: Wait) -> Iterator[Finding]:
    """What is not as it should be with the pair of a cluster."""
    change = task.parts[0].change
    if change.action in GOING:
        return
    macs = node_order((change.after or {}).get("nodes") or {})
    stats = estate.known("stats")
    head = next((mac for mac in (*wait.pair, *macs) if (stats.get(mac) or {}).get("is_ha")), macs[0] if macs else "")
    entry = stats.get(head) or {}
    found = module_macs(entry) & set(macs)
    if len(found) < 2:
        serials = len([module for module in modules_of(entry) if module.get("serial")])
        text = f"{change.name}: only {serials} serial visible, expected one device with {', '.join(macs)}"
        yield Finding.at(change, "HA175", text, hint="look at both devices in the portal")
        return
    if head != macs[0]:
        made = bool(wait.pair) and change.action in (Action.CREATE, Action.REPLACE)
        text = f"{change.name}: node0 is {head}, planned {macs[0]}"
        yield Finding.at(
            change,
            "HA178",
            text,
            "error" if made else "info",
            hint="the ports of node0 and node1 are swapped against the stack" if made else "",
        )
    for text in links_down(entry):
        yield Finding.at(change, "HA177", f"{change.name}: {text}", hint="look at the cables between the nodes")
    for text in roles_missing(entry):
        yield Finding.at(change, "HA176", f"{change.name}: {text}", hint="look at that node")
    versions = {str(module.get("version") or "") for module in modules_of(entry)} - {""}
    if len(versions) > 1:
        text = f"{change.name}: nodes run different firmware: {', '.join(sorted(versions))}"
        yield Finding.at(change, "HA183", text, hint="bring both nodes to one version")

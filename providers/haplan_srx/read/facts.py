"""What rules want to know of pairs that stand, when planning: nodes, releases, links; from what was read."""

from collections.abc import Iterable, Mapping

from haplan.plugin import Target, Tree
from haplan_srx.device.operational import Links, Status
from haplan_srx.estate import PairSeen
from haplan_srx.read.look import Look
from haplan_srx.translate.recorded import nodes_of

WELL = frozenset({"primary", "secondary"})
LOST = "lost"


def facts(targets: Iterable[Target], look: Look) -> dict[str, Mapping[str, Tree]]:
    """By address; nothing of pairs that were not reached, or stand in no cluster."""
    found: dict[str, Mapping[str, Tree]] = {}
    for target in targets:
        if target.type != "cluster" or target.data or target.row is None:
            continue
        one = look.recorded.design.resources.get(target.address)
        seen = look.pairs.get(str(one.name)) if one is not None else None
        if one is not None and seen is not None and seen.status is not None:
            found[target.address] = _of_pair(list(nodes_of(one).hosts), one.values, seen, seen.status)
    return found


def _of_pair(macs: list[str], values: Mapping[str, Tree], seen: PairSeen, status: Status) -> dict[str, Tree]:
    """`macs` is what node0 and node1 are to be: a node that is down does not tell its own."""
    told = {f"node{at}": seen.macs.get(f"node{at}") or mac for at, mac in enumerate(macs)}
    roles = {node.name: node.status for node in status.groups.get(0, ())}
    said = {
        "nodes": {mac: _node(node, mac, values, seen, roles) for node, mac in told.items()},
        "pair": list(told.values()),
        "status": "formed" if status.formed else "forming",
        "links_down": _down(seen.links) if seen.links is not None else [],
        "groups_failing": _failing(status),
        "looked": {"groups": "seen", **({"links": "seen"} if seen.links is not None else {})},
    }
    return {key: value for key, value in said.items() if value}


def _node(node: str, mac: str, values: Mapping[str, Tree], seen: PairSeen, roles: Mapping[str, str]) -> dict[str, Tree]:
    return {
        "known": True,
        "model": str(values.get("model") or ""),
        "serial": seen.serials.get(mac, ""),
        "firmware": seen.versions.get(node, ""),
        "connected": roles.get(node, LOST) != LOST,
        "managed": True,
        "cluster": "",
    }


def _down(links: Links) -> list[str]:
    """What of the links inside a pair, and of its redundant interfaces, is not up, in words."""
    found = [f"the control link is {links.control}"] if links.control not in ("", "Up") else []
    found += [f"fabric link {child} is {state}" for child, state in links.fabric if state != "Up / Up"]
    return found + [f"{reth} is {state}" for reth, state in links.reths if state != "Up"]


def _failing(status: Status) -> list[str]:
    """Redundancy groups whose nodes see a failure or are out, in words."""
    found = []
    for number, nodes in sorted(status.groups.items()):
        for node in nodes:
            if node.status not in (*WELL, LOST):
                found.append(f"RG{number}: {node.name} is {node.status}")
            elif node.status in WELL and node.failures not in ("", "None", "n/a"):
                found.append(f"RG{number}: {node.name} {node.failures}")
    return found

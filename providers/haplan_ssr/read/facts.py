"""What rules want to know of boxes and routers when planning; from the assets and from what was read.

A conductor's list of assets has no hardware model, so nothing is said of that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from haplan.plugin import Query, Target, Tree, decode, is_mapping
from haplan_ssr.read.resources import Look
from haplan_ssr.rest import Asset
from haplan_ssr.translate import clean
from haplan_ssr.translate.tree import AUTHORITY, same

AWAY, RUNNING = "disconnected", "running"
UNTOLD = "in no state that is known"


def boxes_matter(query: Query) -> bool:
    """True if there are pairs to tell of: a plan says what their boxes are like, changed or not. Before a write only
    those that are to be formed, or get another node, are worth the call."""
    clusters = (target for target in query.targets if target.type == "cluster" and not target.data)
    return any(query.document is None or target.row is None or target.row.status != "ok"
               or _nodes(target) != _recorded(target) for target in clusters)  # fmt: skip


def lines(at: Look, query: Query) -> tuple[str, ...]:
    """A line for each node of a pair that gets a part of what is to change, and cannot take it now."""
    moving = {name for address in at.moving for name in at.wanted.routers.get(address, ())}
    rows = (row for row in query.recorded.values() if row.type == "cluster" and row.status == "ok")
    formed = {clean(row.name) for row in rows}
    boxes: dict[str, list[Asset]] = {}
    for box in sorted(at.assets or (), key=lambda one: (one.router, one.node)):
        if box.router in moving and _stays(at, box):
            boxes.setdefault(box.router, []).append(box)
    return tuple(line for router, pair in boxes.items() for line in _lines(router, pair, formed=router in formed))


def _stays(at: Look, box: Asset) -> bool:
    """False for a box in whose place another one is to come."""
    given = at.wanted.entries.get((*AUTHORITY, ("router", box.router), ("node", box.node), "asset-id"))
    return given is None or given.value == box.id


def _lines(router: str, pair: Sequence[Asset], *, formed: bool) -> Iterator[str]:
    for box in pair:
        if box.status == AWAY:
            yield f"{router} {box.node} is offline: its part will be pending"
        elif box.status != RUNNING and formed:
            status = box.status or UNTOLD
            yield f"{router} {box.node} is {status}: nothing is sent into a pair before both run or are away"


def facts(targets: Iterable[Target], at: Look) -> dict[str, Mapping[str, Tree]]:
    """What rules want to know, by address; from what was read."""
    known, sites = None if at.assets is None else {one.id: one for one in at.assets}, at.sites
    found: dict[str, Mapping[str, Tree]] = {}
    for target in targets:
        if target.type == "cluster" and known is not None and not target.data:
            found[target.address] = {**_of_cluster(target, known, sites), "conductor": at.version}
        elif target.type == "wan_edge_template":
            carrying = at.recorded.routers.get(target.address, frozenset())
            found[target.address] = {"bound": sorted({sites[name] for name in carrying if sites.get(name)})}
        touched = managing(at, target.address)
        if touched:
            found[target.address] = {**found.get(target.address, {}), "management": touched}
    return found


def managing(at: Look, address: str) -> list[str]:
    """The interfaces that boxes are managed over and that a change of a resource touches, each by its words."""
    moving = (path for path in at.moving.get(address, ()) if len(path) > 4)
    interfaces = {path[:5] for path in moving if path[4][0] == "network-interface"}
    return sorted(
        f"{router[1]} {node[1]} {name[1]}"
        for path in interfaces
        if (*path, "management") in at.live and same(at.live[*path, "management"], True)
        for router, node, name in [(path[1], path[2], path[4])]
    )


def _of_cluster(target: Target, assets: Mapping[str, Asset], sites: Mapping[str, str]) -> dict[str, Tree]:
    own = {clean(target.name), clean(target.row.name if target.row is not None else target.name)}
    ids = _ids(target)
    boxes = {mac: assets[id_] for mac, id_ in ids.items() if id_ in assets}
    formed = {box.node: (mac, box) for mac, box in boxes.items() if box.router in own}
    pair = [formed[node][0] for node in sorted(formed)] if len(formed) == 2 else []
    running = pair and all(box.status == "running" for _, box in formed.values())
    return {
        "nodes": {mac: _of_box(box, own, sites) for mac, box in boxes.items()},
        "unseen": {mac: id_ for mac, id_ in ids.items() if id_ not in assets},
        "pair": pair,
        "status": "formed" if running else "forming" if pair else "none",
        "looked": {"groups": "none"},  # an SSR pair has none; how links and paths are, only its router tells
    }


def _of_box(box: Asset, own: Iterable[str], sites: Mapping[str, str]) -> dict[str, Tree]:
    return {
        "known": True,
        "firmware": box.version,
        "connected": box.status != AWAY,
        "site": sites.get(box.router, ""),
        "cluster": "" if box.router in own else box.router,
    }


def _ids(target: Target) -> dict[str, str]:
    """MAC → asset id, wanted or recorded, as far as it is known."""
    nodes = {**_recorded(target), **_nodes(target)}
    ids = {mac: said.get("asset_id") for mac, said in nodes.items() if is_mapping(said)}
    return {mac: id_ for mac, id_ in sorted(ids.items()) if isinstance(id_, str)}


def _nodes(target: Target) -> Mapping[str, Tree]:
    found = target.values.get("nodes")
    return found if is_mapping(found) else {}


def _recorded(target: Target) -> Mapping[str, Tree]:
    found = decode(target.row.values).get("nodes") if target.row is not None else None
    return found if is_mapping(found) else {}

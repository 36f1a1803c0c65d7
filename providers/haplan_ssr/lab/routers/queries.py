"""State over REST: what the endpoint table and working clients name (128technology/docs, apis_rest.md); camelCase."""

from collections.abc import Callable, Mapping

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_ssr.lab.config.edits import Body
from haplan_ssr.lab.config.generated import interfaces
from haplan_ssr.lab.http.wire import Call, Refused
from haplan_ssr.lab.routers.assets import boxes
from haplan_ssr.lab.routers.state import World

OFFLINE = "Target router did not respond to any connection attempts"


def system(call: Call) -> Answer:
    """The conductor itself."""
    settings = call.tx.settings
    return Answer({
        "router": call.tx.meta("router"), "node": "node0", "role": "conductor", "softwareVersion": settings.version,
        "status": "RUNNING", "alarmCount": 0, "isConductor": True, "isManaged": False, "isManagedByCloud": False,
    })  # fmt: skip


def version_of_all(call: Call) -> Answer:
    """The software; the vendor shows the call (cc_fips_6.3.0_rest_graphql_apis.md), and not what it answers."""
    return Answer({"version": call.tx.settings.version})


def assets(call: Call) -> Answer:
    """All boxes."""
    return Answer([
        {
            "routerName": box.router or "", "nodeName": box.node or "", "assetId": box.id,
            "status": box.status.capitalize(), "statusDurationSeconds": box.lasting, "t128Version": box.version,
            "text": "",
            "softwareVersions": {"availableVersion": [], "downloadedVersion": [], "currentlyDownloadingVersion": "",
                                 "refresh": {"inProgress": False}},
        }
        for box in boxes(call.tx)
    ])  # fmt: skip


def routers(call: Call) -> Answer:
    return Answer([{"name": name} for name in World(call.tx).routers])


def router(call: Call) -> Answer:
    return Answer({"name": _router(World(call.tx), call)["name"]})


def nodes(call: Call) -> Answer:
    found = _router(World(call.tx), call)
    return Answer([_node_of(one) for one in found.get("node", ())])


def node(call: Call) -> Answer:
    world = World(call.tx)
    return Answer(_node_of(_node(_router(world, call), call)))


def _node_of(found: Body) -> Body:
    return {"name": found["name"], "role": found.get("role"), "assetId": found.get("asset-id", "")}


def status(call: Call) -> Answer:
    world = World(call.tx)
    found = _router(world, call)
    name = _node(found, call)["name"]
    return Answer({"status": world.node_status(found["name"], name).upper()})


def version(call: Call) -> Answer:
    world, found, one = _online(call)
    return Answer({"softwareVersion": world.version(found["name"], one["name"])})


def adjacencies(call: Call) -> Answer:
    _, found, one = _online(call)
    return Answer([
        {"ipAddress": adjacency["ip-address"], "deviceInterface": device["name"], "networkInterface": interface["name"],
         "jitter": 0, "linkLatency": 1, "packetLoss": 0}
        for there, device, interface in interfaces(found) if there["name"] == one["name"]
        for adjacency in interface.get("adjacency", ())
    ])  # fmt: skip


def device_interfaces(call: Call) -> Answer:
    world, found, one = _online(call)
    return Answer([
        {"name": device["name"], "redundancyStatus": world.redundancy(found, one["name"], device),
         "adminStatus": "up", "operStatus": "up"}
        for device in one.get("device-interface", ())
    ])  # fmt: skip


def network_interfaces(call: Call) -> Answer:
    _, found, one = _online(call)
    return Answer([
        {"name": interface["name"], "deviceInterface": device["name"], "globalId": interface.get("global-id")}
        for there, device, interface in interfaces(found) if there["name"] == one["name"]
    ])  # fmt: skip


def nothing(_call: Call) -> Answer:
    """Alarms: a lab that is well has none."""
    return Answer([])


def _router(world: World, call: Call) -> Body:
    found = world.routers.get(call.path[1])
    if found is None:
        raise Refused(404, f"no router {call.path[1]}")
    return found


def _node(found: Mapping[str, Tree], call: Call) -> Body:
    for one in found.get("node", ()):
        if one["name"] == call.path[3]:
            there: Body = one
            return there
    raise Refused(404, f"router {found['name']} has no node {call.path[3]}")


def _online(call: Call) -> tuple[World, Body, Body]:
    """World, router and node of a call that has to reach the router."""
    world = World(call.tx)
    found = _router(world, call)
    one = _node(found, call)
    if world.node_status(found["name"], one["name"]) != "running":
        raise Refused(500, OFFLINE)
    return world, found, one


NODE = "/router/*/node/*"
QUERIES: Mapping[str, Callable[[Call], Answer]] = {
    "/system": system,
    "/version": version_of_all,
    "/asset": assets,
    "/router": routers,
    "/router/*": router,
    "/router/*/node": nodes,
    NODE: node,
    f"{NODE}/status": status,
    f"{NODE}/version": version,
    f"{NODE}/adjacency": adjacencies,
    f"{NODE}/deviceInterface": device_interfaces,
    f"{NODE}/networkInterface": network_interfaces,
    f"{NODE}/alarm": nothing,
    "/router/*/alarm": nothing,
    "/alarm": nothing,
}
"""GET by path; `*` is one segment."""

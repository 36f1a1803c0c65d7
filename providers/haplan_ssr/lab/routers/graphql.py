"""GraphQL: the part of the schema that the health of a cluster needs, with introspection.

Fields are those that public scripts read; the vendor serves the whole schema on a running system only.
"""

import functools
from collections.abc import Mapping, Sequence

from graphql import GraphQLSchema, build_schema, graphql_sync

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_ssr.lab.config.edits import Body
from haplan_ssr.lab.estate import Tx
from haplan_ssr.lab.http.wire import Call, Refused
from haplan_ssr.lab.routers.assets import NEVER, Box, boxes
from haplan_ssr.lab.routers.state import World

CONNECTIONS = (
    "Router", "Authority", "Node", "DeviceInterface", "NetworkInterface", "Address", "Peer", "Service", "Tenant",
    "Alarm",
)  # fmt: skip
"""Types that are listed as `edges { node }` or `nodes`."""

SCHEMA = """
type Query {
  allRouters(name: String): RouterConnection
  allAuthorities(name: String): AuthorityConnection
  allServices(name: String): ServiceConnection
  allTenants(name: String): TenantConnection
  allAlarms: AlarmConnection
  metrics: Metrics
}
type Service { name: String, scope: String, servicePolicy: String, serviceGroup: String, enabled: Boolean }
type Tenant { name: String }
type Alarm { id: String, category: String, severity: String, message: String, router: String, node: String }
type Router { name: String, nodes(name: String): NodeConnection, peers(name: String): PeerConnection }
type Authority {
  name: String, assets(assetIds: [String]): [Asset], duplicateAssets(assetIds: [String]): [DuplicateAsset]
}
type Asset {
  routerName: String, nodeName: String, assetId: String, status: String, t128Version: String,
  statusDurationSeconds: Int, text: String, failedStatus: String, errorsJson: [AssetError]
}
type AssetError { env: String, operation: String, reason: String }
type DuplicateAsset { assetId: String }
type Node {
  name: String, role: String, assetId: String, state: NodeState, connectivity: [Connectivity],
  deviceInterfaces(name: String): DeviceInterfaceConnection
}
type NodeState {
  status: String, startTime: String, role: String, softwareVersion: String, alarmCount: Int, processes: [Process]
}
type Process { name: String, status: String, primary: Boolean, leaderStatus: String }
type Connectivity { remoteRouterName: String, remoteNodeName: String, remoteNodeRole: String, status: String }
type DeviceInterface {
  name: String, forwarding: Boolean, type: String, pciAddress: String, sharedPhysAddress: String,
  state: DeviceInterfaceState, networkInterfaces(name: String): NetworkInterfaceConnection
}
type DeviceInterfaceState {
  adminStatus: String, operationalStatus: String, provisionalStatus: String, redundancyStatus: String,
  macAddress: String, speed: String, duplex: String
}
type NetworkInterface { name: String, globalId: String, vlan: Int, type: String, addresses: AddressConnection }
type Address { ipAddress: String, prefixLength: Int, gateway: String }
type Peer { name: String, paths: [Path] }
type Path {
  node: String, networkInterface: String, adjacentAddress: String, status: String, latency: Float, jitter: Float,
  loss: Float, mtu: Int, uptime: Int
}
type Metrics { redundancy: Redundancy }
type Redundancy { databaseConnection: DatabaseConnection }
type DatabaseConnection { activeConnections(router: String): [ActiveConnection] }
type ActiveConnection { node: String, value: Int }
""" + "".join(
    f"type {name}Connection {{ nodes: [{name}], edges: [{name}Edge] }}\ntype {name}Edge {{ node: {name} }}\n"
    for name in CONNECTIONS
)


@functools.cache
def schema() -> GraphQLSchema:
    """The schema, built once."""
    return build_schema(SCHEMA)


def answer(call: Call) -> Answer:
    """One query; 200 with `data` and, where something went wrong, `errors`."""
    body = call.object_body()
    if not isinstance(body.get("query"), str):
        raise Refused(400, "query: must be a text")
    variables = body.get("variables")
    found = graphql_sync(schema(), body["query"], Root(call.tx), variable_values=variables)
    return Answer(found.formatted)


class Root:
    """The query's roots: methods are called with the context's info and the arguments."""

    def __init__(self, tx: Tx) -> None:
        self._world = World(tx)

    def allRouters(self, _info: object, name: str | None = None) -> Body:  # noqa: N802 (the schema's name)
        routers = self._world.routers.values()
        return _connection([_router(self._world, one) for one in routers], name)

    def allAuthorities(self, _info: object, name: str | None = None) -> Body:  # noqa: N802 (the schema's name)
        tx = self._world.tx

        def assets(_info: object, assetIds: Sequence[str] | None = None) -> list[Body]:  # noqa: N803
            return [_asset(box) for box in boxes(tx) if assetIds is None or box.id in assetIds]

        authority = {"name": tx.settings.authority, "assets": assets, "duplicateAssets": []}
        return _connection([authority], name)

    def allServices(self, _info: object, name: str | None = None) -> Body:  # noqa: N802 (the schema's name)
        return _connection([_service(one) for one in self._world.listed("service")], name)

    def allTenants(self, _info: object, name: str | None = None) -> Body:  # noqa: N802 (the schema's name)
        return _connection([{"name": one["name"]} for one in self._world.listed("tenant")], name)

    def allAlarms(self, _info: object) -> Body:  # noqa: N802 (the schema's name)
        return _connection(list(self._world.alarms()))

    def metrics(self, _info: object) -> Body:
        def active(_info: object, router: str | None = None) -> list[Body]:
            nodes = self._world.routers.get(router or "", {}).get("node", ())
            up = [one["name"] for one in nodes if self._world.node_status(str(router), one["name"]) == "running"]
            return [{"node": name, "value": 1} for name in up] if len(up) > 1 else []

        return {"redundancy": {"databaseConnection": {"activeConnections": active}}}


def _connection(found: Sequence[Mapping[str, Tree]], name: str | None = None) -> Body:
    kept = [one for one in found if name is None or one["name"] == name]
    return {"nodes": kept, "edges": [{"node": one} for one in kept]}


def _listed(found: Sequence[Mapping[str, Tree]]) -> Tree:
    """A field that takes a name and gives a connection."""

    def field(_info: object, name: str | None = None) -> Body:
        return _connection(found, name)

    return field


def _router(world: World, router: Body) -> Body:
    def nodes(_info: object, name: str | None = None) -> Body:
        return _connection([_node(world, router, one) for one in router.get("node", ())], name)

    def peers(_info: object, name: str | None = None) -> Body:
        return _connection([_peer(world, router, one["name"]) for one in router.get("peer", ())], name)

    return {"name": router["name"], "nodes": nodes, "peers": peers}


def _node(world: World, router: Body, node: Body) -> Body:
    name, node_name = router["name"], node["name"]
    begun = world.runs_from(name, node_name)
    running = world.node_status(name, node_name) == "running"
    state: Body = {
        "status": world.node_status(name, node_name).upper(), "startTime": None if begun == NEVER else str(int(begun)),
        "role": node.get("role"), "softwareVersion": world.version(name, node_name), "alarmCount": 0, "processes": [],
    }  # fmt: skip
    partners = [
        {
            "remoteRouterName": name, "remoteNodeName": one["name"], "remoteNodeRole": one.get("role"),
            "status": "CONNECTED" if running and world.node_status(name, one["name"]) == "running" else "DISCONNECTED",
        }
        for one in router.get("node", ()) if one["name"] != node_name
    ]  # fmt: skip
    devices = [_device(world, router, node_name, running, one) for one in node.get("device-interface", ())]
    return {
        "name": node_name, "role": node.get("role"), "assetId": node.get("asset-id", ""), "state": state,
        "connectivity": partners, "deviceInterfaces": _listed(devices),
    }  # fmt: skip


def _device(world: World, router: Body, node: str, running: bool, device: Body) -> Body:
    state = {
        "adminStatus": "UP", "operationalStatus": "UP" if running else "UNKNOWN",
        "redundancyStatus": world.redundancy(router, node, device).upper().replace("-", "_"),
        "macAddress": device.get("shared-phys-address"), "speed": "1000", "duplex": "FULL",
    }  # fmt: skip
    return {
        "name": device["name"], "forwarding": device.get("forwarding", True), "type": device.get("type", "ethernet"),
        "pciAddress": device.get("pci-address"), "sharedPhysAddress": device.get("shared-phys-address"), "state": state,
        "networkInterfaces": _listed([_interface(one) for one in device.get("network-interface", ())]),
    }  # fmt: skip


def _interface(interface: Body) -> Body:
    addresses = [
        {"ipAddress": one["ip-address"], "prefixLength": one.get("prefix-length"), "gateway": one.get("gateway")}
        for one in interface.get("address", ())
    ]
    return {
        "name": interface["name"], "globalId": str(interface.get("global-id", "")), "vlan": interface.get("vlan", 0),
        "type": interface.get("type", "external"), "addresses": {
            "nodes": addresses, "edges": [{"node": one} for one in addresses]},
    }  # fmt: skip


def _peer(world: World, router: Body, peer: str) -> Body:
    paths = [
        {
            "node": one.node, "networkInterface": one.interface, "adjacentAddress": one.address,
            "status": one.status.upper(), "latency": 1.0, "jitter": 0.0, "loss": 0.0, "mtu": 1500,
            "uptime": int(world.tx.now - one.since) if one.status == "up" else 0,
        }
        for one in world.paths(router, peer)
    ]  # fmt: skip
    return {"name": peer, "paths": paths}


def _service(service: Body) -> Body:
    return {
        "name": service["name"], "scope": service.get("scope"), "servicePolicy": service.get("service-policy"),
        "serviceGroup": service.get("service-group"), "enabled": service.get("enabled", True),
    }  # fmt: skip


def _asset(box: Box) -> Body:
    return {
        "routerName": box.router, "nodeName": box.node, "assetId": box.id, "status": box.status.upper(),
        "t128Version": box.version, "statusDurationSeconds": box.lasting, "text": "", "failedStatus": None,
        "errorsJson": [],
    }  # fmt: skip

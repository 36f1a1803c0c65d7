"""Rules that the vendor's documentation states and the model's export does not have.

Sources, below `docs/` of 128technology/docs: `config_ha.md` (shared interfaces), `release_notes_128t_5.3.md` (security
of peered services), `config_transition_standalone_to_ha.md` (the warning about two nodes without a link),
`config_lacp.md` (bonds and their members).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from haplan.plugin import Tree
from haplan_ssr.model.schema import Release

Found = tuple[tuple[str, ...], str, Literal["error", "warning"]]
Entry = Mapping[str, Tree]
MOST_MEMBERS = 8


def documented(tree: Mapping[str, Tree], release: Release | None) -> Iterator[Found]:
    """(path, message, severity) of what a configuration breaks; places that are malformed are passed over."""
    authority = tree.get("authority")
    if not isinstance(authority, Mapping):
        return
    routers = _entries(authority, "router")
    yield from _shared(routers)
    for router in routers:
        yield from _linked(router)
        for node in _entries(router, "node"):
            yield from _bonded(router, node)
    if release is not None and release >= (5, 3):
        yield from _secured(routers, _entries(authority, "service"))


def _entries(above: Entry, name: str) -> list[Entry]:
    """The entries of a list that is there and is one."""
    found = above.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, Sequence) else []


def _shared(routers: Sequence[Entry]) -> Iterator[Found]:
    """A shared physical address is on one interface of each node of one router; the two are the same below it."""
    owners: dict[str, str] = {}
    for router in routers:
        pairs: dict[str, list[tuple[Entry, Entry]]] = {}
        for node in _entries(router, "node"):
            for device in _entries(node, "device-interface"):
                if device.get("shared-phys-address"):
                    pairs.setdefault(str(device["shared-phys-address"]).lower(), []).append((node, device))
        for address, members in pairs.items():
            yield from _pair(router, address, members)
            owner = owners.setdefault(address, str(router.get("name")))
            if owner != str(router.get("name")):
                said = f"shared-phys-address {address} is used by router {owner} too"
                yield _at(router, *members[0]), said, "error"


def _pair(router: Entry, address: str, members: Sequence[tuple[Entry, Entry]]) -> Iterator[Found]:
    first = members[0][1]
    nodes = [str(node.get("name")) for node, _ in members]
    if len(set(nodes)) < len(nodes):
        said = f"shared-phys-address {address} must be on one device-interface of each node"
        yield _at(router, *members[-1]), said, "error"
    for node, device in members[1:]:
        if _below(device) != _below(first):
            said = f"network-interfaces must be identical to those of {first.get('name')} on {nodes[0]}, which shares its physical address"  # noqa: E501
            yield _at(router, node, device), said, "error"


def _below(device: Entry) -> dict[str, Tree]:
    """What has to be the same: all but what the conductor assigns, and what is each node's own."""
    own = ("global-id", "adjacency")
    return {
        str(one.get("name")): {
            name: [{k: v for k, v in a.items() if k != "utility-ip-address"} for a in _entries(one, "address")]
            if name == "address"
            else value
            for name, value in one.items()
            if name not in own
        }
        for one in _entries(device, "network-interface")
    }


def _linked(router: Entry) -> Iterator[Found]:
    nodes = _entries(router, "node")
    for node in nodes if len(nodes) > 1 else ():
        if not any(
            str(device.get("forwarding")).lower() == "false" and interface.get("type") in ("fabric", "shared")
            for device in _entries(node, "device-interface")
            for interface in _entries(device, "network-interface")
        ):
            said = "no non-forwarding fabric or shared interface: the nodes cannot synchronise"
            yield ("authority", "router", str(router.get("name")), "node", str(node.get("name"))), said, "warning"


def _bonded(router: Entry, node: Entry) -> Iterator[Found]:
    """A bond has one to eight members, Ethernet ports that name it and have no network-interface of their own."""
    devices = {str(device.get("name")): device for device in _entries(node, "device-interface")}
    members: dict[str, int] = {name: 0 for name, device in devices.items() if device.get("type") == "bond"}
    for device in devices.values():
        parent = str(device.get("parent-bond") or "")
        if not parent:
            continue
        if parent not in members:
            yield _at(router, node, device), f"parent-bond {parent} is no device-interface of type bond", "error"
        elif _entries(device, "network-interface") or device.get("type", "ethernet") != "ethernet":
            said = f"a member of bond {parent} is an ethernet port without a network-interface of its own"
            yield _at(router, node, device), said, "error"
        members[parent] = members.get(parent, 0) + 1
    for name in (name for name, count in members.items() if name in devices and not 1 <= count <= MOST_MEMBERS):
        yield _at(router, node, devices[name]), f"bond {name} has {members[name]} members, 1 to 8 are taken", "error"


def _secured(routers: Sequence[Entry], services: Sequence[Entry]) -> Iterator[Found]:
    secured = {str(service.get("name")) for service in services if service.get("security")}
    known = {str(service.get("name")) for service in services}
    for router in routers:
        for route in _entries(router, "service-route"):
            if (route.get("peer") or route.get("next-peer")) and str(route.get("service-name")) in known - secured:
                said = f"service {route['service-name']} needs security: it is reached through a peer"
                path = ("authority", "router", str(router.get("name")), "service-route", str(route.get("name")))
                yield path, said, "error"


def _at(router: Entry, node: Entry, device: Entry) -> tuple[str, ...]:
    names = (str(one.get("name")) for one in (router, node, device))
    return (
        "authority",
        *(step for pair in zip(("router", "node", "device-interface"), names, strict=True) for step in pair),
    )

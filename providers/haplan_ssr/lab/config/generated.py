"""What the conductor generates at each commit: pure, from the configuration without what was generated before.

Source: 128technology/docs, config_basics.md (every object whose `generated` is true is deleted and made again) and
config_reference_guide.md (neighborhoods make peers and adjacencies; shared services make service-routes; interfaces
towards the conductor make its service). Names of generated service-routes, which of several interfaces a route to the
conductor takes, and the host name that stands for an address by DHCP are not documented in detail: they are this
simulator's, within what the model allows.
"""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.plugin import Tree

Body = dict[str, Tree]

HOST = "interface-{interface-id}.{router-name}.{authority-name}"
"""Default of the authority's `dynamic-hostname`."""
PARTNERS = {("hub", "spoke"), ("spoke", "hub"), ("mesh", "mesh"), ("mesh", "hub"), ("hub", "mesh")}


@attrs.frozen(eq=False)
class Side:
    """One interface in a neighborhood.

    Attributes:
        router: Name of its router.
        interface: The network-interface.
        neighborhood: Its part of the neighborhood.
    """

    router: str
    interface: Body
    neighborhood: Body

    @property
    def topology(self) -> str:
        return str(self.neighborhood.get("topology", "spoke"))


def without_generated(value: Tree) -> Tree:
    """Configuration without the objects that were generated, at any depth; a copy."""
    if isinstance(value, dict):
        return {
            name: kept
            for name, one in value.items()
            if (kept := without_generated(one)) != [] or not isinstance(one, list) or not one
        }
    if isinstance(value, list):
        return [without_generated(one) for one in value if not (isinstance(one, dict) and one.get("generated") is True)]
    return value


def generate(tree: Body, next_id: Iterator[int]) -> Body:
    """The configuration with everything that the conductor makes of it; `tree` is left as it is.

    Args:
        tree: `{"authority": {…}}`.
        next_id: Numbers for `global-id` that were never given before.
    """
    made: Body = without_generated(tree)
    authority = made["authority"]
    routers = {str(router["name"]): router for router in authority.get("router", ())}
    taken = {one.get("global-id") for router in routers.values() for _, _, one in interfaces(router)}
    free = (number for number in next_id if number not in taken)
    for router in routers.values():
        _identify(router, free)
    _peer(authority, routers)
    _share(authority, routers)
    _reach_conductor(authority, routers)
    return made


def interfaces(router: Mapping[str, Tree]) -> Iterator[tuple[Body, Body, Body]]:
    """(node, device-interface, network-interface) of a router."""
    for node in router.get("node", ()):
        for device in node.get("device-interface", ()):
            for interface in device.get("network-interface", ()):
                yield node, device, interface


def _identify(router: Body, next_id: Iterator[int]) -> None:
    """Each network-interface has a global id; the two of a shared interface have one."""
    shared: dict[tuple[str, str], int] = {}
    for _, device, interface in interfaces(router):
        pair = (str(device.get("shared-phys-address", "")), str(interface.get("name")))
        if "global-id" in interface and pair[0]:
            shared.setdefault(pair, interface["global-id"])
    for _, device, interface in interfaces(router):
        pair = (str(device.get("shared-phys-address", "")), str(interface.get("name")))
        if pair[0]:
            if pair not in shared:
                shared[pair] = next(next_id)
            interface["global-id"] = shared[pair]
        elif "global-id" not in interface:
            interface["global-id"] = next(next_id)


# --- Peers and adjacencies --------------------------------------------------------------------------------------------


def _peer(authority: Body, routers: Mapping[str, Body]) -> None:
    sides: dict[str, dict[str, list[Side]]] = {}
    for name, router in routers.items():
        for _, _, interface in interfaces(router):
            for one in interface.get("neighborhood", ()):
                by_topology = sides.setdefault(str(one["name"]), {})
                side = Side(name, interface, one)
                by_topology.setdefault(side.topology, []).append(side)
    for by_topology in sides.values():
        for ours, theirs in sorted(PARTNERS):
            for side in by_topology.get(ours, ()):
                others = [other for other in by_topology.get(theirs, ()) if other.router != side.router]
                if others:
                    _adjoin(authority, routers[side.router], side, others)


def _adjoin(authority: Body, router: Body, side: Side, others: Sequence[Side]) -> None:
    """Peers and adjacencies of one interface with all its partners in a neighborhood; what is there stays."""
    peers = {peer["name"]: peer for peer in router.get("peer", ())}
    adjacencies = {(one["ip-address"], one.get("peer")): one for one in side.interface.get("adjacency", ())}
    for other in others:
        name = other.router
        peer = {"name": name, "authority-name": str(authority.get("name")), "router-name": name, "generated": True}
        peers.setdefault(name, peer)
        for address in _addresses(authority, other):
            adjacencies.setdefault((address, name), _adjacency(side, address, name))
    router["peer"] = list(peers.values())
    side.interface["adjacency"] = list(adjacencies.values())


def _adjacency(side: Side, address: str, peer: str) -> Body:
    made: Body = {"ip-address": address, "peer": peer, "generated": True}
    if side.interface.get("inter-router-security"):
        made["inter-router-security"] = side.interface["inter-router-security"]
    if side.neighborhood.get("peer-connectivity"):
        made["peer-connectivity"] = side.neighborhood["peer-connectivity"]
    if side.neighborhood.get("vector"):
        made["vector"] = [side.neighborhood["vector"]]
    return made


def _addresses(authority: Body, side: Side) -> list[str]:
    """Where an interface is reached: its outside address, its own ones, or a name where DHCP gives them."""
    if side.neighborhood.get("external-nat-address"):
        return [str(side.neighborhood["external-nat-address"])]
    fixed = [str(one["ip-address"]) for one in side.interface.get("address", ())]
    if fixed:
        return fixed
    host = str(authority.get("dynamic-hostname", HOST))
    host = host.replace("{interface-id}", str(side.interface["global-id"])).replace("{router-name}", side.router)
    return [host.replace("{authority-name}", str(authority.get("name")))]


# --- Service-routes ---------------------------------------------------------------------------------------------------


def _share(authority: Body, routers: Mapping[str, Body]) -> None:
    """Shared services get routes on the peers of routers that serve them themselves."""
    services = {str(one["name"]): one for one in authority.get("service", ())}
    serving: dict[str, set[str]] = {}
    for name, router in routers.items():
        for route in router.get("service-route", ()):
            if not route.get("peer") and not route.get("next-peer"):
                serving.setdefault(str(route.get("service-name")), set()).add(name)
    for router in routers.values():
        taken = {route["name"] for route in router.get("service-route", ())}
        there = {str(route.get("service-name")) for route in router.get("service-route", ())}
        for peer in router.get("peer", ()):
            for service in sorted(serving.keys() - there):
                route = f"{service}-{peer['router-name']}".replace(".", "-")
                wanted = services.get(service, {})
                if peer["router-name"] not in serving[service] or route in taken or not _shared(wanted, router):
                    continue
                router.setdefault("service-route", []).append(
                    {"name": route, "service-name": service, "next-peer": [peer["name"]], "generated": True}
                )


def _shared(service: Mapping[str, Tree], router: Mapping[str, Tree]) -> bool:
    """True if a service is shared and applies to a router."""
    if not service or service.get("share-service-routes") is False:
        return False
    applies = service.get("applies-to", ())
    return not applies or any(_applies(one, router) for one in applies)


def _applies(applies: Mapping[str, Tree], router: Mapping[str, Tree]) -> bool:
    kind = applies.get("type")
    if kind == "router":
        return router["name"] in applies.get("router-name", ())
    group = "group-name" if kind == "router-group" else str(kind)
    return kind == "authority" or not set(applies.get(group, ())).isdisjoint(router.get(str(kind), ()))


def _reach_conductor(authority: Body, routers: Mapping[str, Body]) -> None:
    """A service for each address of the conductor, and routes to it by the interfaces that are meant for it."""
    for number, address in enumerate(authority.get("conductor-address", ()), start=1):
        name, used = f"_conductor_{number}", False
        for router in routers.values():
            hops = [
                {"node-name": node["name"], "interface": interface["name"]}
                for node, _, interface in interfaces(router)
                if interface.get("conductor") is True
            ]
            if hops:
                route = {"name": f"{name}_route_0", "service-name": name, "next-hop": hops, "generated": True}
                router.setdefault("service-route", []).append(route)
                used = True
        if used:
            _serve_conductor(authority, name, address)


def _serve_conductor(authority: Body, name: str, address: str) -> None:
    tenants = authority.setdefault("tenant", [])
    if not any(tenant["name"] == "_internal_" for tenant in tenants):
        tenants.append({"name": "_internal_", "generated": True})
    plain = address.replace(".", "").isdigit()
    service: Body = {"name": name, "scope": "private", "share-service-routes": False, "generated": True}
    service["address"] = [f"{address}/32" if plain else address]
    service["access-policy"] = [{"source": "_internal_"}]
    authority.setdefault("service", []).append(service)

"""How the routers of a transaction are: assets, redundancy, links between the nodes, peers.

What healthy means (values after the vendor's model): both assets `running` with one version; each node connected to its
partner; of every shared interface exactly one member active and one standby; every peer path up or standby.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.plugin import Tree
from haplan_ssr.rest import Asset, nodes
from haplan_ssr.translate import Translation
from haplan_ssr.translate.tree import AUTHORITY

Assets = Mapping[str, Asset]
"""By id."""
UP = frozenset({"up", "standby"})
ACTIVE, STANDBY = "active", "standby"


@attrs.frozen(kw_only=True)
class Expected:
    """One router as it is to be.

    Attributes:
        name: Of the router.
        address: Of its cluster.
        assets: Node → asset id.
        shared: Its redundant device interfaces: the name where both nodes call it so, else ``node0/a,node1/b``.
        peers: Routers that it is to have paths to.
        fresh: Nodes that are new, or that another box is for now: they are to be set up first.
    """

    name: str
    address: str
    assets: Mapping[str, str]
    shared: frozenset[str]
    peers: frozenset[str]
    fresh: frozenset[str] = frozenset()


@attrs.frozen
class Trouble:
    """One thing that is not as it should be: the rule that says so, the cluster, and what."""

    rule: str
    address: str
    text: str


def expected(before: Translation, after: Translation, routers: Iterable[str]) -> tuple[Expected, ...]:
    """The routers of a transaction that stay or come."""
    wanted = {name for name in routers if (*AUTHORITY, ("router", name)) in after.entries}
    if not wanted:
        return ()
    assets: dict[str, dict[str, str]] = {}
    for (name, node), asset in _assets(after).items():
        assets.setdefault(name, {})[node] = asset
    shared: dict[str, dict[str, list[tuple[str, str]]]] = {}
    ends: dict[str, dict[str, str]] = {}
    for path, given in after.entries.items():
        if len(path) < 3 or path[1][0] != "router":
            continue
        name = path[1][1]
        if path[-1] == "shared-phys-address":
            members = shared.setdefault(name, {}).setdefault(str(given.value), [])
            members.append((path[2][1], path[3][1]))
        elif path[-1] == "topology":
            ends.setdefault(path[-2][1], {})[name] = str(given.value)
    peers, was = _peers(ends), _assets(before)
    return tuple(
        Expected(
            name=name,
            address=after.entries[*AUTHORITY, ("router", name)].sources[0].address,
            assets=assets.get(name, {}),
            shared=frozenset(map(_interface, shared.get(name, {}).values())),
            peers=frozenset(peers.get(name, ())),
            fresh=frozenset(node for node, asset in assets.get(name, {}).items() if was.get((name, node)) != asset),
        )
        for name in sorted(wanted)
    )


def _interface(members: list[tuple[str, str]]) -> str:
    """The name of a redundant interface, by the device on each node."""
    devices = {device for _, device in members}
    return devices.pop() if len(devices) == 1 else ",".join(sorted(f"{node}/{device}" for node, device in members))


def _assets(translation: Translation) -> dict[tuple[str, str], str]:
    """Router and node → asset id."""
    return {
        (path[1][1], path[2][1]): str(given.value)
        for path, given in translation.entries.items()
        if len(path) > 3 and path[1][0] == "router" and path[-1] == "asset-id"
    }


def _peers(ends: Mapping[str, Mapping[str, str]]) -> dict[str, set[str]]:
    """Router → the routers it gets peers with: hub with spokes, mesh with mesh."""
    found: dict[str, set[str]] = {}
    for members in ends.values():
        hubs = [name for name, topology in members.items() if topology == "hub"]
        mesh = [name for name, topology in members.items() if topology == "mesh"]
        for hub in hubs:
            for name, topology in members.items():
                if topology == "spoke":
                    found.setdefault(hub, set()).add(name)
                    found.setdefault(name, set()).add(hub)
        for name in mesh:
            found.setdefault(name, set()).update(other for other in mesh if other != name)
    return found


# --- Assets -----------------------------------------------------------------------------------------------------------


def not_running(one: Expected, assets: Mapping[str, Asset]) -> list[str]:
    """The nodes that do not run yet, in words."""
    return [f"{node} {state}" for node, state in _states(one, assets).items() if state != "running"]


def offline(one: Expected, assets: Mapping[str, Asset]) -> bool:
    """True for a router of which a node has lost the conductor that was there before."""
    return any(state == "disconnected" and node not in one.fresh for node, state in _states(one, assets).items())


def up(one: Expected, assets: Mapping[str, Asset]) -> float:
    """Seconds that all of its nodes run by now, as far as the conductor tells."""
    return min((assets[asset].lasting for asset in one.assets.values() if asset in assets), default=math.inf)


def _states(one: Expected, assets: Mapping[str, Asset]) -> dict[str, str]:
    return {node: assets[asset].status if asset in assets else "not seen" for node, asset in one.assets.items()}


def versions(one: Expected, assets: Mapping[str, Asset]) -> list[str]:
    """The software versions of its nodes."""
    return sorted({assets[asset].version for asset in one.assets.values() if asset in assets} - {""})


# --- What a router says -----------------------------------------------------------------------------------------------


def troubles(
    one: Expected, said: Mapping[str, Tree] | None, assets: Mapping[str, Asset], running: frozenset[str]
) -> Iterator[Trouble]:
    """What is not as it should be with a router both of whose nodes run.

    Args:
        said: The router as GraphQL tells it, or None.
        running: Routers whose nodes all run: a path to another one may be down.
    """
    found = versions(one, assets)
    if len(found) > 1:
        yield Trouble("HA183", one.address, f"{one.name}: nodes run different software: {', '.join(found)}")
    if said is None:
        yield Trouble("HA176", one.address, f"{one.name}: the conductor tells nothing of its state")
        return
    yield from _links(one, said)
    yield from _redundancy(one, said)
    yield from _paths(one, said, running)


def _links(one: Expected, said: Mapping[str, Tree]) -> Iterator[Trouble]:
    for node in nodes(said.get("nodes")):
        for link in nodes(node.get("connectivity")):
            partner = str(link.get("remoteRouterName")) in (one.name, "None", "")
            state = str(link.get("status") or "").lower()
            if partner and str(link.get("remoteNodeName")) in one.assets and state != "connected":
                text = f"{one.name}: {node.get('name')} is {state} from {link.get('remoteNodeName')}"
                yield Trouble("HA177", one.address, text)


def _redundancy(one: Expected, said: Mapping[str, Tree]) -> Iterator[Trouble]:
    states: dict[str, list[str]] = {name: [] for name in sorted(one.shared)}
    members = {member: name for name in states for member in name.split(",")}
    for node in nodes(said.get("nodes")):
        for device in nodes(node.get("deviceInterfaces")):
            called = str(device.get("name"))
            name = members.get(f"{node.get('name')}/{called}", members.get(called, ""))
            if name:
                state = (device.get("state") or {}).get("redundancyStatus")
                states[name].append(str(state or "unknown").lower())
    for name, found in states.items():
        if sorted(found) != [ACTIVE, STANDBY]:
            text = (
                f"{one.name}: {name} is {' and '.join(sorted(found)) or 'not seen'}, expected one active, one standby"
            )
            yield Trouble("HA182", one.address, text)


def _paths(one: Expected, said: Mapping[str, Tree], running: frozenset[str]) -> Iterator[Trouble]:
    peers = {str(peer.get("name")): nodes(peer.get("paths")) for peer in nodes(said.get("peers"))}
    for name in sorted(one.peers & running):
        if not peers.get(name):
            yield Trouble("HA180", one.address, f"{one.name}: no path to {name}")
        for path in peers.get(name, ()):
            if str(path.get("status") or "").lower() not in UP:
                via = f"{path.get('node')}/{path.get('networkInterface')}"
                state = str(path.get("status") or "unknown").lower()
                yield Trouble("HA180", one.address, f"{one.name}: the path to {name} by {via} is {state}")


def routers_of(data: Mapping[str, Tree]) -> dict[str, Mapping[str, Tree]]:
    """The routers of an answer, by name."""
    return {str(one.get("name")): one for one in nodes(data.get("allRouters"))}


def by_id(assets: Sequence[Asset]) -> dict[str, Asset]:
    """Assets by id."""
    return {one.id: one for one in assets}

"""The state of routers: nodes, shared interfaces, peer paths, all computed from when boxes run."""

import functools
from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.plugin import Tree
from haplan_ssr.lab.config.edits import Body
from haplan_ssr.lab.config.generated import interfaces
from haplan_ssr.lab.config.store import Store
from haplan_ssr.lab.estate import Tx
from haplan_ssr.lab.routers.assets import NEVER, Box, boxes

Redundancy = str
"""active, standby, non-redundant or unknown."""


@attrs.frozen(kw_only=True)
class Path:
    """One path to a peer.

    Attributes:
        node, interface: Where it leaves.
        address: Of the other end.
        status: up or down.
        since: When it came up; infinite if it will not by itself.
    """

    node: str
    interface: str
    address: str
    status: str
    since: float


class World:
    """What is to be seen at one instant."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx

    @functools.cached_property
    def routers(self) -> dict[str, Body]:
        """The routers that run, by name."""
        tree = Store(self.tx, None).tree()
        return {router["name"]: router for router in tree["authority"].get("router", ())}

    def listed(self, name: str) -> Sequence[Body]:
        """The entries of a list of the authority."""
        found: Sequence[Body] = Store(self.tx, None).tree()["authority"].get(name, ())
        return found

    def alarms(self) -> Iterator[Body]:
        """One for each node that has lost the conductor."""
        for (router, node), box in sorted(self.boxes.items()):
            if not box.connected:
                yield {
                    "id": f"{router}.{node}", "category": "SYSTEM", "severity": "CRITICAL", "router": router,
                    "node": node, "message": f"No connectivity to {node}.{router}",
                }  # fmt: skip

    @functools.cached_property
    def boxes(self) -> dict[tuple[str, str], Box]:
        """(router, node) → its box."""
        return {(box.router, box.node): box for box in boxes(self.tx) if box.router and box.node}

    def is_conductor(self, router: str) -> bool:
        """True for the conductor's own router."""
        return any(node.get("role") == "conductor" for node in self.routers.get(router, {}).get("node", ()))

    def runs_from(self, router: str, node: str) -> float:
        """When a node's software runs; infinite if it will not by itself."""
        if self.is_conductor(router):
            return 0.0
        box = self.boxes.get((router, node))
        return NEVER if box is None else box.runs_from

    def node_status(self, router: str, node: str) -> str:
        """starting, running or offline."""
        if self.is_conductor(router):
            return "running"
        box = self.boxes.get((router, node))
        return "offline" if box is None else box.node_status

    def version(self, router: str, node: str) -> str:
        """A node's software."""
        box = self.boxes.get((router, node))
        return self.tx.settings.version if box is None else box.version

    def redundancy(self, router: Body, node: str, device: Mapping[str, Tree]) -> Redundancy:
        """How a device-interface stands in its pair."""
        address = device.get("shared-phys-address")
        if not address:
            return "non-redundant"
        members = [
            (other["name"], one["name"])
            for other in router.get("node", ())
            for one in other.get("device-interface", ())
            if one.get("shared-phys-address") == address
        ]
        times = {name: self.runs_from(router["name"], name) for name, _ in members}
        running = {name for name, at in times.items() if at <= self.tx.now}
        if node not in running:
            return "unknown"
        if max(times[name] for name in running) + self.tx.settings.election_seconds > self.tx.now:
            return "unknown"
        ranks = sorted((-_priority(router, name, one), times[name], name) for name, one in members if name in running)
        return "active" if ranks[0][2] == node else "standby"

    def paths(self, router: Body, peer: str) -> Iterator[Path]:
        """The paths of a router to a peer."""
        for node, _, interface in interfaces(router):
            for adjacency in interface.get("adjacency", ()):
                if adjacency.get("peer") == peer:
                    far = min(self._far_ends(peer, str(adjacency["ip-address"])), default=NEVER)
                    since = max(self.runs_from(router["name"], node["name"]), far) + self.tx.settings.peering_seconds
                    status = "up" if since <= self.tx.now else "down"
                    yield Path(
                        node=node["name"],
                        interface=interface["name"],
                        address=str(adjacency["ip-address"]),
                        status=status,
                        since=since,
                    )

    def _far_ends(self, router: str, address: str) -> Iterator[float]:
        """When the nodes run that have an address, or the interface that a name made of its id stands for."""
        for node, _, interface in interfaces(self.routers.get(router, {})):
            own = {one["ip-address"] for one in interface.get("address", ())}
            outside = {one.get("external-nat-address") for one in interface.get("neighborhood", ())}
            if address in own | outside or address.startswith(f"interface-{interface.get('global-id')}."):
                yield self.runs_from(router, node["name"])


def _priority(router: Body, node: str, device: str) -> int:
    """Of the redundancy-group that has an interface; the higher wins, none is lowest."""
    groups: Sequence[Mapping[str, Tree]] = router.get("redundancy-group", ())
    found = [
        group.get("priority", 0)
        for group in groups
        for member in group.get("member", ())
        if (member["node"], member["device-id"]) == (node, device)
    ]
    return max(found, default=-1)

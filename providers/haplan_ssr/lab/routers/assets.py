"""Boxes and nodes: what they are doing now, from when they were assigned and plugged in."""

import sqlite3
from collections.abc import Iterator

import attrs

from haplan_ssr.lab.config.edits import Body
from haplan_ssr.lab.estate import Tx

NEVER = float("inf")


@attrs.frozen(kw_only=True)
class Box:
    """One asset.

    Attributes:
        id: Asset id.
        version: Its software.
        connected: It reaches the conductor.
        since: When that was last so or otherwise, epoch seconds.
        router, node: What it was assigned to, or None.
        runs_from: When the node's software runs; infinite if it will not by itself.
        now: The instant.
    """

    id: str
    version: str
    connected: bool
    since: float
    router: str | None
    node: str | None
    runs_from: float
    now: float

    @property
    def status(self) -> str:
        if not self.connected:
            return "disconnected"
        return "running" if self.runs_from <= self.now else "connected"

    @property
    def lasting(self) -> int:
        """Seconds that the status has lasted."""
        begun = self.runs_from if self.runs_from <= self.now else self.since
        return max(0, int(self.now - begun))

    @property
    def node_status(self) -> str:
        return {"disconnected": "offline", "running": "running"}.get(self.status, "starting")


def assign(tx: Tx, tree: Body) -> None:
    """Give boxes to the nodes that name them; a box that is new to a node installs its software."""
    wanted = dict(_wanted(tree))
    for row in tx.all("select id, router, node from assets"):
        if row["id"] not in wanted and row["router"] is not None:
            tx.run("update assets set router = null, node = null, assigned = null where id = ?", row["id"])
    for asset, (router, node) in wanted.items():
        tx.run(
            "insert into assets (id, version, connected, since) values (?, ?, ?, ?) on conflict do nothing",
            asset, tx.settings.version, not tx.settings.only_listed_assets, tx.now,
        )  # fmt: skip
        tx.run(
            "update assets set router = ?, node = ?, assigned = ? where id = ? and (router, node) is not (?, ?)",
            router, node, tx.now, asset, router, node,
        )  # fmt: skip


def _wanted(tree: Body) -> Iterator[tuple[str, tuple[str, str]]]:
    for router in tree["authority"].get("router", ()):
        for node in router.get("node", ()):
            if node.get("asset-id"):
                yield str(node["asset-id"]), (str(router["name"]), str(node["name"]))


def boxes(tx: Tx) -> tuple[Box, ...]:
    """All assets, as they are now."""
    return tuple(_box(row, tx) for row in tx.all("select * from assets order by id"))


def _box(row: sqlite3.Row, tx: Tx) -> Box:
    runs = NEVER
    if row["connected"] and row["assigned"] is not None:
        installed = row["assigned"] + tx.settings.install_minutes * 60
        runs = max(installed, row["since"])
    return Box(
        id=row["id"],
        version=row["version"],
        connected=bool(row["connected"]),
        since=row["since"],
        router=row["router"],
        node=row["node"],
        runs_from=runs,
        now=tx.now,
    )

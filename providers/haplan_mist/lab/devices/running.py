"""What boxes really run: the configuration of the last push that each took, kept when it took it.

A template that was changed since, or that a device refuses, is not in it. What is alive in the network (tunnels, BGP,
links between the nodes) follows from this alone, from who is connected, and from the cables that are in.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.plugin import Tree
from haplan_mist.lab.devices.boxes import Formation, connected, formations, is_head
from haplan_mist.lab.devices.effective import VARIABLE, Basis, expand
from haplan_mist.lab.devices.models import MODELS, family_of
from haplan_mist.lab.estate import Tx

KEPT = ("port_config", "ip_configs", "bgp_config", "tunnel_configs")
"""Parts of a configuration that something alive follows from."""
SECRET = frozenset({"psk", "auth_key"})


def keep(tx: Tx, row: sqlite3.Row, at: float, taken: Basis, variables: Mapping[str, Tree]) -> None:
    """The device has taken this configuration."""
    vpns = {key.rpartition(".")[2] for port in (taken.config.get("port_config") or {}).values()
            for key in port.get("vpn_paths") or {}}  # fmt: skip
    config = {key: taken.config[key] for key in KEPT if taken.config.get(key)}
    config["vpns"] = {name: body for name, body in taken.world.vpns.items() if name in vpns}
    text = VARIABLE.sub(lambda found: str(variables.get(found[1], found[0])), json.dumps(_without_secrets(config)))
    tx.run("insert or replace into running values (?, ?, ?)", row["mac"], at, text)
    tx.remember("ran", str(int(tx.meta("ran") or 0) + 1))


def forget(tx: Tx, mac: str) -> None:
    """The device runs nothing that the cloud gave it."""
    if tx.run("delete from running where mac = ?", mac):
        tx.remember("ran", str(int(tx.meta("ran") or 0) + 1))


def _without_secrets(tree: Tree) -> Tree:
    """A configuration that says of each secret only whether there is one."""
    if isinstance(tree, dict):
        return {key: bool(one) if key in SECRET else _without_secrets(one) for key, one in tree.items()}
    return [_without_secrets(one) for one in tree] if isinstance(tree, list) else tree


@attrs.frozen(eq=False, kw_only=True)
class Box:
    """One device or pair with what it runs.

    Attributes:
        row: Of node0.
        pair: Its formation, or None.
        config: What it runs; {} for nothing.
        since: When it took that.
        up: Of node0 and node1: whether it reaches the cloud.
        unplugged: Ports without a cable.
    """

    row: sqlite3.Row
    pair: Formation | None
    config: Mapping[str, Tree]
    since: float
    up: tuple[bool, bool]
    unplugged: frozenset[str]

    @property
    def mac(self) -> str:
        return str(self.row["mac"])

    @property
    def name(self) -> str:
        return str(self.row["name"] or self.row["mac"])

    @property
    def family(self) -> str:
        return family_of(self.row["model"])

    @property
    def alive(self) -> bool:
        """True if one of its nodes forwards: the only one, or one of a pair that has formed."""
        return self.up[0] if self.pair is None else self.pair.formed and any(self.up)

    def ports(self, usage: str) -> Iterator[tuple[str, Mapping[str, Tree]]]:
        """Its ports of one usage: key and what is configured."""
        for key, port in (self.config.get("port_config") or {}).items():
            if port.get("usage") == usage:
                yield key, port

    def node_of(self, port: str) -> int:
        """The node that a port is of."""
        model = MODELS.get(self.row["model"])
        slot = port.partition("-")[2].partition("/")[0]
        return int(self.pair is not None and model is not None and slot == str(model.node1_fpc))

    def member_up(self, port: str) -> bool:
        """True if a single port has its cable, and its node is there."""
        return port.partition(".")[0] not in self.unplugged and self.up[self.node_of(port)]

    def port_up(self, key: str, port: Mapping[str, Tree]) -> bool:
        """True if at least one member of an interface is up."""
        return self.alive and not port.get("disabled") and any(map(self.member_up, expand(key)))

    def link_up(self, usage: str) -> bool:
        """True if a link between the nodes is up: configured or fixed, with its cables, between two living nodes."""
        keys = [key for key, _ in self.ports(usage)]
        cabled = not any(port.partition(".")[0] in self.unplugged for key in keys for port in expand(key))
        return self.pair is not None and self.pair.formed and all(self.up) and cabled


def boxes(tx: Tx, org_id: str) -> list[Box]:
    """All devices and pairs that are at a site, in a stable order."""
    pairs = formations(tx, org_id)
    rows = {row["mac"]: row for row in tx.all("select * from devices where org_id = ? order by created, mac", org_id)}
    configs, pulled = _configs(tx), _unplugged(tx)
    out = []
    for mac, row in rows.items():
        if not is_head(row) or not row["site_id"]:
            continue
        pair = pairs.get(mac)
        second = rows.get(pair.node1) if pair is not None else None
        since, config = configs.get(mac, (0.0, {}))
        up = (connected(row, pairs, tx.now), second is not None and connected(second, pairs, tx.now))
        out.append(Box(row=row, pair=pair, config=config, since=since, up=up, unplugged=frozenset(pulled.get(mac, ()))))
    return out


def _configs(tx: Tx) -> Mapping[str, tuple[float, Mapping[str, Tree]]]:
    marker = tx.meta("ran")
    found = tx.cache.get("running")
    if found is None or found[0] != marker:
        configs = {row["mac"]: (row["at"], json.loads(row["body"])) for row in tx.all("select * from running")}
        found = tx.cache["running"] = (marker, configs)
    known: Mapping[str, tuple[float, Mapping[str, Tree]]] = found[1]
    return known


def _unplugged(tx: Tx) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for row in tx.all("select * from unplugged"):
        out.setdefault(row["mac"], []).append(row["port"])
    return out


def plug(tx: Tx, mac: str, ports: Sequence[str]) -> None:
    """These ports of a device or pair, by their names in its configuration, have no cable; all others have."""
    tx.run("delete from unplugged where mac = ?", mac)
    for port in dict.fromkeys(ports):
        tx.run("insert into unplugged values (?, ?)", mac, port)

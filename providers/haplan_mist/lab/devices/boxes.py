"""Devices and pairs as rows: ids, phases of a formation, who is connected."""

import sqlite3
from collections.abc import Mapping

import attrs

from haplan_mist.lab.estate import Tx

PREFIX = "00000000-0000-0000-1000-"
"""Device ids of gateways and switches: this and the MAC (inventory examples of Mist OpenAPI 2509.1.2)."""

COMMANDS, REBOOT, BACK, FORMING, FORMED, DONE = 0.05, 0.10, 0.45, 0.60, 0.90, 1.0
"""When, as a part of the whole formation, the next phase begins."""


def device_id(mac: str) -> str:
    return PREFIX + mac


def mac_of_id(id_: str) -> str | None:
    return id_.removeprefix(PREFIX) if id_.startswith(PREFIX) and len(id_) == len(PREFIX) + 12 else None


@attrs.frozen(kw_only=True)
class Formation:
    """A pair at one instant.

    Attributes:
        phase: `waiting` (for a site), `accepted`, `commands_sent`, `rebooting`, `standalone`, `forming`, `formed`,
            `configured`; or, for good, `never`, `failed`, `half`.
        is_ha: the stats call it a pair.
        node0_up, node1_up: each node reaches the cloud, as far as the formation is concerned.
    """

    node0: str
    node1: str
    phase: str
    is_ha: bool
    node0_up: bool
    node1_up: bool
    result: str | None
    reason: str | None
    formed_at: float | None

    @property
    def formed(self) -> bool:
        return self.phase in ("formed", "configured")


def formation(row: sqlite3.Row, now: float) -> Formation:
    phase = _phase(row, now)
    away = phase == "rebooting"
    lost = row["result"] == "half" and phase in ("rebooting", "standalone", "forming", "half")
    return Formation(
        node0=row["node0"], node1=row["node1"], phase=phase, is_ha=phase in ("forming", "formed", "configured", "half"),
        node0_up=not away, node1_up=not (away or lost), result=row["result"], reason=row["reason"],
        formed_at=None if row["started"] is None else row["started"] + row["minutes"] * 60 * FORMED,
    )  # fmt: skip


def _phase(row: sqlite3.Row, now: float) -> str:
    if row["started"] is None:
        return "waiting"
    part = (now - row["started"]) / max(row["minutes"] * 60, 0.001)
    ends = [(COMMANDS, "accepted"), (REBOOT, "commands_sent")]
    if row["result"] == "never":
        ends.append((float("inf"), "never"))
    ends += [(BACK, "rebooting"), (FORMING, "standalone"), (FORMED, "forming")]
    if row["result"] in ("fail", "mismatch"):
        ends.append((float("inf"), "failed"))
    if row["result"] == "half":
        ends.append((float("inf"), "half"))
    ends += [(DONE, "formed"), (float("inf"), "configured")]
    return next(phase for end, phase in ends if part < end)


def done_at(row: sqlite3.Row) -> float | None:
    """When the pair takes its configuration; None when that never happens."""
    if row["started"] is None or row["result"]:
        return None
    return float(row["started"] + row["minutes"] * 60 * DONE)


def cluster_of(tx: Tx, mac: str) -> sqlite3.Row | None:
    """The pair whose node0 or node1 this is."""
    return tx.one("select c.* from clusters c join devices d on d.vc_mac = c.node0 where d.mac = ?", mac)


def formations(tx: Tx, org_id: str) -> dict[str, Formation]:
    """All pairs of an organisation, under both their MACs."""
    out: dict[str, Formation] = {}
    for row in tx.all("select * from clusters where org_id = ?", org_id):
        out[row["node0"]] = out[row["node1"]] = formation(row, tx.now)
    return out


def connected(row: sqlite3.Row, pairs: Mapping[str, Formation], now: float) -> bool:
    """Whether the box reaches the cloud now."""
    if not row["connected"]:
        return False
    if row["away_from"] is not None and row["away_from"] <= now < row["away_until"]:
        return False
    pair = pairs.get(row["mac"])
    return pair is None or (pair.node0_up if pair.node0 == row["mac"] else pair.node1_up)


def is_head(row: sqlite3.Row) -> bool:
    return row["vc_mac"] is None or row["vc_mac"] == row["mac"]


def event(tx: Tx, row: sqlite3.Row, type_: str, text: str = "", *, at: float | None = None) -> None:
    """An event of a device; one with a later instant becomes visible when the clock gets there."""
    tx.run(
        "insert into events (at, org_id, site_id, mac, type, text) values (?, ?, ?, ?, ?, ?)",
        tx.now if at is None else at, row["org_id"], row["site_id"], row["mac"], type_, text,
    )  # fmt: skip


def device(tx: Tx, mac: str) -> sqlite3.Row:
    row = tx.one("select * from devices where mac = ?", mac)
    if row is None:
        raise KeyError(mac)
    return row

"""The lab's own surface beyond what all have (`haplan.lab.surface`): who it is, and the world outside.

`GET /lab/`                       organisation and tokens
`POST /lab/devices`               `{"mac": …, "connected": …, "version": …}` changes a box (also managed, model,
                                  serial, and `unplugged`: its ports without a cable, of a pair by node0's MAC), or puts
                                  a new one into the world
`POST /lab/portal/materialise`    `{"path": "/orgs/…"}` saves an object as the portal does: with documented defaults

Keys of boxes are those of `lab.toml` (see `definition`).
"""

from starlette.routing import BaseRoute

from haplan.lab import surface
from haplan.lab.tables import build
from haplan.plugin import Tree
from haplan_mist.lab.definition import TABLES, Device, mac_of
from haplan_mist.lab.devices import pushes, running
from haplan_mist.lab.devices.boxes import event
from haplan_mist.lab.estate import Estate, Tx, replace_mishaps, seed_device
from haplan_mist.lab.organisation import portal


def advance(tx: Tx, body: Tree) -> Tree:
    """Time passes, and what is due by then is done."""
    surface.advance(tx, body)
    pushes.settle(tx)
    return surface.read_clock(tx, None)


def box(tx: Tx, body: Tree) -> Tree:
    """The world outside changes: a cable, a firmware, a box that was not there before."""
    mac = mac_of(str(body.get("mac", "")))
    row = tx.one("select * from devices where mac = ?", mac)
    if row is None:
        seed_device(tx, build(Device, body, "device"))
    else:
        for key in body.keys() - {"mac", "unplugged"}:
            if key not in ("connected", "version", "serial", "model", "managed"):
                raise ValueError(f"{key}: cannot be changed; allowed are connected, managed, model, serial, version")
            tx.run(f"update devices set {key} = ? where mac = ?", body[key], mac)
        if "unplugged" in body:
            running.plug(tx, mac, body["unplugged"])
        if "connected" in body and bool(row["connected"]) != body["connected"]:
            _plugged(tx, mac, body["connected"])
    return {"mac": mac}


def _plugged(tx: Tx, mac: str, up: bool) -> None:
    row = tx.one("select * from devices where mac = ?", mac)
    if row is None or row["org_id"] is None:
        return
    event(tx, row, "GW_CONNECTED" if up else "GW_DISCONNECTED", "cable")
    tx.run("update devices set away_from = ?, away_until = ? where mac = ?", tx.now, tx.now, mac)
    if row["site_id"]:
        pushes.reconsider(tx, row["vc_mac"] or mac)


def identity(tx: Tx, _body: Tree) -> Tree:
    return {key: tx.meta(key) for key in ("org_id", "token", "person_token", "reader_token")}


def admin_routes(estate: Estate) -> list[BaseRoute]:
    """Routes below /lab."""
    own = (
        ("GET", "/", identity),
        ("POST", "/clock", advance),
        *surface.mishap_work({sort: TABLES[sort] for sort in ("fault", "push", "pair")}, replace_mishaps),
        ("POST", "/devices", box),
        ("POST", "/portal/materialise", portal.materialise),
    )
    return surface.surface_routes(estate, own)

"""The lab's own surface beyond what all have (`haplan.lab.surface`): boxes.

`POST /lab/assets`     `{"id": …, "connected": …, "version": …}` changes a box, or puts a new one into the world

Keys of boxes are those of `lab.toml` (see `definition`).
"""

from starlette.routing import BaseRoute

from haplan.lab.surface import mishap_work, surface_routes
from haplan.lab.tables import build
from haplan.plugin import Tree
from haplan_ssr.lab.definition import Asset, Fault
from haplan_ssr.lab.estate import Estate, Tx


def asset(tx: Tx, body: Tree) -> Tree:
    """A cable, a firmware, a box that was not there before."""
    given = build(Asset, body, "asset")
    row = tx.one("select connected, version from assets where id = ?", given.id)
    if row is None:
        version = given.version or tx.settings.version
        sql = "insert into assets (id, version, connected, since) values (?, ?, ?, ?)"
        tx.run(sql, given.id, version, given.connected, tx.now)
        return {"id": given.id}
    if "version" in body:
        tx.run("update assets set version = ? where id = ?", given.version, given.id)
    if "connected" in body and bool(row["connected"]) != given.connected:
        tx.run("update assets set connected = ?, since = ? where id = ?", given.connected, tx.now, given.id)
    return {"id": given.id}


def admin_routes(estate: Estate) -> list[BaseRoute]:
    """Routes below /lab."""
    own = (
        *mishap_work({"fault": Fault}),
        ("POST", "/assets", asset),
    )
    return surface_routes(estate, own)

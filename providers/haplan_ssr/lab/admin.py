"""The lab's own surface beyond what all have (`haplan.lab.surface`): faults and boxes.

`POST /lab/faults`     `{"fault": […], "replace": true}` adds faults, or replaces those that were added this way
`DELETE /lab/faults`   removes the faults that were added this way
`POST /lab/assets`     `{"id": …, "connected": …, "version": …}` changes a box, or puts a new one into the world

Keys of faults and boxes are those of `lab.toml` (see `definition`).
"""

from typing import Any

from starlette.routing import BaseRoute

from haplan.lab.mishaps import add_mishaps, list_mishaps, replace_mishaps
from haplan.lab.surface import surface_routes
from haplan.lab.tables import build
from haplan_ssr.lab.definition import Asset, Fault
from haplan_ssr.lab.estate import Estate, Tx


def faults(tx: Tx, body: Any) -> Any:
    """Faults beside those of the definition, which stay."""
    unknown = sorted(body.keys() - {"fault", "replace"})
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown key; allowed are fault, replace")
    entries = [build(Fault, values, f"fault[{index}]") for index, values in enumerate(body.get("fault", []))]
    change = replace_mishaps if body.get("replace") else add_mishaps
    change(tx, "fault", "admin", entries)
    return list_mishaps(tx)


def forget_faults(tx: Tx, _body: Any) -> Any:
    replace_mishaps(tx, "fault", "admin", ())
    return {}


def asset(tx: Tx, body: Any) -> Any:
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
        ("POST", "/faults", faults),
        ("DELETE", "/faults", forget_faults),
        ("POST", "/assets", asset),
    )
    return surface_routes(estate, own)

"""The lab's own surface, outside the conductor's API: the clock, faults, counted calls, boxes.

`GET /lab/clock`       `{"now": seconds}`
`POST /lab/clock`      `{"advance": seconds}` lets time pass
`GET /lab/requests`    `{"POST /config/commit": 2, …}`: calls by method and path
`DELETE /lab/requests` counts from nothing again
`GET /lab/faults`      faults with their counters
`POST /lab/faults`     `{"fault": […], "replace": true}` adds faults, or replaces those that were added this way
`DELETE /lab/faults`   removes the faults that were added this way
`POST /lab/assets`     `{"id": …, "connected": …, "version": …}` changes a box, or puts a new one into the world

Keys of faults and boxes are those of `lab.toml` (see `definition`).
"""

import json
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from haplan.lab.mishaps import add_mishaps, list_mishaps, replace_mishaps
from haplan.lab.tables import build
from haplan_ssr.lab.definition import Asset, Fault
from haplan_ssr.lab.estate import Estate, Tx

Work = Callable[[Tx, Any], Any]


def read_clock(tx: Tx, _body: Any) -> Any:
    return {"now": tx.now}


def advance(tx: Tx, body: Any) -> Any:
    seconds = body.get("advance")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
        raise ValueError("advance: must be a number of seconds, zero or more")
    tx.let_pass(seconds)
    return {"now": tx.now}


def requests(tx: Tx, _body: Any) -> Any:
    rows = tx.all("select method, path, calls from requests order by path, method")
    return {f"{row['method']} {row['path']}": row["calls"] for row in rows}


def forget_requests(tx: Tx, _body: Any) -> Any:
    tx.run("delete from requests")
    return {}


def faults(tx: Tx, body: Any) -> Any:
    """Faults beside those of the definition, which stay."""
    unknown = sorted(body.keys() - {"fault", "replace"})
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown key; allowed are fault, replace")
    entries = [build(Fault, values, f"fault[{index}]") for index, values in enumerate(body.get("fault", []))]
    change = replace_mishaps if body.get("replace") else add_mishaps
    change(tx, "fault", "admin", entries)
    return list_mishaps(tx)


def list_faults(tx: Tx, _body: Any) -> Any:
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
    table: list[tuple[str, str, Work]] = [
        ("GET", "/clock", read_clock),
        ("POST", "/clock", advance),
        ("GET", "/requests", requests),
        ("DELETE", "/requests", forget_requests),
        ("GET", "/faults", list_faults),
        ("POST", "/faults", faults),
        ("DELETE", "/faults", forget_faults),
        ("POST", "/assets", asset),
    ]
    return [Route(path, _endpoint(estate, work), methods=[method]) for method, path, work in table]


def _endpoint(estate: Estate, work: Work) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, estate, work, body)

    return endpoint


def _answer(estate: Estate, work: Work, body: bytes) -> Response:
    try:
        sent = json.loads(body) if body.strip() else {}
        if not isinstance(sent, dict):
            raise ValueError("body: must be an object")
        with estate.write() as tx:
            return JSONResponse(work(tx, sent))
    except (ValueError, LookupError) as error:
        return JSONResponse({"message": str(error)}, 400)

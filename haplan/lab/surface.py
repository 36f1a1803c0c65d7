"""A lab's own surface under /lab, outside the product's API: the clock, counted calls, and what each lab adds.

`GET /lab/clock`       `{"now": seconds, "offset": seconds}`
`POST /lab/clock`      `{"advance": seconds}` lets time pass
`GET /lab/requests`    `{"POST /path": 2, …}`: calls by method and path
`DELETE /lab/requests` counts from nothing again
`GET /lab/faults`      mishaps with their counters
`POST /lab/faults`     `{"fault": […], …, "replace": true}` adds mishaps beside those of the definition, or replaces
                       those that were added this way; keys are those of `lab.toml`
`DELETE /lab/faults`   removes those that were added this way
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from haplan.lab.estate import Estate, Tx
from haplan.lab.mishaps import add_mishaps, list_mishaps, replace_mishaps
from haplan.lab.tables import build
from haplan.plugin import Tree

REQUESTS = """
create table if not exists requests (
    method text not null, path text not null, calls integer not null, primary key (method, path)) without rowid
"""

Work = Callable[[Any, Any], Any]
"""Takes a transaction and the body; a ValueError or LookupError is answered with 400."""


def count_request(tx: Tx, method: str, path: str) -> None:
    """Count one call."""
    again = "on conflict (method, path) do update set calls = calls + 1"
    tx.run(f"insert into requests values (?, ?, 1) {again}", method, path)


def read_clock(tx: Tx, _body: Tree) -> Tree:
    return {"now": tx.now, "offset": float(tx.meta("offset") or 0)}


def advance(tx: Tx, body: Tree) -> Tree:
    seconds = body.get("advance")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
        raise ValueError("advance: must be a number of seconds, zero or more")
    tx.let_pass(seconds)
    return read_clock(tx, None)


def _requests(tx: Tx, _body: Tree) -> Tree:
    rows = tx.all("select method, path, calls from requests order by path, method")
    return {f"{row['method']} {row['path']}": row["calls"] for row in rows}


def _forget_requests(tx: Tx, _body: Tree) -> Tree:
    tx.run("delete from requests")
    return {}


def _faults(tx: Tx, _body: Tree) -> Tree:
    return list_mishaps(tx)


def mishap_work(
    kinds: Mapping[str, type[Any]], replace: Callable[[Any, str, str, Sequence[Any]], Any] = replace_mishaps
) -> tuple[tuple[str, str, Work], ...]:
    """Adding and removing mishaps of these sorts; `replace` makes some the ones of a sort and source."""

    def add(tx: Any, body: Tree) -> Tree:
        unknown = sorted(body.keys() - {*kinds, "replace"})
        if unknown:
            raise ValueError(f"{unknown[0]}: unknown key; allowed are {', '.join([*sorted(kinds), 'replace'])}")
        for sort, kind in kinds.items():
            entries = [build(kind, values, f"{sort}[{index}]") for index, values in enumerate(body.get(sort, []))]
            change = replace if body.get("replace") else add_mishaps
            change(tx, sort, "admin", entries)
        return list_mishaps(tx)

    def remove(tx: Any, _body: Tree) -> Tree:
        for sort in kinds:
            replace(tx, sort, "admin", ())
        return {}

    return ("POST", "/faults", add), ("DELETE", "/faults", remove)


SHARED: tuple[tuple[str, str, Work], ...] = (
    ("GET", "/clock", read_clock),
    ("POST", "/clock", advance),
    ("GET", "/requests", _requests),
    ("DELETE", "/requests", _forget_requests),
    ("GET", "/faults", _faults),
)


def surface_routes(estate: Estate[Any], own: Sequence[tuple[str, str, Work]]) -> list[BaseRoute]:
    """Routes below /lab: a lab's own, in place of the shared ones where it has them."""
    table = {(method, path): work for method, path, work in (*SHARED, *own)}
    return [Route(path, _endpoint(estate, work), methods=[method]) for (method, path), work in table.items()]


def _endpoint(estate: Estate[Any], work: Work) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, estate, work, body)

    return endpoint


def _answer(estate: Estate[Any], work: Work, body: bytes) -> Response:
    try:
        sent = json.loads(body) if body.strip() else {}
        if not isinstance(sent, dict):
            raise ValueError("body: must be an object")
        with estate.write() as tx:
            return JSONResponse(work(tx, sent))
    except (ValueError, LookupError) as error:
        return JSONResponse({"detail": str(error)}, 400)

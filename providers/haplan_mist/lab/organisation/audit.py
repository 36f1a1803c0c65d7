"""The organisation's audit log: who changed what, with the changed keys before and after.

Source: `GET /orgs/{org_id}/logs` in Mist OpenAPI 2509.1.2.
"""

import json
from collections.abc import Mapping
from typing import Any

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_mist.lab.http.paging import count_answer, page_of, search_answer, window
from haplan_mist.lab.http.wire import Call, Handler

ALWAYS = ("id", "name")
ORDERS = {
    "-timestamp": "at desc, seq desc", "timestamp": "at, seq", "admin_id": "admin_id, seq", "site_id": "site_id, seq",
}  # fmt: skip


def record(
    call: Call, message: str, before: Mapping[str, Tree] | None, after: Mapping[str, Tree] | None,
    *, site_id: str | None = None,
) -> None:  # fmt: skip
    """One entry for one accepted write."""
    tx, caller = call.tx, call.caller
    tx.run(
        "insert into logs (id, at, org_id, site_id, admin_id, admin_name, message, before, after, src_ip)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tx.new_id(), tx.now, call.org_id, site_id or call.params.get("site_id"), caller.admin_id, caller.log_name,
        message, _side(before, after), _side(after, before), call.source,
    )  # fmt: skip


def _side(this: Mapping[str, Tree] | None, other: Mapping[str, Tree] | None) -> str | None:
    """What one side of a change shows: its identity and the keys that differ."""
    if this is None:
        return None
    if other is None:
        return json.dumps(dict(this))
    shown = {k: v for k, v in this.items() if k in ALWAYS or (k != "modified_time" and other.get(k) != v)}
    return json.dumps(shown)


def _where(call: Call) -> tuple[str, list[Any]]:
    start, end = window(call)
    where, values = "org_id = ? and at >= ? and at <= ?", [call.org_id, start, min(end, call.tx.now)]
    for name, column, value in (
        ("site_id", "site_id = ?", "{}"),
        ("admin_name", "admin_name like ?", "%{}%"),
        ("message", "message like ?", "%{}%"),
    ):
        if call.query.get(name):
            where += f" and {column}"
            values.append(value.format(call.query[name]))
    return where, values


def logs(call: Call) -> Answer:
    where, values = _where(call)
    limit, page = page_of(call)
    total = call.tx.number(f"select count(*) from logs where {where}", *values)
    order = ORDERS.get(call.query.get("sort", ""), ORDERS["-timestamp"])
    rows = call.tx.all(
        f"select * from logs where {where} order by {order} limit ? offset ?", *values, limit, (page - 1) * limit
    )
    more = {"page": str(page + 1)} if page * limit < total else {}
    return search_answer(call, [_entry(row) for row in rows], limit=limit, total=total, next_=more)


def count(call: Call) -> Answer:
    where, values = _where(call)
    rows = call.tx.all(f"select * from logs where {where}", *values)
    return count_answer(call, [_entry(row) for row in rows], "admin_name")


def _entry(row: Any) -> dict[str, Tree]:
    entry = {
        "id": row["id"], "timestamp": row["at"], "org_id": row["org_id"], "site_id": row["site_id"],
        "admin_id": row["admin_id"], "admin_name": row["admin_name"], "message": row["message"],
        "src_ip": row["src_ip"],
    }  # fmt: skip
    for side in ("before", "after"):
        if row[side] is not None:
            entry[side] = json.loads(row[side])
    return entry


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/orgs/{org_id}/logs", logs),
    # where the same log is in newer versions of the API (mistapi 0.62)
    ("GET", "/orgs/{org_id}/logs/search", logs),
    ("GET", "/orgs/{org_id}/logs/count", count),
]

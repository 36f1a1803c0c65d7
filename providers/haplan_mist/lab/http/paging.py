"""Pages of lists and windows of searches.

Lists answer a bare array with `X-Page-Limit`, `X-Page-Page` and `X-Page-Total`; searches answer an object with a
`next` link that is absent on the last page. Source: Mist API documentation, "Pagination"; mistapi 0.63.
"""

import json
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_mist.lab.http.wire import Call, bad_request

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def number(text: str, name: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text.strip()):
        raise bad_request(f"{name}: a valid integer is required")
    return int(text)


def page_of(call: Call) -> tuple[int, int]:
    """Limit and page: asked for in the query or in request headers, clamped by the cloud."""
    limit = number(call.query.get("limit") or call.headers.get("x-page-limit") or "100", "limit")
    page = number(call.query.get("page") or call.headers.get("x-page-page") or "1", "page")
    return min(limit or 100, call.tx.settings.page_limit), max(page, 1)


def asks_for_page(call: Call) -> bool:
    asked = {"limit", "page"} & call.query.keys() or {"x-page-limit", "x-page-page"} & call.headers.keys()
    return bool(asked)


def headers(limit: int, page: int, total: int) -> dict[str, str]:
    return {"X-Page-Limit": str(limit), "X-Page-Page": str(page), "X-Page-Total": str(total)}


def page_of_rows(call: Call, sql: str, *values: Tree) -> Answer:
    """One page of objects that are stored as JSON text; `sql` selects their `body`."""
    limit, page = page_of(call)
    total = call.tx.number(f"select count(*) from ({sql})", *values)
    rows = call.tx.all(f"{sql} limit ? offset ?", *values, limit, (page - 1) * limit)
    return Answer(raw=f"[{', '.join(row[0] for row in rows)}]", headers=headers(limit, page, total))


def page_of_list(call: Call, items: Sequence[Any], *, whole: bool = False) -> Answer:
    """One page of a list; `whole` answers everything when neither limit nor page was asked for."""
    limit, page = page_of(call)
    if whole and not asks_for_page(call):
        limit = max(len(items), 1)
    chosen = items[(page - 1) * limit : page * limit]
    return Answer(list(chosen), headers=headers(limit, page, len(items)))


def window(call: Call) -> tuple[float, float]:
    """Start and end of a search; `duration` is one day unless said otherwise."""
    now = call.tx.now
    end = _instant(call.query.get("end"), now, "end") if call.query.get("end") else now
    if call.query.get("start"):
        return _instant(call.query["start"], now, "start"), end
    return end - _duration(call.query.get("duration") or "1d"), end


def _instant(text: str | None, now: float, name: str) -> float:
    text = (text or "").strip()
    if text == "now":
        return now
    if text.startswith("-"):
        return now - _duration(text[1:])
    try:
        return float(text)
    except ValueError:
        raise bad_request(f"{name}: not an epoch time") from None


def _duration(text: str) -> float:
    match = re.fullmatch(r"(\d{1,9})([smhdw])", text)
    if not match:
        raise bad_request(f"duration: {text} is not like 10m, 1d or 2w")
    return int(match[1]) * UNITS[match[2]]


def search_answer(call: Call, results: Sequence[Any], *, limit: int, total: int, next_: dict[str, str]) -> Answer:
    """The object that every search answers; `next_` are the query keys that lead to the next page."""
    start, end = window(call)
    body: dict[str, Tree] = {
        "start": int(start), "end": int(end), "limit": limit, "total": total, "results": list(results),
    }  # fmt: skip
    if next_:
        body["next"] = f"/api/v1{call.path}?" + urllib.parse.urlencode({**call.query, "limit": str(limit), **next_})
    return Answer(body)


def search_page(call: Call, items: Sequence[Any]) -> Answer:
    """One page of a search whose results fit in memory; the cursor is an offset."""
    limit, page = page_of(call)
    offset = number(call.query["search_after"], "search_after") if "search_after" in call.query else (page - 1) * limit
    more = {"search_after": str(offset + limit)} if offset + limit < len(items) else {}
    return search_answer(call, items[offset : offset + limit], limit=limit, total=len(items), next_=more)


def sorted_by(call: Call, items: list[dict[str, Tree]], default: str) -> list[dict[str, Tree]]:
    """`sort=field` ascending, `sort=-field` descending; equal ones keep their order."""
    field = call.query.get("sort") or default
    name = field.lstrip("-")
    return sorted(items, key=lambda item: _sort_key(item.get(name)), reverse=field.startswith("-"))


def _sort_key(value: Tree) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, value if isinstance(value, str) else json.dumps(value))


def count_answer(call: Call, items: Sequence[dict[str, Tree]], default: str) -> Answer:
    """`…/count?distinct=field`."""
    field = call.query.get("distinct") or default
    counts: dict[str, int] = {}
    for item in items:
        value = item.get(field)
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            counts[text] = counts.get(text, 0) + 1
    results = [{field: value, "count": count} for value, count in sorted(counts.items())]
    start, end = window(call)
    limit, _ = page_of(call)
    return Answer(
        {"distinct": field, "start": int(start), "end": int(end), "limit": limit, "total": len(results),
         "results": results[:limit]}
    )  # fmt: skip

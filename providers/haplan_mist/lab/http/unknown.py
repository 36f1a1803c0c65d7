"""Paths of the cloud that are not simulated: an empty list, an empty search, or the cloud's 404.

Which is which stands in `answers.json`, made of the published description; a path that it does not have either is an
object that is not there.
"""

import functools
import json
import pathlib
import re
from collections.abc import Sequence

from haplan.lab.exchange import Answer, Exchange, Refused, query_of
from haplan_mist.lab.http.wire import NOT_FOUND

IDENTITY = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{12}")


def place(path: str) -> tuple[str, dict[str, str]]:
    """A path with the identities in it left open, and the organisation or site that it is below."""
    parts = path.strip("/").split("/")
    keys = {"orgs": "org_id", "sites": "site_id"}
    params = {keys[parts[0]]: parts[1]} if len(parts) > 1 and parts[0] in keys else {}
    return "/" + "/".join("{}" if IDENTITY.fullmatch(part) else part for part in parts), params


def answer(exchange: Exchange, now: float) -> tuple[Answer | Refused, str]:
    """What is answered, and how that is told."""
    found = kind(exchange.path) if exchange.method == "GET" else ""
    if found == "list":
        return Answer([], headers={"X-Page-Limit": "100", "X-Page-Page": "1", "X-Page-Total": "0"}), "an empty list"
    if found == "search":
        return Answer(_nothing_found(query_of(exchange).get("distinct"), int(now))), "nothing found"
    return Refused(404, NOT_FOUND), "404"


def _nothing_found(distinct: str | None, now: int) -> dict[str, object]:
    counted = {"distinct": distinct} if distinct else {}
    return {**counted, "start": now - 86400, "end": now, "limit": 100, "total": 0, "results": []}


def kind(path: str) -> str:
    """What the whole published description has at a path: a "list", a "search", or nothing of the two (empty)."""
    parts = path.strip("/").split("/")
    return next((kind for kind, templates in _kinds() if any(_fits(one, parts) for one in templates)), "")


def _fits(template: Sequence[str], parts: Sequence[str]) -> bool:
    return len(template) == len(parts) and all(one in ("{}", part) for one, part in zip(template, parts, strict=True))


@functools.cache
def _kinds() -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    found = json.loads(pathlib.Path(__file__).with_name("answers.json").read_text(encoding="utf-8"))
    return tuple(
        (kind, tuple(tuple(path.strip("/").split("/")) for path in found[kind])) for kind in ("list", "search")
    )

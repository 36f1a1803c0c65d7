"""The router of the simulated conductor: one exchange, one transaction.

Order of what happens to a call: it is counted, a fault may strike, its token is known (401), the user may do it (403),
the path is known (404), the handler works. What the handler did is committed before a byte of the answer leaves.
"""

import json
import urllib.parse
from collections.abc import Callable

import attrs

from haplan.lab.exchange import Answer, Drop, Exchange, query_of
from haplan.lab.faults import Fault, struck
from haplan.lab.surface import count_request
from haplan.plugin import Tree
from haplan_ssr.lab.config import datastores, door
from haplan_ssr.lab.estate import Estate, Tx
from haplan_ssr.lab.http import account
from haplan_ssr.lab.http.wire import Call, Refused, error
from haplan_ssr.lab.routers import queries

DOOR = "//config/edit"
"""The one path that is below no version."""


class Router:
    """Works on exchanges, one after the other."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def pass_through(self, exchange: Exchange) -> Answer | Drop:
        """Answer one exchange."""
        exchange = _below_version(exchange)
        with self._estate.write() as tx:
            count_request(tx, exchange.method, exchange.path)
            return struck(tx, exchange, lambda: _work(tx, exchange), error, lambda fault: _expire(tx, exchange, fault))


def _below_version(exchange: Exchange) -> Exchange:
    """An exchange by its path below /api/v1; what is not below v1 keeps its slash: `//config/edit`."""
    if exchange.path.startswith("/v1/"):
        path, raw = exchange.path.removeprefix("/v1"), exchange.raw_path.removeprefix("/v1")
        return attrs.evolve(exchange, path=path, raw_path=raw)
    return attrs.evolve(exchange, path=f"/{exchange.path}", raw_path=f"/{exchange.raw_path}")


def _expire(tx: Tx, exchange: Exchange, fault: Fault) -> None:
    if fault["expire"]:
        account.revoke(tx, account.bearer(exchange.headers))


def _work(tx: Tx, exchange: Exchange) -> Answer:
    try:
        return _worked(tx, exchange)
    except UnicodeEncodeError:
        raise Refused(400, "JSON parse error: half of a surrogate pair") from None


def _worked(tx: Tx, exchange: Exchange) -> Answer:
    if (exchange.method, exchange.path) == ("POST", "/login"):
        agent = exchange.headers.get("user-agent", "")
        return account.login(tx, _json(exchange.body), agent, exchange.source)
    user, capabilities = account.user_of(tx, exchange.headers)
    path = tuple(urllib.parse.unquote(part) for part in exchange.raw_path.split("/") if part)
    needed = "config-write" if path[:1] == ("config",) and exchange.method != "GET" else "config-read"
    if needed not in capabilities:
        raise Refused(403, f"{user} has no capability {needed}")
    if exchange.path.startswith("//") and (exchange.path != DOOR or not door.open_in(tx)):
        raise Refused(404, f"no such path: /api{exchange.path[1:]}")
    call = Call(
        tx=tx, method=exchange.method, path=path, query=query_of(exchange), body=_json(exchange.body), user=user
    )
    return _handler(call)(call)


def _handler(call: Call) -> Callable[[Call], Answer]:
    if (call.method, call.path) == ("PATCH", ("config", "edit")):
        return door.edit
    if call.path[:1] == ("config",):
        return datastores.handle
    if call.path == ("graphql",):
        from haplan_ssr.lab.routers import graphql

        return graphql.answer
    found = queries.QUERIES.get(_pattern(call.path)) if call.method == "GET" else None
    if found is None:
        raise Refused(404, f"the simulator does not have {call.method} /api/v1/{'/'.join(call.path)}")
    return found


def _pattern(path: tuple[str, ...]) -> str:
    """A path with its names left open: every second segment below /router."""
    if path[:1] != ("router",):
        return "/" + "/".join(path)
    return "/" + "/".join("*" if place in (1, 3) else part for place, part in enumerate(path))


def _json(body: bytes) -> Tree:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise Refused(400, f"JSON parse error: {error}") from None
    except RecursionError:
        raise Refused(400, "JSON parse error: nested too deeply") from None

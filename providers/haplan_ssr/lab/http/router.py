"""The router of the simulated conductor: one exchange, one transaction.

Order of what happens to a call: it is counted, a fault may strike, its token is known (401), the user may do it (403),
the path is known (404), the handler works. What the handler did is committed before a byte of the answer leaves.
"""

import json
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from haplan.lab.exchange import Drop, Exchange, strikes
from haplan.lab.mishaps import next_mishap
from haplan.lab.surface import count_request
from haplan_ssr.lab.config import datastores
from haplan_ssr.lab.estate import Estate, Tx
from haplan_ssr.lab.http import account
from haplan_ssr.lab.http.wire import Answer, Call, Refused
from haplan_ssr.lab.routers import queries


class Router:
    """Works on exchanges, one after the other."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def pass_through(self, exchange: Exchange) -> Answer | Drop:
        """Answer one exchange."""
        with self._estate.write() as tx:
            count_request(tx, exchange.method, exchange.path)
            fault = next_mishap(tx, "fault", lambda spec: strikes(spec["on"], exchange)) or {}
            if fault.get("delay"):
                tx.let_pass(fault["delay"])
            if fault.get("expire"):
                account.revoke(tx, account.bearer(exchange.headers))
            if fault.get("drop") == "before":
                return Drop()
            if fault.get("status") and not fault["stored"]:
                return _faulty(fault)
            answer = _handled(tx, lambda: _work(tx, exchange))
            if fault.get("drop") == "after":
                return Drop()
            return _faulty(fault) if fault.get("status") else answer


def _work(tx: Tx, exchange: Exchange) -> Answer:
    if (exchange.method, exchange.path) == ("POST", "/login"):
        agent = exchange.headers.get("user-agent", "")
        return account.login(tx, _json(exchange.body), agent, exchange.source)
    user, capabilities = account.user_of(tx, exchange.headers)
    path = tuple(urllib.parse.unquote(part) for part in exchange.raw_path.split("/") if part)
    needed = "config-write" if path[:1] == ("config",) and exchange.method != "GET" else "config-read"
    if needed not in capabilities:
        raise Refused(403, f"{user} has no capability {needed}")
    query = dict(urllib.parse.parse_qsl(exchange.query, keep_blank_values=True))
    call = Call(tx, exchange.method, path, query, _json(exchange.body), user)
    return _handler(call)(call)


def _handler(call: Call) -> Callable[[Call], Answer]:
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


def _handled(tx: Tx, work: Callable[[], Answer]) -> Answer:
    """A refused call leaves nothing behind."""
    tx.run("savepoint work")
    try:
        answer = work()
    except Refused as refused:
        tx.run("rollback to work")
        answer = refused.answer
    except UnicodeEncodeError:
        tx.run("rollback to work")
        answer = Refused(400, "JSON parse error: half of a surrogate pair").answer
    tx.run("release work")
    return answer


def _json(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise Refused(400, f"JSON parse error: {error}") from None
    except RecursionError:
        raise Refused(400, "JSON parse error: nested too deeply") from None


def _faulty(fault: Mapping[str, Any]) -> Answer:
    body = fault["body"] if fault["body"] is not None else f"simulated fault {fault['status']}"
    return Answer({"message": body} if isinstance(body, str) else body, fault["status"])

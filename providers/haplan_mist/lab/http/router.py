"""The router of the simulated cloud: one exchange, one transaction.

Order of what happens to a call: the pushes that are due are settled, the token is known (401), the budget is spent
(429), the organisation and the role fit (403), a fault may strike, the handler works; a path that is not simulated is
answered as by an organisation that has none of that. What the handler did and what the call cost are committed
together, before a byte of the answer leaves.
"""

import functools
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from haplan.lab.exchange import Answer, Drop, Exchange, Refused, query_of
from haplan.lab.faults import struck
from haplan.lab.surface import count_request
from haplan.lab.unknown import NotSimulated
from haplan.plugin import Tree
from haplan_mist.lab.devices import clusters, inventory, profiles, pushes, search, stats
from haplan_mist.lab.estate import Estate, Tx
from haplan_mist.lab.http import unknown
from haplan_mist.lab.http.wire import NO_PERMISSION, NOT_FOUND, Call, Caller, Routes
from haplan_mist.lab.organisation import account, audit, const, sites
from haplan_mist.lab.organisation.objects import collection

GATEWAY_KINDS = ("idpprofiles", "avprofiles", "secintelprofiles")
WORLD_KINDS = ("networks", "services", "servicepolicies", "vpns")


def world_written(call: Call, _old: object, _new: object) -> None:
    pushes.world_changed(call.tx)
    pushes.reach_organisation(call.tx, call.org_id)


def template_written(call: Call, old: Mapping[str, Tree] | None, new: Mapping[str, Tree] | None) -> None:
    pushes.world_changed(call.tx)
    pushes.reach_template(call.tx, (new or old or {})["id"])


def profile_written(call: Call, old: Mapping[str, Tree] | None, new: Mapping[str, Tree] | None) -> None:
    pushes.world_changed(call.tx)
    profile_id = (new or old or {})["id"]
    pushes.reach_profile(call.tx, profile_id)
    if new is None:
        call.tx.run("update devices set profile_id = null where profile_id = ?", profile_id)


def nothing_more(_call: Call, _old: object, _new: object) -> None:
    """Written objects that no gateway's configuration is made of."""


def routes() -> Routes:
    """Everything the simulator answers."""
    table = Routes()
    modules = (account, audit, clusters, const, profiles, inventory, search, sites, stats)
    for module in modules:
        table.include(module.ROUTES)
    for path in WORLD_KINDS:
        table.include(collection(path, world_written))
    for path in GATEWAY_KINDS:
        table.include(collection(path, nothing_more))
    table.include(collection("gatewaytemplates", template_written))
    table.include(collection("deviceprofiles", profile_written))
    return table


class Router:
    """Works on exchanges, one after the other."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._routes = routes()
        self._not_simulated = NotSimulated("mist lab")

    def pass_through(self, exchange: Exchange) -> Answer | Drop:
        with self._estate.write() as tx:
            pushes.settle(tx)
            try:
                return self._answer(tx, exchange)
            except Refused as refused:
                return refused.answer

    def _answer(self, tx: Tx, exchange: Exchange) -> Answer | Drop:
        found = self._routes.find(exchange.method, exchange.path)
        template = found[0] if found else exchange.path
        count_request(tx, exchange.method, template)
        if (exchange.method, exchange.path) == ("POST", "/login"):
            return account.login(tx, _json(exchange.body))
        caller = account.caller_of(tx, dict(exchange.headers), exchange.method)
        account.spend(tx, caller)
        work = functools.partial(self._work, tx, exchange, caller, found)
        return struck(tx, exchange, work, lambda text: {"detail": text}, lambda fault: pushes.settle(tx))

    def _work(self, tx: Tx, exchange: Exchange, caller: Caller, found: Any) -> Answer:
        if found is None:
            return self._unknown(tx, exchange, caller)
        template, handler, params = found
        _locate(tx, params)
        _allowed(tx, exchange.method, template, params, caller)
        call = Call(
            tx=tx,
            method=exchange.method,
            path=exchange.path,
            template=template,
            params=params,
            query=query_of(exchange),
            headers=exchange.headers,
            body=_json(exchange.body) if exchange.method in ("POST", "PUT") else None,
            caller=caller,
            source=exchange.source,
        )
        answer: Answer = handler(call)
        return answer

    def _unknown(self, tx: Tx, exchange: Exchange, caller: Caller) -> Answer:
        template, params = unknown.place(exchange.path)
        _locate(tx, params)
        _allowed(tx, exchange.method, template, params, caller)
        answer, told = unknown.answer(exchange, tx.now)
        self._not_simulated.tell(f"{exchange.method} /api/v1{template}", told)
        if isinstance(answer, Refused):
            raise answer
        return answer


def _json(body: bytes) -> Tree:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Refused(400, {"detail": f"JSON parse error - {error}"}) from None


def _locate(tx: Tx, params: dict[str, str]) -> None:
    """Put the organisation of a site path into its parameters."""
    if "site_id" in params:
        row: sqlite3.Row | None = tx.one("select org_id from objects where kind = 'site' and id = ?", params["site_id"])
        if row is None:
            status = tx.settings.unknown_site
            raise Refused(status, NO_PERMISSION if status == 403 else NOT_FOUND)
        params["org_id"] = row["org_id"]


def _allowed(tx: Tx, method: str, template: str, params: Mapping[str, str], caller: Caller) -> None:
    """403 for an organisation that the token does not know, and for writing with a reading role."""
    if "org_id" not in params:
        return
    role = caller.role(params["org_id"], params.get("site_id"))
    if role is None or (method != "GET" and role not in ("admin", "write")):
        raise Refused(403, NO_PERMISSION)
    if not tx.one("select 1 from objects where kind = 'org' and id = ?", params["org_id"]):
        raise Refused(404, NOT_FOUND)

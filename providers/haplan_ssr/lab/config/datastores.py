"""`/config`: datastores by path, validate, commit, revert, exports."""

import json
from collections.abc import Callable, Mapping, Sequence

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_ssr.lab.config import store as stores
from haplan_ssr.lab.config.commit import Complaint, commit, validate
from haplan_ssr.lab.config.edits import Spot, spots
from haplan_ssr.lab.config.store import SHARED, Store
from haplan_ssr.lab.estate import Tx
from haplan_ssr.lab.http.wire import Call, Refused
from haplan_ssr.model import model

EXPORTS = "/etc/128technology/config-exports"


def handle(call: Call) -> Answer:
    """Whatever is below /config."""
    name = call.path[1] if len(call.path) > 1 else ""
    if name in ("candidate", "running"):
        return _configuration(call, name, call.path[2:])
    if name == "export" and len(call.path) == 3 and call.method == "DELETE":
        return _drop_export(call)
    work = VERBS.get((call.method, "/".join(call.path[1:])))
    if work is None:
        raise Refused(404, f"no such path: {call.method} {'/'.join(call.path)}")
    return work(call)


def datastore(tx: Tx, name: str, user: str) -> Store:
    """A datastore as a user sees it."""
    if name == "running":
        return Store(tx, None)
    if name != "candidate":
        raise Refused(404, f"no datastore {name}")
    return Store(tx, user if tx.settings.per_user else SHARED)


# --- By path ----------------------------------------------------------------------------------------------------------


def _configuration(call: Call, name: str, below: Sequence[str]) -> Answer:
    store = datastore(call.tx, name, call.user)
    if below and below[0] != "authority":
        raise Refused(404, f"no such path: {below[0]}")
    clone = call.method == "POST" and below[-1:] == ("clone",)
    way = spots(model().authority, below[1:-1] if clone else below[1:], call.tx.settings)
    if call.method == "GET":
        return _read(call, store, way, whole=not below)
    if name == "running":
        raise Refused(400, "the running configuration is changed by a commit only")
    if call.method == "PATCH":
        stores.patch(store, way, call.object_body() if below else _authority(call), call.tx)
        return Answer()
    if call.method == "POST":
        body = _cloned(call, store, way) if clone else call.object_body()
        stores.create(store, [*way[:-1], Spot(way[-1].node, None, way[-1].text)] if clone else way, body, call.tx)
        return Answer(status=201)
    if call.method == "DELETE":
        stores.delete(store, way)
        return Answer(status=call.tx.settings.delete_status)
    raise Refused(405, f"{call.method} is not a method of configuration")


def _read(call: Call, store: Store, way: Sequence[Spot], *, whole: bool) -> Answer:
    settings = call.tx.settings
    defaults = call.query.get("withDefaults") == "true"
    if whole and not defaults and settings.keys == "kebab" and settings.empty_leaf == "text":
        return Answer(raw=store.text())
    found = stores.read(store, way, call.tx, defaults=defaults)
    return Answer({"authority": found} if whole else found)


def _authority(call: Call) -> Tree:
    body = call.object_body()
    if set(body) - {"authority"}:
        raise Refused(400, f"{min(set(body) - {'authority'})}: unknown element")
    return body.get("authority", {})


def _cloned(call: Call, store: Store, way: Sequence[Spot]) -> dict[str, Tree]:
    body = call.object_body()
    node = way[-1].node if way else None
    if node is None or node.keys != ("name",) or not isinstance(body.get("name"), str):
        raise Refused(400, "clone takes the new name of an entry")
    if way[-1].key is None:  # on the list as a whole, as the table of 4.2 has it: the body says of which
        if not isinstance(body.get("source"), str):
            raise Refused(400, "clone takes the source and the new name of an entry")
        way = [*way[:-1], Spot(node, body["source"], f"{way[-1].text}/{body['source']}")]
    found: dict[str, Tree] = stores.read(store, way, call.tx, defaults=False)
    return {**found, "name": body["name"]}


# --- Verbs ------------------------------------------------------------------------------------------------------------


def _version(call: Call) -> Answer:
    store = datastore(call.tx, call.query.get("datastore", "running"), call.user)
    return Answer({"isDirty": bool(store.begun and store.edited())})


def _json(call: Call) -> Answer:
    return _read(call, datastore(call.tx, call.query.get("source", "running"), call.user), [], whole=True)


def _validate(call: Call) -> Answer:
    call.tx.let_pass(call.tx.settings.validate_seconds)
    _options(call)
    return _judged(call, validate(datastore(call.tx, "candidate", call.user), call.tx))


def _commit(call: Call) -> Answer:
    call.tx.let_pass(call.tx.settings.commit_seconds)
    _options(call)
    return _judged(call, commit(datastore(call.tx, "candidate", call.user), call.tx, call.user))


def _options(call: Call) -> None:
    for name, value in call.object_body().items():
        if name != "distributed" or not isinstance(value, bool):
            raise Refused(400, f"{name}: unknown element")


def _judged(call: Call, found: Sequence[Complaint]) -> Answer:
    settings = call.tx.settings
    told = [one.shown(settings.problem_details) for one in found if not one.warning or settings.tell_warnings]
    bad = any(not one.warning for one in found)
    return Answer(told, settings.invalid_status if bad else 200)


def _revert(call: Call) -> Answer:
    datastore(call.tx, "candidate", call.user).revert()
    return Answer()


def _export(call: Call) -> Answer:
    body, name = call.object_body(), _filename(call)
    store = datastore(call.tx, str(body.get("datastore", "running")), call.user)
    sql = "insert into exports values (?, ?, ?) on conflict (name) do update set at = excluded.at, body = excluded.body"
    call.tx.run(sql, name, call.tx.now, store.text())
    return Answer({"exportPath": f"{EXPORTS}/{name}.gz"})


def _filename(call: Call) -> str:
    name = call.object_body().get("filename")
    if not isinstance(name, str) or not name or "/" in name:
        raise Refused(400, "filename: must be the name of a file")
    return name


def _exports(call: Call) -> Answer:
    return Answer([{"name": row["name"]} for row in call.tx.all("select name from exports order by at")])


def _drop_export(call: Call) -> Answer:
    if not call.tx.run("delete from exports where name = ?", call.path[2]):
        raise Refused(404, f"no export {call.path[2]}")
    return Answer(status=call.tx.settings.delete_status)


def _import(call: Call) -> Answer:
    name = _filename(call)
    row = call.tx.one("select body from exports where name = ?", name)
    if row is None:
        raise Refused(404, f"no export {name}")
    datastore(call.tx, "candidate", call.user).replace(json.loads(row["body"])["authority"])
    return Answer()


VERBS: Mapping[tuple[str, str], Callable[[Call], Answer]] = {
    ("GET", "version"): _version,
    ("GET", "getJSON"): _json,
    ("POST", "validate"): _validate,
    ("POST", "commit"): _commit,
    ("POST", "revertToRunning"): _revert,
    ("POST", "export"): _export,
    ("GET", "export"): _exports,
    ("POST", "import"): _import,
}

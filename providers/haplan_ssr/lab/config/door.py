"""`PATCH /api/config/edit`: many edits of the candidate in one call, since release 6.3.

128technology/docs, cc_fips_6.3.0_rest_graphql_apis.md: a list of objects with `path`, `type` and `value`. Of the types
only `merge` is described, so any other is refused. All of a call is taken, or nothing.
"""

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_ssr.lab.config import store as stores
from haplan_ssr.lab.config.datastores import datastore
from haplan_ssr.lab.config.edits import spots
from haplan_ssr.lab.estate import Tx
from haplan_ssr.lab.http.wire import Call, Refused
from haplan_ssr.model import model, release_of

SINCE = (6, 3)


def open_in(tx: Tx) -> bool:
    """True if the conductor's release has it."""
    return release_of(tx.settings.version) >= SINCE


def edit(call: Call) -> Answer:
    """Take a list of edits."""
    if not isinstance(call.body, list):
        raise Refused(400, "the body must be a list of edits")
    for one in call.body:
        _merge(call, one)
    return Answer([])


def _merge(call: Call, one: Tree) -> None:
    if not isinstance(one, dict) or not isinstance(one.get("path"), str):
        raise Refused(400, "path: an edit says where it is about")
    if one.get("type") != "merge":
        raise Refused(400, f"type: {one.get('type')!r} is not merge")
    first, *below = [part for part in one["path"].split("/") if part] or [""]
    value = one.get("value")
    if not below and isinstance(value, dict) and set(value) == {"authority"}:
        below, value = ["authority"], value["authority"]
    if first != "config" or below[:1] != ["authority"]:
        raise Refused(400, f"{one['path']}: no such path")
    store = datastore(call.tx, "candidate", call.user)
    stores.patch(store, spots(model().authority, below[1:], call.tx.settings), value, call.tx)

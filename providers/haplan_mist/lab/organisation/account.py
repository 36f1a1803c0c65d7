"""Who calls: tokens, sessions, budget; organisations.

Sources: Mist OpenAPI 2509.1.2 ("Self", "Orgs API Tokens", "Login"); CSRF cookie and header: mistapi 0.63. The budget
counts per organisation token, and per user for user tokens and sessions; it starts anew on the full hour.
"""

import json
import math
import uuid
from typing import Any

from haplan.lab.exchange import Answer, Refused
from haplan.plugin import Tree
from haplan_mist.lab.estate import Tx, new_token, put_row
from haplan_mist.lab.http.wire import NO_CREDENTIALS, Call, Caller, Handler, bad_request, not_found
from haplan_mist.lab.organisation.audit import record
from haplan_mist.lab.organisation.objects import check, load, merged, server_keys, store, touched

PASSWORD = "lab"
"""The person can sign in with this password; it opens a simulator on loopback and nothing else."""


def caller_of(tx: Tx, headers: dict[str, str], method: str) -> Caller:
    """Who stands behind an `Authorization: Token` header or a session cookie; 401 otherwise."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "token":
        return _caller(tx, key.strip())
    cookies = dict(part.strip().partition("=")[::2] for part in headers.get("cookie", "").split(";"))
    if "sessionid" not in cookies:
        raise Refused(401, NO_CREDENTIALS)
    caller = _caller(tx, cookies["sessionid"])
    row = tx.one("select csrf from tokens where key = ?", caller.key)
    if method != "GET" and (row is None or headers.get("x-csrftoken") != row["csrf"]):
        raise Refused(403, {"detail": "CSRF Failed: CSRF token missing or incorrect."})
    return caller


def _caller(tx: Tx, key: str) -> Caller:
    row = tx.one("select * from tokens where key = ?", key)
    if row is None:
        raise Refused(401, NO_CREDENTIALS)
    budget = row["id"] if row["kind"] == "org" else (row["admin_id"] or row["id"])
    return Caller(
        key=key, kind=row["kind"], name=row["name"], budget=budget, admin_id=row["admin_id"], actor=row["actor"],
        email=row["email"], privileges=tuple(json.loads(row["privileges"])),
    )  # fmt: skip


def spend(tx: Tx, caller: Caller) -> None:
    """Count one call; 429 when the hour's budget is used up."""
    hour = int(tx.now // 3600)
    used = calls(tx, caller)
    refused = used >= tx.settings.budget
    if not refused or tx.settings.count_refused:
        tx.run(
            "insert into usage values (?, ?, 1) on conflict (who, hour) do update set calls = calls + 1",
            caller.budget, hour,
        )  # fmt: skip
    if refused:
        limit = tx.settings.budget
        detail = (
            f"Too Many Request. The API Token used for the request reached the {limit} API Calls per hour threshold"
        )
        raise Refused(429, {"detail": detail}, {"Retry-After": str(_seconds_left(tx))})


def calls(tx: Tx, caller: Caller) -> int:
    row = tx.one("select calls from usage where who = ? and hour = ?", caller.budget, int(tx.now // 3600))
    return int(row["calls"]) if row else 0


def _seconds_left(tx: Tx) -> int:
    return max(1, math.ceil(3600 - tx.now % 3600))


def read_self(call: Call) -> Answer:
    caller = call.caller
    body: dict[str, Tree] = {"name": caller.name, "privileges": list(caller.privileges), "tags": []}
    if caller.email:
        first, _, last = caller.actor.partition(" ")
        body |= {
            "admin_id": caller.admin_id, "email": caller.email, "first_name": first, "last_name": last,
            "enable_two_factor": False, "two_factor_verified": False, "session_expiry": 1440,
        }  # fmt: skip
    return Answer(body)


def usage(call: Call) -> Answer:
    used = calls(call.tx, call.caller)
    return Answer({"requests": used, "request_limit": call.tx.settings.budget, "seconds": _seconds_left(call.tx)})


def _masked(key: str) -> str:
    return f"{key[:4]}...{key[-4:]}"


def _token(row: Any, key: str) -> dict[str, Tree]:
    out = {
        "id": row["id"], "name": row["name"], "key": key, "created_time": row["created"],
        "last_used": None if row["last_used"] is None else int(row["last_used"]),
    }  # fmt: skip
    if row["kind"] == "org":
        out |= {"org_id": row["org_id"], "privileges": json.loads(row["privileges"])}
    return out


def list_own_tokens(call: Call) -> Answer:
    rows = call.tx.all("select * from tokens where kind = 'user' and admin_id = ? order by created", _admin(call))
    return Answer([_token(row, _masked(row["key"])) for row in rows])


def _admin(call: Call) -> str:
    if call.caller.admin_id is None:
        raise Refused(403, {"detail": "You do not have permission to perform this action."})
    return call.caller.admin_id


def create_own_token(call: Call) -> Answer:
    admin_id, body = _admin(call), call.object_body()
    check("user_apitoken", body, partial=False)
    rights = list(call.caller.privileges)
    key = new_token(
        call.tx, rights[0]["org_id"], kind="user", name=body.get("name", ""), actor=call.caller.actor,
        email=call.caller.email, privileges=[dict(right) for right in rights],
    )  # fmt: skip
    call.tx.run("update tokens set admin_id = ? where key = ?", admin_id, key)
    return Answer(_token(call.tx.one("select * from tokens where key = ?", key), key))


def delete_own_token(call: Call) -> Answer:
    done = call.tx.run("delete from tokens where id = ? and admin_id = ?", call.params["apitoken_id"], _admin(call))
    if not done:
        raise not_found()
    return Answer()


def list_tokens(call: Call) -> Answer:
    rows = call.tx.all("select * from tokens where kind = 'org' and org_id = ? order by created", call.org_id)
    return Answer([_token(row, _masked(row["key"])) for row in rows])


def create_token(call: Call) -> Answer:
    body = call.object_body()
    check("org_apitoken", body, partial=False)
    rights = body.get("privileges") or [{"scope": "org", "role": "read", "org_id": call.org_id}]
    rights = [{"org_id": call.org_id, **right} for right in rights]
    key = new_token(
        call.tx, call.org_id, kind="org", name=body["name"], actor=body["name"], email=None, privileges=rights
    )
    record(call, f'Add API Token "{body["name"]}"', None, {"name": body["name"]})
    return Answer(_token(call.tx.one("select * from tokens where key = ?", key), key))


def delete_token(call: Call) -> Answer:
    where = "id = ? and org_id = ? and kind = 'org'"
    if not call.tx.run(f"delete from tokens where {where}", call.params["apitoken_id"], call.org_id):
        raise not_found()
    record(call, "Delete API Token", None, None)
    return Answer()


def create_org(call: Call) -> Answer:
    """The caller becomes its administrator."""
    tx, sent = call.tx, call.object_body()
    check("org", sent, partial=False)
    org_id = tx.new_id()
    call.params["org_id"] = org_id
    kept = {key: value for key, value in sent.items() if key not in server_keys("org")}
    body = {"id": org_id, "allow_mist": True, "session_expiry": 1440, **kept}
    put_row(tx, "org", org_id, org_id, body)
    put_row(tx, "org_setting", org_id, org_id, {"id": org_id, "org_id": org_id})
    rights = [*call.caller.privileges, {"scope": "org", "role": "admin", "org_id": org_id, "name": body["name"]}]
    tx.run("update tokens set privileges = ? where key = ?", json.dumps(rights), call.caller.key)
    record(call, f'Add Organization "{body["name"]}"', None, body)
    return Answer(body)


def read_org(call: Call) -> Answer:
    return Answer(load(call.tx, "org", call.org_id))


def update_org(call: Call) -> Answer:
    tx, sent = call.tx, call.object_body()
    old = load(tx, "org", call.org_id) or {}
    check("org", sent, partial=True)
    new = merged(old, sent, server_keys("org"))
    touched(tx, old, new)
    store(tx, "org", call.org_id, new)
    record(call, f'Update Organization "{new["name"]}"', old, new)
    return Answer(new)


def delete_org(call: Call) -> Answer:
    if call.tx.number("select count(*) from devices where org_id = ?", call.org_id):
        raise bad_request("inventory not empty")
    call.tx.run("delete from objects where org_id = ?", call.org_id)
    return Answer()


def login(tx: Tx, body: Tree) -> Answer:
    """`POST /login` needs no credentials beforehand, so it does not pass the router like other calls."""
    sent = body if isinstance(body, dict) else {}
    user = tx.one("select * from tokens where email = ? and kind = 'user' order by created", sent.get("email"))
    if user is None or sent.get("password") != PASSWORD:
        return Answer({"detail": "Invalid email or password", "forward_url": ""}, 400)
    key, csrf = uuid.uuid4().hex, uuid.uuid4().hex
    tx.run(
        "insert into tokens values (?, ?, ?, 'session', 'session', ?, ?, ?, ?, ?, null, ?)",
        key, tx.new_id(), user["org_id"], user["admin_id"], user["actor"], user["email"], user["privileges"],
        tx.now, csrf,
    )  # fmt: skip
    cookies = f"csrftoken={csrf}; Max-Age=31449600; Path=/\nsessionid={key}; Path=/; HttpOnly"
    answer = {"email": user["email"], "two_factor_required": False, "two_factor_passed": False}
    return Answer(answer, headers={"Set-Cookie": cookies})


def logout(call: Call) -> Answer:
    call.tx.run("delete from tokens where key = ? and kind = 'session'", call.caller.key)
    return Answer({"forward_url": ""})


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/self", read_self),
    ("GET", "/self/usage", usage),
    ("GET", "/self/apitokens", list_own_tokens),
    ("POST", "/self/apitokens", create_own_token),
    ("DELETE", "/self/apitokens/{apitoken_id}", delete_own_token),
    ("POST", "/logout", logout),
    ("POST", "/orgs", create_org),
    ("GET", "/orgs/{org_id}", read_org),
    ("PUT", "/orgs/{org_id}", update_org),
    ("DELETE", "/orgs/{org_id}", delete_org),
    ("GET", "/orgs/{org_id}/apitokens", list_tokens),
    ("POST", "/orgs/{org_id}/apitokens", create_token),
    ("DELETE", "/orgs/{org_id}/apitokens/{apitoken_id}", delete_token),
]

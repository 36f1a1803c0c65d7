"""Reading and writing stored objects the way the cloud does.

Create answers 200 with the whole object. PUT merges at the top level: keys that are present replace, `-key` deletes,
keys that only the server sets are ignored, everything else stays (Juniper/terraform-provider-mist, `-port_config: ""`;
its commit 865bee40 shows that an omitted key is left alone). Unknown keys are stored.
"""

import json
from collections.abc import Callable, Mapping

import attrs

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_mist.lab.estate import Tx, put_row
from haplan_mist.lab.http import schema
from haplan_mist.lab.http.paging import page_of_rows
from haplan_mist.lab.http.wire import Call, Handler, bad_request, not_found
from haplan_mist.lab.organisation.audit import record

SERVER_KEYS = frozenset({"id", "org_id", "site_id", "created_time", "modified_time", "for_site", "msp_id"})

SITE_TEMPLATES = frozenset(
    {"gatewaytemplate_id", "networktemplate_id", "rftemplate_id", "aptemplate_id", "sitetemplate_id",
     "alarmtemplate_id", "secpolicy_id", "routertemplate_id"}
)  # fmt: skip
"""Cleared by an explicit null; the dash form does not work for them (Juniper/terraform-provider-mist 00109af7)."""

KINDS: dict[str, tuple[str, str, str]] = {
    "networks": ("network", "network", "Network"),
    "services": ("service", "service", "Application"),
    "servicepolicies": ("servicepolicy", "org_service_policy", "Application Policy"),
    "vpns": ("vpn", "vpn", "VPN"),
    "gatewaytemplates": ("gatewaytemplate", "gateway_template", "Gateway Template"),
    "deviceprofiles": ("deviceprofile", "deviceprofile", "Device Profile"),
    "idpprofiles": ("idpprofile", "idp_profile", "IDP Profile"),
    "avprofiles": ("avprofile", "avprofile", "Antivirus Profile"),
    "secintelprofiles": ("secintelprofile", "secintel_profile", "SecIntel Profile"),
    "sitegroups": ("sitegroup", "sitegroup", "Site Group"),
}
"""Collections of an organisation: path, kind in the estate, schema, name in the audit log."""


def load(tx: Tx, kind: str, id_: str, org_id: str | None = None) -> dict[str, Tree] | None:
    row = tx.one("select body, org_id from objects where kind = ? and id = ?", kind, id_)
    if row is None or (org_id is not None and row["org_id"] != org_id):
        return None
    body: dict[str, Tree] = json.loads(row["body"])
    return body


def store(tx: Tx, kind: str, id_: str, body: dict[str, Tree]) -> None:
    """Store a changed object as it is; its times are the caller's business."""
    tx.run(
        "update objects set body = ?, name = ?, ref = ?, modified = ? where kind = ? and id = ?",
        json.dumps(body), body.get("name"), body.get("gatewaytemplate_id"), body["modified_time"], kind, id_,
    )  # fmt: skip


def check(schema_name: str, body: Mapping[str, Tree], *, partial: bool) -> None:
    """400 for a wrong JSON type, a value outside an enumeration, a missing key."""
    sent = {key: value for key, value in body.items() if not key.startswith("-") and key not in SERVER_KEYS}
    sent = {key: value for key, value in sent.items() if not (value is None and key in SITE_TEMPLATES)}
    wrong = schema.problem(schema_name, sent, partial=partial) or _nameless(schema_name, body)
    if wrong:
        raise bad_request(wrong)


def _nameless(schema_name: str, body: Mapping[str, Tree]) -> str | None:
    """What is named stays so: an empty name is refused, and so is taking away one that the description requires."""
    if body.get("name") == "":
        return "name: this field may not be blank"
    return "name: this field is required" if "-name" in body and "name" in schema.required(schema_name) else None


def merged(old: Mapping[str, Tree], body: Mapping[str, Tree], ignored: frozenset[str]) -> dict[str, Tree]:
    """The object after a PUT."""
    new = dict(old)
    for key, value in body.items():
        if key.startswith("-"):
            if key[1:] not in ignored and key[1:] not in SITE_TEMPLATES:
                new.pop(key[1:], None)
        elif key not in ignored:
            new[key] = value
    return new


def server_keys(schema_name: str) -> frozenset[str]:
    try:
        return SERVER_KEYS | schema.read_only(schema_name)
    except KeyError:
        return SERVER_KEYS


def touched(tx: Tx, old: Mapping[str, Tree], new: dict[str, Tree]) -> bool:
    """Set `modified_time`; answers whether anything differs."""
    changed = new != old
    if changed or tx.settings.unchanged_put_is_modified:
        new["modified_time"] = tx.now
    return changed


def filled(tx: Tx, schema_name: str, body: dict[str, Tree]) -> dict[str, Tree]:
    return {**schema.defaults(schema_name), **body} if tx.settings.fill_defaults else body


AfterWrite = Callable[[Call, Mapping[str, Tree] | None, Mapping[str, Tree] | None], None]
"""Called after an accepted write with the object before and after."""


def schema_of(path: str, body: Mapping[str, Tree]) -> str:
    """Device profiles come in types with a schema each."""
    if path != "deviceprofiles":
        return KINDS[path][1]
    kind = body.get("type")
    return f"deviceprofile_{kind}" if kind in ("ap", "switch", "gateway") else "deviceprofile"


def collection(path: str, after: AfterWrite) -> list[tuple[str, str, Handler]]:
    """The five routes of an organisation's collection."""
    of = Collection(path, after)
    many = f"/orgs/{{org_id}}/{path}"
    one = f"{many}/{{{of.kind}_id}}"
    return [
        ("GET", many, of.list), ("POST", many, of.create), ("GET", one, of.read), ("PUT", one, of.update),
        ("DELETE", one, of.delete),
    ]  # fmt: skip


@attrs.frozen
class Collection:
    """The objects of one kind in an organisation, as calls get at them.

    Attributes:
        path: Such as ``networks``.
        after: What follows a write.
    """

    path: str
    after: AfterWrite

    @property
    def kind(self) -> str:
        """Such as ``network``."""
        return KINDS[self.path][0]

    def _told(self, call: Call, verb: str, name: object, old: Tree, new: Tree) -> None:
        record(call, f'{verb} {KINDS[self.path][2]} "{name}"', old, new)
        self.after(call, old, new)

    def _found(self, call: Call) -> dict[str, Tree]:
        body = load(call.tx, self.kind, call.params[f"{self.kind}_id"], call.org_id)
        if body is None:
            raise not_found()
        return body

    def list(self, call: Call) -> Answer:
        sql = "select body from objects where kind = ? and org_id = ?"
        values = [self.kind, call.org_id]
        if self.path == "deviceprofiles":
            # without a type the cloud answers access point profiles only
            sql += " and coalesce(json_extract(body, '$.type'), 'ap') = ?"
            values.append(call.query.get("type") or "ap")
        return page_of_rows(call, f"{sql} order by created, id", *values)

    def create(self, call: Call) -> Answer:
        sent = call.object_body()
        name = schema_of(self.path, sent)
        check(name, sent, partial=False)
        id_ = call.tx.new_id()
        kept = {key: value for key, value in sent.items() if key not in server_keys(name) and not key.startswith("-")}
        body = filled(call.tx, name, {"id": id_, "org_id": call.org_id, **kept})
        put_row(call.tx, self.kind, id_, call.org_id, body)
        self._told(call, "Add", body.get("name", id_), None, body)
        return Answer(body)

    def read(self, call: Call) -> Answer:
        return Answer(self._found(call))

    def update(self, call: Call) -> Answer:
        old = self._found(call)
        sent = call.object_body()
        name = schema_of(self.path, old)
        check(name, sent, partial=True)
        new = merged(old, sent, server_keys(name))
        touched(call.tx, old, new)
        store(call.tx, self.kind, old["id"], new)
        self._told(call, "Update", new.get("name", old["id"]), old, new)
        return Answer(load(call.tx, self.kind, old["id"]))

    def delete(self, call: Call) -> Answer:
        old = self._found(call)
        call.tx.run("delete from objects where kind = ? and id = ?", self.kind, old["id"])
        self._told(call, "Delete", old.get("name", old["id"]), old, None)
        return Answer()

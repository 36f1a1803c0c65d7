"""Sites, their settings, site groups, and the merged views of a site.

Sources: Mist OpenAPI 2509.1.2; two-way membership of site groups and its race: Juniper/terraform-provider-mist #76;
template references of a site are cleared by null (its commit 00109af7).
"""

import json
from collections.abc import Iterable, Mapping

from haplan.lab.exchange import Answer
from haplan.plugin import Tree
from haplan_mist.lab.devices import pushes
from haplan_mist.lab.devices.clusters import release
from haplan_mist.lab.devices.effective import VARIABLE
from haplan_mist.lab.estate import Tx, put_row
from haplan_mist.lab.http.paging import count_answer, page_of_rows, search_page, sorted_by
from haplan_mist.lab.http.wire import Call, Handler, not_found
from haplan_mist.lab.organisation.audit import record
from haplan_mist.lab.organisation.objects import check, collection, filled, load, merged, server_keys, store, touched

STALE_SECONDS = 2
"""With `lost_site_group_updates`, a write within this time works on the membership before the write before it."""


def create(call: Call) -> Answer:
    tx, sent = call.tx, call.object_body()
    check("site", sent, partial=False)
    site_id = tx.new_id()
    ignored = server_keys("site")
    kept = {key: value for key, value in sent.items() if key not in ignored and not key.startswith("-")}
    base = {"id": site_id, "org_id": call.org_id, "timezone": "UTC"}
    body = filled(tx, "site", {**base, **kept})
    put_row(tx, "site", site_id, call.org_id, body)
    setting = {"id": site_id, "org_id": call.org_id, "site_id": site_id}
    put_row(tx, "site_setting", site_id, call.org_id, setting, site_id=site_id)
    join_groups(tx, call.org_id, site_id, (), body.get("sitegroup_ids") or ())
    record(call, f'Add Site "{body["name"]}"', None, body, site_id=site_id)
    return Answer(body)


def list_(call: Call) -> Answer:
    sql = "select body from objects where kind = 'site' and org_id = ? order by created, id"
    return page_of_rows(call, sql, call.org_id)


def found(call: Call) -> dict[str, Tree]:
    body = load(call.tx, "site", call.site_id)
    if body is None:
        raise not_found()
    return body


def read(call: Call) -> Answer:
    return Answer(found(call))


def update(call: Call) -> Answer:
    tx, old, sent = call.tx, found(call), call.object_body()
    check("site", sent, partial=True)
    new = merged(old, sent, server_keys("site"))
    touched(tx, old, new)
    store(tx, "site", call.site_id, new)
    join_groups(tx, call.org_id, call.site_id, old.get("sitegroup_ids") or (), new.get("sitegroup_ids") or ())
    record(call, f'Update Site "{new["name"]}"', old, new)
    if old.get("gatewaytemplate_id") != new.get("gatewaytemplate_id"):
        pushes.reach_site(tx, call.site_id)
    return Answer(new)


def delete(call: Call) -> Answer:
    """Devices stay in the inventory, unassigned."""
    tx, old = call.tx, found(call)
    for row in tx.all("select * from devices where site_id = ?", call.site_id):
        release(tx, row)
    tx.run("update clusters set site_id = null, started = null where site_id = ?", call.site_id)
    join_groups(tx, call.org_id, call.site_id, old.get("sitegroup_ids") or (), ())
    tx.run("delete from objects where kind in ('site', 'site_setting') and id = ?", call.site_id)
    record(call, f'Delete Site "{old["name"]}"', old, None)
    return Answer()


def join_groups(tx: Tx, org_id: str, site_id: str, old: Iterable[str], new: Iterable[str]) -> None:
    """Keep the groups in step with a site's `sitegroup_ids`."""
    before, after = set(old), set(new)
    for group_id in sorted(before ^ after):
        group = load(tx, "sitegroup", group_id, org_id)
        if group is None:
            continue
        members = _members(tx, group)
        changed = [*members, site_id] if group_id in after else [m for m in members if m != site_id]
        group["site_ids"] = list(dict.fromkeys(changed))
        group["modified_time"] = tx.now
        store(tx, "sitegroup", group_id, group)


def _members(tx: Tx, group: Mapping[str, Tree]) -> list[str]:
    """The membership that a write works on; an old copy where the cloud loses updates."""
    current = list(group.get("site_ids") or ())
    if not tx.settings.lost_site_group_updates:
        return current
    key = f"group {group['id']}"
    at, stale = json.loads(tx.meta(key) or "[0, []]")
    if tx.now - at < STALE_SECONDS:
        return list(stale)
    tx.remember(key, json.dumps([tx.now, current]))
    return current


def group_written(call: Call, old: Mapping[str, Tree] | None, new: Mapping[str, Tree] | None) -> None:
    """The other direction: a group's `site_ids` into its sites."""
    before, after = set((old or {}).get("site_ids") or ()), set((new or {}).get("site_ids") or ())
    group_id = (new or old or {})["id"]
    for site_id in sorted(before ^ after):
        site = load(call.tx, "site", site_id, call.org_id)
        if site is None:
            continue
        groups = [entry for entry in site.get("sitegroup_ids") or () if entry != group_id]
        site["sitegroup_ids"] = [*groups, group_id] if site_id in after else groups
        site["modified_time"] = call.tx.now
        store(call.tx, "site", site_id, site)


def search_records(call: Call) -> list[dict[str, Tree]]:
    sql = "select body from objects where kind = 'site' and org_id = ? order by created, id"
    out = []
    for row in call.tx.all(sql, call.org_id):
        site = json.loads(row["body"])
        out.append(
            {"id": site["id"], "site_id": site["id"], "org_id": call.org_id, "name": site["name"],
             "timestamp": site["modified_time"], "timezone": site.get("timezone", "UTC"),
             "country_code": site.get("country_code"), "auto_upgrade_enabled": False, "auto_upgrade_version": "",
             "honeypot_enabled": False, "vna_enabled": False, "wifi_enabled": False}
        )  # fmt: skip
    for name in ("name", "country_code", "timezone", "id"):
        if call.query.get(name):
            out = [entry for entry in out if entry[name] == call.query[name]]
    return out


def search(call: Call) -> Answer:
    return search_page(call, sorted_by(call, search_records(call), "timestamp"))


def count(call: Call) -> Answer:
    return count_answer(call, search_records(call), "id")


def read_setting(call: Call) -> Answer:
    return Answer(_setting(call))


def _setting(call: Call) -> dict[str, Tree]:
    body = load(call.tx, "site_setting", call.site_id)
    if body is None:
        raise not_found()
    return body


def update_setting(call: Call) -> Answer:
    tx, old, sent = call.tx, _setting(call), call.object_body()
    check("site_setting", sent, partial=True)
    new = merged(old, sent, server_keys("site_setting"))
    touched(tx, old, new)
    store(tx, "site_setting", call.site_id, new)
    record(call, f'Update Site Settings of "{found(call)["name"]}"', old, new)
    if old.get("config_push_policy") != new.get("config_push_policy"):
        for row in tx.all("select mac from devices where site_id = ?", call.site_id):
            pushes.reconsider(tx, row["mac"])
    pushes.reach_site(tx, call.site_id)
    return Answer(new)


def derived_setting(call: Call) -> Answer:
    """Organisation setting below, site setting above."""
    organisation = load(call.tx, "org_setting", call.org_id) or {}
    shared = {key: value for key, value in organisation.items() if key not in ("id", "created_time", "modified_time")}
    return Answer({**shared, **_setting(call)})


def derived(kind: str) -> Handler:
    """Objects of the organisation as a site sees them; `resolve=true` puts the site's variables in."""

    def handler(call: Call) -> Answer:
        return Answer([_resolved(call, body) for body in _seen_by_site(call, kind)])

    return handler


def _seen_by_site(call: Call, kind: str) -> list[dict[str, Tree]]:
    site = found(call)
    if kind == "gatewaytemplate":
        template = load(call.tx, kind, site.get("gatewaytemplate_id") or "")
        return [template] if template else []
    if kind == "deviceprofile":
        sql = "select distinct profile_id from devices where site_id = ? and profile_id is not null order by 1"
        rows = call.tx.all(sql, call.site_id)
        profiles = [load(call.tx, kind, row["profile_id"]) for row in rows]
        return [profile for profile in profiles if profile]
    sql = "select body from objects where kind = ? and org_id = ? order by created, id"
    return [json.loads(row["body"]) for row in call.tx.all(sql, kind, call.org_id)]


def _resolved(call: Call, body: dict[str, Tree]) -> dict[str, Tree]:
    if call.query.get("resolve", "false").lower() != "true":
        return body
    variables = _setting(call).get("vars") or {}
    put = {key: json.dumps(value)[1:-1] for key, value in variables.items()}
    out: dict[str, Tree] = json.loads(VARIABLE.sub(lambda m: put.get(m[1], m[0]), json.dumps(body)))
    return out


def read_org_setting(call: Call) -> Answer:
    return Answer(load(call.tx, "org_setting", call.org_id))


def update_org_setting(call: Call) -> Answer:
    tx, sent = call.tx, call.object_body()
    old = load(tx, "org_setting", call.org_id) or {}
    check("org_setting", sent, partial=True)
    new = merged(old, sent, server_keys("org_setting"))
    touched(tx, old, new)
    store(tx, "org_setting", call.org_id, new)
    record(call, "Update Organization Settings", old, new)
    pushes.world_changed(tx)
    pushes.reach_organisation(tx, call.org_id)
    return Answer(new)


DERIVED = {
    "networks": "network", "services": "service", "servicepolicies": "servicepolicy", "vpns": "vpn",
    "gatewaytemplates": "gatewaytemplate", "deviceprofiles": "deviceprofile",
}  # fmt: skip
ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/orgs/{org_id}/sites", list_),
    ("POST", "/orgs/{org_id}/sites", create),
    ("GET", "/orgs/{org_id}/sites/search", search),
    ("GET", "/orgs/{org_id}/sites/count", count),
    ("GET", "/sites/{site_id}", read),
    ("PUT", "/sites/{site_id}", update),
    ("DELETE", "/sites/{site_id}", delete),
    ("GET", "/sites/{site_id}/setting", read_setting),
    ("PUT", "/sites/{site_id}/setting", update_setting),
    ("GET", "/sites/{site_id}/setting/derived", derived_setting),
    ("GET", "/orgs/{org_id}/setting", read_org_setting),
    ("PUT", "/orgs/{org_id}/setting", update_org_setting),
    *collection("sitegroups", group_written),
    *(("GET", f"/sites/{{site_id}}/{path}/derived", derived(kind)) for path, kind in DERIVED.items()),
]

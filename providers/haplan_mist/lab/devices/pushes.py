"""Configuration pushes: which devices a change reaches, when they take it, and how that ends.

There is no call that starts or awaits a push. An accepted change of anything that reaches a device's configuration
makes one push for that device; it is settled when its time has come and somebody asks. A newer change replaces a push
that is still waiting.
"""

import datetime
import fnmatch
import json
import sqlite3
import uuid
import zoneinfo
from collections.abc import Iterable, Mapping

from haplan.lab.mishaps import next_mishap
from haplan.plugin import Tree
from haplan_mist.lab.devices import running
from haplan_mist.lab.devices.boxes import cluster_of, device, done_at, event
from haplan_mist.lab.devices.effective import Basis, World, basis, digest, merge
from haplan_mist.lab.devices.models import family_of
from haplan_mist.lab.estate import Tx

HEADS = "managed = 1 and site_id is not null and org_id is not null and (vc_mac is null or vc_mac = mac)"
WORLD_KINDS = ("network", "service", "servicepolicy", "vpn")
SHARED_SETTINGS = ("gateway_mgmt", "vpn_options")
SITE_SETTINGS = ("gateway_mgmt", "dns_servers", "dns_suffix", "ntp_servers", "gateway_additional_config_cmds", "ssr")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

OUTCOMES = {
    "succeed": ("success", "COMMITED", "GW_CONFIGURED"),
    "fail": ("failed", "FAILED", "GW_CONFIG_FAILED"),
    "revert": ("reverted", "REVERTED", "GW_CONFIG_FAILED"),
    "lock_failed": ("lock_failed", "FAILED", "GW_CONFIG_LOCK_FAILED"),
}
"""Result of a push: as stored, as the stats spell it, the event. `COMMITED` is the spelling of the published sample."""
TEXTS = {
    "succeed": "", "fail": "configuration rejected by the device", "revert": "configuration reverted by the device",
    "lock_failed": "configuration database is locked by another session",
}  # fmt: skip


def world_changed(tx: Tx) -> None:
    """Something that configurations name was written: nothing computed before holds any more."""
    tx.remember("world", uuid.uuid4().hex)


def reach_site(tx: Tx, site_id: str) -> None:
    reach(tx, tx.all(f"select * from devices where site_id = ? and {HEADS}", site_id))


def reach_template(tx: Tx, template_id: str) -> None:
    sites = "select id from objects where kind = 'site' and ref = ?"
    reach(tx, tx.all(f"select * from devices where site_id in ({sites}) and {HEADS}", template_id))


def reach_profile(tx: Tx, profile_id: str) -> None:
    reach(tx, tx.all(f"select * from devices where profile_id = ? and {HEADS}", profile_id))


def reach_organisation(tx: Tx, org_id: str) -> None:
    reach(tx, tx.all(f"select * from devices where org_id = ? and {HEADS}", org_id))


def reach_device(tx: Tx, mac: str) -> None:
    reach(tx, tx.all(f"select * from devices where mac = ? and {HEADS}", mac))


def reach(tx: Tx, heads: Iterable[sqlite3.Row]) -> None:
    """One push for each of these devices whose configuration is now another, or whose last push failed."""
    for row in heads:
        setting = _body(tx, "site_setting", row["site_id"])
        wanted, problem = _wanted(tx, row, setting)
        if wanted != row["digest"] or _failed_before(tx, row):
            _push(tx, row, setting, wanted, problem)


def _failed_before(tx: Tx, row: sqlite3.Row) -> bool:
    """A device whose last push failed is tried again with the next write that reaches it."""
    if row["config_status"] in (None, "COMMITED"):
        return False
    return tx.one("select 1 from pushes where mac = ? and result is null", row["mac"]) is None


def forget(tx: Tx, mac: str) -> None:
    """The device takes no configuration any more: what waits is dropped."""
    tx.run("delete from pushes where mac = ? and result is null", mac)
    tx.run("delete from events where mac = ? and at > ?", mac, tx.now)
    tx.run(
        "update devices set digest = null, configured_at = null, config_status = null, config_text = null,"
        " config_at = null where mac = ?", mac,
    )  # fmt: skip
    running.forget(tx, mac)


def remember_running(tx: Tx) -> None:
    """In an estate of an older haplan, which did not keep it: who has taken a configuration runs what the cloud has."""
    if tx.meta("ran") is None:
        tx.remember("ran", "0")
        for row in tx.all(f"select * from devices where config_status = 'COMMITED' and {HEADS}"):
            setting = _body(tx, "site_setting", row["site_id"])
            running.keep(tx, row, row["config_at"] or tx.now, *_with_variables(tx, row, setting))


def effective(tx: Tx, row: sqlite3.Row) -> Basis:
    """The merged configuration of an assigned device."""
    site = _body(tx, "site", row["site_id"])
    setting = _body(tx, "site_setting", row["site_id"])
    return _basis(tx, row, site, setting)


def _wanted(tx: Tx, row: sqlite3.Row, setting: Mapping[str, Tree]) -> tuple[str, str | None]:
    """Digest of what the device should run, and why it cannot."""
    base, variables = _with_variables(tx, row, setting)
    clustered = row["vc_mac"] is not None
    undefined = sorted(base.variables - variables.keys())
    problem = base.problem(row["model"], clustered)
    if undefined:
        problem = f"undefined variable {{{{{undefined[0]}}}}}"
    values = {name: variables[name] for name in sorted(base.variables & variables.keys())}
    return digest(base.digest, values, row["mac"], clustered, row["name"]), problem


def _with_variables(tx: Tx, row: sqlite3.Row, setting: Mapping[str, Tree]) -> tuple[Basis, dict[str, Tree]]:
    """What the device should run, and what stands for the variables in it."""
    base = _basis(tx, row, _body(tx, "site", row["site_id"]), setting)
    own = json.loads(row["overrides"])
    return base, {**(setting.get("vars") or {}), **(own.get("vars") or {})}


def _basis(tx: Tx, row: sqlite3.Row, site: Mapping[str, Tree], setting: Mapping[str, Tree]) -> Basis:
    own = {key: value for key, value in json.loads(row["overrides"]).items() if key != "vars"}
    shared = {key: setting[key] for key in SITE_SETTINGS if key in setting}
    gateway = setting.get("gateway") or {}
    template = site.get("gatewaytemplate_id")
    key = (row["org_id"], tx.meta("world"), template, row["profile_id"], json.dumps([shared, gateway, own]))
    found: Basis | None = tx.cache.get(key)
    if found is None:
        if len(tx.cache) > 200:
            tx.cache.clear()
        config = merge(shared, gateway)
        for kind, id_ in (("gatewaytemplate", template), ("deviceprofile", row["profile_id"])):
            config = merge(config, _body(tx, kind, id_) if id_ else {})
        world, remote_too = _world(tx, row["org_id"]), tx.settings.remote_networks_need_variables
        found = tx.cache[key] = basis(merge(config, own), world, remote_too=remote_too)
    return found


def _world(tx: Tx, org_id: str) -> World:
    key = ("world", org_id, tx.meta("world"))
    found: World | None = tx.cache.get(key)
    if found is None:
        kinds: dict[str, dict[str, Tree]] = {kind: {} for kind in WORLD_KINDS}
        marks = ", ".join("?" for _ in WORLD_KINDS)
        for kind, id_, body in tx.all(
            f"select kind, id, body from objects where kind in ({marks}) and org_id = ? order by created, id",
            *WORLD_KINDS, org_id,
        ):  # fmt: skip
            loaded = json.loads(body)
            kinds[kind].setdefault(id_ if kind == "servicepolicy" else loaded.get("name", id_), loaded)
        setting = _body(tx, "org_setting", org_id)
        found = tx.cache[key] = World(
            networks=kinds["network"], services=kinds["service"], vpns=kinds["vpn"], policies=kinds["servicepolicy"],
            shared=digest({name: setting.get(name) for name in SHARED_SETTINGS}),
        )  # fmt: skip
    return found


def _body(tx: Tx, kind: str, id_: str) -> dict[str, Tree]:
    row = tx.one("select body from objects where kind = ? and id = ?", kind, id_)
    return json.loads(row["body"]) if row else {}


def _push(tx: Tx, row: sqlite3.Row, setting: Mapping[str, Tree], wanted: str, problem: str | None) -> None:
    mac = row["mac"]
    tx.run("delete from pushes where mac = ? and result is null", mac)
    tx.run("delete from events where mac = ? and at > ? and type = 'GW_CONFIG_GENERATED'", mac, tx.now)
    due, hold = due_at(tx, row, setting)
    tx.run(
        "insert into pushes (mac, org_id, site_id, changed, due, hold, digest, problem)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        mac, row["org_id"], row["site_id"], tx.now, due, hold, wanted, problem,
    )  # fmt: skip
    tx.run("update devices set digest = ? where mac = ?", wanted, mac)
    event(tx, row, "GW_CONFIG_CHANGED_BY_USER", "configuration changed by user")
    if due is not None:
        event(tx, row, "GW_CONFIG_GENERATED", "configuration generated", at=due - _push_seconds(tx, row) / 2)


def _push_seconds(tx: Tx, row: sqlite3.Row) -> float:
    settings = tx.settings
    return settings.push_seconds_srx if family_of(row["model"]) == "srx" else settings.push_seconds_ssr


def due_at(tx: Tx, row: sqlite3.Row, setting: Mapping[str, Tree]) -> tuple[float | None, str | None]:
    """When a change made now is on the device; None and what holds it back."""
    seconds = _push_seconds(tx, row)
    if not row["connected"]:
        return None, "offline"
    due = max(tx.now, row["away_until"] or 0) + seconds
    cluster = cluster_of(tx, row["mac"])
    if cluster is not None:
        formed = done_at(cluster)
        if formed is None:
            return None, "formation"
        due = max(due, formed)
    policy = setting.get("config_push_policy") or {}
    if policy.get("no_push"):
        return None, "policy"
    window = policy.get("push_window") or {}
    if window.get("enabled"):
        return _in_window(due, window.get("hours") or {}, _timezone(tx, row["site_id"])), "window"
    return due, None


def _timezone(tx: Tx, site_id: str) -> datetime.tzinfo:
    try:
        return zoneinfo.ZoneInfo(_body(tx, "site", site_id).get("timezone") or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return datetime.UTC


def _in_window(due: float, hours: Mapping[str, str], zone: datetime.tzinfo) -> float | None:
    """The first instant from `due` on that lies in a push window; a day without hours is open all day."""
    start = datetime.datetime.fromtimestamp(due, zone)
    for ahead in range(8):
        day = (start + datetime.timedelta(days=ahead)).replace(hour=0, minute=0, second=0, microsecond=0)
        opens, closes = _opening(day, hours.get(DAYS[day.weekday()], ""))
        if due < closes:
            return max(due, opens)
    return None


def _opening(day: datetime.datetime, text: str) -> tuple[float, float]:
    first, _, last = (text or "00:00-24:00").partition("-")
    return _at(day, first), _at(day, last)


def _at(day: datetime.datetime, clock: str) -> float:
    hours, _, minutes = clock.partition(":")
    return (day + datetime.timedelta(hours=int(hours or 0), minutes=int(minutes or 0))).timestamp()


def reconsider(tx: Tx, mac: str) -> None:
    """What a waiting push waits for has changed: policy, connection, formation."""
    waiting = tx.one("select * from pushes where mac = ? and result is null", mac)
    if waiting is None or waiting["hold"] == "fault":
        return
    row = device(tx, mac)
    due, hold = due_at(tx, row, _body(tx, "site_setting", row["site_id"]))
    if waiting["hold"] is None and hold is None and waiting["due"] is not None:
        due = min(due or waiting["due"], waiting["due"])
    tx.run("update pushes set due = ?, hold = ? where seq = ?", due, hold, waiting["seq"])


def settle(tx: Tx) -> None:
    """Let the pushes happen whose time has come, in the order of their times."""
    due = "select * from pushes where result is null and due <= ? order by due, seq"
    for row in tx.all(due, tx.now):
        _finish(tx, row)


def _finish(tx: Tx, push: sqlite3.Row) -> None:
    row = device(tx, push["mac"])
    mishap = next_mishap(tx, "push", lambda spec: _meant(tx, spec, row)) or {"result": "succeed", "reason": None}
    result, reason = mishap["result"], mishap["reason"]
    if result == "queue":
        minutes = mishap["minutes"]
        later = None if minutes is None else push["due"] + minutes * 60
        tx.run("update pushes set due = ?, hold = 'fault' where seq = ?", later, push["seq"])
        return
    if result == "succeed" and push["problem"]:
        result, reason = "fail", push["problem"]
    stored, status, type_ = OUTCOMES[result]
    text = reason or TEXTS[result]
    tx.run("update pushes set result = ?, text = ? where seq = ?", stored, text, push["seq"])
    tx.run(
        "update devices set config_status = ?, config_text = ?, config_at = ?, configured_at ="
        " case when ? = 'success' then ? else configured_at end where mac = ?",
        status, text, push["due"], stored, push["due"], row["mac"],
    )  # fmt: skip
    event(tx, row, type_, text, at=push["due"])
    if stored == "success":
        running.keep(tx, row, push["due"], *_with_variables(tx, row, _body(tx, "site_setting", row["site_id"])))


def _meant(tx: Tx, spec: Mapping[str, Tree], row: sqlite3.Row) -> bool:
    return matches_device(tx, row, spec["site"], spec["device"])


def matches_device(tx: Tx, row: sqlite3.Row, site: str | None, mac: str | None) -> bool:
    """Whether a definition's `site` and `device` mean this device."""
    if mac is not None and not fnmatch.fnmatchcase(row["mac"], mac.lower().replace(":", "")):
        return False
    if site is None or row["site_id"] == site:
        return True
    name = _body(tx, "site", row["site_id"]).get("name", "") if row["site_id"] else ""
    return fnmatch.fnmatchcase(name, site)

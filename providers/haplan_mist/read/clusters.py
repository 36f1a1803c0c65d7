"""Clusters as they are, and facts about devices and sites: from inventory and stats."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import attrs

from haplan.plugin import Seen, Target, Tree, decode
from haplan_mist.estate import Known
from haplan_mist.private import Private
from haplan_mist.read import paths, running
from haplan_mist.read.alive import Alive, alive
from haplan_mist.read.devices import Boxes, device_id, mac_of
from haplan_mist.read.own import Own, vendor_keys
from haplan_mist.translate import others
from haplan_mist.translate.documents import KIND

ECHOED = ("managed", "cluster_id")
"""What Mist does not tell of a pair, or what does not concern it."""


def boxes(estate: Known) -> Boxes:
    """Devices as last read."""
    return estate.memo.of(Boxes, estate.known("inventory"), estate.known("stats"))


def cluster(estate: Known, target: Target, own: Own) -> Seen | None:
    """The live pair of a cluster, found by its device id or its nodes, with what is set on the device itself."""
    devices = boxes(estate)
    recorded = decode(target.row.values) if target.row else {}
    wanted, known = sorted(target.values.get("nodes") or {}), sorted(recorded.get("nodes") or {})
    begun = _announced(target)
    pair = _pair(devices, target, wanted, [*known, *begun])
    strays = _strays(devices, target, pair, {*wanted} if not target.leaving else set(), {*known, *begun})
    if pair:
        whole = devices.formed(pair) and not strays
        seen = _seen(estate, devices, target, pair, "ok" if whole else "incomplete", strays)
        extra = vendor_keys(target, own[pair[0]]) if pair[0] in own else {}
        return attrs.evolve(seen, values={**seen.values, "extra": extra}) if extra else seen
    macs = wanted or known or begun
    half = [mac for mac in macs if _begun(estate, devices, target, mac)]
    died = target.pending or bool(begun) or (target.row is not None and target.row.status != "ok")
    if len(half) == 2 or (half and died):
        strays = tuple(mac for mac in strays if mac not in half)
        return _seen(estate, devices, target, tuple(half), "incomplete", strays)
    if strays and target.leaving:  # the pair is gone, and what was left beside it is not
        return _seen(estate, devices, target, strays, "incomplete", strays)
    return None


def notes(seen: Mapping[str, Seen]) -> tuple[str, ...]:
    """A line for each pair beside which a run that died left boxes."""
    left = {address: Private.of(one.private).strays or () for address, one in seen.items()}
    return tuple(
        f"{address}: {', '.join(macs)} back to the inventory: an earlier run left it at the site, in no pair"
        for address, macs in left.items()
        if macs
    )


def pairs(devices: Boxes, target: Target) -> list[tuple[str, ...]]:
    """The formed pairs that a cluster's nodes are in."""
    recorded = decode(target.row.values) if target.row else {}
    macs = {*(target.values.get("nodes") or {}), *(recorded.get("nodes") or {})}
    found = {devices.pair_of(mac) for mac in macs} - {()}
    return sorted(pair for pair in found if devices.formed(pair))


def to_form(devices: Boxes, target: Target) -> list[str]:
    """What is to be node0 of a pair that is not there yet, if it is at a site: there it has settings of its own."""
    macs = sorted(target.values.get("nodes") or {})
    waits = bool(macs) and not any(map(devices.pair_of, macs))
    return macs[:1] if waits and devices.site_id(macs[0]) else []


def _pair(devices: Boxes, target: Target, wanted: Sequence[str], recorded: Sequence[str]) -> tuple[str, ...]:
    head = mac_of(target.id)
    for mac in (head, *recorded):
        pair = devices.pair_of(mac) if mac else ()
        if pair and (set(pair) & {*wanted, *recorded}):
            return pair
    pair = devices.pair_of(wanted[0]) if wanted else ()
    return pair if sorted(pair) == list(wanted) else ()


def _begun(estate: Known, devices: Boxes, target: Target, mac: str) -> bool:
    """True for a device that is at the cluster's site already, without a pair."""
    id_ = devices.site_id(mac)
    site = estate.name_of("sites", id_)
    here = site == target.values.get("site") or id_ in _sites_announced(target)
    return bool(site) and here and not devices.pair_of(mac)


def _announced(target: Target) -> list[str]:
    """The boxes that runs which died were about to write to."""
    return sorted({str(mac) for key in target.announced for mac in key.get("macs") or ()})


def _sites_announced(target: Target) -> set[str]:
    return {str(key["site_id"]) for key in target.announced if key.get("site_id")}


def _strays(
    devices: Boxes, target: Target, pair: Sequence[str], wanted: set[str], known: set[str]
) -> tuple[str, ...]:  # fmt: skip
    """Boxes that a run which died left at the site of a pair: it brought them there, or took them out of the pair."""
    if not target.announced:
        return ()
    sites = {devices.site_id(pair[0])} if pair else _sites_announced(target)
    alone = (mac for mac in sorted(known - {*pair} - wanted) if mac in devices.records and not devices.pair_of(mac))
    return tuple(mac for mac in alone if devices.site_id(mac) and devices.site_id(mac) in sites)


def _seen(
    estate: Known,
    devices: Boxes,
    target: Target,
    pair: Sequence[str],
    status: Literal["ok", "incomplete"],
    strays: Sequence[str],
) -> Seen:
    head = pair[0]
    site_id = devices.site_id(head)
    values: dict[str, Tree] = {
        "site": estate.name_of("sites", site_id),
        "model": str((devices.records.get(head) or {}).get("model") or ""),
        "nodes": {mac: _node(devices, target, mac) for mac in pair},
        **_binding(estate, devices, target, head, site_id),
    }  # fmt: skip
    for name in ECHOED:
        if target.values.get(name) is not None:
            values[name] = target.values[name]
    entry = devices.stats.get(head) if status == "ok" else None
    return Seen(
        amiss=running.amiss(entry),
        send_again=running.worth_sending(entry, estate, alive(estate).carried(head) if running.amiss(entry) else ()),
        address=target.address,
        id=device_id(head),
        called=(*pair, str(values["site"])),
        values=values,
        private=_private(pair, site_id, _overrides(estate, head), strays).plain(),
        found_by_name=not target.id,
        status=status,
    )


def _private(pair: Sequence[str], site_id: str, own: tuple[str, ...] | None, strays: Sequence[str]) -> Private:
    return Private(nodes=tuple(pair), site_id=site_id, overrides=own, strays=tuple(strays) or None)


def _overrides(estate: Known, head: str) -> tuple[str, ...] | None:
    """What is set on the device itself, as far as that is known."""
    known = estate.known("overrides").get(head)
    return None if known is None else tuple(known.get("fields") or ())


def _node(devices: Boxes, target: Target, mac: str) -> dict[str, Tree]:
    """A node: what the stack says of it tells who it is and cannot be changed; rules hold it against the facts."""
    record = devices.records.get(mac) or {}
    live = {key: record[key] for key in ("serial", "model") if record.get(key)}
    return {**live, **((target.values.get("nodes") or {}).get(mac) or {})}


def _binding(
    estate: Known, devices: Boxes, target: Target, head: str, site_id: str
) -> dict[str, str]:  # fmt: skip
    """What the pair carries, by the kind that was recorded, else by the kind that is wanted."""
    recorded = decode(target.row.values) if target.row else {}
    values = recorded if recorded.get("profile") or recorded.get("template") else target.values
    if values.get("profile") or not values.get("template"):  # of what nobody recorded, by what it carries
        name = estate.name_of("deviceprofiles", devices.profile_id(head))
        if name or values.get("profile"):
            return {"profile": name} if name else {}
    site = estate.known("sites").get(site_id) or {}
    name = estate.name_of("gatewaytemplates", str(site.get("gatewaytemplate_id") or ""))
    return {"template": name} if name else {}


# --- facts ---


def facts(estate: Known, targets: Iterable[Target]) -> dict[str, Mapping[str, Tree]]:
    """What rules want to know; from what was read."""
    now, targets = alive(estate), tuple(targets)
    found: dict[str, Mapping[str, Tree]] = {}
    users = paths.users(estate) if any(target.type in ("overlay", "hub_profile") for target in targets) else {}
    for target in targets:
        if target.type == "cluster":
            found[target.address] = _cluster_facts(estate, now, target)
        elif target.type == "wan_edge_template":
            bound = paths.bound_sites(estate, target.id, target.name)
            found[target.address] = {"bound": bound, **_used(estate, target)}
        elif target.type in ("overlay", "hub_profile"):
            found[target.address] = {"users": users, **(_used(estate, target) if target.type == "hub_profile" else {})}
        elif target.type == "policy" and (target.values.get("extra") or {}).get("servicepolicy_id"):
            found[target.address] = {"organisation_policy": _organisation_policy(estate, target.values["extra"])}
        elif target.type == "site":
            site = estate.known("sites").get(target.id) or {}
            template = estate.name_of("gatewaytemplates", str(site.get("gatewaytemplate_id") or ""))
            found[target.address] = {"bound": [target.name] if template else [], "template": template}
    return found


def _organisation_policy(estate: Known, extra: Mapping[str, Tree]) -> dict[str, Tree]:
    """What is known of the organisation's policy that an entry names."""
    items, id_ = estate.known("servicepolicies"), str(extra["servicepolicy_id"])
    known = sorted(f"{one.get('name')} ({key})" for key, one in items.items())
    overrides = sorted(key for key in extra if key in (items.get(id_) or {}) and key != "servicepolicy_id")
    return {"id": id_, "name": estate.name_of("servicepolicies", id_), "known": known, "overrides": overrides}


def _used(estate: Known, target: Target) -> dict[str, Tree]:
    """What the live template or profile uses, whoever wrote it there."""
    kind = KIND[target.type]
    items = estate.known(kind)
    named = (one for one in items.values() if one.get("name") == target.name)
    wire = items.get(target.id) or next(named, None)
    return others.uses(wire, estate.known("servicepolicies")) if wire is not None else {}


def _cluster_facts(estate: Known, now: Alive, target: Target) -> dict[str, Tree]:
    devices = now.devices
    recorded = decode(target.row.values) if target.row else {}
    macs = sorted({*(target.values.get("nodes") or {}), *(recorded.get("nodes") or {})})
    pair = next((devices.pair_of(mac) for mac in macs if devices.pair_of(mac)), ())
    status = "none" if not pair else "formed" if devices.formed(pair) else "forming"
    return {
        "nodes": {mac: _device_facts(estate, devices, mac) for mac in macs},
        "pair": list(pair), "status": status,
        "amiss": list(running.amiss(devices.stats.get(pair[0]))) if pair else [],
        "others": _others(devices, pair, macs),
        **(now.facts(pair) if status == "formed" else {}),
        **({"overrides": list(said)} if (said := _overrides(estate, (*pair, *macs[:1], "")[0])) else {}),
        **_upgrades(estate, devices, target, macs),
    }  # fmt: skip


def _upgrades(estate: Known, devices: Boxes, target: Target, macs: Sequence[str]) -> dict[str, Tree]:
    """Whether the organisation upgrades boxes at their first contact, and for which models it says to what."""
    records = [devices.records.get(mac) or {} for mac in macs]
    model = str(target.values.get("model") or next((one.get("model") for one in records if one.get("model")), ""))
    family = "juniper_srx" if "SRX" in model.upper() else "ssr"
    setting = next(iter(estate.known("org_setting").values()), {})
    upgrade = (setting.get(family) or {}).get("auto_upgrade") or {}
    pinned = sorted(upgrade.get("custom_versions") or {})
    return {"auto_upgrade": {"pinned": pinned}} if upgrade.get("enabled") is True else {}


def _others(devices: Boxes, pair: Sequence[str], macs: Sequence[str]) -> list[dict[str, str]]:
    """The gateways that are at a pair's site and not of it: what is pushed to the site reaches them too."""
    site = devices.site_id(pair[0]) if pair else ""
    found = (mac for mac in devices.at_site(site) if mac not in pair and mac not in macs) if site else ()
    return [_stranger(devices, mac) for mac in found]


def _stranger(devices: Boxes, mac: str) -> dict[str, str]:
    record, pair = devices.records[mac], devices.pair_of(mac)
    kind = "pair" if pair else "spare" if devices.spare(mac) else "standalone"
    name = str(record.get("name") or "")
    return {"mac": mac, "name": name, "model": str(record.get("model") or ""), "kind": kind}


def _serves(devices: Boxes, mac: str, entry: Mapping[str, Tree]) -> bool:
    """True for a standalone device that is at a site, connected, and runs a configuration: a site may live of it."""
    runs = entry.get("status") == "connected" and str(entry.get("config_status") or "").upper().startswith("COMM")
    return runs and not devices.pair_of(mac) and bool(devices.site_id(mac))


def _away(module: Mapping[str, Tree], entry: Mapping[str, Tree]) -> dict[str, float]:
    """Since when a device that is away is not seen any more, epoch seconds."""
    seen = module.get("last_seen") or entry.get("last_seen")
    return {"since": float(seen)} if seen and "disconnected" in (module.get("status"), entry.get("status")) else {}


def _device_facts(estate: Known, devices: Boxes, mac: str) -> dict[str, Tree]:
    record, module = devices.records.get(mac), devices.modules.get(mac) or {}
    pair = devices.pair_of(mac)
    entry = devices.stats.get(pair[0] if pair else mac) or {}
    return {
        "known": record is not None,
        "model": str((record or {}).get("model") or ""),
        "serial": str((record or {}).get("serial") or ""),
        "firmware": str(module.get("version") or entry.get("version") or ""),
        "site": estate.name_of("sites", devices.site_id(mac)),
        **_away(module, entry),
        **({"in_service": True} if _serves(devices, mac, entry) else {}),
        "connected": bool((record or {}).get("connected", module.get("status") == "connected")),
        "managed": bool(entry.get("managed", (record or {}).get("managed", True))),
        "cluster": pair[0] if pair else "",
    }

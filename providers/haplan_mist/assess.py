"""What a change costs the network, and which sites it reaches. Makes no calls.

Classes after Juniper's documentation: metadata reaches no device; rules, applications and name servers are pushed
without a hit; addresses, tunnels and redundancy interrupt traffic; pairs restart their nodes.
"""

from collections.abc import Mapping
from typing import Any

from haplan.design.resources import steers_otherwise
from haplan.design.settling import cost_of_forming, cost_of_refreshing, cost_of_replacing
from haplan.plugin import (
    Action,
    Assessment,
    Change,
    Document,
    Finding,
    Impact,
    Reason,
    Tree,
)
from haplan_mist import cost
from haplan_mist.estate import Known, Lists, Object
from haplan_mist.private import Private
from haplan_mist.read import clusters, reach
from haplan_mist.read.devices import mac_of, seconds_of_push
from haplan_mist.translate import endpoints, objects, others, shared
from haplan_mist.translate.documents import GOING, KIND, LISTS, PREFIXES, binding, old_name, owner_document
from haplan_mist.translate.keys import setting_keys

MOST = 6
"""So many of the keys that go are named."""
_METADATA = frozenset({"country_code", "timezone", "address", "name", "role"})


def assess(estate: Lists, change: Change) -> Assessment:
    """Cost and reach of one change."""
    if change.type == "cluster":
        return _cluster(estate, change)
    document, id_ = _document(change)
    macs = reach.devices_of(estate, document, id_)
    sites = reach.sites_of(estate, macs)
    findings = (*_nowhere(estate, change), *_taken_away(estate, change))
    if change.type == "site":
        sites = tuple(sorted({*sites, old_name(change)})) if change.action is not Action.CREATE else (change.name,)
    if not macs:
        bound = () if change.type == "site" else reach.bound_to(estate, document, id_)
        return Assessment(impact=Impact(), sites=tuple(sorted({*sites, *bound})), findings=findings)
    kind = _kind(estate, change)
    if kind == "none":
        return Assessment(impact=Impact(), sites=sites, findings=findings)
    records = estate.known("inventory")
    seconds = max(seconds_of_push(str((records.get(mac) or {}).get("model") or "")) for mac in macs)
    note = f"{len(macs)} device{'s' if len(macs) != 1 else ''} configured anew"
    return Assessment(impact=Impact(kind, seconds, kind != "outage", note), sites=sites, findings=findings)


def _document(change: Change) -> tuple[Document, str]:
    if change.type in PREFIXES:
        return Document(PREFIXES[change.type], old_name(change)), change.previous_id or change.id
    if change.type in ("steering", "policy"):
        return owner_document(change.before if change.after is None else change.after), ""
    return Document("site", old_name(change)), change.id


def _changed(change: Change) -> set[str]:
    before, after = change.before or {}, change.after or {}
    return {key for key in {**before, **after} if before.get(key) != after.get(key)}


def _kind(estate: Known, change: Change) -> Any:
    changed = _changed(change)
    if change.type == "site":
        return _site_kind(estate, change, changed)
    if change.action in (*GOING, Action.REPLACE):
        return "config-push" if change.type in ("steering", "policy", "application") else "traffic"
    if change.type in ("steering", "policy", "application"):
        return "traffic" if steers_otherwise(change) else "config-push"
    if change.type == "network":
        return "traffic" if changed & {"subnet", "vlan_id"} else "config-push"
    if change.type == "overlay":
        removed = set((change.before or {}).get("endpoints") or ()) - set((change.after or {}).get("endpoints") or ())
        return "traffic" if removed or "type" in changed else "config-push"
    return cost.kind_of(change, changed)


def _site_kind(estate: Known, change: Change, changed: set[str]) -> Any:
    if change.action in GOING:
        return "outage"
    if "variables" in changed:
        return _variables_kind(estate, change)
    extra = {key for side in (change.before, change.after) for key in (side or {}).get("extra") or {}}
    if changed <= _METADATA or not (extra & setting_keys()):
        return "none"
    return "config-push"


def _keys(values: Mapping[str, Tree] | None) -> Mapping[str, Tree]:
    return (values or {}).get("extra") or {}


def _device_kind(estate: Known, change: Change) -> Any:
    """The class of the vendor keys of a pair that change, those of its own variables by the fields that use them."""
    sides = [_keys(side).get("vars") or {} for side in (change.before, change.after)]
    names = [name for name in {**sides[0], **sides[1]} if sides[0].get(name) != sides[1].get(name)]
    kind, name = binding(change.after)
    carried = [wire for wire in estate.known(LISTS[kind]).values() if wire.get("name") == name]
    hit = any(reach.uses_variable({**wire, **_keys(change.after)}, names) for wire in carried)
    return "traffic" if hit else cost.kind_of(change, {"extra"})


def _variables_kind(estate: Known, change: Change) -> Any:
    """The class of the fields that use the variable."""
    before, after = (dict((side or {}).get("variables") or {}) for side in (change.before, change.after))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    site = estate.known("sites").get(change.id) or {}
    carried = [estate.known("gatewaytemplates").get(str(site.get("gatewaytemplate_id") or ""))]
    records = estate.known("inventory")
    carried += [
        estate.known("deviceprofiles").get(str(records[mac].get("deviceprofile_id") or ""))
        for mac in clusters.boxes(estate).at_site(change.id)
    ]
    hit = any(reach.uses_variable(wire, names) for wire in carried if wire)
    return "traffic" if hit else "config-push"


def _cluster(estate: Known, change: Change) -> Assessment:
    values = change.after or change.before or {}
    site = str(values.get("site") or "")
    sites = (site,) if site else ()
    if change.action in GOING:
        nodes = ", ".join(sorted((change.before or {}).get("nodes") or {}))
        note = f"{nodes} become unassigned; site {site} loses its WAN edge"
        return Assessment(impact=Impact("outage", 300, False, note), sites=sites)
    before, after = (set((side or {}).get("nodes") or {}) for side in (change.before, change.after))
    refresh = cost_of_refreshing(change)
    if refresh is not None:
        return Assessment(impact=refresh, sites=sites)
    if change.action is Action.REPLACE:
        return Assessment(impact=cost_of_replacing(), sites=sites)
    if change.action is Action.CREATE or change.before is None or len(before) < 2:
        return Assessment(impact=cost_of_forming(), sites=sites, resume=bool(change.id))
    if before != after:
        new = ", ".join(sorted(after - before))
        return Assessment(impact=cost_of_forming(f"{new} joins the pair; its peer restarts"), sites=sites)
    if binding(change.before) != binding(change.after):
        seconds = seconds_of_push(str(values.get("model") or ""))
        return Assessment(impact=Impact("traffic", seconds, True, "another design is pushed"), sites=sites)
    if _keys(change.before) != _keys(change.after):
        seconds, kind = seconds_of_push(str(values.get("model") or "")), _device_kind(estate, change)
        return Assessment(impact=Impact(kind, seconds, True, "its device is configured anew"), sites=sites)
    if change.reason is Reason.SENT_AGAIN:
        seconds = seconds_of_push(str(values.get("model") or ""))
        note = "its configuration is pushed again"
        return Assessment(impact=Impact("config-push", seconds, True, note), sites=sites, resume=True)
    if change.reason is Reason.RESUMED and Private.of(change.private).strays and _formed(estate, change):
        return Assessment(impact=Impact(), sites=sites, resume=True)  # boxes beside the pair go back to the inventory
    if change.reason is Reason.RESUMED:
        return Assessment(impact=cost_of_forming("the formation goes on"), sites=sites, resume=True)
    return Assessment(impact=Impact(), sites=sites)


def _formed(estate: Known, change: Change) -> bool:
    devices = clusters.boxes(estate)
    return devices.formed(devices.pair_of(mac_of(change.id)))


def _taken_away(estate: Lists, change: Change) -> list[Finding]:
    """What others have set in an object that goes with this write."""
    if change.type not in KIND or change.before is None or estate.recalled:
        return []
    live = estate.known(KIND[change.type]).get(change.previous_id or change.id)
    gone = [] if live is None else _lost(estate, change, live)
    if not gone:
        return []
    some = ", ".join(gone[:MOST]) + (f" and {len(gone) - MOST} more" if len(gone) > MOST else "")
    text = f"{change.name}: this write takes away what is not the stack's: {some}"
    hint = "write it down in extra= where it is to stay, or leave it to go"
    return [Finding.at(change, "HA171", text, "warning", hint=hint)]


def _lost(estate: Lists, change: Change, live: Object) -> list[str]:
    before = change.before or {}
    extra = (before.get("extra") or {}, (change.after or {}).get("extra", change.extra) or {})
    if change.type in ("wan_edge_template", "hub_profile"):
        after = None if change.after is None else endpoints.completed(change.after, estate.overlay_of)
        return others.taken_away(live, endpoints.completed(before, estate.overlay_of), after, extra)
    ends = change.action in GOING or change.action is Action.REPLACE  # any other write leaves what it does not say
    if not ends or shared.of_others(change.type, live, before):  # where others have entries, the object stays
        return []
    theirs = objects.vendor_keys(change.type, live)
    return sorted(key for key, value in theirs.items() if key not in extra[0] and others.tells(value))


def _nowhere(estate: Lists, change: Change) -> list[Finding]:
    """Endpoints of hubs elsewhere that no overlay of the organisation has, or more than one."""
    if estate.recalled:
        return []
    known = sorted({end for vpn in estate.known("vpns").values() for end in vpn.get("paths") or {}})
    hint = f"known: {', '.join(known) or 'none'}"
    return [
        Finding.at(change, "HA072", f"{change.name}/{where}: no overlay endpoint {end}", hint=hint)
        for where, end in endpoints.lacking(change.after or {})
        if change.type in ("wan_edge_template", "steering") and not estate.overlay_of(end)
    ]

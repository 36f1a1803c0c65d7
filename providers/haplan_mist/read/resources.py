"""Refresh: what is there, from whole lists of the organisation.

Only the lists that the targets need, one site setting for each site whose variables are managed; and none of these
where the audit log shows that nothing touched it since the last look (Mist OpenAPI 2509.1.2, "Sites Setting" has no
list).
"""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from haplan.kit.secrets import marked
from haplan.plugin import Context, Document, Query, Reading, Secret, Seen, Target, Tree, decode, leaves
from haplan_mist.estate import Estate, Object
from haplan_mist.private import Private
from haplan_mist.read import clusters, gateways, idle, named, overrides, own, running, sites
from haplan_mist.read.alive import alive
from haplan_mist.read.sites import Look
from haplan_mist.translate import endpoints, objects, shared
from haplan_mist.translate.documents import KIND, PREFIXES, of_existing, paths_of

NEEDS: Mapping[str, tuple[str, ...]] = {
    "site": ("sites",),
    "overlay": ("vpns",),
    "network": ("networks",),
    "application": ("services",),
    "hub_profile": ("deviceprofiles",),
    "wan_edge_template": ("gatewaytemplates", "sites"),
    "steering": (),
    "policy": (),
    "cluster": ("sites", "inventory", "stats"),
}
"""Lists by type of the target."""
CARRIERS = ("gatewaytemplates", "deviceprofiles", "sites", "inventory")
"""What tells whom a configuration reaches: a plan of a part, or of what others use too, says so as a whole one does."""
_SPOKES = ("wan_edge_template", "hub_profile", "steering")
"""Types that may name an endpoint of a hub elsewhere."""


def read(estate: Estate, query: Query, context: Context) -> Reading:
    """Read many resources at once."""
    kinds = needed(query.targets)
    if query.document is None and query.max_age <= 0:
        kinds = tuple(dict.fromkeys((*kinds, *carriers(query.targets))))
    if query.max_age <= 0:
        estate.outdate([*kinds, "settings"])
    for kind in kinds:
        estate.fresh(kind, query.max_age)
    more = running.lists_asked_for(estate.known("stats")) - set(kinds) if "stats" in kinds else ()
    if query.max_age <= 0:
        estate.outdate(more)
    for kind in more:
        estate.fresh(kind, query.max_age)
    _look_alive(estate, query)
    _look_shared(estate, query)
    look = sites.look(estate, query, context.clock.now())
    devices = own.look(estate, query)
    whole = query.max_age <= 0 and query.document is None
    overridden = overrides.look(estate, query, look, devices) if whole else None
    owners = gateways.Gateways(estate, query.targets)
    seen = {}
    for target in query.targets:
        found = _seen(estate, target, look, owners, devices)
        if found is not None:
            seen[target.address] = attrs.evolve(found, values=_told(found.values, target, context))
    seen = look.signed(query.targets, seen)
    unowned = {**look.unowned, **owners.unowned(), **_unowned(estate, query.targets)}
    return Reading(
        seen=seen, orders=owners.orders(), unowned=unowned, memory=look.remembered(query, seen, overridden),
        notes=(*look.notes, *clusters.notes(seen), *idle.notes(estate, query)),
    )  # fmt: skip


def _told(values: Mapping[str, Tree], target: Target, context: Context) -> dict[str, Tree]:
    """What is there, and of each secret that the cloud gives back its fingerprint alone."""
    sides = (target.values, decode(target.row.values) if target.row else {})
    having = [side for side in sides if any(isinstance(leaf, Secret) for _, leaf in leaves(side))]
    found = dict(marked(values, context, *having) if having else values)
    gateways.without_passwords(found)
    return found


def _look_alive(estate: Estate, query: Query) -> None:
    """Where all is looked at anew: how the pairs that are asked about are. Before a write, that decides nothing."""
    if query.max_age > 0 or query.document is not None:
        return
    now = alive(estate)
    if any(target.type == "cluster" and target.row is None for target in query.targets):
        estate.look_at_setting()  # what is done to boxes at their first contact
    pairs = {
        pair for target in query.targets if target.type == "cluster" for pair in clusters.pairs(now.devices, target)
    }
    kinds = now.searches(pair[0] for pair in pairs)
    if "vpn_peers" in kinds and not estate.known("deviceprofiles"):  # who serves the endpoints
        kinds.add("deviceprofiles")
    estate.outdate(kinds)
    for kind in sorted(kinds):
        estate.items(kind)


def _look_shared(estate: Estate, query: Query) -> None:
    """The organisation's policies, where a document that is asked about names one."""
    lists = [KIND[target.type] for target in query.targets if target.type in ("hub_profile", "wan_edge_template")]
    wires = [wire for kind in dict.fromkeys(lists) for wire in estate.known(kind).values()]
    wanted = [(target.values.get("extra") or {}) for target in query.targets if target.type == "policy"]
    listed = [one for wire in wires for one in wire.get("service_policies") or ()]
    if query.document is None and any(one.get("servicepolicy_id") for one in (*listed, *wanted)):
        estate.fresh("servicepolicies", query.max_age)


def carriers(targets: Iterable[Target]) -> tuple[str, ...]:
    """The lists that tell which devices a change of these targets would reach."""
    types = {target.type for target in targets if not target.data}
    if types & {"network", "application", "overlay", "site"}:
        return CARRIERS
    own = {"gatewaytemplates", "deviceprofiles"} & {*needed(tuple(targets))}
    return (*sorted(own), "sites", "inventory") if types - {"organisation_policy"} else ()


def needed(targets: tuple[Target, ...]) -> tuple[str, ...]:
    """The lists that these targets need, each once."""
    kinds: dict[str, None] = {}
    for target in targets:
        kinds.update(dict.fromkeys((*NEEDS.get(target.type, ()), *named.lists_for(target))))
        if target.type in ("steering", "policy"):
            kinds["deviceprofiles" if _in_profile(target) else "gatewaytemplates"] = None
        sides = (target.values, decode(target.row.values) if target.row else {})
        if target.type == "hub_profile" and of_existing(target.needs):
            kinds["vpns"] = None
        if _loses_paths(target):
            kinds |= dict.fromkeys(("vpns", "gatewaytemplates", "deviceprofiles"))
        if target.type in _SPOKES and any(True for side in sides for _ in endpoints.lacking(side)):
            kinds["vpns"] = None
        if target.type == "cluster":
            for values in (target.values, decode(target.row.values) if target.row else {}):
                kinds["deviceprofiles" if values.get("profile") else "gatewaytemplates"] = None
    return tuple(kinds)


def _loses_paths(target: Target) -> bool:
    """True where an endpoint of an overlay goes, or the hub that serves it: whoever else uses it is told of."""
    if target.row is None or target.type not in ("overlay", "hub_profile"):
        return False
    had, wanted = decode(target.row.values), {} if target.leaving else target.values
    if target.type == "overlay":
        return bool(set(had.get("endpoints") or ()) - set(wanted.get("endpoints") or ()))
    return bool(set(paths_of(had)) - set(paths_of(wanted)))


def _in_profile(target: Target) -> bool:
    return bool(target.values.get("profile")) or target.owner_type == "hub_profile"


def _seen(
    estate: Estate, target: Target, look: Look, gateways: gateways.Gateways, devices: own.Own
) -> Seen | None:  # fmt: skip
    match target.type:
        case "site":
            return look.site(target)
        case "steering" | "policy":
            return gateways.rule(target)
        case "cluster":
            return clusters.cluster(estate, target, devices)
        case "hub_profile" | "wan_edge_template":
            return gateways.owner(target)
        case "overlay" | "network" | "application":
            return _object(estate, target)
    return None


def _unowned(estate: Estate, targets: Sequence[Target]) -> dict[Document, tuple[str, ...]]:
    """Entries of others in the objects that the stack shares with them."""
    found = {}
    for target in targets:
        if target.type in shared.MAPS and not target.data:
            wire, _ = estate.find(KIND[target.type], target.id, target.name)
            sides = (target.values, decode(target.row.values) if target.row else {})
            lines = shared.lines(target.type, target.name, wire or {}, *sides)
            if lines:
                found[Document(PREFIXES[target.type], target.name)] = lines
    return found


def _object(estate: Estate, target: Target) -> Seen | None:
    wire, by_name = estate.find(KIND[target.type], target.id, target.name)
    return None if wire is None else seen_of(target, wire, by_name)


def seen_of(target: Target, wire: Object, by_name: bool) -> Seen:
    """An overlay, network or application."""
    values: dict[str, Tree] = {"name": wire.get("name") or "", **objects.VALUES[target.type](wire)}
    extra = objects.vendor_keys(target.type, wire)
    if extra:
        values["extra"] = extra
    if target.values.get("psk") is not None:
        # not known to Mist: there is nothing to compare
        values["psk"] = target.values["psk"]
    return Seen(
        address=target.address, id=str(wire["id"]), values=values, private=Private(name=values["name"]).plain(),
        when=float(wire.get("modified_time") or 0), found_by_name=by_name,
    )  # fmt: skip

"""Which devices a document reaches: configurations are pushed to all that use it.

Any accepted change of a template, profile, referenced object, site variable or assignment is pushed by itself to the
devices it concerns (Mist OpenAPI 2509.1.2; Juniper documentation of configuration precedence).
"""

from collections.abc import Callable, Iterable, Mapping

from haplan.plugin import Document, Tree
from haplan_mist.estate import Known, Object
from haplan_mist.read.devices import Boxes

Lists = Callable[[str], Mapping[str, Object]]
"""Gives a list: from the cloud if need be, or only what was read."""


def devices_of(estate: Known, document: Document, id_: str = "", lists: Lists | None = None) -> list[str]:
    """MACs of the devices whose configuration a document is part of: standalone ones and node0 of each pair.

    Args:
        lists: Gives the lists; without it they are as they were read.
    """
    kind, name, lists = document.kind, document.name, lists or estate.known
    if kind in ("gatewaytemplate", "deviceprofile"):
        kinds = {kind: _ids(lists(f"{kind}s"), id_, name)}
    elif kind in ("site", "setting"):
        sites = _ids(lists("sites"), id_, name)
        heads = estate.memo.of(_heads, lists("inventory")) if sites else {}
        return [mac for site in sorted(sites) for mac in heads.get(site, ())]
    elif kind in ("network", "service", "vpn"):
        kinds = {one: _users(lists(f"{one}s"), kind, name) for one in ("gatewaytemplate", "deviceprofile")}
    else:
        return []
    return _carriers(estate, lists, kinds) if any(kinds.values()) else []


def sites_of(estate: Known, macs: Iterable[str]) -> tuple[str, ...]:
    """Names of the sites of devices, from what was read."""
    boxes = estate.memo.of(_boxes, estate.known("inventory"))
    return tuple(sorted({estate.name_of("sites", boxes.site_id(mac)) for mac in macs} - {""}))


def bound_to(estate: Known, document: Document, id_: str = "") -> tuple[str, ...]:
    """Names of the sites that carry a template, with or without devices; from what was read."""
    kind, name = document.kind, document.name
    if kind in ("gatewaytemplate",):
        ids = _ids(estate.known("gatewaytemplates"), id_, name)
    elif kind in ("network", "service", "vpn"):
        ids = _users(estate.known("gatewaytemplates"), kind, name)
    else:
        return ()
    sites = estate.known("sites").values()
    return tuple(sorted(str(site.get("name")) for site in sites if site.get("gatewaytemplate_id") in ids))


def _boxes(records: Mapping[str, Object]) -> Boxes:
    return Boxes(records, {})


def _heads(records: Mapping[str, Object]) -> Mapping[str, list[str]]:
    """The devices that have a configuration, by site."""
    boxes, found = Boxes(records, {}), dict[str, list[str]]()
    for mac in boxes.heads():
        found.setdefault(boxes.site_id(mac), []).append(mac)
    return found


def _carriers(estate: Known, lists: Lists, kinds: Mapping[str, set[str]]) -> list[str]:
    templates, profiles = kinds.get("gatewaytemplate") or set(), kinds.get("deviceprofile") or set()
    sites = {id_ for id_, site in lists("sites").items() if site.get("gatewaytemplate_id") in templates}
    if not sites and not profiles:
        return []
    boxes = estate.memo.of(_boxes, lists("inventory"))
    return [mac for mac in boxes.heads() if boxes.site_id(mac) in sites or boxes.profile_id(mac) in profiles]


def _ids(items: Mapping[str, Object], id_: str, name: str) -> set[str]:
    if id_ in items:
        return {id_}
    return {key for key, item in items.items() if item.get("name") == name}


def _users(items: Mapping[str, Object], kind: str, name: str) -> set[str]:
    uses = {"network": _networks, "service": _services, "vpn": _overlays}[kind]
    return {key for key, item in items.items() if name in uses(item)}


def _networks(wire: Object) -> set[str]:
    found = {*(wire.get("ip_configs") or {}), *(wire.get("dhcpd_config") or {})}
    for port in (wire.get("port_config") or {}).values():
        found |= {*(port.get("networks") or ()), *(port.get("wan_networks") or ()), str(port.get("port_network") or "")}
    for policy in wire.get("service_policies") or ():
        found |= {str(tenant).rpartition(".")[2] for tenant in policy.get("tenants") or ()}
    for rule in (wire.get("path_preferences") or {}).values():
        for path in rule.get("paths") or ():
            found |= set(path.get("networks") or ())
    return found


def _services(wire: Object) -> set[str]:
    return {name for policy in wire.get("service_policies") or () for name in policy.get("services") or ()}


def _overlays(wire: Object) -> set[str]:
    keys = [key for port in (wire.get("port_config") or {}).values() for key in port.get("vpn_paths") or {}]
    return {".".join(parts[index:]) for key in keys for parts in [key.split(".")] for index in range(1, len(parts))}


def uses_variable(wire: Mapping[str, Tree], names: Iterable[str]) -> bool:
    """True if ports or addresses of a template or profile use one of these variables."""
    text = str([wire.get("port_config"), wire.get("ip_configs")])
    return any("{{" + name + "}}" in text for name in names)

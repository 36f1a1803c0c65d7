"""Sites, overlays, networks and applications: vocabulary to wire and back.

Field names and defaults: Mist OpenAPI 2509.1.2 (`site`, `vpn`, `network`, `service`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from haplan.plugin import Tree, whole_in
from haplan_mist.translate.merge import Wire, without

Values = dict[str, Tree]

SITE_FIELDS = ("country_code", "timezone", "address")
_LISTS = {"addresses": "custom", "hostnames": "custom", "apps": "apps", "categories": "app_categories", "urls": "urls"}
_WIRE_LIST = {"categories": "app_categories"}
_KNOWN: dict[str, Mapping[str, Tree]] = {
    "site": {"name": 1, "country_code": 1, "timezone": 1, "address": 1, "gatewaytemplate_id": 1},
    "overlay": {"name": 1, "type": 1, "paths": {"*": {}}},
    "network": {"name": 1, "subnet": 1, "vlan_id": 1, "disallow_mist_services": 1, "vpn_access": {"*": {"routed": 1}}},
    "application": {
        "name": 1, "type": 1, "addresses": 1, "hostnames": 1, "apps": 1, "app_categories": 1, "urls": 1, "specs": 1,
    },
}  # fmt: skip
"""What the vocabulary says; the rest of an object is `extra`."""


def vendor_keys(type_name: str, wire: Mapping[str, Tree]) -> Wire:
    """What of an object the vocabulary has no word for."""
    return without(wire, _KNOWN[type_name])


# --- site ---


def site_wire(values: Mapping[str, Tree]) -> Wire:
    """The site object, without its name."""
    return {key: values[key] for key in SITE_FIELDS if values.get(key) is not None}


def site_values(wire: Mapping[str, Tree]) -> Values:
    """A site without its variables: these are in the site's setting."""
    values = {key: wire[key] for key in SITE_FIELDS if wire.get(key) not in (None, "")}
    return {"timezone": "UTC", "address": "", **values}


def variables_wire(variables: Mapping[str, Tree]) -> dict[str, str]:
    """Site variables are text."""
    return {name: str(value) for name, value in variables.items()}


# --- overlay ---


def overlay_wire(values: Mapping[str, Tree]) -> Wire:
    """A VPN: one path for each endpoint. `psk` is for SRX without Mist and is not sent."""
    return {
        "type": values.get("type", "hub_spoke"),
        "paths": {endpoint: {} for endpoint in values.get("endpoints") or ()},
    }


def overlay_values(wire: Mapping[str, Tree]) -> Values:
    """The overlay of a VPN object."""
    return {"type": wire.get("type") or "hub_spoke", "endpoints": sorted(wire.get("paths") or {})}


# --- network ---


def network_wire(values: Mapping[str, Tree]) -> Wire:
    """A network; `advertise` becomes `vpn_access`, `cloud_access=False` becomes `disallow_mist_services`."""
    out: Wire = {"subnet": values["subnet"]} if values.get("subnet") is not None else {}
    if values.get("vlan_id") is not None:
        out["vlan_id"] = number(values["vlan_id"])
    if values.get("advertise"):
        out["vpn_access"] = {overlay: {"routed": True} for overlay in values["advertise"]}
    if values.get("cloud_access") is False:
        out["disallow_mist_services"] = True
    return out


def network_values(wire: Mapping[str, Tree]) -> Values:
    """The network of its object."""
    values: Values = {
        "advertise": sorted(name for name, access in (wire.get("vpn_access") or {}).items() if access.get("routed")),
        "cloud_access": not wire.get("disallow_mist_services"),
    }
    if wire.get("subnet"):
        values["subnet"] = wire["subnet"]
    if wire.get("vlan_id") not in (None, ""):
        values["vlan_id"] = number(wire["vlan_id"])
    return values


def number(value: Tree) -> Tree:
    """Plain digits as a number; anything else as it is."""
    found = whole_in(value) if isinstance(value, str) else None
    return value if found is None else found


# --- application ---


def application_wire(values: Mapping[str, Tree]) -> Wire:
    """A service; its `type` follows from the list that is given."""
    out: Wire = {}
    for key, kind in _LISTS.items():
        if values.get(key):
            out["type"] = kind
            out[_WIRE_LIST.get(key, key)] = list(values[key])
    if values.get("protocols"):
        out["specs"] = [spec_of(protocol) for protocol in values["protocols"]]
    return out


def application_values(wire: Mapping[str, Tree]) -> Values:
    """The application of a service; lists that its type does not use say nothing."""
    kind = wire.get("type") or "custom"
    values: Values = {}
    for key, meant in _LISTS.items():
        items = wire.get(_WIRE_LIST.get(key, key))
        if items and meant == kind:
            values[key] = list(items)
    if kind == "custom" and wire.get("specs"):
        values["protocols"] = protocols_of(wire["specs"])
    return values


def spec_of(protocol: Any) -> dict[str, str]:
    """``udp/53`` as an entry of `specs`."""
    name, _, ports = str(protocol).partition("/")
    return {"protocol": name, "port_range": ports} if ports else {"protocol": name}


def protocols_of(specs: Iterable[Mapping[str, Tree]]) -> list[str]:
    """Entries of `specs` as the vocabulary writes them."""
    found = []
    for spec in specs:
        name, ports = str(spec.get("protocol") or "any"), str(spec.get("port_range") or "")
        found.append(f"{name}/{ports}" if ports and name in ("tcp", "udp") else name)
    return found


WIRE = {
    "site": site_wire, "overlay": overlay_wire, "network": network_wire, "application": application_wire,
}  # fmt: skip
VALUES = {
    "site": site_values, "overlay": overlay_values, "network": network_values, "application": application_values,
}  # fmt: skip

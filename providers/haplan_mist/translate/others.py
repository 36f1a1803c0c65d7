"""What stands in a template or hub profile beside what a stack says of it: vendor keys, and what its rules use. Pure.

Entries (ports, policies, rules) are told by `entries`; here are the keys in and beside them that the vocabulary does
not know and no `extra` names: router ids, static routes, tunnels, DHCP options.
"""

import json
import re
from collections.abc import Iterator, Mapping

from haplan.plugin import Tree
from haplan_mist.translate.gateway import KNOWN, gateway_wire, policy_names, rewritten
from haplan_mist.translate.merge import SERVER_KEYS, Wire, without
from haplan_mist.translate.ports import KNOWN as PORT
from haplan_mist.translate.ports import same_ports, wire_keys

NAMED = {
    "tunnel_configs": "tunnel", "bgp_config": "BGP", "extra_routes": "route to", "extra_routes6": "route to",
    "routing_policies": "routing policy", "vrf_instances": "VRF", "idp_profiles": "IDP profile",
}  # fmt: skip
"""Maps of named things → what one is called."""
DHCP = frozenset({"type", "ip_start", "ip_end", "dns_servers", "lease_time", "servers"})
"""What the vocabulary says of a DHCP server."""
UNSAID = {"port_network": "untagged", "mtu": "mtu", "vlan_id": "vlan_id", "wan_ext_ip": "public_ip",
          "aggregated": "aggregated"}  # fmt: skip
"""Keys of a port that the vocabulary knows and that others may have set where the stack does not say it."""
USUAL = (None, False, "", "auto", "default", "broadband", "none", "vdsl", "dhcp")
"""Values that the portal writes into everything it saves: they say nothing."""


TOLD = {key: {"*": 1} for key in ("port_config", "ip_configs", "dhcpd_config", "path_preferences")}
"""Maps whose entries are looked at one by one."""
Sides = tuple[Mapping[str, Tree], ...]
"""Declarations of a document: what the stack wants, what is recorded."""
RULES = frozenset({*SERVER_KEYS, "name", "type", "service_policies", "path_preferences"})
"""Keys of which what goes is told elsewhere: as entries, or as the object itself."""


def words(wire: Mapping[str, Tree], *sides: Mapping[str, Tree]) -> list[str]:
    """Keys of a document that none of these declarations says; sorted, each in the words of a person."""
    return sorted({*_of_document(wire, sides), *_of_dhcp(wire, sides), *_of_ports(wire, sides)})


def _of_document(wire: Mapping[str, Tree], sides: Sides) -> Iterator[str]:
    known = {key for side in sides for key in side.get("extra") or {}}
    for key, value in without(wire, {**KNOWN, **TOLD, **dict.fromkeys(known, 1)}).items():
        if key in NAMED and isinstance(value, Mapping):
            yield from (f"{NAMED[key]} {name}" for name in value)
        elif tells(value):
            yield key


def _of_dhcp(wire: Mapping[str, Tree], sides: Sides) -> Iterator[str]:
    """Of servers that are declared: of others the whole is told."""
    faces = [one for side in sides for one in (side.get("interfaces") or {}).values()]
    ours = {name for one in faces for name, lan in (one.get("networks") or {}).items() if (lan or {}).get("dhcp")}
    for network in sorted(ours):
        server = (wire.get("dhcpd_config") or {}).get(network) or {}
        yield from (f"{key} of the DHCP server of {network}" for key, value in server.items()
                    if key not in DHCP and tells(value))  # fmt: skip


def _of_ports(wire: Mapping[str, Tree], sides: Sides) -> Iterator[str]:
    """Of ports that are declared: of others the whole is told."""
    ours: dict[str, set[str]] = {}
    for side in sides:
        for name, key in wire_keys(side.get("interfaces")).items():
            face = side["interfaces"][name]
            given = (face.get("extra") or {}).get("mist") or {}
            said = (one for one, word in UNSAID.items() if face.get(word) is not None)
            ours.setdefault(same_ports(key), set()).update(given, said)
    for ports, port in (wire.get("port_config") or {}).items():
        rest = without(port, PORT.get(str(port.get("usage")), {"usage": 1}))
        rest |= {key: port[key] for key in UNSAID if key in port}
        yield from (f"{key} of port {same_ports(ports)}" for key, value in rest.items()
                    if same_ports(ports) in ours and key not in ours[same_ports(ports)] and tells(value))  # fmt: skip


def tells(value: Tree) -> bool:
    """True unless a value is a default that the portal fills in, or made of such."""
    if isinstance(value, Mapping):
        return any(map(tells, value.values()))
    return value not in USUAL if not isinstance(value, list) else bool(value)


def uses(wire: Mapping[str, Tree], shared: Mapping[str, Mapping[str, Tree]]) -> dict[str, Tree]:
    """What the policies of a document use, whoever owns them; `shared` are the organisation's policies by id."""
    policies = []
    for name, one in zip(policy_names(wire.get("service_policies") or ()), wire.get("service_policies") or (),
                         strict=True):  # fmt: skip
        whole = {**(shared.get(str(one.get("servicepolicy_id") or "")) or {}), **one}
        policies.append(
            {"name": name, "networks": list(whole.get("tenants") or ()), "action": whole.get("action") or "allow",
             "applications": list(whole.get("services") or ()), "steering": whole.get("path_preference") or ""}
        )  # fmt: skip
    return {"policies": policies, "variables": sorted(variables(wire))}


def variables(wire: Mapping[str, Tree]) -> set[str]:
    """The site variables that stand anywhere in a document."""
    return set(re.findall(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}", json.dumps(wire)))


def taken_away(
    live: Mapping[str, Tree], before: Mapping[str, Tree], after: Mapping[str, Tree] | None,
    extra: tuple[Mapping[str, Tree], Mapping[str, Tree]] = ({}, {}),
) -> list[str]:  # fmt: skip
    """What others have set in a document and what a write of it takes away, as paths."""
    ours = gateway_wire(before, extra[0])
    left: Mapping[str, Tree] = rewritten(live, before, after, extra) if after is not None else {}
    return [".".join(path) for path in _lost(live, left, ours)]


def _lost(
    live: Mapping[str, Tree], left: Mapping[str, Tree], ours: Wire, at: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for key, value in live.items():
        if (not at and key in RULES) or not tells(value):
            continue
        here, mine = left.get(key), ours.get(key)
        if isinstance(value, Mapping) and (isinstance(mine, Mapping) or isinstance(here, Mapping)):
            below = [one if isinstance(one, dict) else {} for one in (here, mine)]
            yield from _lost(value, below[0], below[1], (*at, key))
        elif here is None and mine is None:
            yield (*at, key)

"""How much of a template or hub profile a change disturbs: by the fields that change on the wire. Pure.

Classes after Juniper's documentation: name servers, rules and DHCP options are pushed without a hit; addresses, routes,
tunnels and BGP interrupt traffic; moving the links of a formed pair can split it.
"""

from collections.abc import Mapping
from typing import Any

from haplan.plugin import Change, Tree
from haplan_mist.translate import entries

HITLESS = frozenset({"dns_servers", "ntp_servers", "type", "exclusive", "name"})
ROUTING = frozenset(
    {"bgp_config", "tunnel_configs", "tunnel_provider_options", "extra_routes", "extra_routes6", "routing_policies",
     "vrf_config", "vrf_instances", "router_id", "port_config", "ip_configs", "path_preferences", "oob_ip_config"}
)  # fmt: skip
"""Vendor keys whose change moves traffic or interrupts it."""
SILENT = frozenset({"description", "wan_speedtest_mode", "wan_disable_speedtest", "wan_probe_override"})
"""Vendor keys of a port that disturb nothing on it."""


def kind_of(change: Change, changed: set[str]) -> Any:
    """The kind of impact of a change of these attributes."""
    if changed <= {"name"} and changed:
        return "none"
    before, after = change.before or {}, change.after or {}
    faces = _disturbed(before.get("interfaces") or {}, after.get("interfaces") or {})
    if any(str(one.get("usage", "")).startswith("ha_") for sides in faces for one in sides):
        return "outage"  # moving the links of a formed pair can split it
    routed = bool(ROUTING & _keys(before.get("extra"), after.get("extra")))
    rest = changed - HITLESS - {"interfaces", "extra", "unowned"}
    moved = "unowned" in changed and _of_ports(change)
    return "traffic" if rest or routed or moved or faces else "config-push"


def _disturbed(
    before: Mapping[str, Tree], after: Mapping[str, Tree]
) -> list[tuple[Mapping[str, Tree], Mapping[str, Tree]]]:
    """The ports of which more changes than what they serve by DHCP, or how they are called: before and after."""
    both = [(before.get(name) or {}, after.get(name) or {}) for name in {**before, **after}]
    return [(one, other) for one, other in both if _of_the_port(one) != _of_the_port(other)]


def _of_the_port(face: Mapping[str, Tree]) -> dict[str, Tree]:
    networks = {
        name: {key: value for key, value in (lan or {}).items() if key != "dhcp"}
        for name, lan in (face.get("networks") or {}).items()
    }
    extra = {key: value for key, value in ((face.get("extra") or {}).get("mist") or {}).items() if key not in SILENT}
    return {**face, "networks": networks, "extra": extra}


def _keys(before: Mapping[str, Tree] | None, after: Mapping[str, Tree] | None) -> set[str]:
    """The vendor keys that change."""
    one, other = before or {}, after or {}
    return {key for key in {**one, **other} if one.get(key) != other.get(key)}


def _of_ports(change: Change) -> bool:
    """True if what is removed of others is more than rules: ports, addresses, paths."""
    gone = (change.before or {}).get("unowned") or ()
    return any(entries.kind_of(word) not in ("policy", "steering", "dns-server", "ntp-server") for word in gone)

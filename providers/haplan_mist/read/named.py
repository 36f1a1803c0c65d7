"""What the organisation has under the names that vendor keys use; from what was read."""

from collections.abc import Mapping

from haplan.plugin import Target, Tree
from haplan_mist.estate import Known
from haplan_mist.translate.names import BY_ID, LISTS, of_values


def lists_for(target: Target) -> tuple[str, ...]:
    """The lists that tell whether what its vendor keys name is there."""
    return tuple({LISTS[one.kind]: None for one in of_values(target.type, target.values) if one.kind in LISTS})


def names_for(estate: Known, target: Target) -> dict[str, list[str]]:
    """What is named → all that there is of it; only of what the vendor keys of a target name."""
    found: dict[str, list[str]] = {}
    for kind in dict.fromkeys(one.kind for one in of_values(target.type, target.values)):
        if kind in LISTS:
            there = estate.known(LISTS[kind])
            found[kind] = sorted(there if kind in BY_ID else (str(one.get("name")) for one in there.values()))
        else:
            found[kind] = sorted(_in_home(estate, target, kind))
    return found


def _in_home(estate: Known, target: Target, kind: str) -> set[str]:
    """WANs or routing policies of the template or profile, those of others included."""
    carried = target.values.get("profile") or target.values.get("template") if target.type == "cluster" else ""
    name = carried or target.owner_name or target.name
    found: set[str] = set()
    for listed in ("gatewaytemplates", "deviceprofiles"):
        for wire in estate.known(listed).values():
            if wire.get("name") == name:
                found |= _wans(wire) if kind == "WAN" else set(wire.get("routing_policies") or {})
    return found


def _wans(wire: Mapping[str, Tree]) -> set[str]:
    ports = (wire.get("port_config") or {}).values()
    return {str(port["name"]) for port in ports if port.get("usage") == "wan" and port.get("name")}

"""Who uses the paths of an overlay, and where templates are bound; from what was read."""

from collections.abc import Mapping

from haplan.plugin import Tree
from haplan_mist.estate import Known
from haplan_mist.translate.ports import split_path


def users(estate: Known) -> dict[str, dict[str, list[str]]]:
    """Endpoint of an overlay → template or profile that builds towards it or steers into it → the sites it serves."""
    found: dict[str, dict[str, list[str]]] = {}
    overlays = frozenset(str(vpn.get("name")) for vpn in estate.known("vpns").values())
    for kind in ("gatewaytemplates", "deviceprofiles"):
        for id_, wire in estate.known(kind).items():
            for end in _towards(wire, overlays):
                sites = bound_sites(estate, id_, "") if kind == "gatewaytemplates" else []
                found.setdefault(end, {})[str(wire.get("name") or "")] = sites
    return found


def _towards(wire: Mapping[str, Tree], overlays: frozenset[str]) -> set[str]:
    """Endpoints that a template or profile uses without making them."""
    paths = [
        item for port in (wire.get("port_config") or {}).values() for item in (port.get("vpn_paths") or {}).items()
    ]
    rules = (wire.get("path_preferences") or {}).values()
    steered = [str(path.get("name")) for rule in rules for path in rule.get("paths") or () if path.get("type") == "vpn"]
    own = {key for key, path in paths if path.get("role", "spoke") == "hub"}
    return {split_path(key, overlays)[0] for key in {*(key for key, _ in paths), *steered} - own}


def bound_sites(estate: Known, id_: str, name: str) -> list[str]:
    """Names of the sites that carry a template."""
    templates = estate.known("gatewaytemplates")
    ids = {id_} if id_ in templates else {key for key, wire in templates.items() if wire.get("name") == name}
    sites = estate.known("sites").values()
    return sorted(str(site.get("name") or "") for site in sites if site.get("gatewaytemplate_id") in ids)

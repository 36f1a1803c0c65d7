"""Names in vendor keys: which places of them name a WAN, a network, routing policies, or what an organisation has.

Mist OpenAPI 2509.1.2: `tunnel_configs`, `bgp_config`, `vrf_instances`, `dhcpd_config`, `idp`, `antivirus` and the like.
The API takes any name; the device that gets it does not.
"""

from collections.abc import Iterator, Mapping

import attrs

from haplan.plugin import Tree, is_mapping

_ROUTES = "routing policy"
PLACES: Mapping[str, Mapping[str, str]] = {
    "gateway": {
        "tunnel_configs.*.primary.wan_names": "WAN", "tunnel_configs.*.secondary.wan_names": "WAN",
        "bgp_config.*.wan_name": "WAN", "bgp_config.*.networks": "network",
        "bgp_config.*.import_policy": _ROUTES, "bgp_config.*.export_policy": _ROUTES,
        "bgp_config.*.neighbors.*.import_policy": _ROUTES, "bgp_config.*.neighbors.*.export_policy": _ROUTES,
        "vrf_instances.*.networks": "network",
    },
    "policy": {
        "servicepolicy_id": "organisation policy", "idp.idpprofile_id": "IDP profile",
        "antivirus.avprofile_id": "antivirus profile",
    },
    "wan": {"wan_networks": "network"},
    "path": {"wan_name": "WAN"},
    "site": {"gateway.service_policies.*.services": "application", "gateway.service_policies.*.tenants": "network"},
}  # fmt: skip
"""What has vendor keys → place → what is named there. ``*`` stands for any key, and any entry of a list."""
LISTS = {
    "network": "networks", "application": "services", "organisation policy": "servicepolicies",
    "IDP profile": "idpprofiles", "antivirus profile": "avprofiles",
}  # fmt: skip
"""What is named → the list of the organisation that has it."""
BY_ID = frozenset({"organisation policy", "IDP profile", "antivirus profile"})


@attrs.frozen
class Named:
    """A name in vendor keys: what it should be, and where it stands."""

    kind: str
    name: str
    where: str


def of_values(type_name: str, values: Mapping[str, Tree]) -> Iterator[Named]:
    """The names in the vendor keys of a resource and of its parts; what is known only later is left out."""
    own = "gateway" if type_name in ("wan_edge_template", "hub_profile", "cluster") else type_name
    yield from _named(own, values.get("extra") or {}, "")
    for name, face in (values.get("interfaces") or {}).items():
        yield from _named(str(face.get("usage")), _mist(face), f"interfaces.{name}: ")
    for index, path in enumerate(values.get("paths") or ()):
        yield from _named("path", _mist(path), f"paths.{index}: ")


def _mist(part: Mapping[str, Tree]) -> Mapping[str, Tree]:
    return (part.get("extra") or {}).get("mist") or {}


def _named(own: str, extra: Mapping[str, Tree], part: str) -> Iterator[Named]:
    for place, kind in PLACES.get(own, {}).items():
        for where, found in _at(extra, tuple(place.split(".")), ()):
            for name in found if isinstance(found, list | tuple) else (found,):
                if isinstance(name, str) and name and "{{" not in name:
                    yield Named(kind, name, f"{part}extra mist.{'.'.join(where)}")


def _at(tree: Tree, place: tuple[str, ...], where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Tree]]:
    if not place:
        yield where, tree
    elif place[0] == "*":
        below = tree.items() if is_mapping(tree) else enumerate(tree) if isinstance(tree, list | tuple) else ()
        for key, value in below:
            yield from _at(value, place[1:], (*where, str(key)))
    elif is_mapping(tree) and tree.get(place[0]) is not None:
        yield from _at(tree[place[0]], place[1:], (*where, place[0]))

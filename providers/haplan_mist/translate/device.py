"""The object of a device: what is set on it itself, and takes the place of what its template or profile says. Pure.

A pair is one device to the cloud, and its object holds who and where it is, and what is its own (Mist OpenAPI 2509.1.2,
`device_gateway`). A stack owns there the vendor keys of a `Cluster`, key by key; all else is of others.
"""

from collections.abc import Iterator, Mapping

from haplan.design import catalogue
from haplan.plugin import Tree
from haplan_mist.translate.merge import Wire, merged
from haplan_mist.translate.others import tells
from haplan_mist.translate.ports import same_ports, wire_keys

WHOSE = frozenset(
    {"id", "mac", "model", "serial", "site_id", "org_id", "name", "type", "created_time", "modified_time", "for_site",
     "msp_id", "deviceprofile_id", "managed", "mist_configured", "notes", "map_id", "x", "y", "image1_url",
     "image2_url", "image3_url", "hw_rev", "sku", "magic", "vc_mac", "connected", "adopted", "hostname", "role",
     "tag_id", "tag_uuid"}
)  # fmt: skip
"""Keys of a device that say who and where it is: no template says them."""
BY_NAME = frozenset(
    {"port_config", "ip_configs", "dhcpd_config", "vars", "path_preferences", "bgp_config", "tunnel_configs",
     "extra_routes", "extra_routes6", "vrf_instances", "routing_policies", "idp_profiles"}
)  # fmt: skip
"""Maps of named things: what is set in them is told one by one."""


def fields(device: Mapping[str, Tree], *declared: Mapping[str, Tree]) -> list[str]:
    """What a device has of its own and none of these vendor keys says, as paths; sorted."""
    for mine in declared:
        device = _without(device, mine)
    return sorted(_fields(device))


def _fields(device: Mapping[str, Tree]) -> Iterator[str]:
    for key, value in device.items():
        if key in WHOSE or not tells(value):
            continue
        if key in BY_NAME and isinstance(value, Mapping):
            yield from (f"{key}.{name}" for name in value)
        else:
            yield key


def rewritten(live: Mapping[str, Tree], old: Mapping[str, Tree], new: Mapping[str, Tree]) -> Wire:
    """The object with the vendor keys `old` replaced by `new`: what others have set stays, in entries of ours too. A
    device is always called something: one whose name leaves the stack is called by its MAC."""
    out = merged(live, old, new, whole=frozenset())
    return out if out.get("name") or not live.get("name") else {**out, "name": live.get("mac") or live["name"]}


def _without(tree: Mapping[str, Tree], mine: Mapping[str, Tree]) -> Wire:
    """A mapping without what stands in another; a mapping that has nothing else goes whole."""
    out: Wire = {}
    for key, value in tree.items():
        ours = mine.get(key)
        if isinstance(value, Mapping) and isinstance(ours, Mapping):
            rest = _without(value, ours)
            out |= {key: rest} if rest else {}
        elif ours is None:
            out[key] = value
    return out


def said_twice(
    mine: Mapping[str, Tree], values: Mapping[str, Tree], extra: Mapping[str, Tree]
) -> Iterator[tuple[str, str]]:
    """The vendor keys of a device that its template or profile says too: where, and with what it says that there."""
    theirs = dict(_said(values, extra))
    for key, value in mine.items():
        named = value if key in BY_NAME and isinstance(value, Mapping) else None
        places = [(key, str(name)) for name in named] if named is not None else [(key, "")]
        for place in places:
            said = next((word for other, word in theirs.items() if _same(place, other)), "")
            if said:
                yield ".".join(filter(None, place)), said


def _said(values: Mapping[str, Tree], extra: Mapping[str, Tree]) -> Iterator[tuple[tuple[str, str], str]]:
    """What a template or profile says, as keys of the wire and names of entries, and with what."""
    for key, value in extra.items():
        if key in BY_NAME and isinstance(value, Mapping):
            yield from (((key, str(name)), "extra") for name in value)
        else:
            yield (key, ""), "extra"
    faces = values.get("interfaces") or {}
    yield from ((("port_config", ports), "interfaces=") for ports in wire_keys(faces).values())
    for face in faces.values():
        for network, lan in (face.get("networks") or {}).items():
            yield ("ip_configs", str(network)), "the address of a lan(…)"
            if (lan or {}).get("dhcp"):
                yield ("dhcpd_config", str(network)), "dhcp= of a lan_address"
    yield from (((key, ""), f"{key}=") for key in ("dns_servers", "ntp_servers") if values.get(key))


def _same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """True for one entry; ports are one where any of them is."""
    if one[0] != other[0] or one[0] != "port_config":
        return one == other
    return bool({*_ports(one[1])} & {*_ports(other[1])})


def _ports(key: str) -> Iterator[str]:
    try:
        yield from (str(port) for port in catalogue.parse_ports(key))
    except ValueError:
        yield from same_ports(key).split(",")

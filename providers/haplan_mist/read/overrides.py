"""What is set on devices themselves, and takes the place of what their template or profile says (HA124).

Nothing lists it for an organisation: `GET /sites/{site_id}/devices` is a call a site (Mist OpenAPI 2509.1.2). So it is
read when a pair comes into state, of what is to be node0 wherever that is, for sites that the audit log says others
touched since the last look, and for all where somebody asks for a deep look; in between it is as it was remembered. A
look at a part reads on in the log for all: the sites that it was told of and had no part in are remembered too.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from haplan.plugin import Query, Target, Tree
from haplan_mist.estate import Estate
from haplan_mist.private import Private
from haplan_mist.read import clusters
from haplan_mist.read.alive import alive
from haplan_mist.read.sites import OVERRIDES, TOGETHER, Look
from haplan_mist.translate.others import tells

KEY = OVERRIDES[0]
"""In what a refresh remembers, and as a list of the look: MAC of node0 → fields."""
TOUCHED = OVERRIDES[1]
"""In what a refresh remembers: sites of pairs that others touched, and that no look was taken at since."""
WHOSE = frozenset(
    {"id", "mac", "model", "serial", "site_id", "org_id", "name", "type", "created_time", "modified_time", "for_site",
     "msp_id", "deviceprofile_id", "managed", "mist_configured", "notes", "map_id", "x", "y", "image1_url",
     "image2_url", "image3_url", "hw_rev", "sku", "magic", "vc_mac", "connected", "adopted", "hostname", "role",
     "tag_id", "tag_uuid"}
)  # fmt: skip
"""Keys of a device that say who and where it is: no template says them."""
BY_NAME = frozenset(
    {"port_config", "ip_configs", "dhcpd_config", "vars", "path_preferences", "bgp_config", "tunnel_configs",
     "extra_routes", "vrf_instances", "routing_policies"}
)  # fmt: skip
"""Maps of named things: what is set in them is told one by one."""


def fields(device: Mapping[str, Tree]) -> Iterator[str]:
    """What a device has of its own, as paths."""
    for key, value in sorted(device.items()):
        if key in WHOSE or not tells(value):
            continue
        if key in BY_NAME and isinstance(value, Mapping):
            yield from (f"{key}.{name}" for name in sorted(value))
        else:
            yield key


def look(estate: Estate, query: Query, sites: Look) -> Mapping[str, Tree]:
    """What is to be remembered of pairs; what has to be read of those that are asked about is, a site at a time."""
    remembered = {str(mac): list(said) for mac, said in (query.memory.get(KEY) or {}).items()}
    found = dict[str, list[str]]()
    asked = dict[str, str]()
    touched = _touched(estate, query, sites)
    devices = alive(estate).devices
    for target in query.targets:
        for pair in clusters.pairs(devices, target) if target.type == "cluster" else ():
            site_id = devices.site_id(pair[0])
            known = remembered.get(pair[0], _recorded(target))
            if query.deep or target.row is None or site_id in touched:
                asked[pair[0]] = site_id
            elif known is not None:
                found[pair[0]] = known
        for mac in clusters.to_form(devices, target) if target.type == "cluster" else ():
            asked[mac] = devices.site_id(mac)
    found |= read(estate, asked, query.deep)
    estate.note(KEY, {mac: {"fields": said} for mac, said in found.items()})
    looked = {**remembered, **{mac: found[mac] for mac in asked if mac in found}}
    return _memory(looked, (touched & _sites(estate, touched)) - {*asked.values()})


def _touched(estate: Estate, query: Query, sites: Look) -> set[str]:
    """The sites that others touched since a look was taken at them."""
    entries = (*sites.entries, *sites.before)
    now = {entry.site_id for entry in entries if entry.site_id and entry.who not in estate.own}
    return now | {str(id_) for id_ in query.memory.get(TOUCHED) or ()}


def _sites(estate: Estate, touched: set[str]) -> set[str]:
    """The sites of pairs, whoever's: not all of the stack are asked about. Without an inventory any may be one."""
    devices = alive(estate).devices
    return {devices.site_id(mac) for mac in devices.members} if devices.records else touched


def _memory(looked: Mapping[str, list[str]], left: set[str]) -> Mapping[str, Tree]:
    return {**({KEY: dict(sorted(looked.items()))} if looked else {}), **({TOUCHED: sorted(left)} if left else {})}


def _recorded(target: Target) -> list[str] | None:
    known = Private.of(target.row.private).overrides if target.row is not None else None
    return None if known is None else list(known)


def read(estate: Estate, asked: Mapping[str, str], deep: bool = False) -> dict[str, list[str]]:
    """MAC of node0 → what is set on it, by a call for each site."""
    sites = sorted(set(asked.values()) - {""})
    if deep and sites:
        estate.tell(f"looking at the settings of devices themselves: {len(sites)} call{'s' if len(sites) > 1 else ''}")
    with ThreadPoolExecutor(TOGETHER) as pool:
        listed = dict(zip(sites, pool.map(estate.devices_at, sites), strict=True))
    return {mac: _of(mac, listed.get(site_id, ())) for mac, site_id in asked.items()}


def _of(mac: str, devices: Iterable[Mapping[str, Tree]]) -> list[str]:
    return sorted({field for one in devices if str(one.get("mac")) == mac for field in fields(one)})

"""What is set on devices themselves, and takes the place of what their template or profile says (HA124).

Nothing lists it for an organisation: `GET /sites/{site_id}/devices` is a call a site (Mist OpenAPI 2509.1.2). So it is
read when a pair comes into state, of what is to be node0 wherever that is, for sites that the audit log says others
touched since the last look, and for all where somebody asks for a deep look; in between it is as it was remembered. A
look at a part reads on in the log for all: the sites that it was told of and had no part in are remembered too.

What the stack itself declares there, as vendor keys of a cluster, is not told: the devices of such pairs are read each
time (`haplan_mist.read.own`), and what they have beside it is.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from haplan.plugin import Query, Target, Tree
from haplan_mist.estate import Estate
from haplan_mist.private import Private
from haplan_mist.read import clusters
from haplan_mist.read.alive import alive
from haplan_mist.read.own import Own, declared
from haplan_mist.read.sites import OVERRIDES, TOGETHER, Look
from haplan_mist.translate.device import fields

KEY = OVERRIDES[0]
"""In what a refresh remembers, and as a list of the look: MAC of node0 → fields."""
TOUCHED = OVERRIDES[1]
"""In what a refresh remembers: sites of pairs that others touched, and that no look was taken at since."""


def look(estate: Estate, query: Query, sites: Look, own: Own) -> Mapping[str, Tree]:
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
            if pair[0] in own:
                found[pair[0]] = fields(own[pair[0]], *declared(target))
            elif query.deep or target.row is None or site_id in touched:
                asked[pair[0]] = site_id
            elif known is not None:
                found[pair[0]] = known
        for mac in clusters.to_form(devices, target) if target.type == "cluster" else ():
            asked[mac] = devices.site_id(mac)
    found |= read(estate, asked, query.deep)
    estate.note(KEY, {mac: {"fields": said} for mac, said in found.items()})
    looked = {**remembered, **{mac: found[mac] for mac in (*asked, *own) if mac in found}}
    seen = {*asked.values(), *map(devices.site_id, own)}
    return _memory(looked, (touched & _sites(estate, touched)) - seen)


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
    return next((fields(one) for one in devices if str(one.get("mac")) == mac), [])

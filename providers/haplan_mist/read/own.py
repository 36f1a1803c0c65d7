"""What a stack sets on the devices of its pairs themselves: the vendor keys of a `Cluster`.

Nothing lists the settings of devices for an organisation, so that the devices of pairs that use this are read, a call
each (Mist OpenAPI 2509.1.2, `GET /sites/{site_id}/devices/{device_id}`); of the others none is.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from haplan.plugin import Query, Target, Tree, decode, owned
from haplan_mist.estate import Estate, Object
from haplan_mist.read.alive import alive
from haplan_mist.read.devices import Boxes, device_id
from haplan_mist.read.sites import TOGETHER
from haplan_mist.translate.merge import overlaid

Own = Mapping[str, Object]
"""MAC of node0 → the object of the device."""


def look(estate: Estate, query: Query) -> Own:
    """The devices of the pairs that are asked about and have vendor keys, in the stack or in state."""
    targets = [target for target in query.targets if target.type == "cluster" and any(declared(target))]
    devices = alive(estate).devices if targets else Boxes({}, {})
    heads = {pair[0]: devices.site_id(pair[0]) for target in targets if (pair := _pair(devices, target))}
    asked = {mac: site_id for mac, site_id in heads.items() if site_id}
    with ThreadPoolExecutor(TOGETHER) as pool:
        return dict(zip(asked, pool.map(lambda mac: device(estate, mac, asked[mac]), asked), strict=True))


def device(estate: Estate, mac: str, site_id: str) -> Object:
    """What is set on one device of a site itself, as it is this moment."""
    found: Object = estate.client.get(path_of(mac, site_id), what=f"the device {mac}")
    return found


def path_of(mac: str, site_id: str) -> str:
    """The path of a device."""
    return f"/sites/{site_id}/devices/{device_id(mac)}"


def declared(target: Target) -> tuple[Mapping[str, Tree], Mapping[str, Tree]]:
    """The vendor keys of a pair: as the stack has them, and as they are recorded."""
    recorded = decode(target.row.values) if target.row else {}
    return target.values.get("extra") or {}, recorded.get("extra") or {}


def vendor_keys(target: Target, device: Object) -> Mapping[str, Tree]:
    """What is set on a device of what a pair declares there: what others have on it may hold their secrets."""
    wanted, recorded = declared(target)
    found: Mapping[str, Tree] = owned(overlaid(recorded, wanted), device)
    return found


def _pair(devices: Boxes, target: Target) -> Sequence[str]:
    recorded = decode(target.row.values) if target.row else {}
    macs = {*(target.values.get("nodes") or {}), *(recorded.get("nodes") or {})}
    return next((pair for mac in sorted(macs) if (pair := devices.pair_of(mac))), ())

"""Devices and pairs, as inventory and stats show them together.

A pair has no id of its own: it is node0's device, and `vc_mac` of both records is node0's MAC. Modules are matched by
MAC, not by position (tmunzer/mist_library, cluster_node_check.py). Device ids: Mist OpenAPI 2509.1.2, inventory.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import attrs

from haplan.plugin import Tree
from haplan_mist.estate import Object

PREFIX = "00000000-0000-0000-1000-"


def device_id(mac: str) -> str:
    """Id of a gateway, and of the pair whose node0 it is."""
    return PREFIX + mac


def mac_of(id_: str) -> str:
    """MAC in a device id, or ""."""
    return id_.removeprefix(PREFIX) if id_.startswith(PREFIX) else ""


def seconds_of_push(model: str) -> int:
    """How long a configuration usually takes to reach a device."""
    return 240 if "SRX" in model.upper() else 60


@attrs.frozen(slots=False)
class Boxes:
    """Inventory records and stats by MAC."""

    records: Mapping[str, Object]
    stats: Mapping[str, Object]

    def pair_of(self, mac: str) -> tuple[str, ...]:
        """The pair this device belongs to, node0 first; () for a standalone one."""
        head = str((self.records.get(mac) or {}).get("vc_mac") or "")
        return self.members.get(head, ()) if head else ()

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Pairs by node0's MAC."""
        found: dict[str, list[str]] = {}
        for mac, record in self.records.items():
            if record.get("vc_mac"):
                found.setdefault(str(record["vc_mac"]), []).append(mac)
        return {
            head: (head, *sorted(mac for mac in macs if mac != head))
            for head, macs in found.items()
            if len(macs) > 1 and head in macs
        }

    @cached_property
    def modules(self) -> Mapping[str, Object]:
        """Stats of each single box."""
        out: dict[str, Object] = {}
        for mac, entry in self.stats.items():
            out.setdefault(mac, entry)
            for module in modules_of(entry):
                if module.get("mac"):
                    out[str(module["mac"])] = module
        return out

    def site_id(self, mac: str) -> str:
        """The site of a device; node1's record may have none, then it is where its pair is."""
        own = str((self.records.get(mac) or {}).get("site_id") or "")
        pair = self.pair_of(mac)
        return own or (str((self.records.get(pair[0]) or {}).get("site_id") or "") if pair else "")

    @cached_property
    def _by_site(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for mac in self.records:
            found.setdefault(self.site_id(mac), []).append(mac)
        return found

    def at_site(self, site_id: str) -> Sequence[str]:
        """The devices at a site, members of pairs included."""
        return self._by_site.get(site_id, ())

    def profile_id(self, mac: str) -> str:
        """The hub profile of a device or of its pair."""
        pair = self.pair_of(mac)
        return str((self.records.get(pair[0] if pair else mac) or {}).get("deviceprofile_id") or "")

    def formed(self, pair: Sequence[str]) -> bool:
        """The cloud shows one device with these two nodes."""
        entry = self.stats.get(pair[0]) if pair else None
        return bool(entry and entry.get("is_ha") and module_macs(entry) == set(pair))

    def spare(self, mac: str) -> bool:
        """True for a device of no pair that never took a configuration."""
        return not self.pair_of(mac) and not (self.stats.get(mac) or {}).get("config_status")

    def heads(self) -> list[str]:
        """Devices that have a configuration: standalone ones and node0 of each pair, where assigned."""
        return [m for m in self.records if self.site_id(m) and (not self.pair_of(m) or self.pair_of(m)[0] == m)]


def modules_of(entry: Mapping[str, Tree]) -> list[Object]:
    """The boxes inside one entry of the stats."""
    return [*(entry.get("module_stat") or ()), *(entry.get("module2_stat") or ())]


def module_macs(entry: Mapping[str, Tree]) -> set[str]:
    """MACs of the boxes inside one entry."""
    return {str(module.get("mac") or "") for module in modules_of(entry)}

"""What is alive between devices: paths of the overlay, BGP, tunnels to elsewhere, links inside a pair, open alarms.

Read in bulk for the whole organisation by searches such as `/stats/vpn_peers/search`, and only what there is anything
to know of (Mist OpenAPI 2509.1.2, `vpn_peer_stat`, `bgp_peer`, `stats_wan_tunnel`, `alarm`). A peer is told by the
names of the WANs at both ends. An endpoint that nobody serves has no peer at all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import attrs

from haplan.plugin import Tree
from haplan_mist.estate import Known, Lists, Object
from haplan_mist.read.devices import Boxes

SEARCHES = ("vpn_peers", "bgp_peers", "tunnels", "alarms")
WORKED_WITH = ("sites", "inventory", "stats", "gatewaytemplates", "deviceprofiles", *SEARCHES)
"""The lists that tell it."""
ALARMS = ("control_link", "health_weight", "gateway_down")
"""In the type of an alarm that concerns a pair."""
UNWELL = ("degraded", "unhealthy", "failed")
"""States of an SSR pair that something is wrong with; the list of all is not published."""


@attrs.frozen(order=True, kw_only=True)
class OverlayPath:
    """One path of the overlay that is to be up.

    Attributes:
        spoke: MAC of the device or of node0 of the pair that builds it.
        wan: Its WAN.
        endpoint: Where it leads, ``<endpoint>.<overlay>``.
        hub: MAC of the device or pair that serves it; "" where nobody does.
        hub_wan: Its WAN.
    """

    spoke: str
    wan: str
    endpoint: str
    hub: str = ""
    hub_wan: str = ""

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.spoke} {self.wan} {self.endpoint} {self.hub}"


@attrs.frozen(slots=False, eq=False)
class Alive:
    """One look at what is alive in an organisation; what is worked out of the whole lists is worked out once."""

    lists: Known

    @cached_property
    def devices(self) -> Boxes:
        """Devices and pairs."""
        return self.lists.memo.of(Boxes, self.lists.known("inventory"), self.lists.known("stats"))

    def carried(self, head: str) -> list[Object]:
        """The template of a device's site and its own profile, as far as they were read."""
        site = self.lists.known("sites").get(self.devices.site_id(head)) or {}
        template = self.lists.known("gatewaytemplates").get(str(site.get("gatewaytemplate_id") or ""))
        profile = self.lists.known("deviceprofiles").get(self.devices.profile_id(head))
        return [one for one in (template, profile) if one is not None]

    def searches(self, heads: Iterable[str]) -> set[str]:
        """The searches that tell how these devices are; none for what they have nothing of."""
        kinds = set[str]()
        for head in heads:
            kinds.add("alarms")
            for wire in self.carried(head):
                kinds |= {"vpn_peers"} if any(True for _ in ports_of(wire)) else set()
                kinds |= {"bgp_peers"} if wire.get("bgp_config") else set()
                kinds |= {"tunnels"} if wire.get("tunnel_configs") else set()
        return kinds

    # --- the overlay ---

    def paths(self, heads: Iterable[str]) -> list[OverlayPath]:
        """The paths that begin or end at these devices, as they are written for both ends."""
        return sorted({one for head in heads for one in self._paths.get(head, ())})

    @cached_property
    def _paths(self) -> Mapping[str, list[OverlayPath]]:
        found: dict[str, list[OverlayPath]] = {}
        written: dict[str, list[tuple[str, str]]] = {}
        told = bool(self.lists.known("stats"))
        for head in self.devices.heads():
            for wire in self.carried(head) if not (told and self.devices.spare(head)) else ():
                id_ = str(wire["id"])
                if id_ not in written:
                    written[id_] = [*ports_of(wire, "spoke")]
                for wan, endpoint in written[id_]:
                    for hub, hub_wan in self._served.get(endpoint) or [("", "")]:
                        path = OverlayPath(spoke=head, wan=wan, endpoint=endpoint, hub=hub, hub_wan=hub_wan)
                        found.setdefault(head, []).append(path)
                        found.setdefault(hub, []).append(path)
        return found

    @cached_property
    def _served(self) -> Mapping[str, list[tuple[str, str]]]:
        """Endpoint → the devices that serve it, with their WAN."""
        profiles = {id_: [*ports_of(wire, "hub")] for id_, wire in self.lists.known("deviceprofiles").items()}
        found: dict[str, list[tuple[str, str]]] = {}
        for head in self.devices.heads():
            for wan, endpoint in profiles.get(self.devices.profile_id(head), ()):
                found.setdefault(endpoint, []).append((head, wan))
        return found

    @cached_property
    def _up(self) -> frozenset[tuple[str, ...]]:
        names = ("mac", "port_id", "peer_mac", "peer_port_id")
        rows = (row for row in self.lists.known("vpn_peers").values() if row.get("up"))
        return frozenset(tuple(str(row.get(name)) for name in names) for row in rows)

    def down(self, wanted: Iterable[OverlayPath]) -> list[OverlayPath]:
        """Those of these paths that are not up, as either end sees it."""
        ends = (((one.spoke, one.wan), (one.hub, one.hub_wan), one) for one in wanted)
        return [one for this, other, one in ends if self._up.isdisjoint({(*this, *other), (*other, *this)})]

    def could_be_up(self, path: OverlayPath) -> bool:
        """True if both ends of a path are there: formed, connected, and configured."""
        return bool(path.hub) and self.lives(path.spoke) and self.lives(path.hub)

    def lives(self, head: str) -> bool:
        """True if a device, or the pair whose node0 it is, is formed, connected, and has taken a configuration."""
        entry = self.lists.known("stats").get(head) or {}
        formed = not self.devices.pair_of(head) or bool(entry.get("is_ha"))
        return entry.get("status") == "connected" and formed and bool(entry.get("config_status"))

    def title(self, path: OverlayPath, head: str) -> str:
        """How people name a path, seen from one of its ends."""
        said = f"{path.wan} to {path.endpoint.rpartition('.')[0] or path.endpoint}"
        if path.spoke != head:
            return f"{said} from {self.lists.name_of('sites', self.devices.site_id(path.spoke)) or path.spoke}"
        return said if path.hub else f"{said}, which no device serves"

    # --- the rest ---

    @cached_property
    def _rows(self) -> Mapping[tuple[str, str], list[Object]]:
        found: dict[tuple[str, str], list[Object]] = {}
        for kind in ("bgp_peers", "tunnels"):
            for row in self.lists.known(kind).values():
                found.setdefault((kind, str(row.get("mac"))), []).append(row)
        for row in self.lists.known("alarms").values():
            for mac in row.get("gateways") or ():
                found.setdefault(("alarms", str(mac)), []).append(row)
        return found

    def bgp_down(self, head: str) -> list[str]:
        """The neighbours of a device that are not established, in words."""
        rows = self._rows.get(("bgp_peers", head), ())
        return sorted({f"{row.get('neighbor')} is {row.get('state') or 'down'}" for row in rows if not row.get("up")})

    def tunnels_down(self, head: str) -> list[str]:
        """The tunnels of a device of which no end is up, in words."""
        ends: dict[str, list[Object]] = {}
        for row in self._rows.get(("tunnels", head), ()):
            ends.setdefault(str(row.get("tunnel_name")), []).append(row)
        return [_tunnel(name, rows) for name, rows in sorted(ends.items()) if not any(row.get("up") for row in rows)]

    def alarms(self, macs: Sequence[str]) -> list[tuple[str, float]]:
        """Open alarms that concern a pair: type, and since when."""
        rows = [row for mac in macs for row in self._rows.get(("alarms", mac), ())]
        open_ = [row for row in rows if row.get("status", "open") == "open"]
        found = {(str(row.get("type")), float(row.get("timestamp") or 0)) for row in open_}
        return sorted(one for one in found if any(word in one[0] for word in ALARMS))

    def facts(self, pair: Sequence[str]) -> dict[str, Tree]:
        """What of a pair is not alive; what is well is not said."""
        head = pair[0]
        entry = self.lists.known("stats").get(head) or {}
        wanted = self.paths([head])
        broken = self.down(wanted)
        said: dict[str, Tree] = {
            "paths_down": [self.title(one, head) for one in broken],
            "cut_off": bool(broken) and len(broken) == len(wanted),
            "bgp_down": self.bgp_down(head),
            "tunnels_down": self.tunnels_down(head),
            "links_down": links_down(entry),
            "groups_failing": groups_failing(entry),
            "alarms": [[type_, since] for type_, since in self.alarms(pair)],
            "looked": self._looked(head, entry, wanted),
        }
        return {key: value for key, value in said.items() if value}

    def _looked(self, head: str, entry: Object, wanted: Sequence[OverlayPath]) -> dict[str, Tree]:
        """What of a pair was looked at, and of what there is nothing to be up; what is left out nobody told."""
        asked, config = self.searches([head]), entry.get("cluster_config") or {}
        found: dict[str, Tree] = {"alarms": "seen"}
        found["paths"] = "seen" if wanted else "none"
        found["bgp"] = "seen" if "bgp_peers" in asked else "none"
        found["tunnels"] = "seen" if "tunnels" in asked else "none"
        found |= {"links": "seen"} if config.get("control_link_info") or entry.get("cluster_stat") else {}
        found |= {"groups": "none"} if entry.get("cluster_stat") else {}  # an SSR pair has none
        return found | ({"groups": "seen"} if config.get("redundancy_group_information") else {})


def alive(estate: Known) -> Alive:
    """What is alive, by the lists as they are now."""
    return estate.memo.of(_alive, *map(estate.known, WORKED_WITH))


def _alive(*lists: Mapping[str, Object]) -> Alive:
    return Alive(Lists(dict(zip(WORKED_WITH, lists, strict=True))))


def ports_of(wire: Object, *roles: str) -> Iterator[tuple[str, str]]:
    """WAN and endpoint of each path of these roles, or of all; not of ports that are shut."""
    for key, port in (wire.get("port_config") or {}).items():
        for path, how in (port.get("vpn_paths") or {}).items() if not port.get("disabled") else ():
            if not roles or ((how or {}).get("role") or "spoke") in roles:
                yield str(port.get("name") or key), path


def _tunnel(name: str, rows: Iterable[Object]) -> str:
    why = "; ".join(dict.fromkeys(str(row["last_event"]) for row in rows if row.get("last_event")))
    return f"{name} ({why})" if why else name


def links_down(entry: Mapping[str, Tree]) -> list[str]:
    """What is wrong with the links inside a pair, in words."""
    config, found = entry.get("cluster_config") or {}, []
    control, fabric = config.get("control_link_info") or {}, config.get("fabric_link_info") or {}
    if control.get("status") not in (None, "Up"):
        found.append(f"the control link is {control['status']}")
    states = [fabric.get("Status"), fabric.get("DataPlaneNotifiedStatus")]
    if any(state not in (None, "Enabled", "Up") for state in states):
        found.append(f"the fabric link is {' / '.join(str(state) for state in states if state)}")
    state = (entry.get("cluster_stat") or {}).get("state")
    return found + ([f"the state of the pair is {state}"] if state in UNWELL else [])


def groups_failing(entry: Mapping[str, Tree]) -> list[str]:
    """Redundancy groups that see a failure, in words."""
    groups = (entry.get("cluster_config") or {}).get("redundancy_group_information") or ()
    failing = ((group.get("Id"), str(group.get("MonitoringFailure") or "none")) for group in groups)
    return [f"RG{number}: {failure}" for number, failure in failing if failure != "none"]

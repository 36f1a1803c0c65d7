"""Which interface of a device each WAN and LAN is: ports of one node, or a reth over both."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import count
from typing import Any

import attrs

from haplan.design.catalogue import Port, parse_ports
from haplan.plugin import Tree, whole_in
from haplan_srx.translate.design import Pair
from haplan_srx.translate.statements import Writer

FIRST_GROUP = 1
"""Redundancy group of what nobody gives another; 0 is the control plane."""


@attrs.frozen(kw_only=True)
class Face:
    """One WAN or LAN as the device has it.

    Attributes:
        name: In the design.
        values: What the design says of it.
        device: The interface: ``ge-0/0/7`` or ``reth0``.
        members: Its ports; one, unless it is a reth.
        group: Redundancy group of a reth, 0 for a port.
        primary: The node that has it while both are well.
    """

    name: str
    values: Mapping[str, Tree]
    device: str
    members: tuple[Port, ...]
    group: int = 0
    primary: int = 0

    @property
    def reth(self) -> bool:
        """True if it is over both nodes."""
        return self.device.startswith("reth")


def faces_of(pair: Pair, to: Writer | None = None) -> dict[str, Face]:
    """The WANs and LANs of a pair, by name; what cannot be is told to the writer."""
    to = to or Writer()
    given = [*pair.faces("wan").items(), *pair.faces("lan").items()]
    said = {int(values["reth_idx"]) for _, values in given if isinstance(values.get("reth_idx"), int)}
    found: dict[str, Face] = {}
    for name, values in given:
        to.speak(pair.owner.address, "interfaces", name, "ports")
        members = parsed(str(values.get("ports") or ""))
        if not members:
            to.trouble(f"interface {name}: {values.get('ports')!r} names no port")
        elif values.get("aggregated") and not values.get("redundant"):
            to.trouble(f"interface {name}: a bundle of ports of one node is not supported on SRX direct")
        elif len(members) == 1:
            found[name] = Face(name=name, values=values, device=str(members[0]), members=members)
        else:
            index = values.get("reth_idx")
            if not isinstance(index, int):
                index = pair.names.number("reth", name, wishes=count, taken=said)
            group = values.get("redundancy_group") or FIRST_GROUP
            found[name] = Face(
                name=name,
                values=values,
                device=f"reth{index}",
                members=members,
                group=int(group),
                primary=_primary(values.get("primary")),
            )
    return found


@lru_cache(1000)
def parsed(text: str) -> tuple[Port, ...]:
    """The ports of a comma list; () if a name in it is none."""
    try:
        return parse_ports(text)
    except ValueError:
        return ()


def fabric(pair: Pair) -> tuple[Port, ...]:
    """The ports of the fabric link."""
    return tuple(port for values in pair.faces("ha_data").values() for port in parsed(str(values.get("ports") or "")))


def _primary(said: Any) -> int:
    return 1 if said == "node1" else 0


def unit_of(pair: Pair, vlan: Any) -> int | None:
    """The unit of a VLAN: its number; 0 without one, None where its variable is not set."""
    if vlan is None:
        return 0
    text = pair.text(vlan)
    return None if text is None else whole_in(text)


def lan_unit(pair: Pair, face: Face, network: str) -> int | None:
    """The unit of a network on a LAN."""
    found = pair.index.named("network", network)
    return unit_of(pair, found.values.get("vlan_id") if found is not None else None)


def lan_interface(pair: Pair, found: Mapping[str, Face], network: str) -> str:
    """``reth0.100``: where a network of the pair's own is; "" if it is on none of its LANs."""
    for face in found.values():
        if network in (face.values.get("networks") or {}):
            unit = lan_unit(pair, face, network)
            return "" if unit is None else f"{face.device}.{unit}"
    return ""


def wan_interface(pair: Pair, face: Face) -> str:
    """``ge-0/0/7.0``: the logical interface of a WAN."""
    return f"{face.device}.{unit_of(pair, face.values.get('vlan_id')) or 0}"

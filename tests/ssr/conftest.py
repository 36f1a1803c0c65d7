"""A small design as plain resources: one hub, one spoke, two networks, three policies; and configurations as lines."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from haplan.design.index import Resource
from haplan_ssr.translate import Translation
from haplan_ssr.translate.tree import HERE, words

WAN0 = {"usage": "wan", "ports": "ge-0/0/0", "source_nat": True, "address": {"type": "dhcp"}}
WAN1 = {"usage": "wan", "ports": "ge-1/0/0", "source_nat": True,
        "address": {"type": "static", "ip": "{{IP}}/25", "gateway": "{{GW}}"}}  # fmt: skip
LINKS = {"fab": {"usage": "ha_data", "ports": "ge-0/0/4,ge-1/0/4"},
         "sync": {"usage": "ha_control", "ports": "ge-0/0/5,ge-1/0/5"}}  # fmt: skip
TABLE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "site.s": ("site", "", {"address": "1 Main St",
                            "variables": {"IP": "192.0.2.10", "GW": "192.0.2.1", "VLAN": "30"}}),
    "site.h": ("site", "", {"variables": {}}),
    "overlay.o": ("overlay", "", {"type": "hub_spoke", "endpoints": ["h-wan0"]}),
    "network.guest": ("network", "", {"subnet": "10.9.30.0/24", "vlan_id": "{{VLAN}}"}),
    "network.office": ("network", "", {"subnet": "10.1.0.0/24"}),
    "application.any": ("application", "", {"addresses": ["0.0.0.0/0"], "protocols": ["any"]}),
    "application.office": ("application", "", {"addresses": ["10.1.0.0/24"], "protocols": ["any"]}),
    "application.dns": ("application", "", {"addresses": ["8.8.8.8/32"], "protocols": ["udp/53", "tcp/53,853"]}),
    "hub_profile.h": ("hub_profile", "", {"overlay": "o", "interfaces": {
        "wan0": {"usage": "wan", "ports": "ge-0/0/0", "source_nat": True, "endpoint": "h-wan0",
                 "address": {"type": "static", "ip": "198.51.100.2/24", "gateway": "198.51.100.1"}},
        "lan": {"usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True, "primary": "node0",
                "networks": {"office": {"ip": "10.1.0.1/24"}}}, **LINKS}}),
    "wan_edge_template.t": ("wan_edge_template", "", {"type": "spoke", "interfaces": {
        "wan0": {**WAN0, "overlay": {"h-wan0": {"overlay": "o"}}}, "wan1": WAN1,
        "lan": {"usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True, "primary": "node0",
                "networks": {"guest": {"ip": "10.9.30.1/24"}}}, **LINKS}}),
    "steering.t.over": ("steering", "wan_edge_template.t", {
        "template": "t", "strategy": "ecmp", "paths": [{"kind": "endpoint", "name": "h-wan0", "overlay": "o"}]}),
    "steering.t.out": ("steering", "wan_edge_template.t", {
        "template": "t", "strategy": "ordered",
        "paths": [{"kind": "wan", "name": "wan1"}, {"kind": "wan", "name": "wan0"}]}),
    "policy.t.to-hub": ("policy", "wan_edge_template.t", {
        "template": "t", "networks": ["guest"], "applications": ["office"], "action": "allow", "steering": "over"}),
    "policy.t.internet": ("policy", "wan_edge_template.t", {
        "template": "t", "networks": ["guest"], "applications": ["any"], "action": "allow", "steering": "out"}),
    "policy.h.in": ("policy", "hub_profile.h", {
        "profile": "h", "networks": ["guest"], "applications": ["office"], "action": "allow"}),
    "cluster.hub": ("cluster", "", {"site": "h", "model": "SSR120", "profile": "h",
                                    "nodes": {"020000000001": {"asset_id": "H1"}, "020000000002": {"asset_id": "H2"}}}),
    "cluster.spoke": ("cluster", "", {"site": "s", "model": "SSR120", "template": "t",
                                      "nodes": {"0200000000ff": {"asset_id": "B"}, "0200000000aa": {"asset_id": "A"}}}),
}  # fmt: skip


class Design:
    """Resources that a test changes."""

    def __init__(self) -> None:
        self.table = copy.deepcopy(TABLE)

    def values(self, address: str) -> dict[str, Any]:
        """The values of a resource, to change in place."""
        return self.table[address][2]

    def change(self, address: str, **values: Any) -> "Design":
        self.values(address).update(values)
        return self

    def add(self, address: str, values: Mapping[str, Any], owner: str = "") -> "Design":
        self.table[address] = (address.partition(".")[0], owner, dict(values))
        return self

    def drop(self, *addresses: str) -> "Design":
        for address in addresses:
            del self.table[address]
        return self

    def pieces(self) -> list[Resource]:
        return [
            Resource(address=address, type=kind, name=address.rpartition(".")[2], values=values, owner=owner)
            for address, (kind, owner, values) in self.table.items()
        ]


def lines(translation: Translation, *starts: str) -> list[str]:
    """A configuration as lines, those that begin with one of these words."""
    found = [
        words(path) if given.value is HERE else f"{words(path)} = {_shown(given.value)}"
        for path, given in translation.entries.items()
    ]
    return sorted(line for line in found if not starts or line.startswith(starts))


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()


def problems(translation: Translation, *rules: str) -> list[str]:
    """The problems as lines."""
    return [f"{one.rule} {one.address}: {one.text}" for one in translation.problems if not rules or one.rule in rules]


def said(found: Iterable[str], *parts: str) -> bool:
    """True if one line has all of these parts."""
    return any(all(part in line for part in parts) for line in found)


@pytest.fixture
def design() -> Design:
    return Design()

"""An authority with an HA hub and HA spokes, as a conductor's REST interface takes it."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

Tree = dict[str, Any]


def authority(spokes: int = 1) -> Tree:
    """`{"authority": {…}}` with hub h1 and as many spokes as said."""
    hub = router("h1", hub=True, mac="02:5a:1c:00:ff:01", lan="10.66.66.1", tenant="hub-lan")
    hub["service-route"] = [
        {"name": "corp-lan", "service-name": "corp", "next-hop": [{"node-name": "node0", "interface": "lan"}]}
    ]
    others = [spoke(number) for number in range(1, spokes + 1)]
    return {
        "authority": {
            "name": "lab",
            "conductor-address": ["192.0.2.1"],
            "router": [hub, *others],
            "security": [{"name": "internal"}],
            "tenant": [{"name": "spoke-guest"}, {"name": "hub-lan"}],
            "service-policy": [
                {"name": "only-wan1", "lb-strategy": "hunt", "vector": [
                    {"name": "wan1", "priority": 10}, {"name": "wan0", "priority": "never"}]},
                {"name": "Overlay", "lb-strategy": "proportional", "session-resiliency": "revertible-failover",
                 "vector": [{"name": "h1-wan0", "priority": 10}, {"name": "h1-wan1", "priority": 10}]},
            ],
            "service": [
                {"name": "guest-internet", "scope": "private", "address": ["0.0.0.0/0"],
                 "applies-to": [{"type": "router", "router-name": [one["name"] for one in others]}],
                 "access-policy": [{"source": "spoke-guest", "permission": "allow"}],
                 "service-policy": "only-wan1", "share-service-routes": False},
                {"name": "corp", "scope": "private", "security": "internal", "address": ["10.0.0.0/8"],
                 "access-policy": [{"source": "spoke-guest", "permission": "allow"}], "service-policy": "Overlay",
                 "share-service-routes": True},
            ],
        }
    }  # fmt: skip


def spoke(number: int) -> Tree:
    mac = f"02:5a:1c:01:{number >> 8:02x}:{number & 255:02x}"
    made = router(f"spoke{number}", hub=False, mac=mac, lan="172.22.99.1", tenant="spoke-guest")
    hop = {"node-name": "node1", "interface": "wan1"}
    made["service-route"] = [{"name": "guest-internet-wan1", "service-name": "guest-internet", "next-hop": [hop]}]
    return made


def router(name: str, *, hub: bool, mac: str, lan: str, tenant: str) -> Tree:
    """A pair of SSR120: wan0 on node0, wan1 on node1, a redundant LAN, fabric and sync links."""
    return {
        "name": name,
        "inter-node-security": "internal",
        "node": [_node(name, number, hub, mac, lan, tenant) for number in (0, 1)],
    }


def _node(name: str, number: int, hub: bool, mac: str, lan: str, tenant: str) -> Tree:
    inside = {"name": "lan", "vlan": 30, "tenant": tenant, "address": [{"ip-address": lan, "prefix-length": 24}]}
    return {
        "name": f"node{number}", "role": "combo", "asset-id": f"{name}-{number}", "device-interface": [
            {"name": f"ge-0-{number}", "pci-address": f"0000:04:00.{1 - number}", "network-interface": [
                _wan(number, hub)]},
            {"name": "ge-0-3", "pci-address": "0000:03:00.0", "shared-phys-address": mac, "network-interface": [
                inside]},
            {"name": "ge-0-4", "pci-address": "0000:02:00.1", "network-interface": [
                _link("ha-fabric", 4 + number, 31)]},
            {"name": "ge-0-5", "pci-address": "0000:02:00.0", "forwarding": False, "network-interface": [
                _link("ha-sync", 1 + number, 30)]},
        ]}  # fmt: skip


def _link(name: str, last: int, length: int) -> Tree:
    address = {"ip-address": f"169.254.253.{last}", "prefix-length": length}
    return {"name": name, "type": "fabric", "address": [address]}


def _wan(number: int, hub: bool) -> Tree:
    side: Tree = {"name": f"h1-wan{number}", "vector": f"h1-wan{number}"}
    side |= {"topology": "hub"} if hub else {"topology": "spoke", "peer-connectivity": "outbound-only"}
    net = f"198.51.{100 + number}"
    address: Tree = {"address": [{"ip-address": f"{net}.254", "prefix-length": 24, "gateway": f"{net}.1"}]}
    return {
        "name": f"wan{number}", "source-nat": True, "conductor": True, "inter-router-security": "internal",
        "neighborhood": [side], **(address if hub else {"dhcp": "v4"}),
    }  # fmt: skip


def at(tree: Any, path: str) -> Any:
    """What is at a path of names and keys: "router/spoke1/node/node0"."""
    place = tree["authority"]
    steps = iter(path.split("/") if path else ())
    for name in steps:
        place = place[name]
        if isinstance(place, list) and place and isinstance(place[0], dict):
            key = next(steps, None)
            place = place if key is None else next(one for one in place if key in _keys(one))
    return place


def _keys(entry: Tree) -> Iterator[str]:
    return (str(entry.get(key)) for key in ("name", "ip-address", "source", "type"))


def changed(path: str, *, tree: Tree | None = None, drop: Sequence[str] = (), **values: Any) -> Tree:
    """The example, or `tree`, with leaves of one place set (`_` for `-`) or left out."""
    out = copy.deepcopy(tree or authority())
    place = at(out, path)
    for name in drop:
        del place[name]
    place.update({name.replace("_", "-"): value for name, value in values.items()})
    return out

"""Ten ways in which the vendor's documentation builds redundancy, each as a small authority under names of our own.

What each is after: `docs/config_ha.md` (shared interfaces, redundancy groups, fabric), `config_non_forwarding_ha_
interfaces.md` (sync), `config_ha_vrrp.md` (two routers), `config_conductor_ha` (a pair of conductors), and the pages on
BGP over SVR, LTE, bonds and in-band management. `STACK` says how a stack of haplan comes to the same, or why not.
"""

from collections.abc import Callable
from typing import Any

Tree = dict[str, Any]
AUTHORITY: Tree = {"name": "harbour", "conductor-address": ["192.0.2.5"], "security": [{"name": "internal"}]}


def authority(*routers: Tree, **more: Any) -> Tree:
    return {"authority": {**AUTHORITY, "router": list(routers), **more}}


def router(name: str, *nodes: Tree, **more: Any) -> Tree:
    plain = {key.replace("_", "-"): value for key, value in more.items()}
    return {"name": name, "inter-node-security": "internal", "location": "pier", "node": list(nodes), **plain}


def node(number: int, *devices: Tree, role: str = "combo", **more: Any) -> Tree:
    plain = {key.replace("_", "-"): value for key, value in more.items()}
    known = {"name": f"node{number}", "role": role, "asset-id": f"PIER{number}"}
    return {**known, "device-interface": list(devices), **plain}


def port(name: str, bus: str, *interfaces: Tree, **more: Any) -> Tree:
    plain = {key.replace("_", "-"): value for key, value in more.items()}
    return {"name": name, "pci-address": f"0000:{bus}", "network-interface": list(interfaces), **plain}


def face(name: str, address: str = "", gateway: str = "", **more: Any) -> Tree:
    plain = {key.replace("_", "-"): value for key, value in more.items()}
    ip, _, length = address.partition("/")
    way = {"gateway": gateway} if gateway else {}
    listed = [{"ip-address": ip, "prefix-length": int(length), **way}] if ip else []
    return {"name": name, **({"address": listed} if listed else {"dhcp": "v4"}), **plain}


def sync(number: int) -> Tree:
    """The non-forwarding link on which the two nodes share their state."""
    return port("ha-sync", "02:00.0", face("sync", f"169.254.1.{number + 1}/30", type="fabric"), forwarding=False)


def fabric(number: int) -> Tree:
    return port("ha-fab", "02:00.1", face("fab", f"169.254.1.{number + 5}/30", type="fabric"))


MAC = "02:5a:00:00:00:0a"


def shared(*more: Tree, mac: str = MAC) -> Tree:
    return port("lan", "03:00.0", face("desks", "10.20.0.1/24"), *more, shared_phys_address=mac)


def wan(number: int, **more: Any) -> Tree:
    address = f"198.51.100.{10 + number}/24"
    return port("wan", "04:00.1", face(f"wan{number}", address, "198.51.100.1", source_nat=True, **more))


def standing_by() -> Tree:
    """Everything is shared: the second node waits."""
    outside = port("wan", "04:00.1", face("wan", "198.51.100.10/24", "198.51.100.1", source_nat=True),
                   shared_phys_address="02:5a:00:00:00:0b")  # fmt: skip
    groups = [
        {"name": f"g{n}", "priority": 50 - 25 * n,
         "member": [{"node": f"node{n}", "device-id": device} for device in ("wan", "lan")]}
        for n in (0, 1)
    ]  # fmt: skip
    nodes = [node(n, outside, shared(), sync(n)) for n in (0, 1)]
    return authority(router("pier", *nodes, redundancy_group=groups))


def both_working() -> Tree:
    """Each node has its WAN; what enters on the other one crosses the fabric."""
    return authority(router("pier", *(node(n, wan(n), shared(), fabric(n), sync(n)) for n in (0, 1))))


def own_address_each() -> Tree:
    """A shared interface on which each node has an address of its own beside, for probes."""

    def desks(number: int) -> Tree:
        made = shared()
        made["network-interface"][0]["management"] = True
        made["network-interface"][0]["address"][0]["utility-ip-address"] = f"10.20.0.{2 + number}"
        return made

    return authority(router("pier", *(node(n, wan(n), desks(n), fabric(n), sync(n)) for n in (0, 1))))


def two_routers() -> Tree:
    """Two routers that share an address by VRRP and nothing else; the service fails over between its routes."""

    def side(number: int) -> Tree:
        lan = port("lan", "03:00.0", face("desks", f"10.20.0.{2 + number}/24", tenant="desks"),
                   vrrp={"enabled": True, "vrid": 7, "priority": 200 - 50 * number})  # fmt: skip
        routes = [{"name": "out", "service-name": "internet", "vector": "out", "enable-failover": True,
                   "next-hop": [{"node-name": "node0", "interface": f"wan{number}"}]}]  # fmt: skip
        made = node(0, wan(number), lan)
        made["asset-id"] = f"PIER{number}"
        return router(f"pier{number}", made, service_route=routes)

    return authority(
        side(0), side(1), tenant=[{"name": "desks"}],
        **{"service-policy": [{"name": "first", "vector": [{"name": "out", "priority": 10}]}]},
        service=[{"name": "internet", "scope": "private", "address": ["0.0.0.0/0"], "service-policy": "first",
                  "access-policy": [{"source": "desks"}], "security": "internal"}],
    )  # fmt: skip


def two_conductors() -> Tree:
    faces = [face("mgmt", f"192.0.2.{5 + n}/24", type="shared") for n in (0, 1)]
    nodes = [node(n, port("mgmt", "05:00.0", faces[n], forwarding=False), role="conductor") for n in (0, 1)]
    found = authority(router("lookout", *nodes))
    found["authority"]["conductor-address"] = ["192.0.2.5", "192.0.2.6"]
    return found


def hub_and_spoke() -> Tree:
    """A neighbourhood on both nodes of a hub, and a spoke that builds towards it."""

    def end(topology: str, connectivity: str) -> Tree:
        return {"inter_router_security": "internal",
                "neighborhood": [{"name": "sea", "topology": topology, "peer-connectivity": connectivity}]}  # fmt: skip

    ends = [wan(n, **end("hub", "bidirectional")) for n in (0, 1)]
    hub = router("pier", *(node(n, ends[n], shared(), fabric(n), sync(n)) for n in (0, 1)))
    boat = node(0, port("wan", "04:00.1", face("wan", source_nat=True, **end("spoke", "outbound-only"))))
    boat["asset-id"] = "BOAT0"
    return authority(hub, router("boat", boat))


def bgp_over_svr() -> Tree:
    """Routes of a LAN travel from a loopback over the overlay."""
    routing = [{"type": "rt:default-instance", "interface": [{"name": "loop", "ip-address": "10.99.0.1"}],
                "routing-protocol": [{"type": "bgp", "local-as": 65001, "router-id": "10.99.0.1", "neighbor": [
                    {"neighbor-address": "10.99.0.2", "neighbor-as": 65002,
                     "transport": {"local-address": {"routing-interface": "loop"}},
                     "address-family": [{"afi-safi": "ipv4-unicast"}]}]}]}]  # fmt: skip
    return authority(router("pier", *(node(n, wan(n), shared(), fabric(n), sync(n)) for n in (0, 1)), routing=routing))


def lte_on_the_second() -> Tree:
    def modem(number: int) -> Tree:
        return {"name": "lte", "type": "lte", "target-interface": "wwp0s21u1i8", "lte": {"apn-name": "sea"},
                "network-interface": [face("radio", source_nat=True)]}  # fmt: skip

    nodes = [node(0, wan(0), shared(), fabric(0), sync(0)), node(1, modem(1), shared(), fabric(1), sync(1))]
    return authority(router("pier", *nodes))


def bonds() -> Tree:
    """LAN ports of each node bundled: the members name their bond, which has the network."""

    def lan(number: int) -> tuple[Tree, ...]:
        bond = {"name": "lan", "type": "bond", "bond-settings": {"lacp-enable": True},
                "network-interface": [face("desks", f"10.2{number}.0.1/24")]}  # fmt: skip
        ports = ({"name": f"p{n}", "type": "ethernet", "pci-address": f"0000:08:00.{n}", "parent-bond": "lan"}
                 for n in (2, 3))  # fmt: skip
        return (bond, *ports)

    return authority(router("pier", *(node(n, wan(n), *lan(n), fabric(n), sync(n)) for n in (0, 1))))


def in_band() -> Tree:
    """Boxes behind their own WANs, told apart by name on the platform's own switch, with later settings around them."""

    def way(number: int) -> Tree:
        made = wan(number, management=True, default_route=True,
                   management_vector={"name": f"wan{number}", "priority": 10})  # fmt: skip
        del made["pci-address"]
        return {**made, "interface-name": "ge-0-0"}

    more = {"platform_type": "ssr400", "ssh_settings": {"inter-router": {"host-key-checking": "yes"}}}
    nodes = [node(n, way(n), shared(), fabric(n), sync(n), **more) for n in (0, 1)]
    return authority(
        router("pier", *nodes, dns_cache={"enabled": True, "tenant": "desks", "addresses": ["192.0.2.53"]},
               dns_app_id={"enabled": True, "builtin-apps": ["gmail"]}),
        tenant=[{"name": "desks"}],
        **{"asset-connection-resiliency": {"enabled": True},
           "trusted-ca-certificate": [{"name": "root", "content": "x"}]},
        service=[{"name": "mail.office", "scope": "private", "address": ["10.30.0.0/24"], "security": "internal",
                  "access-policy": [{"source": "desks"}]},
                 {"name": "web", "scope": "private", "domain-name": ["example.net"], "security": "internal",
                  "access-policy": [{"source": "desks"}]}],
    )  # fmt: skip


CONFIGURATIONS: dict[str, Callable[[], Tree]] = {
    one.__name__: one
    for one in (standing_by, both_working, own_address_each, two_routers, two_conductors, hub_and_spoke, bgp_over_svr,
                lte_on_the_second, bonds, in_band)
}  # fmt: skip
STACK = {
    "standing_by": 'wan("wan", "ge-0/0/0,ge-1/0/0", …, shared_wan="reason") and a redundant lan(…)',
    "both_working": "the usual pair: a WAN on each node, lan(…), ha_fabric(…), ha_sync(…)",
    "own_address_each": "not said: a LAN has one address for the pair; one of each node beside it stays as it is",
    "two_routers": "not said: two routers without shared state are outside the design",
    "two_conductors": 'not said: the conductor itself is no resource; provider("ssr", host=[…]) names both',
    "hub_and_spoke": "HubProfile(overlay=…) and wan(…, overlay=[hub.endpoint(…)]), an endpoint for each WAN; one "
    "neighbourhood on both nodes stays as it is",
    "bgp_over_svr": "not said: routing is lists of entries, which stay as they are",
    "lte_on_the_second": "not said: a WAN by LTE is refused (SSR006)",
    "bonds": "not said: aggregated=True is refused (SSR006)",
    "in_band": 'management=True of provider("ssr"), the default; ports by name (SSR400) are refused (SSR002)',
}
"""Configuration → how it is said, or why it is not."""

"""What is alive between boxes follows from what they run: a wrong design looks broken."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan_mist.lab.devices import peers
from haplan_mist.lab.devices.running import Box

HUB, SPOKE = "02005e100a10", "02005e100c30"
STATIC = {"type": "static", "ip": "198.51.100.254", "netmask": "/24", "gateway": "198.51.100.1"}


def port(role: str, path: str, **more: Any) -> dict[str, Any]:
    return {"usage": "wan", "name": "wan0", "vpn_paths": {path: {"role": role}}, **more}


def box(mac: str, *ports: dict[str, Any], up: bool = True, unplugged: tuple[str, ...] = (), **config: Any) -> Box:
    row: Any = {"mac": mac, "name": mac[-4:], "model": "SSR120", "org_id": "o", "site_id": f"site of {mac}",
                "away_from": None, "created": 5.0}  # fmt: skip
    keys = ("ge-0/0/0", "ge-0/0/1")
    vpns = {"Org": {"paths": {"h1-wan0": {}, "h1-wan1": {}}}}
    config = {"port_config": dict(zip(keys, ports, strict=False)), "vpns": vpns, **config}
    return Box(row=row, pair=None, config=config, since=10.0, up=(up, False), unplugged=frozenset(unplugged))


def hub(**more: Any) -> Box:
    ip = more.pop("ip_config", STATIC)
    return box(HUB, port("hub", "h1-wan0.Org", ip_config=ip, **more.pop("port", {})), **more)


def spoke(path: str = "h1-wan0.Org", **more: Any) -> Box:
    return box(SPOKE, port("spoke", path, **more.pop("port", {})), **more)


def test_each_side_sees_its_peer() -> None:
    rows = peers.vpn_peers([hub(), spoke()], 100.0)
    assert [(row["mac"], row["port_id"], row["peer_mac"], row["up"], row["uptime"]) for row in rows] == [
        (SPOKE, "wan0", HUB, True, 90), (HUB, "wan0", SPOKE, True, 90)
    ]  # fmt: skip
    assert peers.alarms([hub(), spoke()], 100.0) == []


@pytest.mark.parametrize(
    ("boxes", "ups"),
    [
        (lambda: [spoke()], []),  # nobody has the endpoint
        (lambda: [hub(), spoke("h1-wan1.Org")], []),
        (lambda: [hub(up=False), spoke()], [False, False]),
        (lambda: [hub(), spoke(up=False)], [False, False]),
        (lambda: [hub(), spoke(unplugged=("ge-0/0/0",))], [False, False]),
        (lambda: [hub(), spoke(port={"disabled": True})], [False, False]),
        (lambda: [hub(ip_config={**STATIC, "gateway": "203.0.113.1"}), spoke()], [False, False]),
        (lambda: [hub(), spoke(vpns={"Org": {"paths": {"h1-wan0": {"ip": "203.0.113.9"}}}})], [False, False]),
        (lambda: [hub(port={"wan_ext_ip": "203.0.113.9"}),
                  spoke(vpns={"Org": {"paths": {"h1-wan0": {"ip": "203.0.113.9"}}}})], [True, True]),
        (lambda: [hub(), spoke(vpns={})], [False, False]),
    ],
)  # fmt: skip
def test_a_wrong_endpoint_a_missing_hub_and_a_spoke_cut_off_look_broken(
    boxes: Callable[[], list[Box]], ups: list[bool]
) -> None:
    assert [row["up"] for row in peers.vpn_peers(boxes(), 100.0)] == ups


def test_bgp_comes_up_with_a_neighbour_on_a_lan_that_is_there() -> None:
    lan = {"usage": "lan", "networks": ["corp"]}
    config = {"lan": {"via": "lan", "local_as": 65000, "neighbors": {"10.1.1.2": {"neighbor_as": 65001}}}}

    def state(address: str = "10.1.1.1", **more: Any) -> list[tuple[Any, Any]]:
        ips = {"corp": {"type": "static", "ip": address, "netmask": "/24"}}
        one = box(SPOKE, lan, bgp_config=config, ip_configs=ips, **more)
        return [(row["state"], row["up"]) for row in peers.bgp_peers([one], 100.0)]

    assert state() == [("established", True)]
    assert state("10.9.9.1") == state(unplugged=("ge-0/0/0",)) == state(up=False) == [("active", False)]


def test_bgp_over_the_overlay_is_up_where_a_peer_is() -> None:
    over = {"Org": {"via": "vpn", "vpn_name": "Org"}}
    rows = peers.bgp_peers([hub(), spoke(bgp_config=over)], 100.0)
    assert [(row["mac"], row["neighbor_mac"], row["up"]) for row in rows] == [(SPOKE, HUB, True)]
    assert peers.bgp_peers([hub(up=False), spoke(bgp_config=over)], 100.0) == []


def test_a_tunnel_needs_its_wan_and_its_key() -> None:
    def up(wan: str = "wan0", **more: Any) -> list[tuple[Any, Any]]:
        given = {"provider": "custom-ipsec", "psk": True, "primary": {"hosts": ["192.0.2.9"], "wan_names": [wan]}}
        rows = peers.tunnels([spoke(tunnel_configs={"zs": {**given, **more}})], 100.0)
        return [(row["up"], row.get("last_event", "")) for row in rows]

    assert up() == [(True, "")]
    assert up("wan9") == [(False, "there is no WAN wan9")]
    assert up(psk=False) == [(False, "authentication failed: no pre-shared key")]


def test_alarms_are_open_for_what_is_away() -> None:
    found = peers.alarms([hub(up=False), spoke()], 100.0)
    assert [(one["type"], one["gateways"], one["status"]) for one in found] == [
        ("gateway_down", [HUB], "open"), ("gw_vpn_peer_down", [HUB], "open"), ("gw_vpn_peer_down", [SPOKE], "open")
    ]  # fmt: skip

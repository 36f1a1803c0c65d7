"""How a simulated pair works, as PyEZ's own tables see it: a provider that is dead moves the default route."""

from collections.abc import Callable

import pytest
from lxml import etree

from tests.srx_e2e.world import World, node_of

pytest.importorskip("jnpr.junos", reason="PyEZ (junos-eznc) is not installed")
from jnpr.junos import Device
from jnpr.junos.op.arp import ArpTable
from jnpr.junos.op.bgp import bgpTable
from jnpr.junos.op.ethport import EthPortTable
from jnpr.junos.op.routes import RouteTable
from jnpr.junos.op.securityzone import SecurityZoneTable

Shops = Callable[..., World]


def pyez(world: World) -> Device:
    port = world.served.ports[node_of(1)]
    password = world.lab.password("pat")
    return Device(host="127.0.0.1", port=port, user="pat", password=password, gather_facts=False).open()


def default(device: Device) -> str:
    """The next hop of the default route that is taken."""
    found = device.rpc.get_route_information(destination="0.0.0.0/0", table="inet.0")
    return str(next(one.findtext("nh/to") for one in found.iter("rt-entry") if one.find("current-active") is not None))


def test_tables_of_pyez_tell_what_the_pair_runs_and_a_dead_provider_moves_the_default_route(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    with pyez(world) as device:
        ports = {one.name: one.oper for one in EthPortTable(device).get()}
        assert ports["ge-0/0/7"] == "up"
        assert {one.name for one in SecurityZoneTable(device).get()} >= {"wan0", "wan1", "office", "guest"}
        assert {one.ip_address for one in ArpTable(device).get()} == {"192.0.2.1", "198.51.100.1"}
        assert [one.peer_id for one in bgpTable(device).get()] == []
        let = device.rpc.get_firewall_policies(from_zone="office", to_zone="wan0")
        (one,) = let.iter("policy-information")
        assert [one.findtext(part) for part in ("policy-name", "applications/application/application-name")] == [
            "office-web", "web",
        ]  # fmt: skip
        assert one.findtext("policy-action/action-type") == "permit"
        routes = RouteTable(device).get("0.0.0.0/0")
        assert routes["0.0.0.0/0"].protocol in ("Static", ["Static"] * 3)
        assert default(device) == "192.0.2.1"
        shown = device.rpc(etree.fromstring("<command>show route</command>"))
        assert next(one.text for one in shown.iter("table-name")) == "inet.0"
        world.lab.link(node_of(1), "ge-0/0/7", up=False)
        assert default(device) == "198.51.100.1"
        world.lab.link(node_of(1), "ge-0/0/7", up=True)
    world.misbehave('[srx]\n[[srx.silent]]\nhost = "192.0.2.1"\n')
    assert world.plan().changes == ()
    with pyez(world) as device:
        assert default(device) == "198.51.100.1"

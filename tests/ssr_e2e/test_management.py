"""Boxes are managed over their own WANs, and whoever touches that is told."""

from collections.abc import Callable

from tests.ssr_e2e.world import World

Make = Callable[..., World]


def wans(world: World) -> dict[str, dict[str, object]]:
    return {
        interface["name"]: interface
        for node in world.router("branch")["node"]
        for device in node["device-interface"]
        for interface in device["network-interface"]
        if interface["name"].startswith("wan")
    }


def test_each_wan_is_a_way_for_the_boxs_own_traffic_and_a_change_of_it_is_told(pair: Make) -> None:
    world = pair()
    assert world.apply().exit_code == 0
    found = wans(world)
    assert {
        name: (one["management"], one["default-route"], one["management-vector"]) for name, one in found.items()
    } == {
        "wan0": (True, True, {"name": "wan0", "priority": 10}),
        "wan1": (True, True, {"name": "wan1", "priority": 20}),
    }
    world.edit("stack.py", 'wan("wan0", "ge-0/0/0", dhcp())', 'wan("wan0", "ge-0/0/0", dhcp(), mtu=1400)')
    world.edit("stack.py", "vlan_id=2099", "vlan_id=2100")
    told = [(one.address, one.message) for one in world.plan().findings if one.rule == "HA166"]
    assert told == [
        ("wan_edge_template.edge", "this change touches what boxes are managed over: branch node0 wan0"),
    ]


def test_there_is_a_word_to_switch_it_off(pair: Make) -> None:
    world = pair(settings=", management=False")
    assert world.apply().exit_code == 0
    assert not [one for one in wans(world).values() if "management" in one or "default-route" in one]
    world.edit("stack.py", ", management=False", "")
    assert world.plan().empty()  # what was made without it stays, until somebody says so
    world.edit("stack.py", 'provider("ssr"', 'provider("ssr", management=True')
    assert not world.plan().empty()
    assert world.apply().exit_code == 0
    assert world.plan().empty()
    assert all(one["management"] for one in wans(world).values())

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


MTU = ('wan("wan0", "ge-0/0/0", dhcp())', 'wan("wan0", "ge-0/0/0", dhcp(), mtu=1400)')
WAN2 = ("    lan(", '    wan("wan2", "ge-0/0/1", dhcp()),\n    lan(')
TOLD = (
    "2 WANs are no ways for the own traffic of their boxes (branch node0 wan0, branch node1 wan1) and stay so: "
    'provider("ssr", management=True) makes them that, management=False says that it is meant'
)


def take_away(world: World, name: str) -> None:
    """Somebody takes the management of a WAN away on the conductor."""
    node, port = {"wan0": ("node0", "ge-0-0"), "wan1": ("node1", "ge-0-0")}[name]
    place = f"/authority/router/branch/node/{node}/device-interface/{port}/network-interface"
    kept = {
        key: value for key, value in wans(world)[name].items() if key.split("-")[0] not in ("management", "default")
    }
    world.change("DELETE", f"{place}/{name}", commit=False)
    world.change("POST", place, kept)


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


def test_what_somebody_takes_away_of_it_is_drift_and_put_back(pair: Make) -> None:
    world = pair()
    assert world.apply().exit_code == 0
    take_away(world, "wan0")
    plan = world.plan()
    assert [(one.address, [*one.seen]) for one in plan.drift] == [("wan_edge_template.edge", ["interfaces"])]
    assert world.apply(plan).exit_code == 0
    assert all(one["management"] for one in wans(world).values())


def test_there_is_a_word_to_switch_it_off(pair: Make) -> None:
    world = pair(settings=", management=False")
    assert world.apply().exit_code == 0
    assert not [one for one in wans(world).values() if "management" in one or "default-route" in one]
    world.edit("stack.py", ", management=False", "")
    plan = world.plan()
    assert plan.empty()  # what was made without it stays, until somebody says so
    assert [line for line in plan.notes if "no ways for the own traffic" in line] == [TOLD]
    world.edit("stack.py", *MTU)
    world.edit("stack.py", *WAN2)
    assert world.apply().exit_code == 0  # also where something else of the WAN changes
    found = wans(world)
    assert found["wan0"]["mtu"] == 1400
    assert {name: "management" in one for name, one in found.items()} == {"wan0": False, "wan1": False, "wan2": True}
    assert world.plan().empty()
    world.edit("stack.py", 'provider("ssr"', 'provider("ssr", management=True')
    assert not world.plan().empty()
    assert world.apply().exit_code == 0
    assert world.plan().empty()
    assert all(one["management"] for one in wans(world).values())

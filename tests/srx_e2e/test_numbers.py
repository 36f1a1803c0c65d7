"""Numbers and names once given on a device stay with what has them, also when others come and go."""

from collections.abc import Callable

from haplan import engine
from haplan.host.session import Options, open_session
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
LAN = '    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "{{OFFICE}}.1/24", guest: "172.22.99.1/24"}),\n'
FIRST = '    lan("cameras", "ge-0/0/4,ge-1/0/4", {camera: "10.77.0.1/24"}),\n'
CAMERA = 'camera = Network("camera", subnet="10.77.0.0/24", vlan_id=77)\n'


def numbered(world: World) -> World:
    """The redundant LAN gets its number from haplan."""
    world.edit(", reth_idx=0", "")
    world.edit("edge = Wan", f"{CAMERA}edge = Wan")
    assert world.apply().exit_code == 0
    assert reths(world) == {"ge-0/0/3": "reth0", "ge-1/0/3": "reth0"}
    return world


def reths(world: World, number: int = 1) -> dict[str, str]:
    found = (line.split() for line in world.lines(node_of(number)) if "redundant-parent" in line)
    return {words[2]: words[-1] for words in found}


def test_an_interface_keeps_its_number_when_another_comes_before_it_and_goes(shops: Shops) -> None:
    world = numbered(shops())
    world.edit(LAN, FIRST + LAN)
    assert world.apply_file().exit_code == 0
    both = {"ge-0/0/3": "reth0", "ge-1/0/3": "reth0", "ge-0/0/4": "reth1", "ge-1/0/4": "reth1"}
    assert reths(world) == both
    assert world.plan().empty()
    assert world.plan(refresh=False).empty()
    world.edit(LAN, "")
    policies(world)
    assert world.apply().exit_code == 0
    assert reths(world) == {"ge-0/0/4": "reth1", "ge-1/0/4": "reth1"}
    assert world.plan().empty()
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        second = engine.runs(session)[1].id
        assert engine.apply(session, engine.rollback(session, second)).exit_code == 0
    assert reths(world) == both


def policies(world: World) -> None:
    """The policies are for the cameras."""
    world.edit('allow("office-web", [office]', 'allow("office-web", [camera]')
    world.edit('allow("guest-out", [guest]', 'allow("guest-out", [camera]')


def test_each_device_keeps_its_own_number(shops: Shops) -> None:
    world = numbered(shops(2))
    world.edit(LAN, FIRST + LAN)
    assert world.apply(targets=("cluster.shop1", "wan_edge_template.edge")).exit_code == 0
    for number in (1, 2):
        assert reths(world, number)["ge-0/0/3"] == "reth0"
    world.apply()
    assert world.plan().empty()
    assert reths(world, 2)["ge-0/0/4"] == "reth1"


def test_a_made_name_stays_when_a_user_calls_something_so(shops: Shops) -> None:
    world = shops()
    deny = 'Policy("block", template=edge, networks=[office], applications=[web, anything], action="deny")'
    world.edit("# here", f"{deny}\n# here")
    assert world.apply().exit_code == 0
    assert any("policy block-web then deny" in line for line in world.lines(node_of(1)))
    world.edit("# here", 'allow("block-web", [guest], web, first)')
    (change,) = world.plan().changes
    assert change.address == "policy.edge.block-web"
    assert world.apply().exit_code == 0
    said = [line for line in world.lines(node_of(1)) if "policy block-web" in line and " then " in line]
    assert {line.rpartition(" ")[2] for line in said if "policy block-web then" in line} == {"deny"}
    made = [line for line in said if "policy block-web then" not in line]
    assert [line.rpartition(" ")[2] for line in made if "from-zone guest" in line] == ["permit", "permit"]
    assert world.plan().empty()

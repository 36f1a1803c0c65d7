"""The order of interfaces: what a device prefers and numbers follows the list of the stack, whichever way it goes."""

from collections.abc import Callable

from haplan import engine, repair
from haplan.host.session import Options, open_session
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
ROUTE = "routing-options static route 0.0.0.0/0 qualified-next-hop"
MPLS, LTE = "192.0.2.1", "198.51.100.1"


def named(world: World) -> World:
    """WANs in no alphabetical order."""
    path = world.folder / "stack.py"
    path.write_text(path.read_text().replace("wan0", "mpls").replace("wan1", "lte"))
    return world


def preferred(world: World) -> str:
    """The gateway that the main table prefers: what IP monitoring holds there, or the static route."""
    lines = world.lines(node_of(1))
    held = "set services ip-monitoring policy {} then preferred-route route 0.0.0.0/0 preferred-metric 5"
    ways = {MPLS: "mpls", LTE: "lte"}
    found = [one for one, wan in ways.items() if {f"set {ROUTE} {one} preference 5", held.format(wan)} & lines]
    (only,) = found
    return only


def exchange(world: World) -> None:
    """The two WANs change places in the stack."""
    path = world.folder / "stack.py"
    lines = path.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if 'wan("' in line and "static" in line)
    lines[at : at + 2] = lines[at : at + 2][::-1]
    path.write_text("\n".join(lines) + "\n")


def test_the_order_of_the_stack_runs_whichever_way_it_comes(shops: Shops) -> None:
    world = named(shops())
    assert world.apply_file().exit_code == 0
    assert preferred(world) == MPLS
    assert world.plan().empty()
    exchange(world)
    (change,) = world.plan().changes
    assert [list(side["interfaces"])[:2] for side in (change.before, change.after) if side] == [
        ["mpls", "lte"],
        ["lte", "mpls"],
    ]
    assert world.apply_file().exit_code == 0
    assert preferred(world) == LTE
    assert world.plan().empty()
    assert world.plan(refresh=False).empty()
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        first = engine.runs(session)[0].id
        assert engine.apply(session, engine.rollback(session, first)).exit_code == 0
    assert preferred(world) == MPLS


def test_a_change_beside_them_leaves_them_in_order(shops: Shops) -> None:
    world = named(shops())
    world.apply()
    world.edit('protocols=["tcp/80,443"]', 'protocols=["tcp/443"]')
    assert world.apply_file().exit_code == 0
    assert preferred(world) == MPLS
    assert world.plan().empty()


def test_an_order_that_was_changed_by_hand_is_told_as_one_and_can_be_taken_into_state(shops: Shops) -> None:
    world = named(shops())
    world.edit('192.0.2.1"))', '192.0.2.1"), probes=False)')
    world.edit('198.51.100.1"))', '198.51.100.1"), probes=False)')
    world.apply()
    world.by_hand(node_of(1), f"set {ROUTE} {MPLS} preference 6", f"set {ROUTE} {LTE} preference 5")
    (moved,) = world.plan().drift
    assert [list(side["interfaces"])[:2] for side in (moved.recorded, moved.seen) if side] == [
        ["mpls", "lte"],
        ["lte", "mpls"],
    ]
    exchange(world)
    assert world.apply(refresh_only=True).exit_code == 0
    assert world.plan().empty()
    assert preferred(world) == LTE


def test_a_pair_that_was_forgotten_comes_back_into_state_without_a_look_whatever_was_remembered_of_its_device(
    shops: Shops,
) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        repair.forget(session, ["cluster.shop1"])
    world.edit("from haplan import provider\n", "from haplan import imported, provider\n")
    world.edit("# here", f'imported("cluster.shop1", "{node_of(1)}")')
    result = world.apply(refresh=False)
    assert ([one.text for one in result.failed], result.exit_code) == ([], 0)
    assert world.plan().empty()

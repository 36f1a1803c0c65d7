"""How an apply puts its edits into the candidate, by what the conductor has."""

from collections.abc import Callable

from haplan.model.plan import Plan
from tests.ssr_e2e.world import World

Make = Callable[..., World]


def counted(world: World, plan: Plan) -> tuple[int, int]:
    """How many calls a plan expects, and how many its apply makes."""
    before = sum(world.calls().values())
    assert world.apply(plan).exit_code == 0
    looks = sum(world.calls("GET /api/v1/lab").values())
    return plan.calls[0].expected, sum(world.calls().values()) - before - looks


def test_a_plan_says_how_many_calls_its_apply_takes(pair: Make) -> None:
    """What forms takes as many looks as it takes time; all else is known."""
    world = pair()
    expected, made = counted(world, world.plan())
    assert made <= expected <= made * 1.5
    for old, new in (
        ('"ge-0/0/0", dhcp())', '"ge-0/0/0", dhcp(), mtu=1400)'),  # a leaf comes
        (", mtu=1400)", ")"),  # and goes, with its entry
        (", vlan_id=2099", ""),
        ('"9.9.9.9/32"', '"9.9.9.8/32"'),
    ):
        world.edit("stack.py", old, new)
        expected, made = counted(world, world.plan())
        assert expected == made, new
    expected, made = counted(world, world.plan(destroy=True))
    assert expected == made


def test_a_conductor_of_6_3_is_written_with_few_calls(pair: Make) -> None:
    world = pair()
    assert world.apply().exit_code == 0
    calls = world.calls()
    assert calls["PATCH //config/edit"] == 1
    assert not [call for call in calls if "/config/candidate/authority" in call]
    world.edit("stack.py", ", vlan_id=2099", "")
    world.edit("stack.py", '"9.9.9.9/32"', '"9.9.9.8/32"')
    assert world.apply().exit_code == 0
    assert world.plan().empty()
    assert world.destroy().exit_code == 0


def test_what_the_door_refuses_is_told_edit_by_edit_with_its_resource(pair: Make) -> None:
    world = pair()
    world.misbehave(
        '[[fault]]\non = "PATCH //config/edit"\nstatus = 400\nbody = "no"\n'
        '[[fault]]\non = "POST /config/candidate/authority/service"\nstatus = 400\nbody = "no such service"\n'
    )
    result = world.apply()
    assert result.exit_code == 3
    assert "policy.edge." in result.failed[0].text
    assert "no such service" in result.failed[0].text
    assert not world.is_dirty()
    assert world.apply().exit_code == 0


def test_an_older_one_is_written_edit_by_edit(pair: Make) -> None:
    world = pair('[settings]\nversion = "6.2.5-1"\n')
    assert world.apply().exit_code == 0
    calls = world.calls()
    assert "PATCH //config/edit" not in calls
    assert calls["POST /config/candidate/authority/router"] == 1
    assert world.plan().empty()

"""One template on many devices: each comes to an end of its own, and is told so."""

from collections.abc import Callable

from tests.e2e.test_waves import SPOKES
from tests.e2e.world import World
from tests.mixed import mixed

Example = Callable[[str], World]
RULE = 'Policy("more", template=edge, networks=[guest], action="deny", applications=[anything])\n'
NEW = """
site = Site("s900", country_code="US", timezone="UTC")
Cluster("s900", site=site, template=edge, model="SSR120", nodes=["02005e900010", "02005e900011"])
"""


def applied(example: Example, count: int) -> World:
    world = example("one_pair")
    text = SPOKES % mixed(count)
    spare = text + NEW  # so that the boxes are in the lab
    (world.folder / "stack.py").write_text(spare)
    world.plan()
    (world.folder / "stack.py").write_text(text)
    assert world.apply().exit_code == 0
    return world


def test_a_device_that_refuses_a_template_fails_for_itself_alone(example: Example) -> None:
    world = applied(example, 4)
    world.misbehave('[[push]]\nsite = "s002"\nresult = "fail"\nreason = "no room"\n')
    world.edit("stack.py", "for number in", f"{RULE}for number in")
    (world.folder / "stack.py").write_text((world.folder / "stack.py").read_text() + NEW)
    result = world.apply()
    assert result.exit_code == 3
    (failed,) = result.failed
    assert failed.address == "policy.edge.more"
    assert failed.text == "done on 4 of 5: 02005e000210 at s002: GW_CONFIG_FAILED: no room"
    assert {"site.s900", "cluster.s900"} <= {one.address for one in result.done}
    world.misbehave("")
    again = world.plan()
    assert [(change.address, change.why) for change in again.changes] == [("policy.edge.more", "resume")]
    assert world.apply().exit_code == 0
    assert world.plan().changes == ()


def test_a_device_that_is_quick_to_refuse_does_not_end_the_wait_for_the_others(example: Example) -> None:
    world = applied(example, 3)
    world.misbehave(
        '[[push]]\nsite = "s000"\nresult = "queue"\nminutes = 5\n'
        '[[push]]\nsite = "s001"\nresult = "fail"\nreason = "no room"\n'
        '[[push]]\nsite = "s002"\nresult = "lock_failed"\n'
    )
    world.edit("stack.py", "for number in", f"{RULE}for number in")
    result = world.apply()
    (failed,) = result.failed
    assert result.seconds > 300
    assert failed.text == (
        "done on 1 of 3: 02005e000110 at s001: GW_CONFIG_FAILED: no room; 02005e000210 at s002: GW_CONFIG_LOCK_FAILED: "
        "configuration database is locked by another session"
    )

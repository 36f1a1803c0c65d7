"""One policy on many pairs of which some refuse it: each is told with its own reason, as the stack names it."""

from collections.abc import Callable

from haplan.report.lines import plain
from haplan.report.result import result_lines
from haplan.report.text import plan_lines
from tests.srx_e2e.world import World, node_of

NEW = 'allow("guest-web", [guest], web, first)'
REFUSING = """
[srx]
[[srx.fault]]
on = "commit-configuration"
device = "020000030000"
times = 0
error = "zone guest is full"
[[srx.fault]]
on = "commit-configuration"
device = "020000040000"
times = 0
error = "policy limit reached"
"""


def test_what_some_devices_refuse_is_told_device_by_device_and_made_good(shops: Callable[..., World]) -> None:
    world = shops(4)
    assert world.apply().exit_code == 0
    world.edit("# here", NEW)
    world.misbehave(REFUSING)
    result = world.apply()
    assert result.exit_code == 3
    assert plain(result_lines(result)[:1]) == "Not all done. 1 failed (in part done)\n"
    assert """  + policy.edge.guest-web: done on 2 of 4: shop1, shop2
      shop3: failed: shop3-0: commit-configuration: zone guest is full
      shop4: failed: shop4-0: commit-configuration: policy limit reached
""" in plain(result_lines(result))
    failed = {event.document: event.text for event in world.events if event.kind == "failed"}
    assert set(failed) == {"device:shop3", "device:shop4"}
    assert not any("127.0.0.1" in event.text for event in world.events)
    plan = world.plan()
    text = plain(plan_lines(plan))
    assert (plan.drift, [str(one.document) for one in plan.transactions]) == ((), ["device:shop3", "device:shop4"])
    assert "missing on shop3 and shop4\n      configuration push at shop3, shop4," in text
    assert "outside haplan" not in text
    world.misbehave("")
    assert world.apply().exit_code == 0
    assert all(any("guest-web" in line for line in world.lines(node_of(number))) for number in (1, 2, 3, 4))
    assert world.plan().changes == ()
    # a change of it that some refuse has not drifted there either
    world.edit(NEW, 'allow("guest-web", [guest], anything, first)')
    world.misbehave(REFUSING)
    assert world.apply().exit_code == 3
    plan = world.plan()
    assert (plan.drift, [change.why for change in plan.changes]) == ((), ["missing on shop3 and shop4"])
    world.misbehave("")
    assert world.apply().exit_code == 0
    assert world.plan().changes == ()

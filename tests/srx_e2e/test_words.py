"""Words of a branch on a pair: what is on the device, and that a red check takes each back."""

from collections.abc import Callable

from tests.srx_e2e.test_faults import SILENT
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
WATCHED = "set services ip-monitoring policy wan0 then preferred-route withdraw"


def test_a_static_wan_is_probed_from_the_first_day_and_the_plan_and_the_check_say_so(shops: Shops) -> None:
    world = shops(lab='[[srx.silent]]\nhost = "192.0.2.1"\n')
    plan = world.plan()
    told = [one.message for one in plan.findings if one.rule == "SRX005"]
    assert told == ["wan0: its gateway 192.0.2.1 is probed; while it is silent, traffic leaves by other WANs"]
    result = world.apply(plan)
    assert result.exit_code == 0
    warned = [event.text for event in world.events if "192.0.2.1 does not answer" in event.text]
    assert len(warned) == 1
    assert WATCHED in world.lines(node_of(1))
    again = world.plan()
    assert (again.changes, again.drift, [one for one in again.notes if "SRX005" in one]) == ((), (), [])
    world.edit('gateway="192.0.2.1"))', 'gateway="192.0.2.1"), probes=False)')
    assert world.apply().exit_code == 0
    assert not [line for line in world.lines(node_of(1)) if line.startswith("set services")]
    assert world.plan().changes == ()


def test_a_red_check_takes_probes_back_with_the_routes_as_they_were(shops: Shops) -> None:
    world = shops()
    world.edit('gateway="192.0.2.1"))', 'gateway="192.0.2.1"), probes=False)')
    assert world.apply().exit_code == 0
    before = world.lines(node_of(1))
    world.edit('provider("srx")', 'provider("srx", probes=["192.0.2.1"])')
    world.edit("probes=False", 'probes=["203.0.113.9"]')
    world.misbehave(SILENT)
    result = world.apply()
    assert result.failed[0].text.endswith("; taken back")
    assert world.lines(node_of(1)) == before

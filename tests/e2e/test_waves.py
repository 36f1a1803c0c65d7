"""Pairs form one after the other where one red pair must not become many."""

from collections.abc import Callable

import pytest

from tests.e2e.world import World
from tests.mixed import mixed

Example = Callable[[str], World]

SPOKES = '''
"""Spokes without hubs: one canary, then all others."""
from haplan import provider
from haplan.design import (Application, Cluster, Network, Policy, Site, WanEdgeTemplate, dhcp, ha_fabric, ha_sync,
                           lan, wan)

provider("mist")
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=2099)
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp()), wan("wan1", "ge-1/0/0", dhcp()),
    lan("lan", "ge-0/0/3,ge-1/0/3", {guest: "172.22.99.1/24"}),
    ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5"),
])
Policy("out", template=edge, networks=[guest], action="allow", applications=[anything])
for number in %s:
    site = Site(f"s{number:03}", country_code="US", timezone="UTC")
    nodes = [f"02005e{number:04x}10", f"02005e{number:04x}11"]
    Cluster(f"s{number:03}", site=site, template=edge, model="SSR120", nodes=nodes)
'''


def started(world: World) -> list[str]:
    """Clusters in the order in which their pairs were begun."""
    begun = [e.document for e in world.events if e.kind == "writing" and e.document.startswith("cluster:")]
    return [document.removeprefix("cluster:") for document in begun]


def test_hubs_come_one_by_one_then_the_canary_then_the_others(example: Example) -> None:
    world = example("hub_spoke_ssr")
    assert world.apply().exit_code == 0
    order = [
        (event.kind, event.document.removeprefix("cluster:"))
        for event in world.events
        if event.document.startswith("cluster:") and event.kind in ("writing", "verified")
    ]
    assert order == [
        ("writing", "h1"), ("verified", "h1"), ("writing", "h2"), ("verified", "h2"),
        ("writing", "spoke1"), ("verified", "spoke1"), ("writing", "spoke2"), ("verified", "spoke2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("site", "behind"),
    [("h1-site", ["cluster.h2", "cluster.spoke1", "cluster.spoke2"]), ("spoke1-site", ["cluster.spoke2"])],
)
def test_a_pair_that_never_forms_stops_what_lies_behind_it(example: Example, site: str, behind: list[str]) -> None:
    world = example("hub_spoke_ssr")
    world.misbehave(f'[[pair]]\nsite = "{site}"\nresult = "never"\n')
    result = world.apply()
    assert result.exit_code == 10
    assert [outcome.address for outcome in result.failed] == [f"cluster.{site.removesuffix('-site')}"]
    assert [outcome.address for outcome in result.stopped] == behind
    plan = world.plan()
    assert [change.address for change in plan.changes if change.type == "cluster"][1:] == behind


def test_300_spokes_form_in_under_40_simulated_minutes_with_under_100_polls(example: Example) -> None:
    world = example("one_pair")
    (world.folder / "stack.py").write_text(SPOKES % mixed(300))
    result = world.apply()
    assert result.exit_code == 0
    assert started(world)[0] == f"s{mixed(300)[0]:03}"  # the canary is the first of the stack, whatever its label
    assert result.seconds < 40 * 60
    polls = sum(count for call, count in world.calls().items() if "stats" in call or "events" in call)
    assert polls < 100

"""What a look at an organisation and a write to it cost does not grow with it: counted at one size and at four times
that. Measured once with 1,000 sites of a pair each, unchanged: 13 calls, 1 for alarms, 4 for 3,996 rows of peers.
"""

from contextlib import closing
from pathlib import Path

import pytest

from haplan.model.plan import Plan
from tests.e2e.many_pairs import made
from tests.e2e.world import World, summary

BY_ROWS = ("GET /orgs/{org_id}/stats/vpn_peers/search", "GET /orgs/{org_id}/alarms/search")
"""One call for each 1,000 rows of these."""


def cost(world: World) -> dict[str, dict[str, int]]:
    """The calls of a plan that finds nothing to do, of the write of one address and one variable, and of a new site."""
    found = dict[str, dict[str, int]]()
    world.edit("stack.py", "variables={", 'address="12 Side Street" if number == 1 else "", variables={')
    assert world.apply().exit_code == 0  # what is remembered from now on spares a look at what others touched
    world.forget_calls()
    assert world.plan().empty()
    found["plan"] = world.calls()
    world.edit("stack.py", '"NET": f"10.', '"NET": f"{11 if number == 1 else 10}.')
    found["write"] = applied(world, {"site.s0001": "update"})
    world.edit(
        "stack.py", "for number in NUMBERS", 'more = Site("more", address="1 Main Street")\nfor number in NUMBERS'
    )
    found["new site"] = applied(world, {"site.more": "create"})
    return found


def applied(world: World, changes: dict[str, str]) -> dict[str, int]:
    plan: Plan = world.plan()
    assert summary(plan) == changes
    world.forget_calls()
    assert world.apply(plan).exit_code == 0
    return world.calls()


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, dict[str, int]]]:
    found = {}
    for size in (2, 8):
        folder: Path = tmp_path_factory.mktemp(f"of-{size}")
        with closing(made(folder, size)) as world:
            found[size] = cost(world)
    return found


def test_a_plan_that_finds_nothing_to_do_takes_the_same_few_calls_whatever_the_number_of_sites(costs) -> None:
    assert costs[8]["plan"] == costs[2]["plan"]
    assert sum(count for call, count in costs[8]["plan"].items() if call not in BY_ROWS) <= 15


def test_a_write_takes_the_same_calls_whatever_the_number_of_sites(costs) -> None:
    assert costs[8]["write"] == costs[2]["write"]
    assert costs[8]["new site"] == costs[2]["new site"]
    assert costs[8]["new site"]["POST /orgs/{org_id}/sites"] == 1

"""What somebody changed by hand is put back with one push, and no pair is made anew for it."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan.model.plan import Action
from tests.ssr_e2e.world import World

Make = Callable[..., World]
BRANCH = "/authority/router/branch"


@pytest.mark.parametrize(
    ("path", "body", "address"),
    [
        (BRANCH, {"location": "the attic"}, "site.branch"),
        (BRANCH, {"inter-node-security": "weak"}, "cluster.branch"),
    ],
)  # fmt: skip
def test_a_note_or_a_policy_between_nodes_is_one_push_that_puts_it_back(
    pair: Make, path: str, body: dict[str, Any], address: str
) -> None:
    world = pair()
    world.apply()
    world.change("POST", "/authority/security", {"name": "weak"}, commit=False)
    world.change("PATCH", path, body)
    plan = world.plan()
    (change,) = plan.changes
    assert (change.address, change.action, change.impact.kind) == (address, Action.UPDATE, "config-push")
    assert [one.address for one in plan.drift] == [address]
    assert world.apply(plan).exit_code == 0
    assert world.router("branch")["location"] == "1 Main St"
    assert world.router("branch")["inter-node-security"] == "internal"
    assert world.plan().empty()


def test_another_asset_id_is_told_as_another_box(pair: Make) -> None:
    world = pair()
    world.apply()
    world.change("PATCH", f"{BRANCH}/node/node0", {"asset-id": "Z"})
    (change,) = world.plan().changes
    assert change.action is Action.UPDATE
    assert change.impact.kind == "reboot"
    assert change.impact.note == "node0 is another box: Z on the conductor, A from now on"

"""Before boxes become a pair: what the conductor knows of them is said when planning."""

from collections.abc import Callable

import pytest

from haplan.errors import Denied
from haplan.model.plan import Plan
from tests.ssr_e2e.world import World

Make = Callable[..., World]
ABOUT = {"HA003", "HA006", "HA007", "HA008", "HA009", "HA010", "HA122", "HA136", "HA137", "HA150", "SSR009"}
"""Rules that go by what the provider says of boxes and templates."""
BOTH = '[[asset]]\nid = "A"\n[[asset]]\nid = "B"\n'
A, B = "02005e100c30", "02005e100c31"


def said(plan: Plan) -> dict[str, tuple[str, str]]:
    """Rule → severity and message."""
    return {one.rule: (one.severity, one.message) for one in plan.findings if one.rule in ABOUT}


def test_of_two_good_boxes_nothing_is_said(pair: Make) -> None:
    assert said(pair(BOTH).plan()) == {}


@pytest.mark.parametrize(
    ("lab", "rule", "severity", "text"),
    [
        (BOTH + 'version = "6.2.5-1"', "HA006", "error",
         f"branch: firmware differs ({A} 6.3.0-107.r1, {B} 6.2.5-1); align before clustering"),
        (BOTH + "connected = false", "HA008", "warning",
         f"{B} is not connected; clustering would leave a half-formed pair"),
        ('[[asset]]\nid = "A"\n', "SSR009", "warning",
         f"the conductor has never seen asset B ({B}); its node stays down until the box calls"),
    ],
)  # fmt: skip
def test_a_wrong_box_is_named(pair: Make, lab: str, rule: str, severity: str, text: str) -> None:
    assert said(pair(lab).plan()) == {rule: (severity, text)}


def test_boxes_newer_than_their_conductor_are_refused(pair: Make) -> None:
    newer = BOTH.replace('"\n', '"\nversion = "6.10.0-1"\n')
    plan = pair(newer).plan()
    assert said(plan)["HA150"] == ("error", f"{B} runs 6.10.0-1, which is newer than the conductor's 6.3.0-107.r1")


def test_boxes_that_a_new_conductor_does_not_manage_any_more_are_refused(pair: Make) -> None:
    older = '[settings]\nversion = "7.0.1-5"\n' + BOTH.replace('"\n', '"\nversion = "6.3.4-1"\n')
    plan = pair(older).plan()
    text = f"{B} runs 6.3.4-1, and a conductor of 7.0.1-5 manages none before 6.3.5"
    assert said(plan)["HA150"] == ("error", text)


def test_a_box_of_another_router_is_not_taken(pair: Make) -> None:
    world = pair(BOTH)
    world.change("POST", "/authority/router", {
        "name": "theirs", "inter-node-security": "internal",
        "node": [{"name": "n", "role": "combo", "asset-id": "B", "device-interface": [
            {"name": "p", "pci-address": "0000:04:00.1", "network-interface": [{"name": "w", "dhcp": "v4"}]}]}],
    })  # fmt: skip
    plan = world.plan()
    assert said(plan) == {"HA010": ("error", f"{B} is already a member of cluster theirs with another device")}
    with pytest.raises(Denied):
        world.apply(plan)


def test_of_a_pair_that_lives_the_assets_are_not_asked_for(pair: Make) -> None:
    world = pair(BOTH)
    world.apply()
    before = world.calls("GET /api/v1/asset")
    assert said(world.plan()) == {}
    assert world.calls("GET /api/v1/asset") == before


def test_a_replacement_that_has_another_release_is_refused_and_the_survivor_is_not_in_question(pair: Make) -> None:
    world = pair(BOTH)
    world.apply()
    world.box(id="C", version="6.2.5-1")
    world.edit("stack.py", 'node("02005e100c31", asset_id="B")', 'node("02005e100c32", asset_id="C")')
    found = said(world.plan())
    assert found["HA006"] == ("error", f"branch: firmware differs ({A} 6.3.0-107.r1, 02005e100c32 6.2.5-1); "
                              "align before clustering")  # fmt: skip
    assert "HA010" not in found
    world.box(id="C", version="6.3.0-107.r1")
    assert "HA006" not in said(world.plan())


def test_a_template_says_how_many_sites_it_reaches(pair: Make) -> None:
    world = pair(BOTH)
    world.apply()
    world.edit("stack.py", '"9.9.9.9/32"', '"9.9.9.10/32"')
    world.edit("stack.py", 'paths=[edge.wan("wan1"), edge.wan("wan0")]', 'paths=[edge.wan("wan1")]')
    assert said(world.plan())["HA122"] == ("info", "edge is bound to 1 site, 0 of them not in this stack")

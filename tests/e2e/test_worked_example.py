"""The worked example, from an empty organisation to formed pairs and back."""

from collections.abc import Callable

import pytest

from haplan.model.plan import Action
from tests.e2e.world import World, counts, summary

Example = Callable[[str], World]


@pytest.mark.parametrize("name", ["hub_spoke_ssr", "hub_spoke_srx"])
def test_after_apply_the_second_plan_is_empty(example: Example, name: str) -> None:
    world = example(name)
    result = world.apply()
    assert (result.exit_code, len(result.failed), len(result.skipped)) == (0, 0, 0)
    again = world.plan()
    assert (summary(again), again.drift, again.outputs) == ({}, (), ())


def test_the_first_apply_needs_31_writes(example: Example) -> None:
    world = example("hub_spoke_ssr")
    world.apply()
    assert world.writes() == {
        "POST /orgs/{org_id}/sites": 4,
        "PUT /sites/{site_id}/setting": 4,
        "POST /orgs/{org_id}/vpns": 1,
        "POST /orgs/{org_id}/networks": 4,
        "POST /orgs/{org_id}/services": 5,
        "POST /orgs/{org_id}/deviceprofiles": 2,
        "POST /orgs/{org_id}/gatewaytemplates": 1,
        # each hub: both boxes to its site, the profile, the pair
        "PUT /orgs/{org_id}/inventory": 2,
        "POST /orgs/{org_id}/deviceprofiles/{deviceprofile_id}/assign": 2,
        "POST /sites/{site_id}/devices/{device_id}/ha": 2,
        # each spoke: the template on its site, then both boxes assigned and paired in one call
        "PUT /sites/{site_id}": 2,
        "POST /orgs/{org_id}/inventory/create_ha_cluster": 2,
    }


def test_the_first_plan_creates_everything_in_the_order_of_the_design(example: Example) -> None:
    plan = example("hub_spoke_ssr").plan()
    assert counts(plan) == (31, 0, 0, 0)
    stages: dict[int, set[str]] = {}
    for transaction in plan.transactions:
        stages.setdefault(transaction.stage, set()).update(placed.address for placed in transaction.placed)
    assert [sorted({address.split(".")[0] for address in stages[stage]}) for stage in sorted(stages)] == [
        ["site"],
        ["application", "network", "overlay"],
        ["hub_profile", "policy"],
        ["policy", "steering", "wan_edge_template"],
        ["cluster"],
        ["cluster"],
        ["cluster"],
        ["cluster"],
    ]
    assert [sorted(stages[stage]) for stage in sorted(stages)][4:] == [
        ["cluster.h1"],
        ["cluster.h2"],
        ["cluster.spoke1"],
        ["cluster.spoke2"],
    ]


def test_planning_twice_gives_the_same_bytes(example: Example) -> None:
    from haplan.steps.approve import digest

    world = example("hub_spoke_ssr")
    assert digest(world.plan()) == digest(world.plan())


def test_one_policys_steering_changed_is_one_update_and_one_write(example: Example) -> None:
    world = example("hub_spoke_ssr")
    world.apply()
    world.edit(
        "../modules/hub_spoke.py",
        "[spoke_lan, guest], public_dns, pri_wan0)",
        "[spoke_lan, guest], public_dns, only_wan1)",
    )
    plan = world.plan()
    assert summary(plan) == {"policy.ha-spoke.public-dns": "update"}
    assert (len(plan.transactions), plan.transactions[0].writes) == (1, 1)
    world.forget_calls()
    assert world.apply().exit_code == 0
    assert world.writes() == {"PUT /orgs/{org_id}/gatewaytemplates/{gatewaytemplate_id}": 1}
    assert summary(world.plan()) == {}


def test_destroy_leaves_the_organisation_as_it_was_found(example: Example) -> None:
    world = example("hub_spoke_ssr")
    world.plan()
    before = world.snapshot()
    world.apply()
    assert world.snapshot() != before
    plan = world.plan(destroy=True)
    costly = {change.address: change.impact.kind for change in plan.changes if change.impact.kind != "none"}
    assert costly == {f"cluster.{name}": "outage" for name in ("h1", "h2", "spoke1", "spoke2")}
    result = world.destroy()
    assert result.exit_code == 0
    assert world.snapshot() == before
    assert summary(world.plan(destroy=True)) == {}


def test_a_new_stack_is_created_by_its_own_apply_only(example: Example) -> None:
    world = example("one_pair")
    plan = world.plan()
    assert plan.count(Action.CREATE) == len(plan.changes) == 7
    assert world.apply().exit_code == 0
    assert summary(world.plan()) == {}


def test_the_plan_tells_about_how_many_calls_the_apply_will_take(example: Example) -> None:
    world = example("hub_spoke_ssr")
    plan = world.plan()
    (calls,) = plan.calls
    before = sum(world.calls().values())
    assert world.apply().exit_code == 0
    really = sum(world.calls().values()) - before
    assert (calls.writes, sum(transaction.writes for transaction in plan.transactions)) == (31, 31)
    assert really <= calls.made + calls.expected <= 1.3 * really


def test_a_plan_warns_of_the_hours_budget(example: Example) -> None:
    world = example("hub_spoke_ssr")
    world.misbehave("[settings]\nbudget = 60\n")
    (finding,) = [finding for finding in world.plan().findings if finding.rule == "HA169"]
    assert finding.severity == "warning"
    assert finding.message.endswith("left this hour")

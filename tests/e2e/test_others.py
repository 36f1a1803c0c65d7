"""What others have put where haplan writes: rules count it before they say "reaches nothing" or "unused"."""

from collections.abc import Callable

from haplan import engine
from haplan.model.plan import Plan
from tests.e2e.world import World, summary

Example = Callable[[str], World]
MORE = """
lab = Network("lab", subnet="172.22.98.0/24", vlan_id=2098)
"""


def found(plan: Plan, *rules: str) -> list[str]:
    return [one.message for one in plan.findings if one.rule in rules]


def test_policies_of_others_and_of_the_organisation_count_before_reaches_nothing_and_unused_are_said(
    example: Example,
) -> None:
    world = example("one_pair")
    world.edit("stack.py", "anything =", f"{MORE}anything =")
    world.edit("stack.py", '{guest: "172.22.99.1/24"}', '{guest: "172.22.99.1/24", lab: "172.22.98.1/24"}')
    world.edit(
        "stack.py", "only_wan1 =", 'spare = Steering("spare", template=edge, paths=[edge.wan("wan0")])\nonly_wan1 ='
    )
    world.edit("stack.py", 'country_code="US"', 'variables={"RID": "10.9.9.9"}, country_code="US"')
    plan = world.plan()
    assert found(plan, "HA110") == ["lab appears in no policy; hosts there reach nothing"]
    assert found(plan, "HA094", "HA121") == ["spare is unused", "RID is unused at branch"]
    assert world.apply(plan).exit_code == 0
    answer = world.portal.post(
        f"/api/v1/orgs/{world.lab.org_id}/servicepolicies",
        json={"name": "labs", "tenants": ["lab"], "services": ["any"], "action": "allow"},
    )
    template = world.template("ha-branch")
    theirs = [{"servicepolicy_id": answer.json()["id"], "path_preference": "spare"}]
    world.put(
        f"/orgs/{{org}}/gatewaytemplates/{template['id']}",
        {"service_policies": [*template["service_policies"], *theirs], "router_id": "{{RID}}"},
    )
    world.lab.clock.sleep(120)
    plan = world.plan()
    assert (summary(plan), found(plan, "HA110", "HA094", "HA121")) == ({}, [])
    assert "ha-branch: router_id is not in the stack" in plan.notes
    with world.session() as session:  # offline nobody knows of them
        offline = engine.validate(session)
    assert {"HA110", "HA094", "HA121"} <= {one.rule for one in offline.findings}


def test_an_organisation_policy_that_is_not_there_is_an_error_that_names_those_that_are(example: Example) -> None:
    world = example("one_pair")
    world.plan()
    answer = world.portal.post(
        f"/api/v1/orgs/{world.lab.org_id}/servicepolicies",
        json={"name": "labs", "tenants": ["guest"], "services": ["any"], "action": "allow"},
    )
    id_ = answer.json()["id"]
    text = 'steering=only_wan1, extra={"mist": {"servicepolicy_id": "%s"}})'
    world.edit("stack.py", "steering=only_wan1)", text % "00000000-0000-0000-0000-000000000009")
    plan = world.plan()
    (one,) = [one for one in plan.findings if one.rule == "HA111"]
    assert (one.severity, one.hint) == ("error", f"there are: labs ({id_})")
    world.edit("stack.py", "00000000-0000-0000-0000-000000000009", id_)
    assert [one.severity for one in world.plan().findings if one.rule == "HA111"] == []


def test_what_a_deletion_takes_away_of_others_is_named_for_every_kind_of_object(example: Example) -> None:
    world = example("one_pair")
    world.edit("stack.py", "anything =", f"{MORE}anything =")
    assert world.apply().exit_code == 0
    network = world.named("/orgs/{org}/networks", "lab")
    world.put(f"/orgs/{{org}}/networks/{network['id']}", {"isolation": True, "tenants": {"till": {"addresses": []}}})
    site = world.named("/orgs/{org}/sites", "branch")
    world.put(f"/sites/{site['id']}", {"notes": "the key is under the mat"})
    assert found(world.plan(), "HA171") == []
    world.edit("stack.py", MORE, "")
    assert found(world.plan(), "HA171") == ["lab: this write takes away what is not the stack's: isolation"]
    gone = found(world.plan(destroy=True), "HA171")
    assert "branch: this write takes away what is not the stack's: notes" in gone


def test_what_is_set_on_the_box_that_is_to_be_node0_is_told_before_the_pair_forms(example: Example) -> None:
    world = example("one_pair")
    world.plan()
    portal, org = world.portal, world.lab.org_id
    site = portal.post(f"/api/v1/orgs/{org}/sites", json={"name": "store room"}).json()["id"]
    world.put("/orgs/{org}/inventory", {"op": "assign", "macs": ["02005e100c30"], "site_id": site})
    device = f"/sites/{site}/devices/00000000-0000-0000-1000-02005e100c30"
    world.put(device, {"router_id": "10.0.0.1", "vars": {"A": "1"}})
    (text,) = found(world.plan(), "HA124")
    assert text == "branch: its device overrides router_id, vars.A; what the template says there has no effect"


def test_an_upgrade_at_the_first_contact_that_the_organisation_asks_for_is_told_where_a_pair_is_to_form(
    example: Example,
) -> None:
    world = example("one_pair")
    world.plan()
    upgrade = {"enabled": True, "custom_versions": {"SSR130": "6.3.0-107"}}
    world.put("/orgs/{org}/setting", {"ssr": {"auto_upgrade": upgrade}})
    (text,) = found(world.plan(), "HA152")
    assert text == "branch: boxes are upgraded at their first contact everywhere; that may split its firmware"
    upgrade["custom_versions"] = {"SSR120": "6.3.0-107"}
    world.put("/orgs/{org}/setting", {"ssr": {"auto_upgrade": upgrade}})
    assert found(world.plan(), "HA152") == []

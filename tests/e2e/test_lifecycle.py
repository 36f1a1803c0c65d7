"""What happens to objects over the years: renamed, replaced, taken over, taken apart."""

from collections.abc import Callable

import pytest

from haplan import engine
from haplan.errors import Denied
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.plan import Action
from tests.e2e.world import World, summary

Example = Callable[[str], World]


@pytest.fixture
def applied(example: Example) -> World:
    world = example("one_pair")
    assert world.apply().exit_code == 0
    world.forget_calls()
    return world


def test_a_network_that_others_name_is_renamed_by_create_repoint_delete(applied: World) -> None:
    applied.edit("stack.py", 'Network("guest"', 'Network("guest", name="visitors"')
    plan = applied.plan()
    change = plan.change("network.guest")
    assert change is not None
    assert (change.action, change.create_first) == (Action.REPLACE, True)
    assert [(str(t.document), t.verb) for t in plan.transactions] == [
        ("network:visitors", "create"),
        ("gatewaytemplate:ha-branch", "update"),
        ("network:guest", "delete"),
    ]
    assert applied.apply().exit_code == 0
    assert [network["name"] for network in applied.get("/orgs/{org}/networks")] == ["visitors"]
    template = applied.template("ha-branch")
    assert (list(template["ip_configs"]), template["service_policies"][0]["tenants"]) == (["visitors"], ["visitors"])
    assert summary(applied.plan()) == {}


def test_a_steering_rule_and_its_users_are_renamed_in_one_write(applied: World) -> None:
    applied.edit("stack.py", 'Steering("only-wan1"', 'Steering("only-wan1", name="second-circuit"')
    assert applied.apply().exit_code == 0
    template = applied.template("ha-branch")
    assert list(template["path_preferences"]) == ["second-circuit"]
    assert template["service_policies"][0]["path_preference"] == "second-circuit"
    assert applied.writes() == {"PUT /orgs/{org_id}/gatewaytemplates/{gatewaytemplate_id}": 1}
    assert summary(applied.plan()) == {}


def test_a_policy_that_left_the_stack_leaves_the_template(applied: World) -> None:
    text = (applied.folder / "stack.py").read_text()
    (applied.folder / "stack.py").write_text(text[: text.index('Policy("guest-internet"')])
    assert summary(applied.plan()) == {"policy.ha-branch.guest-internet": "delete"}
    assert applied.apply().exit_code == 0
    assert not applied.template("ha-branch").get("service_policies")
    assert summary(applied.plan()) == {}


def new_box(world: World, mac: str, model: str = "SSR120", version: str | None = None) -> None:
    """A spare, claimed and unassigned, of the firmware that the others have."""
    stats = world.get("/orgs/{org}/stats/devices", type="gateway", limit=1000, page=1)
    version = version or next(box["version"] for box in stats if box["mac"] == "02005e100c30")
    body = {"mac": mac, "serial": f"SPARE{mac[-4:]}", "model": model, "version": version}
    assert world.portal.post("/lab/devices", json=body).status_code == 200


def members(world: World) -> list[str]:
    """The MACs of the one pair."""
    inventory = world.get("/orgs/{org}/inventory", type="gateway", vc=True, limit=1000, page=1)
    return sorted(box["mac"] for box in inventory if box.get("vc_mac"))


def test_one_node_is_replaced_in_place(applied: World) -> None:
    new_box(applied, "02005e100c99")
    applied.edit("stack.py", '"02005e100c31"', '"02005e100c99"')
    plan = applied.plan()
    assert [(change.address, change.action.value) for change in plan.changes] == [("cluster.branch", "update")]
    result = applied.apply()
    assert (result.exit_code, result.failed) == (0, ())
    assert members(applied) == ["02005e100c30", "02005e100c99"]
    assert not any("delete_ha_cluster" in call for call in applied.writes())
    assert summary(applied.plan()) == {}


def test_both_nodes_in_one_plan_are_refused(applied: World) -> None:
    new_box(applied, "02005e100c98")
    new_box(applied, "02005e100c99")
    applied.edit("stack.py", '"02005e100c30", "02005e100c31"', '"02005e100c98", "02005e100c99"')
    plan = applied.plan()
    assert [finding.rule for finding in plan.findings if finding.severity == "error"] == ["HA135"]
    with pytest.raises(Denied, match="HA135"):
        applied.apply()
    assert applied.writes() == {}


def test_a_replacement_of_another_model_is_refused(applied: World) -> None:
    new_box(applied, "02005e100c99", model="SSR130")
    applied.edit("stack.py", '"02005e100c31"', '"02005e100c99"')
    with pytest.raises(Denied, match="HA136"):
        applied.apply()
    assert applied.writes() == {}


def test_a_pair_that_exists_is_taken_over_not_formed_again(applied: World) -> None:
    (applied.folder / ".haplan" / "lab" / "state.db").unlink()
    for name in ("networks", "services", "gatewaytemplates"):
        for one in applied.get(f"/orgs/{{org}}/{name}"):
            applied.delete(f"/orgs/{{org}}/{name}/{one['id']}")
    applied.edit("stack.py", 'Site("branch"', 'Site.existing("branch"')
    applied.edit("stack.py", ', country_code="US", timezone="America/New_York"', "")
    plan = applied.plan()
    change = plan.change("cluster.branch")
    assert change is not None
    assert (change.action, change.why) == (Action.IMPORT, "taken over")
    applied.forget_calls()
    assert applied.apply().exit_code == 0
    assert not any("ha" in call.split("/")[-1] for call in applied.writes())
    assert summary(applied.plan()) == {}


def test_an_object_of_the_same_name_is_not_doubled_but_named(example: Example) -> None:
    world = example("one_pair")
    world.plan()
    world.portal.post(f"/api/v1/orgs/{world.lab.org_id}/networks", json={"name": "guest", "subnet": "10.9.9.0/24"})
    plan = world.plan()
    (finding,) = [f for f in plan.findings if f.rule == "EXISTS"]
    assert finding.address == "network.guest"
    assert f"haplan import {world.folder.resolve()} network.guest" in finding.hint
    identity = world.named("/orgs/{org}/networks", "guest")["id"]
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        assert engine.apply(session, engine.import_(session, "network.guest", identity)).exit_code == 0
    assert world.apply().exit_code == 0
    assert world.named("/orgs/{org}/networks", "guest")["subnet"] == "172.22.99.0/24"


def test_another_label_for_a_formed_pair_does_not_dissolve_it(applied: World) -> None:
    applied.edit("stack.py", 'Cluster("branch"', 'Cluster("branch-new"')
    (finding,) = [f for f in applied.plan().findings if f.severity == "error"]
    assert finding.address == "cluster.branch-new"
    assert "is in state as cluster.branch" in finding.message


def test_a_cluster_that_left_the_stack_leaves_two_unassigned_boxes(applied: World) -> None:
    applied.edit("stack.py", 'Cluster("branch"', 'if False: Cluster("branch"')
    plan = applied.plan()
    assert summary(plan) == {"cluster.branch": "delete"}
    assert any(finding.rule == "HA140" for finding in plan.findings)
    assert applied.apply().exit_code == 0
    inventory = applied.get("/orgs/{org}/inventory", type="gateway", vc=True, limit=1000, page=1)
    assert [(box.get("site_id") or "", box.get("vc_mac") or "") for box in inventory] == [("", ""), ("", "")]
    assert applied.named("/orgs/{org}/sites", "branch").get("gatewaytemplate_id") is None


def test_a_stuck_pair_is_dissolved_and_formed_again_when_asked_to(applied: World) -> None:
    plan = applied.plan(replaces=("cluster.branch",))
    (change,) = plan.changes
    assert (change.address, change.action, change.why) == (
        "cluster.branch",
        Action.REPLACE,
        "asked for by --replace",
    )
    assert (change.impact.kind, change.impact.note) == ("outage", "the pair is dissolved and formed again")
    assert not [finding for finding in plan.findings if finding.severity == "error"]
    assert sum(transaction.writes for transaction in plan.transactions) == 2
    applied.forget_calls()
    assert applied.apply(replaces=("cluster.branch",)).exit_code == 0
    assert applied.writes() == {
        "POST /orgs/{org_id}/inventory/delete_ha_cluster": 1,
        "POST /orgs/{org_id}/inventory/create_ha_cluster": 1,
    }
    assert members(applied) == ["02005e100c30", "02005e100c31"]
    assert summary(applied.plan()) == {}

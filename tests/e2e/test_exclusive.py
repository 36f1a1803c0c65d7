"""What others have put into a template of ours: kept, or with ``exclusive=True`` removed."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan import engine
from haplan.errors import Stale
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.plan import Plan
from tests.e2e.world import World, summary

Example = Callable[[str], World]
PUT = "PUT /orgs/{org_id}/gatewaytemplates/{gatewaytemplate_id}"
STRANGERS = [
    "address of theirs",
    "dhcp of theirs",
    "network theirs on ge-0/0/3,ge-1/0/3",
    "path h9-wan0.TheirOverlay on ge-0/0/0",
    "policy stranger",
    "port ge-0/0/9",
    "steering x",
]


@pytest.fixture
def visited(example: Example) -> World:
    """A template of ours, with a stranger of every kind in it."""
    world = example("one_pair")
    assert world.apply().exit_code == 0
    theirs = {"networks": {"name": "theirs", "subnet": "10.9.0.0/24", "vlan_id": 9},
              "vpns": {"name": "TheirOverlay", "type": "hub_spoke", "paths": {"h9-wan0": {}}}}  # fmt: skip
    for name, body in theirs.items():
        world.portal.post(f"/api/v1/orgs/{world.lab.org_id}/{name}", json=body).raise_for_status()
    intrude(world)
    world.forget_calls()
    return world


def intrude(world: World) -> None:
    template = world.template("ha-branch")
    ports = {**template["port_config"], "ge-0/0/9": {"usage": "lan", "networks": ["theirs"]}}
    steering = {"strategy": "ordered", "paths": [{"type": "wan", "name": "wan0"}]}
    wan, lan = dict(ports["ge-0/0/0"]), dict(ports["ge-0/0/3,ge-1/0/3"])
    ports["ge-0/0/0"] = {**wan, "vpn_paths": {"h9-wan0.TheirOverlay": {"role": "spoke"}}}
    ports["ge-0/0/3,ge-1/0/3"] = {**lan, "networks": [*lan["networks"], "theirs"]}
    change(
        world,
        port_config=ports,
        ip_configs={**template["ip_configs"], "theirs": {"type": "static", "ip": "10.9.0.1", "netmask": "/24"}},
        dhcpd_config={"theirs": {"type": "local", "ip_start": "10.9.0.5", "ip_end": "10.9.0.9"}},
        path_preferences={**template["path_preferences"], "x": steering},
        service_policies=[stranger(), *template["service_policies"]],
    )  # fmt: skip


def stranger() -> dict[str, Any]:
    return {"name": "stranger", "action": "deny", "tenants": ["guest"], "services": ["any"]}


def change(world: World, **keys: Any) -> None:
    world.put(f"/orgs/{{org}}/gatewaytemplates/{world.template('ha-branch')['id']}", keys)


def claim(world: World) -> None:
    world.edit("stack.py", 'WanEdgeTemplate("ha-branch",', 'WanEdgeTemplate("ha-branch", exclusive=True,')


def unowned(plan: Plan) -> Any:
    found = plan.change("wan_edge_template.ha-branch")
    assert found is not None
    return (found.before or {})["unowned"], (found.after or {})["unowned"]


def test_without_exclusive_all_of_it_is_kept_and_told(visited: World) -> None:
    plan = visited.plan()
    assert (summary(plan), plan.drift) == ({}, ())
    assert [note for note in plan.notes if "not in the stack" in note] == [
        f"ha-branch: {word} is not in the stack" for word in STRANGERS
    ]
    visited.edit("stack.py", "172.22.99.1/24", "172.22.99.2/24")
    result = visited.apply()
    assert result.exit_code == 0, result.failed
    template = visited.template("ha-branch")
    assert [policy["name"] for policy in template["service_policies"]] == ["stranger", "guest-internet"]
    assert {"ge-0/0/9"} < set(template["port_config"])
    assert set(template["path_preferences"]) == {"only-wan1", "x"}


def test_with_exclusive_it_is_named_and_removed_in_one_write(visited: World) -> None:
    claim(visited)
    plan = visited.plan()
    assert summary(plan) == {"wan_edge_template.ha-branch": "update"}
    assert unowned(plan) == (STRANGERS, [])
    assert visited.apply().exit_code == 0
    assert visited.writes() == {PUT: 1}
    template = visited.template("ha-branch")
    assert [policy["name"] for policy in template["service_policies"]] == ["guest-internet"]
    assert set(template["path_preferences"]) == {"only-wan1"}
    assert "ge-0/0/9" not in template["port_config"]
    assert template["port_config"]["ge-0/0/3,ge-1/0/3"]["networks"] == ["guest"]
    assert not template["port_config"]["ge-0/0/0"].get("vpn_paths")
    assert set(template["ip_configs"]) == {"guest"}
    assert not template.get("dhcpd_config")
    assert summary(visited.plan()) == {}


def test_what_comes_later_is_drift(visited: World) -> None:
    claim(visited)
    assert visited.apply().exit_code == 0
    change(visited, service_policies=[*visited.template("ha-branch")["service_policies"], stranger()])
    plan = visited.plan()
    assert [(drift.address, drift.recorded, drift.seen) for drift in plan.drift] == [
        ("wan_edge_template.ha-branch", {"unowned": []}, {"unowned": ["policy stranger"]})
    ]
    assert plan.drift[0].who
    assert [(change.address, change.why) for change in plan.changes] == [("wan_edge_template.ha-branch", "drifted")]
    assert plan.changes[0].impact.kind == "config-push"


def test_only_what_the_approved_plan_names_is_removed(visited: World) -> None:
    claim(visited)
    file = visited.folder / "a.plan"
    with open_session(visited.folder, Options(lab=True), environ={}) as session:
        engine.write_plan(session, engine.plan(session), file)
    change(
        visited, service_policies=[*visited.template("ha-branch")["service_policies"], {**stranger(), "name": "new"}]
    )
    session, plan = engine.open_plan(file, environ={})
    with session:
        result = engine.apply(session, plan)
    assert result.exit_code == Stale.exit_code
    assert "unowned changed" in result.failed[0].text
    assert len(visited.template("ha-branch")["service_policies"]) == 3


@pytest.mark.parametrize("edit", ["policy", "template"])
def test_a_change_of_one_part_knows_what_the_others_own(visited: World, edit: str) -> None:
    claim(visited)
    assert visited.apply().exit_code == 0
    if edit == "policy":
        visited.edit("stack.py", 'action="allow"', 'action="deny"')
    else:
        visited.edit("stack.py", "172.22.99.1/24", "172.22.99.2/24")
    assert visited.apply().exit_code == 0
    assert len(visited.template("ha-branch")["service_policies"]) == 1
    assert summary(visited.plan()) == {}


def test_a_plan_of_the_template_alone_leaves_our_own_rules(visited: World) -> None:
    claim(visited)
    assert visited.apply(targets=("wan_edge_template.ha-branch",)).exit_code == 0
    assert [policy["name"] for policy in visited.template("ha-branch")["service_policies"]] == ["guest-internet"]
    assert set(visited.template("ha-branch")["path_preferences"]) == {"only-wan1"}


def test_giving_it_up_removes_nothing(visited: World) -> None:
    claim(visited)
    assert visited.apply().exit_code == 0
    intrude(visited)
    visited.edit("stack.py", "exclusive=True,", "")
    visited.forget_calls()
    assert visited.apply().exit_code == 0
    assert visited.writes() == {}
    plan = visited.plan()
    assert (summary(plan), plan.drift) == ({}, ())

"""What a stack sets on the device of a pair itself: the vendor keys of a cluster."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan import engine
from haplan.errors import Denied
from haplan.host.options import Options
from haplan.host.session import open_session
from haplan.model.plan import Plan
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from tests.e2e.world import World, summary

Example = Callable[[str], World]
MACS = ("02005e100c30", "02005e100c31")
NODES = 'nodes=["02005e100c30", "02005e100c31"]'
KEYS = '"router_id": "10.0.0.1", "tunnel_configs": {"z": {"psk": secret("env:PSK")}}, "vars": {"A": "1"}'
DEVICE = "/sites/*/devices/*"
WHOSE = {"id", "mac", "org_id", "site_id", "serial", "model", "type", "created_time", "modified_time", "managed"}


def says(world: World, keys: str) -> None:
    """The stack's keys of the pair."""
    text = (world.folder / "stack.py").read_text()
    start = text.index(NODES) + len(NODES)
    more = f', extra={{"mist": {{{keys}}}}}' if keys else ""
    text = text[:start] + more + text[text.index("\n", start) - 1 :]
    (world.folder / "stack.py").write_text(text.replace("import provider\n", "import provider, secret\n"))


def path(world: World, mac: str = MACS[0]) -> str:
    site = world.named("/orgs/{org}/sites", "branch")["id"]
    return f"/sites/{site}/devices/00000000-0000-0000-1000-{mac}"


def device(world: World, mac: str = MACS[0]) -> dict[str, Any]:
    return {key: value for key, value in world.get(path(world, mac)).items() if key not in WHOSE}


def reads(world: World) -> int:
    """Reads of single devices since the last time calls were forgotten."""
    return sum(count for call, count in world.calls().items() if call == "GET /sites/{site_id}/devices/{device_id}")


def found(plan: Plan, rule: str) -> list[str]:
    return [one.message for one in plan.findings if one.rule == rule]


def test_what_a_stack_sets_on_a_device_is_owned_entry_by_entry_from_the_first_day_to_the_last(example: Example) -> None:
    world = example("one_pair")
    says(world, KEYS)
    plan = world.plan()
    assert "lab-PSK" not in plain(plan_lines(plan))
    assert world.apply(plan).exit_code == 0
    secret = {"z": {"psk": "lab-PSK"}}
    ours = {"router_id": "10.0.0.1", "tunnel_configs": secret, "vars": {"A": "1"}, "name": MACS[0]}
    assert device(world) == ours
    kept = b"".join(one.read_bytes() for one in (world.folder / ".haplan").rglob("state.db*"))
    assert b"lab-PSK" not in kept
    plan = world.plan()
    assert (summary(plan), found(plan, "HA124")) == ({}, [])
    # what others set beside it is told, and stays: also in an entry of ours
    theirs = {"tunnel_configs": {"z": {**secret["z"], "local_id": "x"}}, "vars": {"A": "1", "B": "2"}}
    world.put(path(world), {**theirs, "dns_suffix": ["x.example"]})
    world.lab.clock.sleep(120)
    plan = world.plan()
    text = (
        "branch: its device overrides dns_suffix, tunnel_configs.z, vars.B; what the template says there has no effect"
    )
    assert (summary(plan), found(plan, "HA124")) == ({}, [text])
    says(world, '"router_id": "10.0.0.2", "vars": {"C": "3"}')
    plan = world.plan()
    (change,) = plan.changes
    assert (change.action.value, change.impact.kind, change.impact.note) == (
        "update", "traffic", "its device is configured anew",
    )  # fmt: skip
    assert world.apply(plan).exit_code == 0
    left = {"tunnel_configs": {"z": {"local_id": "x"}}, "dns_suffix": ["x.example"], "name": MACS[0]}
    assert device(world) == {"router_id": "10.0.0.2", "vars": {"B": "2", "C": "3"}, **left}
    says(world, "")
    assert world.apply().exit_code == 0
    assert device(world) == {"vars": {"B": "2"}, **left}
    plan = world.plan()
    assert (summary(plan), len(found(plan, "HA124"))) == ({}, 1)
    world.forget_calls()
    assert summary(world.plan()) == {}
    assert reads(world) == 0  # who uses it not, pays nothing


def test_what_stood_there_before_comes_back_and_drift_is_told_and_mended(example: Example) -> None:
    world = example("one_pair")
    assert world.apply().exit_code == 0
    world.put(path(world), {"router_id": "10.9.9.9", "name": "till"})
    says(world, '"router_id": "10.0.0.1", "name": "branch"')
    assert world.apply().exit_code == 0
    assert device(world) == {"router_id": "10.0.0.1", "name": "branch"}
    run = engine_runs(world)[-1]
    world.put(path(world), {"router_id": "10.7.7.7"})
    with world.session() as session:
        (moved,) = engine.drift(session).drift
    assert (moved.address, moved.seen["extra"]["router_id"]) == ("cluster.branch", "10.7.7.7")
    assert summary(world.plan(refresh=False)) == {}
    assert summary(world.plan(targets=("site.branch",))) == {}
    assert world.apply(targets=("cluster.branch",)).exit_code == 0
    assert device(world)["router_id"] == "10.0.0.1"
    says(world, "")
    assert world.apply().exit_code == 0
    assert device(world) == {"router_id": "10.9.9.9", "name": "till"}
    assert summary(world.plan()) == {}
    with world.session() as session:
        assert engine.apply(session, engine.rollback(session, run)).exit_code == 0
    assert device(world) == {"router_id": "10.0.0.1", "name": "branch"}


def engine_runs(world: World) -> list[str]:
    with world.session() as session:
        return [one.id for one in engine.runs(session)]


def test_a_pair_of_others_is_imported_with_what_the_stack_says_of_its_device(example: Example) -> None:
    world = example("one_pair")
    says(world, '"router_id": "10.0.0.1"')
    assert world.apply().exit_code == 0
    world.put(path(world), {"tunnel_configs": {"z": {"psk": "not ours"}}})
    for kept in (world.folder / ".haplan").rglob("state.db*"):
        kept.unlink()
    with open_session(world.folder, Options(lab=True), environ={}) as session:
        plan = engine.import_all(session)
        assert "cluster.branch" in summary(plan)
        assert "not ours" not in plain(plan_lines(plan))
        assert engine.apply(session, plan).exit_code == 0
    plan = world.plan()
    assert summary(plan) == {}
    assert found(plan, "HA124") == [
        "branch: its device overrides tunnel_configs.z; what the template says there has no effect"
    ]


def test_a_pair_that_formed_before_its_device_could_be_set_is_gone_on_with(example: Example) -> None:
    world = example("one_pair")
    says(world, '"router_id": "10.0.0.1"')
    world.misbehave(f'[[fault]]\non = "PUT {DEVICE}"\nstatus = 400\n')
    assert world.apply().exit_code == 3
    plan = world.plan()
    assert "changed outside" not in plain(plan_lines(plan))  # nobody else had a hand in it
    assert world.apply(plan).exit_code == 0
    assert device(world)["router_id"] == "10.0.0.1"
    assert summary(world.plan()) == {}
    posts = [call for call in world.calls() if "ha" in call.rsplit("/", 1)[-1] and call.startswith("POST")]
    assert sum(world.calls()[call] for call in posts) == 1


def test_a_node_that_is_replaced_takes_the_settings_of_the_device_along(example: Example) -> None:
    world = example("one_pair")
    says(world, '"router_id": "10.0.0.1"')
    boxes = "".join(f'[[device]]\nmac = "{mac}"\nserial = "{mac}"\nmodel = "SSR120"\n' for mac in (*MACS, NEW))
    world.misbehave(boxes)
    assert world.apply().exit_code == 0
    world.edit("stack.py", MACS[0], NEW)
    assert world.apply().exit_code == 0
    assert device(world, NEW)["router_id"] == "10.0.0.1"
    assert summary(world.plan()) == {}


NEW = "02005e100c2f"


@pytest.mark.parametrize(("keys", "text"), [
    ('"port_config": {"ge-0/0/0.7": {"usage": "wan"}, "ge-0/0/9": {"usage": "wan"}}', ""),
    ('"port_config": {"ge-0/0/3": {"usage": "lan"}}',
     "MIST002 error: extra mist.port_config.ge-0/0/3: the template ha-branch says this with interfaces="),
    ('"ip_configs": {"guest": {"type": "dhcp"}}',
     "MIST002 error: extra mist.ip_configs.guest: the template ha-branch says this with the address of a lan(…)"),
    ('"router_id": "{{NO}}"',
     "HA118 error: branch: {{NO}} is used by cluster branch extra.router_id of ha-branch but not defined"),
    ('"mac": "020000000001"', "EXTRA error: extra mist.mac: read-only: the cloud sets it"),
    ('"managed": False', "EXTRA error: extra mist.managed: the vocabulary says this: use managed="),
    ('"service_policies": []', "EXTRA error: extra mist.service_policies: the vocabulary says this: use Policy(…)"),
    ('"port_config": {"ge-0/0/9": {"usage": "lan", "wan_type": "lte"}}',
     "EXTRA error: extra mist.port_config.ge-0/0/9.wan_type: only a WAN port may have this, an SSR rejects it on lan"),
    ('"port_config": ["ge-0/0/9"]', ""),  # the cloud has the word
    ('"routerid": "10.0.0.1"',
     "EXTRA warning: extra mist.routerid: the description of Mist has no such key on a cluster; it is sent; "
     "did you mean router_id?"),
])  # fmt: skip
def test_wrong_keys_of_a_pair_are_told_offline(example: Example, keys: str, text: str) -> None:
    world = example("one_pair")
    says(world, keys)
    with world.session() as session:
        said = [f"{one.rule} {one.severity}: {one.message}" for one in engine.validate(session).findings]
    about = [one for one in said if one.split()[0] in ("EXTRA", "MIST002", "HA118")]
    assert about == ([text] if text else [])


def test_a_name_that_nothing_has_is_refused_in_what_is_set_on_a_device_too(example: Example) -> None:
    world = example("one_pair")
    says(world, '"tunnel_configs": {"z": {"primary": {"wan_names": ["wan1", "wan7"]}}}')
    with pytest.raises(Denied, match="no WAN 'wan7'"):
        world.apply()


def test_a_variable_that_only_a_device_uses_is_used(example: Example) -> None:
    world = example("one_pair")
    world.edit("stack.py", 'country_code="US"', 'variables={"RID": "10.9.9.9"}, country_code="US"')
    says(world, '"router_id": "{{RID}}"')
    assert found(world.plan(), "HA121") == []

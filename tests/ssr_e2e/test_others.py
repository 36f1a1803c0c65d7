"""What others put where a plan writes, between plan and apply: it is never written over, nor taken away unseen."""

from collections.abc import Callable
from typing import Any

from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.report.text import plan_lines
from tests.ssr_e2e.world import World

Make = Callable[..., World]
PORT = "/authority/router/branch/node/node0/device-interface/ge-0-0"
WAN0 = f"{PORT}/network-interface/wan0"
MTU = ('wan("wan0", "ge-0/0/0", dhcp())', 'wan("wan0", "ge-0/0/0", dhcp(), mtu=1400)')
DNS = ("ntp_servers=", 'dns_servers=["192.0.2.53"], ntp_servers=')
BFD = ('Cluster("branch", ', 'Cluster("branch", extra={"ssr": {"bfd": {"multiplier": 5}}}, ')
MORE = ("    ha_fabric(", '    lan("more", "ge-0/0/2,ge-1/0/2", {office: "10.1.0.1/24"}),\n    ha_fabric(')
LESS_BACK = '    lan("lan", "ge-0/0/3,ge-1/0/3", {guest: "172.22.99.1/24"}),\n    ha_fabric('
LESS = ('lan("lan", "ge-0/0/3,ge-1/0/3", {guest: "172.22.99.1/24"}),\n', "")
DEVICE = {"name": "ge-0-2", "pci-address": "0000:03:00.1", "description": "spare"}
MEANWHILE: dict[str, tuple[tuple[str, str], tuple[str, str, dict[str, Any]], str]] = {
    "a leaf": (MTU, ("PATCH", WAN0, {"mtu": 1300}), "network-interface wan0 mtu was set"),
    "an entry with a list": (
        DNS,
        ("POST", "/authority/router/branch/dns-config", {"mode": "static", "address": ["198.51.100.53"]}),
        "dns-config static address was set",
    ),
    "a container": (BFD, ("PATCH", "/authority/router/branch/bfd", {"multiplier": 7}), "bfd multiplier was set"),
    "an entry": (
        MORE,
        ("POST", "/authority/router/branch/node/node0/device-interface", DEVICE),
        "device-interface ge-0-2 was made",
    ),
    "what is in an entry that goes": (
        LESS,
        ("PATCH", "/authority/router/branch/node/node0/device-interface/ge-0-3", {"description": "patched"}),
        "device-interface ge-0-3 description came to the conductor",
    ),
}


def refused(world: World, plan: Plan) -> Result:
    """The result of a plan that must leave what runs."""
    before, commits = world.running(), world.calls("POST /config/commit")
    result = world.apply(plan)
    assert result.exit_code == 5
    assert (world.running(), world.calls("POST /config/commit")) == (before, commits)
    return result


def test_what_somebody_sets_where_nobody_owned_anything_is_not_written_over(pair: Make) -> None:
    world, plans = pair(), {}
    world.apply()
    for kind, (edit, _, _) in MEANWHILE.items():
        world.edit("stack.py", *edit)
        plans[kind] = world.plan()
        world.edit("stack.py", *reversed(edit)) if all(edit) else world.edit("stack.py", "    ha_fabric(", LESS_BACK)
    for _, meanwhile, _ in MEANWHILE.values():
        world.change(*meanwhile)
    said = {kind: refused(world, plan).failed[0].text for kind, plan in plans.items()}
    assert [kind for kind, text in said.items() if MEANWHILE[kind][2] not in text] == []
    world.edit("stack.py", *MTU)
    assert world.apply().exit_code == 0  # who has seen it decides
    assert world.plan().empty()


def test_what_was_there_before_the_plan_is_told_by_it_and_given_back_at_the_end(pair: Make) -> None:
    world = pair()
    world.apply()
    world.change("PATCH", WAN0, {"mtu": 1300})
    world.edit("stack.py", *MTU)
    plan = world.plan()
    said = "\n".join(map(str, plan_lines(plan)))
    assert "overwrites what others wrote:" in said
    assert "router branch node node0 device-interface ge-0-0 network-interface wan0 mtu: 1300 → 1400" in said
    assert world.apply(plan).exit_code == 0
    world.edit("stack.py", *reversed(MTU))
    assert world.apply().exit_code == 0
    (wan,) = world.client().get(f"/config/running{PORT}/network-interface").json()
    assert wan["mtu"] == 1300


def test_a_plan_that_did_not_look_writes_over_nothing_that_it_did_not_see(pair: Make) -> None:
    world = pair()
    world.apply()
    world.edit("stack.py", *MTU)
    world.change("PATCH", WAN0, {"mtu": 1300})
    refused(world, world.plan(refresh=False))
    world.change("PATCH", WAN0, {"mtu": 1400})  # that is as it is wanted anyhow
    assert world.apply(refresh=False).exit_code == 0
    assert world.plan().empty()


def test_a_plan_holds_no_value_of_others(pair: Make) -> None:
    world = pair()
    world.apply()
    world.change("PATCH", "/authority/router/branch/node/node0/device-interface/ge-0-3", {"description": "s3cr3t"})
    world.edit("stack.py", *LESS)
    (state,) = {
        placed.placement.state
        for transaction in world.plan().transactions
        for placed in transaction.placed
        if placed.address == "wan_edge_template.edge"
    }
    assert "description" in state
    assert "s3cr3t" not in state

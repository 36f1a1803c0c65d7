"""Words of a branch on a pair: what is on the device, and that a red check takes each back."""

from collections.abc import Callable

import pytest

from haplan.errors import Denied
from tests.srx_e2e.test_faults import SILENT
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
WATCHED = "set services ip-monitoring policy wan0 then preferred-route withdraw"


def test_a_static_wan_is_probed_from_the_first_day_and_the_plan_and_the_check_say_so(shops: Shops) -> None:
    world = shops(lab='[[srx.silent]]\nhost = "192.0.2.1"\n')
    plan = world.plan()
    told = [one.message for one in plan.findings if one.rule == "SRX005"]
    assert told == ["wan0: its gateway 192.0.2.1 is probed; while it is silent, traffic leaves by other WANs"]
    result = world.apply(plan)
    assert result.exit_code == 0
    warned = [event.text for event in world.events if "192.0.2.1 does not answer" in event.text]
    assert len(warned) == 1
    assert WATCHED in world.lines(node_of(1))
    again = world.plan()
    assert (again.changes, again.drift, [one for one in again.notes if "SRX005" in one]) == ((), (), [])
    world.edit('gateway="192.0.2.1"))', 'gateway="192.0.2.1"), probes=False)')
    assert world.apply().exit_code == 0
    assert not [line for line in world.lines(node_of(1)) if line.startswith("set services")]
    assert world.plan().changes == ()


def test_a_red_check_takes_probes_back_with_the_routes_as_they_were(shops: Shops) -> None:
    world = shops()
    world.edit('gateway="192.0.2.1"))', 'gateway="192.0.2.1"), probes=False)')
    assert world.apply().exit_code == 0
    before = world.lines(node_of(1))
    world.edit('provider("srx")', 'provider("srx", probes=["192.0.2.1"])')
    world.edit("probes=False", 'probes=["203.0.113.9"]')
    world.misbehave(SILENT)
    result = world.apply()
    assert result.failed[0].text.endswith("; taken back")
    assert world.lines(node_of(1)) == before


WORDS = (
    ('gateway="192.0.2.1"))', 'gateway="192.0.2.1"), inbound=["ssh"], screens=["land"])'),
    ('template=edge, model="SRX300",',
     'template=edge, model="SRX300", extra={"srx": {"set": ["snmp location rack", "snmp contact noc"]}}, '
     'failover=failover(preempt=True, misses=5, recover=True), out_of_band=out_of_band('
     'node0="172.31.0.11/24", node1="172.31.0.12/24", gateway="172.31.0.1", reach=["172.31.0.0/16"], '
     'shared="172.31.0.10/24"),'),
    ('lan("lan", "ge-0/0/3,ge-1/0/3",', 'lan("lan", "ge-0/0/3,ge-0/0/4,ge-1/0/3,ge-1/0/4",'),
    ("reth_idx=0)", "reth_idx=0, aggregated=True, redundant=True)"),
    ('action="allow",', 'action="allow", log=["end"],'),
)  # fmt: skip


def test_the_words_of_a_pair_are_taken_back_by_a_red_check_and_else_stay_until_they_are_left_out(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    world.by_hand(node_of(1), "set snmp location attic")
    before = world.lines(node_of(1))
    usual = (world.folder / "stack.py").read_text()
    for change in WORDS:
        world.edit(*change)
    world.edit('provider("srx")', 'provider("srx", probes=["192.0.2.1"])')
    world.misbehave(SILENT)
    result = world.apply()
    assert result.failed[0].text.endswith("; taken back")
    assert world.lines(node_of(1)) == before
    world.misbehave("[srx]")
    assert world.apply().exit_code == 0
    now = world.lines(node_of(1))
    assert {
        "set snmp location rack",
        "set snmp contact noc",
        "set chassis cluster control-link-recovery",
        "set chassis cluster redundancy-group 1 preempt",
        "set groups node0 interfaces fxp0 unit 0 family inet address 172.31.0.10/24 master-only",
        "set interfaces reth0 redundant-ether-options lacp active",
        "set security zones security-zone wan0 interfaces ge-0/0/7.0 host-inbound-traffic system-services ssh",
        "set security zones security-zone wan0 screen wan0",
        "set security screen ids-option wan0 tcp land",
        "set security policies from-zone guest to-zone wan1 policy guest-out then log session-close",
    } <= now
    assert world.plan().changes == ()
    (world.folder / "stack.py").write_text(usual)
    assert world.apply().exit_code == 0
    assert world.lines(node_of(1)) == before


def test_a_box_of_multi_node_high_availability_is_called_so_and_never_made_a_pair(shops: Shops) -> None:
    world = shops()
    world.plan()
    local = "set chassis high-availability local-id 1"
    world.by_hand(
        node_of(1), f"{local} local-ip 192.0.2.1", "set chassis high-availability peer-id 2 peer-ip 192.0.2.2"
    )
    errors = [one for one in world.plan().findings if one.severity == "error"]
    assert {one.rule for one in errors} == {"SRX002"}
    assert any("runs multi-node high availability" in one.message for one in errors)
    with pytest.raises(Denied):
        world.apply()
    assert any(line.startswith(local) for line in world.lines(node_of(1)))

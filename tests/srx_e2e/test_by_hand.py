"""A pair that somebody configured by hand before haplan came: what a plan takes of it, and that it all comes back."""

from collections.abc import Callable

import pytest
from lxml import etree

from haplan.report.json import plan_json
from haplan.report.lines import UNWRAPPED, plain
from haplan.report.text import plan_lines
from tests.srx_e2e.test_forming import joined_by_hand
from tests.srx_e2e.world import World, node_of

Shops = Callable[..., World]
ADDRESS = "interfaces ge-0/0/7 unit 0 family inet address 192.0.2.99/25"
ZONED = "security zones security-zone untrust interfaces ge-0/0/7.0"
ROUTE = "routing-options static route 0.0.0.0/0 next-hop 192.0.2.77"
HAND = (
    f"set {ADDRESS}",
    "set interfaces ge-0/0/7 description uplink",
    "set interfaces ge-1/0/7 unit 0 family inet address 198.51.100.10/24",
    "set interfaces ge-0/0/5 gigether-options redundant-parent reth4",
    "set interfaces ge-1/0/5 gigether-options redundant-parent reth4",
    "set interfaces reth4 redundant-ether-options redundancy-group 1",
    "set interfaces reth4 unit 0 family inet address 172.16.4.1/24",
    f"set {ZONED} host-inbound-traffic system-services ping",
    f"set {ZONED} host-inbound-traffic system-services ssh",
    "set security zones security-zone untrust tcp-rst",
    "set security zones security-zone servers interfaces reth4.0",
    "set security policies from-zone servers to-zone untrust policy out match source-address any",
    "set security policies from-zone servers to-zone untrust policy out match destination-address any",
    "set security policies from-zone servers to-zone untrust policy out match application any",
    "set security policies from-zone servers to-zone untrust policy out then permit",
    "set security policies default-policy permit-all",
    "set system time-zone UTC",
    "set system name-server 9.9.9.9",
    "set system name-server 1.1.1.1",
    "set system ntp server 192.0.2.123",
    f"set {ROUTE}",
    "set routing-options static route 10.9.0.0/16 next-hop 172.16.4.9",
    "set routing-options interface-routes rib-group inet THEIRS",
    "set routing-options rib-groups THEIRS import-rib inet.0",
    "set routing-options rib-groups THEIRS import-rib inet.2",
    "set chassis cluster reth-count 5",
    "set chassis cluster redundancy-group 0 node 0 priority 150",
    "set chassis cluster redundancy-group 1 node 0 priority 180",
    "set chassis cluster redundancy-group 1 gratuitous-arp-count 8",
    "set chassis cluster redundancy-group 1 interface-monitor ge-0/0/3 weight 100",
    "set interfaces ge-0/0/3 description inside",
    "set groups node0 system host-name left",
    "set groups common system login message hello",
    "delete apply-groups",
    "set apply-groups common",
    'set apply-groups "${node}"',
)
"""Its own reth, zone and policy, and at each place where the stack wants something, something else."""
SAID = (
    f"{ADDRESS} → address 192.0.2.10/25: ge-0/0/7.0 loses it",
    f"{ZONED} → security-zone wan0: ge-0/0/7.0 leaves zone untrust",
    f"{ROUTE} → qualified-next-hop 192.0.2.1, qualified-next-hop 198.51.100.1",
    "security policies default-policy permit-all → deny-all",
    "routing-options interface-routes rib-group inet THEIRS → inet haplan-steering",
    "chassis cluster redundancy-group 0 node 0 priority 150 → priority 200",
    "chassis cluster redundancy-group 1 node 0 priority 180 → priority 200",
    "chassis cluster redundancy-group 1 gratuitous-arp-count 8 → gratuitous-arp-count 4",
    "chassis cluster redundancy-group 1 interface-monitor ge-0/0/3 weight 100 → weight 255",
    "groups node0 system host-name left → host-name shop1-node0",
    "system time-zone UTC → time-zone Europe/Zurich",
)


def letters(world: World) -> tuple[list[str], list[str]]:
    """All lines, and those whose order means something."""
    lines = world.set_lines(node_of(1))
    ordered = ("set apply-groups", "set system name-server", "set security policies from-zone")
    return sorted(lines), [line for line in lines if line.startswith(ordered) or "import-rib" in line]


def overwrite(world: World, *texts: str) -> None:
    listed = ", ".join(f'"{text}"' for text in texts)
    world.edit("cluster_id=number,", f"cluster_id=number, overwrite=[{listed}],")


@pytest.fixture
def hand(shops: Shops) -> World:
    world = shops()
    links = '    ha_fabric("ge-0/0/2,ge-1/0/2"),\n]'
    world.edit(f"{links})", f'{links}, dns_servers=["8.8.8.8", "1.1.1.1"], ntp_servers=["192.0.2.5"])')
    world.plan()
    joined_by_hand(world, 1)
    world.by_hand(node_of(1), *HAND)
    return world


def test_a_pair_configured_by_hand_is_told_statement_by_statement_and_comes_back_to_the_letter(hand: World) -> None:
    before = letters(hand)
    plan = hand.plan()
    errors = [one for one in plan.findings if one.severity == "error"]
    assert {one.rule for one in errors} == {"SRX004"}
    assert sorted(one.hint.partition(": ")[2].strip('",') for one in errors) == [ADDRESS, ROUTE, ZONED]
    said = plain(plan_lines(plan), UNWRAPPED)
    assert [line for line in SAID if line not in said] == []
    assert "reth-count" not in said
    told = plan_json(plan, digest="", made=0.0)["resource_changes"]
    assert [one["address"] for one in told if "overwrites" in one["haplan"]] == ["cluster.shop1"]
    overwrite(hand, ADDRESS, f"set {ZONED}", ROUTE, "interfaces ge-0/0/6 unit 0")
    warned = [one.message for one in hand.plan().findings if one.rule == "SRX004"]
    assert warned == ["overwrite names what is not there: interfaces ge-0/0/6 unit 0"]
    assert hand.apply().exit_code == 0
    during = hand.set_lines(node_of(1))
    assert {line for line in HAND if "reth" in line or "servers" in line} <= set(during)
    assert {line for line in HAND if "THEIRS" in line and "interface-routes" not in line} <= set(during)
    servers = [line.split()[-1] for line in during if line.startswith("set system name-server")]
    assert servers == ["9.9.9.9", "8.8.8.8", "1.1.1.1"]
    again = hand.plan()
    assert (again.changes, again.drift) == ((), ())
    assert hand.apply(destroy=True).exit_code == 0
    assert letters(hand) == before


MATCH = ("source-address", "destination-address", "application")
EVERYWHERE = "groups all security policies from-zone <*> to-zone <*> policy watch"


def test_policies_of_others_in_front_of_ours_are_told_and_never_moved(shops: Shops) -> None:
    world = shops()
    assert world.apply().exit_code == 0
    zones = "security policies from-zone guest to-zone wan1"
    world.by_hand(
        node_of(1),
        *(f"set {zones} policy stop match {name} any" for name in MATCH),
        f"set {zones} policy stop then deny",
        f"insert {zones} policy stop before policy guest-out",
        *(
            f"set {EVERYWHERE} match {name} {value}"
            for name, value in zip(MATCH, ("any", "any", "junos-ssh"), strict=True)
        ),
        f"set {EVERYWHERE} then permit",
        "set apply-groups all",
    )
    before = world.set_lines(node_of(1))
    plan = world.plan()
    assert plan.changes == ()
    told = "shop1: policy stop of others (deny) is asked before, from guest to wan1: nothing gets to guest-out"
    assert told in plan.notes
    assert any("policy watch of others (permit) is asked before, from guest to wan1" in note for note in plan.notes)
    world.edit("# here", 'allow("guest-web", [guest], web, second)')
    found = [one for one in world.plan().findings if one.rule == "HA107"]
    assert [one.address for one in found] == ["policy.edge.guest-web"]
    assert world.apply().exit_code == 0
    assert [line for line in world.set_lines(node_of(1)) if "guest-web" not in line] == before


def tunnels(world: World, mac: str) -> int:
    """How many tunnels of a box are up."""
    session = world.session(mac)
    reply = session.rpc(etree.Element("get-security-associations-information"))
    found = next(one.text for one in reply.all("total-active-tunnels"))
    session.close()
    return int(found or 0)


def test_a_pre_shared_key_that_was_changed_on_the_device_is_drift_and_mended(example: World) -> None:
    assert example.apply().exit_code == 0
    mac = "02005e300c30"
    line = next(line for line in example.set_lines(mac) if "ascii-text" in line)
    assert tunnels(example, mac) == 4
    example.by_hand(mac, f'{line.rpartition(" ")[0]} "$9$LbHX-wg4Z"')
    assert tunnels(example, mac) == 0
    plan = example.plan()
    assert [one.address.partition(".")[0] for one in plan.drift] == ["overlay"]
    assert "LbHX" not in str(plan)
    assert {str(one.document).partition(":")[0] for one in plan.transactions} == {"device"}
    assert example.apply().exit_code == 0
    assert line in example.set_lines(mac)
    assert (example.plan().changes, example.plan().drift) == ((), ())


NAMESAKE = "applications application web"
OTHER = "reth5"
BUNDLE = (
    "set chassis cluster reth-count 6",
    *(f"set interfaces {one} gigether-options redundant-parent {OTHER}" for one in ("ge-0/0/2", "ge-1/0/7")),
    *(f"set chassis cluster redundancy-group 1 node {node} priority {100 + node}" for node in (0, 1)),
    f"set interfaces {OTHER} redundant-ether-options redundancy-group 1",
    "set interfaces ge-0/0/4 gigether-options redundant-parent reth0",
    "set interfaces reth0 redundant-ether-options lacp passive",
    "set interfaces reth0 redundant-ether-options redundancy-group 1",
)
"""A reth of theirs of ports that the stack has another use for, and one that is called as its LAN."""
MINE = "security policies from-zone guest to-zone wan0 policy x"


def test_an_entry_of_others_that_is_called_as_ours_is_asked_for_and_never_becomes_part_of_it(shops: Shops) -> None:
    world = shops()
    world.plan()
    joined_by_hand(world, 1)
    theirs = f"set {NAMESAKE} term ssh protocol tcp", f"set {NAMESAKE} term ssh destination-port 22"
    world.by_hand(node_of(1), *theirs, *BUNDLE, "set routing-instances steer-first instance-type virtual-router")
    errors = [one for one in world.plan().findings if one.severity == "error"]
    asked = sorted(one.hint.partition(": ")[2].strip('",') for one in errors)
    leaves = [f"interfaces {one} gigether-options redundant-parent {OTHER}" for one in ("ge-0/0/2", "ge-1/0/7")]
    assert asked == [NAMESAKE, leaves[0], leaves[1], "interfaces reth0", "routing-instances steer-first"]
    assert f"{leaves[0]} → gone: ge-0/0/2 leaves {OTHER}" in "".join(one.message for one in errors)
    assert {one.rule for one in errors} == {"SRX004"}
    assert f"{NAMESAKE} → one with what the stack says: there is one of that name already" in errors[0].message
    overwrite(world, *asked)
    assert not [one for one in world.plan().findings if one.rule == "SRX004"]
    result = world.apply()
    assert (result.exit_code, [one.message for one in result.findings if one.rule == "HA182"]) == (
        0,
        [f"shop1: {OTHER}, which is of others, is Down"],
    )
    again = world.plan()
    assert (again.changes, [one for one in again.findings if one.rule == "SRX004"]) == ((), [])
    world.edit("# here", 'Policy("x", template=edge, networks=[guest], applications=[web], action="deny")')
    world.by_hand(node_of(1), *(f"set {MINE} match {one} any" for one in MATCH), f"set {MINE} then permit")
    errors = [one for one in world.plan().findings if one.severity == "error"]
    assert [one.hint.partition(": ")[2].strip('",') for one in errors] == [MINE]

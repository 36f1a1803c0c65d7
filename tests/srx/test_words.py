"""Words of a branch: what each comes to on a device, and what is refused of it."""

from pathlib import Path

import pytest

from haplan import engine
from haplan.design.inbound import INBOUND, SCREENS
from haplan.errors import StackError
from haplan.host.options import Options
from haplan.host.session import open_session
from tests.srx.stacks import PAIR, design, lines, translation

OOB = 'out_of_band(node0="172.31.0.11/24", node1="172.31.0.12/24", gateway="172.31.0.1", reach=["172.31.0.0/16"], shared="172.31.0.10/24")'  # noqa: E501
FXP0 = "interfaces interface[fxp0] unit[0] family inet address"
RG = "chassis cluster redundancy-group[1]"
MEMBER = "gigether-options redundant-parent parent = reth0"
BUNDLE = '"ge-0/0/3,ge-0/0/4,ge-1/0/3,ge-1/0/4"'
ZONE = "security zones security-zone"
WAN0 = 'gateway="192.0.2.1"), probes=False'
LAN = 'lan("office", "ge-0/0/3,ge-1/0/3", {lan_net: "10.0.0.1/24"}'


def pair(words: str) -> tuple[str, str]:
    return 'model="SRX300",', f'model="SRX300", {words},'


CASES: dict[str, tuple[tuple[str, str], list[str]]] = {
    "out-of-band addresses": (pair(f"out_of_band={OOB}"), [
        f"groups[node0] {FXP0}[172.31.0.11/24]",
        f"groups[node0] {FXP0}[172.31.0.10/24] master-only",
        "groups[node0] system backup-router address = 172.31.0.1",
        "groups[node0] system backup-router destination = 172.31.0.0/16",
        f"groups[node1] {FXP0}[172.31.0.12/24]",
        f"groups[node1] {FXP0}[172.31.0.10/24] master-only",
        "groups[node1] system backup-router address = 172.31.0.1",
        "groups[node1] system backup-router destination = 172.31.0.0/16",
        "routing-options static route[172.31.0.0/16] next-hop = 172.31.0.1",
        "routing-options static route[172.31.0.0/16] no-readvertise",
    ]),
    "going back by itself": (pair("failover=failover(preempt=True, delay=300, hold_down=60)"), [
        f"{RG} preempt", f"{RG} preempt delay = 300", f"{RG} hold-down-interval = 60",
    ]),
    "heartbeats": (pair("failover=failover(heartbeat=2000, misses=5, recover=True)"), [
        "chassis cluster heartbeat-interval = 2000", "chassis cluster heartbeat-threshold = 5",
        "chassis cluster control-link-recovery",
    ]),
    "a second fabric link": (('"ge-0/0/2,ge-1/0/2"', '"ge-0/0/2,ge-1/0/2,ge-0/0/5,ge-1/0/5"'), [
        "interfaces interface[fab0] fabric-options member-interfaces[ge-0/0/5]",
        "interfaces interface[fab1] fabric-options member-interfaces[ge-1/0/5]",
    ]),
    "a LAN of bundles": ((LAN, LAN.replace('"ge-0/0/3,ge-1/0/3"', BUNDLE) + ", aggregated=True, redundant=True"), [
        f"{RG} interface-monitor[ge-0/0/3] weight = 128", f"{RG} interface-monitor[ge-0/0/4] weight = 128",
        f"{RG} interface-monitor[ge-1/0/3] weight = 128", f"{RG} interface-monitor[ge-1/0/4] weight = 128",
        f"interfaces interface[ge-0/0/4] {MEMBER}", f"interfaces interface[ge-1/0/4] {MEMBER}",
        "interfaces interface[reth0] redundant-ether-options lacp active",
        "interfaces interface[reth0] redundant-ether-options lacp periodic = fast",
    ]),
    "sessions that are logged": (('action="allow"', 'action="allow", log=["start", "end"]'), [
        "security policies policy[lan,wan0] policy[web-out] then log session-init",
        "security policies policy[lan,wan0] policy[web-out] then log session-close",
        "security policies policy[lan,wan1] policy[web-out] then log session-init",
        "security policies policy[lan,wan1] policy[web-out] then log session-close",
    ]),
    "what answers on a WAN": ((WAN0, f'{WAN0}, inbound=["ssh", "bgp"]'), [
        f"{ZONE}[wan0] interfaces[ge-0/0/7.0] host-inbound-traffic protocols[bgp]",
        f"{ZONE}[wan0] interfaces[ge-0/0/7.0] host-inbound-traffic system-services[ssh]",
    ]),
    "what answers on a LAN": ((LAN, f'{LAN}, inbound=["snmp"]'), [
        f"{ZONE}[lan] interfaces[reth0.10] host-inbound-traffic system-services[snmp]",
    ]),
    "screens": ((WAN0, f'{WAN0}, screens=["teardrop", "land", "port-scan"]'), [
        "security screen ids-option[wan0] ip tear-drop", "security screen ids-option[wan0] tcp land",
        "security screen ids-option[wan0] tcp port-scan", f"{ZONE}[wan0] screen = wan0",
    ]),
}  # fmt: skip


def test_every_screen_is_one_that_a_device_takes(tmp_path: Path) -> None:
    (tmp_path / "stack.py").write_text(PAIR.replace(WAN0, f"{WAN0}, screens={list(SCREENS)}, inbound={list(INBOUND)}"))
    with open_session(tmp_path, Options(), environ={}) as session:
        assert [one for one in engine.validate(session).findings if one.severity == "error"] == []


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return set(lines(translation(design(tmp_path_factory.mktemp("usual"), PAIR)).configuration))


@pytest.mark.parametrize("name", CASES)
def test_a_word_comes_to_these_statements_and_a_device_takes_them(tmp_path: Path, usual: set[str], name: str) -> None:
    change, more = CASES[name]
    text = PAIR.replace(*change, 1)
    assert text != PAIR
    (tmp_path / "stack.py").write_text(text)
    with open_session(tmp_path, Options(), environ={}) as session:
        errors = [one for one in engine.validate(session).findings if one.severity == "error"]
    assert errors == []
    found = translation(design(tmp_path, text))
    assert sorted(set(lines(found.configuration)) - usual) == sorted(more)


@pytest.mark.parametrize(("change", "why"), [
    (pair(f"out_of_band={OOB.replace('172.31.0.12', '172.31.0.11')}"),
     "out_of_band: node0, node1, shared and gateway are different addresses"),
    (pair(f"out_of_band={OOB.replace('172.31.0.12/24', '172.31.9.12/24')}"),
     "out_of_band: node1 172.31.9.12/24 is not in 172.31.0.0/24, where node0 is"),
    (pair(f"out_of_band={OOB.replace('172.31.0.0/16', '0.0.0.0/0')}"),
     "out_of_band: reach=0.0.0.0/0 would take all traffic to the management port"),
    ((LAN, LAN.replace('"ge-0/0/3,ge-1/0/3"', '"ge-0/0/3,ge-0/0/4,ge-1/0/3"') + ", aggregated=True, redundant=True"),
     "interface office: ge-0/0/3,ge-0/0/4,ge-1/0/3 needs as many ports of one node as of the other"),
])  # fmt: skip
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, change: tuple[str, str], why: str) -> None:
    assert why in [one.text for one in translation(design(tmp_path, PAIR.replace(*change, 1))).troubles]


@pytest.mark.parametrize(("words", "why"), [
    ("failover=failover(delay=5)", "it says how long to wait before going back: with preempt=True"),
    ("failover=failover(heartbeat=50)", "failover.heartbeat"),
    ('out_of_band=out_of_band(node0="10.0.0.1/24", node1="10.0.0.2/24", reach=["10.1.0.0/16"])', "needs gateway="),
])  # fmt: skip
def test_a_word_of_a_pair_that_is_said_wrong_is_told_with_its_line(tmp_path: Path, words: str, why: str) -> None:
    with pytest.raises(StackError, match=why):
        design(tmp_path, PAIR.replace(*pair(words), 1))


@pytest.mark.parametrize("words", ['inbound=["finger"]', "inbound=[]", 'screens=["everything"]'])
def test_a_word_of_an_interface_that_is_said_wrong_is_told_with_its_line(tmp_path: Path, words: str) -> None:
    with pytest.raises(StackError, match=words.partition("=")[0]):
        design(tmp_path, PAIR.replace(WAN0, f"{WAN0}, {words}"))

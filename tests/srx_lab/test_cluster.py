"""Two boxes as one: forming, status, failover, links, and boxes that do not come back."""

from collections.abc import Callable

import attrs
import pytest

from haplan_srx.lab import Boot, Link, Settings
from tests.srx_lab.conftest import NODE0, NODE1, Bench, devices, texts

PAIR = """
set chassis cluster reth-count 1
set chassis cluster redundancy-group 0 node 0 priority 200
set chassis cluster redundancy-group 0 node 1 priority 100
set chassis cluster redundancy-group 1 node 0 priority 200
set chassis cluster redundancy-group 1 node 1 priority 100
set chassis cluster redundancy-group 1 interface-monitor ge-0/0/3 weight 255
set chassis cluster redundancy-group 1 interface-monitor ge-7/0/3 weight 255
set interfaces fab0 fabric-options member-interfaces ge-0/0/2
set interfaces fab1 fabric-options member-interfaces ge-7/0/2
set interfaces ge-0/0/3 gigether-options redundant-parent reth0
set interfaces ge-7/0/3 gigether-options redundant-parent reth0
set interfaces reth0 redundant-ether-options redundancy-group 1
set interfaces reth0 unit 0 family inet address 10.1.1.1/24
"""


@attrs.frozen
class Group:
    """One redundancy group as the status tells it."""

    states: list[str]
    priorities: list[str]
    failures: list[str]
    manual: list[str]
    failovers: int


def groups(bench: Bench, mac: str = NODE0) -> dict[str, Group]:
    reply = bench.rpc("<get-chassis-cluster-status/>", mac)
    return {
        group.findtext("redundancy-group-id"): Group(
            texts(group, "device-stats/redundancy-group-status"), texts(group, "device-stats/device-priority"),
            texts(group, "device-stats/monitor-failures"), texts(group, "device-stats/failover-mode"),
            int(group.findtext("redundancy-group-failover-count")),
        )
        for group in reply.iter("redundancy-group")
    }  # fmt: skip


def states(bench: Bench, number: str = "1", mac: str = NODE0) -> list[str]:
    return groups(bench, mac)[number].states


@pytest.fixture
def pair(bench: Bench) -> Bench:
    """A cluster that is configured."""
    bench.form()
    assert bench.commit(PAIR).find("ok") is not None
    return bench


# --- Forming ----------------------------------------------------------------------------------------------------------


def enable(node: int, cluster: int = 1, more: str = "<reboot/>") -> str:
    body = f"<cluster-id>{cluster}</cluster-id><node>{node}</node>{more}"
    return f"<set-chassis-cluster-enable>{body}</set-chassis-cluster-enable>"


def test_a_single_box_answers_cluster_rpcs_with_xnm_error(bench: Bench) -> None:
    for name in ("status", "interfaces", "information"):
        reply = bench.rpc(f"<get-chassis-cluster-{name}/>")
        assert texts(reply, "error/message") == ["error: Chassis cluster is not enabled"]
        assert reply.find("rpc-error") is None


def test_a_box_is_away_while_it_starts_and_a_node_of_the_cluster_after(bench: Bench) -> None:
    say = bench.talk()
    assert "Going to reboot now" in say(enable(0)).findtext("output")
    assert say("<get-system-information/>") is None
    with pytest.raises(ConnectionRefusedError):
        bench.talk()
    bench.lab.clock.sleep(601)
    reply = bench.rpc("<get-system-information/>")
    assert reply.find(".//cluster-node") is not None
    assert groups(bench)["0"].states == ["hold", "lost"]


def test_both_nodes_hold_then_node0_is_primary(bench: Bench) -> None:
    for mac, node in ((NODE1, 1), (NODE0, 0)):
        bench.rpc(enable(node), mac)
    bench.lab.clock.sleep(605)
    assert states(bench, "0") == ["hold", "hold"]
    bench.lab.clock.sleep(30)
    assert states(bench, "0") == states(bench, "0", NODE1) == ["primary", "secondary"]


def test_a_node_that_is_there_first_stays_primary_and_keeps_its_configuration(bench: Bench) -> None:
    bench.rpc(enable(1), NODE1)
    bench.lab.clock.sleep(700)
    assert states(bench, "0", NODE1) == ["lost", "primary"]
    bench.rpc(enable(0))
    bench.lab.clock.sleep(700)
    assert states(bench, "0") == ["secondary", "primary"]
    assert bench.rpc("<get-configuration/>").findtext("configuration/system/host-name") == "right"


@pytest.mark.parametrize("change", [{"cluster": 2}, {"node": 1}])
def test_boxes_that_do_not_fit_stay_alone(bench: Bench, change: dict[str, int]) -> None:
    bench.rpc(enable(1), NODE1)
    bench.rpc(enable(change.get("node", 0), change.get("cluster", 1)))
    bench.lab.clock.sleep(700)
    assert "lost" in states(bench, "0")
    assert "lost" in states(bench, "0", NODE1)


def test_unequal_releases_form_no_cluster(bench_of: Callable[..., Bench]) -> None:
    first, second = devices()
    bench = bench_of((first, attrs.evolve(second, version="23.4R2-S3")))
    bench.form()
    assert states(bench, "0") == ["primary", "lost"]


def test_without_reboot_nothing_happens_until_the_next_start(bench: Bench) -> None:
    bench.rpc(enable(0, more=""))
    assert bench.rpc("<get-chassis-cluster-status/>").find("error") is not None
    bench.rpc("<request-reboot/>")
    bench.lab.clock.sleep(700)
    assert bench.rpc("<get-chassis-cluster-status/>").findtext("chassis-cluster-status/cluster-id") == "1"


@pytest.mark.parametrize(("body", "tag"), [
    ("<node>0</node>", "missing-element"), ("<cluster-id>300</cluster-id><node>0</node>", "operation-failed"),
    ("<cluster-id>1</cluster-id><node>2</node>", "operation-failed"),
])  # fmt: skip
def test_wrong_arguments_reboot_nothing(bench: Bench, body: str, tag: str) -> None:
    reply = bench.rpc(f"<set-chassis-cluster-enable>{body}<reboot/></set-chassis-cluster-enable>")
    assert texts(reply, ".//error-tag") == [tag]
    assert bench.talk()


def test_leaving_makes_two_boxes_again_each_with_the_configuration(pair: Bench) -> None:
    for mac in (NODE1, NODE0):
        pair.rpc("<set-chassis-cluster-disable><reboot/></set-chassis-cluster-disable>", mac)
    pair.lab.clock.sleep(700)
    for mac in (NODE0, NODE1):
        assert pair.rpc("<get-chassis-cluster-status/>", mac).find("error") is not None
        assert pair.rpc("<get-configuration/>", mac).find("configuration/chassis/cluster") is not None
    pair.commit("set system host-name alone", NODE1)
    assert pair.rpc("<get-configuration/>").findtext("configuration/system/host-name") == "left"


def test_a_box_may_never_come_back(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(boots=(Boot(device="right", result="never"),))
    bench.form()
    bench.lab.clock.sleep(100000)
    assert states(bench, "0") == ["primary", "lost"]
    with pytest.raises(ConnectionRefusedError):
        bench.talk(NODE1)
    bench.lab.power(NODE1, on=True)
    bench.lab.clock.sleep(700)
    assert states(bench, "0") == ["primary", "secondary"]


def test_a_start_may_take_longer(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(boots=(Boot(device="left", minutes=30),), settings=Settings(boot_minutes=5))
    bench.form()
    with pytest.raises(ConnectionRefusedError):
        bench.talk()
    bench.lab.clock.sleep(1200)
    assert bench.talk()


# --- Status -----------------------------------------------------------------------------------------------------------


def test_a_healthy_pair(pair: Bench) -> None:
    for number in ("0", "1"):
        group = groups(pair)[number]
        assert group.states == ["primary", "secondary"]
        assert group.priorities == ["200", "100"]
        assert group.failures == ["None", "None"]
    links = pair.rpc("<get-chassis-cluster-interfaces/>").find("chassis-cluster-interface-statistics")
    assert links.findtext("control-interface-status") == "Up"
    assert texts(links, ".//control-link-interface-name") == ["em0"]
    assert texts(links, ".//fabric-child-interface-name") == ["ge-0/0/2", "ge-7/0/2"]
    assert texts(links, ".//fabric-child-interface-status") == ["Up   / Up"] * 2
    assert texts(links, "reth/reth-status") == ["Up"]
    assert texts(links, "interface-monitoring/status") == ["Up", "Up"]


def test_only_what_is_asked_for(pair: Bench) -> None:
    body = "<redundancy-group>1</redundancy-group>"
    reply = pair.rpc(f"<get-chassis-cluster-status>{body}</get-chassis-cluster-status>")
    assert texts(reply, ".//redundancy-group-id") == ["1"]


@pytest.mark.parametrize("name", ["software-information", "chassis-inventory", "chassis-mac-addresses",
                                  "route-engine-information", "system-uptime-information", "alarm-information",
                                  "chassis-cluster-information"])  # fmt: skip
def test_what_each_node_has_comes_wrapped_from_a_cluster_and_bare_from_one_box(bench: Bench, name: str) -> None:
    if "cluster" not in name:
        assert bench.rpc(f"<get-{name}/>")[0].tag == name
    bench.form()
    reply = bench.rpc(f"<get-{name}/>")
    assert texts(reply, "multi-routing-engine-results/multi-routing-engine-item/re-name") == ["node0", "node1"]
    assert [item[1].tag for item in reply.iter("multi-routing-engine-item")] == [name, name]


def test_a_node_that_is_gone_is_an_error_in_its_item(pair: Bench) -> None:
    pair.lab.power(NODE1, on=False)
    items = list(pair.rpc("<get-software-information/>").iter("multi-routing-engine-item"))
    assert items[0].find("software-information") is not None
    assert "Could not connect to node1" in items[1].findtext("rpc-error/error-message")


def test_facts_tell_the_boxes_apart(bench: Bench) -> None:
    bench.form()
    reply = bench.rpc("<get-chassis-mac-addresses/>")
    assert texts(reply, ".//public-base-address") == ["02:00:5e:30:0a:10", "02:00:5e:30:0a:11"]
    assert texts(bench.rpc("<get-chassis-inventory/>"), ".//chassis/serial-number") == ["DEMOH1A", "DEMOH1B"]
    assert texts(bench.rpc("<get-system-information/>", NODE1), ".//serial-number") == ["DEMOH1B"]


def test_a_reth_beyond_the_count_does_not_come_up(pair: Bench) -> None:
    pair.commit("set interfaces ge-0/0/5 gigether-options redundant-parent reth4\n"
                "set interfaces reth4 redundant-ether-options redundancy-group 1")  # fmt: skip
    reply = pair.rpc("<get-chassis-cluster-interfaces/>")
    assert texts(reply, ".//reth-name") == ["reth0", "reth4"]
    assert texts(reply, ".//reth-status") == ["Up", "Down"]


def test_a_data_group_needs_a_fabric(bench: Bench) -> None:
    bench.form()
    bench.commit("\n".join(line for line in PAIR.splitlines() if "fab" not in line))
    group = groups(bench)["1"]
    assert (group.priorities, group.failures) == (["0", "0"], ["CF", "CF"])


# --- Moving -----------------------------------------------------------------------------------------------------------


def failover(node: int, group: int = 1) -> str:
    body = f"<redundancy-group>{group}</redundancy-group><node>{node}</node>"
    return f"<request-chassis-cluster-failover>{body}</request-chassis-cluster-failover>"


RESET = """<request-chassis-cluster-failover-reset>
<redundancy-group>1</redundancy-group></request-chassis-cluster-failover-reset>"""


def test_a_manual_failover_holds_until_it_is_reset(pair: Bench) -> None:
    assert "Initiated manual failover" in pair.rpc(failover(1)).findtext("output")
    group = groups(pair)["1"]
    assert (group.states, group.priorities, group.manual) == (["secondary", "primary"], ["200", "255"], ["yes", "yes"])
    assert group.failovers == 1
    assert "already in effect" in pair.rpc(failover(0)).findtext("error/message")
    pair.rpc(RESET)
    assert groups(pair)["1"].manual == ["no", "no"]
    assert states(pair) == ["secondary", "primary"]


def test_with_preempt_the_better_one_takes_it_back(pair: Bench) -> None:
    pair.commit("set chassis cluster redundancy-group 1 preempt")
    pair.rpc(failover(1))
    pair.rpc(RESET)
    assert states(pair) == ["primary", "secondary"]


def test_a_monitored_port_moves_its_group_and_only_that(pair: Bench) -> None:
    pair.lab.link(NODE0, "ge-0/0/3", up=False)
    found = groups(pair)
    assert (found["1"].states, found["1"].priorities, found["1"].failures) == (
        ["secondary", "primary"], ["0", "100"], ["IF", "None"],
    )  # fmt: skip
    assert found["0"].states == ["primary", "secondary"]
    assert texts(pair.rpc("<get-chassis-cluster-interfaces/>"), ".//reth-status") == ["Up"]


def test_the_history_says_why(pair: Bench) -> None:
    pair.lab.link(NODE0, "ge-0/0/3", up=False)
    node0 = next(pair.rpc("<get-chassis-cluster-information/>").iter("multi-routing-engine-item"))
    group = node0.findall(".//redundancy-group-list")[1]
    assert texts(group, ".//transition-reason")[-1] == "Monitor failed: IF"
    assert texts(group, ".//to-state")[-1] == "secondary"


def test_power_off_moves_everything_and_configuration_goes_on(pair: Bench) -> None:
    pair.lab.power(NODE0, on=False)
    assert states(pair, "0", NODE1) == states(pair, "1", NODE1) == ["lost", "primary"]
    assert pair.commit("set system host-name survivor", NODE1).find("ok") is not None
    pair.lab.power(NODE0, on=True)
    pair.lab.clock.sleep(700)
    assert states(pair, "0") == ["secondary", "primary"]
    assert pair.rpc("<get-configuration/>").findtext("configuration/system/host-name") == "survivor"


# --- Links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["fabric", "ge-0/0/2"])
def test_without_fabric_the_secondary_goes_out_of_service_and_comes_back(pair: Bench, port: str) -> None:
    pair.lab.link(NODE0, port, up=False)
    assert states(pair) == ["primary", "ineligible"]
    assert set(texts(pair.rpc("<get-chassis-cluster-interfaces/>"), ".//fabric-child-interface-status")) <= {
        "Up   / Down", "Down / Down",
    }  # fmt: skip
    pair.lab.clock.sleep(181)
    assert states(pair) == ["primary", "disabled"]
    assert "not ready" in pair.rpc(failover(1)).findtext("error/message")
    pair.lab.link(NODE0, port, up=True)
    assert states(pair) == ["primary", "secondary"]


def test_a_second_fabric_link_has_one_to_spare(pair: Bench) -> None:
    pair.commit("set interfaces fab0 fabric-options member-interfaces ge-0/0/9\n"
                "set interfaces fab1 fabric-options member-interfaces ge-7/0/9")  # fmt: skip
    pair.lab.link(NODE1, "ge-0/0/9", up=False)
    assert states(pair) == ["primary", "secondary"]
    pair.lab.link(NODE0, "ge-0/0/2", up=False)
    assert states(pair) == ["primary", "ineligible"]


def test_after_a_lost_control_link_the_secondary_wants_a_reboot(pair: Bench) -> None:
    pair.lab.link(NODE1, "control", up=False)
    assert pair.rpc("<get-chassis-cluster-interfaces/>").findtext(".//control-interface-status") == "Down"
    pair.lab.clock.sleep(200)
    pair.lab.link(NODE1, "control", up=True)
    assert states(pair) == ["primary", "disabled"]
    pair.rpc("<request-reboot><node>node1</node></request-reboot>")
    pair.lab.clock.sleep(700)
    assert states(pair) == ["primary", "secondary"]


def test_control_link_recovery_reboots_it(pair: Bench) -> None:
    pair.commit("set chassis cluster control-link-recovery")
    pair.lab.link(NODE1, "control", up=False)
    pair.lab.link(NODE1, "control", up=True)
    assert states(pair) == ["primary", "lost"]
    pair.lab.clock.sleep(700)
    assert states(pair) == ["primary", "secondary"]


def test_cables_may_be_missing_from_the_start(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(links=(Link("left", "control"),))
    bench.form()
    assert states(bench, "0") == ["primary", "lost"]

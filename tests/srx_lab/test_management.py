"""Being reached: ports that change their role, changes that cut management off, and what goes wrong on purpose."""

from collections.abc import Callable

import pytest

from haplan_srx.lab import Fault, Settings
from tests.srx_lab.conftest import NODE0, NODE1, Bench, devices, load, texts

CONFIRMED = "<commit-configuration><confirmed/><confirm-timeout>5</confirm-timeout></commit-configuration>"


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        ("SRX1500", "delete interfaces fxp0"),
        ("SRX1500", "deactivate interfaces fxp0"),
        ("SRX1500", "delete system services"),
        ("SRX300", "delete interfaces ge-0/0/6"),
        ("SRX300", "set interfaces ge-0/0/6 disable"),
        ("SRX300", "delete security zones security-zone management host-inbound-traffic"),
        ("SRX300", "delete security zones security-zone management interfaces"),
    ],
)
def test_a_change_that_cuts_off_management_ends_the_session_and_is_taken_back(
    bench_of: Callable[..., Bench], model: str, lines: str
) -> None:
    bench = bench_of(devices(model))
    say = bench.talk()
    say(load(lines))
    assert say(CONFIRMED).find("ok") is not None
    assert say("<get-configuration/>") is None
    with pytest.raises(ConnectionRefusedError):
        bench.talk()
    bench.lab.clock.sleep(301)
    users = [one.findtext("user") for one in bench.rpc("<get-commit-information/>").iter("commit-history")]
    assert users == ["root", "haplan", "root"]


def test_that_can_be_switched_off(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(settings=Settings(management_checked=False))
    bench.commit("delete interfaces fxp0")
    assert bench.talk()


@pytest.mark.parametrize("port", ["ge-0/0/0", "ge-0/0/1"])
def test_a_box_reached_over_a_port_that_changes_its_role_is_lost(bench_of: Callable[..., Bench], port: str) -> None:
    bench = bench_of(devices("SRX300", reached=port, fxp0=False))
    bench.form()
    for mac in (NODE0, NODE1):
        with pytest.raises(ConnectionRefusedError):
            bench.talk(mac)


def test_over_a_port_of_the_forwarding_plane_it_is_the_primary_that_answers(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(devices("SRX300", fxp0=False))
    bench.form()
    bench.commit(
        "set interfaces ge-1/0/6 unit 0 family inet address 192.0.2.9/24\n"
        "set security zones security-zone management interfaces ge-1/0/6.0"
    )
    for mac in (NODE0, NODE1):
        assert texts(bench.rpc("<get-system-information/>", mac), ".//serial-number") == ["DEMOH1A"]


def test_over_fxp0_it_is_the_node_itself(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(devices("SRX300"))
    bench.form()
    assert texts(bench.rpc("<get-system-information/>", NODE1), ".//serial-number") == ["DEMOH1B"]


def test_a_cable_that_is_pulled_ends_sessions(bench: Bench) -> None:
    say = bench.talk()
    bench.lab.link(NODE0, "fxp0", up=False)
    assert say("<get-configuration/>") is None
    bench.lab.link(NODE0, "fxp0", up=True)
    assert bench.talk()


# --- On purpose -------------------------------------------------------------------------------------------------------


def test_an_error_comes_at_its_turn_and_changes_nothing(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(faults=(Fault(on="load-*", device="left", nth=2, error="could not start", tag="in-use"),))
    assert bench.rpc(load("set system domain-name a.example")).find(".//ok") is not None
    refused = bench.rpc(load("set system domain-name b.example"))
    assert (texts(refused, ".//error-message"), texts(refused, ".//error-tag")) == (["could not start"], ["in-use"])
    assert bench.rpc(load("set system domain-name c.example"), NODE1).find(".//ok") is not None
    assert bench.rpc("<get-configuration/>").findtext("configuration/system/domain-name") == "a.example"
    assert bench.rpc(load("set system domain-name d.example")).find(".//ok") is not None


def test_a_warning_stands_beside_the_answer(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(faults=(Fault(on="commit-configuration", warning="licence needed"),))
    reply = bench.commit("set system host-name hugo")
    assert texts(reply, "rpc-error/error-severity") == ["warning"]
    assert reply.find("ok") is not None


def test_a_delay_passes_on_the_labs_clock(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(faults=(Fault(on="get-system-information", delay=90),), settings=Settings(commit_seconds=45))
    before = bench.lab.clock.now()
    bench.rpc("<get-system-information/>")
    assert bench.lab.clock.now() - before == pytest.approx(90, abs=5)
    before = bench.lab.clock.now()
    bench.commit("set system host-name hugo")
    assert bench.lab.clock.now() - before == pytest.approx(45, abs=5)


def test_every_exchange_is_in_the_log(bench: Bench) -> None:
    bench.commit("set system host-name hugo")
    with bench.lab.estate.read() as tx:
        rows = tx.all("select mac, rpc, result from requests order by seq")
    assert [tuple(row) for row in rows] == [
        (NODE0, "load-configuration", "ok"), (NODE0, "commit-configuration", "ok"),
    ]  # fmt: skip

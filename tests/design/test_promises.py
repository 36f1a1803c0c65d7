"""Promises of a stack: proved for every site and failure that they name, or shown broken by the smallest example."""

from collections.abc import Callable
from typing import Any

import pytest

from haplan.errors import StackError
from haplan.model.stack import Stack

STACK = """
from haplan import provider
from haplan.design import *
provider("{provider}")
guest = Network("guest", subnet="172.22.1.0/24", vlan_id=20)
office = Network("office", subnet="10.1.0.0/24", vlan_id=10)
lonely = Network("lonely", subnet="10.9.0.0/24")
anything = Application("any", addresses=["0.0.0.0/0"], protocols=["any"])
servers = Application("servers", addresses=["10.1.0.0/25"], protocols=["tcp/443"])
named = Application("named", hostnames=["a.example"], protocols=["any"])
dns = Application("dns", addresses=["8.8.8.8/32"], protocols=["udp/53"])
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "{wan0}", static("198.51.100.2/24", gateway="198.51.100.1"), probes=["203.0.113.1"]),
    wan("wan1", "{wan1}", static("192.0.2.2/24", gateway="192.0.2.1"), probes=["203.0.113.1"]),
    lan("lan", "ge-0/0/3,ge-1/0/3", {{office: "10.1.0.1/24", guest: "172.22.1.1/24"}}{lan}),
    {links}])
site = Site("s")
Cluster("s", site=site, template=edge, model="{model}", nodes=["02005e100c30", "02005e100c31"])
both = Steering("both", template=edge, paths=[edge.wan("wan0"), edge.wan("wan1")])
second = Steering("second", template=edge, paths=[edge.wan("wan1")])
Policy("dns", template=edge, networks=[guest], action="allow", applications=[dns], steering=both)
Policy("out", template=edge, networks=[guest], action="allow", applications=[anything], steering=second)
"""
SRX = {
    "provider": "srx", "wan0": "ge-0/0/7", "wan1": "ge-1/0/7", "model": "SRX300",
    "lan": ", reth_idx=0, redundancy_group=1", "links": 'ha_fabric("ge-0/0/2,ge-1/0/2")',
}  # fmt: skip
SSR = {
    "provider": "ssr", "wan0": "ge-0/0/0", "wan1": "ge-1/0/0", "model": "SSR120", "lan": "",
    "links": 'ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5")',
}  # fmt: skip


@pytest.fixture
def told(stack: Callable[[str], Stack], findings: Any) -> Callable[..., tuple[str, str]]:
    """Severity and message of a promise."""

    def said(text: str, on: dict[str, str] = SRX) -> tuple[str, str]:
        found = [one for one in findings(stack(STACK.format(**on) + text)) if one.rule == "HA097"]
        assert [one.address for one in found] == ["promise.p"]
        assert found[0].location.startswith("stack.py:")
        return found[0].severity, found[0].message

    return said


@pytest.mark.parametrize("on", [SRX, SSR], ids=["srx", "ssr"])
def test_a_promise_that_holds_says_how_much_was_tried(told: Any, on: dict[str, str]) -> None:
    text = 'promise("p", networks=[guest], applications=[dns], survives=[node_failure, wan_failure])'
    assert told(text, on) == ("info", "kept at 1 site, under 6 failures")


def test_a_broken_one_is_shown_by_a_failure_that_breaks_it(told: Any) -> None:
    text = 'promise("p", networks=[guest], applications=[anything], survives=node_failure)'
    severity, message = told(text)
    assert severity == "error"
    assert message.startswith("is broken: at s, guest → any: it does not get there: deny, out is written towards wan1")
    assert told(text, SSR) == ("error", "is broken: at s, guest → any under node1: it stops, wan1 is on node1 (out)")


def test_severity_lowers_it(told: Any) -> None:
    text = 'promise("p", networks=[guest], applications=[dns], first_by=[edge.wan("wan1")], severity="warning")'
    assert told(text) == ("warning", "is broken: at s, guest → dns: it begins with wan0 > wan1 (dns)")


def test_only_by_and_first_by_are_held_against_the_way(told: Any) -> None:
    text = 'promise("p", networks=[guest], applications=[dns], {}=[edge.wan("wan0")])'
    assert told(text.format("only_by")) == ("error", "is broken: at s, guest → dns: it goes by wan0 > wan1 (dns)")
    assert told(text.format("first_by")) == ("info", "kept at 1 site")


def test_what_must_not_arrive_does_not_where_the_route_leads_elsewhere(told: Any) -> None:
    text = 'promise("p", networks=[guest], applications=[servers], allowed=False)'
    assert told(text) == ("info", "kept at 1 site")
    opened = """
inside = Steering("inside", template=edge, paths=[local(office)])
Policy("in", template=edge, networks=[guest], action="allow", applications=[servers], steering=inside)
"""
    assert told(opened + text) == (
        "error", "is broken: at s, guest → servers: it arrives in office by LAN office (out)"
    )  # fmt: skip


def test_what_no_network_holds_must_not_be_let_out(told: Any) -> None:
    text = 'promise("p", networks=[guest], applications=[dns], allowed=False)'
    assert told(text) == ("error", "is broken: at s, guest → dns: it is let out by wan0 > wan1 (dns)")


def test_what_cannot_be_known_is_never_kept(told: Any) -> None:
    severity, message = told('promise("p", networks=[guest], applications=[named])')
    assert (severity, message.partition(":")[0]) == ("warning", "cannot be proved")
    text = 'promise("p", networks=[guest], applications=[dns], survives=any_single_failure)'
    assert told(text, SSR) == (
        "warning",
        "cannot be proved: at s, guest → dns under sync: which node owns the shared LAN without the sync link is not "
        "documented (dns)",
    )


def test_a_promise_about_nothing_is_an_error(told: Any) -> None:
    text = 'promise("p", networks=[lonely], applications=[dns])'
    assert told(text) == ("error", "it is about nothing: no site with a pair has lonely on a LAN")
    elsewhere = 'other = Site("other")\npromise("p", networks=[guest], applications=[dns], sites=[other])'
    assert told(elsewhere)[0] == "error"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('promise("p", networks=[], applications=[dns])', "promise 'p': is about nothing: it needs networks and appl"),
        ('promise("p", networks=["guest"], applications=[dns])', "promise 'p': networks: expected a list of networks"),
        ('promise("", networks=[guest], applications=[dns])', "promise: expected a label, got "),
        ('promise("p", networks=[guest], applications=[dns], survives=["node0"])',
         "promise 'p': survives: expected a list of failures such as node_failure"),
        ('promise("p", networks=[guest], applications=[dns], severity="info")', "promise 'p': severity: expected"),
        ('for _ in range(2): promise("p", networks=[guest], applications=[dns])', "promise.p is declared twice; first"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(stack: Callable[[str], Stack], text: str, error: str) -> None:
    with pytest.raises(StackError) as raised:
        stack(STACK.format(**SRX) + text)
    assert [line.partition(": ")[2][: len(error)] for line in raised.value.mistakes] == [error]


def test_a_promise_makes_no_resource(stack: Callable[[str], Stack]) -> None:
    without = stack(STACK.format(**SRX))
    made = stack(STACK.format(**SRX) + 'promise("p", networks=[guest], applications=[dns])')
    assert list(made.blocks) == list(without.blocks)
    assert [one.address for one in made.promises] == ["promise.p"]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ('far = Site("far")\npromise("p", networks=[guest], applications=[dns], sites=[site, far])', "far"),
        ('promise("p", networks=[guest, lonely], applications=[dns])', "lonely"),
    ],
)
def test_what_it_is_about_and_nobody_has_is_not_said_to_be_kept(told: Any, text: str, missing: str) -> None:
    assert told(text) == ("warning", f"cannot be proved: no pair that it is about has {missing}")


def test_within_a_network_nothing_is_proved(told: Any) -> None:
    severity, message = told('promise("p", networks=[office], applications=[servers])')
    assert severity == "warning"
    assert message.endswith("that is the network itself: no policy decides within it")

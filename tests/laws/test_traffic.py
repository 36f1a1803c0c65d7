"""Laws of the model of traffic, held against an oracle that is slow and obvious: one packet, one failure at a time."""

import ipaddress
import itertools
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haplan.design.index import Index, Resource
from haplan.design.traffic import Picture, picture
from haplan.design.traffic.answer import Alike, likes
from haplan.design.traffic.failures import failures

PREFIXES = ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.1.1.7/32", "10.128.0.0/9", "192.0.2.0/25")
ADDRESSES = ("10.1.1.7", "10.1.1.8", "10.1.2.1", "10.130.0.1", "11.0.0.1", "192.0.2.1", "192.0.2.200")
PROTOCOLS = (("any",), ("tcp",), ("tcp/80",), ("tcp/80-90", "udp/53"), ("tcp/85-443", "icmp"), ("tcp", "udp/53"))
"""What an application says of itself; nothing in it twice."""
PACKETS = (("tcp", 80), ("tcp", 86), ("tcp", 443), ("tcp", 9), ("udp", 53), ("udp", 54), ("icmp", 0), ("gre", 0))
WANS = {"wan0": "ge-0/0/0", "wan1": "ge-1/0/0", "wan2": "ge-0/0/1"}
NODE = {"wan0": 0, "wan1": 1, "wan2": 0}
NETWORKS = ("a", "b")


@attrs.frozen(kw_only=True)
class App:
    prefixes: tuple[str, ...]
    protocols: tuple[str, ...]

    def takes(self, address: str, protocol: str, port: int) -> tuple[int, int] | None:
        """How narrowly a packet is matched, or None."""
        host = ipaddress.ip_address(address)
        lengths = [net.prefixlen for net in map(ipaddress.ip_network, self.prefixes) if host in net]
        spoken = [narrow for said in self.protocols if (narrow := speaks(said, protocol, port)) is not None]
        return (max(lengths), max(spoken)) if lengths and spoken else None


def speaks(said: str, protocol: str, port: int) -> int | None:
    """0 for any, 1 for all of a protocol, 2 for some ports; None if it does not."""
    name, _, ports = said.partition("/")
    if name == "any":
        return 0
    if name != protocol:
        return None
    if not ports:
        return 1
    low, _, high = ports.partition("-")
    return 2 if int(low) <= port <= int(high or low) else None


@attrs.frozen(kw_only=True)
class Rule:
    networks: tuple[str, ...]
    apps: tuple[int, ...]
    allow: bool
    paths: tuple[str, ...]
    ecmp: bool


@attrs.frozen(kw_only=True)
class Design:
    apps: tuple[App, ...]
    rules: tuple[Rule, ...]

    def seen(self, backend: str = "ssr") -> Picture:
        found = [_site(), _template(), _cluster(), *map(_network, NETWORKS)]
        for number, app in enumerate(self.apps):
            values = {"addresses": list(app.prefixes), "protocols": list(app.protocols)}
            found.append(
                Resource(address=f"application.x{number}", type="application", name=f"x{number}", values=values)
            )
        for number, rule in enumerate(self.rules):
            found += _rule(number, rule)
        return picture(Index(found), backend)


def _site() -> Resource:
    return Resource(address="site.s", type="site", name="s", values={})


def _network(name: str) -> Resource:
    subnet = {"a": "172.22.1.0/24", "b": "172.22.2.0/24"}[name]
    return Resource(address=f"network.{name}", type="network", name=name, values={"subnet": subnet})


def _template() -> Resource:
    wans = {name: {"usage": "wan", "ports": port, "address": {"type": "static"}} for name, port in WANS.items()}
    lan = {"usage": "lan", "ports": "ge-0/0/3,ge-1/0/3", "redundant": True, "primary": "node0",
           "networks": {name: {} for name in NETWORKS}}  # fmt: skip
    values = {"interfaces": {**wans, "lan": lan}}
    return Resource(address="wan_edge_template.t", type="wan_edge_template", name="t", values=values)


def _cluster() -> Resource:
    values = {"site": "s", "template": "t", "model": "SSR120"}
    return Resource(address="cluster.c", type="cluster", name="c", values=values)


def _rule(number: int, rule: Rule) -> list[Resource]:
    owner = {"template": "t"}
    paths = [{"kind": "wan", "name": name} for name in rule.paths]
    steering = {**owner, "strategy": "ecmp" if rule.ecmp else "ordered", "paths": paths}
    named = [f"x{one}" for one in rule.apps]
    action = "allow" if rule.allow else "deny"
    policy: dict[str, Any] = {**owner, "networks": list(rule.networks), "applications": named, "action": action}
    if rule.allow:
        policy["steering"] = f"r{number}"
    return [
        Resource(address=f"steering.t.r{number}", type="steering", name=f"r{number}", values=steering),
        Resource(address=f"policy.t.p{number}", type="policy", name=f"p{number}", values=policy),
    ]


apps = st.builds(
    App,
    prefixes=st.lists(st.sampled_from(PREFIXES), min_size=1, max_size=3, unique=True).map(tuple),
    protocols=st.sampled_from(PROTOCOLS),
)
rules = st.builds(
    Rule,
    networks=st.lists(st.sampled_from(NETWORKS), min_size=1, unique=True).map(tuple),
    apps=st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True).map(tuple),
    allow=st.booleans(),
    paths=st.lists(st.sampled_from(list(WANS)), min_size=1, unique=True).map(tuple),
    ecmp=st.booleans(),
)
designs = st.builds(
    Design,
    apps=st.lists(apps, min_size=4, max_size=4).map(tuple),
    rules=st.lists(rules, max_size=6).map(tuple),
)


def by_order(design: Design, network: str, packet: tuple[str, str, int]) -> str:
    """The first that matches."""
    found = [number for number, rule in enumerate(design.rules) if network in rule.networks
             and any(design.apps[app].takes(*packet) for app in rule.apps)]  # fmt: skip
    return f"p{found[0]}" if found else "-"


def by_narrow(design: Design, network: str, packet: tuple[str, str, int]) -> set[str]:
    """All that match as narrowly as any."""
    best: dict[int, tuple[int, int]] = {}
    for number, rule in enumerate(design.rules):
        narrow = [one for app in rule.apps if (one := design.apps[app].takes(*packet)) is not None]
        if network in rule.networks and narrow:
            best[number] = max(narrow)
    return {f"p{number}" for number, narrow in best.items() if narrow == max(best.values())} or {"-"}


def left(rule: Rule, failure: str) -> str:
    """What a rule still leads to: ``a + b``, or nothing."""
    lan = 1 if failure in ("node0", "lan.node0") else 0
    up = [wan for wan in rule.paths if failure not in (wan, f"node{NODE[wan]}")
          and not (failure == "fabric" and NODE[wan] != lan)]  # fmt: skip
    if rule.ecmp:
        return " + ".join(up)
    return up[0] if up else ""


FAILURES = ("node0", "node1", *WANS, "fabric", "lan.node0")


def check(design: Design, packets: Sequence[tuple[str, str, int]]) -> None:
    seen = design.seen()
    alike = next(iter(likes(seen)))
    known = {one.name: one for one in failures(seen, alike.first)}
    for packet in packets:
        for network in NETWORKS:
            cell = alike.universe.cell_at(alike.first, *packet)
            assert alike.decisions.chosen(network, cell, "order").words == by_order(design, network, packet)
            chosen = alike.decisions.chosen(network, cell, "narrow")
            assert {one.name for one in chosen.several} <= by_narrow(design, network, packet)
            if not chosen.several:
                assert chosen.words in by_narrow(design, network, packet)
                agrees(design, alike, network, cell, known)


def agrees(design: Design, alike: Alike, network: str, cell: Any, known: Any) -> None:
    chosen = alike.decisions.chosen(network, cell, "narrow")
    fate = alike.decisions.fate(network, cell, "narrow")
    assert (fate.kind == "way") == (chosen.policy is not None and chosen.policy.allow)
    if fate.kind != "way":
        return
    rule = design.rules[int(chosen.words[1:])]
    usual = left(rule, "")
    for name in FAILURES:
        found = alike.outcome(network, fate, known[name])
        expected = left(rule, name)
        assert found.becomes.value == "stops" if not expected else (found.way or usual) == expected, (name, rule)


PACKETS_OF_ALL = [(address, *packet) for address in ADDRESSES for packet in PACKETS]


@settings(max_examples=15, deadline=None)
@given(designs, st.lists(st.sampled_from(PACKETS_OF_ALL), min_size=1, max_size=6))
def test_one_packet_at_a_time_comes_to_the_same(design: Design, packets: list[tuple[str, str, int]]) -> None:
    check(design, packets)


@pytest.mark.deep
@settings(max_examples=100, deadline=None)
@given(designs)
def test_every_packet_comes_to_the_same(design: Design) -> None:
    check(design, PACKETS_OF_ALL)


@settings(max_examples=10, deadline=None)
@given(designs)
def test_each_address_and_port_is_in_one_class(design: Design) -> None:
    universe = next(iter(likes(design.seen()))).universe
    gaps = universe.gaps[4]
    assert gaps[0].low == 0
    assert gaps[-1].high == 1 << 32
    assert all(one.high == two.low for one, two in itertools.pairwise(gaps))
    for name, port in PACKETS:
        assert len([one for one in universe.ports if one.protocol == name and one.low <= port <= one.high]) < 2

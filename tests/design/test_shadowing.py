"""Which policies come first: nothing that takes of a later one is passed over, and the look grows with their number."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from haplan.design.rules.index import DesignIndex
from haplan.design.rules.policy import prefixes
from haplan.design.rules.shadowing import Application, Earlier, Policy, shadowed, takers
from haplan.model.stack import Stack
from tests.mixed import mixed
from tests.work import calls

STACK = """
from haplan import *
from haplan.design import *
provider("mist")
guest = Network("guest", subnet="172.22.99.0/24")
edge = WanEdgeTemplate("edge", ntp_servers=["192.0.2.123"], interfaces=[wan("wan0", "ge-0/0/0", dhcp())])
for n in {numbers}:
    app = Application(f"app{{n}}", addresses=[f"10.{{n // 250}}.{{n % 250}}.0/24"], protocols=[f"tcp/{{1000 + n}}"])
    Policy(f"p{{n}}", template=edge, networks=[guest], action="allow", applications=[app])
"""
NETS = st.one_of(
    st.builds("10.{}.0.0/{}".format, st.integers(0, 3), st.integers(0, 18)),
    st.builds("2001:db8:{}::/{}".format, st.integers(0, 3), st.integers(0, 50)),
)


def application(name: str, addresses: list[str]) -> Application:
    block: Any = SimpleNamespace(address=name, values={"addresses": addresses, "protocols": ["any"]})
    return Application.of(block)


@given(st.lists(st.lists(NETS, max_size=2), max_size=8), st.lists(NETS, max_size=2))
def test_no_earlier_policy_that_has_a_part_of_a_prefix_is_passed_over(there: list[list[str]], asked: list[str]) -> None:
    earlier, later = Earlier(), application("later", asked)
    policies = [
        Policy(number, later.block, {}, {f"a{number}": application(f"a{number}", addresses)})
        for number, addresses in enumerate(there)
    ]
    for policy in policies:
        earlier.add(policy)
    overlapping = [
        number
        for number, addresses in enumerate(there)
        for mine in [prefixes({"addresses": addresses})]
        if any(net.prefixlen == 0 for net in mine)
        or any(net.version == want.version and net.overlaps(want) for net in mine for want in later.nets)
    ]
    assert [one.number for one in earlier.about(later)] == overlapping


PORTS = st.tuples(st.sampled_from(["tcp", "udp", "6"]), st.integers(1, 12), st.integers(0, 4))
SAID = st.lists(st.builds(lambda one: f"{one[0]}/{one[1]}-{one[1] + one[2]}", PORTS), min_size=1, max_size=3)
WORDS = st.one_of(SAID, st.sampled_from([["any"], ["tcp"], [], ["icmp", "udp"], ["17", "tcp/3,5"]]))
EACH = [("icmp", 0), *((name, port) for name in ("tcp", "udp") for port in range(20)), ("gre", 0)]


def spoken(protocols: list[str]) -> set[tuple[str, int]]:
    """What protocols say, one by one."""
    named = [(word.partition("/")[0], word.partition("/")[2]) for word in protocols]
    names = {"6": "tcp", "17": "udp"}
    found = set()
    for name, ports in named:
        for word in ports.split(","):
            low, _, high = word.partition("-")
            found |= {
                (one, port) for one, port in EACH
                if name == "any" or (one == names.get(name, name) and (not low or int(low) <= port <= int(high or low)))
            }  # fmt: skip
    return found


def taken(there: list[list[str]], asked: list[str]) -> list[int]:
    def one(name: str, protocols: list[str]) -> Application:
        values = {"addresses": ["203.0.113.0/24"], "protocols": protocols}
        block: Any = SimpleNamespace(address=name, label=name, values=values)
        return Application.of(block)

    later = one("later", asked)
    policies = [Policy(at, later.block, {}, {f"a{at}": one(f"a{at}", said)}) for at, said in enumerate(there)]
    return [policy.number for policy in takers(policies, later)]


@given(st.lists(WORDS, max_size=4), WORDS)
def test_policies_take_all_of_a_later_one_exactly_if_they_take_each_of_its_ports(
    there: list[list[str]], asked: list[str]
) -> None:
    wanted = spoken(asked or ["any"])
    together = set().union(*map(spoken, there))
    unbounded = any(word == "any" or "/" not in word for word in asked or ["any"])
    if unbounded:  # more ports and protocols than are counted here: what takes them all says so
        whole = [set(map(_protocol, said)) for said in there]
        names = {_protocol(word) for word in asked or ["any"] if "/" not in word}
        covered = wanted <= together and all(any({name, "any"} & said for said in whole) for name in names)
    else:
        covered = wanted <= together
    who = taken(there, asked)
    assert bool(who) == covered
    assert not who or wanted <= set().union(*(spoken(there[at]) for at in who))


def test_ports_that_a_variable_holds_are_taken_by_the_same_words_and_by_any() -> None:
    asked = ["tcp/{{P}},443"]
    there: list[list[str]] = [asked, ["any"], [*asked, "udp"], ["tcp/443"], ["tcp"], ["tcp/{{Q}},443"]]
    assert [bool(taken([said], asked)) for said in there] == [True, True, True, False, False, False]
    assert taken([asked], ["tcp/443"]) == []


def _protocol(word: str) -> str:
    return {"6": "tcp", "17": "udp"}.get(word, word)


def test_many_policies_cost_by_their_number_and_not_by_its_square(stack: Callable[[str], Stack]) -> None:
    def cost(count: int) -> int:
        design = DesignIndex(stack(STACK.format(numbers=mixed(count))))
        return calls(lambda: list(shadowed(design)))

    assert cost(120) < 4.4 * cost(30)

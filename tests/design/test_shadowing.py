"""Which policies come first: nothing that takes of a later one is passed over, and the look grows with their number."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from haplan.design.rules.index import DesignIndex
from haplan.design.rules.policy import prefixes
from haplan.design.rules.shadowing import Application, Earlier, Policy, shadowed
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


def test_many_policies_cost_by_their_number_and_not_by_its_square(stack: Callable[[str], Stack]) -> None:
    def cost(count: int) -> int:
        design = DesignIndex(stack(STACK.format(numbers=mixed(count))))
        return calls(lambda: list(shadowed(design)))

    assert cost(120) < 4.4 * cost(30)

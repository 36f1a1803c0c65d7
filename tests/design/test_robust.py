"""Rules run over any stack that loads: nothing that is missing, doubled or odd breaks one."""

import ast
import random
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haplan.errors import StackError
from haplan.steps.check import beside, check
from tests.design.conftest import RULES
from tests.mixed import mixed
from tests.work import calls

CASES = Path(__file__).parent / "cases"
ODD = {
    '"ge-0/0/3,ge-1/0/3"': [
        '""',
        '","',
        '"x"',
        '"ge-0/0/3"',
        '"ge-0/0/3-5"',
        '"{{PORT}}"',
        '"ge-9/9/9,ge-8/8/8"',
        '"cl-1/0/0"',
    ],
    '"SSR120"': ['""', '"SRX300"', '"SRX4600"', '"SRX550"', '"vSRX"', '"NCA"', '"SSR440"', '"SSR1400"'],
    '"SRX300"': ['"SSR130"', '"SRX1500"', '"SRX4100"', '"?"'],
    "dhcp()": ['static("{{X}}", gateway="{{Y}}")', 'pppoe("me")', 'static("10.0.0.1/31", gateway="10.0.0.0")'],
    '"172.22.99.1/24"': [
        "dhcp()",
        "[]",
        '"{{X}}/24"',
        'lan_address("10.0.0.1/24", dhcp=dhcp_relay(["{{D}}"]))',
        '"::1/64"',
    ],
    '"ecmp"': ['"weighted"', '""', '"ordered"'],
    '"allow"': ['"deny"', '"maybe"'],
    "template=edge, model": ["model", "template=edge, profile=h1, model"],
    '["any"]': ["[]", '["tcp/1-5"]'],
    '"02005e000020"': ['""', '"zz"', 'node("02005e000020", model="", pin="node1")'],
    '"VLAN": 101': ['"VLAN": "x"', '"B B": "1"', '"VLAN": "{{VLAN}}"'],
    'Network("guest", subnet="172.22.99.0/24"': [
        'Network("guest", subnet="::/0"',
        'Network("guest", subnet="{{A-B}}/24"',
    ],
}


def spoilt(text: str, seed: int) -> str:
    """The text with lines of lists left out and values exchanged, by chance."""
    chance = random.Random(seed)  # the seed is Hypothesis's: a failure can be repeated
    for old, news in ODD.items():
        if old in text and chance.random() < 0.3:
            places = [found.start() for found in re.finditer(re.escape(old), text)]
            at = chance.choice(places)
            text = text[:at] + chance.choice(news) + text[at + len(old) :]
    lines = []
    for line in text.splitlines():
        removable = line.startswith(("    wan(", "    lan(", "    ha_", "Policy(", "one =", "two =", "hub =", "pair ="))
        if removable and chance.random() < 0.2:
            continue
        lines.append(line)
        if removable and chance.random() < 0.1:
            lines.append(line.replace('"one"', '"one2"').replace('"two"', '"two2"').replace('Policy("', 'Policy("x-'))
    return "\n".join(lines)


@pytest.mark.parametrize("base", ["ssr", "srx"])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_no_rule_breaks_over_an_odd_stack(base: str, seed: int, stack: Any, findings: Any) -> None:
    text = (
        (CASES / f"{base}.txt")
        .read_text()
        .replace("import (", "import (dhcp_relay, lan_address, node, pppoe, static, ", 1)
    )
    try:
        found = stack(spoilt(text, seed))
    except StackError as error:
        unplaced = [line for line in error.mistakes if not line.startswith("stack.py:")]
    else:
        unplaced = []
        assert all(one.message and one.address in found.blocks for one in findings(found))
    assert unplaced == []


DIGITS = ("²", "٣", "1" * 5000, "tcp/²-٣", "ge-0/0/٣")
"""What looks like a number to one function of Python and not to the next."""


def places(text: str) -> list[tuple[int, int]]:
    """Where texts stand in a stack, from sign to sign."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    return [
        (starts[one.lineno - 1] + one.col_offset, starts[one.end_lineno - 1] + one.end_col_offset)
        for one in ast.walk(ast.parse(text))
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
        if one.end_lineno is not None and one.end_col_offset is not None
    ]


@pytest.mark.parametrize("base", ["ssr", "srx"])
@pytest.mark.parametrize("every", [17, pytest.param(1, marks=pytest.mark.deep)])
def test_digits_that_are_none_are_mistakes_wherever_a_text_stands(
    base: str, every: int, stack: Any, findings: Any
) -> None:
    text = (CASES / f"{base}.txt").read_bytes()
    mistakes: list[str] = []
    for (first, last), sign in list(product(places(text.decode()), DIGITS))[::every]:
        try:
            findings(stack((text[:first] + repr(sign).encode() + text[last:]).decode()))
        except StackError as error:
            mistakes += beside(error, RULES).mistakes
    assert mistakes
    assert not [line for line in mistakes if "broke" in line or "int string" in line]


def test_an_empty_stack_has_nothing_to_say(stack: Any, findings: Any) -> None:
    assert findings(stack("")) == ()


def test_templates_of_nothing_break_nothing(stack: Any, findings: Any) -> None:
    text = (
        'from haplan import provider\nfrom haplan.design import *\nprovider("mist")\n'
        'h, t = HubProfile("h", interfaces=[]), WanEdgeTemplate("t", interfaces=[])\n'
        'x = WanEdgeTemplate.existing("x")\n'
        'Cluster("c", site=Site.existing("s"), template=x, model="SSR120", nodes=[])\n'
        'Cluster("d", site=Site("d"), profile=h, model="SSR120", nodes=[])\n'
        'Steering("s", template=t, paths=[])\nPolicy("p", profile=h, networks=[], applications=[], action="allow")'
    )
    assert {one.rule for one in findings(stack(text))} >= {"HA001", "HA005", "HA026", "HA056", "HA085"}


def test_values_known_after_apply_break_nothing(stack: Any, findings: Any) -> None:
    text = (
        'from haplan import Data, provider\nfrom haplan.design import *\nprovider("mist")\nd = Data("d").output\n'
        'n = Network("n", subnet=d, vlan_id=d)\na = Application("a", addresses=[d], protocols=[d])\n'
        'h = HubProfile("h", overlay=Overlay("o"), interfaces=[wan("w", d, static(d, gateway=d)), '
        'lan("l", f"{d},ge-1/0/3", {n: d}), ha_fabric(f"{d}")])\n'
        's = Steering("s", profile=h, strategy=d, paths=[path(h.wan("w"), cost=d)])\n'
        'Policy("p", profile=h, networks=[n], applications=[a], action=d, steering=s)\n'
        'Cluster("c", site=Site("x", variables={"A": d}), profile=h, model=d, firmware=d, managed=d, cluster_id=d, '
        'nodes=["02005e000001", node("02005e000002", serial=d, model=d)])'
    )
    assert not [one for one in findings(stack(text)) if one.rule in ("HA003", "HA020", "HA087", "HA104", "HA120")]


def test_work_grows_with_the_pairs_not_with_their_square(stack: Any) -> None:
    from haplan import design
    from haplan.contracts import ValidateView

    text = (CASES / "ssr.txt").read_text() + (
        "\nfor n in NUMBERS:\n"
        '    s = Site(f"s{n}", variables={"OFFICE": f"10.{n // 250 + 2}.{n % 250}", "VLAN": 7, '
        '"WAN1": "192.0.2.9"}, provider=mist)\n'
        '    both = [f"02005e1{2 * n:05x}", f"02005e1{2 * n + 1:05x}"]\n'
        '    Cluster(f"c{n}", site=s, template=edge, model="SSR120", nodes=both, attested=looked)\n'
    )
    rules = list(design.haplan_checks())
    few, many = (ValidateView(stack(text.replace("NUMBERS", str(mixed(count))))) for count in (40, 320))
    assert not [one for one in check("V", many, rules) if one.severity == "error"]
    assert calls(lambda: check("V", many, rules)) < 9 * calls(lambda: check("V", few, rules))


def test_what_names_hardware_holds_no_control_character(stack: Any) -> None:
    odd = ('model="SSR\\x1b120"', 'firmware="6.3\\n"', 'nodes=[node("02005e000001", asset_id="A\\tB")]',
           'nodes=[node("02005e000001", host="a\\x7f")]')  # fmt: skip
    for one in odd:
        text = f'from haplan import provider\nfrom haplan.design import *\nCluster("c", site=Site("x"), {one})'
        with pytest.raises(StackError, match="without control characters, got "):
            stack(text)


@pytest.mark.parametrize("odd", ["22.4 R3", '22.4"R3', "22.4R3;", " "])
def test_a_release_is_one_word_without_quotes(stack: Any, odd: str) -> None:
    text = f'from haplan import provider\nfrom haplan.design import *\nCluster("c", site=Site("x"), firmware={odd!r})'
    with pytest.raises(StackError, match=r"expected a release as the device tells it, such as 22\.4R3-S2\.11, got "):
        stack(text)

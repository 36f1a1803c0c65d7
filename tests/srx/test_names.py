"""Names on a device are one to one, whatever users call things."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan_srx.translate.names import OWN, PREDEFINED, Names, fit, host_name
from haplan_srx.translate.statements import Configuration
from tests.srx.stacks import PAIR, design, lines, translation

MANY = """
from haplan import provider, secret
from haplan.design import *
provider("srx")
net = Network(NETWORK, subnet="10.0.0.0/24", vlan_id=10)
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/7", static("192.0.2.10/25", gateway="192.0.2.1")),
    lan("office", "ge-0/0/3,ge-1/0/3", {net: "10.0.0.1/24"}),
    ha_fabric("ge-0/0/2,ge-1/0/2"),
])
apps = {label: Application(label, addresses=[f"203.0.113.{n}/32"], protocols=["tcp/443", "udp/53"])
        for n, label in enumerate(LABELS)}
out = Steering("out", template=edge, paths=[edge.wan("wan0")])
def say(label, action, *names):
    Policy(label, template=edge, networks=[net], applications=[apps[one] for one in names], action=action, steering=out)
# policies
site = Site("shop", country_code="CH", timezone="Europe/Zurich")
Cluster("shop", site=site, template=edge, model="SRX300", nodes=["020000010000", "020000010001"], cluster_id=1)
"""


def stack(labels: list[str], *policies: str, network: str = "lan") -> str:
    text = MANY.replace("LABELS", repr(labels)).replace("NETWORK", repr(network))
    return text.replace("# policies", "\n".join(policies))


def actions(configuration: Configuration) -> dict[tuple[str, str], str]:
    """(Zone pair and policy, application) → what is done."""
    said = lines(configuration)
    found = {}
    for line in said:
        if match := re.fullmatch(r"(security policies policy\S+ policy\S+) match destination-address = (\S+)", line):
            (done,) = (one.rpartition(" ")[2] for one in said if one.startswith(f"{match[1]} then"))
            found[match[1].partition(" ")[2], match[2]] = done
    return found


def test_a_policy_that_is_called_like_a_made_one_is_another(tmp_path: Path) -> None:
    text = stack(["x", "y"], 'say("block", "deny", "x", "y")', 'say("block-x", "allow", "x")')
    found = actions(translation(design(tmp_path, text)).configuration)
    in_order = [(key[1], done) for key, done in found.items() if "[lan,wan0]" in key[0]]
    assert in_order == [("app-x", "deny"), ("app-y", "deny"), ("app-x", "permit")]
    (named,) = [key[0] for key, done in found.items() if done == "permit"]
    assert named.endswith("policy[block-x]")


@pytest.mark.parametrize("label", ["rest", "web-x", "web-x-tcp"])
def test_a_policy_takes_over_no_term_of_a_filter(tmp_path: Path, label: str) -> None:
    text = stack(["x", "y"], 'say("web", "allow", "x", "y")', f'say({label!r}, "allow", "y")')
    said = lines(translation(design(tmp_path, text)).configuration)
    terms = dict.fromkeys(
        line.split(" term[")[1].split("]")[0] for line in said if " term[" in line and "filter[" in line
    )
    assert len(terms) == 7  # two applications and one, each by two protocols, and the rest
    ends = [line for line in said if "filter[" in line and " then " in line]
    assert ends[-1] == "firewall family inet filter[from-lan] term[rest] then accept"
    assert len(ends) == 7


@pytest.mark.parametrize("label", ["any", "junos-https"])
def test_an_application_is_called_like_nothing_that_a_device_brings_along(tmp_path: Path, label: str) -> None:
    said = lines(translation(design(tmp_path, stack([label], f'say("out", "allow", {label!r})'))).configuration)
    (named,) = {line.rpartition(" ")[2] for line in said if "match application" in line}
    assert named not in ("any", label)
    assert not named.startswith(PREDEFINED)
    assert f"applications application[{named}] term[tcp-443] protocol = tcp" in said


def test_a_network_is_no_zone_of_the_device(tmp_path: Path) -> None:
    said = lines(
        translation(design(tmp_path, stack(["x"], 'say("out", "allow", "x")', network="junos-host"))).configuration
    )
    assert not [line for line in said if "security-zone[junos-host]" in line]


def test_an_address_is_called_like_no_set(tmp_path: Path) -> None:
    label = "lan-10.0.0.0_24"
    more = f'second = Network({label!r}, subnet="10.0.1.0/24", vlan_id=11)\nedge = '
    text = stack(["x"], 'say("out", "allow", "x")').replace("edge = ", more, 1)
    text = text.replace('{net: "10.0.0.1/24"}', '{net: "10.0.0.1/24", second: "10.0.1.1/24"}')
    text = text.replace("networks=[net]", "networks=[net, second]")
    said = lines(translation(design(tmp_path, text)).configuration)
    book = "security address-book[global]"
    sets = {line.split("address-set[")[1].split("]")[0] for line in said if line.startswith(f"{book} address-set[")}
    addresses = {line.split("] address[")[1].split("]")[0] for line in said if line.startswith(f"{book} address[")}
    assert len(sets) == 3
    assert len(addresses) == 3
    assert not sets & addresses


# --- laws ---

HOSTILE = (
    "any", "rest", "junos-https", "a", "a-b", "a-b-c", "b", "b-c", "web", "web-tcp", "-", "_", "0", " ", "a b", "a  b",
    "é", "\n", "a/b", "a.b", 'a"b', "x" * 32, "x" * 63, "x" * 64, "x" * 65,
    *map(fit, ("a b", "a  b", "é", "a/b", "x" * 64, "x" * 65)),
)  # fmt: skip
PARTS = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map(tuple)
SPACES = st.sampled_from(["policy", "term", "address", "application", "zone", "tunnel", "pool"])


@given(SPACES, st.lists(PARTS, max_size=8, unique=True), st.lists(PARTS, max_size=3, unique=True))
def test_no_two_things_have_one_name_and_each_is_one_that_the_device_takes(
    space: str, things: list[tuple[str, ...]], later: list[tuple[str, ...]]
) -> None:
    names = named(space, things, Names())
    assert len(set(names.values())) == len(names)
    for what, name in names.items():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:-]*", name)
        assert len(name) <= (32 if space == "tunnel" else 63)
        assert name not in OWN.get(space, ())
        mine = len(what) == 1 and fit(what[0]) == what[0] and what[0] not in OWN.get(space, ())
        if mine and space != "tunnel" and not what[0].startswith(PREDEFINED):
            assert name == what[0]
    before = Names({(space, *what): name for what, name in names.items()})
    now = named(space, [*later, *things], before)
    assert {what: now[what] for what in names} == names
    assert len(set(now.values())) == len(now)


def named(space: str, things: list[tuple[str, ...]], names: Names) -> dict[tuple[str, ...], str]:
    names.labels(space, [what[0] for what in things if len(what) == 1])
    return {what: names.name(space, *what, like="" if len(what) == 1 else "-".join(what)) for what in things}


@given(st.text(min_size=1, max_size=20).map(lambda text: text * 20))
def test_a_host_name_is_one_that_the_device_takes(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,255}", host_name(text))


def test_numbers_stay_with_what_was_given_them_and_yield_to_those_that_are_said() -> None:
    def numbers(given: dict[tuple[str, ...], str], listed: list[str], said: tuple[int, ...] = ()) -> dict[str, int]:
        names = Names(given)
        return {one: names.number("reth", one, wishes=lambda: iter(range(9)), taken=said) for one in listed}

    first = numbers({}, ["b", "a"])
    assert first == {"b": 0, "a": 1}
    kept = {("reth", one): str(number) for one, number in first.items()}
    assert numbers(kept, ["c", "a", "b"]) == {"c": 2, "a": 1, "b": 0}
    assert numbers(kept, ["a"]) == {"a": 1}
    assert numbers(kept, ["b", "a"], said=(1,)) == {"b": 0, "a": 2}


def test_what_users_call_things_is_their_name_on_a_device(tmp_path: Path) -> None:
    given = translation(design(tmp_path, PAIR)).given
    assert given["policy", "web-out"] == "web-out"
    assert given["application", "web"] == "web"
    assert given["zone", "lan"] == "lan"

"""Private commits after somebody else's commit: both hold where they say different statements."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haplan_srx.lab.config import setlines
from haplan_srx.lab.config.merge import merged
from haplan_srx.lab.config.tree import Element, empty, tidy
from tests.srx_lab.conftest import Bench, load, texts
from tests.srx_lab.test_commits import HUGO, PRIVATE, history, messages, name

POLICY = "set security policies from-zone a to-zone b policy {0} match source-address {1}"
LINES = [
    *(POLICY.format(name, address) for name in ("p", "q", "r") for address in ("x", "y")),
    "set system domain-name example.net",
    "set system domain-name example.org",
    "set system name-server 9.9.9.9",
    "set system name-server 8.8.8.8",
    "set interfaces ge-0/0/5 description up",
    "set interfaces ge-0/0/5 unit 0 family inet address 192.0.2.1/24",
    "deactivate interfaces ge-0/0/5",
]
SOME = st.lists(st.sampled_from(LINES), unique=True)


def tree(*lines: str) -> Element:
    made = empty()
    setlines.load(made, "\n".join(lines))
    tidy(made)
    return made


def said(config: Element) -> list[str]:
    return list(setlines.lines(config))


@given(SOME, SOME)
@settings(max_examples=25, deadline=None)
def test_what_one_alone_changed_is_what_comes_out(base: list[str], changed: list[str]) -> None:
    assert said(merged(tree(*base), tree(*changed), tree(*base))) == said(tree(*changed))
    assert said(merged(tree(*base), tree(*base), tree(*changed))) == said(tree(*changed))
    assert said(merged(tree(*base), tree(*changed), tree(*changed))) == said(tree(*changed))


def test_a_private_commit_keeps_what_somebody_else_committed_meanwhile(bench: Bench) -> None:
    mine = bench.talk()
    mine(PRIVATE)
    mine(HUGO)
    bench.commit("set system domain-name example.net", user="pat")
    assert mine("<commit-configuration><check/></commit-configuration>").find(".//ok") is not None
    assert mine("<commit-configuration><log>mine</log></commit-configuration>").find("ok") is not None
    now = mine('<get-configuration database="committed"/>')
    assert (name(mine), now.findtext(".//domain-name")) == ("hugo", "example.net")
    assert history(mine)[:2] == [("haplan", "mine"), ("pat", "")]


@pytest.mark.parametrize(
    ("private", "other"),
    [
        ("set system host-name hugo", "set system host-name emil"),
        ("set system host-name hugo", "delete system host-name"),
        ("delete system host-name", "set system host-name emil"),
    ],
)
def test_where_both_changed_one_statement_the_private_commit_is_refused_and_changes_nothing(
    bench: Bench, private: str, other: str
) -> None:
    mine = bench.talk()
    mine(PRIVATE)
    mine(load(private))
    bench.commit(other, user="pat")
    before = history(mine)
    refused = mine("<commit-configuration/>")
    assert messages(refused) == ["configuration was changed by another commit here; update and commit again"]
    assert texts(refused, ".//error-path") == ["[edit system host-name]"]
    assert history(mine) == before


def test_policies_stand_in_the_order_of_the_private_copy_and_new_ones_of_others_behind() -> None:
    base = tree(POLICY.format("p", "x"), POLICY.format("q", "x"))
    mine = tree(POLICY.format("q", "x"), POLICY.format("p", "x"))
    theirs = tree(POLICY.format("p", "x"), POLICY.format("q", "x"), POLICY.format("r", "x"))
    found = [one.findtext("name") for one in merged(base, mine, theirs).iter("policy") if one.find("match") is not None]
    assert found == ["q", "p", "r"]

"""``haplan traffic``: who reaches what, and what becomes of that when something fails."""

import json
from pathlib import Path

import pytest

from haplan.cli.main import run

STACKS = Path(__file__).parents[2] / "stacks"
ONE_PAIR = """\
branch  wan_edge_template.ha-branch, ssr
               no failure  node1  wan1   wan1.dead  fabric  sync
  guest → any  wan1        STOPS  STOPS  ?          STOPS   ?
  = the same way; ? not known; part STOPS: some of it is sent where it is lost; of new connections
  guest → any does not survive node1: wan1 is on node1; a path over node0 would keep it \
(steering only-wan1, stack.py:21)
  guest → any does not survive wan1: wan1 is down; a second path would keep it (steering only-wan1, stack.py:21)
  guest → any may not survive wan1.dead: whether the cloud has wan1 probed beyond its gateway is not documented
  guest → any does not survive fabric: wan1 is on the other node than the LAN, across the dead fabric; \
a path over the node that the LAN is active on would keep it (steering only-wan1, stack.py:21)
  guest → any may not survive sync: which node owns the shared LAN without the sync link is not documented

Connections that there are already are lost with the circuit they leave by, and with the node that it is on.
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written where the stacks are."""
    monkeypatch.chdir(tmp_path)


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run(["traffic", *words]) == code
    found = capsys.readouterr()
    return found.err if code else found.out


def test_it_says_what_survives_what_and_what_would_keep_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, str(STACKS / "one_pair")) == ONE_PAIR


def test_one_flow_is_explained_policy_by_policy(capsys: pytest.CaptureFixture[str]) -> None:
    srx = str(STACKS / "hub_spoke_srx_netconf")
    out = said(capsys, srx, "--from", "SPOKE-LAN1@spoke1-site", "--to", "8.8.8.8:53/udp", "--fail", "node0")
    assert out.split("\n")[:7] == [
        "spoke1-site  wan_edge_template.ha-spoke, srx",
        "  1 of 5: spoke-to-hub1: is for 10.66.66.0/24  modules/hub_spoke.py:72",
        "  2 of 5: spoke-to-hub2: is for 10.55.55.0/24  modules/hub_spoke.py:72",
        "  3 of 5: public-dns: allows it  modules/hub_spoke.py:72",
        "                               no failure   node0",
        "  SPOKE-LAN1 → 8.8.8.8:53/udp  wan0 > wan1  wan1",
        "  = the same way; ? not known; part STOPS: some of it is sent where it is lost; of new connections",
    ]


def test_what_no_policy_allows_is_said_so_at_each_site_that_it_is_true_of(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, str(STACKS / "hub_spoke_ssr_conductor"), "--from", "SPOKE-LAN1", "--to", "10.88.88.10:22")
    assert "none of 4 policies decides: what no policy allows is denied" in out
    assert out.startswith("spoke1-site  wan")
    assert "spoke2-site" not in out  # it is on the LAN there


def test_everything_is_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, str(STACKS / "hub_spoke_srx"), "--json"))
    spokes = next(one for one in found["groups"] if one["owner"] == "wan_edge_template.ha-spoke")
    assert spokes["sites"] == ["spoke1-site", "spoke2-site"]
    flow = next(one for one in spokes["flows"] if one["to"] == "HUB1-LAN1")
    answer = flow["answers"][0]
    assert (answer["policy"], answer["words"]) == ("spoke-to-hub1", "wan0>h1-wan0 + wan1>h1-wan1")
    assert answer["arrives_in"] == ["HUB1-LAN1"]
    assert answer["under"]["h1"]["becomes"] == "stops"
    assert answer["under"]["node0"] == {"becomes": "only", "way": "wan1>h1-wan1", "why": "", "remedy": ""}


def test_two_failures_at_once_are_columns_too(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, str(STACKS / "hub_spoke_ssr_conductor"), "--failures", "2", "--json"))
    spokes = next(one for one in found["groups"] if one["owner"] == "wan_edge_template.ha-spoke")
    dns = next(one for one in spokes["flows"] if one["to"] == "public-dns")
    assert dns["answers"][0]["under"]["wan0 and wan1"]["becomes"] == "stops"


def test_markdown_has_a_table_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, str(STACKS / "one_pair"), "--format", "markdown")
    assert "| guest → any | wan1 | STOPS | STOPS | ? | STOPS | ? |" in out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--from", "gest"], "no network 'gest' on a LAN; there are: guest"),
        (["--from", "guest@brunch"], "no site 'brunch' with a pair in this stack; did you mean 'branch'?"),
        (["--site", "nowhere"], "no site 'nowhere' with a pair in this stack"),
        (["--to", "x"], "'x' is no address such as 10.1.1.1:443/tcp, and no application that a policy names; "
                        "there are: any"),
        (["--to", "10.1.1.1:high"], "'10.1.1.1:high': 'high' is no port"),
        (["--to", "10.1.1.1:²"], "'10.1.1.1:²': '²' is no port"),
        (["--to", "10.1.1.1/tpc"], "'10.1.1.1/tpc': 'tpc' is no protocol; there are: icmp, tcp, udp, gre, "
                                   "or a number to 255"),
        (["--to", "10.1.1.1:53/icmp"], "'10.1.1.1:53/icmp': icmp has no ports; tcp and udp have"),
        (["--fail", "wan7"], "no failure 'wan7' here; did you mean 'wan1'?; there are: node0, node1, wan0, wan0.dead, "
                             "wan1, wan1.dead, lan.node0, lan.node1, fabric, sync"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], error: str) -> None:
    assert said(capsys, str(STACKS / "one_pair"), *words, code=1) == f"error: {error}\n"


def test_a_stack_without_a_pair_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "stack.py").write_text(
        'from haplan import provider\nfrom haplan.design import Site\nprovider("mist")\nSite("a")\n'
    )
    assert said(capsys, ".", code=1) == "error: this stack has no cluster: there is no traffic to work out\n"


def test_an_ipv6_address_with_a_port_stands_in_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, str(STACKS / "one_pair"), "--to", "[2001:db8::1]:443/tcp")
    assert "denied: guest → [2001:db8::1]:443/tcp" in out

"""``haplan wiring``: for the person with the cables."""

import json
from pathlib import Path

import pytest

from haplan.cli.main import run

STACK = """from haplan import provider
from haplan.design import *
provider("mist")
office = Network("office", subnet="10.1.1.0/24", vlan_id=7)
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp()), wan("wan1", "ge-1/0/0", dhcp()),
    lan("lan", "ge-0/0/3,ge-1/0/3", {office: "10.1.1.1/24"}),
    ha_fabric("ge-0/0/4,ge-1/0/4"), ha_sync("ge-0/0/5,ge-1/0/5"),
])
for label, mac in (("a", "02005e00000"), ("b", "02005e00001")):
    Cluster(label, site=Site(label), template=edge, model="SSR120", nodes=[f"{mac}0", f"{mac}1"])
"""


@pytest.fixture
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "stack.py").write_text(STACK)
    return tmp_path / "pairs" / "stack.py"


def test_it_prints_the_pairs_that_are_named(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["wiring", "pairs", "b"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("cluster.b · two SSR120 at b\n  node0  02005e000010\n")
    assert "cluster.a" not in out
    assert run(["wiring", "pairs", "cluster.*", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["cluster"] for one in found] == ["cluster.a", "cluster.b"]
    assert found[0]["nodes"][1]["ports"][3]["port"] == "ge-1/0/3"


def test_a_pair_that_is_not_there_is_one_line_that_names_those_that_are(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["wiring", "pairs", "x"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error: no cluster x in this stack; there are: cluster.a, cluster.b\n")


def test_nobody_is_to_cable_after_a_stack_that_breaks_a_rule(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs.write_text(STACK.replace('"ge-1/0/0"', '"ge-0/0/1"'))
    assert run(["wiring", "pairs"]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert "HA056" in said.err

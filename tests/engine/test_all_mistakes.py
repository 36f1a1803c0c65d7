"""Whatever is wrong with a stack is told in one run: language, settings, moves, imports, and what the rules find."""

from pathlib import Path

import pytest

from haplan import api

STACK = """\
from haplan import imported, moved, provider, removed
from haplan.design import Application, Cluster, Network, Overlay, Policy, Site, WanEdgeTemplate, dhcp, lan, wan

provider("mist", colour="x", timeout=0)
site = Site("branch", country_code="US", timezone="America/New_York")
guest = Network("guest", subnet="172.22.99.0/24", vlan_id=99)
edge = WanEdgeTemplate("edge", interfaces=[
    wan("wan0", "ge-0/0/0", dhcp()), lan("lan", "ge-0/0/3,ge-1/0/3", {guest: "172.22.98.1/24"}),
])
Cluster("branch", site=site, template=edge, model="SSR120", nodes=["02005e100c30", "02005e100c30"])
Policy("p", template=edge, networks=[guest], action="alow", applications=[])
Overlay("o", paths=3)
imported("site.brnch", "x")
moved("site.a", "site.b")
removed("sitee.b")
removed("site.branch")
"""
SAID = [
    "stack.py:12: overlay.o: unknown keyword 'paths'; there are: depends_on, extra, lifecycle, name, provider,",
    "stack.py:14: moved: there is no site.b in the stack",
    "stack.py:13: imported: there is no site.brnch in the stack; declare it; did you mean 'site.branch'?",
    "stack.py:15: removed: no resource type 'sitee'; did you mean 'site'?",
    "stack.py:16: removed: site.branch is still in the stack, at stack.py:5",
    "stack.py:4: provider 'mist': unknown setting 'colour'",
    "stack.py:4: provider 'mist': timeout: expected a number of seconds above 0, got 0",
    "stack.py:10: cluster.branch: both nodes are 02005e100c30 (HA002)",
    "stack.py:8: wan_edge_template.edge: lan: 172.22.98.1/24 is not a host address in 172.22.99.0/24 (HA045)",
    "stack.py:11: policy.edge.p: action must be allow or deny, got \"alow\"; did you mean 'allow'? (HA104)",
]


def told(folder: Path, text: str) -> str:
    stack = folder / "stack.py"
    stack.write_text(text)
    with pytest.raises(api.HaplanError) as error:
        api.validate(stack)
    assert error.value.exit_code == 1
    return str(error.value)


@pytest.mark.parametrize("said", SAID)
def test_each_mistake_of_a_stack_is_told_beside_all_others(tmp_path: Path, said: str) -> None:
    lines = told(tmp_path, STACK).splitlines()
    assert any(line.startswith(said) for line in lines), lines


def test_settings_that_cannot_be_hide_no_finding_of_a_rule(tmp_path: Path) -> None:
    sound = [line for line in STACK.splitlines() if not line.startswith(("Overlay", "imported(", "moved(", "removed("))]
    lines = told(tmp_path, "\n".join(sound)).splitlines()
    assert [line.partition(": ")[0] for line in lines[:2]] == ["stack.py:4"] * 2
    assert sorted(line[-6:-1] for line in lines[2:]) == [
        "HA002",
        "HA026",
        "HA027",
        "HA045",
        "HA056",
        "HA102",
        "HA104",
        "HA117",
    ]
    assert not any("broke" in line for line in lines)


@pytest.mark.parametrize("name", ["srx", "ssr"])
def test_rules_of_a_provider_with_settings_that_cannot_be_do_not_break(tmp_path: Path, name: str) -> None:
    wrong = {"srx": 'slots={"SRX9": "many"}', "ssr": 'release="newest"'}[name]
    text = STACK.replace('"mist", colour="x", timeout=0', f'"{name}", {wrong}')
    assert "broke" not in told(tmp_path, text)

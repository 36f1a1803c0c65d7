"""The worked example: its values, what the rules say of it, and the mutations that each must trip a rule."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

STACKS = Path(__file__).parents[2] / "stacks"

MUTATIONS = [
    ("M01", "ssr", "hub_spoke_ssr/stack.py", 'node("02005e100c31", serial="DEMO120S1B")',
     'node("02005e100c31", serial="DEMO120S1B", model="SSR130")', ["HA003"], ""),
    ("M02a", "ssr", "hub_spoke_ssr/stack.py", ', node("02005e100c31", serial="DEMO120S1B")', "", ["HA001"], ""),
    ("M02b", "ssr", "hub_spoke_ssr/stack.py", '"02005e100c31"', '"02005e100c30"', ["HA002"], ""),
    ("M05", "ssr", "modules/hub_spoke.py", 'on.wan0(static("{{WAN0_PFX}}.254/24", gateway="{{WAN0_PFX}}.1"))',
     "on.wan0(dhcp())", ["HA058"], ""),
    ("M06", "ssr", "hub_spoke_ssr/stack.py", "ge-0/0/3,ge-1/0/3", "ge-0/0/3,ge-0/0/2", ["HA032"], ""),
    ("M08", "srx", "hub_spoke_srx/stack.py", '"wan0", "ge-0/0/7"', '"wan0", "ge-0/0/0"', ["HA024", "HA065"], ""),
    ("M10", "srx", "hub_spoke_srx/stack.py", 'model="SRX300"', 'model="SRX345"', ["HA021"], "ge-5/0/3"),
    ("M13", "ssr", "hub_spoke_ssr/stack.py", "ge-0/0/3,ge-1/0/3", "ge-0/0/3", ["HA035"], ""),
    ("M16", "ssr", "hub_spoke_ssr/stack.py", '"wan1", "ge-1/0/0"', '"wan1", "ge-0/0/1"', ["HA056", "HA093"], ""),
    ("M17", "ssr", "modules/hub_spoke.py", 'h1.profile.endpoint("wan1")]', 'h1.profile.endpoint("wan2")]', ["HA086"],
     "known: h1-wan0, h1-wan1, h2-wan0, h2-wan1"),
    ("M22", "ssr", "modules/spokes.csv", "192.0.2.138,192.0.2.129", "192.0.2.138,", ["HA118"], "{{WAN1_GW}}"),
]  # fmt: skip


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The stacks, to be changed."""
    shutil.copytree(STACKS, tmp_path / "stacks")
    return tmp_path / "stacks"


@pytest.mark.parametrize(
    ("name", "family", "file", "old", "new", "rules", "says"), MUTATIONS, ids=[m[0] for m in MUTATIONS]
)
def test_each_mutation_trips_its_rule(
    name: str, family: str, file: str, old: str, new: str, rules: list[str], says: str,
    copied: Path, load_folder: Any, findings: Any,
) -> None:  # fmt: skip
    text = (copied / file).read_text()
    assert old in text
    (copied / file).write_text(text.replace(old, new))
    found = findings(load_folder(copied / f"hub_spoke_{family}"))
    errors = {finding.rule for finding in found if finding.severity != "info"}
    assert set(rules) <= errors
    assert any(says in finding.message for finding in found if finding.rule == rules[0])


@pytest.mark.parametrize("family", ["ssr", "srx"])
def test_the_clean_example_has_the_expected_infos_and_nothing_worse(
    family: str, load_folder: Any, findings: Any
) -> None:
    found = findings(load_folder(STACKS / f"hub_spoke_{family}"))
    assert {finding.severity for finding in found} == {"info"}
    count = Counter(finding.rule for finding in found)
    remote = {"ssr": 2, "srx": 6}[family]  # networks that a policy names and another site holds
    moving = {"HA039": 3} if family == "ssr" else {}
    assert count == {**moving, "HA012": 4, "HA040": 3, "HA059": 1, "HA071": 2, "HA088": 1, "HA092": 1, "HA118": remote}
    assert [f.address for f in found if f.rule == "HA092"] == ["policy.ha-spoke.guest-internet"]


def test_the_single_pair_is_asked_for_its_attestations_only(load_folder: Any, findings: Any) -> None:
    found = findings(load_folder(STACKS / "one_pair"))
    assert {f.rule for f in found if f.severity != "info"} == {"HA018", "HA029", "HA037"}
    assert not [f for f in found if f.severity == "error"]


@pytest.mark.parametrize(("family", "count"), [("ssr", 31), ("srx", 35)])
def test_the_example_has_its_resources_in_order(family: str, count: int, load_folder: Any) -> None:
    stack = load_folder(STACKS / f"hub_spoke_{family}")
    assert len(stack.blocks) == count
    kinds = Counter(block.type for block in stack.blocks.values())
    assert [kinds[name] for name in ("site", "network", "application", "overlay")] == [4, 4, 5, 1]
    assert [kinds[name] for name in ("hub_profile", "wan_edge_template", "cluster")] == [2, 1, 4]
    assert stack.inputs == (f"hub_spoke_{family}/stack.py", "modules/hub_spoke.py", "modules/spokes.csv")


def test_values_are_those_of_the_example(load_folder: Any) -> None:
    blocks = load_folder(STACKS / "hub_spoke_ssr").blocks
    assert blocks["overlay.OrgOverlay"].values["endpoints"] == ["h1-wan0", "h1-wan1", "h2-wan0", "h2-wan1"]
    assert blocks["site.spoke1-site"].values["role"] == "spoke"
    assert blocks["site.h1-site"].values["role"] == "hub"
    spoke2 = blocks["cluster.spoke2"].values
    assert (spoke2["node0"], spoke2["node1"]) == ("02005e100d0a", "02005e100dff")
    assert (spoke2["family"], spoke2["role"], spoke2["template"]) == ("ssr", "spoke", "ha-spoke")
    template = blocks["wan_edge_template.ha-spoke"].values
    assert template["type"] == "spoke"
    assert template["interfaces"]["wan1"] == {
        "usage": "wan",
        "ports": "ge-1/0/0",
        "address": {"type": "static", "ip": "{{WAN1_IP}}/25", "gateway": "{{WAN1_GW}}"},
        "overlay": {"h1-wan1": {"overlay": "OrgOverlay"}, "h2-wan1": {"overlay": "OrgOverlay"}},
        "source_nat": True,
    }
    assert template["interfaces"]["lan"] == {
        "usage": "lan",
        "ports": "ge-0/0/3,ge-1/0/3",
        "networks": {
            "SPOKE-LAN1": {"ip": "{{SPOKE_LAN1_PFX}}.1/24"},
            "spoke-guest": {"ip": "{{SPOKE_GUEST_PFX}}.1/24"},
        },
        "redundant": True,
        "primary": "node0",
    }
    assert blocks["hub_profile.h2"].values["interfaces"]["wan0"]["endpoint"] == "h2-wan0"
    assert blocks["network.spoke-guest"].values == {
        "subnet": "{{SPOKE_GUEST_PFX}}.0/24",
        "vlan_id": "{{SPOKE_GUEST_VLAN}}",
        "advertise": [],
        "cloud_access": False,
    }


def test_a_finding_says_the_csv_row_it_comes_from(copied: Path, load_folder: Any, findings: Any) -> None:
    rows = copied / "modules" / "spokes.csv"
    rows.write_text(rows.read_text().replace("10.88.88", "10.88.888"))
    found = [f for f in findings(load_folder(copied / "hub_spoke_ssr")) if f.rule == "HA120"]
    assert {f.location.endswith("(spokes.csv:3)") for f in found} == {True}
    assert found[0].message == "spoke2-site: lan SPOKE-LAN1 = 10.88.888.1/24 is no address with length"

"""``extra={"srx": …}``: statements of Junos beside the vocabulary."""

from pathlib import Path

import pytest

from haplan_srx.provider import SrxProvider
from tests.srx.stacks import PAIR, design, lines, translation


def said(tmp_path: Path, extra: str) -> str:
    (tmp_path / "one").mkdir(exist_ok=True)
    return PAIR.replace('model="SRX300",', f'model="SRX300", extra={{"srx": {extra}}},', 1)


MAPPING = """{"system": {"services": {"ssh": {"root-login": "deny"}}, "name-server": ["{{NET}}.53"]},
              "snmp": {"location": "rack 3"}, "interfaces": {"ge-0/0/7": {"description": "to the provider"}}}"""
LINES = """{"set": ["set system services ssh root-login deny", "system name-server {{NET}}.53",
                    'snmp location "rack 3"', 'interfaces ge-0/0/7 description "to the provider"']}"""


@pytest.mark.parametrize("extra", [MAPPING, LINES])
def test_lines_and_mappings_come_to_the_same_statements(tmp_path: Path, extra: str) -> None:
    usual = lines(translation(design(tmp_path, PAIR)).configuration)
    found = translation(design(tmp_path, said(tmp_path, extra)))
    assert found.troubles == ()
    assert sorted(set(lines(found.configuration)) - set(usual)) == [
        "interfaces interface[ge-0/0/7] description = to the provider",
        "snmp location = rack 3",
        "system name-server[10.0.0.53]",
        "system services ssh root-login = deny",
    ]


@pytest.mark.parametrize(("extra", "why"), [
    ('{"set": ["system time-zone UTC"]}', "extra: system time-zone is said by site.shop already"),
    ('{"set": ["interfaces ge-0/0/7 unit 0 family inet address 192.0.2.77/25"]}',
     "extra: interfaces interface ge-0/0/7 unit 0 family inet address 192.0.2.77/25 is said by wan_edge_template.edge "
     "already"),
])  # fmt: skip
def test_what_is_haplans_own_is_never_said_over(tmp_path: Path, extra: str, why: str) -> None:
    assert why in [one.text for one in translation(design(tmp_path, said(tmp_path, extra))).troubles]


@pytest.mark.parametrize(("kind", "extra", "why"), [
    ("cluster", {"set": ["system servces ssh"]}, "system servces ssh: syntax error (servces)"),
    ("cluster", {"set": ["chassis cluster reth-count 9"]},
     "chassis cluster reth-count: say it with failover= of the cluster, or the interfaces"),
    ("cluster", {"security": {"policies": {"default-policy": {"permit-all": True}}}}, "say it with Policy(…)"),
    ("cluster", {"groups": {"node0": {"system": {"host-name": "x"}}}}, "what differs by node is haplan's"),
    ("cluster", {"set": ['security ike policy x pre-shared-key ascii-text "abc"']}, "secrets are not taken"),
    ("network", {"set": ["system services ssh"]}, "on SRX direct extra stands on clusters, templates and profiles"),
])  # fmt: skip
def test_what_is_not_taken_is_told_with_the_reason(kind: str, extra: dict[str, object], why: str) -> None:
    assert [one for one in SrxProvider.check_extra(kind, extra) if why in str(one)]


def test_what_is_right_has_nothing_to_tell() -> None:
    assert list(SrxProvider.check_extra("cluster", {"set": ["system services ssh root-login deny"]})) == []

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


@pytest.mark.parametrize(
    "text", ['say "hi" now', '"a" b', 'a"b', "back\\ slash\\", "no-break\u00a0blank", "# x; y", "two  blanks"]
)
def test_a_value_of_a_mapping_is_one_word_whatever_is_in_it(tmp_path: Path, text: str) -> None:
    found = translation(design(tmp_path, said(tmp_path, repr({"system": {"login": {"message": text}}}))))
    assert found.troubles == ()
    assert f"system login message = {text}" in lines(found.configuration)


def test_blanks_in_the_quotes_of_a_line_stay(tmp_path: Path) -> None:
    found = translation(design(tmp_path, said(tmp_path, """{"set": 'snmp  location "rack  3"'}""")))
    assert "snmp location = rack  3" in lines(found.configuration)


@pytest.mark.parametrize("odd", ["\n", "\t", "\x07", "\r", "\x00"])
@pytest.mark.parametrize("name", ["message", "announcement"])
def test_a_control_character_is_refused_and_begins_no_other_statement(name: str, odd: str) -> None:
    extra = {"system": {"login": {name: f"x{odd}set system services telnet"}}}
    assert [f"a configuration takes no U+{ord(odd):04X}"] == [
        one.rpartition(": ")[2] for one in SrxProvider.check_extra("cluster", extra)
    ]


def test_what_holds_a_variable_is_looked_at_with_the_value_of_the_pairs_site(tmp_path: Path) -> None:
    extra = '{"set": ["system services ssh connection-limit {{SSH}}"]}'
    assert list(SrxProvider.check_extra("cluster", {"set": ["system services ssh connection-limit {{SSH}}"]})) == []
    stack = said(tmp_path, extra).replace('"NET": ', '"SSH": "7", "NET": ', 1)
    assert "system services ssh connection-limit = 7" in lines(translation(design(tmp_path, stack)).configuration)
    stack = stack.replace('"SSH": "7"', '"SSH": "x7"')
    assert "connection-limit x7: Invalid numeric value" in str(translation(design(tmp_path, stack)).troubles)


def test_what_a_variable_makes_of_it_is_never_haplans_own_or_a_secret(tmp_path: Path) -> None:
    for value, line in (("groups", "{{W}} node0 system host-name x"), ("cluster", "chassis {{W}} reth-count 9"),
                        ("encrypted-password", "system root-authentication {{W}} $6$abc")):  # fmt: skip
        stack = said(tmp_path, repr({"set": [line]})).replace('"NET": ', f'"W": "{value}", "NET": ', 1)
        assert [one for one in translation(design(tmp_path, stack)).troubles if "extra" in str(one)], line


def test_what_is_right_has_nothing_to_tell() -> None:
    assert list(SrxProvider.check_extra("cluster", {"set": ["system services ssh root-login deny"]})) == []

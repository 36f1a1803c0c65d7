"""Each rule by data: a change of a clean stack that trips it, and the clean stack that does not."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from haplan import design

CASES = Path(__file__).parent / "cases"
ALL = tomllib.loads((CASES / "cases.toml").read_text())["case"]


def named(case: dict[str, Any]) -> str:
    return f"{case['rule']}: {case['says']}"[:60]


def changed(case: dict[str, Any], key: str = "change") -> tuple[str, str]:
    """The base and the changed text of a case."""
    base = text = (CASES / f"{case.get('base_stack', 'ssr')}.txt").read_text()
    for old, new in case[key]:
        old = old.replace("\\n", "\n")
        assert text.count(old) >= 1, f"{case['rule']}: the base has no {old!r}"
        text = text.replace(old, new.replace("\\n", "\n"))
    return base, text


@pytest.mark.parametrize("case", ALL, ids=named)
def test_the_change_trips_the_rule_and_the_clean_stack_does_not(
    case: dict[str, Any], stack: Any, findings: Any
) -> None:
    base, text = changed(case)
    bad, good = (base, text) if case.get("base") else (text, base)
    rule = {rule.id: rule for rule in design.haplan_checks()}[case["rule"]]
    tripped = [f for f in findings(stack(bad)) if f.rule == case["rule"] and case["says"] in f.message]
    assert tripped, [(f.rule, f.message) for f in findings(stack(bad))]
    assert tripped[0].severity == case.get("severity", rule.severity)
    assert tripped[0].location.startswith("stack.py:")
    assert not [f for f in findings(stack(good)) if f.rule == case["rule"] and case["says"] in f.message]


@pytest.mark.parametrize("case", [case for case in ALL if "not_by" in case], ids=named)
def test_the_nearest_change_does_not_trip_the_rule(case: dict[str, Any], stack: Any, findings: Any) -> None:
    _, near = changed(case, "not_by")
    assert not [f for f in findings(stack(near)) if f.rule == case["rule"] and case["says"] in f.message]


@pytest.mark.parametrize("base", ["ssr", "srx"])
def test_the_clean_stacks_have_infos_only(base: str, stack: Any, findings: Any) -> None:
    assert [f for f in findings(stack((CASES / f"{base}.txt").read_text())) if f.severity != "info"] == []


def test_every_validate_rule_has_a_case() -> None:
    wanted = {rule.id for rule in design.haplan_checks() if "V" in rule.moments and not rule.kept}
    assert wanted - {case["rule"] for case in ALL} == set()


def test_every_rule_says_what_it_is() -> None:
    for rule in design.haplan_checks():
        assert rule.id.startswith("HA")
        assert rule.moments
        assert rule.title, rule.id
        assert rule.why.endswith("."), rule.id
        assert rule.source, rule.id
        assert set(rule.types) <= {cls.haplan_type.name for cls in design.haplan_resources()}  # type: ignore[attr-defined]


def test_no_two_rules_have_one_id() -> None:
    ids = [rule.id for rule in design.haplan_checks()]
    assert len(ids) == len(set(ids))


def test_a_rule_names_its_sources_in_full() -> None:
    rules = {rule.id: rule for rule in design.haplan_checks()}
    assert rules["HA024"].source == "Juniper: slot numbering of SRX chassis clusters; Mist API description"
    assert not [rule.id for rule in rules.values() if set(rule.source.split()) & {"SEED", "POL", "SLOT", "TFP"}]

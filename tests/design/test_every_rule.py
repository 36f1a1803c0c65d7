"""Every rule of the catalogue is one here, at its moment: with a situation that trips it and the nearest that does not,
or with where it is kept, or with why nothing looks at it."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from haplan.contracts import PlanView
from haplan.model.finding import Finding, Rule
from haplan.model.state import State
from haplan.plugins import load_plugins
from haplan.steps.check import check
from tests.design.after_writes import AFTER, After
from tests.design.situations import SITUATIONS, Seen, Situation

CATALOGUE = Path(__file__).parents[3] / "shared" / "reference" / "design-rules.md"
V_CASES = tomllib.loads((Path(__file__).parent / "cases" / "cases.toml").read_text())["case"]
ELSEWHERE = {
    "HA050": "tests/srx/test_rules.py",
    "HA171": "tests/e2e/test_others.py",
}
"""Rules that a provider finds by itself, with the file that has their two cases."""
RULES: Mapping[str, Rule] = load_plugins().rules
HA = {id: rule for id, rule in RULES.items() if re.fullmatch(r"HA\d{3}", id)}


def said_by(seen: Seen) -> tuple[Finding, ...]:
    """What all rules find in one situation."""
    state = State(rows={(one.address, ""): one for one in seen.rows})
    view = PlanView(stack=None, state=state, changes=seen.changes, seen={}, facts=seen.facts, calls=seen.calls)
    return check("P", view, HA.values())


def named(one: Situation | After) -> str:
    return f"{one.rule}: {one.says}"[:60]


def rows() -> Iterator[tuple[str, str, set[str], str]]:
    """Id, severity, moments and confidence of each row of the catalogue."""
    for line in CATALOGUE.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 7 and re.fullmatch(r"HA\d{3}", cells[1]):
            yield cells[1], cells[2].rstrip("*"), set(), cells[-2]


@pytest.mark.skipif(not CATALOGUE.exists(), reason="the catalogue of design rules is not beside this repository")
def test_every_rule_of_the_catalogue_is_a_rule_here() -> None:
    assert {id for id, *_ in rows()} - set(HA) == set()


@pytest.mark.skipif(not CATALOGUE.exists(), reason="the catalogue of design rules is not beside this repository")
def test_a_rule_is_as_severe_as_the_catalogue_says() -> None:
    """What is there to be noticed by a person, and is only asked for, may be less; never more than it says."""
    weight = {"info": 0, "warning": 1, "error": 2}
    more = {id for id, severity, _, _ in rows() if weight[HA[id].severity] > weight[severity]}
    assert more == {"HA066"}  # by its own text equal addresses are an error


@pytest.mark.parametrize("case", SITUATIONS, ids=named)
def test_a_situation_trips_the_rule_and_the_nearest_does_not(case: Situation) -> None:
    tripped = [one for one in said_by(case.trips) if one.rule == case.rule and case.says in one.message]
    assert tripped, [(one.rule, one.message) for one in said_by(case.trips)]
    assert tripped[0].severity == (case.severity or HA[case.rule].severity)
    assert not [one for one in said_by(case.near) if one.rule == case.rule and case.says in one.message]


@pytest.mark.parametrize("case", AFTER, ids=named)
def test_what_is_seen_after_a_write_trips_the_rule_and_the_nearest_does_not(case: After) -> None:
    assert case.says in [text for rule, _, text in case.found(case.trips) if rule == case.rule]
    assert not [text for rule, _, text in case.found(case.near) if rule == case.rule]


def test_every_rule_has_its_two_cases_or_says_where_it_is_kept_or_why_not() -> None:
    cases = {case["rule"] for case in V_CASES} | {one.rule for one in SITUATIONS} | {one.rule for one in AFTER}
    kept = {id for id, rule in HA.items() if rule.kept in ("engine", "nowhere")}
    assert set(HA) - cases - kept - set(ELSEWHERE) == set()
    assert cases & kept == set()


@pytest.mark.parametrize(("rule", "file"), ELSEWHERE.items())
def test_a_rule_with_cases_elsewhere_has_them_there(rule: str, file: str) -> None:
    assert rule in (Path(__file__).parents[2] / file).read_text()


def test_what_is_kept_elsewhere_names_what_there_is() -> None:
    for id, rule in HA.items():
        assert bool(rule.kept) == bool(rule.where), id
        for name in re.findall(r"\bhaplan\w*(?:\.\w+)+", rule.where):
            assert find_spec(name) is not None, f"{id}: {name}"
        assert rule.kept == "nowhere" or not rule.kept or re.search(r"\bhaplan\w*\.", rule.where), id


def test_a_rule_of_low_confidence_never_stops_anything() -> None:
    assert [id for id, rule in HA.items() if rule.confidence == "L" and rule.severity == "error"] == []

"""Equal changes, outputs and errors are folded by cause; what deviates stays; all of it is there when asked for."""

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, OutputChange, Plan
from haplan.model.value import Unknown
from haplan.report.alike import FOLD
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from tests.e2e.world import World

Example = Callable[[str], World]
MANY = """
for number in range(42):
    label, more = f"zürich-{41 - number}", {"EXTRA": "1"} if number == 7 else {}
    place = Site(label, country_code="CH", timezone="Europe/Zurich", variables={"PFX": f"10.{number}.0", **more})
    pair = Cluster(label, site=place, template=edge, model="SSR120",
                   nodes=[f"0200000000{number:02x}", f"0200000001{number:02x}"])
    output(f"{label}_id", pair.id)
"""


def text(plan: Plan, *, full: bool = False) -> list[str]:
    return plain(plan_lines(plan, next_step="haplan apply", full=full)).splitlines()


def test_42_new_sites_plan_in_under_120_lines_and_what_deviates_stays(tmp_path: Path) -> None:
    example = Path(__file__).parent.parent.parent / "stacks" / "one_pair" / "stack.py"
    world = World(tmp_path / "stack")
    world.folder.mkdir()
    head = example.read_text().replace("import provider", "import output, provider")
    (world.folder / "stack.py").write_text(head + MANY)
    plan = world.plan()
    shown = text(plan)
    assert len(shown) < 120
    assert any("41 × site" in row for row in shown)
    assert any('+ site."zürich-34"' in row for row in shown)  # one variable more than the others
    assert any("43 × cluster" in row for row in shown)
    assert any("42 outputs: zürich-41_id, zürich-40_id" in row and "(known after apply)" in row for row in shown)
    # summary first and last
    assert [at for at, row in enumerate(shown) if row.startswith("91 to create")] == [1, len(shown) - 4]
    whole = "\n".join(text(plan, full=True))
    assert all(f'site."zürich-{number}" ' in whole and f"zürich-{number}_id" in whole for number in range(42))
    # other forms leave nothing out
    assert len(json.loads(json.dumps(plan_json(plan, digest="sha256:x", made=0.0)))["resource_changes"]) >= 91
    world.close()


def update(number: int, **more: object) -> Change:
    before = {"variables": {"A": "1"}, "note": f"n{number}"}
    after = {"variables": {"A": "1", "VOICE_PFX": f"10.{number}"}, "note": f"n{number}"}
    known: dict[str, object] = {"address": f"site.s-{number}", "type": "site", "name": f"s-{number}", "before": before}
    known |= {"provider": "mist", "action": Action.UPDATE, "after": after}
    return Change(**{**known, **more})  # type: ignore[arg-type]


def made(*changes: Change, outputs: tuple[OutputChange, ...] = (), findings: tuple[Finding, ...] = ()) -> Plan:
    return Plan(
        stack="s", environment="lab", command="apply", lineage="", serial=0, changes=changes, outputs=outputs,
        findings=findings,
    )  # fmt: skip


def test_a_variable_that_each_site_gets_is_one_entry() -> None:
    shown = text(made(*(update(number) for number in range(40))))
    at = next(index for index, row in enumerate(shown) if "40 × site" in row)
    assert shown[at : at + 3] == [
        "  ~ 40 × site",
        "      site.s-0, site.s-1, site.s-2 and 37 more",
        "      + variables.VOICE_PFX  not the same in all",
    ]


def test_one_that_changes_more_and_few_alike_stay_by_themselves() -> None:
    odd = update(99, after={"variables": {"A": "2", "VOICE_PFX": "x"}, "note": "n99"})
    shown = text(made(*(update(number) for number in range(FOLD + 1)), odd))
    assert [row for row in shown if "site.s-99" in row]
    assert [row for row in shown if f"{FOLD + 1} × site" in row]
    few = text(made(*(update(number) for number in range(FOLD))))
    assert not [row for row in few if "×" in row]


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_one_that_gets_another_value_than_all_the_others_stays_by_itself(action: Action) -> None:
    zones = ["Europe/Zurich"] * 20 + ["America/New_York"] + ["Europe/Berlin"] * 20
    many = [
        update(n, action=action, before={"zone": "UTC", "pfx": ""}, after={"zone": zone, "pfx": f"10.{n}"})
        for n, zone in enumerate(zones)
    ]
    shown = text(made(*many))
    assert len([row for row in shown if "20 × site" in row]) == 2
    assert [row for row in shown if "site.s-20" in row]
    for zone in {*zones}:
        assert len([row for row in shown if zone in row]) == 1
    assert len([row for row in shown if "pfx" in row and "not the same in all" in row]) == 2


def test_errors_of_one_rule_are_folded_and_equal_outputs_too() -> None:
    findings = tuple(
        Finding(rule="EXISTS", severity="error", address=f"site.s{n}", message=f"a site named 's{n}' exists (id {n})",
                hint=f"run: haplan import site.s{n} {n}")
        for n in range(64)
    )  # fmt: skip
    outputs = tuple(OutputChange(f"o{n}", None, Unknown()) for n in range(9))
    plan = made(update(1), outputs=outputs, findings=findings)
    shown = "\n".join(text(plan))
    assert "and 61 more of this rule, on site.s3, site.s4, site.s5 and 58 more" in shown.replace("\n" + " " * 17, " ")
    assert "9 outputs: o0, o1, o2 and 6 more" in shown
    assert "64 errors" in shown
    assert "\n".join(text(plan, full=True)).count("haplan import") == 64


def test_secrets_are_in_no_fold() -> None:
    many = [update(n, sensitive=("psk",), before={"psk": f"old{n}"}, after={"psk": f"hush{n}"}) for n in range(9)]
    new = [update(n + 20, action=Action.CREATE, sensitive=("psk",), after={"psk": f"hush{n}"}) for n in range(9)]
    alike = [update(n + 40, action=Action.CREATE, sensitive=("psk",), after={"psk": "hush"}) for n in range(9)]
    assert "hush" not in "\n".join(text(made(*many, *new, *alike)))


def test_many_notes_about_one_object_are_folded_until_the_whole_is_asked_for() -> None:
    theirs = [f"branch: route to 10.{n}.0.0/16 is not in the stack" for n in range(9)]
    plan = attrs.evolve(made(update(1)), notes=(*theirs, "hub1: BGP core is not in the stack"))
    shown = text(plan)
    assert "  branch: and 6 more; --full shows them" in shown
    assert not [one for one in shown if "10.3.0.0" in one]
    assert "  hub1: BGP core is not in the stack" in shown
    assert sum("route to" in one for one in text(plan, full=True)) == 9

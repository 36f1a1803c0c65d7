"""A plan says only what was looked at: a part of the stack, or nothing, leave their mark in each form."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from haplan import engine
from haplan.model.plan import Plan
from haplan.report.html import plan_html
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.markdown import plan_markdown
from haplan.report.origin import Made
from haplan.report.text import drift_report, plan_lines
from haplan.steps.approve import unseal
from haplan.testing import Project

STACK = 'Thing("a", size=1)\nThing("b", size=1)'
LIMITED: Mapping[str, Mapping[str, Any]] = {
    "not refreshed": {"refresh": False},
    "part of the stack": {"targets": ("mem_thing.a",)},
    "part of the stack: without": {"excludes": ("mem_thing.a",)},
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "shop", STACK)
    assert made.apply().exit_code == 0
    return made


def in_all_forms(made: Project, plan: Plan) -> list[str]:
    """As text, markdown and page, of the plan and of a file of it."""
    with made.session() as session:
        engine.write_plan(session, plan, made.folder / "of.plan")
    read = unseal(made.folder / "of.plan")
    forms: tuple[Callable[..., str], ...] = (
        lambda one, **more: plain(plan_lines(one, **more)),
        plan_markdown,
        plan_html,
    )
    return [form(plan) for form in forms] + [
        form(read.plan, made=Made(read.at, read.digest, "still current", fresh=True)) for form in forms
    ]


@pytest.mark.parametrize("mark", LIMITED)
def test_what_was_not_looked_at_leaves_its_mark_in_head_body_and_every_form(project: Project, mark: str) -> None:
    for changed in (STACK, STACK.replace("size=1", "size=2")):
        plan = project.write(changed).plan(**LIMITED[mark])
        for text in in_all_forms(project, plan):
            head = next(line for line in text.splitlines() if "environment default" in line)
            assert head.rstrip().endswith(f" · {mark.partition(':')[0]}")
            assert mark in text
            assert "The estate is as the stack says" not in text
        scope = plan_json(plan, digest="", made=0.0)["haplan"]["scope"]
        assert scope == {"targets": [], "excludes": [], "replaces": [], "refreshed": True} | {
            ("refreshed" if name == "refresh" else name): (list(given) if isinstance(given, tuple) else given)
            for name, given in LIMITED[mark].items()
        }


def test_a_whole_plan_of_what_was_looked_at_has_no_such_mark(project: Project) -> None:
    text = plain(plan_lines(project.plan()))
    assert "No changes. The estate is as the stack says: 2 resources compared.\n" in text
    assert "part of the stack" not in text
    assert "refreshed" not in text


def test_without_changes_it_says_what_is_so(project: Project) -> None:
    said = {
        mark: next(line for line in plain(plan_lines(project.plan(**asked))).splitlines() if "No changes" in line)
        for mark, asked in LIMITED.items()
    }
    assert said == {
        "not refreshed": "No changes. What is recorded is as the stack says: 2 resources compared.",
        "part of the stack": "No changes. This part of the estate is as the stack says: 1 resource compared.",
        "part of the stack: without": "No changes. This part of the estate is as the stack says: 1 resource compared.",
    }


def test_drift_of_a_part_speaks_of_that_part(project: Project) -> None:
    project.cloud.edit("b", size=9)
    plan = project.plan(targets=("mem_thing.a",), refresh_only=True)
    text = plain(drift_report(plan))
    assert "part of the stack: only mem_thing.a" in text
    assert "No drift. This part of the estate is as haplan left it." in text


def test_a_destruction_of_a_part_that_is_empty_says_so(project: Project) -> None:
    assert project.apply(destroy=True, targets=("mem_thing.a",)).exit_code == 0
    text = plain(plan_lines(project.plan(destroy=True, excludes=("mem_thing.b",))))
    assert "There is nothing to destroy in this part of it." in text

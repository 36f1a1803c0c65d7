"""The JSON Schema of what plan JSON holds beside Terraform's own keys: plans of every kind keep to it."""

import copy
import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs
import pytest
from jsonschema import Draft202012Validator

from haplan import engine
from haplan.api import Plan
from haplan.hookspecs import hookimpl
from haplan.host.options import Options, sorted_out
from haplan.host.session import open_session
from haplan.model.finding import Finding, Rule
from haplan.model.graph import Edge
from haplan.model.plan import Impact, Order, Placed, Placement, Transaction
from haplan.testing import Project
from tests.a_rule import a_rule

ROOT = Path(__file__).parent.parent.parent
SCHEMA: dict[str, Any] = json.loads((files("haplan.report") / "plan.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
BUSY = """
a = Thing("a", size=1, psk=secret("env:PSK"), group="g")
b = Thing("b", tags={"of": a.id, "n": 1.5}, also=["X"])
with module("inner"):
    c = Thing("c", model="x", note="n")
Rule("one", thing=a)
Rule("two", thing=a)
output("id", a.id)
output("hidden", "v", sensitive=True)
"""


def parsed(project: Project, **options: Any) -> dict[str, Any]:
    """The plan as JSON, as the command line gives it."""
    full = options.pop("full", False)
    opening, asked = sorted_out(options)
    with project.session(**opening) as session:
        plan = engine.plan(session, asked)
        state = engine.read_state(session) if full else None
        made = Plan(plan, session.wall.now()).json(state=state, plugins=session.plugins)
    found: dict[str, Any] = json.loads(json.dumps(made, default=str))
    return found


def mistakes(found: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(found)]


def warned(view: Any) -> list[Finding]:
    return [
        Finding(
            rule="W1",
            severity="warning",
            address=change.address,
            message="look",
            location=change.location,
            hint="there",
        )
        for change in view.changes
    ]


class Warns:
    """A plugin with a rule."""

    haplan_api = 2

    @hookimpl
    def haplan_checks(self) -> list[Rule]:
        return [a_rule("W1", "P", warned, severity="warning", types=("mem_thing",))]


def applied(folder: Path) -> Project:
    project = Project(folder, BUSY, PSK="x")
    assert project.apply().exit_code == 0
    return project


def first(folder: Path) -> dict[str, Any]:
    return parsed(Project(folder, BUSY, more=[Warns()], PSK="x"))


def full(folder: Path) -> dict[str, Any]:
    return parsed(applied(folder).write(BUSY + 'Thing("d")'), full=True)


def unchanged(folder: Path) -> dict[str, Any]:
    return parsed(applied(folder))


def replaced(folder: Path) -> dict[str, Any]:
    return parsed(applied(folder).write(BUSY.replace('model="x"', 'model="y"')))


def reordered(folder: Path) -> dict[str, Any]:
    return parsed(applied(folder).write(BUSY.replace('"one"', '"_"').replace('"two"', '"one"').replace('"_"', '"two"')))


def unset(folder: Path) -> dict[str, Any]:
    return parsed(applied(folder).write(BUSY.replace("size=1, ", "")))


def drifted(folder: Path) -> dict[str, Any]:
    project = applied(folder)
    project.cloud.edit("a", size=9, who="ana")
    project.cloud.remove("b")
    return parsed(project, refresh_only=True)


def destroyed(folder: Path) -> dict[str, Any]:
    return parsed(applied(folder), destroy=True)


def targeted(folder: Path) -> dict[str, Any]:
    return parsed(Project(folder, BUSY, PSK="x"), targets=("mem_thing.b",))


KINDS = [first, full, unchanged, replaced, reordered, unset, drifted, destroyed, targeted]


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_keeps_to_the_schema(tmp_path: Path, kind: Callable[[Path], dict[str, Any]]) -> None:
    assert mistakes(kind(tmp_path / "stack")) == []


@pytest.mark.parametrize("name", ["hub_spoke_ssr", "one_pair"])
def test_the_plan_of_an_example_keeps_to_the_schema(tmp_path: Path, name: str) -> None:
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns(".haplan"))
    with open_session(tmp_path / "stacks" / name, Options(lab=True)) as session:
        plan = engine.plan(session)
        made = Plan(plan, session.wall.now()).json(plugins=session.plugins)
    assert made["haplan"]["stages"]
    assert mistakes(json.loads(json.dumps(made))) == []


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("transaction", Transaction),
        ("placement", Placement),
        ("placed", Placed),
        ("order", Order),
        ("finding", Finding),
        ("impact", Impact),
        ("edge", Edge),
    ],
)
def test_the_schema_has_every_field_of_a_noun(name: str, noun: type) -> None:
    assert list(SCHEMA["$defs"][name]["properties"]) == [field.name for field in attrs.fields(noun)]


def test_what_the_schema_does_not_know_is_a_mistake(tmp_path: Path) -> None:
    good = first(tmp_path / "stack")
    assert good["haplan"]["findings"][0]["rule"] == "W1"
    for spoil in (
        lambda it: it["haplan"].update(digest="md5:0"),
        lambda it: it["haplan"].update(more=1),
        lambda it: it["haplan"].pop("stages"),
        lambda it: it["haplan"]["stages"][0].update(verb="poke"),
        lambda it: it["resource_changes"][0]["haplan"].update(position=[1]),
        lambda it: it["haplan"]["impact"].update(kind="bad"),
    ):
        bad = copy.deepcopy(good)
        spoil(bad)
        assert len(mistakes(bad)) == 1

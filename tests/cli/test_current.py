"""A plan file says who made it, when and of which commit, its digest, and whether it is still current."""

import json
import subprocess
from pathlib import Path

import attrs
import pytest

from haplan.cli.main import run as run_command_line
from haplan.steps import approve

GONE = "from haplan import Data\nData('a', input=1)\n"


def made(run, folder: Path) -> str:
    assert run("plan", "edge", "--out", "edge.plan").code == 0
    return str(json.loads((folder / "edge.plan").read_text())["digest"])


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_says_by_whom_of_which_commit_with_which_digest_and_that_it_is_current(run, folder, form) -> None:
    for words in (("init", "-q"), ("add", "edge"), ("commit", "-qm", "first")):
        name = ("-c", "user.name=kim", "-c", "user.email=kim@example.net")
        subprocess.run(["git", *name, *words], cwd=folder, check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True).stdout
    digest = made(run, folder)
    shown = " ".join(run("show", "edge.plan", "--format", form).out.split())
    assert "made by " in shown
    assert f"commit {commit[:12]}, clean" in shown
    assert f"digest {digest}" in shown
    assert "still current: nothing that it depends on has moved in the state since" in shown


def test_a_plan_of_no_repository_says_so_and_json_has_the_same(run, folder: Path) -> None:
    digest = made(run, folder)
    assert "of no commit" in run("show", "edge.plan").out
    found = json.loads(run("show", "edge.plan", "--format", "json").out)["haplan"]
    assert (found["digest"], found["current"]["state"]) == (digest, "current")


def test_a_plan_that_was_applied_names_the_run_also_on_a_state_that_was_empty(run, folder: Path) -> None:
    made(run, folder)
    assert run("apply", "edge.plan").code == 0
    name = run("runs", "edge").out.splitlines()[-1].split()[0]
    shown = run("show", "edge.plan").out
    assert f"not current any more: this plan was applied already by run {name} (apply of " in shown
    again = run("apply", "edge.plan")
    assert again.code == 5
    assert f"this plan was applied already by run {name} (apply of " in again.err


def test_a_stale_plan_names_the_run_that_moved_what_it_is_about(run, folder: Path) -> None:
    assert run("apply", "edge", "--auto-approve").code == 0
    stack = folder / "edge" / "stack.py"
    stack.write_text(stack.read_text().replace("default=3", "default=4"))
    made(run, folder)
    stack.write_text(stack.read_text().replace("default=4", "default=5"))
    assert run("apply", "edge", "--auto-approve").code == 0
    name = run("runs", "edge").out.splitlines()[-1].split()[0]
    refused = run("apply", "edge.plan")
    assert refused.code == 5
    assert f"record.a: its state moved since the plan, by run {name} (apply of " in refused.err
    assert "row version" not in refused.err
    assert (
        f"not current any more: record.a: its state moved since the plan, by run {name}" in run("show", "edge.plan").out
    )
    assert run("plan", "edge").code == 0  # "plan again"


def test_what_left_the_state_meanwhile_names_the_run_too(run, folder: Path) -> None:
    assert run("apply", "edge", "--auto-approve").code == 0
    stack = folder / "edge" / "stack.py"
    stack.write_text(stack.read_text().replace("default=3", "default=4"))
    made(run, folder)
    assert run("state", "rm", "edge", "record.a").code == 0
    name = run("runs", "edge").out.splitlines()[-1].split()[0]
    assert f"record.a: left the state since the plan, by run {name} (state rm of " in run("apply", "edge.plan").err


def test_where_the_state_is_not_there_it_was_not_looked_at(run, folder: Path) -> None:
    assert run("apply", "edge", "--auto-approve").code == 0
    stack = folder / "edge" / "stack.py"
    stack.write_text(stack.read_text().replace("default=3", "default=4"))
    made(run, folder)
    (folder / "edge" / ".haplan").rename(folder / "elsewhere")
    assert "not looked at from here: its state sqlite:///" in run("show", "edge.plan").out
    assert not (folder / "edge" / ".haplan").exists()


def test_a_state_on_a_host_is_looked_at_only_where_somebody_here_names_it(run, folder: Path) -> None:
    url = "postgresql://haplan@192.0.2.1:1/none"
    made(run, folder)
    document = json.loads((folder / "edge.plan").read_text())
    plan = approve.unseal(folder / "edge.plan").plan
    other = attrs.evolve(plan, origin=attrs.evolve(plan.origin, state=url))
    (folder / "edge.plan").write_bytes(approve.sealed(other, document["made"]["at"])[1])
    shown = " ".join(run("show", "edge.plan").out.split())
    assert f"not looked at from here: its state is on a host, {url}; --state names it" in shown


def test_a_deletion_says_why_and_so_does_a_destruction(run, folder: Path) -> None:
    assert run("apply", "edge", "--auto-approve").code == 0
    (folder / "edge" / "stack.py").write_text(GONE)
    text = run("plan", "edge").out
    assert "  - module.inner.record.b" in text
    assert "      the stack does not have it any more\n" in text
    text = run("plan", "edge", "--destroy").out
    assert "      all that the stack made is destroyed\n" in text
    assert "does not have it" not in text


def test_the_question_names_the_estate_and_the_cost(run, folder: Path, monkeypatch) -> None:
    asked = run("apply", "edge", typed="no\n")
    assert asked.code == 11
    said = " ".join(asked.err.split())
    assert "Carry this out on environment default: 2 to create, 0 to change, 0 to replace, 0 to delete" in said
    assert "; no outage · under a minute? Type yes to go on" in said
    assert run_command_line(["apply", "edge", "--auto-approve"]) == 0
    assert "Destroy all of this on environment default: " in " ".join(run("destroy", "edge", typed="no\n").err.split())

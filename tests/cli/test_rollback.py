"""haplan rollback: shown, asked and applied like any plan."""

import json
from pathlib import Path

import pytest


@pytest.fixture
def first(run) -> str:
    """A stack applied twice; gives the id of the first run."""
    run("apply", "edge", "--auto-approve")
    run("apply", "edge", "--auto-approve", "--var", "size=4")
    return str(json.loads(run("runs", "edge", "--json").out)[0]["id"])


def size(run) -> str:
    return str(run("output", "edge", "size").out.strip())


def test_it_is_shown_asked_and_applied(run, first: str) -> None:
    declined = run("rollback", "edge", "--to", first, typed="no\n")
    assert (declined.code, size(run)) == (11, "4")
    ended = run("rollback", "edge", "--to", first, typed="yes\n")
    assert ended.code == 0
    assert "  ~ record.a  stack.py:4\n      ~ input.size  4 → 3\n" in ended.out
    assert "limits() are not looked at" in ended.out
    assert size(run) == "3"
    assert [one["command"] for one in json.loads(run("runs", "edge", "--json").out)] == ["apply", "apply", "rollback"]
    again = run("rollback", "edge", "--to", first, "--auto-approve")
    assert (again.code, again.out.splitlines()[1]) == (
        0,
        f"No changes. The estate is as run {first} left it: 2 resources compared.",
    )


def test_without_a_terminal_it_needs_auto_approve(run, first: str) -> None:
    ended = run("rollback", "edge", "--to", first)
    assert (ended.code, size(run)) == (1, "4")
    assert ended.err.startswith("error: approval is needed")
    assert run("rollback", "edge", "--to", first, "--json").code == 1
    last = json.loads(run("rollback", "edge", "--to", first, "--json", "--auto-approve").out.splitlines()[-1])
    assert ([one["address"] for one in last["data"]["done"]], size(run)) == (["record.a"], "3")


def test_out_writes_the_plan_for_another_to_approve(run, first: str, folder: Path) -> None:
    ended = run("rollback", "edge", "--to", first, "--out", "back.plan")
    assert ended.code == 0
    assert ended.out.endswith("To carry it out: haplan apply back.plan\n")
    assert size(run) == "4"
    document = json.loads(run("show", "back.plan", "--format", "json").out)
    assert document["haplan"]["command"] == "rollback"
    assert run("apply", "back.plan").code == 0
    assert size(run) == "3"


def test_a_state_command_is_rolled_back(run, first: str) -> None:
    run("state", "mv", "edge", "record.a", "record.c")
    run("state", "rm", "edge", "module.inner")
    before = json.loads(run("runs", "edge", "--json").out)[1]["id"]
    ended = run("rollback", "edge", "--to", before, "--auto-approve")
    assert ended.code == 0
    assert "      moves from record.c\n" in ended.out
    names = [row["address"] for row in json.loads(run("state", "list", "edge", "--json").out)]
    assert names == ["module.inner.record.b", "record.a"]


@pytest.mark.parametrize("run_id", ["2000-01-01-00000000", "--"])
def test_a_run_that_never_was_is_one_line(run, first: str, run_id: str) -> None:
    ended = run("rollback", "edge", "--to", run_id, "--auto-approve")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (1, "", 1)
    assert f"no run '{run_id}' wrote this state" in ended.err

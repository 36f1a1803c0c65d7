"""The commands on a real stack: what they print, and how they end."""

import json
import re
from pathlib import Path

import pytest

from haplan.host import records
from haplan.host.lock import locked
from haplan.host.session import open_session

PLAN = """edge · environment default
2 to create, 0 to change, 0 to replace, 0 to delete · 2 writes in 2 transactions
no outage · under a minute
0 errors, 0 warnings, 0 notes

Changes
  + record.a  stack.py:4
      input  names: ["x", "y"], size: 3
  + module.inner.record.b  stack.py:6
      input  (known after apply)
"""


def test_plan_prints_the_plan_and_writes_nothing(run, folder: Path) -> None:
    ended = run("plan", "edge")
    assert ended.code == 0
    assert ended.out.startswith(PLAN)
    assert ended.out.endswith("To carry it out: haplan apply edge\n")
    assert ended.err == ""
    assert sorted(path.name for path in (folder / "edge").iterdir()) == ["stack.py"]


def test_the_next_step_repeats_the_options_that_made_the_plan_but_no_value(run) -> None:
    ended = run("plan", "edge", "--var", "size=4", "--target", "record.*", "--env", "test", "--no-color")
    assert ended.out.splitlines()[-1] == (
        "To carry it out: haplan apply edge --env test --var size=… --target 'record.*'"
    )


def test_apply_then_plan_says_no_changes(run) -> None:
    applied = run("apply", "edge", "--auto-approve")
    assert applied.code == 0
    assert "\nDone. 2 created\n" in applied.out
    again = run("plan", "edge", "--detailed-exitcode")
    assert again.code == 0
    assert again.out == (
        "edge · environment default\nNo changes. The estate is as the stack says: 2 resources compared.\n"
    )


def test_a_plan_over_a_limit_of_the_stack_ends_with_4(run, folder: Path) -> None:
    run("apply", "edge", "--auto-approve")
    stack = folder / "edge" / "stack.py"
    stack.write_text("from haplan import limits\nlimits(max_deletes=0)\n" + stack.read_text())
    ended = run("plan", "edge", "--destroy")
    assert ended.code == 4
    assert "This plan cannot be applied: limits(max_deletes=0): this plan has 2" in ended.out


def test_what_a_limit_forbids_is_not_asked_about(run, folder: Path) -> None:
    run("apply", "edge", "--auto-approve")
    stack = folder / "edge" / "stack.py"
    stack.write_text("from haplan import limits\nlimits(max_deletes=0)\n" + stack.read_text())
    asked = run("destroy", "edge", typed="yes\n")
    assert (asked.code, "Type yes" in asked.err) == (4, False)
    last = json.loads(run("destroy", "edge", "--auto-approve", "--json").out.splitlines()[-1])
    assert (last["kind"], last["data"]) == ("summary", {"exit_code": 4})
    assert last["text"].startswith("limits(max_deletes=0): this plan has 2")


def test_detailed_exitcode_is_2_when_there_are_changes(run) -> None:
    assert run("plan", "edge", "--detailed-exitcode").code == 2


def test_a_yes_at_the_terminal_applies_and_anything_else_declines(run) -> None:
    declined = run("apply", "edge", typed="y\n")
    assert declined.code == 11
    assert declined.err.endswith("error: declined: nothing was changed\n")
    assert run("state", "list", "edge").out == ""
    applied = run("apply", "edge", typed="yes\n")
    assert applied.code == 0
    assert "Type yes to go on" in applied.err
    assert "record.a" in run("state", "list", "edge").out


def test_without_a_terminal_nothing_prompts(run) -> None:
    ended = run("apply", "edge")
    assert ended.code == 1
    assert ended.err.startswith(
        "error: approval is needed and there is no terminal to ask on; run again with --auto-approve"
    )
    assert run("state", "list", "edge").out == ""


def test_a_plan_file_is_applied_without_a_question_and_only_once(run) -> None:
    planned = run("plan", "edge", "--out", "edge.plan")
    assert planned.code == 0
    assert planned.err.startswith("plan written to edge.plan (sha256:")
    assert planned.out.endswith("To carry it out: haplan apply edge.plan\n")
    assert run("apply", "edge.plan").code == 0
    again = run("apply", "edge.plan")
    assert again.code == 5
    assert len(again.err.splitlines()) == 1


def test_a_plan_file_takes_no_option_of_plan(run) -> None:
    run("plan", "edge", "--out", "edge.plan")
    ended = run("apply", "edge.plan", "--target", "record.a", "--var", "size=3", "--destroy")
    assert ended.code == 1
    assert ended.err == (
        "error: --target, --destroy: the plan file edge.plan has decided that; leave it out, or plan again"
        " (see: haplan apply --help)\n"
    )


def test_show_gives_a_plan_file_in_every_form(run) -> None:
    run("plan", "edge", "--out", "edge.plan")
    head, _, rest = PLAN.partition("\n\n")
    shown = run("show", "edge.plan").out
    assert shown.startswith(f"{head}\nmade by ")
    assert rest in shown
    document = json.loads(run("show", "edge.plan", "--format", "json").out)
    assert document["resource_changes"][0]["change"]["after_unknown"]["id"] is True
    assert document["haplan"]["digest"].startswith("sha256:")
    assert run("show", "edge.plan", "--format", "markdown").out.startswith("## Plan: edge")
    assert "<h1>Plan of edge (default)</h1>" in run("show", "edge.plan", "--format", "html").out


def test_plan_json_is_one_document_and_nothing_else(run) -> None:
    ended = run("plan", "edge", "--json")
    assert json.loads(ended.out)["format_version"] == "1.2"
    assert ended.err == ""


def test_plan_json_says_why_there_is_no_plan(run, folder: Path) -> None:
    (folder / "edge" / "stack.py").write_text("from haplan import Data\nData('a', inptu=1)\n")
    ended = run("plan", "edge", "--json")
    document = json.loads(ended.out)
    assert (ended.code, document["valid"], document["error_count"]) == (1, False, 1)
    assert "did you mean 'input'" in document["diagnostics"][0]["summary"]


def test_planning_twice_gives_the_same_digest(run) -> None:
    digests = {json.loads(run("plan", "edge", "--json").out)["haplan"]["digest"] for _ in range(2)}
    assert len(digests) == 1


def test_apply_json_is_one_object_a_line_with_a_summary_at_the_end(run) -> None:
    ended = run("apply", "edge", "--json", "--auto-approve")
    objects = [json.loads(row) for row in ended.out.splitlines()]
    assert {tuple(one) for one in objects} == {("at", "kind", "address", "document", "text", "data")}
    assert objects[-1]["kind"] == "summary"
    assert [one["address"] for one in objects[-1]["data"]["done"]] == ["record.a", "module.inner.record.b"]
    assert ended.code == 0
    nothing = run("apply", "edge", "--json", "--auto-approve").out.splitlines()
    assert json.loads(nothing[-1])["text"] == "no changes"


def test_apply_json_asks_nothing(run) -> None:
    ended = run("apply", "edge", "--json", typed="yes\n")
    assert (ended.code, ended.out) == (1, "")
    assert "add --auto-approve" in ended.err


def test_a_sensitive_output_is_listed_but_not_told(run, folder: Path) -> None:
    lines = 'output("said", "hush", sensitive=True)\noutput("psk", [secret("env:PSK")])\n'
    (folder / "edge" / "stack.py").write_text("from haplan import output, secret\n" + lines)
    assert run("apply", "edge", "--auto-approve").code == 0
    assert run("output", "edge").out == "  psk   (sensitive)\n  said  (sensitive)\n"
    assert json.loads(run("output", "edge", "--json").out)["said"] == {"sensitive": True, "value": "(sensitive)"}
    for more in ([], ["--json"]):
        refused = run("output", "edge", "psk", *more)
        assert (refused.code, refused.out) == (1, "")
        assert refused.err == (
            "error: output psk is sensitive: state keeps its fingerprint, not its value; it comes from env:PSK\n"
        )
        assert "the stack says where it comes from" in run("output", "edge", "said", *more).err


def test_outputs_are_shown_whole_and_one_by_one(run) -> None:
    run("apply", "edge", "--auto-approve")
    assert re.fullmatch(r'  a_id  "[0-9a-f-]{36}"\n  size  3\n', run("output", "edge").out)
    assert run("output", "edge", "size").out == "3\n"
    assert json.loads(run("output", "edge", "--json").out)["size"] == {"sensitive": False, "value": 3}
    wrong = run("output", "edge", "sise")
    assert (wrong.code, wrong.err) == (1, "error: no output 'sise' is recorded; did you mean 'size'?\n")


def test_state_is_listed_and_shown(run) -> None:
    run("apply", "edge", "--auto-approve")
    assert [row.split()[0] for row in run("state", "list", "edge").out.splitlines()] == [
        "module.inner.record.b",
        "record.a",
    ]
    assert "size: 3" in run("state", "show", "edge", "record.a").out
    assert json.loads(run("state", "show", "edge", "record.a", "--json").out)["type"] == "record"
    assert json.loads(run("show", "edge", "--json").out)["haplan"]["serial"] == 1
    assert "record.a" in run("show", "edge").out
    wrong = run("state", "show", "edge", "record.b")
    assert wrong.code == 1
    assert wrong.err.startswith("error: record.b is not in state; did you mean")


def test_a_state_of_an_earlier_serial_is_shown(run) -> None:
    run("apply", "edge", "--auto-approve")
    run("apply", "edge", "--auto-approve", "--var", "size=4", "--target", "record.*")
    run("destroy", "edge", "--auto-approve")
    for serial, size in (("1", 3), ("2", 4)):
        assert f"size: {size}" in run("state", "show", "edge", "record.a", "--serial", serial).out
        document = json.loads(run("show", "edge", "--json", "--serial", serial).out)
        assert document["haplan"]["serial"] == int(serial)
        assert "record.a" in run("show", "edge", "--serial", serial).out
        assert "record.a" in run("state", "list", "edge", "--serial", serial).out
    assert run("state", "list", "edge").out == ""
    gone = run("state", "show", "edge", "record.a", "--serial", "3")
    assert (gone.code, gone.err) == (1, "error: record.a is not in the state of serial 3\n")
    wrong = run("show", "edge", "--serial", "9")
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    run("plan", "edge", "--out", "file.plan")
    assert "--serial is for a state" in run("show", "file.plan", "--serial", "1").err


def test_runs_are_listed(run) -> None:
    assert run("runs", "edge").out == "No runs yet.\n"
    run("apply", "edge", "--auto-approve")
    assert " apply " in run("runs", "edge").out
    assert json.loads(run("runs", "edge", "--json").out)[0]["result"] == "done"


def test_a_run_that_died_is_not_said_to_be_under_way(run) -> None:
    with open_session("edge") as session, locked(session, "apply"):
        records.begin(session, "apply")
        assert " under way " in run("runs", "edge").out
    assert " did not end " in run("runs", "edge").out
    assert " · did not end · " in run("state", "history", "edge").out
    assert json.loads(run("runs", "edge", "--json").out)[0]["result"] == ""


def test_a_type_says_which_providers_serve_it(run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\n  served by haplan\n" in run("types", "record").out
    monkeypatch.delenv("HAPLAN_PLUGINS_OFF")
    assert "mist" in json.loads(run("types", "cluster", "--json").out)["served_by"]


def test_the_next_step_repeats_what_only_the_apply_needs(run) -> None:
    last = run("plan", "edge", "--parallelism", "3", "--lock-timeout", "60").out.splitlines()[-1]
    assert last == "To carry it out: haplan apply edge --parallelism 3 --lock-timeout 60"


def test_destroy_takes_everything_away(run) -> None:
    run("apply", "edge", "--auto-approve")
    ended = run("destroy", "edge", "--auto-approve")
    assert ended.code == 0
    assert "Done. 2 deleted" in ended.out
    assert run("state", "list", "edge").out == ""


def test_drift_reports_and_ends_with_0_when_there_is_none(run) -> None:
    run("apply", "edge", "--auto-approve")
    ended = run("drift", "edge")
    assert (ended.code, ended.out.splitlines()[1]) == (0, "No drift. The estate is as haplan left it.")
    assert json.loads(run("drift", "edge", "--json").out)["drift"] is False


def test_validate_says_valid_or_lists_every_mistake(run, folder: Path) -> None:
    assert run("validate", "edge").out == "edge is valid: 2 resources, 0 errors, 0 warnings, 0 notes\n"
    assert json.loads(run("validate", "edge", "--json").out)["valid"] is True
    (folder / "edge" / "stack.py").write_text('from haplan import Data\nData("a", inpt=1)\nData("a b", nme=2)\n')
    wrong = run("validate", "edge")
    assert wrong.code == 1
    assert [row.split(": ")[1] for row in wrong.err.splitlines()] == ["stack.py:2", "stack.py:3"]
    document = run("validate", "edge", "--json")
    assert document.code == 1
    assert [one["range"]["start"]["line"] for one in json.loads(document.out)["diagnostics"]] == [2, 3]


def test_graph_has_an_arrow_for_each_reference(run) -> None:
    assert '  "record.a" -> "module.inner.record.b";' in run("graph", "edge").out
    assert "n0 --> n1" in run("graph", "edge", "--format", "mermaid").out


def test_the_graph_as_json_has_every_block_and_every_edge(run) -> None:
    found = json.loads(run("graph", "edge", "--json").out)
    edges = [(one["first"], one["then"], one["kind"]) for one in found["edges"]]
    assert ("record.a", "module.inner.record.b", "hard") in edges
    assert {"address": "record.a", "type": "record", "data": False} in found["blocks"]
    assert found["stack"] == "edge"


def test_environments_have_their_own_state(run, folder: Path) -> None:
    run("apply", "edge", "--auto-approve", "--env", "test")
    assert run("state", "list", "edge").out == ""
    assert (folder / "edge" / ".haplan" / "test" / "state.db").is_file()


@pytest.fixture
def with_providers(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HAPLAN_PLUGINS_OFF")


@pytest.mark.usefixtures("with_providers")
def test_init_writes_a_stack_once(run, folder: Path) -> None:
    first = run("init", "mine")
    assert first.code == 0
    assert first.out.endswith("Try it on simulators: haplan plan mine --lab\n")
    written = (folder / "mine" / "stack.py").read_text()
    again = run("init", "mine")
    assert again.code == 1
    assert again.err.startswith("error: mine/stack.py is there already; nothing was written")
    assert (folder / "mine" / "stack.py").read_text() == written


@pytest.mark.usefixtures("with_providers")
def test_init_leaves_files_of_the_user_alone(run, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / ".gitignore").write_text("mine\n")
    assert run("init", "mine").code == 0
    assert (folder / "mine" / ".gitignore").read_text() == "mine\n"


def test_init_without_a_provider_that_has_an_example_writes_nothing(run, folder: Path) -> None:
    ended = run("init", "mine")
    assert (ended.code, ended.err.partition(";")[0]) == (1, "error: no provider that is installed has an example")
    assert not (folder / "mine").exists()


@pytest.mark.usefixtures("with_providers")
def test_init_of_a_provider_that_has_no_example_names_the_nearest(run, folder: Path) -> None:
    ended = run("init", "mine", "--provider", "mits")
    assert ended.err == "error: no provider 'mits' with an example is installed; did you mean 'mist'?\n"
    assert not (folder / "mine").exists()


def test_types_and_plugins_come_from_the_installed_plugins(run) -> None:
    assert "record" in run("types").out
    assert "input" in run("types", "record").out
    assert json.loads(run("types", "record", "--json").out)["attributes"]["id"]["computed"] is True
    wrong = run("types", "recrod")
    assert (wrong.code, wrong.err) == (1, "error: no resource type 'recrod'; did you mean 'record'?\n")
    assert "builtin" in run("plugins").out
    assert json.loads(run("plugins", "--json").out)["resources"] == ["record"]


def test_unlock_of_a_lock_that_nobody_holds_is_an_error(run) -> None:
    ended = run("unlock", "edge", "3f2a")
    assert ended.code == 1
    assert ended.err.startswith("error: no lock '3f2a' is held")


@pytest.mark.parametrize("group", ["state"])
def test_a_group_without_a_command_shows_its_help(run, group: str) -> None:
    assert "list" in run(group, "--help").out

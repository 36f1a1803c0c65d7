"""The summary after an apply, the state, and what is installed."""

from typing import Any

from haplan.model import result as model
from haplan.model.finding import Finding, Rule
from haplan.model.plan import Action
from haplan.model.result import InDocument, Outcome
from haplan.model.schema import Attribute, TypeInfo
from haplan.model.state import Row, Run, State
from haplan.report.catalogue import rule_lines, type_lines
from haplan.report.findings import validation_lines
from haplan.report.lines import plain
from haplan.report.result import result_lines
from haplan.report.state import row_lines, run_lines, state_lines


def result(**given: Any) -> model.Result:
    return model.Result(**{"run": "2026-11-22-ab12", "exit_code": 0, "seconds": 910.0, "writes": 3, **given})


def test_a_run_that_did_all_says_so_with_its_outputs() -> None:
    done = (
        Outcome(address="site.a", action=Action.CREATE),
        Outcome(address="site.b", action=Action.DELETE),
        Outcome(address="site.c", action=Action.IMPORT),
    )
    made = result(done=done, outputs={"a_id": "4f", "key": "x"})
    assert (
        "\n" + plain(result_lines(made, ["key"]))
        == """
Done. 1 created, 1 deleted, 1 imported
3 writes in 15 min 10 s · run 2026-11-22-ab12

Outputs
  a_id  "4f"
  key   (sensitive)
"""
    )


def test_a_run_on_simulators_says_that_its_time_is_simulated() -> None:
    assert "3 writes in 15 min 10 s of simulated time · run" in plain(result_lines(result(), simulated=True))


def test_a_run_that_failed_lists_what_and_because_of_what() -> None:
    made = result(
        exit_code=3,
        done=(Outcome(address="site.a", action=Action.UPDATE),),
        failed=(Outcome(address="cluster.h1", action=Action.CREATE, text="the cloud says: not connected"),),
        skipped=(Outcome(address="policy.h1.p", action=Action.CREATE, text="because cluster.h1 failed"),),
        pending=(Outcome(address="cluster.h2", action=Action.UPDATE, text="node1 is offline"),),
    )
    assert (
        "\n" + plain(result_lines(made))
        == """
Not all done. 1 changed, 1 failed, 1 not attempted, 1 pending
3 writes in 15 min 10 s · run 2026-11-22-ab12

Failed
  + cluster.h1: the cloud says: not connected

Not attempted
  + policy.h1.p: because cluster.h1 failed

Pending: accepted, waiting for the device
  ~ cluster.h2: node1 is offline

Mend what failed and run apply again: it goes on with what is missing.
"""
    )


def test_what_one_write_brought_upon_many_is_told_once() -> None:
    text = "the cloud does not accept it, nothing was changed: " + "wrong " * 12
    failed = tuple(Outcome(address=f"site.store-{number}", action=Action.CREATE, text=text) for number in range(5))
    made = result(exit_code=3, failed=(*failed, Outcome(address="site.x", action=Action.UPDATE, text="another reason")))
    shown = plain(result_lines(made))
    assert (
        "\n" + shown[shown.index("Failed") : shown.index("\nMend")]
        == """
Failed
  + site.store-0: the cloud does not accept it, nothing was changed: wrong wrong wrong wrong wrong
      wrong wrong wrong wrong wrong wrong wrong
      the same of 4 more: site.store-1, site.store-2, site.store-3, site.store-4
  ~ site.x: another reason
"""
    )


def test_state_is_listed_and_one_resource_shown_without_secrets() -> None:
    row = Row(
        address="site.a",
        type="site",
        provider="mist",
        id="4f",
        name="a",
        values={"x": 1, "psk": "hunter2"},
        sensitive=("psk",),
        status="in_doubt",
        serial=3,
    )
    state = State(
        lineage="lin",
        serial=3,
        rows={("site.a", ""): row},
        identities={"mist": {"kind": "organisation", "name": "Demo", "id": "203d"}},
    )
    assert (
        "\n" + plain(state_lines(state, environment="lab"))
        == """
environment lab · lineage lin · serial 3 · 1 resource
mist: organisation Demo 203d

Resources
  site.a  4f  in doubt
"""
    )
    assert "hunter2" not in plain(row_lines(row))
    assert plain(state_lines(State(), environment="lab")) == "No state in environment lab yet: nothing was applied.\n"


def test_runs_are_listed_with_a_heading() -> None:
    runs = [
        Run(id="r1", serial=1, digest="sha256:0", started=60.0, who="kim@h", result="done"),
        Run(id="r2", serial=2, digest="sha256:1", started=120.0, who="kim@h", command="destroy"),
    ]
    assert (
        "\n" + plain(run_lines(runs, writing=True))
        == """
run  serial  command  started               result     who
r1   1       apply    1970-01-01 00:01 UTC  done       kim@h
r2   2       destroy  1970-01-01 00:02 UTC  under way  kim@h
"""
    )


def test_a_change_in_many_documents_is_told_document_by_document() -> None:
    documents = (
        InDocument("device:c1", "done"),
        InDocument("device:c2", "done"),
        InDocument("device:c3", "failed", "zone guest is full"),
        InDocument("device:c4", "in_doubt", "the session ended"),
    )
    made = result(
        exit_code=8,
        in_doubt=(
            Outcome(address="policy.edge.p", action=Action.CREATE, text="the session ended", documents=documents),
        ),
    )
    assert plain(result_lines(made)).startswith("""Not all done. 1 in doubt (in part done)
3 writes in 15 min 10 s · run 2026-11-22-ab12

In doubt: what was sent may or may not have arrived
  + policy.edge.p: done on 2 of 4: c1, c2
      c3: failed: zone guest is full
      c4: in doubt: the session ended
""")


def test_documents_that_refused_for_one_reason_stand_together() -> None:
    refused = tuple(InDocument(f"device:c{n}", "failed", "zone guest is full") for n in (1, 2))
    made = result(
        exit_code=3,
        failed=(
            Outcome(address="policy.edge.p", action=Action.CREATE, text="zone guest is full", id="", documents=refused),
        ),
    )
    shown = plain(result_lines(made))
    assert "Not all done. nothing done, 1 failed\n" in shown
    assert "  + policy.edge.p: done on 0 of 2\n      c1, c2: failed: zone guest is full\n" in shown


def test_nothing_changed_is_said_only_where_nothing_was_written() -> None:
    failed = (Outcome(address="site.a", action=Action.CREATE, text="refused"),)
    assert "Not all done. nothing changed, 1 failed" in plain(
        result_lines(result(exit_code=1, failed=failed, writes=0))
    )
    assert "Not all done. nothing done, 1 failed" in plain(result_lines(result(exit_code=3, failed=failed, writes=1)))


def test_validating_gives_a_verdict_and_names_a_rule_to_read() -> None:
    finding = Finding(
        rule="HA024", severity="error", address="cluster.a", message="nodes differ", location="stack.py:3"
    )
    assert (
        "\n" + plain(validation_lines("branch", [finding], 7))
        == """
branch does not keep the rules: 7 resources, 1 error, 0 warnings, 0 notes

Findings
  error   HA024  cluster.a: nodes differ  stack.py:3

What a rule means: haplan rules HA024
"""
    )
    assert plain(validation_lines("branch", [], 7)) == "branch is valid: 7 resources, 0 errors, 0 warnings, 0 notes\n"


def test_a_type_and_a_rule_explain_themselves() -> None:
    attributes = [
        Attribute(name="model", kind="text", required=True, replaces="destroy-first"),
        Attribute(name="managed", kind="True or False", default=True),
        Attribute(name="id", kind="text", computed=True),
        Attribute(name="dns", kind="list of text", unordered=True, text="Servers."),
    ]
    info = TypeInfo(name="cluster", rank=80, attributes={one.name: one for one in attributes}, text="An HA pair.")
    assert (
        "\n" + plain(type_lines(info))
        == """
cluster  An HA pair.

Attributes
  model    text           required, change replaces
  managed  True or False  default true
  id       text           computed: known after apply
  dns      list of text   unordered · Servers.
"""
    )
    rule = Rule(
        id="HA024",
        severity="error",
        moments=("V", "P"),
        types=("cluster",),
        title="Nodes are alike",
        why="They will not pair.",
        source="Juniper",
        confidence="H",
        check=list,
        override="x=",
    )
    assert (
        "\n" + plain(rule_lines(rule))
        == """
HA024  Nodes are alike
  severity    error; lowered by x=
  checked at  validate, plan
  looks at    cluster
  without it  They will not pair.
  source      Juniper
  confidence  high
"""
    )

"""Plan, state and validate JSON in Terraform's documented shape."""

import json
from typing import Any

import pytest

from haplan.model.drift import Drift
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, Impact, OutputChange, Placed, Placement, Plan, Transaction
from haplan.model.reason import Reason
from haplan.model.state import OutputRow, Row, State
from haplan.model.value import Ref, Secret, Text, encode
from haplan.report.documents import state_json, validation_json
from haplan.report.json import plan_json

TOP = {
    "format_version",
    "terraform_version",
    "variables",
    "planned_values",
    "resource_drift",
    "resource_changes",
    "output_changes",
    "prior_state",
    "configuration",
    "checks",
    "timestamp",
    "applyable",
    "complete",
    "errored",
    "haplan",
}
COMPUTED = {"site": ("id",), "cluster": ("id",)}


def change(action: Action, **more: Any) -> Change:
    return Change(
        **{"address": "site.a", "type": "site", "name": "a", "provider": "mist.west", "action": action, **more}
    )


def document(*changes: Change, state: State | None = None, **more: Any) -> dict[str, Any]:
    plan = Plan(
        **{
            "stack": "s",
            "environment": "default",
            "command": "apply",
            "lineage": "",
            "serial": 0,
            "changes": changes,
            **more,
        }
    )
    found: dict[str, Any] = json.loads(
        json.dumps(plan_json(plan, digest="sha256:0", made=0.0, computed=COMPUTED, state=state))
    )
    return found


def only(action: Action, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = document(change(action, **more))["resource_changes"][0]
    return found


def test_the_top_level_is_terraforms_plus_ours() -> None:
    found = document()
    assert set(found) == TOP
    assert (found["format_version"], found["terraform_version"], found["timestamp"]) == (
        "1.2",
        "1.11.4",
        "1970-01-01T00:00:00Z",
    )
    assert (found["applyable"], found["complete"], found["errored"]) == (False, True, False)
    assert {"digest", "stages", "findings", "impact", "calls", "identity"} <= set(found["haplan"])


def test_a_create_has_unknown_and_sensitive_values_beside_it() -> None:
    after = {
        "country_code": "US",
        "variables": {"A": "1", "ID": Ref("cluster.c", ("id",))},
        "list": ["x", Text(("a", Ref("cluster.c", ("id",)))), {"psk": Secret("env:PSK", None, "hmac-sha256:f")}],
        "password": "hunter2",
    }
    assert only(Action.CREATE, after=after, sensitive=("password",), location="stack.py:3", reason=Reason.NEW) == {
        "address": "site.a",
        "mode": "managed",
        "type": "site",
        "name": "a",
        "provider_name": "haplan/mist",
        "change": {
            "actions": ["create"],
            "before": None,
            "after": {
                "country_code": "US",
                "variables": {"A": "1"},
                "list": ["x", None, {"psk": "(sensitive)"}],
                "password": "(sensitive)",
            },
            "after_unknown": {"id": True, "variables": {"ID": True}, "list": [False, True, {}]},
            "before_sensitive": False,
            "after_sensitive": {"variables": {}, "list": [False, False, {"psk": True}], "password": True},
        },
        "haplan": {
            "name": "a",
            "reason": "new",
            "impact": {"kind": "none", "seconds": 0, "undoable": True, "note": ""},
            "sites": [],
            "documents": [],
            "location": "stack.py:3",
            "owner": "",
            "id": "",
            "unset": [],
            "position": None,
            "order": {},
        },
    }


@pytest.mark.parametrize(
    ("given", "actions"),
    [
        ({"action": Action.REPLACE, "before": {}, "after": {}}, ["delete", "create"]),
        ({"action": Action.REPLACE, "before": {}, "after": {}, "create_first": True}, ["create", "delete"]),
        ({"action": Action.FORGET, "before": {}}, ["forget"]),
        ({"action": Action.UPDATE, "before": {}, "after": {}, "reason": Reason.REORDERED}, ["update"]),
        ({"action": Action.IMPORT, "before": {"a": 1}, "after": {"a": 1}, "importing": "4f"}, ["no-op"]),
        ({"action": Action.IMPORT, "before": {"a": 1}, "after": {"a": 2}, "importing": "4f"}, ["update"]),
        ({"action": Action.NO_OP, "before": {}, "after": {}, "previous_address": "site.b"}, ["no-op"]),
        ({"action": Action.READ, "after": {}}, ["read"]),
    ],
)
def test_only_terraforms_actions_are_used(given: dict[str, Any], actions: list[str]) -> None:
    found = only(**given)
    assert found["change"]["actions"] == actions
    assert found["change"].get("importing") == ({"id": "4f"} if "importing" in given else None)
    assert found.get("previous_address") == given.get("previous_address")


def test_a_delete_has_no_after_and_says_why_in_terraforms_words() -> None:
    found = only(Action.DELETE, before={"a": 1}, id="4f", reason=Reason.NOT_IN_STACK)
    assert found["change"] == {
        "actions": ["delete"],
        "before": {"id": "4f", "a": 1},
        "after": None,
        "after_unknown": {},
        "before_sensitive": {},
        "after_sensitive": False,
    }
    assert found["action_reason"] == "delete_because_no_resource_config"
    assert found["haplan"]["reason"] == "not in the stack"


def test_a_replacement_names_its_paths_and_forgets_the_id() -> None:
    found = only(
        Action.REPLACE, before={"nodes": {"x": 1}}, after={"nodes": {"y": 1}}, id="4f", replaces=(("nodes", "x"),)
    )
    assert found["change"]["replace_paths"] == [["nodes", "x"]]
    assert found["change"]["before"]["id"] == "4f"
    assert found["change"]["after_unknown"]["id"] is True
    assert found["action_reason"] == "replace_because_cannot_update"
    assert (
        only(Action.REPLACE, before={}, after={}, reason=Reason.TAINTED)["action_reason"] == "replace_because_tainted"
    )
    assert only(Action.REPLACE, before={}, after={}, reason=Reason.ASKED_FOR)["action_reason"] == "replace_by_request"


def test_modules_data_and_owners_are_addressed_as_terraform_does() -> None:
    inner = change(
        Action.CREATE,
        address='module.store.module."a b".policy.ha-spoke.guest',
        type="policy",
        after={"action": "allow"},
    )
    data = change(Action.READ, address="data.site.hq", after={})
    found = document(inner, data)
    one, other = found["resource_changes"]
    assert (one["module_address"], one["name"], one["mode"]) == (
        'module.store.module."a b"',
        "ha-spoke.guest",
        "managed",
    )
    assert (other["mode"], other["name"]) == ("data", "hq")
    store = found["planned_values"]["root_module"]["child_modules"][0]
    assert store["address"] == "module.store"
    assert store["child_modules"][0]["resources"][0]["values"] == {"action": "allow"}
    calls = found["configuration"]["root_module"]["module_calls"]["store"]["module"]["module_calls"]
    assert calls["a b"]["module"]["resources"][0]["address"] == "policy.ha-spoke.guest"


def test_configuration_tells_constants_from_references() -> None:
    site = change(Action.CREATE, after={"country_code": "US"})
    cluster = change(
        Action.CREATE,
        address="cluster.c",
        type="cluster",
        depends_on=("site.a",),
        sensitive=("psk",),
        after={"sites": ["a"], "model": "SSR120", "text": Ref("site.a", ("id",)), "psk": "x"},
    )
    found = document(
        site,
        cluster,
        settings={"mist.west": {"host": "api.mist.com"}},
    )
    assert found["configuration"]["provider_config"] == {
        "mist.west": {
            "name": "mist",
            "full_name": "haplan/mist",
            "alias": "west",
            "expressions": {"host": {"constant_value": "api.mist.com"}},
        }
    }
    resource = found["configuration"]["root_module"]["resources"][1]
    assert resource["expressions"] == {
        "sites": {"references": ["site.a"]},
        "model": {"constant_value": "SSR120"},
        "text": {"references": ["site.a.id", "site.a"]},
        "psk": {"constant_value": "(sensitive)"},
    }
    assert resource["depends_on"] == ["site.a"]


def test_references_leave_room_for_what_terraform_compliance_puts_under_the_name_of_a_type() -> None:
    text = Text(("a", Ref("site.a", ("id",))))
    cluster = change(
        Action.CREATE,
        address="cluster.c",
        type="cluster",
        depends_on=("site.a",),
        after={"site": "a", "text": text},
    )
    found = document(change(Action.CREATE, after={}), cluster)["configuration"]["root_module"]["resources"][1]
    assert found["expressions"] == {"site": {"constant_value": "a"}, "text": {}}
    assert found["depends_on"] == ["site.a"]


def test_outputs_drift_checks_and_variables() -> None:
    found = document(
        outputs=(OutputChange("id", None, Ref("site.a", ("id",))), OutputChange("pw", "a", "b", sensitive=True)),
        drift=(
            Drift(address="site.a", type="site", name="a", recorded={"x": 1}, seen={"x": 2}, who="kim", when=60.0),
            Drift(address="site.b", type="site", name="b", recorded={}, seen=None),
        ),
        findings=(
            Finding(rule="HA001", severity="error", address="site.a", message="no"),
            Finding(rule="HA055", severity="info", address="site.a", message="fine"),
        ),
        variables={"size": 3, "token": Secret("var:token", None, "hmac-sha256:ff")},
        identities={"mist": {"id": "1", "name": "Demo"}},
    )
    assert found["output_changes"]["id"] == {
        "actions": ["create"],
        "before": None,
        "after": None,
        "after_unknown": True,
        "before_sensitive": False,
        "after_sensitive": False,
    }
    assert found["output_changes"]["pw"]["after"] == "(sensitive)"
    assert [one["change"]["actions"] for one in found["resource_drift"]] == [["update"], ["delete"]]
    assert found["resource_drift"][0]["provider_name"] == "haplan/mist"
    assert found["resource_drift"][0]["haplan"] == {"who": "kim", "when": "1970-01-01T00:01:00Z", "amiss": []}
    assert [check["address"]["to_display"] for check in found["checks"]] == ["check.HA001"]
    assert found["variables"] == {"size": {"value": 3}, "token": {"value": "(sensitive)"}}
    assert (found["errored"], found["applyable"]) == (True, False)


def test_ours_holds_stages_impact_and_reasons() -> None:
    placed = Placed("site.a", Placement(document="site:a"))
    transaction = Transaction(
        id="t1", stage=1, provider="mist", document="site:a", placed=(placed,), writes=2, verb="create", seconds=900
    )
    found = document(
        change(Action.CREATE, after={}, reason=Reason.NEW, impact=Impact("outage", 900)),
        transactions=(transaction,),
        targets={"targets": ("site.a",)},
    )
    assert found["haplan"]["stages"][0]["document"] == "site:a"
    assert found["haplan"]["impact"]["seconds"] == 900
    assert found["haplan"]["reason"] == {"site.a": "new"}
    assert found["resource_changes"][0]["haplan"]["documents"] == ["site:a"]
    assert found["complete"] is False


def state() -> State:
    row = Row(
        address="site.b",
        type="site",
        provider="mist",
        id="4f",
        name="b",
        values=encode({"psk": Secret("env:A", None, "hmac-sha256:1"), "x": 1}),
        sensitive=("x",),
        depends_on=("site.a",),
        status="tainted",
    )
    return State(
        lineage="lin",
        serial=4,
        rows={("site.b", ""): row},
        outputs={"o": OutputRow("o", 1), "p": OutputRow("p", "s", True)},
    )


def test_full_lists_what_does_not_change() -> None:
    found = document(change(Action.CREATE, after={}), state=state())
    assert [one["change"]["actions"] for one in found["resource_changes"]] == [["create"], ["no-op"]]
    prior = found["prior_state"]["values"]["root_module"]["resources"]
    assert [one["address"] for one in prior] == ["site.b"]
    assert len(document(change(Action.CREATE, after={}))["resource_changes"]) == 1


def test_state_has_terraforms_values_shape_and_no_secret() -> None:
    found = state_json(state())
    assert found["values"]["root_module"]["resources"] == [
        {
            "address": "site.b",
            "mode": "managed",
            "type": "site",
            "name": "b",
            "provider_name": "haplan/mist",
            "schema_version": 1,
            "values": {"id": "4f", "psk": "(sensitive)", "x": "(sensitive)"},
            "sensitive_values": {"psk": True, "x": True},
            "depends_on": ["site.a"],
            "tainted": True,
        }
    ]
    assert found["values"]["outputs"] == {
        "o": {"sensitive": False, "value": 1},
        "p": {"sensitive": True, "value": "(sensitive)"},
    }
    assert found["haplan"]["lineage"] == "lin"
    assert "hmac" not in json.dumps(found)


def test_validate_gives_terraforms_diagnostics() -> None:
    finding = Finding(
        rule="HA024",
        severity="warning",
        address="cluster.a",
        message="differs",
        location="modules/x.py:47, from stack.py:7 (spokes.csv:3)",
        hint="do this",
    )
    found = validation_json([finding], ["stack.py:3: site.a: country_code: is required"])
    assert (found["valid"], found["error_count"], found["warning_count"]) == (False, 1, 1)
    wrong, warned = found["diagnostics"]
    assert wrong["summary"] == "site.a: country_code: is required"
    assert wrong["range"]["start"]["line"] == 3
    assert (warned["rule"], warned["detail"], warned["range"]["filename"]) == ("HA024", "do this", "modules/x.py")

"""The smaller JSON documents: state, validation, outputs, drift."""

from collections.abc import Mapping, Sequence

import attrs

from haplan.model.finding import Finding
from haplan.model.plan import Plan
from haplan.model.result import Outcome, Result, left_out
from haplan.model.state import OutputRow, State
from haplan.model.value import Tree
from haplan.report import tree
from haplan.report.json import STATE_FORMAT_VERSION, TERRAFORM_VERSION, Json, row_json
from haplan.report.modules import root_module
from haplan.report.words import SENSITIVE

VALIDATE_FORMAT_VERSION = "1.0"


def state_json(state: State, *, environment: str = "default") -> Json:
    """State in Terraform's state representation; lineage and serial under ``haplan``."""
    rows = [row_json(row) for _, row in sorted(state.rows.items())]
    return {
        "format_version": STATE_FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "values": {"outputs": outputs_json(state.outputs), "root_module": root_module(rows)},
        "haplan": {
            "environment": environment,
            "lineage": state.lineage,
            "serial": state.serial,
            "identity": {key: dict(estate) for key, estate in sorted(state.identities.items())},
            "status": {row.address: row.status for _, row in sorted(state.rows.items()) if row.status != "ok"},
        },
    }


def outputs_json(outputs: Mapping[str, OutputRow]) -> Json:
    """Outputs by name, as ``haplan output --json`` gives them; sensitive ones without their value."""
    return {
        name: {"sensitive": one.sensitive, "value": SENSITIVE if one.sensitive else tree.plain(one.value)}
        for name, one in sorted(outputs.items())
    }


def validation_json(findings: Sequence[Finding] = (), mistakes: Sequence[str] = ()) -> Json:
    """What ``haplan validate --json`` gives: Terraform's diagnostics, each with its rule and hint."""
    diagnostics = [_mistake(text) for text in mistakes] + [_diagnostic(one) for one in findings]
    errors = sum(one["severity"] == "error" for one in diagnostics)
    return {
        "format_version": VALIDATE_FORMAT_VERSION,
        "valid": not errors,
        "error_count": errors,
        "warning_count": sum(one["severity"] == "warning" for one in diagnostics),
        "diagnostics": diagnostics,
    }


def _diagnostic(one: Finding) -> Json:
    found: Json = {"severity": one.severity, "summary": one.message, "detail": one.hint}
    if one.address:
        found["address"] = one.address
    return found | _range(one.location) | {"rule": one.rule}


def _mistake(text: str) -> Json:
    place, _, message = text.partition(": ")
    if not _range(place):
        place, message = "", text
    return {"severity": "error", "summary": message, "detail": ""} | _range(place)


def _range(location: str) -> Json:
    """Terraform's range of a ``file:line``; haplan knows no columns."""
    file, _, line = location.partition(",")[0].partition(" (")[0].rpartition(":")
    if not file or not line.isdigit():
        return {}
    at = {"line": int(line), "column": 1, "byte": 0}
    return {"range": {"filename": file, "start": at, "end": at}, "location": location}


def drift_json(plan: Mapping[str, Tree]) -> Json:
    """What ``haplan drift --json`` gives of its plan: what drifted, whether anything did, and what nobody could see."""
    drift = plan["resource_drift"]
    found: Json = {"format_version": VALIDATE_FORMAT_VERSION, "drift": bool(drift), "resource_drift": drift}
    found |= {"complete": plan["complete"], "unread": plan["haplan"]["unread"]}
    return {**found, "findings": plan["haplan"]["findings"]}


def unread_json(plan: Plan) -> list[Json]:
    """What a plan says nothing of, as `result_json` has it under ``left_out``."""
    return [_outcome(one) for one in left_out(plan)]


def _outcome(one: Outcome) -> Json:
    return {**attrs.asdict(one), "action": one.action.value}


def result_json(result: Result, sensitive: Sequence[str] = ()) -> Json:
    """The last line of ``haplan apply --json``; `sensitive` outputs without their value."""
    parts = ("done", "failed", "skipped", "in_doubt", "pending", "stopped", "left_out")
    found: Json = {"run": result.run, "exit_code": result.exit_code, "writes": result.writes}
    found["seconds"] = round(result.seconds, 1)
    for part in parts:
        found[part] = [_outcome(one) for one in getattr(result, part)]
    found["findings"] = [attrs.asdict(one) for one in result.findings]
    found["moved"] = list(result.moved)
    outputs = sorted(result.outputs.items())
    found["outputs"] = {name: SENSITIVE if name in sensitive else tree.plain(value) for name, value in outputs}
    return found

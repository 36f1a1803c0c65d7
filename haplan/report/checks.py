"""The ``checks`` part of plan JSON: what rules found, and the conditions of resources."""

from collections.abc import Iterable

from haplan.model.condition import Condition, complaint, holds
from haplan.model.finding import Finding
from haplan.model.plan import Change, Plan
from haplan.model.value import Tree
from haplan.report.modules import resource_address

Document = dict[str, Tree]
CONDITIONS = ("PRECONDITION", "POSTCONDITION")


def checks(plan: Plan) -> list[Document]:
    """One check for each rule that found something, and for each resource that changes and has conditions."""
    rules = _of_rules(one for one in plan.findings if one.rule not in CONDITIONS)
    changing = {change.address for change in plan.changes if _conditions(change)}
    others = _of_rules(one for one in plan.findings if one.rule in CONDITIONS and one.address not in changing)
    return [*rules, *others, *(_of_resource(change) for change in plan.changes if _conditions(change))]


def _conditions(change: Change) -> tuple[Condition, ...]:
    return (*change.lifecycle.precondition, *change.lifecycle.postcondition)


def _of_resource(change: Change) -> Document:
    entry = resource_address(change.address, change.type, change.provider)
    address: Document = {"kind": "resource", "to_display": change.address}
    address |= {name: entry[name] for name in ("mode", "type", "name")}
    if "module_address" in entry:
        address["module"] = entry["module_address"]
    found = [holds(one) for one in _conditions(change)]
    status = "fail" if False in found else "unknown" if None in found else "pass"
    problems = [{"message": complaint(one)} for one in _conditions(change) if holds(one) is False]
    instance: Document = {"address": {"to_display": change.address}, "status": status}
    instance |= {"problems": problems} if problems else {}
    return {"address": address, "status": status, "instances": [instance]}


def _of_rules(findings: Iterable[Finding]) -> list[Document]:
    """Errors and warnings of rules, one check for each rule."""
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        if one.severity != "info":
            groups.setdefault(one.rule, []).append(one)
    return [
        {
            "address": {"kind": "check", "name": rule, "to_display": f"check.{rule}"},
            "status": "fail",
            "instances": [{"address": {"to_display": f"check.{rule}"}, "status": "fail",
                           "problems": [{"message": f"{one.address}: {one.message}"} for one in same_rule]}],
        }
        for rule, same_rule in sorted(groups.items())
    ]  # fmt: skip

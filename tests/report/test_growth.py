"""Ten times the resources cost ten times the work, in each form that a plan is shown in."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from haplan.model.drift import Drift
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, OutputChange, Placed, Placement, Plan, Transaction
from haplan.model.state import Row, State
from haplan.model.value import Ref
from haplan.report import markdown
from haplan.report.html import plan_html
from haplan.report.json import plan_json
from haplan.report.lines import plain
from haplan.report.text import plan_lines
from tests.work import turns

FEW = 40
FACTOR = 4


def change(number: int, action: Action, module: str = "") -> Change:
    before, above = f"{module}site.s{number - 1}", number > 0
    return Change(
        address=f"{module}site.s{number}",
        type=f"kind{number}" if module else "site",
        name=f"s{number}",
        provider="mist",
        action=action,
        before=None if action is Action.CREATE else {"note": "as it was"},
        after={"note": f"s{number - 1}", "above": Ref(before, ("id",))} if above else {"note": "first"},
        depends_on=(before,) if above else (),
    )


def transactions(changes: tuple[Change, ...], together: bool) -> tuple[Transaction, ...]:
    if together:
        placed = tuple(Placed(one.key, Placement(document="all")) for one in changes)
        return (Transaction(id="t", stage=1, provider="mist", document="all", placed=placed),)
    return tuple(
        Transaction(
            id=f"t{at}",
            stage=at + 1,
            provider="mist",
            document=one.key,
            placed=(Placed(one.key, Placement(document=one.key)),),
            after=(f"t{at - 1}",) * (at > 0),
        )
        for at, one in enumerate(changes)
    )


def creates(size: int, *, action: Action = Action.CREATE, module: str = "", together: bool = False) -> Plan:
    changes = tuple(change(number, action, module.format(number)) for number in range(size))
    return Plan(
        stack="s",
        environment="default",
        command="apply",
        lineage="",
        serial=0,
        changes=changes,
        transactions=transactions(changes, together),
    )


def around(size: int) -> Plan:
    """As much that drifts, flows in, is found and comes out as there is that changes; none of it changes itself."""
    made, numbers = creates(size, action=Action.UPDATE), range(size)
    return Plan(
        stack="s",
        environment="default",
        command="apply",
        lineage="",
        serial=0,
        changes=made.changes,
        transactions=made.transactions,
        drift=tuple(
            Drift(address=f"network.n{at}", type="network", name=f"n{at}", recorded={"vlan": 1}, seen={"vlan": 2})
            for at in numbers
        ),
        known={f"network.n{at}": {"id": f"id{at}"} for at in numbers},
        findings=tuple(
            Finding(rule=f"HA{at:03}", severity="warning", address=f"site.s{at}", message="something") for at in numbers
        ),
        outputs=tuple(OutputChange(f"o{at}", None, Ref(f"site.s{at}", ("id",))) for at in numbers),
        identities={"mist": {}},
    )


def state(size: int) -> State:
    rows = (
        Row(
            address=f"network.n{at}",
            type="network",
            provider="mist",
            name=f"n{at}",
            values={"vlan": 1},
        )
        for at in range(size)
    )
    return State(rows={(row.address, ""): row for row in rows})


PLANS: Mapping[str, Callable[[int], Plan]] = {
    "creates in a document each": creates,
    "creates in one document": lambda size: creates(size, together=True),
    "creates in a module each": lambda size: creates(size, module="module.m{}."),
    "updates with as much around them": around,
}
FORMS: Mapping[str, Callable[[Plan], Any]] = {
    "json": lambda plan: plan_json(plan, digest="", made=0.0, computed={"site": ("id",)}),
    "full json": lambda plan: plan_json(plan, digest="", made=0.0, state=state(len(plan.changes))),
    "text": lambda plan: plain(plan_lines(plan)),
    "full text": lambda plan: plain(plan_lines(plan, full=True)),
    "markdown": lambda plan: markdown.plan_markdown(plan, full=True),
    "html": lambda plan: plan_html(plan, full=True),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("of", PLANS)
def test_the_work_for_a_plan_grows_as_the_plan_does(form: str, of: str) -> None:
    few, many = PLANS[of](FEW), PLANS[of](FACTOR * FEW)
    FORMS[form](few)  # what is only done once
    assert turns(lambda: FORMS[form](many)) < 1.2 * FACTOR * turns(lambda: FORMS[form](few))

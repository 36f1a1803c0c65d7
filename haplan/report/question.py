"""The question that an apply asks: on which estate, and at what cost."""

from haplan.model.plan import Plan
from haplan.report.cost import cost_lines
from haplan.report.lines import UNWRAPPED, plain
from haplan.report.text import estates, tally

WHAT = {"destroy": "Destroy all of this", "refresh": "Take this into state"}


def question(plan: Plan) -> str:
    """``Carry this out on mist organisation "Acme": 1 to create, … · outage: 1 cluster replaced?``"""
    places = " and ".join([*estates(plan)]) or f"environment {plan.environment}"
    where = f"{' (simulators)' if plan.origin.lab else ''}"
    if plan.command == "refresh":
        return f"{WHAT['refresh']} of {places}{where}?"
    said = "; ".join(plain([tally(plan), *cost_lines(plan)], UNWRAPPED).splitlines())
    what = WHAT.get(plan.command, "Carry this out")
    return f"{what} on {places}{where}: {said}?"

"""A write carries the changes of its plan and nothing else: a test to inherit.

    class TestPond(OwnChangesContract):
        @pytest.fixture(params=["neighbour", "order", "setting"])
        def world(self, request, tmp_path):
            return ...

A world is a stack that was applied, a change of it that is planned, and somebody who changes something else in the same
document behind that plan's back.
"""

from typing import Any, Protocol

import pytest

from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.report.result import result_lines


class Behind(Protocol):
    """A stack with a change, and somebody else at work.

    Attributes:
        target: The address of what the stack changes.
        told: What the line after the apply names.
    """

    target: str
    told: str

    def plan(self, **options: Any) -> Plan:
        """The plan of the change."""
        ...

    def apply(self, plan: Plan) -> Result:
        """Carry it out."""
        ...

    def meddle(self) -> None:
        """Change something else in the document that the plan writes."""
        ...

    def meddled(self) -> bool:
        """True if what was changed so runs."""
        ...


class OwnChangesContract:
    """What others changed meanwhile stays, is told in one line, and is drift in the next plan."""

    @pytest.fixture
    def world(self) -> Behind:
        raise NotImplementedError("give a fixture `world`: a stack with a change, and somebody who meddles")

    @pytest.mark.parametrize("targeted", [False, True], ids=["whole", "target"])
    def test_a_write_carries_the_changes_of_its_plan_and_nothing_else(self, world: Behind, targeted: bool) -> None:
        plan = world.plan(targets=(world.target,)) if targeted else world.plan()
        assert {change.address for change in plan.changes} == {world.target}
        world.meddle()
        assert world.meddled()
        result = world.apply(plan)
        assert [one.text for one in (*result.failed, *result.in_doubt)] == []
        assert result.exit_code == 0
        assert world.meddled()
        said = [str(line) for line in result_lines(result)]
        assert [line for line in result.moved if world.told in line], result.moved
        assert len([line for line in said if "moved meanwhile that this plan does not touch: " in line]) == 1, said
        later = world.plan()
        assert later.drift
        assert world.target not in {change.address for change in later.changes}

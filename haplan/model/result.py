"""What came of a run, per change and in all."""

from collections.abc import Mapping
from typing import Literal

import attrs

from haplan.model.finding import Finding
from haplan.model.plan import Action, Plan
from haplan.model.value import Tree

Came = Literal["done", "failed", "skipped", "stopped", "in_doubt", "pending"]
"""What may come of something that a plan wanted; see `Result`."""


@attrs.frozen
class InDocument:
    """What came of a change in one of the documents that carry it; `text` says why it is not done."""

    document: str
    came: Came
    text: str = ""


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of one change.

    Attributes:
        address: The resource.
        action: What was to happen to it.
        text: Why it is not done: the worst of its documents decides.
        id: The backend's id, or "".
        documents: Of one that several documents carry and not all have: what came of it in each.
    """

    address: str
    action: Action
    text: str = ""
    id: str = ""
    documents: tuple[InDocument, ...] = ()

    @property
    def partly(self) -> bool:
        """True if some documents have it, and others have not."""
        return any(one.came == "done" for one in self.documents)


@attrs.frozen(kw_only=True)
class Result:
    """What came of a run.

    Attributes:
        run: Its id.
        exit_code: 0, 1, 3, 4, 5, 7, 8, 9 or 10.
        done: Recorded.
        failed: A write, the settling or a check went wrong.
        skipped: Not attempted, because of what.
        stopped: Behind a red gate.
        in_doubt: Sent, and nobody knows what became of it.
        pending: Accepted, held back by an offline device or a closed window; or interrupted while waiting.
        left_out: Not in the plan, because it could not be read, or hangs on what could not be.
        findings: Of the checks after the steps.
        moved: What of the documents that were written is not as it was recorded, and not of the plan: left as it runs.
        outputs: As they are now.
        seconds: By the run's clock.
        writes: Remote writes that were announced.
    """

    run: str
    exit_code: int
    done: tuple[Outcome, ...] = ()
    failed: tuple[Outcome, ...] = ()
    skipped: tuple[Outcome, ...] = ()
    stopped: tuple[Outcome, ...] = ()
    in_doubt: tuple[Outcome, ...] = ()
    pending: tuple[Outcome, ...] = ()
    left_out: tuple[Outcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    moved: tuple[str, ...] = ()
    outputs: Mapping[str, Tree] = attrs.field(factory=dict)
    seconds: float = 0.0
    writes: int = 0


def left_out(plan: Plan) -> tuple[Outcome, ...]:
    """What a plan says nothing of, each with the reason."""
    unread = [
        Outcome(address=address, action=Action.NO_OP, text=f"could not be read: {why}")
        for address, why in plan.unread.items()
    ]
    hanging = [
        Outcome(address=one, action=Action.NO_OP, text=f"{behind} could not be read")
        for one, behind in plan.left_out.items()
    ]
    return (*unread, *hanging)

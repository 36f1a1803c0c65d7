"""What came of a run, per change and in all."""

from collections.abc import Mapping

import attrs

from haplan.model.finding import Finding
from haplan.model.plan import Action
from haplan.model.value import Tree


@attrs.frozen
class Outcome:
    """What came of one change."""

    address: str
    action: Action
    text: str = ""
    id: str = ""


@attrs.frozen
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
        findings: Of the checks after the steps.
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
    findings: tuple[Finding, ...] = ()
    outputs: Mapping[str, Tree] = attrs.field(factory=dict)
    seconds: float = 0.0
    writes: int = 0

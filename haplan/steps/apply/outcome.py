"""What came of a run, per change and in all."""

from collections.abc import Iterable, Mapping

from haplan.model.phase import Phase
from haplan.model.plan import Change, Transaction
from haplan.model.result import Outcome
from haplan.model.value import Tree
from haplan.steps.apply.schedule import Barred

CODES = (9, 8, 3, 10, 7, 5, 4, 1)
"""Exit codes, the one that wins first (design section 6)."""
_WORST = (
    (Phase.IN_DOUBT, "in_doubt"),
    (Phase.FAILED, "failed"),
    (Phase.RED, "failed"),
    (Phase.STOPPED, "stopped"),
    (Phase.SKIPPED, "skipped"),
    (Phase.WAITING, "skipped"),
    (Phase.SETTLING, "pending"),
    (Phase.PENDING, "pending"),
)
_INTERRUPTED = {
    Phase.WAITING: "interrupted before it began",
    Phase.SETTLING: "interrupted while waiting; the next apply goes on",
}
_ENDED = {
    Phase.FAILED: "failed",
    Phase.IN_DOUBT: "failed",
    Phase.RED: "was not verified",
    Phase.PENDING: "is not confirmed yet",
    Phase.STOPPED: "was stopped",
}


def sort_outcomes(
    changes: Iterable[Change],
    transactions: Iterable[Transaction],
    phase: Mapping[str, Phase],
    why: Mapping[str, str],
    known: Mapping[str, Mapping[str, Tree]],
) -> dict[str, tuple[Outcome, ...]]:
    """The outcomes by field of `Result`: the worst of a change's transactions decides."""
    carrying: dict[str, list[str]] = {}
    for transaction in transactions:
        for placed in transaction.placed:
            carrying.setdefault(placed.address, []).append(transaction.id)
    found: dict[str, list[Outcome]] = {
        name: [] for name in ("done", "failed", "skipped", "stopped", "in_doubt", "pending")
    }
    for change in changes:
        name, text = _came_of(carrying.get(change.key, []), phase, why)
        identity = change.id if change.deposed else str(known.get(change.address, {}).get("id") or change.id)
        found[name].append(Outcome(change.key, change.action, text, identity))
    return {name: tuple(outcomes) for name, outcomes in found.items()}


def _came_of(numbers: list[str], phase: Mapping[str, Phase], why: Mapping[str, str]) -> tuple[str, str]:
    for bad, name in _WORST:
        for number in numbers:
            if phase[number] is bad:
                return name, why.get(number) or _INTERRUPTED.get(bad, "")
    return "done", ""


def exit_code(codes: Iterable[int], wrote: bool) -> int:
    """The code that wins; a failure before the first write changed nothing."""
    codes = set(codes)
    winner = next((code for code in CODES if code in codes), 0)
    return 1 if winner == 3 and not wrote else winner


def because(barred: Barred) -> str:
    """Why something was not attempted."""
    return f"{subject_of(barred.source)} {_ENDED.get(barred.source_phase, 'was skipped')}"


def subject_of(transaction: Transaction) -> str:
    """What a transaction is called: its first resource."""
    return transaction.placed[0].address if transaction.placed else str(transaction.document)

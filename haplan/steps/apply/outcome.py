"""What came of a run, per change and in all."""

from collections.abc import Iterable, Mapping

from haplan.model.plan import Change, Transaction
from haplan.model.result import Outcome
from haplan.model.value import Tree
from haplan.steps.apply.schedule import FAILED, PENDING, RED, SETTLING, SKIPPED, STOPPED, WAITING, Barred

CODES = (9, 8, 3, 10, 7, 5, 4, 1)
"""Exit codes, the one that wins first (design section 6)."""
DOUBT = "outcome in doubt"
_WORST = (
    (FAILED, "failed"),
    (RED, "failed"),
    (STOPPED, "stopped"),
    (SKIPPED, "skipped"),
    (WAITING, "skipped"),
    (SETTLING, "pending"),
    (PENDING, "pending"),
)
_INTERRUPTED = {
    WAITING: "interrupted before it began",
    SETTLING: "interrupted while waiting; the next apply goes on",
}


def sort_outcomes(
    changes: Iterable[Change],
    transactions: Iterable[Transaction],
    phase: Mapping[str, str],
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


def _came_of(numbers: list[str], phase: Mapping[str, str], why: Mapping[str, str]) -> tuple[str, str]:
    for bad, name in _WORST:
        for number in numbers:
            if phase[number] == bad:
                text = why.get(number) or _INTERRUPTED.get(bad, "")
                return ("in_doubt" if text.startswith(DOUBT) else name), text
    return "done", ""


def exit_code(codes: Iterable[int], wrote: bool) -> int:
    """The code that wins; a failure before the first write changed nothing."""
    codes = set(codes)
    winner = next((code for code in CODES if code in codes), 0)
    return 1 if winner == 3 and not wrote else winner


def because(barred: Barred) -> str:
    """Why something was not attempted."""
    words = {FAILED: "failed", RED: "was not verified", PENDING: "is not confirmed yet", STOPPED: "was stopped"}
    return f"{subject_of(barred.source)} {words.get(barred.source_phase, 'was skipped')}"


def subject_of(transaction: Transaction) -> str:
    """What a transaction is called: its first resource."""
    return transaction.placed[0].address if transaction.placed else str(transaction.document)

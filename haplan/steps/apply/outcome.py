"""What came of a run, per change and in all."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from haplan.model.devices import OnDevice, reached
from haplan.model.phase import Phase
from haplan.model.plan import Change, Transaction
from haplan.model.reason import Reason
from haplan.model.result import Came, InDocument, Outcome
from haplan.model.state import State
from haplan.model.value import Tree
from haplan.steps.apply.schedule import Barred

CODES = (9, 8, 3, 10, 7, 5, 4, 1)
"""Exit codes, the one that wins first; the README has the table."""
_WORST: tuple[tuple[Phase, Came], ...] = (
    (Phase.IN_DOUBT, "in_doubt"),
    (Phase.FAILED, "failed"),
    (Phase.RED, "failed"),
    (Phase.PARTLY, "failed"),
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
    Phase.PARTLY: "was not verified",
    Phase.PENDING: "is not confirmed yet",
    Phase.STOPPED: "was stopped",
}


@attrs.frozen
class Endings:
    """How transactions ended, by their ids.

    Attributes:
        phase: What they came to.
        why: Why they did not come to a good end.
        lacking: Of one that went partly well the keys of the changes that did not.
        devices: Of one that reaches several devices what became of it on each.
    """

    phase: Mapping[str, Phase]
    why: Mapping[str, str]
    lacking: Mapping[str, Collection[str]]
    devices: Mapping[str, Sequence[OnDevice]]


def sort_outcomes(
    changes: Iterable[Change],
    transactions: Iterable[Transaction],
    endings: Endings,
    known: Mapping[str, Mapping[str, Tree]],
    state: State,
) -> dict[str, tuple[Outcome, ...]]:
    """The outcomes by field of `Result`: the worst of a change's transactions decides.

    Args:
        state: As it was before the run: what it goes on with stands in some documents already.
    """
    carrying: dict[str, list[Transaction]] = {}
    for transaction in transactions:
        for placed in transaction.placed:
            carrying.setdefault(placed.address, []).append(transaction)
    had = _had(state)
    found: dict[str, list[Outcome]] = {
        name: [] for name in ("done", "failed", "skipped", "stopped", "in_doubt", "pending")
    }
    for change in changes:
        mine = carrying.get(change.key, [])
        ends = _ends(change.key, mine, endings)
        came, text = _came_of(mine, ends, endings.why)
        text = f"{text}; its old one is deleted" if came != "done" and _half_done(change.key, mine, ends) else text
        identity = change.id if change.deposed else str(known.get(change.address, {}).get("id") or change.id)
        earlier = had.get(change.key, ()) if change.reason is Reason.RESUMED else ()
        told = {one.id: reached(endings.devices.get(one.id, ()), change.address) for one in mine}
        documents = _in_documents(mine, ends, endings.why, earlier, told) if came != "done" else ()
        found[came].append(
            Outcome(address=change.key, action=change.action, text=text, id=identity, documents=documents)
        )
    return {name: tuple(outcomes) for name, outcomes in found.items()}


def _half_done(key: str, carrying: Iterable[Transaction], phase: Mapping[str, Phase]) -> bool:
    """True of a replacement in two halves of which the first is done."""
    old = [
        phase[one.id] is Phase.RECORDED
        for one in carrying
        for placed in one.placed
        if placed.address == key and placed.placement.half == "old"
    ]
    return bool(old) and all(old)


def _ends(key: str, carrying: Iterable[Transaction], endings: Endings) -> Mapping[str, Phase]:
    """How the transactions of one change ended for it: of one that went partly well, the others have it."""
    found = {one.id: endings.phase[one.id] for one in carrying}
    lacking = {number for number in found if key in endings.lacking.get(number, ())}
    well = {number for number, one in found.items() if one is Phase.PARTLY and number not in lacking}
    return {number: Phase.RECORDED if number in well else one for number, one in found.items()}


def _had(state: State) -> dict[str, list[str]]:
    """Address → documents that carry it already."""
    found: dict[str, list[str]] = {}
    for one in state.placements.values():
        if one.status == "done":
            found.setdefault(one.address, []).append(str(one.document))
    return found


def _in_documents(
    carrying: Iterable[Transaction],
    phase: Mapping[str, Phase],
    why: Mapping[str, str],
    had: Iterable[str],
    devices: Mapping[str, Sequence[OnDevice]],
) -> tuple[InDocument, ...]:
    """What came of a change document by document, in the order of the documents, of one that goes to several devices
    device by device; nothing where it has one alone."""
    groups: dict[str, list[Transaction]] = {}
    for transaction in carrying:
        groups.setdefault(str(transaction.document), []).append(transaction)
    found = {document: InDocument(document, *_came_of(group, phase, why)) for document, group in groups.items()}
    found = {**{document: InDocument(document, "done") for document in had}, **found}
    apart = {document: _on_devices(groups[document], found[document].came, devices) for document in groups}
    every = [one for document in sorted(found) for one in apart.get(document) or (found[document],)]
    return tuple(every) if len(every) > 1 else ()


def _on_devices(
    group: Iterable[Transaction], came: Came, devices: Mapping[str, Sequence[OnDevice]]
) -> list[InDocument]:
    """What came of one document on each of several devices; nothing where nobody told, or all have it."""
    told = {one.name: one for transaction in group for one in devices.get(transaction.id, ())}
    if came not in ("failed", "pending") or len(told) < 2 or not any(one.lacks for one in told.values()):
        return []
    return [InDocument(name, came if told[name].lacks else "done", told[name].lacks) for name in sorted(told)]


def _came_of(carrying: Iterable[Transaction], phase: Mapping[str, Phase], why: Mapping[str, str]) -> tuple[Came, str]:
    numbers = [transaction.id for transaction in carrying]
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

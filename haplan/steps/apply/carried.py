"""Going on with what a dead run wrote and did not record: from the receipt it left, without writing again. Pure.

That is right where the same is to be written, nothing else was begun in the document since, and what is there is as
written. Else the write is made again; every provider takes that. What was being taken back is waited for first,
whatever is to be written.
"""

from collections.abc import Collection, Iterable, Mapping

import attrs

from haplan.contracts import Part, Reading, Seen, Task, Written
from haplan.model import value as model
from haplan.model.canonical import fingerprint
from haplan.model.compare import differences, ours, unordered, without, without_secrets
from haplan.model.document import Document
from haplan.model.plan import Action, Change
from haplan.model.schema import TypeInfo
from haplan.model.state import Intent
from haplan.model.unfinished import BEGUN, announced
from haplan.model.value import Tree

GOING = (Action.DELETE, Action.FORGET)
REVERT = "revert"
"""Step of an intent that takes a write back."""


@attrs.frozen(kw_only=True)
class Carried:
    """What a dead run left of one write.

    Attributes:
        run: Id of the run.
        intents: Ids of its open intents.
        receipt: What the write gave, or what its taking back did.
        started: When the write began, epoch seconds.
        content: What was written, see `content`.
        going_back: True if it was being taken back.
    """

    run: str
    intents: tuple[int, ...]
    receipt: Mapping[str, Tree]
    started: float
    content: str
    going_back: bool = False


def kept(task: Task, receipt: Mapping[str, Tree], several: Collection[str]) -> dict[str, Tree]:
    """What stands in the journal of a write that is not recorded yet; see `carries`."""
    found = {"receipt": dict(receipt), "started": task.started, "content": content(task)}
    return {BEGUN: carries(task.parts, several), **found}


def carries(parts: Iterable[Part], several: Collection[str]) -> list[Tree]:
    """What stands in the journal of a write that begins: which part of each resource the document has by it.

    Of what is new also how it is found again, should it leave the stack before anybody recorded it.

    Args:
        several: Addresses of what this run writes elsewhere too: seen here, it is not done.
    """
    found: dict[str, dict[str, Tree]] = {}
    for part in parts:
        if not part.placement.late:  # the old one is known as deposed
            fresh = announced(part.change) if part.change.action is Action.CREATE else {}
            fresh |= {"several": True} if part.change.address in several else {}
            one = found.setdefault(part.change.address, {"address": part.change.address, "parts": [], **fresh})
            one["parts"].append(part.placement.part)
    return list(found.values())


def carried(intents: Iterable[Intent], run: str) -> dict[tuple[str, Document], Carried]:
    """Provider key and document → what other runs left there, where one write is all they left."""
    left: dict[tuple[str, Document], list[Intent]] = {}
    for intent in intents:
        if intent.run != run:
            left.setdefault((intent.provider, intent.document), []).append(intent)
    found = {where: _carried(together) for where, together in left.items()}
    return {where: one for where, one in found.items() if one is not None}


def _carried(intents: list[Intent]) -> Carried | None:
    writes = {(intent.run, intent.transaction) for intent in intents}
    last = next((intent for intent in reversed(intents) if "receipt" in intent.result), None)
    if last is None or len(writes) > 1:
        return None
    going_back = last.step == REVERT
    if not going_back and any(intent.step == REVERT for intent in intents):
        return None  # nobody knows whether that was begun
    return Carried(
        run=last.run,
        intents=tuple(intent.id for intent in intents),
        receipt=dict(last.result["receipt"]),
        started=float(last.result.get("started") or 0),
        content=str(last.result.get("content") or ""),
        going_back=going_back,
    )


def content(task: Task) -> str:
    """A hash of all that a task writes."""
    parts = [
        [part.change.key, part.placement.part, part.placement.late, _after(part.change)]
        for part in sorted(task.parts, key=lambda part: (part.change.key, part.placement.part, part.placement.late))
    ]
    return fingerprint([parts, [[order.list, list(order.after)] for order in task.orders]])


def _after(change: Change) -> Tree:
    if change.action in GOING or change.after is None:
        return None
    return model.encode(dict(without(change.after, change.unset)))


def as_written(task: Task, reading: Reading, types: Mapping[str, TypeInfo]) -> bool:
    """True if what is there is what the task is to write; of what cannot be seen, such as a secret, nothing is known
    but that it was written."""
    return all(_is_there(part, types) for part in task.parts) and all(
        [name for name in reading.orders.get((order.document, order.list), ()) if name in order.after]
        == list(order.after)
        for order in task.orders
    )


def _is_there(part: Part, types: Mapping[str, TypeInfo]) -> bool:
    change, seen = part.change, part.seen
    if change.action in GOING or change.after is None:
        return seen is None
    kind = types.get(change.type)
    if seen is None or kind is None or part.placement.late or change.action is Action.REPLACE:
        return False
    if any(model.at_path(seen.values, path) is not None for path in change.unset):
        return False
    after = without_secrets(dict(without(change.after, change.unset)))
    after = {name: value for name, value in after.items() if name not in {*kind.local, *kind.owned_by}}
    return not any(True for _ in differences(after, ours(kind, after, seen.values), unordered(kind.attributes, after)))


def written(task: Task, receipt: Mapping[str, Tree], types: Mapping[str, TypeInfo]) -> Written:
    """What the write gave, as far as the estate still tells."""
    there = [(part.change, part.seen) for part in task.parts if part.seen is not None]
    return Written(
        ids={change.address: seen.id for change, seen in there},
        values={change.address: _computed(change, seen, types) for change, seen in there},
        receipt=receipt,
    )


def _computed(change: Change, seen: Seen, types: Mapping[str, TypeInfo]) -> dict[str, model.Tree]:
    return {name: seen.values[name] for name in types[change.type].computed if name in seen.values}

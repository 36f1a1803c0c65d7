"""What must be so of an answer beyond its shape: all that was asked about is answered, and nothing else."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import attrs

from haplan.contracts import Lab, LabRequest, Query, Reading, Seen, Settlement, Target, Task, Written
from haplan.model.address import parse
from haplan.model.plan import Change, Placement
from haplan.model.schema import TypeInfo
from haplan.model.state import Intent, Row
from haplan.model.value import is_mapping
from haplan.wall import around
from haplan.wall.call import Call
from haplan.wall.computed import misgiven
from haplan.wall.shapes import Misfit, fit, noun, text, unlike

EXAMPLE = "stack.py"
"""The file that an example has at least."""
Facts = Mapping[str, Mapping[str, Any]]


def opened(found: Any, call: Call, *given: object) -> Any:
    """A provider object: with what every provider has."""
    lacking = [verb for verb in ("identity", "read", "write") if not callable(getattr(found, verb, None))]
    if lacking:
        raise unlike(found, "a Provider")
    return found


def identity(found: Any, call: Call) -> dict[str, str]:
    """An estate has a kind, an id and a name, and tells itself from others by the id."""
    said: dict[str, str] = fit(Mapping[str, str])(found)
    lacking = [name for name in ("kind", "id", "name") if name not in said or not (said[name] or name == "name")]
    if lacking:
        raise Misfit("nothing", "the estate's").under(lacking[0])
    return said


def read(found: Any, call: Call, query: Query, *given: object) -> Reading:
    """What is wrong with one target is told of that one: it could not be read."""
    if not isinstance(found, Reading):
        raise unlike(found, "a Reading")
    if not is_mapping(found.seen):
        raise unlike(found.seen, "a mapping").under("seen")
    asked = {target.address: target for target in query.targets}
    reading: Reading = fit(Reading)(attrs.evolve(found, seen={}, look=None))
    seen: dict[str, Seen] = {}
    unread = dict(reading.unread)
    _refuse_strange([*found.seen, *unread], asked)
    for address in found.seen:
        try:
            target = asked[address]
            seen[address] = _seen(found.seen[address], address, call.types.get(target.type), target.row)
        except Misfit as wrong:
            unread[address] = str(call.wrong(f"gave {wrong.under('seen', address)}"))
    both = next((address for address in unread if address in seen), "")
    if both:
        raise Misfit(f"{both} in seen and in unread", "one of them")
    return attrs.evolve(reading, seen=seen, unread=unread, look=found.look)


def _seen(found: Any, address: str, kind: TypeInfo | None, row: Row | None = None) -> Seen:
    seen: Seen = (_SEEN_AGAIN if _is_told_again(found, row) else fit(Seen))(found)
    if seen.address != address:
        raise Misfit("another address", "the one that was asked").under("address")
    if not seen.id:
        raise Misfit("nothing", "what the backend knows it by").under("id")
    for name, misfit in misgiven(kind, seen.values) if kind is not None else ():
        raise misfit.under("values", name)
    return seen


_SEEN_AGAIN = noun(Seen, known=("values", "private"))


def _is_told_again(found: object, row: Row | None) -> bool:
    """True if values and private are the very ones that were handed in with a row, and read from plain JSON."""
    if row is None or type(found) is not Seen:
        return False
    return found.values is row.decoded and row.plain and found.private is row.private


def recall(found: Any, call: Call, query: Query) -> Any:
    """A look is the provider's own affair."""
    return found


def facts(found: Any, call: Call, targets: Sequence[Target], *given: object) -> Facts:
    """Facts of what was asked about, nothing else."""
    known: Facts = fit(Facts)(found)
    _refuse_strange(known, {target.address for target in targets})
    return known


def placements(found: Any, call: Call, change: Change, *given: object) -> tuple[Placement, ...]:
    """A change is placed somewhere, and each part of it once: else it would count as done and nothing be written.
    That it touches no document has to be said."""
    placed: tuple[Placement, ...] = fit(Sequence[Placement])(found)
    if not placed:
        raise Misfit("no placement", "the document that the change goes to")
    if len(placed) > 1 and not all(one.somewhere for one in placed):
        raise Misfit("no text", "the name of a document")
    if len({(one.document, one.part) for one in placed}) < len(placed):
        raise Misfit("one document and part twice", "each once")
    return placed


def write(found: Any, call: Call, task: Task, *given: object) -> Written:
    """A write speaks of its own resources."""
    written: Written = fit(Written)(found)
    about = {part.change.address for part in task.parts}
    for name in ("ids", "values", "private"):
        try:
            _refuse_strange(getattr(written, name), about)
        except Misfit as wrong:
            raise wrong.under(name) from None
    empty = next((address for address, identity in written.ids.items() if not identity), "")
    if empty:
        raise Misfit("nothing", "what the backend knows it by").under("ids", empty)
    return written


def settled(found: Any, call: Call, tasks: Sequence[Task]) -> dict[str, Settlement]:
    """Every transaction that was asked about has an answer: where the provider gave none, that is what it is."""
    if not is_mapping(found):
        raise unlike(found, "a mapping")
    return {task.transaction.id: _settlement(found, call, task) for task in tasks}


def _settlement(found: Mapping[str, Any], call: Call, task: Task) -> Settlement:
    number = task.transaction.id
    call = attrs.evolve(call, about=str(task.transaction.document))
    if number not in found:
        return Settlement(state="unanswered", text=str(call.wrong("says nothing of it")))
    try:
        settlement: Settlement = fit(Settlement)(found[number])
        return attrs.evolve(settlement, written=write(settlement.written, call, task))
    except Misfit as wrong:
        return Settlement(state="unanswered", text=str(call.wrong(f"gave {wrong}")))


def identify(found: Any, call: Call, intent: Intent) -> Seen | None:
    """The object that was asked about, or none."""
    if found is None:
        return None
    return _seen(found, intent.address, call.types.get(parse(intent.address).type))


def _refuse_strange(answered: Any, asked: Collection[str]) -> None:
    for address in answered:
        if text(address) not in asked:
            raise Misfit(f"{address!r}, which was not asked about", "what was")


def lab(found: Any, call: Call, request: LabRequest) -> Lab:
    """A simulator, which is a plugin's object too."""
    return around.lab(found, call.who)


def example(found: Any, call: Call) -> Mapping[str, str]:
    """A stack and files beside it, which none of them leaves."""
    files: Mapping[str, str] = fit(Mapping[str, str])(found)
    if EXAMPLE not in files or not all(name and PurePath(name).name == name for name in files):
        raise Misfit("other files", f"{EXAMPLE} and files beside it")
    return files


def snapshot(found: Any, call: Call, targets: Sequence[Target]) -> Facts:
    """As facts."""
    return facts(found, call, targets)


CHECKS: Mapping[str, Callable[..., Any]] = {
    "example": example,
    "snapshot": snapshot,
    "open": opened,
    "identity": identity,
    "read": read,
    "facts": facts,
    "placements": placements,
    "write": write,
    "settled": settled,
    "identify": identify,
    "recall": recall,
    "revert": write,
    "lab": lab,
}
"""Verb → what is looked at in its answer; of the others the shape that the contract says."""

"""What documents still have from before a change that they did not confirm yet: kept in the row until all have.

A resource may stand in several documents. Where some of them took a change and others did not, or nobody knows, the
row says what was wanted last; what was to go from the others is told by nothing else any more.
"""

from collections.abc import Collection, Iterable, Mapping

import attrs

from haplan.model.address import parse
from haplan.model.compare import merged
from haplan.model.document import Document
from haplan.model.plan import Change
from haplan.model.state import Intent, PlacementRow, Row, State, Status
from haplan.model.value import Tree, decode, encode

LEFT = "left"
"""Where it stands in a row's private part."""
BEGUN = "begun"
"""Where an intent says what its write carries: address, parts, and of what is new its name, owner and needs."""

HALF: tuple[Status, ...] = ("pending", "incomplete", "in_doubt")
"""Of a row whose resource is not done."""

Place = tuple[Document, str]
"""A document, and which part of the resource it has."""


def places(private: Mapping[str, Tree]) -> dict[Place, Tree]:
    """Document and part → the values that may still stand there."""
    return {(Document.parse(document), part): decode(values) for document, part, values in private.get(LEFT) or ()}


def still_there(private: Mapping[str, Tree]) -> Tree:
    """All values that may still stand somewhere; with the name of then."""
    found: Tree = {}
    for values in places(private).values():
        found = merged(found, values)
    return found


def with_left(private: Mapping[str, Tree], left: Mapping[Place, Tree]) -> dict[str, Tree]:
    """A row's private part with these values left; with none of them it says nothing of it."""
    kept = {name: value for name, value in private.items() if name != LEFT}
    plain = [[str(document), part, encode(values)] for (document, part), values in left.items()]
    return {**kept, LEFT: plain} if plain else kept


def remembering(row: Row | None, where: Iterable[Place], before: Mapping[str, Tree] | None) -> dict[Place, Tree]:
    """What stands at these places beside what did already: what went before the change, under the name of then."""
    known = places(row.private) if row is not None else {}
    named = {"name": row.name} if row is not None and before is not None else {}
    return {place: merged(known.get(place, {}), {**named, **(before or {})}) for place in where}


def in_several(state: State) -> frozenset[str]:
    """Addresses that stand in more than one place: what one of them has tells nothing of the others."""
    found: dict[str, set[Place]] = {}
    for one in state.placements.values():
        found.setdefault(one.address, set()).add((one.document, one.part))
    for row in state.rows.values():
        if row.private.get(LEFT):
            found.setdefault(row.address, set()).update(places(row.private))
    return frozenset(address for address, there in found.items() if len(there) > 1)


# --- What a dead run began --------------------------------------------------------------------------------------------


def announced(change: Change) -> dict[str, Tree]:
    """What an intent says of a resource that it creates."""
    name = (change.after or {}).get("name", change.name)
    said = {"name": str(name), "owner": change.owner, "needs": list(change.depends_on)}
    return {**said, "lifecycle": dict(change.lifecycle.plain)} if change.lifecycle.plain else said


def silenced(intent: Intent, addresses: Collection[str]) -> Intent:
    """An intent, as a new one of its run, that says no more of these resources what it had for them."""
    carried = [one for one in intent.result.get(BEGUN) or () if one["address"] not in addresses]
    return attrs.evolve(intent, id=0, result={**intent.result, BEGUN: carried})


def with_orphans(state: State, stack: Collection[str] = ()) -> State:
    """A state that has what dead runs began to create, where it left the stack before anybody recorded it.

    Nothing else would tell of such an object any more: it would stay in the estate for ever.

    Args:
        stack: Addresses of the stack: what is there is found by its block.
    """
    if not state.intents:
        return state
    rows, last = dict(state.rows), max((row.seq for row in state.rows.values()), default=0)
    for intent in state.intents:
        provider, _, alias = intent.provider.partition(".")
        for one in intent.result.get(BEGUN) or ():
            address = one["address"]
            if "name" in one and address not in stack and (address, "") not in rows:
                rows[address, ""] = Row(
                    address=address,
                    type=parse(address).type,
                    provider=provider,
                    alias=alias,
                    name=one["name"],
                    owner=one["owner"],
                    depends_on=tuple(one["needs"]),
                    lifecycle=one.get("lifecycle", {}),
                    status="pending",
                    seq=last + len(rows),  # made after all that is recorded
                )
    return attrs.evolve(state, rows=rows) if len(rows) > len(state.rows) else state


def begun(state: State) -> State:
    """A state that takes account of what dead runs announced in several documents: nobody knows of any of those what
    it has, so all that was recorded may still stand there, and the change is missing there."""
    rows, placed = dict(state.rows), dict(state.placements)
    parts: dict[str, dict[Place, None]] = {}
    for one in state.placements.values():
        parts.setdefault(one.address, {})[one.document, one.part] = None
    several = {one["address"] for it in state.intents for one in it.result.get(BEGUN) or () if one.get("several")}
    for address, where in _begun_places(state.intents, parts).items():
        row = rows.get((address, ""))
        if row is None or (len({**parts.get(address, {}), **where}) < 2 and address not in several):
            continue
        declared = {name: value for name, value in decode(row.values).items() if name in row.declared}
        left = {**places(row.private), **remembering(row, where, declared)}
        rows[address, ""] = attrs.evolve(row, status="pending", private=with_left(row.private, left))
        for document, part in where:
            placed[address, document, part] = PlacementRow(address, document, part, "pending")
    return attrs.evolve(state, rows=rows, placements=placed)


def _begun_places(intents: Iterable[Intent], parts: Mapping[str, Mapping[Place, None]]) -> dict[str, dict[Place, None]]:
    """Address → where an announced write may have changed it."""
    found: dict[str, dict[Place, None]] = {}
    for intent in intents:
        told = {one["address"]: one["parts"] for one in intent.result.get(BEGUN) or ()}
        for address in intent.touches():
            here = found.setdefault(address, {})
            known = [part for document, part in parts.get(address, ()) if document == intent.document]
            here.update(dict.fromkeys((intent.document, part) for part in told.get(address, known)))
    return found

"""One object, one address: over the plan as a whole. What comes to an address is no other one's, in state or by this
plan, and not the old self of something that waits to be deleted."""

from collections.abc import Iterable, Iterator

from haplan.model.address import keyed, parse
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change
from haplan.model.stack import Block
from haplan.model.state import Row
from haplan.steps.diff.work import Work

Object = tuple[str, str, tuple[str, ...], str]
"""Estate, type, what it lives in, id."""
COMES = (Action.IMPORT, Action.UPDATE, Action.REPLACE)


def doubled(work: Work, changes: Iterable[Change]) -> Iterator[Finding]:
    """An error for each change by which an object would come to have a second address."""
    changes = [*changes]
    coming = [change for change in changes if _comes(work, change)]
    holders = _held(work, {change.key for change in changes if change.action is Action.FORGET}) if coming else {}
    for change in coming:
        found = holders.setdefault(_object(work, change.provider, change.type, change.address, change.id), [])
        if found and found[0] != (change.address, ""):
            yield _finding(work, change, *found[0])
        found.append((change.address, ""))


def _comes(work: Work, change: Change) -> bool:
    """True if an object comes to an address that state does not have there."""
    if change.action not in COMES or change.deposed or not change.id:
        return False
    row = work.state.row(change.address)
    return row is None or row.id != change.id


def in_state(work: Work, block: Block, identity: str) -> bool:
    """True if state has an object of this id already."""
    return _object(work, block.provider, block.type, block.address, identity) in _objects(work)


def recorded_elsewhere(work: Work, row: Row, identity: str) -> bool:
    """True if an object of this id was recorded at another address than that of a row, or is somebody's old self."""
    found = _objects(work).get(_object(work, row.provider_key, row.type, row.address, identity), ())
    return any(address != row.address and work.state.rows[address, mark].serial for address, mark in found)


def _objects(work: Work) -> dict[Object, list[tuple[str, str]]]:
    if not work.objects:
        work.objects.update(_held(work, set()))
    return work.objects


def _held(work: Work, forgotten: set[str]) -> dict[Object, list[tuple[str, str]]]:
    """Object → address and mark of the rows that have it after the plan, or have it deleted by the plan."""
    found: dict[Object, list[tuple[str, str]]] = {}
    for (address, deposed), row in work.state.rows.items():
        if row.id and keyed(address, deposed) not in forgotten:
            found.setdefault(_object(work, row.provider_key, row.type, address, row.id), []).append((address, deposed))
    return found


def _object(work: Work, provider: str, type_name: str, address: str, identity: str) -> Object:
    place = parse(address)
    within = (*place.module, place.owner) if place.owner else ()
    return (work.estates.get(provider, provider), type_name, within, identity)


def _finding(work: Work, change: Change, address: str, deposed: str) -> Finding:
    what = f"this {change.type.replace('_', ' ')} (id {change.id})"
    if deposed:
        text = f"{what} is the old self of {address}, which waits to be deleted: one object, one address"
        hint = "take its import out: the next apply deletes it"
    elif work.state.row(address) is None:
        text, hint = f"{what} comes to {address} too: one object, one address", "take one of the two out"
    elif address in work.stack.blocks:
        text, hint = f"{what} is in state as {address}: one object, one address", "take one of the two out of the stack"
    else:
        text = f"{what} is in state as {address}: one object, one address"
        hint = f'write moved("{address}", "{change.address}") if this is its new label'
    return Finding.at(change, "EXISTS", text, hint=hint)

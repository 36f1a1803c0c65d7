"""What a stack says of its state: what has another address now, what is taken into state, what only leaves it.

Addresses are texts, because the old ones stand for nothing in the stack any more. Inside a module they are relative to
it, so that a shared design can say what moved in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from haplan.language.blocks import helper
from haplan.language.record import Recording, close_to, current, here, nearest
from haplan.language.refs import has_token
from haplan.language.taking import shown
from haplan.model.address import is_module, parse, quoted, within
from haplan.model.stack import Import, Move, Removal, followed
from haplan.model.value import Tree


@helper
def moved(old: str, new: str) -> None:
    """What state has at one address stands at another one now: nothing is deleted and created.

    Both name a resource, or both a module: ``moved("module.a", "module.b")``. What lives in a moved resource follows.
    """
    recording, location = current("moved(…)"), here()
    before, after = _address(recording, "moved", old), _address(recording, "moved", new)
    if not before or not after:
        return
    if is_module(before) != is_module(after):
        recording.mistake(
            f"moved: {before} and {after}: a module moves to a module, a resource to a resource", location
        )
    elif not is_module(before) and parse(before).type != parse(after).type:
        recording.mistake(f"moved: {before} and {after}: a move keeps the type", location)
    elif before == after:
        recording.mistake(f"moved: {before}: that is where it is", location)
    else:
        recording.moves.append(Move(before, after, location))


@helper
def imported(address: str, id: str) -> None:
    """An existing object is taken into state at the next apply, and made as its block says; once it is, ignored."""
    recording, location = current("imported(…)"), here()
    meant = _address(recording, "imported", address)
    if not isinstance(id, str) or not id or has_token(id):
        recording.mistake(f"imported: expected the id of an existing object, got {shown(id)}", location)
    elif is_module(meant):
        recording.mistake(f"imported: {meant}: a module has no id; name a resource", location)
    elif meant:
        recording.imports.append(Import(meant, id, location))


@helper
def removed(address: str, destroy: bool = False) -> None:
    """What left the stack, a resource or a module, leaves the state too and stays in the estate.

    Without it, and with `destroy`, it is deleted.
    """
    recording, location = current("removed(…)"), here()
    meant = _address(recording, "removed", address)
    if not isinstance(destroy, bool):
        recording.mistake(f"removed: destroy: expected True or False, got {shown(destroy)}", location)
    elif meant:
        recording.removals.append(Removal(meant, destroy, location))


def _address(recording: Recording, what: str, text: Any) -> str:
    """The full address of a resource or module, "" with the mistake recorded if it is none."""
    if not isinstance(text, str) or has_token(text):
        recording.mistake(f"{what}: expected an address as text, such as {'site.branch'!r}, got {shown(text)}")
        return ""
    full = "".join(f"module.{quoted(label)}." for label in recording.modules) + text
    if is_module(full):
        return full
    try:
        found = parse(full)
    except ValueError as error:
        recording.mistake(f"{what}: {error}")
        return ""
    if found.data:
        recording.mistake(f"{what}: {full}: a data source is in no state; it is read each time")
        return ""
    return str(found)


# --- Once the whole stack is known ------------------------------------------------------------------------------------


def check(recording: Recording) -> None:
    """Record what does not fit the blocks of the stack."""
    blocks = recording.resources
    _check_moves(recording, blocks)
    _check_imports(recording, blocks)
    for removal in recording.removals:
        there = next(_inside(blocks, removal.address), None)
        if there is not None:
            place = blocks[there].haplan_location.short
            text = f"removed: {there} is still in the stack, at {place}; take its block out, or this line"
            recording.mistake(text, removal.location)
        kind = "" if is_module(removal.address) else parse(removal.address).type
        if kind not in recording.types and close_to(kind, recording.types):  # else its plugin may be gone with it
            text = f"removed: no resource type {kind!r}{close_to(kind, recording.types)}"
            recording.mistake(text, removal.location)


def _check_moves(recording: Recording, blocks: Mapping[str, Tree]) -> None:
    by_old: dict[str, Move] = {}
    for move in recording.moves:
        first = by_old.setdefault(move.old, move)
        if first is not move:
            text = f"moved: {move.old} moves twice; first at {first.location.short}, to {first.new}"
            recording.mistake(text, move.location)
    for move in recording.moves:
        there = next(_inside(blocks, move.old), None)
        if there is not None:
            place = blocks[there].haplan_location.short
            text = f"moved: {there} is still in the stack, at {place}; what moved away leaves no block behind"
            recording.mistake(text, move.location)
        way = followed(move.old, recording.moves)
        if way[-1] in way[:-1]:
            recording.mistake(f"moved: in a circle: {' → '.join(way)}", move.location)
        elif not any(True for _ in _inside(blocks, way[-1])) and not _removed(recording, way[-1]):
            text = f"moved: there is no {way[-1]} in the stack{nearest(way[-1], blocks)}"
            recording.mistake(text, move.location)


def _check_imports(recording: Recording, blocks: Mapping[str, Tree]) -> None:
    first: dict[str, Import] = {}
    for one in recording.imports:
        if one.address not in blocks:
            text = f"imported: there is no {one.address} in the stack; declare it{nearest(one.address, blocks)}"
            recording.mistake(text, one.location)
        other = first.setdefault(one.address, one)
        if other is not one:
            recording.mistake(f"imported: {one.address} twice; first at {other.location.short}", one.location)
    _check_one_object(recording, blocks, first.values())


def _check_one_object(recording: Recording, blocks: Mapping[str, Tree], imports: Iterable[Import]) -> None:
    """One object has one address; what lives in another one may be told by a name that is not unique."""
    taken: dict[tuple[str, str, str], Import] = {}
    for one in imports:
        block = blocks.get(one.address)
        if block is None or block.haplan_owner is not None:
            continue
        other = taken.setdefault((block.haplan_type.name, getattr(block.provider, "key", ""), one.id), one)
        if other is not one:
            text = f"imported: {one.id} is imported as {other.address} too, at {other.location.short}; take one out"
            recording.mistake(text, one.location)


def _inside(addresses: Iterable[str], place: str) -> Iterator[str]:
    return (address for address in addresses if within(address, place))


def _removed(recording: Recording, address: str) -> bool:
    return any(within(address, removal.address) for removal in recording.removals)

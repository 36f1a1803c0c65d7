"""Devices that one write reaches: those that do not have it stand in the row of a resource until all have."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from haplan.model.document import Document
from haplan.model.value import Tree

MISSING = "missing"
"""Where it stands in a row's private part."""
FEW = 4


@attrs.frozen
class OnDevice:
    """What became of a write on one of the devices that it reaches.

    Attributes:
        name: What a person calls it.
        lacks: Why it does not have it; "" = it has it.
        id: The backend's id of the resource that it is: the stack's word for that is said instead of `name`.
        addresses: The changes that reach it; () = all that the write carries.
    """

    name: str
    lacks: str = ""
    id: str = ""
    addresses: tuple[str, ...] = ()


def reached(devices: Iterable[OnDevice], address: str) -> tuple[OnDevice, ...]:
    """Those that a change reaches."""
    return tuple(one for one in devices if not one.addresses or address in one.addresses)


def done_on(devices: Iterable[OnDevice]) -> str:
    """What became of one write for several devices, in a sentence."""
    listed = [*devices]
    lacking = "; ".join(f"{one.name}: {one.lacks}" for one in listed if one.lacks)
    return f"done on {sum(not one.lacks for one in listed)} of {len(listed)}: {lacking}"


def some(names: Iterable[str]) -> str:
    """Their names in a sentence; of many the first."""
    listed = [*names]
    if len(listed) > FEW:
        listed = [*listed[: FEW - 1], f"{len(listed) - FEW + 1} more"]
    *first, last = listed
    return f"{', '.join(first)} and {last}" if first else last


# --- What a row remembers ---------------------------------------------------------------------------------------------


def lacking(devices: Iterable[OnDevice]) -> Tree:
    """What is remembered of the devices that do not have a change; None where all have, or nobody told them apart."""
    listed = [*devices]
    on = [[one.name, one.lacks] for one in listed if one.lacks]
    return {"of": len(listed), "on": on} if on and len(listed) > 1 else None


def with_missing(private: Mapping[str, Tree], earlier: Mapping[str, Tree], document: Document, now: Tree) -> Tree:
    """A row's private part that says this of one document, and of others what it said before."""
    kept = {name: value for name, value in private.items() if name != MISSING}
    missing = {where: one for where, one in earlier.get(MISSING, {}).items() if where != str(document)}
    missing |= {str(document): now} if now else {}
    return {**kept, MISSING: missing} if missing else kept


def without_missing(private: Mapping[str, Tree]) -> Tree:
    """A row's private part of what all devices have."""
    return {name: value for name, value in private.items() if name != MISSING}


def missing(private: Mapping[str, Tree]) -> Iterator[tuple[str, str]]:
    """Name and reason of each device that a row says does not have it."""
    for one in private.get(MISSING, {}).values():
        yield from ((str(name), str(text)) for name, text in one["on"])


def count(private: Mapping[str, Tree]) -> int:
    """How many devices those writes reach of which some do not have it."""
    return sum(int(one["of"]) for one in private.get(MISSING, {}).values())


def renamed(private: Mapping[str, Tree], names: Mapping[str, str], documents: Mapping[str, str]) -> Mapping[str, Tree]:
    """A row's private part under other addresses."""
    if MISSING not in private:
        return private
    found = {
        documents.get(where, where): {**one, "on": [[names.get(name, name), text] for name, text in one["on"]]}
        for where, one in private[MISSING].items()
    }
    return {**private, MISSING: found}

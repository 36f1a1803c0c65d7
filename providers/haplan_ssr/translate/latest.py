"""Translations that somebody holds are not made again: a plan checks that of its stack, and compares with it later.

Ids, which are recorded alone, are in no configuration; nor is it another translation where the conductor is, but for
the leaves that say so.
"""

import weakref
from collections.abc import Callable, Mapping

import attrs

from haplan.design.index import Resource
from haplan.plugin import Tree
from haplan_ssr.translate.design import Terms
from haplan_ssr.translate.draft import Translation

MOST = 4
"""Translations that are looked at: of two providers of one stack what it wants and what is recorded."""
Pieces = Mapping[str, Resource]
"""By address."""


@attrs.frozen(eq=False, weakref_slot=True)
class _Made:
    """A translation and what it was made of."""

    pieces: Pieces
    terms: Terms
    translation: "weakref.ref[Translation]"


class Latest:
    """The translations that were made last, as long as others hold them.

    Threads: any. What is known is replaced whole; two threads may make the same one, and either is kept.
    """

    def __init__(self) -> None:
        self._made: tuple[_Made, ...] = ()

    def of(self, pieces: Pieces, terms: Terms, make: Callable[[], Translation]) -> Translation:
        """The translation of resources, made if nobody holds an equal one."""
        for one in self._made:
            held = one.translation()
            if held is not None and one.terms == terms and _alike(one.pieces, pieces):
                return held
        made = make()
        held_still = (one for one in self._made if one.translation() is not None)
        self._made = (_Made(pieces, terms, weakref.ref(made)), *held_still)[:MOST]
        return made


def _alike(some: Pieces, others: Pieces) -> bool:
    return some.keys() == others.keys() and all(_same(one, others[address]) for address, one in some.items())


def _same(one: Resource, other: Resource) -> bool:
    return (
        (one.type, one.name, one.owner, one.needs) == (other.type, other.name, other.owner, other.needs)
    ) and _without_id(one.values) == _without_id(other.values)


def _without_id(values: Mapping[str, Tree]) -> Mapping[str, Tree]:
    return {name: value for name, value in values.items() if name != "id"} if "id" in values else values

"""What is to be sent: wanted against live, on the statements that haplan owns and on no other.

Owned are those that it wants now, and those that it said before. What it overwrites or takes away of others is kept,
and given back when haplan lets go.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

import attrs

from haplan.plugin import kept_in_order
from haplan_srx.translate.statements import BUNDLES, SERVER, Configuration, Live, Path, Statement, Step, tag

ZONES: Path = ("security", "zones")
PRESENCE: frozenset[Path] = frozenset({("security", "policies"), ("services", "rpm"), ("services", "ip-monitoring")})
"""Containers outside lists that mean something when they are empty: they go with the last statement in them."""


@attrs.frozen
class Set:
    """Merge a statement."""

    path: Path
    values: tuple[str, ...] = ()
    secret: str = ""


@attrs.frozen
class Delete:
    """Take a statement away; with values, these of a leaf that stands several times."""

    path: Path
    values: tuple[str, ...] = ()


@attrs.frozen
class Insert:
    """Put a list entry behind another one, or in front of it."""

    path: Path
    where: Literal["after", "before"]
    other: str


@attrs.frozen
class Activate:
    """Switch on what is there and switched off."""

    path: Path


Edit: TypeAlias = Set | Delete | Insert | Activate


@attrs.frozen
class Difference:
    """What is to be sent, and what of others is lost by it: path → values, to be given back one day."""

    edits: tuple[Edit, ...]
    overwritten: Mapping[Path, tuple[str, ...]]

    @property
    def activated(self) -> tuple[Path, ...]:
        """What somebody had switched off, and is switched on."""
        return tuple(edit.path for edit in self.edits if isinstance(edit, Activate))


NOTHING = Configuration()


@attrs.frozen
class Scope:
    """What a difference is about.

    Attributes:
        paths: The statements that may be set or go.
        ordered: The order of policies is set too; else one that others moved stays where it is.
    """

    paths: frozenset[Path]
    ordered: bool = False

    def of(self, said: Configuration) -> Configuration:
        """The part of a configuration that it is about."""
        statements = {path: one for path, one in said.statements.items() if path in self.paths}
        inside = {(path[:-1], tag(path[-1])) for path in Configuration(statements).prefixes}
        ports = {step[1] for path in statements for step in path if tag(step) in ("interface", "member-interfaces")}
        sole = {
            path: elements
            for path, elements in said.sole.items()
            if any((path, one) in inside for one in elements) or (path[2:] == (BUNDLES,) and path[1][1] in ports)
        }
        return Configuration(statements, sole)

    def moves(self, insert: Insert, mine: Configuration, live: Live) -> bool:
        """True if an entry is to stand there: a new one, and one whose order is set."""
        inside = insert.path in mine.prefixes
        return inside and (self.ordered or tag(insert.path[-1]) == SERVER or not live.has(insert.path))


def difference(
    wanted: Configuration,
    owned: Configuration,
    live: Live,
    kept: Mapping[Path, tuple[str, ...]] | None = None,
    scope: Scope | None = None,
) -> Difference:
    """Work out the edits.

    Args:
        wanted: What is to be there.
        owned: What haplan said before.
        kept: What it once overwrote: given back with what is let go.
        scope: What this is about; what else differs is left as it runs. None is about all of it.
    """
    kept = kept or {}
    wanted = _no_fewer(wanted, owned, live)
    mine, had = (wanted, owned) if scope is None else (scope.of(wanted), scope.of(owned))
    sets = list(_sets(mine, owned, live))
    gone = _gone(mine, had, live, wanted.prefixes)
    overwritten = _overwritten(mine, owned, live, gone)
    given = [Set(path, values) for path, values in kept.items() if _free(path, wanted) and _lets_go(path, owned)]
    for edit in given:
        _without(gone, edit, owned, live)
    given = [as_was for edit in given if (as_was := _as_it_was(edit, gone, live)).values or not edit.values]
    deletes = _deletes(gone, wanted, live, keep=[edit.path for edit in given])
    inserts = (
        one
        for one in _inserts(wanted, live, {edit.path for edit in deletes if not edit.values})
        if scope is None or scope.moves(one, mine, live)
    )
    return Difference((*deletes, *sets, *given, *_activations(mine, live), *inserts), overwritten)


def drifted(wanted: Configuration, live: Live) -> tuple[Statement, ...]:
    """The statements that are not on a device as they were said, each as said; name servers also in another order."""
    misplaced = _misplaced(wanted, live)
    return tuple(one for one in wanted.statements.values() if one.path in misplaced or not _stands(one, live))


def _misplaced(wanted: Configuration, live: Live) -> set[Path]:
    """Of what is only listed; policies and what follows from them are known by their own order."""
    found: set[Path] = set()
    for (parent, element), entries in wanted.sequences().items():
        if element == SERVER:
            kept = kept_in_order([step[1] for step in entries], [step[1] for step in live.sequence(parent, element)])
            found |= {(*parent, step) for step in entries if step[1] not in kept}
    return found


# --- what is added or changed ---


def _sets(wanted: Configuration, owned: Configuration, live: Live) -> Iterator[Set]:
    for one in wanted.statements.values():
        before = owned.statements.get(one.path)
        if one.secret:
            if live.holds(one.path, one.values[0]):
                continue
            if not live.has(one.path) or before is None or before.values != one.values or not _stands(one, live):
                yield Set(one.path, secret=one.secret)
        elif not _stands(one, live):
            values = live.values.get(one.path, ()) if one.many and not live.off(one.path) else ()
            missing = tuple(value for value in one.values if value not in values)
            if missing or not one.values:
                yield Set(one.path, missing)


def _activations(wanted: Configuration, live: Live) -> Iterator[Activate]:
    """What was switched off by hand, itself or above, and is wanted."""
    prefixes = wanted.prefixes if live.inactive else frozenset()
    yield from (Activate(path) for path in sorted(live.inactive, key=str) if path in prefixes)


def _stands(one: Statement, live: Live) -> bool:
    if not live.has(one.path):
        return False
    if one.secret or not one.values:
        return not one.secret or not live.differs(one.path, one.values[0])
    there = live.values.get(one.path, ())
    if one.holds(there):
        return True
    if one.shared:
        return set(one.values) <= set(there)
    return set(one.values) == set(there) if one.many else one.values == there


def _no_fewer(wanted: Configuration, owned: Configuration, live: Live) -> Configuration:
    """With numbers that leave others what they have: of reths no fewer than somebody uses, and no fewer than there were
    before haplan counted them."""
    statements = dict(wanted.statements)
    for path, one in owned.statements.items():
        there = live.values.get(path, ())
        if one.least and path not in statements and there and (there != one.values or _used(live, owned)):
            count = there[0] if there != one.values else str(_used(live, owned))
            statements[path] = attrs.evolve(one, values=(count,), least=False)
    for path, one in wanted.statements.items():
        before, there = owned.statements.get(path), live.values.get(path, ())
        if not one.least:
            continue
        least = max(int(one.values[0]), _used(live, owned))
        if before is not None and there == before.values and least < int(there[0]):
            statements[path] = attrs.evolve(one, values=(str(least),), least=False)  # haplan's own number goes down
        elif least != int(one.values[0]):
            statements[path] = attrs.evolve(one, values=(str(least),))
    return attrs.evolve(wanted, statements=statements) if statements != wanted.statements else wanted


def _used(live: Live, owned: Configuration) -> int:
    """One more than the highest reth that others configured."""
    names = (step[1] for step in live.sequence(("interfaces",), "interface") if isinstance(step, tuple)
             if ("interfaces", step) not in owned.prefixes)  # fmt: skip
    numbers = (name.removeprefix("reth") for name in names if name.startswith("reth"))
    return max((int(number) + 1 for number in numbers if number.isdigit()), default=0)


# --- what goes ---


def _gone(
    wanted: Configuration, owned: Configuration, live: Live, prefixes: frozenset[Path]
) -> dict[Path, tuple[str, ...]]:
    """Path → what goes there: all of it where there are no values; `prefixes` are those of all that is to be there."""
    gone: dict[Path, tuple[str, ...]] = {}
    for one in owned.statements.values():
        if one.path in wanted.statements or not live.has(one.path):
            continue
        if one.shared:
            gone[one.path] = tuple(value for value in one.values if value in live.values.get(one.path, ()))
        elif one.path in live.values and one.path not in prefixes:
            gone[one.path] = ()
    for one in wanted.statements.values():
        if one.many and not one.shared:
            extra = tuple(value for value in live.values.get(one.path, ()) if value not in one.values)
            if extra:
                gone[one.path] = extra
    for path in _not_alone(wanted, live, prefixes):
        for leaf, _ in live.below(path):
            gone[leaf] = ()
    return gone


def _without(gone: dict[Path, tuple[str, ...]], given: Set, owned: Configuration, live: Live) -> None:
    """What is given back need not go first: a leaf takes the old value; of one with several, ours go."""
    one = owned.statements.get(given.path)
    if gone.pop(given.path, None) is not None and one is not None and one.many:
        there = [value for value in live.values.get(given.path, ()) if value in one.values or not one.shared]
        ours = tuple(value for value in there if value not in given.values)
        gone |= {given.path: ours} if ours else {}


def _as_it_was(given: Set, gone: dict[Path, tuple[str, ...]], live: Live) -> Set:
    """What is given back of a leaf that stands several times comes in its order: what would stand in front of what
    came before it goes, and is set anew."""
    if len(given.values) < 2:
        return given
    left = [value for value in live.values.get(given.path, ()) if value in given.values]
    same = next((at for at, value in enumerate(left) if value != given.values[at]), len(left))
    if left[same:]:
        gone[given.path] = (*gone.get(given.path, ()), *left[same:])
    return attrs.evolve(given, values=given.values[same:])


def _not_alone(wanted: Configuration, live: Live, prefixes: frozenset[Path]) -> Iterator[Path]:
    """Elements of others that may not stand beside haplan's: a second address, another action, another zone."""
    for parent, elements in wanted.sole.items():
        for step in live.children.get(parent, ()):
            if tag(step) in elements and (*parent, step) not in prefixes:
                yield (*parent, step)
    mine = _zoned(prefixes)
    for zone in live.children.get(ZONES, ()):
        for step in live.children.get((*ZONES, zone), ()):
            if mine.get(step, zone) != zone:
                yield (*ZONES, zone, step)


def _zoned(prefixes: frozenset[Path]) -> dict[Step, Step]:
    """The zone of each interface."""
    found = (path for path in prefixes if len(path) == 4 and path[:2] == ZONES and tag(path[3]) == "interfaces")
    return {path[3]: path[2] for path in found}


def _deletes(
    gone: Mapping[Path, tuple[str, ...]], wanted: Configuration, live: Live, keep: Iterable[Path]
) -> list[Delete]:
    """Deletions: the outermost entry in which nothing of others and nothing wanted stands, else the leaf."""
    if not gone:
        return []
    whole = dict.fromkeys(path for path, values in gone.items() if not values)
    stays = wanted.prefixes | {path[:depth] for path in keep for depth in range(1, len(path) + 1)}
    left: dict[Path, int] = {}
    for path in live.values:
        for depth in range(1, len(path) + 1):
            left[path[:depth]] = left.get(path[:depth], 0) + (path not in whole)
    found: dict[Path, None] = {}
    for path in whole:
        top = len(path)
        tops = (at for at, step in enumerate(path, start=1) if isinstance(step, tuple) or path[:at] in PRESENCE)
        least = next(tops, top)
        while top > least and not left.get(path[: top - 1], 0) and path[: top - 1] not in stays:
            top -= 1
        found[path[:top]] = None
    return [
        *(Delete(path) for path in found if not any(path[:depth] in found for depth in range(1, len(path)))),
        *(Delete(path, values) for path, values in gone.items() if values),
    ]


# --- order ---


def _inserts(wanted: Configuration, live: Live, going: Collection[Path]) -> Iterator[Insert]:
    """Put the entries of ordered lists behind one another as wanted; as few as can be are moved.

    What is new is appended by the merge. Entries of others stay where they are.
    """
    for (parent, element), entries in wanted.sequences().items():
        there = [step[1] for step in live.sequence(parent, element) if (*parent, step) not in going]
        names = [step[1] for step in entries]
        kept = kept_in_order(names, there)
        for place, name in enumerate(names):
            later = next((other for other in names[place + 1 :] if other in kept), "")
            first = element == SERVER and there and not kept  # what is asked first comes first, in front of others'
            if name in kept or (name not in there and not later and not first):
                continue
            path = (*parent, (element, name))
            yield Insert(path, "after", names[place - 1]) if place else Insert(path, "before", later or there[0])


# --- what is kept of others ---


def _overwritten(
    wanted: Configuration, owned: Configuration, live: Live, gone: Mapping[Path, tuple[str, ...]]
) -> dict[Path, tuple[str, ...]]:
    found: dict[Path, tuple[str, ...]] = {}
    for path, values in gone.items():
        if path not in owned.statements and not _under_sole(path, owned):
            found[path] = values or live.values.get(path, ())
    for one in wanted.statements.values():
        there = live.values.get(one.path)
        if there is None or one.path in owned.statements:
            continue
        if not one.shared:
            found.setdefault(one.path, there)
        elif set(one.values) & set(there):
            found[one.path] = tuple(value for value in one.values if value in there)
    for path in wanted.prefixes - owned.prefixes:
        if path in live.values and path not in wanted.statements:
            found[path] = live.values[path]  # an empty container that means something
    return found


def _lets_go(path: Path, owned: Configuration) -> bool:
    """True if what is kept was overwritten by something haplan still owned until now."""
    return path in owned.prefixes or _under_sole(path, owned) or _of_our_zone(path, owned)


def _free(path: Path, wanted: Configuration) -> bool:
    return path not in wanted.prefixes and not _under_sole(path, wanted) and not _of_our_zone(path, wanted)


def _under_sole(path: Path, said: Configuration) -> bool:
    """True if elements there are haplan's only."""
    return any(tag(path[depth]) in said.sole.get(path[:depth], ()) for depth in range(1, len(path)))


def _of_our_zone(path: Path, said: Configuration) -> bool:
    """True if it puts an interface into a zone that haplan has in one."""
    return len(path) > 3 and path[:2] == ZONES and path[3] in _zoned(said.prefixes)

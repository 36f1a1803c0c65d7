"""Refresh: what is there of each resource, from one read of the tree.

A conductor holds no templates and no variables, so what is read cannot be turned back into a stack. It is compared
instead with what the recorded and the wanted resources would give: where the authority has that, the attribute is as
recorded or as wanted; where it has something else, the attribute becomes a text that says what and where. No order of
entries is told: on a conductor it means nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import attrs

from haplan.design import resources
from haplan.plugin import (
    Action,
    Change,
    Entries,
    Query,
    Reading,
    Reason,
    Row,
    Seen,
    Target,
    Tree,
    at_path,
    decode,
    is_mapping,
)
from haplan_ssr.managed import Unmanaged, unmanaged
from haplan_ssr.others import Others
from haplan_ssr.private import Found, Private, found_before
from haplan_ssr.rest import Asset
from haplan_ssr.translate import Given, Terms, Translation, clean, documents, translate
from haplan_ssr.translate.draft import Way
from haplan_ssr.translate.edits import any_above, stands
from haplan_ssr.translate.tree import AUTHORITY, Flat, Path, is_entry, name_of, parents, words

Leaves = dict[Way, list[tuple[Path, Given]]]
MOST = 3
"""Differences that a text names before it counts the rest."""


@attrs.frozen(kw_only=True)
class Look:
    """One look at the authority.

    Attributes:
        live: What runs.
        recorded: What the recorded resources give.
        wanted: The same, with the targets as they are wanted.
        sites: Router → its site.
        assets: As the conductor lists them; None if they were not asked for.
        version: The conductor's software.
        notes: Lines for people.
        release: The conductor's, as numbers.
        rows: What is recorded.
    """

    live: Flat
    recorded: Translation
    wanted: Translation
    sites: Mapping[str, str] = attrs.field(factory=dict)
    assets: tuple[Asset, ...] | None = None
    version: str = ""
    notes: tuple[str, ...] = ()
    release: tuple[int, ...] = ()
    rows: Mapping[str, Row] = attrs.field(factory=dict)

    @cached_property
    def moving(self) -> Mapping[str, tuple[Path, ...]]:
        """Address → the paths that it has a part in and that are not as they are to be."""
        found: dict[str, list[Path]] = {}
        for path in self._not_there():
            given = self.wanted.entries.get(path) or self.recorded.entries[path]
            for source in dict.fromkeys(source.address for source in given.sources):
                found.setdefault(source, []).append(path)
        return {address: tuple(paths) for address, paths in found.items()}

    def _not_there(self) -> Iterator[Path]:
        """What is not as it is to be."""
        live, recorded, wanted = self.live, self.recorded.entries, self.wanted.entries
        yield from (path for path, given in wanted.items() if not stands(live, path, given.value))
        if recorded is not wanted:
            yield from (path for path in recorded if path not in wanted and path in live)

    def says(self, change: Change) -> bool:
        """False for another name that the authority has nowhere, such as that of a template."""
        before, after = change.before or {}, change.after or {}
        changed = {key for key in {**before, **after} if before.get(key) != after.get(key)}
        renamed = change.action is Action.UPDATE and changed == {"name"} and change.reason is not Reason.RESUMED
        return not renamed or bool(self.moving.get(change.address))

    @cached_property
    def awaited(self) -> Mapping[str, frozenset[Way]]:
        """Address → its attributes with a part in what the stack changes and what does not run so yet.

        Who has a part in an entry has one in what is right below it, too.
        """
        found: dict[str, set[Way]] = {}
        sides = (self.recorded.entries, self.wanted.entries)
        for path in self._changing() if self.recorded is not self.wanted else ():
            entry = next(one for one in parents(path) if is_entry(one) or one == AUTHORITY)
            for given in filter(None, (side.get(at) for side in sides for at in (path, entry))):
                for source in given.sources:
                    found.setdefault(source.address, set()).add(source.way)
        return {address: frozenset(ways) for address, ways in found.items()}

    def _changing(self) -> Iterator[Path]:
        """What the stack has otherwise than it is recorded, and what does not run so."""
        recorded, wanted = self.recorded.entries, self.wanted.entries
        for path in self._not_there():
            then, want = recorded.get(path), wanted.get(path)
            if then is None or want is None or then.value != want.value:
                yield path

    @cached_property
    def shared(self) -> Mapping[str, Found]:
        """Address → what it shares with others, and conductors mostly come with: security policies that are there.

        A resource that comes into state with what it finds never takes them away.
        """
        found: dict[str, Found] = {}
        for path, given in self.wanted.entries.items():
            if len(path) == 2 and name_of(path[1]) == "security" and path in self.live:
                for source in given.sources:
                    found.setdefault(source.address, {})[path] = None
        return found

    @cached_property
    def by_entry(self) -> Mapping[Path, tuple[Path, ...]]:
        """Entry of the authority → what runs of it."""
        found: dict[Path, list[Path]] = {}
        for path in self.live:
            found.setdefault(path[:2], []).append(path)
        return {entry: tuple(paths) for entry, paths in found.items()}

    @cached_property
    def given_by(self) -> Mapping[str, tuple[Path, ...]]:
        """Address → the recorded paths that it has a part in."""
        found: dict[str, dict[Path, None]] = {}
        for path, given in self.recorded.entries.items():
            for source in given.sources:
                found.setdefault(source.address, {})[path] = None
        return {address: tuple(paths) for address, paths in found.items()}

    @cached_property
    def kept(self) -> frozenset[Path]:
        """What was there before haplan."""
        return frozenset(found_before(self.rows.values()))

    @cached_property
    def gone(self) -> frozenset[Path]:
        """Entries of resources that are not there: what others gave in them went along, and comes back with them."""
        return frozenset(one for one in self.recorded.own.values() if one not in self.live)

    def router_of(self, name: str) -> str:
        """The address of the cluster that is a router."""
        path = (*AUTHORITY, ("router", name))
        given = self.wanted.entries.get(path) or self.recorded.entries.get(path)
        return given.sources[0].address if given is not None else ""

    @cached_property
    def others(self) -> Others:
        """What others have where something is wanted."""
        return Others(self.live, self.recorded, self.wanted)

    @cached_property
    def flat(self) -> Flat:
        """What is wanted."""
        return self.wanted.flat()


def look(live: Flat | None, query: Query, terms: Terms) -> Look:
    """Compare the authority with what is recorded and wanted; without one, all counts as recorded."""
    known = resources.recorded(query.recorded)
    recorded = translate(known.values(), terms)
    # what leaves the stack is compared as it was recorded
    both = resources.wanted(known, [target for target in query.targets if not target.leaving])
    wanted = translate(both.values(), terms)
    if live is None:
        live, bare = recorded.flat(), Unmanaged()
    else:
        bare = unmanaged(terms, recorded, query.recorded, live)
    ours = bare.without(recorded)
    return Look(
        live=live,
        recorded=ours,
        wanted=ours if wanted is recorded else bare.without(wanted),
        sites=_sites(query),
        notes=bare.notes(),
        release=terms.release,
        rows=query.recorded,
    )


def _sites(query: Query) -> dict[str, str]:
    """Router → site, of the clusters that are recorded or asked about."""
    recorded = {row.name: str(row.values.get("site") or "") for row in query.recorded.values() if row.type == "cluster"}
    asked = {target.name: str(target.values.get("site") or "") for target in query.targets if target.type == "cluster"}
    return {clean(name): site for name, site in {**recorded, **asked}.items()}


def read(at: Look, query: Query) -> Reading:
    """Every target as it is."""
    new = attrs.evolve(at, recorded=at.wanted)
    recorded = _by_source(at.recorded)
    wanted = recorded if at.wanted is at.recorded else _by_source(at.wanted)
    found = []
    for target in query.targets:
        known = target.row is not None and target.address in query.recorded
        here, then = (at, recorded) if known else (new, wanted)
        if _is_there(here, target, wanted.get(target.address, {}), known=known):
            found.append(_seen(here, target, then.get(target.address, {}), wanted.get(target.address, {})))
    return Reading(seen={one.address: one for one in found}, unowned={documents.AUTHORITY: strangers(at)})


def _by_source(translation: Translation) -> dict[str, Leaves]:
    """Address → attribute → entries and leaves that it answers for."""
    found: dict[str, Leaves] = {}
    for path, given in translation.entries.items():
        first = given.sources[0]
        found.setdefault(first.address, {}).setdefault(first.way, []).append((path, given))
    return found


def _seen(at: Look, target: Target, then: Leaves, wanted: Leaves) -> Seen:
    """A resource by what it gave when it was recorded; what no state has any more, as what is new, by what it is to
    give."""
    values = dict(decode(target.row.values)) if target.row is not None else dict(target.values)
    for way in sorted({**then, **wanted}):
        values = _with_way(at, values, way, then.get(way, ()), wanted.get(way, ()), target)
    name = target.row.name if target.row is not None else target.name
    # what is in no state is known by what it is, whatever id a person asked for
    identity = (target.id if target.row is not None else "") or identity_of(target.type, target.name)
    values = {name: dict(value) if isinstance(value, Entries) else value for name, value in values.items()}
    values |= {"name": name, "id": identity}
    found = at.shared.get(target.address) if target.row is None else None
    private = Private(found=found).plain() if found else {}
    return Seen(
        address=target.address,
        id=identity,
        values=values,
        private=private,
        found_by_name=target.row is None,
    )


def identity_of(type_name: str, name: str) -> str:
    """The id of a resource: a conductor knows objects by name."""
    return name if type_name in ("cluster", "network", "steering", "policy") else f"{type_name}:{name}"


def _is_there(at: Look, target: Target, wanted: Leaves, *, known: bool) -> bool:
    """A resource with an entry of its own is there if that is; another one if it is recorded, or all of it is there."""
    was, to_be = at.recorded.own.get(target.address), at.wanted.own.get(target.address)
    if was is not None:
        return was in at.live or (to_be is not None and to_be in at.live)
    if known:
        return True
    given = [one for found in wanted.values() for one in found]
    return target.pending and bool(given) and not _different(at.live, given)


def _with_way(
    at: Look, values: dict[str, Tree], way: Way, then: Iterable[Any], wanted: Iterable[Any], target: Target
) -> dict[str, Tree]:
    """The values with one attribute as the authority has it: as wanted only if all that it has a part in is so."""
    want = at_path(target.values, way)
    told = wanted and _given(then) != _given(wanted)  # where both say the same, what runs tells neither from the other
    if told and not _different(at.live, wanted) and way not in at.awaited.get(target.address, ()):
        return values if is_mapping(want) or want is None else _put(values, way, want)
    moved = [path for path in _different(at.live, then) if not (at.gone and any_above(path, at.gone))]
    return _put(values, way, _text(at.live, moved)) if moved else values


def _given(paths: Iterable[tuple[Path, Given]]) -> dict[Path, Tree]:
    return {path: one.value for path, one in paths}


def _different(live: Flat, given: Iterable[tuple[Path, Given]]) -> list[Path]:
    return [path for path, one in given if not stands(live, path, one.value)]


def _put(values: dict[str, Tree], way: Way, value: Tree) -> dict[str, Tree]:
    """The values with something else at a way; where a part of the way says already that it differs, that stays."""
    if len(way) == 1:
        return {**values, way[0]: value}
    below = values.get(way[0])
    return {**values, way[0]: _put(dict(below), way[1:], value)} if is_mapping(below) else values


def _text(live: Flat, moved: list[Path]) -> str:
    among = set(moved)
    shown = [path for path in moved if not any_above(path, among)]
    said = [_said(live, path) for path in shown[:MOST]]
    return "; ".join(said) + (f"; and {len(shown) - MOST} more" if len(shown) > MOST else "")


def _said(live: Flat, path: Path) -> str:
    if path not in live:
        return f"{words(path)}: missing"
    value = live[path]
    said = f"{words(path)}: {', '.join(map(str, value)) if isinstance(value, tuple) else value}"
    return f"{said} (another box)" if path[-1] == "asset-id" else said


def _is_ours(at: Look, path: Path) -> bool:
    """True of what stands in an entry that haplan owns."""
    entry = next((one for one in parents(path) if is_entry(one)), None)
    return entry in at.recorded.entries or entry in at.wanted.entries


def strangers(at: Look) -> tuple[str, ...]:
    """What stands inside what haplan owns and nobody here owns, entries and leaves: it stays."""
    recorded, wanted = at.recorded.entries, at.wanted.entries
    return tuple(
        f"{words(path)} is not in the stack"
        for path, value in at.live.items()
        if path not in recorded and path not in wanted and value != () and _is_ours(at, path)
    )

"""Diff: wanted against seen, remembering recorded. Gives the changes, in order of the graph."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from haplan.contracts import Seen
from haplan.model import value as model
from haplan.model.address import parse
from haplan.model.compare import (
    Unordered,
    alike,
    differences,
    holds,
    lost,
    merged,
    owned,
    seen_as,
    stands_at,
    unordered,
    without,
)
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, replaced_because
from haplan.model.prior import nested, restored, with_prior
from haplan.model.schema import TypeInfo
from haplan.model.selection import Selection
from haplan.model.stack import Block, Lifecycle, Stack
from haplan.model.state import Row, State
from haplan.model.triggers import fired
from haplan.model.value import Path, Tree


@attrs.frozen
class Difference:
    """What a diff gives.

    Attributes:
        changes: In order of the graph, deletions last in reverse; no-ops left out.
        unchanged: How many stay as they are.
        same: Address → what would be the change of those whose list has an order, for a reorder.
        findings: Reasons to refuse.
        known: Address → values known now, for references.
        readable: Address → name of data sources that can be read now that their names are known.
    """

    changes: tuple[Change, ...]
    unchanged: int
    same: Mapping[str, Change]
    findings: tuple[Finding, ...]
    known: Mapping[str, Mapping[str, Tree]]
    readable: Mapping[str, str]


@attrs.define
class _Diff:
    stack: Stack
    state: State
    seen: Mapping[str, Seen]
    types: Mapping[str, TypeInfo]
    selection: Selection
    fingerprint: Callable[[model.Secret], model.Secret]
    pending: frozenset[str]
    read: Mapping[str, str]
    readable: dict[str, str] = attrs.field(factory=dict)
    known: dict[str, dict[str, Tree]] = attrs.field(factory=dict)
    findings: list[Finding] = attrs.field(factory=list)
    unchanged: int = 0
    same: dict[str, Change] = attrs.field(factory=dict)
    changes: dict[str, Change] = attrs.field(factory=dict)


def diff(
    stack: Stack,
    order: Iterable[str],
    state: State,
    seen: Mapping[str, Seen],
    types: Mapping[str, TypeInfo],
    selection: Selection,
    fingerprint: Callable[[model.Secret], model.Secret],
    read: Mapping[str, str] | None = None,
) -> Difference:
    """Compare.

    Args:
        order: Addresses of the stack, each after what it depends on.
        seen: From refresh.
        fingerprint: Resolves a secret and gives it back with its fingerprint, or unchanged where it cannot.
        read: Address → name under which data sources were read whose name was not known before.
    """
    pending = state.unsettled()
    work = _Diff(stack, state, seen, types, selection, fingerprint, pending, read or {})
    for address in order:
        change = _wanted(work, stack.blocks[address])
        if change is not None:
            work.changes[address] = change
    _spread_create_first(work)
    going = [_delete(work, row) for row in _leaving(work)]
    changes, findings = (*work.changes.values(), *going), tuple(work.findings)
    return Difference(changes, work.unchanged, work.same, findings, work.known, work.readable)


# --- Wanted resources -------------------------------------------------------------------------------------------------


def _wanted(work: _Diff, block: Block) -> Change | None:
    row, seen = work.state.row(block.address), work.seen.get(block.address)
    if block.data:
        return _data(work, block, seen)
    if not work.selection.has(block.address):
        _know(work, block.address, {**model.decode(row.values), "id": row.id} if row else {}, seen)
        return None
    after = _after(work, block)
    work.findings += _misfits(block, after, work.types[block.type])
    if row is None:
        return _new(work, block, after, seen)
    if seen is None:
        _know(work, block.address, {}, None, _literal(after))
        return _base(block, Action.CREATE, "gone", after, row, id="", private={})
    recorded = model.decode(row.values)
    if _untouched(work, block, after, row, recorded, seen):
        _know(work, block.address, recorded, seen, after)
        work.unchanged += 1
        return None
    return _compare(work, block, after, row, recorded, seen)


def _after(work: _Diff, block: Block) -> dict[str, Tree]:
    """Wanted values with everything resolved that is known now; the rest stays a reference."""
    values = {**block.values, "extra": block.extra} if block.extra else block.values
    known = model.known_leaf(work.known)

    def leaf(tree: Tree) -> Tree:
        found = known(tree)
        return work.fingerprint(found) if isinstance(found, model.Secret) else found

    return dict(model.transform(values, leaf))


def _misfits(block: Block, after: Mapping[str, Tree], kind: TypeInfo) -> Iterator[Finding]:
    """What came by reference and is not what the attribute takes; what is not known yet is looked at in the apply."""
    for name, value in block.values.items():
        if isinstance(value, model.Ref | model.Text) and (why := kind.misfit(name, after.get(name))):
            sources = " and ".join(dict.fromkeys(map(str, model.references(value))))
            text = f"{name}: {why}; it comes from {sources}"
            yield Finding("VALUE", "error", block.address, text, str(block.location))


def _know(
    work: _Diff,
    address: str,
    recorded: Mapping[str, Tree],
    seen: Seen | None,
    after: Mapping[str, Tree] | None = None,
) -> None:
    """Remember what references to an address may use now: declared values, and the computed ones where they stay."""
    known: dict[str, Tree] = {**recorded, **(after or {})}
    if seen is not None:
        kind = work.types[work.stack.blocks[address].type]
        computed = {name: seen.values[name] for name in kind.computed if name in seen.values}
        known = {**known, **computed, "id": seen.id}
    work.known[address] = known


def _forget_computed(work: _Diff, address: str, *but: str) -> None:
    """A change may give other computed values: references wait for them."""
    for name in work.types[work.stack.blocks[address].type].computed:
        if name not in but:
            work.known[address].pop(name, None)


def _base(block: Block, action: Action, reason: str, after: Mapping[str, Tree], row: Row | None, **more: Any) -> Change:
    known: dict[str, Any] = {"id": row.id, "serial": row.serial, "private": row.private} if row else {}
    return Change(
        address=block.address,
        type=block.type,
        name=str(block.name),
        provider=block.provider,
        action=action,
        reason=reason,
        after=after,
        owner=block.owner,
        sensitive=block.sensitive,
        extra=block.extra,
        depends_on=tuple(reference.address for reference in block.references),
        lifecycle=block.lifecycle,
        location=str(block.location),
        **{**known, **more},
    )


def _new(work: _Diff, block: Block, after: Mapping[str, Tree], seen: Seen | None) -> Change:
    kind = work.types[block.type]
    adopted = work.selection.adopting.get(block.address, "")
    if seen is None or adopted not in ("", seen.id):
        _know(work, block.address, {}, None, _literal(after))
        work.findings += [_nowhere(block, adopted)] if adopted else []
        return _base(block, Action.CREATE, "new", after, None)
    _know(work, block.address, {}, seen, _literal(after))
    holder = _holder(work, block, seen)
    if holder is not None:
        work.findings.append(_held(block, seen, holder))
    if block.address in work.selection.importing:
        live = seen_as(after, seen.values, {}, kind.local)
        base = _base(block, Action.IMPORT, "taken into state", live, None)
        private = with_prior(seen.private, live, {}, live, kind.attributes)
        return attrs.evolve(base, before=live, id=seen.id, importing=seen.id, private=private)
    resumed = block.address in work.pending or seen.status == "incomplete"
    if not (kind.takes_over or resumed or holder or adopted):
        text = (
            f"a {block.type.replace('_', ' ')} named {block.name!r} exists already (id {seen.id}) and is not in state"
        )
        hint = f"run: haplan import {block.address} {seen.id}; or give this one another name="
        work.findings.append(Finding("EXISTS", "error", block.address, text, str(block.location), hint))
    reason = "resume" if resumed else "taken into state" if adopted else "taken over"
    base = _base(block, Action.IMPORT, reason, after, None)
    before = seen_as(after, seen.values, {}, kind.local)
    private = dict(seen.private) if resumed else with_prior(seen.private, after, {}, before, kind.attributes)
    half, name = seen.status == "incomplete", seen.values.get("name", block.name)
    if name != str(block.name):
        before, after = {"name": name, **before}, {"name": str(block.name), **after}
    base = attrs.evolve(base, before=before, after=after, private=private)
    return attrs.evolve(base, id=seen.id, importing=seen.id, incomplete=half)


def _holder(work: _Diff, block: Block, seen: Seen) -> Row | None:
    """The row that has the same object under another address: to take it over here and delete it there loses it."""
    place = parse(block.address)
    for row in work.state.rows.values():
        if row.deposed or (row.type, row.provider, row.id) != (block.type, block.provider, seen.id):
            continue
        there = parse(row.address)
        if not block.owner or (there.module, there.owner) == (place.module, place.owner):
            return row
    return None


def _nowhere(block: Block, id_: str) -> Finding:
    text = f"imported: there is no {block.type.replace('_', ' ')} with id {id_}"
    return Finding("MISSING", "error", block.address, text, str(block.location), "mend the id, or take the line out")


def _held(block: Block, seen: Seen, holder: Row) -> Finding:
    text = (
        f"this {block.type.replace('_', ' ')} (id {seen.id}) is in state as {holder.address}: one object, one address"
    )
    hint = f'write moved("{holder.address}", "{block.address}") if this is its new label'
    return Finding("EXISTS", "error", block.address, text, str(block.location), hint)


def _literal(after: Mapping[str, Tree]) -> dict[str, Tree]:
    """The values that hold no reference: known before the resource is there."""
    return {name: value for name, value in after.items() if not any(True for _ in model.references(value))}


def _untouched(work: _Diff, block: Block, after: Tree, row: Row, recorded: Mapping[str, Tree], seen: Seen) -> bool:
    """True where stack, state and estate have the very same words and nothing asks for more: most of a large stack."""
    kind = work.types[block.type]
    asked = row.status != "ok" or seen.status == "incomplete" or block.address in work.selection.replace
    followed = block.lifecycle.ignore_changes or block.lifecycle.triggers
    if asked or kind.ordered or followed or _noted_otherwise(block, row):
        return False
    there = {**seen.values, **{name: recorded[name] for name in kind.local if name in recorded}}
    same_name = str(block.name) == seen.values.get("name", row.name)
    return same_name and alike(after, _declared(row, recorded)) and holds(there, after)


def _compare(
    work: _Diff, block: Block, after: dict[str, Tree], row: Row, recorded: Mapping[str, Tree], seen: Seen
) -> Change | None:
    kind, declared = work.types[block.type], _declared(row, recorded)
    after = _ignoring(after, block.lifecycle, seen.values, recorded)
    before = seen_as(merged(after, declared), seen.values, recorded, kind.local)
    left = tuple(lost(declared, after))
    gone = tuple(path for path in left if path[0] not in block.lifecycle.leave and stands_at(before, path))
    private = with_prior(row.private, after, declared, before, kind.attributes)
    after = restored(after, gone, row.private)
    before = without(before, tuple(path for path in left if path not in gone))
    if row.owner == block.owner:  # a renamed owner is the same owner
        before = {**before, **{name: after[name] for name in kind.owned_by if name in after and name in before}}
    sets = unordered(kind.attributes, after)
    paths = tuple(differences(after, before, sets))
    there = seen.values.get("name", row.name)
    if str(block.name) != there:
        before, after = {"name": there, **before}, {"name": str(block.name), **after}
        paths = (("name",), *paths)
    _know(work, block.address, recorded, seen, _literal(after))
    private = {**private, **seen.private}
    base = _base(block, Action.UPDATE, "", after, row, before=before, id=seen.id, unset=gone, private=private)
    forced = _replaced(work, block, row, base, paths)
    if forced is not None:
        return forced
    if paths:
        _forget_computed(work, block.address, "id")
        return attrs.evolve(base, reason=_reason({**recorded, "name": row.name}, after, gone, paths, sets))
    if row.status in ("pending", "incomplete", "in_doubt") or seen.status == "incomplete":
        return attrs.evolve(base, reason="resume", incomplete=True)
    if left or _moved_on(block, row, recorded, after, sets):
        return attrs.evolve(base, reason="remembered")
    work.unchanged += 1
    if kind.ordered:
        work.same[block.address] = base
    return None


def _declared(row: Row, recorded: Mapping[str, Tree]) -> dict[str, Tree]:
    return {name: value for name, value in recorded.items() if name in row.declared}


def _replaced(work: _Diff, block: Block, row: Row, base: Change, paths: tuple[Path, ...]) -> Change | None:
    """The change as a replacement, if anything asks for one."""
    attributes = work.types[block.type].attributes
    forcing = tuple(path for path in paths if str(path[0]) in attributes and attributes[str(path[0])].replaces)
    if row.status == "tainted":
        why = "tainted"
    elif forcing:
        why = replaced_because(forcing, base.after)
    elif block.address in work.selection.replace:
        why = "asked for by --replace"
    elif (trigger := fired(block.lifecycle.triggers, work.changes, work.known)) is not None:
        why = f"replaced because {trigger} changed (replace_triggered_by)"
    else:
        return None
    first = any(attributes[str(path[0])].replaces == "create-first" for path in forcing)
    _forget_computed(work, block.address)
    return attrs.evolve(
        base,
        action=Action.REPLACE,
        reason=why,
        replaces=forcing,
        create_first=first or block.lifecycle.create_before_destroy,
        previous_id=base.id,
    )


def _spread_create_first(work: _Diff) -> None:
    """What a resource depends on that is created before its old self goes is so too: the old self still uses it."""
    waiting = [change.address for change in work.changes.values() if change.create_first]
    visited = set(waiting)
    while waiting:
        for reference in work.stack.blocks[waiting.pop()].references:
            needed = work.changes.get(reference.address)
            if needed is not None and needed.action is Action.REPLACE:
                work.changes[needed.address] = attrs.evolve(needed, create_first=True)
            if reference.address not in visited:
                visited.add(reference.address)
                waiting.append(reference.address)


def _reason(recorded: Tree, after: Tree, gone: tuple[Path, ...], paths: tuple[Path, ...], sets: Unordered) -> str:
    if gone and set(paths) <= set(gone):
        return "unset"
    return "changed" if gone or any(True for _ in differences(after, owned(after, recorded), sets)) else "drifted"


def _moved_on(block: Block, row: Row, recorded: Tree, after: Mapping[str, Tree], sets: Unordered) -> bool:
    """True if the row says something else than the stack, though the estate is as wanted."""
    ignored = tuple(tuple(name.split(".")) for name in block.lifecycle.ignore_changes)
    paths = [path for path in differences(after, owned(after, recorded), sets) if not _within(path, ignored)]
    return bool(paths or _noted_otherwise(block, row))


def _noted_otherwise(block: Block, row: Row) -> bool:
    """True if the row has another name, lifecycle or other dependencies."""
    return (
        row.name != str(block.name)
        or row.lifecycle != block.lifecycle.plain
        or set(row.depends_on) != {reference.address for reference in block.references}
    )


def _within(path: Path, ignored: Iterable[Path]) -> bool:
    return any(path[: len(one)] == one or one[: len(path)] == path for one in ignored)


def _words(paths: Iterable[Path]) -> str:
    return ", ".join(".".join(map(str, path)) for path in paths)


def _ignoring(
    after: dict[str, Tree], lifecycle: Lifecycle, live: Mapping[str, Tree], recorded: Mapping[str, Tree]
) -> dict[str, Tree]:
    """The wanted values, with what is there in place of what is ignored; of secrets only state knows what is there."""
    for name in lifecycle.ignore_changes:
        path = tuple(name.split("."))
        shape = model.at_path(after, path)
        found = model.at_path(recorded if model.hides(shape) else live, path)
        if shape is not None and found is not None:
            after = dict(merged(nested(path, owned(shape, found)), after))
    return after


# --- Data sources, deletions ------------------------------------------------------------------------------------------


def _data(work: _Diff, block: Block, seen: Seen | None) -> Change | None:
    """A data source: known now, or read at apply, or readable in a moment, as its name is known by now."""
    name, chosen = model.partly(block.name, work.known), work.selection.has(block.address)
    why = _why_later(work, block, name) if chosen else ""
    if why:
        _know(work, block.address, {}, None)
        shown = name if isinstance(name, str) else ""
        return attrs.evolve(_base(block, Action.READ, why, {"name": name}, None), name=shown)
    if chosen and seen is None and name not in (block.name, work.read.get(block.address)):
        work.readable[block.address] = name
    elif chosen and seen is None:
        text = f"no {block.type.replace('_', ' ')} named {name!r} exists"
        work.findings.append(
            Finding("MISSING", "error", block.address, text, str(block.location), "create it, or mend the name")
        )
    _know(work, block.address, {}, seen, seen.values if seen else None)
    return None


def _why_later(work: _Diff, block: Block, name: Tree) -> str:
    """Why a data source is read at apply, or "" if it can be read now."""
    unknown = next(model.references(name), None)
    if unknown is not None:
        return f"read at apply: {unknown} is known after apply"
    for reference in block.references:
        change = work.changes.get(reference.address)
        if change is not None and change.reason != "remembered":
            return f"read at apply: {reference.address} changes before"
    return ""


def _leaving(work: _Diff) -> list[Row]:
    rows = [row for (address, deposed), row in work.state.rows.items() if (deposed or address not in work.stack.blocks)]
    return sorted((row for row in rows if work.selection.has(row.address)), key=lambda row: -row.seq)


def _delete(work: _Diff, row: Row) -> Change:
    seen = None if row.deposed else work.seen.get(row.address)
    kind, before = work.types.get(row.type), _declared(row, model.decode(row.values))
    if seen is not None and kind is not None:
        before = seen_as(before, seen.values, before, kind.local)
    forgotten = row.address in work.selection.forgetting and not row.deposed
    there = seen is not None or bool(row.deposed)
    return Change(
        address=row.address,
        type=row.type,
        name=row.name,
        provider=row.provider_key,
        action=Action.DELETE if there else Action.FORGET,
        reason="replaced" if row.deposed else "not in the stack" if there or forgotten else "gone",
        before=before,
        owner=row.owner,
        id=seen.id if seen else row.id,
        deposed=row.deposed,
        sensitive=row.sensitive,
        depends_on=row.depends_on,
        lifecycle=_kept_lifecycle(row),
        location=row.source,
        serial=row.serial,
        private={**row.private, **(seen.private if seen else {})},
    )


def _kept_lifecycle(row: Row) -> Lifecycle:
    kept = dict(row.lifecycle)
    for name in ("ignore_changes", "leave"):
        kept[name] = tuple(kept.get(name, ()))
    return Lifecycle(**kept)

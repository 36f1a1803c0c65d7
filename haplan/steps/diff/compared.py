"""What stack, state and estate all have: as it is, updated, or replaced."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from haplan.contracts import Seen
from haplan.model import value as model
from haplan.model.compare import (
    Unordered,
    alike,
    differences,
    holds,
    lost,
    merged,
    ordered,
    owned,
    same,
    seen_as,
    stands_at,
    unordered,
    without,
)
from haplan.model.left_alone import as_path, as_there, ignored
from haplan.model.plan import Action, Change, replaced
from haplan.model.prior import nested, restored, with_prior, with_theirs, without_theirs
from haplan.model.reason import Reason, forced_by
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block, Lifecycle
from haplan.model.state import Row
from haplan.model.triggers import fired
from haplan.model.unfinished import HALF, still_there
from haplan.model.value import Path, Tree
from haplan.steps.diff.work import Work, as_declared, change_of, literal


def untouched(work: Work, block: Block, after: Tree, row: Row, recorded: Mapping[str, Tree], seen: Seen) -> bool:
    """True where stack, state and estate have the very same words and nothing asks for more: most of a large stack."""
    kind = work.types[block.type]
    asked = row.status != "ok" or seen.status == "incomplete" or seen.send_again
    asked = asked or block.address in work.selection.replace
    followed = block.lifecycle.ignore_changes or block.lifecycle.triggers
    if asked or kind.ordered or followed or _noted_otherwise(block, row):
        return False
    if block.references and any(work.names.renamed(reference.address) for reference in block.references):
        return False
    same_name = str(block.name) == seen.values.get("name", row.name)
    if not (same_name and alike(after, as_declared(row, recorded))):
        return False
    if seen.values is recorded:  # nothing else is asked where that is: what state says is there
        return True
    local = {name: recorded[name] for name in kind.local if name in recorded}
    return holds({**seen.values, **local} if local else seen.values, after)


@attrs.frozen(kw_only=True)
class _Sides:
    """What is wanted and what is there, each in the words of the other.

    Attributes:
        recorded, after: In the order of what is there.
        before: What is there of what is wanted, or was.
        live: The same without what a document that nobody sees may still have.
        gone: Paths that leave the resource.
        left: The stack says less than is remembered.
        private: What the provider keeps, with what was there before haplan.
        there, was: The name it has in the estate, and the one it is renamed from.
    """

    recorded: Mapping[str, Tree]
    after: dict[str, Tree]
    before: dict[str, Tree]
    live: Mapping[str, Tree]
    gone: tuple[Path, ...]
    left: bool
    private: Mapping[str, Tree]
    there: str
    was: str


def compared(
    work: Work, block: Block, after: dict[str, Tree], row: Row, recorded: Mapping[str, Tree], seen: Seen
) -> Change | None:
    """The change that makes the estate as wanted, or state as the stack; None where nothing is to do."""
    sides = _sides(work, block, after, row, recorded, seen)
    kind, after, half = work.types[block.type], sides.after, row.status in HALF
    before, meant = work.same_named(block, row, after, sides.before)
    sets = unordered(kind.attributes, after)
    paths = tuple(differences(after, before, sets))
    spelled = frozenset(paths).difference(differences(after, meant, sets))
    if str(block.name) != sides.was and ("name",) not in ignored(block.lifecycle.ignore_changes, kind.attributes):
        before, after = {"name": sides.was, **before}, {"name": str(block.name), **after}
        paths = (("name",), *paths)
    work.know(block.address, sides.recorded, seen, literal(after))
    base = change_of(
        block, Action.UPDATE, Reason.NONE, after, row, before=before, id=seen.id, unset=sides.gone,
        private={**sides.private, **seen.private}, respelled=tuple(_respelled(kind, after, before, meant)),
    )  # fmt: skip
    running = _running(work, block, row, after, sides.live, sides.there) if half else paths
    forced = as_asked(work, block, row, base, running, spelled)
    if forced is not None:
        return forced
    if half and paths and not running:  # other documents lack it: what runs tells what it is
        return attrs.evolve(base, reason=Reason.RESUMED, incomplete=True)
    if paths:
        is_name = paths[0] == ("name",) and base.id.rpartition(":")[2] == sides.there  # with a name another id, then
        work.forget_computed(block.address, *(() if is_name else ("id",)))
        reason = _reason({**sides.recorded, "name": row.name}, after, sides.gone, paths, sets)
        if half and reason is Reason.DRIFTED:  # a run that stopped left it so, as far as anybody knows
            reason = Reason.CHANGED
        return attrs.evolve(base, reason=reason)
    return _as_it_is(work, block, row, seen, sides, base)


def _sides(
    work: Work, block: Block, after: Mapping[str, Tree], row: Row, recorded: Mapping[str, Tree], seen: Seen
) -> _Sides:
    recorded = ordered(recorded, seen.values)
    after = dict(ordered(after, seen.values, recorded))
    kind, declared, half = work.types[block.type], as_declared(row, recorded), row.status in HALF
    known = still_there(row.private) if half else {}
    remembered = merged(declared, without(known, (("name",),)))
    after = ignoring(work, block, after, declared, seen.values, recorded)
    after, let_go = _leaving(after, block.lifecycle, remembered, seen.values)
    before = seen_as(merged(after, remembered), seen.values, recorded, kind)
    before = without_theirs(before, after, row.private)
    left = tuple(lost(remembered, after))
    gone = tuple(path for path in left if path not in let_go and (half or stands_at(before, path)))
    private = with_prior(row.private, after, declared, _not_ours(work, row, before, after, declared), kind.attributes)
    sure = not half and row.address not in work.pending
    private = with_theirs(private, after, declared, before if sure else {}, kind)
    after = restored(after, gone, row.private)
    before = without(before, tuple(path for path in left if path not in gone))
    if row.owner == block.owner:  # a renamed owner is the same owner
        before = {**before, **{name: after[name] for name in kind.owned_by if name in after and name in before}}
    live, before = before, _as_left(work, row, before, after, remembered, gone) if half else before
    there = str(seen.values.get("name", row.name))
    was = str(known.get("name", there)) if block.address in work.several and there == str(block.name) else there
    return _Sides(
        recorded=recorded, after=dict(after), before=dict(before), live=live, gone=gone, left=bool(left),
        private=private, there=there, was=was,
    )  # fmt: skip


def _as_it_is(work: Work, block: Block, row: Row, seen: Seen, sides: _Sides, base: Change) -> Change | None:
    """The estate is as wanted: what is gone on with, sent again or remembered all the same."""
    kind, after = work.types[block.type], base.after or {}
    if row.status in HALF or seen.status == "incomplete":
        return attrs.evolve(base, reason=Reason.RESUMED, incomplete=True)
    if seen.send_again:
        return attrs.evolve(base, reason=Reason.SENT_AGAIN, incomplete=True)
    sets, alone = unordered(kind.attributes, after), ignored(block.lifecycle.ignore_changes, kind.attributes)
    if sides.left or _moved_on(block, row, sides.recorded, after, sets, alone):
        return attrs.evolve(base, reason=Reason.REMEMBERED)
    work.unchanged += 1
    if kind.ordered:
        work.same[block.address] = base
    return None


def _respelled(kind: TypeInfo, after: Tree, before: Tree, meant: Tree) -> Iterator[str]:
    """The attributes that name the same resource as before, which is called otherwise."""
    for name in (one.name for one in kind.referring):
        if before.get(name) != meant.get(name) == after.get(name):
            yield name


def _running(work: Work, block: Block, row: Row, after: Mapping[str, Tree], live: Tree, there: str) -> tuple[Path, ...]:
    """The paths at which what runs is not as wanted, whatever documents that nobody sees may still have."""
    after = {name: value for name, value in after.items() if name != "name"}
    live, _ = work.same_named(block, row, after, live)
    renamed = (("name",),) if str(block.name) != there else ()
    return (*renamed, *differences(after, live, unordered(work.types[block.type].attributes, after)))


def _as_left(
    work: Work, row: Row, before: Tree, after: Tree, remembered: Tree, gone: Iterable[Path]
) -> dict[str, Tree]:
    """What is there, with what may still stand in documents that did not confirm its going: nobody sees it there."""
    for path in gone:
        old = model.at_path(remembered, path)
        if old is not None and not stands_at(before, path):
            before = merged(before, nested(path, old))
    if row.address in work.several:
        known = without(still_there(row.private), (("name",),))
        for path in differences(known, owned(known, after)):
            old = model.at_path(known, path)
            if old is not None and same(model.at_path(after, path), model.at_path(before, path)):
                before = merged(nested(path, old), before)
    return dict(before)


def _not_ours(work: Work, row: Row, before: Tree, after: Tree, declared: Tree) -> Tree:
    """What is there, without what a run that died may have written: that is nothing that was there before us."""
    if row.status not in HALF and row.address not in work.pending:
        return before
    new = lost(after, declared)
    return without(before, tuple(one for one in new if same(model.at_path(after, one), model.at_path(before, one))))


def as_asked(
    work: Work, block: Block, row: Row | None, base: Change, paths: tuple[Path, ...], spelled: Collection[Path]
) -> Change | None:
    """The change as a replacement, if anything asks for one; what only another name stands for forces none.

    It decides for what has a row, and for what comes into state by an import, a takeover, or as a dead run left it.
    """
    attributes = work.types[block.type].attributes
    tops = [(path, str(path[0])) for path in paths if path not in spelled]
    forcing = tuple(path for path, name in tops if name in attributes and attributes[name].replaces)
    if block.address in work.selection.replace:
        also = f": {forced_by(forcing, base.after).removeprefix('replaced ')}" if forcing else ""
        why, because = Reason.ASKED_FOR, f"{Reason.ASKED_FOR.value}{also}"
    elif row is not None and row.status == "tainted":
        why, because = Reason.TAINTED, ""
    elif forcing:
        why, because = Reason.FORCED, forced_by(forcing, base.after)
    elif (
        trigger := fired(block.lifecycle.triggers, work.changes, work.known, row.depends_on if row else ())
    ) is not None:
        why, because = Reason.TRIGGERED, f"replaced because {trigger} changed (replace_triggered_by)"
    else:
        return None
    first = any(attributes[str(path[0])].replaces == "create-first" for path in forcing) and has_other_name(base)
    work.forget_computed(block.address)
    return replaced(base, why, because, forcing, create_first=first)


def has_other_name(change: Change) -> bool:
    """True if old and new may stand side by side. Who asks for that and gives no other name is told; no one else."""
    return bool((change.before or {}).get("name", change.name) != change.name)


def _reason(recorded: Tree, after: Tree, gone: tuple[Path, ...], paths: tuple[Path, ...], sets: Unordered) -> Reason:
    if gone and set(paths) <= set(gone):
        return Reason.UNSET
    otherwise = gone or any(True for _ in differences(after, owned(after, recorded), sets))
    return Reason.CHANGED if otherwise else Reason.DRIFTED


def _moved_on(
    block: Block, row: Row, recorded: Tree, after: Mapping[str, Tree], sets: Unordered, alone: tuple[Path, ...]
) -> bool:
    """True if the row says something else than the stack, though the estate is as wanted."""
    paths = [path for path in differences(after, owned(after, recorded), sets) if not _within(path, alone)]
    return bool(paths or _noted_otherwise(block, row))


def _noted_otherwise(block: Block, row: Row) -> bool:
    """True if the row has another name, lifecycle or other dependencies."""
    return (
        row.name != str(block.name)
        or row.lifecycle != block.lifecycle.plain
        or (row.depends_on != (needs := block.needs) and {*row.depends_on} != {*needs})
    )


def _within(path: Path, ignored: Iterable[Path]) -> bool:
    return any(path[: len(one)] == one or one[: len(path)] == path for one in ignored)


def ignoring(
    work: Work, block: Block, after: Mapping[str, Tree], declared: Tree, live: Tree, recorded: Mapping[str, Tree]
) -> dict[str, Tree]:
    """The wanted values, with what is there in place of what is ignored; of secrets only state knows what is there."""
    found = dict(after)
    for path in ignored(block.lifecycle.ignore_changes, work.types[block.type].attributes):
        shape = model.at_path(found, path)
        found = dict(as_there(found, declared, recorded if model.hides(shape) else live, path))
    return found


def _leaving(
    after: dict[str, Tree], lifecycle: Lifecycle, declared: Tree, live: Tree
) -> tuple[dict[str, Tree], set[Path]]:
    """The wanted values, with what stays of a list or of a whole that leaves, and the paths that are let go of."""
    let_go: set[Path] = set()
    for path in map(as_path, lifecycle.leave):
        covered = {one for one in lost(declared, after) if one[: len(path)] == path}
        let_go |= covered
        if not covered:
            after = dict(as_there(after, declared, live, path, left=True))
    return after, let_go

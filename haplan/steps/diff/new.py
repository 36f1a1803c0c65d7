"""What the stack has and state has not: created, imported, taken over, or refused."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from haplan.contracts import Seen
from haplan.model.compare import differences, seen_as, unordered
from haplan.model.finding import Finding
from haplan.model.left_alone import ignored
from haplan.model.plan import Action, Change
from haplan.model.prior import with_prior, with_theirs
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block
from haplan.model.value import Path, Secret, Tree
from haplan.steps.diff.compared import as_asked, ignoring
from haplan.steps.diff.one_address import in_state
from haplan.steps.diff.work import Work, change_of, literal

MOST = 6
"""So many that are there with other values are named."""


def new(work: Work, block: Block, after: Mapping[str, Tree], seen: Seen | None) -> Change:
    """The change that brings it into state; where that is refused, a finding says so."""
    kind = work.types[block.type]
    adopted = work.selection.adopting.get(block.address, "")
    if seen is None or not _meant(block, seen, adopted or work.selection.importing.get(block.address, "")):
        work.know(block.address, {}, None, literal(after))
        work.findings += [_nowhere(block, adopted)] if adopted else []
        return change_of(block, Action.CREATE, Reason.NEW, after, None)
    after = ignoring(work, block, after, {}, seen.values, {})
    work.know(block.address, {}, seen, literal(after))
    if block.address in work.selection.importing:
        return _as_it_is(work, block, after, seen)
    resumed = block.address in work.pending or seen.status == "incomplete"
    change = _as_the_stack_says(work, block, after, seen, resumed=resumed)
    if not (kind.takes_over or resumed or adopted or in_state(work, block, seen.id)):
        work.there.append((change, _different(change, kind)))
    return change


def take(work: Work, block: Block, after: Mapping[str, Tree], seen: Seen | None) -> Change | None:
    """What is there with equal values, taken into state as it is; a finding tells of what is there with others."""
    work.know(block.address, {}, seen, literal(after))
    if seen is None or seen.status == "incomplete" or in_state(work, block, seen.id):
        return None
    after = ignoring(work, block, after, {}, seen.values, {})
    other = _different(_as_the_stack_says(work, block, after, seen), work.types[block.type])
    if not other:
        return _as_it_is(work, block, after, seen)
    text = f"is there with other values than here ({', '.join(other)}), and is not taken"
    hint = f"run: {work.command.of('import', about=(block.address, seen.id))}"
    work.findings.append(Finding.at(block, "EXISTS", text, "warning", hint=hint))
    return None


def exists_already(work: Work) -> Iterator[Finding]:
    """An error for each object that is there and not in state; many are told as one thing, with one command."""
    count, other = len(work.there), [change for change, differs in work.there if differs]
    for change, _ in work.there:
        one = work.command.of("import", about=(change.address, change.id))
        what = f"a {change.type.replace('_', ' ')} named {change.name!r}"
        text = f"{what} exists already (id {change.id}) and is not in state"
        hint = f"run: {one}; or give this one another name="
        if count > 1:
            text = f"{count} of these exist already and are not in state"
            hint = f"run: {work.command.of('import', '--all')}" + (_but(other, count) if other else "")
        yield Finding.at(change, "EXISTS", text, hint=hint)


def _but(other: Sequence[Change], count: int) -> str:
    named = ", ".join(one.address for one in other[:MOST]) + (f" and {len(other) - MOST} more" if other[MOST:] else "")
    return f", which takes the {count - len(other)} with equal values; with others: {named}"


def _meant(block: Block, seen: Seen, given: str) -> bool:
    """True if it is the object that a person asked for, by its id or a name of it."""
    return given in ("", seen.id, seen.values.get("name", block.name), *seen.called)


def _as_it_is(work: Work, block: Block, after: Mapping[str, Tree], seen: Seen) -> Change:
    kind = work.types[block.type]
    told = seen_as(after, seen.values, {}, kind)
    live = {**told, **{name: value for name, value in literal(after).items() if name in kind.local}}  # nobody else's
    base = change_of(block, Action.IMPORT, Reason.IMPORTED, live, None)
    private = with_theirs(with_prior(seen.private, live, {}, live, kind.attributes), live, {}, live, kind)
    return attrs.evolve(base, before=live, id=seen.id, importing=seen.id, private=private)


def _as_the_stack_says(
    work: Work, block: Block, after: Mapping[str, Tree], seen: Seen, *, resumed: bool = False
) -> Change:
    kind, adopted = work.types[block.type], block.address in work.selection.adopting
    reason = Reason.RESUMED if resumed else Reason.IMPORTED if adopted else Reason.TAKEN_OVER
    base = change_of(block, Action.IMPORT, reason, after, None)
    before = seen_as(after, seen.values, {}, kind)
    private = dict(seen.private)
    if not resumed:
        private = with_theirs(with_prior(private, after, {}, before, kind.attributes), after, {}, before, kind)
    half, name = seen.status == "incomplete", seen.values.get("name", block.name)
    if name != str(block.name) and ("name",) not in ignored(block.lifecycle.ignore_changes, kind.attributes):
        before, after = {"name": name, **before}, {"name": str(block.name), **after}
    base = attrs.evolve(base, before=before, after=after, private=private)
    base = attrs.evolve(base, id=seen.id, importing=seen.id, incomplete=half)
    return (None if half else as_asked(work, block, None, base, _differing(base, kind), ())) or base


def _differing(change: Change, kind: TypeInfo) -> tuple[Path, ...]:
    """Where what is there differs from what is wanted. What the estate does not tell is no difference: without a row
    nobody knows that it was otherwise."""
    before, after = change.before or {}, change.after or {}
    paths = differences(after, before, unordered(kind.attributes, after))
    return tuple(path for path in paths if before.get(str(path[0])) is not None and path[0] not in kind.owned_by)


def _different(change: Change, kind: TypeInfo) -> tuple[str, ...]:
    """What is otherwise than the stack says, as paths; a secret that the backend does not tell is compared later."""
    told = (path for path in _differing(change, kind) if not _untold(change.before, path))
    named = (change.before or {}).get("name", change.name) != (change.after or {}).get("name", change.name)
    return tuple(dict.fromkeys([*(".".join(map(str, path)) for path in told), *(["name"] if named else [])]))


def _untold(tree: Tree, path: Path) -> bool:
    for step in path:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    return isinstance(tree, Secret) and not tree.fingerprint


def _nowhere(block: Block, id_: str) -> Finding:
    text = f"imported: there is no {block.type.replace('_', ' ')} with id {id_}"
    return Finding.at(block, "MISSING", text, hint="mend the id, or take the line out")

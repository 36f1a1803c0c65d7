"""What the stack has and state has not: created, imported, taken over, or refused."""

from collections.abc import Mapping

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
from haplan.model.value import Path, Tree
from haplan.steps.diff.compared import as_asked, ignoring
from haplan.steps.diff.one_address import in_state
from haplan.steps.diff.work import Work, change_of, literal


def new(work: Work, block: Block, after: Mapping[str, Tree], seen: Seen | None) -> Change:
    """The change that brings it into state; where that is refused, a finding says so."""
    kind = work.types[block.type]
    adopted = work.selection.adopting.get(block.address, "")
    if seen is None or adopted not in ("", seen.id):
        work.know(block.address, {}, None, literal(after))
        work.findings += [_nowhere(block, adopted)] if adopted else []
        return change_of(block, Action.CREATE, Reason.NEW, after, None)
    after = ignoring(work, block, after, {}, seen.values, {})
    work.know(block.address, {}, seen, literal(after))
    if block.address in work.selection.importing:
        live = seen_as(after, seen.values, {}, kind)
        base = change_of(block, Action.IMPORT, Reason.IMPORTED, live, None)
        private = with_theirs(with_prior(seen.private, live, {}, live, kind.attributes), live, {}, live, kind)
        return attrs.evolve(base, before=live, id=seen.id, importing=seen.id, private=private)
    resumed = block.address in work.pending or seen.status == "incomplete"
    if not (kind.takes_over or resumed or adopted or in_state(work, block, seen.id)):
        text = (
            f"a {block.type.replace('_', ' ')} named {block.name!r} exists already (id {seen.id}) and is not in state"
        )
        hint = f"run: haplan import {block.address} {seen.id}; or give this one another name="
        work.findings.append(Finding.at(block, "EXISTS", text, hint=hint))
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


def _nowhere(block: Block, id_: str) -> Finding:
    text = f"imported: there is no {block.type.replace('_', ' ')} with id {id_}"
    return Finding.at(block, "MISSING", text, hint="mend the id, or take the line out")

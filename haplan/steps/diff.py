"""Diff: wanted against seen, remembering recorded. Gives the changes, in order of the graph, and the drift."""

from collections.abc import Callable, Iterable, Mapping

import attrs

from haplan.contracts import Seen
from haplan.errors import Denied
from haplan.model import value as model
from haplan.model.compare import differences, is_empty, lost, merged, owned, same, unordered, without
from haplan.model.finding import Finding
from haplan.model.plan import Action, Change, Drift, OutputChange
from haplan.model.schema import TypeInfo
from haplan.model.selection import Selection
from haplan.model.stack import Block, Lifecycle, Stack
from haplan.model.state import Row, State
from haplan.model.value import Path, Tree


@attrs.frozen
class Difference:
    """What a diff gives.

    Attributes:
        changes: In order of the graph, deletions last in reverse; no-ops left out.
        unchanged: How many stay as they are.
        drift: What moved in the estate.
        findings: Reasons to refuse.
        known: Address → values known now, for references.
    """

    changes: tuple[Change, ...]
    unchanged: int
    drift: tuple[Drift, ...]
    findings: tuple[Finding, ...]
    known: Mapping[str, Mapping[str, Tree]]


@attrs.define
class _Diff:
    stack: Stack
    state: State
    seen: Mapping[str, Seen]
    types: Mapping[str, TypeInfo]
    selection: Selection
    fingerprint: Callable[[model.Secret], model.Secret]
    pending: frozenset[str]
    known: dict[str, dict[str, Tree]] = attrs.field(factory=dict)
    findings: list[Finding] = attrs.field(factory=list)
    unchanged: int = 0


def diff(
    stack: Stack,
    order: Iterable[str],
    state: State,
    seen: Mapping[str, Seen],
    types: Mapping[str, TypeInfo],
    selection: Selection,
    fingerprint: Callable[[model.Secret], model.Secret],
) -> Difference:
    """Compare.

    Args:
        order: Addresses of the stack, each after what it depends on.
        seen: From refresh.
        fingerprint: Resolves a secret and gives it back with its fingerprint, or unchanged where it cannot.

    Raises:
        Denied: A deletion or replacement is forbidden by ``prevent_destroy``.
    """
    pending = state.unsettled()
    work = _Diff(stack, state, seen, types, selection, fingerprint, pending)
    changes = [change for address in order if (change := _wanted(work, stack.blocks[address])) is not None]
    changes += [change for row in _leaving(work) if (change := _delete(work, row)) is not None]
    _guard(changes)
    return Difference(tuple(changes), work.unchanged, tuple(_drift(work)), tuple(work.findings), work.known)


# --- Wanted resources -------------------------------------------------------------------------------------------------


def _wanted(work: _Diff, block: Block) -> Change | None:
    row, seen = work.state.row(block.address), work.seen.get(block.address)
    if block.data:
        _data(work, block, seen)
        return None
    if not work.selection.has(block.address):
        _know(work, block.address, row, seen)
        return None
    after = _after(work, block)
    if row is None:
        return _new(work, block, after, seen)
    if seen is None:
        change = _base(block, Action.CREATE, "gone", after, row)
        _know(work, block.address, None, None)
        return change
    return _compare(work, block, after, row, seen)


def _after(work: _Diff, block: Block) -> dict[str, Tree]:
    """Wanted values with everything resolved that is known now; the rest stays a reference."""
    values = {**block.values, **({"extra": block.extra} if block.extra else {})}

    def leaf(value: Tree) -> Tree:
        if isinstance(value, model.Ref):
            return _resolved(work, value)
        if isinstance(value, model.Text):
            parts = [_resolved(work, part) if isinstance(part, model.Ref) else part for part in value.parts]
            if any(isinstance(part, model.Ref) for part in parts):
                return model.Text(tuple(part if isinstance(part, model.Ref) else str(part) for part in parts))
            return "".join(map(str, parts))
        if isinstance(value, model.Secret):
            return work.fingerprint(value)
        return value

    return dict(model.transform(values, leaf))


def _resolved(work: _Diff, ref: model.Ref) -> Tree:
    values = work.known.get(ref.address)
    found = model.at_path(values, ref.path) if values is not None else None
    return ref if found is None else found


def _know(
    work: _Diff, address: str, row: Row | None, seen: Seen | None, after: Mapping[str, Tree] | None = None
) -> None:
    """Remember what references to an address may use now: declared values, and the id where there is one."""
    known: dict[str, Tree] = {**(after or {})}
    if row is not None:
        known = {**model.decode(row.values), **known, "id": row.id}
    if seen is not None:
        known = {**known, "id": seen.id}
    work.known[address] = known


def _base(block: Block, action: Action, reason: str, after: Mapping[str, Tree], row: Row | None) -> Change:
    return Change(
        address=block.address,
        type=block.type,
        name=str(block.name),
        provider=block.provider,
        action=action,
        reason=reason,
        after=after,
        owner=block.owner,
        id=row.id if row else "",
        sensitive=block.sensitive,
        extra=block.extra,
        depends_on=tuple(reference.address for reference in block.references),
        lifecycle=block.lifecycle,
        location=str(block.location),
        serial=row.serial if row else 0,
        private=row.private if row else {},
    )


def _new(work: _Diff, block: Block, after: Mapping[str, Tree], seen: Seen | None) -> Change:
    kind = work.types[block.type]
    if seen is None:
        _know(work, block.address, None, None, _literal(after))
        return _base(block, Action.CREATE, "new", after, None)
    _know(work, block.address, None, seen, _literal(after))
    if block.address in work.selection.importing:
        live = _seen_values(work, block, after, None, seen)
        base = _base(block, Action.IMPORT, "taken into state", live, None)
        return attrs.evolve(base, before=live, id=seen.id, importing=seen.id, private=seen.private)
    resumed = block.address in work.pending or seen.status == "incomplete"
    if not (kind.takes_over or resumed):
        text = (
            f"a {block.type.replace('_', ' ')} named {block.name!r} exists already (id {seen.id}) and is not in state"
        )
        hint = f"run: haplan import {block.address} {seen.id}; or give this one another name="
        work.findings.append(Finding("EXISTS", "error", block.address, text, str(block.location), hint))
    base = _base(block, Action.IMPORT, "resume" if resumed else "taken over", after, None)
    before = _seen_values(work, block, after, None, seen)
    half = seen.status == "incomplete"
    return attrs.evolve(base, before=before, id=seen.id, importing=seen.id, incomplete=half, private=seen.private)


def _literal(after: Mapping[str, Tree]) -> dict[str, Tree]:
    """The values that hold no reference: known before the resource is there."""
    return {name: value for name, value in after.items() if not any(True for _ in model.references(value))}


def _seen_values(work: _Diff, block: Block, shape: Tree, row: Row | None, seen: Seen) -> dict[str, Tree]:
    """The owned part of what is there; local attributes and secrets as recorded, since no backend can tell them."""
    recorded = model.decode(row.values) if row else {}
    live = dict(owned(shape, seen.values))
    for name, attribute in work.types[block.type].attributes.items():
        if attribute.local:
            live.pop(name, None)
            if name in recorded:
                live[name] = recorded[name]
    return dict(_secrets_recorded(live, shape, recorded))


def _secrets_recorded(live: Tree, shape: Tree, recorded: Tree) -> Tree:
    if isinstance(shape, model.Secret):
        return recorded
    if isinstance(shape, Mapping) and isinstance(live, Mapping):
        old = recorded if isinstance(recorded, Mapping) else {}
        keys = [key for key in shape if key in live or isinstance(shape[key], model.Secret)]
        return {key: _secrets_recorded(live.get(key), shape[key], old.get(key)) for key in keys}
    return live


def _compare(work: _Diff, block: Block, after: dict[str, Tree], row: Row, seen: Seen) -> Change | None:
    kind = work.types[block.type]
    declared = {name: value for name, value in model.decode(row.values).items() if name in row.declared}
    after = _ignoring(after, block.lifecycle, seen.values)
    before = _seen_values(work, block, merged(after, declared), row, seen)
    sets = unordered(kind.attributes, after)
    gone = tuple(
        path
        for path in lost(declared, after)
        if path[0] not in block.lifecycle.leave and not is_empty(model.at_path(before, path))
    )
    private = _with_prior(after, declared, before, row)
    after = _restored(after, gone, row)
    before = without(before, tuple(path for path in lost(declared, after) if path not in gone))
    paths = tuple(differences(after, before, sets))
    if str(block.name) != seen.values.get("name", row.name):
        before, after = {"name": seen.values.get("name", row.name), **before}, {"name": str(block.name), **after}
        paths = (("name",), *paths)
    _know(work, block.address, row, seen, _literal(after))
    return _judge(work, block, before, after, attrs.evolve(row, private=private), seen, paths, gone)


def _judge(
    work: _Diff,
    block: Block,
    before: Mapping[str, Tree],
    after: Mapping[str, Tree],
    row: Row,
    seen: Seen,
    paths: tuple[Path, ...],
    gone: tuple[Path, ...],
) -> Change | None:
    kind = work.types[block.type]
    base = attrs.evolve(
        _base(block, Action.UPDATE, "", after, row),
        before=before,
        id=seen.id,
        unset=gone,
        private={**row.private, **seen.private},
    )
    forcing = tuple(
        path for path in paths if kind.attributes.get(str(path[0])) and kind.attributes[str(path[0])].replaces
    )
    asked = block.address in work.selection.replace
    if row.status == "tainted" or forcing or asked:
        why = (
            "tainted"
            if row.status == "tainted"
            else f"replaced because {_words(forcing)} changed"
            if forcing
            else "asked for by --replace"
        )
        first = block.lifecycle.create_before_destroy or any(
            kind.attributes[str(p[0])].replaces == "create-first" for p in forcing
        )
        work.known[block.address].pop("id", None)
        return attrs.evolve(
            base, action=Action.REPLACE, reason=why, replaces=forcing, create_first=first, previous_id=seen.id
        )
    if paths:
        drifted = not any(
            True for path in differences(model.at_path(after, ()), _recorded(row, after)) if path != ("name",)
        )
        return attrs.evolve(
            base, reason="drifted" if drifted else "unset" if gone and len(gone) == len(paths) else "changed"
        )
    if row.status in ("pending", "incomplete", "in_doubt") or seen.status == "incomplete":
        return attrs.evolve(base, reason="resume", incomplete=True)
    work.unchanged += 1
    return None


def _recorded(row: Row, shape: Mapping[str, Tree]) -> Tree:
    return owned(shape, {**model.decode(row.values), "name": row.name})


def _words(paths: Iterable[Path]) -> str:
    return ", ".join(".".join(map(str, path)) for path in paths)


def _ignoring(after: dict[str, Tree], lifecycle: Lifecycle, live: Mapping[str, Tree]) -> dict[str, Tree]:
    for name in lifecycle.ignore_changes:
        top = name.split(".")[0]
        if top in after and top in live:
            after = {**after, top: owned(after[top], live[top])}
    return after


def _restored(after: dict[str, Tree], gone: tuple[Path, ...], row: Row) -> dict[str, Tree]:
    """Fields that had a value before haplan first owned them get it back when their line leaves the stack."""
    prior = row.private.get("prior", {})
    for path in gone:
        old = model.at_path(prior, path)
        if not is_empty(old):
            after = dict(merged(after, _nested(path, old)))
    return after


def _with_prior(after: Tree, declared: Tree, before: Tree, row: Row) -> dict[str, Tree]:
    """The row's private part, with what stood at the paths that are owned from now on; destroy gives it back."""
    prior = dict(row.private.get("prior", {}))
    for path in lost(after, declared):
        old = model.at_path(before, path)
        if not is_empty(old) and not isinstance(old, model.Secret):
            prior = dict(merged(_nested(path, model.encode(old)), prior))
    return {**row.private, **({"prior": prior} if prior else {})}


def _nested(path: Path, value: Tree) -> Tree:
    for step in reversed(path):
        value = {step: value}
    return value


# --- Data sources, deletions ------------------------------------------------------------------------------------------


def _data(work: _Diff, block: Block, seen: Seen | None) -> None:
    if seen is None and work.selection.has(block.address):
        text = f"no {block.type.replace('_', ' ')} named {block.name!r} exists"
        work.findings.append(
            Finding("MISSING", "error", block.address, text, str(block.location), "create it, or mend the name")
        )
    _know(work, block.address, None, seen, seen.values if seen else None)


def _leaving(work: _Diff) -> list[Row]:
    rows = [row for (address, deposed), row in work.state.rows.items() if (deposed or address not in work.stack.blocks)]
    return sorted((row for row in rows if work.selection.has(row.address)), key=lambda row: -row.seq)


def _delete(work: _Diff, row: Row) -> Change:
    seen = work.seen.get(row.address)
    values = {name: value for name, value in model.decode(row.values).items() if name in row.declared}
    there = seen is not None or bool(row.deposed)
    return Change(
        address=row.address,
        type=row.type,
        name=row.name,
        provider=row.provider_key,
        action=Action.DELETE if there else Action.FORGET,
        reason="not in the stack" if there else "gone",
        before=values,
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


def _guard(changes: Iterable[Change]) -> None:
    """Refuse what ``prevent_destroy`` forbids; it is kept in state, so it guards after the block is gone."""
    lines = [
        f"{change.address}: {change.action.value} is forbidden by prevent_destroy"
        + (
            f" ({change.reason})"
            if change.action is Action.REPLACE
            else "; apply the stack once with prevent_destroy=False first"
        )
        for change in changes
        if change.action in (Action.DELETE, Action.REPLACE) and change.lifecycle.prevent_destroy
    ]
    if lines:
        raise Denied("\n".join(lines))


# --- Drift, order, outputs --------------------------------------------------------------------------------------------


def _drift(work: _Diff) -> Iterable[Drift]:
    """Seen against recorded, owned fields only."""
    for (address, deposed), row in work.state.rows.items():
        if deposed or row.status == "pending" or row.provider == "haplan" or not work.selection.has(address):
            continue
        kind, seen = work.types.get(row.type), work.seen.get(address)
        recorded = {name: value for name, value in model.decode(row.values).items() if name in row.declared}
        if seen is None:
            yield Drift(address, row.type, row.name, recorded, None)
        elif kind is not None:
            found = _moved(kind, row, recorded, seen)
            if found:
                yield Drift(address, row.type, row.name, *found, seen.who, seen.when)


def _moved(
    kind: TypeInfo, row: Row, recorded: Mapping[str, Tree], seen: Seen
) -> tuple[dict[str, Tree], dict[str, Tree]] | None:
    backend = {
        name: value for name, value in recorded.items() if not (name in kind.attributes and kind.attributes[name].local)
    }
    live = _secrets_recorded(owned(backend, seen.values), backend, backend)
    paths = list(differences(backend, live, unordered(kind.attributes, backend)))
    if seen.values.get("name", row.name) != row.name:
        backend, live, paths = {**backend, "name": row.name}, {**live, "name": seen.values["name"]}, [("name",), *paths]
    tops = dict.fromkeys(str(path[0]) for path in paths)
    return ({top: backend.get(top) for top in tops}, {top: live.get(top) for top in tops}) if tops else None


def outputs(stack: Stack, state: State, known: Mapping[str, Mapping[str, Tree]]) -> tuple[OutputChange, ...]:
    """What changes in the outputs."""
    found: list[OutputChange] = []
    for name, out in stack.outputs.items():
        after = (
            model.resolve(out.value, lambda ref: _or_ref(known, ref))
            if not _has_unknown(out.value, known)
            else out.value
        )
        before = state.outputs.get(name)
        if before is None or not same(after, model.decode(before.value)):
            found.append(OutputChange(name, model.decode(before.value) if before else None, after, out.sensitive))
    for name, row in state.outputs.items():
        if name not in stack.outputs:
            found.append(OutputChange(name, model.decode(row.value), None, row.sensitive))
    return tuple(found)


def _or_ref(known: Mapping[str, Mapping[str, Tree]], ref: model.Ref) -> Tree:
    found = model.at_path(known.get(ref.address), ref.path)
    return ref if found is None else found


def _has_unknown(tree: Tree, known: Mapping[str, Mapping[str, Tree]]) -> bool:
    return any(isinstance(_or_ref(known, ref), model.Ref) for ref in model.references(tree))

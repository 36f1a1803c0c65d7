"""Rollback: what an earlier run recorded, as a stack to go back to. Pure, and without stack code.

Values come from the recorded rows. Where a value held an id or another computed value of what the resource depends on,
it refers to it again: something that is created anew has another one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.errors import HaplanError
from haplan.model import value as model
from haplan.model.address import parse
from haplan.model.entries import in_order
from haplan.model.plan import Action, Change
from haplan.model.reason import Reason
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block, Lifecycle, Location, Output, ProviderBlock, Reference, Stack
from haplan.model.state import OutputRow, Row, Run, State
from haplan.model.value import Ref, Tree
from haplan.state.versions import moved
from haplan.wall.upgrading import Misshapen, in_shape

STATE_ONLY = "haplan"
"""The provider of what lives in state alone: once forgotten, nothing of it can be found again."""

_WORDS = re.compile(r"([A-Za-z0-9_-]{4,})")
_SOURCE = re.compile(r"(.*?):(\d+)((?:, from .*?:\d+)*)(?: \((.*)\))?")
_CALL = re.compile(r", from (.*?):(\d+)")


@attrs.frozen(kw_only=True)
class Return:
    """The way back.

    Attributes:
        stack: What is wanted: as it was recorded.
        state: The present, under the addresses of then; what was forgotten since is in it, to be looked for by its id.
        moves: Address then → address now, of what is the same object.
        forgotten: Addresses that are in no state now, whose object may still be there.
        refused: Address → why it cannot be brought back.
        notes: Lines for people.
    """

    stack: Stack
    state: State
    moves: Mapping[str, str]
    forgotten: frozenset[str]
    refused: Mapping[str, str]
    notes: tuple[str, ...]


def back(run: Run, then: State, now: State, types: Mapping[str, TypeInfo], name: str, root: str) -> Return:
    """The way back from now to what a run left.

    Args:
        run: The run.
        then: What it left.
        now: What is recorded now.
        types: Resource types by name.
        name: Of the stack.
        root: Its folder.
    """
    then, refused = _in_shape(then, types)
    rows = sorted((row for row in then.rows.values() if not row.deposed), key=lambda row: row.seq)
    blocks = {row.address: _block(row, then, types) for row in rows if row.address not in refused}
    providers = {key: _provider(key, settings) for key, settings in now.settings.items()}
    known = _computed((row for row in then.rows.values() if not row.deposed), types) if then.outputs else {}
    outputs = {out.name: _output(out, known) for out in then.outputs.values()}
    moves = _moves(then, now)
    lost = [row for row in rows if now.row(row.address) is None and row.address not in moves]
    forgotten = frozenset(row.address for row in lost if row.id and row.provider != STATE_ONLY)
    return Return(
        stack=Stack(name=name, root=root, blocks=blocks, providers=providers, variables={}, outputs=outputs),
        state=_present(then, now, moves, forgotten),
        moves=moves,
        forgotten=forgotten,
        refused=refused,
        notes=tuple(_notes(run, rows)),
    )


def revised(changes: Iterable[Change], way: Return) -> tuple[Change, ...]:
    """The changes in the words of a rollback: what moves says from where, what was forgotten is taken into state.

    Raises:
        HaplanError: What was forgotten was taken into state again under another address.
    """
    rows = [row for row in way.state.rows.values() if not row.owner and row.address not in way.forgotten]
    held = {(row.provider_key, row.type, row.id): row.address for row in rows}
    found = []
    for change in changes:
        other = held.get((change.provider, change.type, change.id), "")
        if change.address in way.forgotten and change.action is Action.UPDATE and other:
            text = f"is in state as {other} now (id {change.id}); move it back first: haplan state mv {other}"
            raise HaplanError(f"{change.address}: {text} {change.address}")
        if change.address in way.moves and not change.deposed:
            change = attrs.evolve(change, previous_address=way.moves[change.address])
        if change.address in way.forgotten and change.action is Action.UPDATE:
            change = attrs.evolve(change, action=Action.IMPORT, reason=Reason.IMPORTED, importing=change.id)
        if change.address in way.forgotten and change.action is Action.CREATE:
            change = attrs.evolve(change, reason=Reason.NEW)
        found.append(change)
    return tuple(found)


# --- What is wanted ---------------------------------------------------------------------------------------------------


def _in_shape(then: State, types: Mapping[str, TypeInfo]) -> tuple[State, dict[str, str]]:
    """The state with its rows as the types are now; and address → why not, of those that cannot be."""
    rows, refused = dict(then.rows), dict[str, str]()
    for key, row in _current(then).items():
        kind = types.get(row.type)
        try:
            if kind is None:
                raise Misshapen(f"no plugin that is installed knows the type {row.type}")
            rows[key] = in_shape(row, kind)
        except Misshapen as error:
            refused[row.address] = str(error)
    return attrs.evolve(then, rows=rows), refused


def _block(row: Row, then: State, types: Mapping[str, TypeInfo]) -> Block:
    values = {name: value for name, value in model.decode(row.values).items() if name in row.declared}
    known = _computed((needed for one in row.depends_on if (needed := then.row(one)) is not None), types)
    values = _referring(values, known)
    extra = values.pop("extra", {})
    lifecycle: dict[str, Tree] = {
        n: tuple(kept) if isinstance(kept, list) else kept for n, kept in row.lifecycle.items()
    }
    return Block(
        address=row.address,
        type=row.type,
        label=parse(row.address).label,
        name=row.name,
        owner=row.owner,
        provider=row.provider_key,
        values=values,
        extra=extra,
        references=tuple(Reference(one, "recorded") for one in row.depends_on),
        lifecycle=Lifecycle(**lifecycle),
        location=_location(row.source),
        sensitive=row.sensitive,
    )


def _provider(key: str, settings: Mapping[str, Tree]) -> ProviderBlock:
    name, _, alias = key.partition(".")
    return ProviderBlock(name, alias, model.decode(dict(settings)), None)


def _output(row: OutputRow, known: Mapping[str, Ref]) -> Output:
    return Output(row.name, _referring(model.decode(row.value), known), row.sensitive, Location("", 0))


def _computed(rows: Iterable[Row], types: Mapping[str, TypeInfo]) -> dict[str, Ref]:
    """Texts that only an apply could tell, with what refers to them; an id that is the name is known before."""
    found: dict[str, Ref] = {}
    for row in rows:
        names = types[row.type].computed if row.type in types else ()
        for name, value in (*((name, row.values.get(name)) for name in names), ("id", row.id)):
            if isinstance(value, str) and value not in ("", row.name):
                found[value] = Ref(row.address, (name,))
    return found


def _referring(tree: Tree, known: Mapping[str, Ref]) -> Tree:
    """The tree with references in place of the texts that they stood for."""
    if isinstance(tree, Mapping):
        return in_order({key: _referring(value, known) for key, value in tree.items()}, tree)
    if isinstance(tree, list | tuple):
        return [_referring(value, known) for value in tree]
    if not isinstance(tree, str) or not known:
        return tree
    return known[tree] if tree in known else _text([known.get(word, word) for word in _WORDS.split(tree)])


def _text(words: Iterable[str | Ref]) -> Tree:
    """Words in one piece; a `Text` if any of them is a reference."""
    parts: list[str | Ref] = []
    for word in words:
        if isinstance(word, str) and parts and isinstance(parts[-1], str):
            parts[-1] += word
        elif word:
            parts.append(word)
    return model.Text(tuple(parts)) if any(isinstance(part, Ref) for part in parts) else "".join(map(str, parts))


def _location(source: str) -> Location:
    found = _SOURCE.fullmatch(source)
    if found is None:
        return Location(source or "state", 0)
    file, line, calls, row = found.groups()
    return Location(file, int(line), tuple((f, int(n)) for f, n in _CALL.findall(calls)), row or "")


# --- What is there ----------------------------------------------------------------------------------------------------


def _moves(then: State, now: State) -> dict[str, str]:
    """What is the same object under another address."""
    keys = moved(_current(then), _current(now), by_name=True)
    return {old: new for (old, _), (new, _) in keys.items()}


def _current(state: State) -> dict[tuple[str, str], Row]:
    return {key: row for key, row in state.rows.items() if not row.deposed}


def _present(then: State, now: State, moves: Mapping[str, str], forgotten: Iterable[str]) -> State:
    """The present as it is compared.

    A row that moves, or is put back, depends on "" too: so it differs, and is recorded though nothing else changes.
    """
    names = {new: old for old, new in moves.items()}
    rows: dict[tuple[str, str], Row] = {}
    for (address, deposed), row in now.rows.items():
        if not deposed and address in names:
            row = attrs.evolve(row, address=names[address], depends_on=(*row.depends_on, ""))
        rows[row.address, deposed] = row
    for address in forgotten:
        row = then.rows[address, ""]
        rows[address, ""] = attrs.evolve(row, status="ok", serial=0, depends_on=(*row.depends_on, ""))
    return attrs.evolve(now, rows=rows)


def _notes(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    yield "no stack code runs: rules of the stack and its limits() are not looked at"
    if run.result != "done":
        yield f"run {run.id} {run.result or 'did not end'}: what it recorded by then is what this goes back to"
    for row in rows:
        if row.status in ("pending", "incomplete", "in_doubt"):
            yield f"{row.address} was {row.status.replace('_', ' ')} then: this goes back to what was wanted of it"
    if any(isinstance(leaf, model.Secret) for row in rows for _, leaf in model.leaves(model.decode(row.values))):
        yield "a secret is what its source gives now: the state keeps none"

"""Refresh: read the estate, in bulk, as it is now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from haplan.contracts import Provider, Query, Reading, Seen, Target
from haplan.errors import Gathering, HaplanError, ProviderError
from haplan.model import value as model
from haplan.model.address import keyed
from haplan.model.document import Document
from haplan.model.entries import Entries, in_order
from haplan.model.left_alone import as_there, ignored
from haplan.model.plan import Action, Change
from haplan.model.selection import Selection
from haplan.model.stack import Block, Stack
from haplan.model.state import Row, State
from haplan.model.value import Tree
from haplan.wall.together import together

Held = Mapping[str, set[tuple[str, str]]]
"""Owner → type and name or id of what lives in it."""


STATE_ONLY = "haplan"
"""The provider of what lives in state alone; no stack names it."""


@attrs.frozen(kw_only=True)
class Refreshed:
    """The estate as seen.

    Attributes:
        seen: By address; what is not there is left out.
        orders: (document, list) → names as they are.
        unowned: Lines about entries nobody here owns, by document.
        memories: Provider key → what it learned.
        notes: Lines for people.
        facts: By address.
        looks: Provider key → the look of its reading.
        unread: Address → why it could not be read.
    """

    seen: Mapping[str, Seen] = attrs.field(factory=dict)
    orders: Mapping[tuple[Document, str], tuple[str, ...]] = attrs.field(factory=dict)
    unowned: Mapping[Document, tuple[str, ...]] = attrs.field(factory=dict)
    memories: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)
    looks: Mapping[str, object] = attrs.field(factory=dict)
    unread: Mapping[str, str] = attrs.field(factory=dict)


def targets(stack: Stack, state: State, chosen: Selection) -> dict[str, list[Target]]:
    """What to read, by provider key: the blocks of the stack and the rows of the state."""
    pending, held, waiting = state.unsettled(), _held(stack, state), state.waiting()
    given = {**chosen.adopting, **chosen.importing}
    found: dict[str, list[Target]] = {}
    for block in stack.blocks.values():
        if chosen.has(block.address) and not isinstance(block.name, str):
            found.setdefault(block.provider, [])  # a data source whose name is not known yet
        elif chosen.has(block.address):
            target = _of_block(block, stack, state, pending, given, held)
            found.setdefault(block.provider, []).append(target)
    for (address, deposed), row in state.rows.items():
        leaves = address not in stack.blocks and address not in chosen.forgetting
        if (deposed or leaves) and chosen.has(address):
            found.setdefault(row.provider_key, []).append(_of_row(row, state, held))
    announced = state.announced()
    for key in found if waiting or announced else ():
        found[key] = [
            attrs.evolve(one, waiting=frozenset(waiting.get(one.address, ())), announced=announced.get(one.address, ()))
            for one in found[key]
        ]
    return found


def named(stack: Stack, names: Mapping[str, str]) -> dict[str, list[Target]]:
    """Data sources as targets, by provider key, now that their names are known."""
    found: dict[str, list[Target]] = {}
    for address, name in names.items():
        block = stack.blocks[address]
        found.setdefault(block.provider, []).append(Target(address=address, type=block.type, name=name, data=True))
    return found


def refuse_without_provider(stack: Stack, wanted: Mapping[str, Iterable[Target]]) -> None:
    """Refuse to go on where state needs a provider that the stack no longer has: its settings are gone with it.

    Raises:
        HaplanError: Naming the objects.
    """
    lines = []
    for key, asked in wanted.items():
        if key in stack.providers or key == STATE_ONLY:
            continue
        name, _, alias = key.partition(".")
        call = f'provider("{name}", alias="{alias}")' if alias else f'provider("{name}")'
        addresses = [target.address for target in asked]
        some = ", ".join(addresses[:3]) + (f" and {len(addresses) - 3} more" if addresses[3:] else "")
        lines.append(
            f"{some}: in state, and the stack has no provider {key!r} any more; put {call} back until they are "
            f'deleted, or leave them in the estate: removed("{addresses[0]}")'
        )
    if lines:
        raise HaplanError("\n".join(lines))


def _held(stack: Stack, state: State) -> Held:
    """Owner → what lives in it, whether the plan is about it or not."""
    found: dict[str, set[tuple[str, str]]] = {}
    for block in stack.blocks.values():
        if block.owner:
            found.setdefault(block.owner, set()).add((block.type, str(block.name)))
    for row in state.rows.values():
        if row.owner:
            found.setdefault(row.owner, set()).update({(row.type, row.name), (row.type, row.id)})
    return found


def refresh(
    wanted: Mapping[str, Iterable[Target]],
    providers: Mapping[str, Provider],
    state: State,
    meanwhile: Callable[[], None] = lambda: None,
    *,
    deep: bool = False,
) -> Refreshed:
    """Ask each provider once for all its targets, side by side; `meanwhile` is called while they work."""

    def read(key: str, asked: Iterable[Target]) -> tuple[Reading, Mapping[str, Mapping[str, object]]]:
        asking = attrs.evolve(query(key, asked, providers[key], state), deep=deep)
        reading = providers[key].read(asking)
        current = [one for one in asking.targets if one.row is None or not one.row.deposed]  # facts are by address
        return reading, providers[key].facts(current, reading.look)

    jobs = {key: partial(read, key, asked) for key, asked in wanted.items() if asked}
    found = together(jobs, meanwhile, here=(STATE_ONLY,))
    readings = {key: reading for key, (reading, _) in found.items()}
    unread = {address: why for reading in readings.values() for address, why in reading.unread.items()}
    old = {keyed(*key): row for key, row in state.rows.items() if key[1]}
    unseen = {one for one, row in old.items() if row.provider_key in providers and providers[row.provider_key].composes}
    seen = {one: Seen(address=one, id=old[one].id, values={}) for one in {*unseen, *(unread.keys() & old.keys())}}
    return Refreshed(
        seen={**seen, **{address: one for reading in readings.values() for address, one in reading.seen.items()}},
        orders={where: names for reading in readings.values() for where, names in reading.orders.items()},
        unowned={document: lines for reading in readings.values() for document, lines in reading.unowned.items()},
        memories={key: reading.memory for key, reading in readings.items() if reading.memory},
        notes=tuple(note for reading in readings.values() for note in reading.notes),
        facts={address: known for _, facts in found.values() for address, known in facts.items()},
        looks={key: reading.look for key, reading in readings.items()},
        unread={address: why for address, why in unread.items() if address not in old},
    )


def readings(
    wanted: Mapping[str, Iterable[Target]],
    providers: Mapping[str, Provider],
    state: State,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Reading]:
    """What each provider reads, in the order of their keys here; asked side by side."""

    def read(key: str, asked: Iterable[Target]) -> Reading:
        return providers[key].read(query(key, asked, providers[key], state))

    jobs = {key: partial(read, key, asked) for key, asked in wanted.items()}
    return [*together(jobs, meanwhile, here=(STATE_ONLY,)).values()]


def with_more(first: Refreshed, more: Refreshed) -> Refreshed:
    """A first reading with what a later one of a few more targets saw; the looks are those of the first."""
    return attrs.evolve(
        first,
        seen={**first.seen, **more.seen},
        facts={**first.facts, **more.facts},
        looks={**more.looks, **first.looks},
        unread={**first.unread, **more.unread},
    )


def recalled(
    wanted: Mapping[str, Iterable[Target]], providers: Mapping[str, Provider], state: State
) -> dict[str, object]:
    """The looks that all would give if it were as recorded, by provider key; no provider makes a call.

    Raises:
        ProviderError: One of them cannot tell.
    """
    found, gathering = dict[str, Tree](), Gathering()
    for key, asked in wanted.items():
        with gathering:
            found[key] = _recalled(key, asked, providers[key], state)
    gathering.refuse()
    return found


def _recalled(key: str, asked: Iterable[Target], provider: Provider, state: State) -> Any:
    return provider.recall(attrs.evolve(query(key, asked, provider, state), recorded=_recorded(key, state)))


def looks(
    wanted: Mapping[str, Iterable[Target]],
    providers: Mapping[str, Provider],
    state: State,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, Tree]:
    """What says where resources are placed, as recorded; who cannot tell from that alone reads once."""

    def look(key: str, asked: Iterable[Target]) -> Any:
        try:
            return _recalled(key, asked, providers[key], state)
        except ProviderError:
            return providers[key].read(query(key, asked, providers[key], state)).look

    jobs = {key: partial(look, key, asked) for key, asked in wanted.items()}
    return together(jobs, meanwhile, here=(STATE_ONLY,))


def query(key: str, asked: Iterable[Target], provider: Provider, state: State) -> Query:
    """What a provider is asked; of old selves only one that replaces in two writes: a document that is made of all rows
    holds none."""
    return Query(
        targets=tuple(one for one in asked if not (provider.composes and one.row is not None and one.row.deposed)),
        max_age=0.0,
        memory=state.memories.get(key, {}),
        recorded=_recorded(key, state) if provider.composes else {},
        begun=frozenset(intent.document for intent in state.intents if intent.provider == key),
    )


def _recorded(key: str, state: State) -> dict[str, Row]:
    """As each write will be told it: without what is only looked for, of which no document is made now."""
    return {address: row for address, row in state.of_provider(key).items() if not row.forgotten}


def identities(
    providers: Mapping[str, Provider], meanwhile: Callable[[], None] = lambda: None
) -> dict[str, Mapping[str, str]]:
    """The estate that each reaches, by key; asked side by side."""
    return together({key: one.identity for key, one in providers.items()}, meanwhile, here=(STATE_ONLY,))


def untold(wanted: Mapping[str, Iterable[Target]]) -> dict[str, list[Target]]:
    """Of what is to be read, that which state cannot tell: data sources, what a dead run may have made, and what is to
    come into state."""
    found = {
        key: [one for one in asked if one.data or one.pending or (one.id and one.row is None)]
        for key, asked in wanted.items()
    }
    return {key: asked for key, asked in found.items() if asked}


def remembered(
    state: State, looked: Refreshed, wanted: Mapping[str, Sequence[Target]], providers: Mapping[str, Provider]
) -> Refreshed:
    """What state says, instead of a reading: for ``--no-refresh``. What had to be looked at is as it was seen."""
    away = {target.address for targets in untold(wanted).values() for target in targets}
    laid = _laid(wanted, providers)
    rows = {
        address: Seen(
            address=address,
            id=row.id,
            values=_as_laid(model.decode(row.values), laid.get(address, {})),
            private=row.private,
        )
        for address, row in ((keyed(*key), row) for key, row in state.rows.items())
        if address not in away
    }
    looks = recalled(wanted, providers, state)
    begun = _begun_anew(wanted, providers, looks)
    orders = {where: row.names for where, row in state.orders.items() if where[0] not in begun}
    return attrs.evolve(looked, seen={**rows, **looked.seen}, orders={**orders, **looked.orders}, looks=looks)


def _begun_anew(
    wanted: Mapping[str, Sequence[Target]], providers: Mapping[str, Provider], looks: Mapping[str, object]
) -> set[Document]:
    """The documents that are the own ones of what no state has: what is remembered of them is of one that was there
    before, and was forgotten or taken away."""
    found = set()
    for key, targets in wanted.items():
        for one in targets:
            if one.row is None and not one.data and not one.owner:
                new = Change(
                    address=one.address, type=one.type, name=one.name, provider=key, action=Action.CREATE,
                    after=one.values,
                )  # fmt: skip
                found |= {place.document for place in providers[key].placements(new, looks.get(key)) if place.own}
    return found


def _laid(wanted: Mapping[str, Sequence[Target]], providers: Mapping[str, Provider]) -> dict[str, dict[str, Entries]]:
    """Address → attribute → entries as the stack lists them, where their order says nothing to the backend."""
    found: dict[str, dict[str, Entries]] = {}
    for key, targets in wanted.items():
        for target in targets if providers[key].orderless else ():
            names = providers[key].orderless.get(target.type, ())
            listed = {name: target.values.get(name) for name in names}
            found[target.address] = {name: one for name, one in listed.items() if isinstance(one, Entries)}
    return found


def _as_laid(values: Mapping[str, Tree], laid: Mapping[str, Entries]) -> Mapping[str, Tree]:
    """Values with entries in the order that a reading would show them in: that of the stack."""
    return {**values, **{name: in_order(dict(values[name]), one) for name, one in laid.items() if values.get(name)}}


def _of_block(
    block: Block, stack: Stack, state: State, pending: frozenset[str], importing: Mapping[str, str], held: Held
) -> Target:
    row = state.row(block.address)
    owner = stack.blocks.get(block.owner)
    return Target(
        address=block.address,
        type=block.type,
        name=str(block.name),
        id=importing.get(block.address, row.id if row else ""),
        owner=block.owner,
        owner_name=str(owner.name) if owner else "",
        owner_type=owner.type if owner else "",
        values=_wanted(block, row),
        row=row,
        data=block.data,
        pending=block.address in pending,
        needs=block.needs,
        holds=frozenset(held.get(block.address, ())),
    )


def _wanted(block: Block, row: Row | None) -> Mapping[str, Tree]:
    """The wanted values; what is ignored is as it was recorded."""
    if row is None or not block.lifecycle.ignore_changes:
        return block.wanted
    values, recorded = block.wanted, model.decode(row.values)
    declared = {name: recorded[name] for name in row.declared if name in recorded}
    for path in ignored(block.lifecycle.ignore_changes, {**declared, **values}):
        values = as_there(values, declared, declared, path)
    return values


def _of_row(row: Row, state: State, held: Held) -> Target:
    owner = state.row(row.owner) if row.owner else None
    return Target(
        address=keyed(row.address, row.deposed),
        type=row.type,
        name=row.name,
        id=row.id,
        owner=row.owner,
        owner_name=owner.name if owner else "",
        owner_type=owner.type if owner else "",
        values=model.decode(row.values),
        row=row,
        leaving=True,
        needs=row.depends_on,
        holds=frozenset(held.get(row.address, ())),
    )

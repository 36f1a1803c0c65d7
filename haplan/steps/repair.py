"""Mend: what ``haplan state mv``, ``rm``, ``taint``, ``untaint`` and ``haplan apply --refresh-only`` change in a state.

Pure: no estate is touched.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from haplan.errors import HaplanError
from haplan.language.record import nearest
from haplan.model import renames
from haplan.model.address import Address, is_module, matches, parse
from haplan.model.canonical import fingerprint
from haplan.model.document import Document
from haplan.model.drift import Drift
from haplan.model.state import Intent, IntentOutcome, OrderRow, Row, State, Update
from haplan.model.unfinished import silenced, with_orphans
from haplan.model.value import Tree, encode


@attrs.frozen
class Mending:
    """What is changed.

    Attributes:
        update: To be saved by a run; its `run` is filled in then.
        addresses: What it is about: address before → address after, "" where it is forgotten.
        notes: Lines for people.
        announced: What a dead run announced, under the addresses from now on, and without what is forgotten: to be
            journaled before the save, which settles what it announced as it was.
    """

    update: Update
    addresses: Mapping[str, str]
    notes: tuple[str, ...] = ()
    announced: tuple[Intent, ...] = ()


# --- Moving -----------------------------------------------------------------------------------------------------------


def move(state: State, source: str, target: str) -> Mending:
    """Give a resource, or all of a module, another address; what lives in a moved resource comes along.

    What a dead run began to create and nobody recorded counts as being in state.

    Raises:
        HaplanError: There is no such resource, the target is taken, or it would be of another type.
    """
    names = _renames(with_orphans(state), source, target)
    taken = [new for new in names.values() if new not in names and any(address == new for address, _ in state.rows)]
    if taken:
        raise HaplanError(f"{taken[0]}: is in state already; move or forget that one first")
    open_ = sorted((state.unsettled() & set(names.values())) - set(names))
    if open_:  # it may be there, and nobody recorded it
        raise HaplanError(f"{open_[0]}: an earlier run ended in the middle of it; apply first, then move it")
    moved = [intent for intent in state.intents if intent.touches() & names.keys()]
    update = attrs.evolve(renames.update(state, names), intents=_settled(moved))
    return Mending(update, names, announced=tuple(renames.announced(moved, names)))


def _settled(intents: Iterable[Intent]) -> tuple[tuple[int, IntentOutcome, Mapping[str, Tree]], ...]:
    return tuple((intent.id, "reconciled", {}) for intent in intents)


def _renames(state: State, source: str, target: str) -> dict[str, str]:
    known = list(dict.fromkeys(address for address, _ in state.rows))
    before = _prefix(source, known)
    if before is not None:
        after = _prefix(target, known)
        names = {old: f"{after}{old.removeprefix(before)}" for old in known if old.startswith(before)}
        if after is None or not names:
            why = "names no module" if after is None else "there is nothing in it"
            raise HaplanError(f"{target if after is None else source}: {why}; write module.NAME or module.NAME.*")
        _parsed(next(iter(names.values())))
        return {old: new for old, new in names.items() if old != new}
    if source not in known:
        raise HaplanError(f"{source} is not in state{nearest(source, known)}")
    names = {source: str(_fitting(source, target))}
    return {**names, **renames.living_in(state, names)}


def _prefix(pattern: str, known: Iterable[str]) -> str | None:
    """What all addresses begin with that are meant: of a module, or "" for all; None where one address is meant."""
    if pattern == "*":
        return ""
    path = pattern.removesuffix(".*")
    return f"{path}." if pattern not in known and is_module(path) else None


def _parsed(text: str) -> Address:
    try:
        return parse(text)
    except ValueError as error:
        raise HaplanError(str(error)) from None


def _fitting(source: str, target: str) -> Address:
    old, new = _parsed(source), _parsed(target)
    if old == new:
        raise HaplanError(f"{source}: that is where it is")
    if (old.type, old.data) != (new.type, new.data):
        raise HaplanError(f"{target}: a move keeps the type, and {source} is of type {old.type}")
    if old.owner != new.owner:
        raise HaplanError(f"{target}: a move keeps the owner ({old.owner or 'none'}); move the owner, this comes along")
    return new


# --- Forgetting -------------------------------------------------------------------------------------------------------


def forget(state: State, patterns: Iterable[str]) -> Mending:
    """Drop resources from state, with what lives in them; deposed objects too.

    What a dead run began to create and nobody recorded is forgotten like any other: the next plan does not delete it.

    Raises:
        HaplanError: A pattern matches nothing.
    """
    rows = with_orphans(state).rows
    known = list(dict.fromkeys(address for address, _ in rows))
    chosen: set[str] = set()
    for pattern in patterns:
        matched = {address for address in known if matches(address, pattern)}
        if not matched:
            raise HaplanError(f"{pattern} is not in state{nearest(pattern, known)}")
        chosen |= matched
    chosen |= {row.address for row in rows.values() if row.owner in chosen}
    gone = {key: row.serial for key, row in state.rows.items() if key[0] in chosen}
    told = [intent for intent in state.intents if intent.touches() & chosen]
    update = Update(run="", deleted=tuple(gone), expected=gone, intents=_settled(told))
    left = tuple(silenced(intent, chosen) for intent in told if not intent.touches() <= chosen)
    addresses = {address: "" for address in known if address in chosen}
    return Mending(update, addresses, tuple(_left(state, chosen)), left)


def _left(state: State, chosen: set[str]) -> Iterable[str]:
    for row in state.rows.values():
        if row.address in chosen and row.provider == "haplan":
            yield f"{row.address} was kept in the state alone: it is gone"
        needed = [one for one in row.depends_on if one in chosen]
        if needed and row.address not in chosen and not row.deposed:
            yield f"{row.address} still refers to {', '.join(needed)}"


# --- Taking drift ---


def accept(state: State, drift: Sequence[Drift]) -> Mending:
    """What moved in the estate, as state remembers it from now on; what is gone is forgotten."""
    drift = [one for one in drift if one.moved]
    moved = {one.address: one for one in drift if one.seen is not None and "position" not in one.seen}
    gone = [one.address for one in drift if one.seen is None]
    rows = [_as_seen(_there(state, one.address), one) for one in moved.values()]
    expected = {(address, ""): _there(state, address).serial for address in (*moved, *gone)}
    orders = tuple(_reordered(state, drift))
    update = Update(
        run="", rows=tuple(rows), deleted=tuple((address, "") for address in gone), expected=expected, orders=orders
    )
    return Mending(update, {address: "" if address in gone else address for address in (*moved, *gone)})


def _as_seen(row: Row, one: Drift) -> Row:
    seen = dict(one.seen or {})
    name = str(seen.pop("name", row.name))
    values = {**row.values, **encode(seen)}
    values = {attribute: value for attribute, value in values.items() if value is not None}
    return attrs.evolve(row, name=name, values=values, hash=fingerprint(values))


def _reordered(state: State, drift: Sequence[Drift]) -> Iterator[OrderRow]:
    """The sequences of the documents in which entries stand elsewhere than recorded."""
    places: dict[tuple[Document, str], dict[int, str]] = {}
    for one in drift:
        for document in {where for address, where, _ in state.placements if address == one.address}:
            if one.seen is not None and "position" in one.seen and (document, one.type) in state.orders:
                places.setdefault((document, one.type), {})[int(one.seen["position"])] = one.name
    for key, moved in places.items():
        names = [name for name in state.orders[key].names if name not in moved.values()]
        for position, name in sorted(moved.items()):
            names.insert(position - 1, name)
        yield OrderRow(*key, tuple(names))


# --- Marking ----------------------------------------------------------------------------------------------------------


def taint(state: State, address: str) -> Mending:
    """Mark a resource: the next plan replaces it.

    Raises:
        HaplanError: It is not in state, or is not as an apply left it when all went well.
    """
    row = _there(state, address)
    if row.status == "tainted":
        raise HaplanError(f"{address}: is tainted already; the next plan replaces it")
    if row.status != "ok":
        raise HaplanError(f"{address}: is {row.status.replace('_', ' ')}: apply goes on with it; --replace replaces it")
    return _marked(attrs.evolve(row, status="tainted"))


def untaint(state: State, address: str) -> Mending:
    """Take the mark away.

    Raises:
        HaplanError: It is not in state, or not tainted.
    """
    row = _there(state, address)
    if row.status != "tainted":
        raise HaplanError(f"{address}: is not tainted; its status is {row.status.replace('_', ' ')}")
    return _marked(attrs.evolve(row, status="ok"))


def _there(state: State, address: str) -> Row:
    row = state.row(address)
    if row is None:
        raise HaplanError(f"{address} is not in state{nearest(address, [key[0] for key in state.rows])}")
    return row


def _marked(row: Row) -> Mending:
    return Mending(Update(run="", rows=(row,), expected={(row.address, ""): row.serial}), {row.address: row.address})

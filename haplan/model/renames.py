"""State under other addresses: rows, what speaks of them, and what is named after them. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from haplan.model import devices
from haplan.model.address import parse
from haplan.model.document import Document
from haplan.model.state import Intent, OrderRow, PlacementRow, Row, State, Update
from haplan.model.unfinished import BEGUN, LEFT, places, with_left
from haplan.model.value import Tree

Names = Mapping[str, str]
"""Address before → address after."""


def living_in(state: State, names: Names, wanted: Collection[str] = ()) -> dict[str, str]:
    """New addresses of what lives in resources that move: it is named in its owner.

    It goes with its owner into another module, if a stack does not have it (`wanted`) in the module where it was.
    """
    found = {}
    for row in state.rows.values():
        if row.owner in names and row.address not in names:
            own, owner, new = parse(row.address), parse(row.owner), parse(names[row.owner])
            stays = str(attrs.evolve(own, owner=new.label))
            module = new.module if own.module == owner.module and stays not in wanted else own.module
            found[row.address] = str(attrs.evolve(own, owner=new.label, module=module))
    return found


def renamed(state: State, names: Names) -> State:
    """The state as it is once `update` is saved."""
    if not names:
        return state
    rows = [_row(row, names) if _speaks_of(row, names) else row for row in state.rows.values()]
    placements = [_placement(one, names) for one in state.placements.values()]
    orders = [attrs.evolve(one, document=_document(one.document, names)) for one in state.orders.values()]
    return attrs.evolve(
        state,
        rows={(row.address, row.deposed): row for row in rows},
        placements={(one.address, one.document, one.part): one for one in placements},
        orders={(one.document, one.list): one for one in orders},
        intents=tuple(_intent(intent, names) for intent in state.intents),
    )


def update(state: State, names: Names, run: str = "") -> Update:
    """Rows under their new addresses, and those that speak of them; what is named after an address follows."""
    rows, expected = [], {}
    for key, row in state.rows.items():
        if not _speaks_of(row, names):  # nearly all
            continue
        new = _row(row, names)
        if new != row:
            rows.append(new)
            expected[key] = row.serial
            expected.setdefault((new.address, new.deposed), 0)
    gone = [key for key in state.rows if key[0] in names]
    orders = [one for one in state.orders.values() if _document(one.document, names) != one.document]
    emptied = [attrs.evolve(one, names=()) for one in orders]
    moved = [OrderRow(_document(one.document, names), one.list, one.names) for one in orders]
    return Update(
        run=run,
        rows=tuple(rows),
        deleted=tuple(gone),
        expected=expected,
        placements=tuple(_placement(one, names) for one in state.placements.values() if one.address in names),
        orders=(*emptied, *moved),
    )


def announced(intents: Iterable[Intent], names: Names) -> Iterator[Intent]:
    """Intents under the new addresses, as new ones of their runs."""
    return (attrs.evolve(_intent(intent, names), id=0) for intent in intents)


def _speaks_of(row: Row, names: Names) -> bool:
    """False if a row surely stays as it is."""
    kept = LEFT in row.private or devices.MISSING in row.private
    return kept or row.address in names or row.owner in names or not names.keys().isdisjoint(row.depends_on)


def _row(row: Row, names: Names) -> Row:
    return attrs.evolve(
        row,
        address=names.get(row.address, row.address),
        owner=names.get(row.owner, row.owner),
        depends_on=tuple(names.get(one, one) for one in row.depends_on),
        private=_private(row.private, names),
    )


def _private(private: Mapping[str, Tree], names: Names) -> Mapping[str, Tree]:
    if devices.MISSING in private:
        documents = {one: str(_document(Document.parse(one), names)) for one in private[devices.MISSING]}
        private = devices.renamed(private, names, documents)
    if LEFT not in private:
        return private
    left = {(_document(document, names), part): values for (document, part), values in places(private).items()}
    return with_left(private, left)


def _placement(one: PlacementRow, names: Names) -> PlacementRow:
    return PlacementRow(names.get(one.address, one.address), _document(one.document, names), one.part, one.status)


def _intent(intent: Intent, names: Names) -> Intent:
    addresses = tuple(names.get(one, one) for one in intent.addresses)
    carried = [_carried(one, names) for one in intent.result.get(BEGUN) or ()]
    return attrs.evolve(
        intent,
        address=names.get(intent.address, intent.address),
        addresses=addresses,
        document=_document(intent.document, names),
        result={**intent.result, BEGUN: carried} if carried else intent.result,
    )


def _carried(one: Mapping[str, Tree], names: Names) -> Mapping[str, Tree]:
    """What an intent says of one resource."""
    moved = {**one, "address": names.get(one["address"], one["address"])}
    if "name" in one:
        moved |= {"owner": names.get(one["owner"], one["owner"]), "needs": [names.get(n, n) for n in one["needs"]]}
    return moved


def _document(document: Document, names: Names) -> Document:
    return Document(document.kind, names.get(document.name, document.name))

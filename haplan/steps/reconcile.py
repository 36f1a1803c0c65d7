"""Reconcile: what a dead run made without recording it, taken into account in memory; nothing is written."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.contracts import Provider
from haplan.errors import ProviderError, Unauthorized
from haplan.model.state import Intent, Row, State, deposed_mark


@attrs.frozen
class Reconciled:
    """What a dead run left, found out.

    Attributes:
        state: With the half of a replacement that nobody recorded: the new object, and the old one as deposed.
        unread: Address → why nobody can tell what became of it.
    """

    state: State
    unread: Mapping[str, str]


def reconcile(state: State, providers: Mapping[str, Provider]) -> Reconciled:
    """Find out what announced writes came to.

    What has no row yet is found by refresh, by its natural key; what has one is found there by its id, and that is the
    old object's.

    Raises:
        Unauthorized: A backend does not accept the credentials.
    """
    if not state.intents:
        return Reconciled(state, {})
    rows, unread = dict(state.rows), dict[str, str]()
    known = {row.id for row in rows.values()}
    for intent in state.intents:
        row = state.row(intent.address)
        if row is None or not row.id or intent.idempotent or intent.provider not in providers:
            continue
        try:
            made = _made(intent, providers)
        except Unauthorized:
            raise
        except ProviderError as error:
            unread[intent.address] = str(error)
            continue
        if made and made not in known:
            rows.update(_halves(row, made))
    return Reconciled(attrs.evolve(state, rows=rows), unread)


def _made(intent: Intent, providers: Mapping[str, Provider]) -> str:
    found = providers[intent.provider].identify(intent)
    return found.id if found is not None else ""


def _halves(row: Row, made: str) -> Iterable[tuple[tuple[str, str], Row]]:
    mark = deposed_mark(row.id)
    yield (row.address, ""), attrs.evolve(row, id=made, status="pending")
    yield (row.address, mark), attrs.evolve(row, deposed=mark, serial=0)

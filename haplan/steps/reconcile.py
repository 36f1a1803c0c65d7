"""Reconcile: what a dead run made without recording it, taken into account in memory; nothing is written."""

from collections.abc import Iterable, Mapping

import attrs

from haplan.contracts import Provider
from haplan.model.state import Intent, Row, State, deposed_mark


def reconcile(state: State, providers: Mapping[str, Provider]) -> State:
    """The state with the half of a replacement that nobody recorded: the new object, and the old one as deposed.

    What has no row yet is found by refresh, by its natural key; what has one is found there by its id, and that is the
    old object's.
    """
    if not state.intents:
        return state
    rows = dict(state.rows)
    known = {row.id for row in rows.values()}
    for intent in state.intents:
        row = state.row(intent.address)
        if row is None or not row.id or intent.idempotent or intent.provider not in providers:
            continue
        made = _made(intent, providers)
        if made and made not in known:
            rows.update(_halves(row, made))
    return attrs.evolve(state, rows=rows)


def _made(intent: Intent, providers: Mapping[str, Provider]) -> str:
    found = providers[intent.provider].identify(intent)
    return found.id if found is not None else ""


def _halves(row: Row, made: str) -> Iterable[tuple[tuple[str, str], Row]]:
    mark = deposed_mark(row.id)
    yield (row.address, ""), attrs.evolve(row, id=made, status="pending")
    yield (row.address, mark), attrs.evolve(row, deposed=mark, serial=0)

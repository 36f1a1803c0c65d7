"""Reconcile: what a dead run made without recording it, taken into account in memory; nothing is written."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import attrs

from haplan.contracts import Provider
from haplan.errors import ProviderError, Unauthorized
from haplan.model.state import Intent, Row, State, deposed_mark
from haplan.model.unfinished import begun
from haplan.wall.together import together


@attrs.frozen
class Reconciled:
    """What a dead run left, found out.

    Attributes:
        state: With the half of a replacement that nobody recorded: the new object, and the old one as deposed; and
            with what may be missing in one of several documents.
        unread: Address → why nobody can tell what became of it.
    """

    state: State
    unread: Mapping[str, str]


def reconcile(
    state: State, providers: Mapping[str, Provider], meanwhile: Callable[[], None] = lambda: None
) -> Reconciled:
    """Find out what announced writes came to.

    What has no row yet is found by refresh, by its natural key; what has one is found there by its id, and that is the
    old object's. What has one without an id left the stack before anybody recorded it (`with_orphans`).

    Raises:
        Unauthorized: A backend does not accept the credentials.
    """
    if not state.intents:
        return Reconciled(state, {})
    rows, unread = dict(state.rows), dict[str, str]()
    known = {row.id for row in rows.values()}
    asked: dict[str, list[tuple[Intent, Row]]] = {}
    for intent in state.intents:
        row = state.row(intent.address)
        known_or_orphan = row is not None and (row.id or not row.serial)
        if row is not None and known_or_orphan and not intent.idempotent and intent.provider in providers:
            asked.setdefault(intent.provider, []).append((intent, row))
    found = together({key: partial(_made, providers[key], pairs) for key, pairs in asked.items()}, meanwhile)
    for row, made, why in (one for ones in found.values() for one in ones):
        if why:
            unread[row.address] = why
        elif made and not row.id:
            rows[row.address, ""] = attrs.evolve(row, id=made)
        elif made and made not in known:
            rows.update((key, half) for key, half in _halves(row, made) if not key[1] or key not in rows)
    return Reconciled(begun(attrs.evolve(state, rows=rows)), unread)


def _made(provider: Provider, asked: Iterable[tuple[Intent, Row]]) -> list[tuple[Row, str, str]]:
    """What one provider finds, with the rows that do not say it, or why it cannot tell."""
    found = []
    for intent, row in asked:
        try:
            seen = provider.identify(intent)
            found.append((row, seen.id if seen is not None else "", ""))
        except Unauthorized:
            raise
        except ProviderError as error:
            found.append((row, "", str(error)))
    return found


def _halves(row: Row, made: str) -> Iterable[tuple[tuple[str, str], Row]]:
    mark = deposed_mark(row.id)
    yield (row.address, ""), attrs.evolve(row, id=made, status="pending")
    yield (row.address, mark), attrs.evolve(row, deposed=mark, serial=0)

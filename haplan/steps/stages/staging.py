"""Staging: from changes and edges to transactions."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from haplan.model.finding import Finding
from haplan.model.graph import Edge, contracted
from haplan.model.plan import Change, Order, Transaction
from haplan.steps.stages.groups import Place, between, grouped, in_sequence
from haplan.steps.stages.transactions import transactions
from haplan.steps.stages.values import flows, impossible, written_again
from haplan.steps.stages.ways import Placements, ways


@attrs.frozen
class Staged:
    """What staging gives.

    Attributes:
        transactions: In order.
        voided: Soft edges that yielded to "one document, one write" (HA161), and as of kind ``gate`` to a gate.
        findings: What cannot be put in order.
        notes: Why a document is written more than once.
    """

    transactions: tuple[Transaction, ...]
    voided: tuple[Edge, ...]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def stages(
    changes: Sequence[Change],
    placements: Placements,
    edges: Iterable[Edge],
    ranks: Mapping[str, int],
    orders: Mapping[Place, Sequence[Order]],
    whole: Collection[str] = (),
) -> Staged:
    """Arrange the writes.

    Args:
        changes: What is to be done, in order of the graph.
        placements: `Change.key` → the documents it touches, in order.
        edges: Between changes, by key, of all kinds, in the direction of the work.
        ranks: Resource type → rank.
        orders: Provider key and document → sequences to set in it.
        whole: Keys of the providers that write a document whole: no value flows from one part of it to another.

    Raises:
        HaplanError: Some changes wait for one another.
    """
    by_key = {change.key: change for change in changes}
    key = _key(changes, placements, ranks)
    edges = _sorted([edge for edge in edges if edge.first in by_key and edge.then in by_key], changes)
    edges = _sorted(contracted(edges, lambda one: bool(placements[one])), changes)
    values = flows(changes, placements)
    found = ways(changes, placements, edges, values)
    documents = {node: (by_key[node[0]].provider, placements[node[0]][node[1]].document) for node in key}
    groups = grouped(found, key, documents, whole, changes, edges)
    waits = between(found, groups, placements, edges)
    ordered = [groups[number] for number in in_sequence(groups, waits, key)]
    of = {node: group for group in groups for node in group.nodes}
    return Staged(
        transactions(ordered, waits, by_key, placements, ranks, orders),
        waits.voided,
        tuple(impossible(found, values, of, by_key)),
        tuple(written_again(found, values, ordered, of, placements)),
    )


def _key(
    changes: Sequence[Change], placements: Placements, ranks: Mapping[str, int]
) -> dict[tuple[str, int], tuple[int, int, int]]:
    """By what the parts of changes go where nothing else says: rank, place in the graph, place in the change."""
    return {
        (change.key, index): (ranks.get(change.type, 50), seq, index)
        for seq, change in enumerate(changes)
        for index in range(len(placements[change.key]))
    }


def _sorted(edges: Iterable[Edge], changes: Sequence[Change]) -> tuple[Edge, ...]:
    """In order of the changes: which soft edge yields is the same in whatever order they come in."""
    place = {change.key: index for index, change in enumerate(changes)}
    return tuple(sorted(edges, key=lambda e: (place[e.first], place[e.then], e.kind, e.why)))

"""Stages: one document, one write, as far as the graph allows; soft edges yield."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, product
from random import Random

import attrs
import networkx as nx
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from haplan.model.graph import Edge
from haplan.model.plan import Action, Change, Placement, Transaction
from haplan.steps.stages import Staged, stages
from tests.steps.samples import change

Placements = Mapping[str, Sequence[Placement]]


def staged(documents: Mapping[str, Sequence[str]], *edges: str, late: Sequence[str] = ()) -> Staged:
    """Stages of changes given as name → documents, and edges such as ``a hard b``; ``T!`` is late, ``T*`` apart."""
    placements = {
        name: tuple(
            Placement(document=one.rstrip("!*"), part=str(n), late=one.endswith("!"), apart=one.endswith("*"))
            for n, one in enumerate(carried)
        )
        for name, carried in documents.items()
    }
    made = [Edge(first, then, kind, "test") for first, kind, then in (edge.split() for edge in edges)]  # type: ignore[arg-type]
    return stages([change(name) for name in documents], placements, made, {}, {})


def shown(found: Staged) -> list[str]:
    """Each transaction as ``document: what it carries``."""
    return [f"{t.document}: {' '.join(placed.address for placed in t.placed)}" for t in found.transactions]


def test_all_of_one_document_is_one_write() -> None:
    assert shown(staged({"t": ["T"], "s": ["T"], "p": ["T"]}, "t hard s", "s hard p")) == ["T: t s p"]


def test_a_hard_way_through_another_document_splits_a_write() -> None:
    assert shown(staged({"a": ["T"], "b": ["U"], "c": ["T"]}, "a hard b", "b hard c")) == ["T: a", "U: b", "T: c"]


def test_a_soft_way_through_another_document_does_not() -> None:
    found = staged({"a": ["T"], "b": ["U"], "c": ["T"]}, "a soft b", "b soft c")
    assert shown(found) == ["T: a c", "U: b"]
    assert [(edge.first, edge.then) for edge in found.voided] == [("b", "c")]


def test_a_soft_edge_orders_what_comes_new_of_a_replacement_and_not_what_goes() -> None:
    placements = {
        "old": (Placement(document="T", part="0", half="old"), Placement(document="U", part="0", half="new")),
        "other": (Placement(document="V"),),
    }
    for edge, waits in (
        (Edge("other", "old", "soft", "test"), {"U": ["V"]}),
        (Edge("old", "other", "soft", "test"), {"V": ["U"]}),
    ):
        found = stages([change(name) for name in placements], placements, [edge], {}, {}).transactions
        called = {one.id: str(one.document) for one in found}
        assert {str(one.document): [called[id_] for id_ in one.soft] for one in found if one.soft} == waits


def test_a_gate_inside_one_document_splits_the_write() -> None:
    found = staged({"hub1": ["T"], "hub2": ["T"]}, "hub1 gate hub2")
    assert shown(found) == ["T: hub1", "T: hub2"]
    assert found.transactions[1].gates == ("t01",)


def test_placements_that_stand_apart_are_one_write_for_each_document_and_wait_for_no_other() -> None:
    documents = {"steering": ["D1*", "D2*", "D3*"], "policy": ["D1*", "D2*", "D3*"]}
    for kind in ("hard", "soft"):
        found = staged(documents, f"steering {kind} policy")
        assert shown(found) == ["D1: steering policy", "D2: steering policy", "D3: steering policy"]
        assert not any((*one.after, *one.soft) for one in found.transactions)


def test_what_stands_apart_goes_into_the_write_of_the_document_behind_a_gate() -> None:
    found = staged(
        {"hub": ["form-hub", "hub"], "spoke": ["hub*", "form-spoke", "spoke"], "site": ["hub*", "spoke*"]},
        "site hard spoke", "hub gate spoke",
    )  # fmt: skip
    assert shown(found) == ["form-hub: hub", "hub: hub site spoke", "form-spoke: spoke", "spoke: site spoke"]
    assert [one.gates for one in found.transactions] == [(), (), ("t02",), ()]
    assert [one.after for one in found.transactions] == [(), ("t01",), (), ("t03",)]


def test_a_gate_that_is_a_reference_too_stays_a_gate() -> None:
    for edges in (("a gate b", "a hard b"), ("a hard b", "a gate b")):
        second = staged({"a": ["A"], "b": ["B"]}, *edges).transactions[1]
        assert (second.gates, second.after) == (("t01",), ())


def test_what_shrinks_last_comes_after_all_who_use_it() -> None:
    found = staged({"name": ["N", "N!"], "user1": ["U"], "user2": ["V"]}, "name hard user1", "name hard user2")
    assert shown(found) == ["N: name", "U: user1", "V: user2", "N: name"]
    assert set(found.transactions[3].after) == {"t01", "t02", "t03"}


def test_what_shrinks_last_comes_after_what_stands_apart_in_its_document() -> None:
    assert shown(staged({"a": ["A", "A!"], "b": ["A*", "B*"]}, "a hard b")) == ["A: a b a", "B: b"]


def test_a_change_without_a_document_has_no_transaction() -> None:
    assert staged({"forgotten": []}).transactions == ()


def test_documents_of_two_providers_are_never_one() -> None:
    two = [change("a"), Change(address="b", type="mem_thing", name="b", provider="mem.other", action=Action.CREATE)]
    found = stages(two, {"a": [Placement(document="T")], "b": [Placement(document="T")]}, [], {}, {})
    assert [(t.provider, str(t.document)) for t in found.transactions] == [("mem", "T"), ("mem.other", "T")]


def test_a_gate_begins_a_new_stage() -> None:
    found = staged({"a": ["A"], "b": ["B"], "c": ["C"]}, "a gate b")
    assert [t.stage for t in found.transactions] == sorted(t.stage for t in found.transactions)
    by_document = {str(t.document): t.stage for t in found.transactions}
    assert by_document["A"] < by_document["B"]


@pytest.mark.parametrize(
    ("action", "verb"), [(Action.CREATE, "create"), (Action.UPDATE, "update"), (Action.DELETE, "delete")]
)
def test_the_verb_says_what_happens_to_the_document(action: Action, verb: str) -> None:
    (only,) = stages([change("a", action)], {"a": [Placement(document="T")]}, [], {}, {}).transactions
    assert only.verb == verb


# --- Laws -------------------------------------------------------------------------------------------------------------

documents = st.lists(st.sampled_from("ABCD"), min_size=1, max_size=3)
alike = st.lists(st.sampled_from("ABCD"), min_size=1, max_size=3, unique=True)
kinds = st.sampled_from(["hard", "hard", "soft", "soft", "gate"])


@st.composite
def placed(draw: st.DrawFn) -> tuple[Placement, ...]:
    """Placements in order, the last of several maybe late; or a few that stand apart, maybe behind one in order."""
    if draw(st.booleans()):
        first = draw(st.integers(0, 1))
        return tuple(Placement(document=one, part=str(n), apart=n >= first) for n, one in enumerate(draw(alike)))
    carried = draw(documents)
    last = len(carried) - 1 if draw(st.booleans()) else 0
    return tuple(Placement(document=one, part=str(n), late=n == last > 0) for n, one in enumerate(carried))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Change], Placements, list[Edge]]:
    count = draw(st.integers(1, 7))
    placements = {f"c{n}": draw(placed()) for n in range(count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), kinds)
    edges = [
        Edge(*(f"c{n}" for n in ((a, b) if kind == "soft" else sorted((a, b)))), kind, "drawn")  # type: ignore[arg-type, call-arg]
        for a, b, kind in draw(st.lists(pairs, max_size=10))
        if a != b
    ]
    return [change(name) for name in placements], placements, edges


def order_of(found: Staged) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(t.id for t in found.transactions)
    graph.add_edges_from((before, t.id) for t in found.transactions for before in (*t.after, *t.gates))
    return graph


def whereabouts(found: Staged) -> dict[tuple[str, str], Transaction]:
    return {(placed.address, placed.placement.part): t for t in found.transactions for placed in t.placed}


@given(problems())
@settings(max_examples=150)
def test_every_placement_is_in_exactly_one_transaction_of_its_document(
    problem: tuple[list[Change], Placements, list[Edge]],
) -> None:
    changes, placements, edges = problem
    found = stages(changes, placements, edges, {}, {})
    carried = [(p.address, p.placement) for t in found.transactions for p in t.placed]
    assert sorted(carried, key=str) == sorted(((name, p) for name, ps in placements.items() for p in ps), key=str)
    assert all(placed.placement.document == t.document for t in found.transactions for placed in t.placed)


@given(problems())
@settings(max_examples=150)
def test_hard_edges_gates_and_the_order_inside_a_change_are_respected(
    problem: tuple[list[Change], Placements, list[Edge]],
) -> None:
    changes, placements, edges = problem
    found = stages(changes, placements, edges, {}, {})
    graph, at = order_of(found), whereabouts(found)
    place = {t.id: index for index, t in enumerate(found.transactions)}
    assert all(place[a] < place[b] for a, b in graph.edges)

    def before(one: tuple[str, str], other: tuple[str, str]) -> bool:
        first, then = at[one], at[other]
        if first is then:
            parts = [(p.address, p.placement.part) for p in first.placed]
            return parts.index(one) < parts.index(other)
        return bool(nx.has_path(graph, first.id, then.id))

    for name, carried in placements.items():
        chain = [(name, one.part) for one in carried if not one.apart]
        assert all(before(one, other) for one, other in pairwise(chain))
    for edge in edges:
        for one, other in product(placements[edge.first], placements[edge.then]):
            apart, a, b = one.apart or other.apart, (edge.first, one.part), (edge.then, other.part)
            here = any(p.document == other.document for p in placements[edge.first])
            flows = edge.kind == "hard" and not here and not (one.apart or one.late)
            if edge.kind == "soft" or (apart and one.document != other.document and not flows):
                continue
            assert before(b, a) if one.late else before(a, b)
            assert edge.kind == "hard" or apart or one.late or at[a] is not at[b]


@given(problems())
@settings(max_examples=150)
def test_no_two_transactions_of_one_document_could_be_one(problem: tuple[list[Change], Placements, list[Edge]]) -> None:
    changes, placements, edges = problem
    found = stages(changes, placements, edges, {}, {})
    graph = order_of(found)
    for one in found.transactions:
        for other in found.transactions:
            if one.id < other.id and one.document == other.document:
                merged = nx.contracted_nodes(graph, one.id, other.id, self_loops=False)
                gated = other.id in one.gates or one.id in other.gates
                assert gated or not nx.is_directed_acyclic_graph(merged), (one, other)


@given(problems())
@settings(max_examples=150)
def test_soft_edges_add_no_transaction_and_close_no_circle(
    problem: tuple[list[Change], Placements, list[Edge]],
) -> None:
    changes, placements, edges = problem
    found = stages(changes, placements, edges, {}, {})
    without = stages(changes, placements, [edge for edge in edges if edge.kind != "soft"], {}, {})
    assert {frozenset(t.placed) for t in found.transactions} == {frozenset(t.placed) for t in without.transactions}
    graph = order_of(found)
    graph.add_edges_from((before, t.id) for t in found.transactions for before in t.soft)
    assert nx.is_directed_acyclic_graph(graph)
    for edge in edges:
        if edge.kind == "soft" and not {edge, attrs.evolve(edge, kind="gate")} & {*found.voided}:
            placed = [(p.address, t.id) for t in found.transactions for p in t.placed if not p.placement.apart]
            first, then = ({number for address, number in placed if address == end} for end in (edge.first, edge.then))
            assert all(nx.has_path(graph, a, b) for a in first - then for b in then - first)


@given(problems(), st.randoms())
@settings(max_examples=150)
def test_the_same_changes_give_the_same_stages_in_whatever_order_edges_and_documents_come(
    problem: tuple[list[Change], Placements, list[Edge]], chance: Random
) -> None:
    changes, placements, edges = problem
    shuffled = [*edges, *edges[:2]]
    chance.shuffle(shuffled)
    found = stages(changes, placements, edges, {}, {})
    assert found == stages(changes, placements, edges, {}, {})
    assert found == stages(changes, dict(reversed(placements.items())), shuffled, {}, {})


# --- What the laws were tried on --------------------------------------------------------------------------------------


def shared(found: Staged) -> bool:
    return any(len({placed.address for placed in t.placed}) > 1 for t in found.transactions)


def written_twice(found: Staged) -> bool:
    return len({t.document for t in found.transactions}) < len(found.transactions)


def late_elsewhere(found: Staged) -> bool:
    """A late placement that could not join the document's earlier write."""
    late = [t for t in found.transactions if all(placed.placement.late for placed in t.placed)]
    return any(t.document == other.document and t is not other for t in late for other in found.transactions)


@pytest.mark.parametrize(
    "reached",
    [
        shared,
        written_twice,
        late_elsewhere,
        lambda found: any(len([p for p in t.placed if p.placement.apart]) > 1 for t in found.transactions),
        lambda found: bool(found.voided),
        lambda found: any(t.soft and t.after for t in found.transactions),
        lambda found: any(t.gates and t.after for t in found.transactions),
    ],
    ids=["shared write", "written twice", "late", "apart", "soft yields", "soft and hard", "gate and hard"],
)
def test_the_problems_reach_what_the_laws_are_about(reached: Callable[[Staged], bool]) -> None:
    def there(problem: tuple[list[Change], Placements, list[Edge]]) -> bool:
        changes, placements, edges = problem
        return reached(stages(changes, placements, edges, {}, {}))

    find(problems(), there, settings=settings(max_examples=500, phases=[Phase.generate]))


def test_what_no_gate_holds_up_is_printed_before_what_waits_at_one_and_a_soft_edge_does_not_wait_there() -> None:
    found = staged({"a": ["T"], "b": ["U"], "c": ["V"]}, "a gate b", "b soft c")
    assert [str(one.document) for one in found.transactions] == ["T", "V", "U"]
    assert [one.soft for one in found.transactions] == [(), (), ()]
    assert [(edge.first, edge.then, edge.kind) for edge in found.voided] == [("b", "c", "gate")]

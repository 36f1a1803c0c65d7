"""The graph: each after what it depends on, ties by rank and then by declaration; circles are printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.errors import StackError
from haplan.steps.graph import graph
from tests.steps.samples import TYPES, block, names, stack


def test_a_resource_comes_after_what_it_refers_to() -> None:
    found = graph(stack(block("a", "b"), block("b", "c"), block("c")), TYPES)
    assert names(found.order) == ["c", "b", "a"]


def test_ties_go_by_rank_and_then_by_declaration() -> None:
    found = graph(stack(block("r", kind="mem_rule"), block("z"), block("a")), TYPES)
    assert found.order == ("mem_thing.z", "mem_thing.a", "mem_rule.r")


def test_an_edge_says_which_attribute_makes_it() -> None:
    found = graph(stack(block("a"), block("b", "a")), TYPES)
    assert [(edge.first, edge.then, edge.kind, edge.why) for edge in found.edges] == [
        ("mem_thing.a", "mem_thing.b", "hard", "tags")
    ]


def test_a_circle_is_printed_with_the_references_that_make_it() -> None:
    circle = stack(block("a", "c", line=1), block("b", "a", line=2), block("c", "b", line=3))
    with pytest.raises(StackError) as caught:
        graph(circle, TYPES)
    assert str(caught.value) == (
        "stack.py:1: references form a circle: mem_thing.a (tags) → mem_thing.c (tags) → mem_thing.b (tags) "
        "→ mem_thing.a; drop one of them"
    )


@given(st.permutations(range(6)), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=10))
def test_the_order_respects_every_reference(declared: list[int], pairs: list[tuple[int, int]]) -> None:
    needs: dict[int, set[str]] = {
        n: {str(min(pair)) for pair in pairs if max(pair) == n != min(pair)} for n in declared
    }
    found = graph(stack(*(block(str(n), *sorted(needs[n])) for n in declared)), TYPES)
    place = {name: index for index, name in enumerate(names(found.order))}
    assert all(place[need] < place[str(n)] for n in declared for need in needs[n])

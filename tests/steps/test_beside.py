"""A sequence that is to be set when somebody moved others: that stays, and what is new finds its neighbour."""

import pytest

from haplan.contracts import Reading
from haplan.errors import Stale
from haplan.model.document import Document
from haplan.model.plan import Order
from haplan.steps.apply.beside import rebased

HERE = Document("thing", "x")


def order(before: str, after: str) -> Order:
    return Order(document=HERE, list="policy", before=tuple(before), after=tuple(after))


def live(names: str) -> Reading:
    return Reading(seen={}, orders={(HERE, "policy"): tuple(names)})


@pytest.mark.parametrize(
    ("before", "after", "there", "set_to"),
    [
        ("abc", "abc", "abc", "abc"),
        ("abc", "abc", "bac", "bac"),
        ("abc", "abdc", "bac", "bdac"),
        ("abc", "dabc", "cba", "dcba"),
        ("abc", "ac", "cba", "ca"),
        ("abc", "adce", "cab", "cead"),
        ("abc", "acb", "abc", "acb"),
        ("abc", "abc", "zbyac", "bac"),
    ],
)
def test_what_others_moved_stays_and_what_is_new_comes_behind_its_neighbour(
    before: str, after: str, there: str, set_to: str
) -> None:
    assert "".join(rebased(order(before, after), live(there)).after) == set_to


@pytest.mark.parametrize(("before", "after", "there"), [("abc", "acb", "bac"), ("abc", "abc", "ab"), ("ab", "a", "")])
def test_a_change_of_order_is_refused_where_that_moved_or_something_is_gone(
    before: str, after: str, there: str
) -> None:
    with pytest.raises(Stale, match="the order of policy moved since the plan"):
        rebased(order(before, after), live(there))

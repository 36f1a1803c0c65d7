"""Entries keep their order, through every function that makes a tree from a tree; a mapping has none to keep."""

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from haplan.model import value as model
from haplan.model.canonical import canonical
from haplan.model.compare import (
    alike,
    differences,
    holds,
    merged,
    ordered,
    owned,
    same,
    with_secrets,
    without,
    without_secrets,
)
from haplan.model.entries import Entries
from haplan.report.differences import differences as told
from haplan.report.tree import known, orders
from haplan.state.codec import dumps

NAMES = st.lists(st.text("zaLw-0é", min_size=1, max_size=4), min_size=2, max_size=6, unique=True)
PLAIN = st.dictionaries(st.text("abcxyz", min_size=1, max_size=3), st.integers(0, 9), min_size=1, max_size=4)


@st.composite
def listed(draw: st.DrawFn) -> Entries:
    """Interfaces under names in no order."""
    return Entries((name, draw(PLAIN)) for name in draw(NAMES))


def shuffled(tree: Any, by: random.Random) -> Any:
    """The same tree with its mappings laid out anyhow."""
    if isinstance(tree, Entries):
        return Entries((name, shuffled(value, by)) for name, value in tree.items())
    if isinstance(tree, dict):
        names = list(tree)
        by.shuffle(names)
        return {name: shuffled(tree[name], by) for name in names}
    return tree


@given(listed())
def test_state_and_plan_files_give_entries_back_in_their_order(entries: Entries) -> None:
    for text in (dumps({"interfaces": entries}), canonical(model.encode({"interfaces": entries})).decode()):
        assert model.decode(json.loads(text)) == {"interfaces": entries}


@given(listed())
def test_whatever_makes_a_tree_from_entries_keeps_them_in_order(entries: Entries) -> None:
    tree, other = {"interfaces": entries}, {"interfaces": Entries(list(entries.items())[::-1])}
    assert model.transform(tree, lambda leaf: leaf) == model.by_name(tree) == tree
    assert owned(other, tree) == merged(tree, other) == with_secrets(tree, other, {}) == tree
    assert without(tree, (("interfaces", "gone"),)) == without_secrets(tree) == tree
    assert list((known(tree) or {})["interfaces"]) == orders(tree)["interfaces"] == list(entries)


@given(listed())
def test_another_order_is_a_difference_and_a_mapping_tells_none(entries: Entries) -> None:
    tree, other = {"interfaces": entries}, {"interfaces": Entries(list(entries.items())[::-1])}
    assert list(differences(tree, other)) == [("interfaces",)]
    assert not any(test(tree, other) for test in (same, alike, holds))
    (row,) = told(tree, other)
    assert (row.path, row.before, row.after) == (("interfaces",), list(entries), list(entries)[::-1])
    unsaid = {"interfaces": dict(entries)}
    assert list(differences(tree, unsaid)) == list(differences(unsaid, tree)) == []
    assert ordered(unsaid, other) == other
    assert ordered(unsaid, {"interfaces": Entries(list(other["interfaces"].items())[1:])}) == unsaid


@given(listed(), st.randoms(use_true_random=False))
def test_how_a_mapping_lies_makes_no_difference(entries: Entries, by: random.Random) -> None:
    tree = {"interfaces": entries, "variables": {"b": "1", "a": "2"}}
    other = shuffled(tree, by)
    assert list(differences(tree, other)) == []
    assert canonical(model.encode(tree)) == canonical(model.encode(other))
    assert json.dumps(model.encode(model.by_name(tree))) == json.dumps(model.encode(model.by_name(other)))

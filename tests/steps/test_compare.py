"""Comparison goes by meaning and by ownership."""

import json
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.compare import (
    alike,
    differences,
    holds,
    kept_in_order,
    lost,
    merged,
    owned,
    same,
    seen_as,
    unordered,
    with_secrets,
    without,
    without_secrets,
)
from haplan.model.schema import Attribute, TypeInfo
from haplan.model.value import Ref, Secret, Text, Tree, Unknown

names = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=7)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(name in rest for name in part)


@given(names, names)
def test_what_stays_is_a_longest_common_sequence(wanted: list[str], live: list[str]) -> None:
    kept = kept_in_order(wanted, live)
    in_order = [name for name in wanted if name in kept]
    assert len(in_order) == len(kept)
    assert is_subsequence(in_order, live)
    common = [name for name in wanted if name in live]
    longer = (list(some) for some in combinations(common, len(kept) + 1))
    assert not any(is_subsequence(some, live) for some in longer)


def test_one_inserted_in_the_middle_of_fifty_moves_nothing() -> None:
    live = [f"p{n}" for n in range(50)]
    assert kept_in_order([*live[:25], "new", *live[25:]], live) == set(live)


@pytest.mark.parametrize(
    ("wanted", "live", "alike"),
    [
        (None, [], True),
        ({}, None, True),
        ({"a": None}, {}, True),
        (1, True, False),
        (0, False, False),
        (1, 1.0, True),
        ([1, 2], (1, 2), True),
        ([1, 2], [2, 1], False),
        ("", None, False),
        (Ref("a.b", ("id",)), "x", False),
        (Unknown(), Unknown(), False),
    ],
)
def test_sameness(wanted: Tree, live: Tree, alike: bool) -> None:
    assert same(wanted, live) is alike


def test_a_set_has_no_order_but_counts_its_members() -> None:
    assert same([{"x": 1, "y": 2}, "a"], ["a", {"y": 2, "x": 1}], as_set=True)
    assert not same(["a"], ["a", "b"], as_set=True)


@pytest.mark.parametrize(
    ("wanted", "recorded", "alike"),
    [
        (Secret("env:A", None, "f1"), Secret("env:B", None, "f1"), True),
        (Secret("env:A", None, "f1"), Secret("env:A", None, "f2"), False),
        (Secret("env:A", None, ""), Secret("env:A", None, "f2"), True),
        (Secret("env:A", "2", "f1"), Secret("env:A", "1", "f1"), False),
        (Secret("env:A", "2", "f1"), Secret("env:A", "2", "f2"), True),
        (Secret("env:A", None, "f1"), None, False),
        (Secret("env:A", None, "f1"), "open text", False),
    ],
)
def test_secrets_compare_by_version_else_by_fingerprint(wanted: Tree, recorded: Tree, alike: bool) -> None:
    assert same(wanted, recorded) is alike


@given(maps, maps)
def test_ownership_keeps_only_what_is_declared(shape: Tree, live: Tree) -> None:
    found = owned(shape, live)
    assert set(found) <= set(shape)
    assert owned(shape, found) == found


def test_ownership_goes_down_to_the_entry() -> None:
    shape = {"tags": {"a": 1, "n": {"x": 1}}, "list": [1]}
    live = {"tags": {"a": 2, "b": 3, "n": {"x": 4, "y": 5}}, "list": [1, 2], "more": 1}
    assert owned(shape, live) == {"tags": {"a": 2, "n": {"x": 4}}, "list": [1, 2]}


@given(maps)
def test_a_tree_does_not_differ_from_itself(tree: Tree) -> None:
    assert list(differences(tree, tree)) == []


@given(maps, maps)
def test_differences_are_empty_exactly_for_the_same(one: Tree, other: Tree) -> None:
    assert (list(differences(one, other)) == []) == same(one, other)


def test_differences_name_the_way_down() -> None:
    wanted, live = {"a": {"x": 1, "y": 2}, "b": [1]}, {"a": {"x": 1, "y": 3, "z": 0}, "c": 1}
    assert list(differences(wanted, live)) == [("a", "y"), ("a", "z"), ("b",), ("c",)]


def test_what_left_is_named_at_the_highest_level() -> None:
    assert list(lost({"a": {"x": 1, "y": {"z": 1}}, "b": 1}, {"a": {"x": 1}})) == [("a", "y"), ("b",)]


def test_paths_are_taken_out_and_shapes_put_together() -> None:
    assert without({"a": {"x": 1, "y": 2}, "b": 1}, (("a", "x"), ("b",))) == {"a": {"y": 2}}
    assert merged({"a": {"x": 1}}, {"a": {"x": 9, "y": 2}, "b": 3}) == {"a": {"x": 1, "y": 2}, "b": 3}


def test_secrets_and_local_attributes_are_seen_as_recorded() -> None:
    secret = Secret("env:A", None, "f")
    shape = {"psk": Secret("env:A"), "note": "new", "size": 1}
    kind = TypeInfo(name="thing", rank=0, attributes={"note": Attribute(name="note", kind="text", local=True)})
    seen = seen_as(shape, {"size": 2, "note": "what a backend made of it"}, {"psk": secret, "note": "old"}, kind)
    assert seen == {"size": 2, "note": "old", "psk": secret}
    assert without_secrets(seen) == {"size": 2, "note": "old"}


def test_an_attribute_may_be_a_set_only_while_another_has_a_value() -> None:
    attributes = {"paths": Attribute(name="paths", kind="list", unordered_when=("strategy", "ecmp"))}
    assert unordered(attributes, {"strategy": "ecmp"}) == {"paths"}
    assert unordered(attributes, {"strategy": "ordered"}) == frozenset()


plain_trees = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "1", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@given(plain_trees, plain_trees)
def test_alike_is_what_is_written_the_same(one: Tree, other: Tree) -> None:
    written = [json.dumps(tree, sort_keys=True) for tree in (one, other)]
    assert alike(one, other) is (written[0] == written[1])
    assert alike(one, json.loads(written[0]))


@given(plain_trees, plain_trees)
def test_what_holds_a_shape_does_so_with_more_beside_it(one: Tree, other: Tree) -> None:
    live = {"more": other, "shape": one}
    assert holds(live, {"shape": one})
    assert holds(live, {"shape": other}) is holds(one, other)
    assert not holds({"more": other}, {"shape": one})


def test_alike_is_the_very_same_json_and_nothing_else() -> None:
    tree = {"a": [1, {"b": None}], "c": "x"}
    assert alike(tree, {"c": "x", "a": [1, {"b": None}]})
    assert not alike(tree, {**tree, "d": None})
    assert not alike({"a": 1}, {"a": True})
    assert not alike({"a": [1, 2]}, {"a": [2, 1]})
    assert not alike(Ref("t.a", ("id",)), Ref("t.a", ("id",)))


def test_secrets_in_a_list_are_as_recorded_and_the_rest_of_it_is_owned_whole() -> None:
    hidden, kept = Secret("env:X"), Secret("env:X", None, "hmac")
    shape, live = [{"a": 1, "pw": hidden}, hidden], [{"a": 2, "b": 3, "pw": "***"}, "***"]
    assert with_secrets(live, shape, [{"a": 1, "pw": kept}, kept]) == [{"a": 2, "b": 3, "pw": kept}, kept]
    assert with_secrets([{"a": 1, "b": 3}], [{"a": 1}], [{"a": 1}]) == [{"a": 1, "b": 3}]
    assert without_secrets({"l": live, "n": 1}) == {"l": live, "n": 1}
    assert without_secrets({"l": shape, "n": 1}) == {"n": 1}


LISTS = [
    (["s", "plain"], [Secret("env:X", None, "hmac"), "plain"]),
    (["plain", "s"], ["plain", Secret("env:X", None, "hmac")]),
    (["plain", "s", "t"], ["plain", Secret("env:X", None, "hmac"), Secret("")]),
    (["s"], [Secret("env:X", None, "hmac")]),
    ([{"a": "s"}], [Secret("env:X", None, "hmac")]),
    ({"0": "s", "1": ["plain", "t"]}, {"0": Secret(""), "1": ["plain", Secret("")]}),
    ("s", Secret("")),
    (5, 5),
]


@pytest.mark.parametrize(("live", "seen"), LISTS)
def test_a_secret_of_a_list_is_not_seen_in_plain_wherever_a_backend_tells_it(live: Tree, seen: Tree) -> None:
    assert with_secrets(live, [Secret("env:X"), "plain"], [Secret("env:X", None, "hmac"), "plain"]) == seen


def test_a_text_with_a_secret_and_a_reference_is_not_seen_in_plain() -> None:
    shape = {"url": Text(("https://", Secret("env:X"), "@", Ref("t.a", ("id",))))}
    assert with_secrets({"url": "https://s@1"}, shape, {}) == {"url": Secret("")}


def test_entries_of_a_list_with_secrets_show_no_texts_that_the_stack_does_not_have() -> None:
    shape = [{"user": "u", "pw": Secret("env:X")}]
    seen = with_secrets([{"user": "u", "pw": "s", "old": "s", "n": 1}], shape, None)
    assert seen == [{"user": "u", "pw": Secret(""), "old": Secret(""), "n": 1}]


def test_what_a_backend_tells_where_state_knows_of_no_secret_is_never_the_same() -> None:
    assert with_secrets({"psk": "***"}, {"psk": Secret("env:X")}, {}) == {"psk": Secret("")}
    assert with_secrets({}, {"psk": Secret("env:X")}, {}) == {"psk": None}
    assert not same(Secret("env:X"), Secret(""))


def test_a_secret_where_a_mapping_was_recorded_and_a_text_stands_is_no_trouble() -> None:
    assert with_secrets(["now"], [Secret("env:X")], [{}]) == [{}]

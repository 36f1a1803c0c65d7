"""Values: encoded and read back, resolved as far as is known, secrets only by fingerprint."""

from hypothesis import given
from hypothesis import strategies as st

from haplan.model.sources import sources
from haplan.model.value import (
    Ref,
    Secret,
    Text,
    Tree,
    Unknown,
    decode,
    encode,
    fingerprint,
    hides,
    is_known,
    leaves,
    may_hide,
    partly,
    references,
    resolve,
)
from haplan.state.nouns import plain

texts = st.text(max_size=6)
refs = st.builds(Ref, texts, st.lists(texts | st.integers(), max_size=3).map(tuple), st.booleans())
special = (
    refs
    | st.builds(Text, st.lists(texts | refs, max_size=3).map(tuple))
    | st.builds(Secret, texts, st.none() | texts, texts)
    | st.builds(Unknown, texts)
)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
trees = st.recursive(
    scalars | texts | special,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.just("$haplan"), inner, max_size=3),
    max_leaves=10,
)


@given(trees)
def test_what_is_encoded_reads_back_the_same(tree: Tree) -> None:
    assert decode(encode(tree)) == tree


@given(trees)
def test_a_plan_file_keeps_values_as_they_are(tree: Tree) -> None:
    assert decode(plain(tree)) == tree


@given(trees)
def test_an_encoded_tree_is_plain_json(tree: Tree) -> None:
    assert not any(isinstance(leaf, Ref | Text | Secret | Unknown) for _, leaf in leaves(encode(tree)))


@given(trees)
def test_where_no_secret_may_hide_none_is(tree: Tree) -> None:
    for one in (tree, encode(tree)):  # some parts of a state stay as files have them
        assert may_hide(one) or not (hides(one) or sources(one))


def test_plain_values_and_references_hide_no_secret() -> None:
    assert not may_hide({"a": [1, ("x", None)], "b": {"c": Ref("site.a", ("id",))}})
    assert may_hide({"a": [{"b": Secret("env:X")}]})


def test_a_user_s_own_key_is_not_taken_for_one_of_ours() -> None:
    assert decode(encode({"$haplan": "ref", "x": 1})) == {"$haplan": "ref", "x": 1}


def test_references_are_resolved_as_far_as_they_are_known() -> None:
    tree = {"a": Ref("site.a", ("id",)), "b": [Text(("x-", Ref("site.b", ("id",)), "-", Ref("site.a", ("id",))))]}
    known = {"site.a": {"id": "1"}}
    assert partly(tree, known) == {"a": "1", "b": [Text(("x-", Ref("site.b", ("id",)), "-", "1"))]}
    assert partly(tree, {**known, "site.b": {"id": 2}}) == {"a": "1", "b": ["x-2-1"]}


def test_a_text_with_an_unknown_part_is_unknown() -> None:
    tree = Text(("x-", Ref("site.b", ("id",))))
    assert resolve(tree, lambda ref: Unknown(str(ref))) == Unknown("site.b.id")
    assert not is_known({"a": [Unknown()]})
    assert is_known({"a": [1]})


def test_references_are_found_in_texts_too() -> None:
    tree = [Ref("a.b", ("id",)), {"x": Text(("t", Ref("c.d", ("id",))))}]
    assert [ref.address for ref in references(tree)] == ["a.b", "c.d"]


def test_a_fingerprint_needs_the_key() -> None:
    assert fingerprint(b"k1", "psk") == fingerprint(b"k1", "psk")
    assert fingerprint(b"k1", "psk") != fingerprint(b"k2", "psk")
    assert "psk" not in fingerprint(b"k1", "psk")

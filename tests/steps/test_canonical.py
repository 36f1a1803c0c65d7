"""Canonical JSON: the quick way gives what RFC 8785 wants, and knows what it cannot do."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.canonical import canonical

WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = st.none() | st.booleans() | WHOLE | TEXT | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner))


@given(TREES)
def test_every_tree_is_written_as_rfc_8785_says(tree: object) -> None:
    assert canonical(tree) == rfc8785.dumps(tree)


@pytest.mark.parametrize("tree", [{"a": 1.0}, {"\U0001f600": 1, "\uffff": 2}, [1e21], {"a": ['ü\x7f\x1f"\\/']}])
def test_fractions_and_keys_beyond_ascii_too(tree: object) -> None:
    assert canonical(tree) == rfc8785.dumps(tree)


def test_an_integer_that_no_reader_keeps_is_refused() -> None:
    with pytest.raises(rfc8785.IntegerDomainError):
        canonical({"a": 2**60})

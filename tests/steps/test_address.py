"""Addresses are read as they are written, and patterns take globs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.address import Address, keyed, matches, parse

labels = st.text(min_size=1, max_size=8).filter(lambda text: text.isprintable() or '"' in text)
types = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(lambda name: not name.startswith("data"))
addresses = st.builds(
    Address,
    module=st.lists(labels, max_size=2).map(tuple),
    data=st.booleans(),
    type=types,
    owner=st.just("") | labels,
    label=labels,
)


@given(addresses)
def test_an_address_reads_back_as_it_was_written(address: Address) -> None:
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    ("text", "label"), [("site.branch", "branch"), ('site."Store 42"', "Store 42"), (r'site."a\"b"', 'a"b')]
)
def test_odd_labels_are_json_strings(text: str, label: str) -> None:
    assert parse(text).label == label
    assert str(parse(text)) == text


def test_a_module_a_data_source_and_an_owner_have_their_place() -> None:
    found = parse("module.store-1.module.x.data.policy.ha-spoke.guest")
    assert found == Address(module=("store-1", "x"), data=True, type="policy", owner="ha-spoke", label="guest")
    assert found.name == "ha-spoke.guest"


@pytest.mark.parametrize(
    "text", ["", "site", "site.", ".a", "site..a", "Site.a", "datax.a", "a.b.c.d", "site.a b", 'site."a']
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse(text)


@pytest.mark.parametrize(
    ("pattern", "hits"),
    [
        ("site.a", {"site.a"}),
        ("site.*", {"site.a", "site.b"}),
        ("site.?", {"site.a", "site.b"}),
        ("module.m", {"module.m.site.a"}),
        ("*.a", {"site.a", "module.m.site.a"}),
        ("site.[ab]", set()),
    ],
)
def test_patterns_take_star_and_question_mark_only(pattern: str, hits: set[str]) -> None:
    known = {"site.a", "site.b", "module.m.site.a", "module.mm.site.b"}
    assert {address for address in known if matches(address, pattern)} == hits


def test_a_deposed_object_has_a_name_of_its_own() -> None:
    assert keyed("site.a", "") == "site.a"
    assert keyed("site.a", "0a1b") == "site.a (deposed 0a1b)"

"""Addresses: written and read back alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.address import Address, matches, parse

LABELS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
TYPES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda t: not t.startswith("data") and t != "module"
)


@given(st.lists(LABELS, max_size=3).map(tuple), st.booleans(), TYPES, LABELS | st.just(""), LABELS)
def test_an_address_is_read_as_it_was_written(
    module: tuple[str, ...], data: bool, type_: str, owner: str, label: str
) -> None:
    address = Address(module=module, data=data, type=type_, owner=owner, label=label)
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "site.branch", "policy.ha-spoke.guest-internet", "module.store-042.cluster.edge", 'site."Store 42"',
        "data.network.corp", 'module."a.b".data.site.x',
    ],
)  # fmt: skip
def test_these_are_addresses(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "site", "site.", ".site", "site.a.b.c", "data1.x", "Site.x", "site.a b", 'site."x', "a..b"]
)
def test_these_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse(text)


@pytest.mark.parametrize(
    ("pattern", "yes"),
    [
        ("site.*", True),
        ("site.a", False),
        ("*.branch", True),
        ("module.m", False),
        ("site.br?nch", True),
        ("site.[b]*", False),
    ],
)
def test_patterns(pattern: str, yes: bool) -> None:
    assert matches("site.branch", pattern) is yes


def test_the_name_of_a_module_means_all_in_it() -> None:
    assert matches("module.m.site.a", "module.m")
    assert not matches("module.mm.site.a", "module.m")

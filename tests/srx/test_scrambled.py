"""Secrets as Junos tells them, turned back."""

import pytest

from haplan_srx.translate.scrambled import plain


@pytest.mark.parametrize(("told", "secret"), [
    ("$9$LbHX-wg4Z", "lc"), ("plain", "plain"), ("$9$", ""), ("$9$L", ""), ("$9$Lb!", ""), ("$6$salt$hash", ""),
])  # fmt: skip
def test_what_is_scrambled_is_turned_back_and_what_cannot_be_is_nothing(told: str, secret: str) -> None:
    assert plain(told) == secret

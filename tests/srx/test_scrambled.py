"""Secrets as Junos tells them, turned back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan_srx.private import as_plain, from_plain, stripped
from haplan_srx.translate.scrambled import plain, scrambled
from haplan_srx.translate.statements import Path


@pytest.mark.parametrize(("told", "secret"), [
    ("$9$LbHX-wg4Z", "lc"), ("plain", "plain"), ("$9$", ""), ("$9$L", ""), ("$9$Lb!", ""), ("$6$salt$hash", ""),
])  # fmt: skip
def test_what_is_scrambled_is_turned_back_and_what_cannot_be_is_nothing(told: str, secret: str) -> None:
    assert plain(told) == secret


def test_what_is_kept_of_others_has_no_secret_in_it_scrambled_or_in_plain() -> None:
    policy = ("security", "ike", ("policy", "old"))
    kept: dict[Path, tuple[str, ...]] = {
        (*policy, "pre-shared-key", "ascii-text"): ("$9$LbHX-wg4Z",),
        (*policy, "pre-shared-key", "hexadecimal"): ("616263",),
        ("system", ("tacplus-server", "192.0.2.9"), "odd"): ("$9$LbHX-wg4Z",),
        (*policy, "mode"): ("main",),
    }
    assert as_plain(kept) == [[["security", "ike", ["policy", "old"], "mode"], ["main"]]]
    old = [[[*path], [*values]] for path, values in kept.items()]
    assert list(from_plain(old).values()) == [("main",)]
    assert stripped({"kept device:x": old, "formed": True}) == {
        "kept device:x": [[["security", "ike", ["policy", "old"], "mode"], ["main"]]],
        "formed": True,
    }


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), min_size=1, max_size=40))
def test_a_secret_that_is_scrambled_is_turned_back(secret: str) -> None:
    assert plain(scrambled(secret)) == secret
    assert secret not in scrambled(secret) or len(secret) < 3

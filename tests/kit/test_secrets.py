"""Secrets that a backend gives back in plain: a fingerprint is all that goes on."""

from haplan.contracts import Context
from haplan.errors import HaplanError
from haplan.kit.secrets import marked
from haplan.model.compare import UNTOLD, with_secrets
from haplan.model.value import ALIKE, Secret
from haplan.testing.cloud import FakeClock

KEY = Secret("env:KEY")
OURS = Secret("env:KEY", fingerprint="print of ours")


def context(key: bool) -> Context:
    def secret(source: str) -> str:
        if source != "env:KEY":
            raise HaplanError("no such secret")
        return "ours"

    def mark(text: str) -> str:
        return f"print of {text}" if key else ""

    return Context(clock=FakeClock(), environ={}, secret=secret, fingerprint=mark)


def test_what_stands_where_a_secret_is_goes_on_as_a_fingerprint_wherever_that_is():
    live = {"z": {"psk": "other", "name": "z"}, "hosts": ["a", "ours"], "psk": "of nobody here"}
    found = marked(live, context(key=True), {"z": {"psk": KEY}}, {"hosts": ["a", KEY]})
    assert found == {
        "z": {"psk": Secret("env:KEY", fingerprint="print of other"), "name": "z"},
        "hosts": ["a", OURS],
        "psk": "of nobody here",
    }


def test_without_a_key_it_is_told_to_be_equal_or_nothing_is():
    assert marked("ours", context(key=False), KEY) == Secret("env:KEY", fingerprint=ALIKE)
    assert marked("other", context(key=False), KEY) == KEY
    assert marked("ours", context(key=False), Secret("env:GONE")) == Secret("env:GONE")


def test_what_comes_into_state_is_the_stacks_own_where_it_is_equal():
    assert with_secrets(Secret("env:KEY", fingerprint=ALIKE), KEY, None) == KEY
    assert with_secrets(OURS, OURS, None) == OURS
    other = Secret("env:KEY", fingerprint="print of other")
    assert with_secrets(other, OURS, None) == Secret("", fingerprint="print of other")
    assert with_secrets(KEY, KEY, None) == UNTOLD

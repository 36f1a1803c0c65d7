"""Secrets that a backend gives back in plain: a fingerprint is all that goes on."""

import pytest

from haplan.contracts import Context
from haplan.errors import HaplanError
from haplan.kit.secrets import marked
from haplan.model.compare import UNTOLD, with_secrets
from haplan.model.value import ALIKE, Secret, Tree, leaves
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


def test_what_stands_where_a_secret_is_goes_on_as_a_fingerprint_wherever_that_is() -> None:
    live = {"z": {"psk": "other", "name": "z"}, "hosts": ["a", "ours"], "psk": "of nobody here"}
    found = marked(live, context(key=True), {"z": {"psk": KEY}}, {"hosts": ["a", KEY]})
    assert found == {
        "z": {"psk": Secret("env:KEY", fingerprint="print of other"), "name": "z"},
        "hosts": ["a", OURS],
        "psk": "of nobody here",
    }


def test_without_a_key_it_is_told_to_be_equal_or_nothing_is() -> None:
    assert marked("ours", context(key=False), KEY) == Secret("env:KEY", fingerprint=ALIKE)
    assert marked("other", context(key=False), KEY) == KEY
    assert marked("ours", context(key=False), Secret("env:GONE")) == Secret("env:GONE")


def test_what_comes_into_state_is_the_stacks_own_where_it_is_equal() -> None:
    assert with_secrets(Secret("env:KEY", fingerprint=ALIKE), KEY, None) == KEY
    assert with_secrets(OURS, OURS, None) == OURS
    other = Secret("env:KEY", fingerprint="print of other")
    assert with_secrets(other, OURS, None) == Secret("", fingerprint="print of other")
    assert with_secrets(KEY, KEY, None) == UNTOLD


@pytest.mark.parametrize("live", [
    pytest.param([{"host": "b", "psk": "two"}, {"host": "a", "psk": "one"}], id="in another order"),
    pytest.param([{"host": "a", "psk": "one"}], id="one fewer"),
    pytest.param([{"host": "a", "psk": "one"}, {"host": "b"}, {"host": "c", "psk": "two"}], id="one more, by others"),
    pytest.param([{"host": "a", "psk": ["one", "two"]}, {"psk": {"value": "one"}}], id="in another shape"),
    pytest.param({"a": "one", "b": ["two"]}, id="a mapping in place of the list"),
    pytest.param("one", id="a text in place of the list"),
    pytest.param([["one"], "two", 222111], id="texts and numbers in place of entries"),
])  # fmt: skip
@pytest.mark.parametrize("ours", [[{"host": "a", "psk": KEY}, {"host": "b"}], ["a", KEY]])
def test_a_secret_that_others_moved_in_a_list_or_gave_another_shape_is_told_to_nobody(live: Tree, ours: Tree) -> None:
    found = marked({"servers": live}, context(key=True), {"servers": ours})
    shown = [str(leaf) for _, leaf in leaves(found) if not isinstance(leaf, Secret)]
    assert not {"one", "two", "222111"} & set(shown)


def test_what_is_no_secret_in_a_list_stays_readable_and_a_number_is_compared_as_its_text() -> None:
    ours = {"servers": [{"host": "a", "psk": KEY}, {"host": "b"}], "hosts": ["a", KEY, "b"], "pin": KEY, "on": KEY}
    live = {"servers": [{"host": "c"}, {"host": "a"}], "hosts": ["b", "x", "a"], "pin": 4711, "on": True}
    found = marked(live, context(key=True), ours)
    x = Secret("env:KEY", fingerprint="print of x")
    pin = Secret("env:KEY", fingerprint="print of 4711")
    assert found == {"servers": [{"host": "c"}, {"host": "a"}], "hosts": ["b", x, "a"], "pin": pin, "on": True}

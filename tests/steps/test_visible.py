"""Text from outside: whatever a terminal would obey is shown by its number."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan.model.visible import visible, visible_json, visible_lines

OBEYED = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
"""Categories of signs that move a cursor, turn writing round, break lines, or show nothing at all."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\u001b[2J"),
        ("\x9b31m", "\\u009b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("a\nb\tc\r", "a\\u000ab\\u0009c\\u000d"),
        ("a\x7f\x08", "a\\u007f\\u0008"),
        ("\U000e0041", "\\U000e0041"),
        ("Zürich 店舗 — ok", "Zürich 店舗 — ok"),
    ],
)
def test_what_a_terminal_obeys_is_shown_by_its_number(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_many_lines_stay_lines() -> None:
    assert visible_lines("a\x1b\nb\x85c\n") == "a\\u001b\nb\\u0085c\n"


@given(st.text())
def test_nothing_obeyed_is_left(text: str) -> None:
    assert not any(unicodedata.category(char) in OBEYED for char in visible(text))
    assert not any(unicodedata.category(char) in OBEYED for char in visible_lines(text).replace("\n", ""))


@given(st.dictionaries(st.text(), st.text()))
def test_json_says_the_same_to_machines(document: dict[str, str]) -> None:
    shown = visible_json(json.dumps(document, ensure_ascii=False))
    assert not any(unicodedata.category(char) in OBEYED for char in shown)
    assert json.loads(shown) == json.loads(json.dumps(document))

"""Known secrets are taken out of what others say."""

import json
from urllib.parse import quote

import pytest

from haplan.errors import ProviderError
from haplan.host.redaction import Redactor
from haplan.model.event import Event

ODD = 'p"a\\s/ ß'


def knowing(*secrets: str) -> Redactor:
    redactor = Redactor()
    for one in secrets:
        assert redactor.learn(one) == one
    return redactor


@pytest.mark.parametrize("written", [ODD, repr(ODD), json.dumps(ODD), f"https://x/?t={quote(ODD)}"])
def test_a_secret_is_masked_however_it_is_written(written: str) -> None:
    masked = knowing(ODD).text(f"before {written} after")
    assert "(sensitive)" in masked
    assert "a" not in masked.removeprefix("before ").removesuffix(" after").replace("(sensitive)", "")


def test_a_short_secret_is_masked_as_a_word_only() -> None:
    assert knowing("12").text("pin 12, vlan 120") == "pin (sensitive), vlan 120"


def test_the_longer_secret_goes_first() -> None:
    assert knowing("hunter", "hunter22").text("hunter22 hunter") == "(sensitive) (sensitive)"


def test_without_secrets_nothing_is_copied() -> None:
    event = Event(kind="note", at=0.0, text="plain")
    assert knowing("").tree(event) is event


def test_nouns_are_masked_to_the_bottom() -> None:
    event = Event(kind="note", at=1.0, text="hunter2", data={"a": ["hunter2", 3]})
    assert knowing("hunter2").tree(event) == Event(
        kind="note", at=1.0, text="(sensitive)", data={"a": ["(sensitive)", 3]}
    )


def test_an_error_and_what_led_to_it_are_masked() -> None:
    try:
        try:
            raise KeyError("hunter2")
        except KeyError as cause:
            raise ProviderError("no: hunter2", lost=True) from cause
    except ProviderError as found:
        error = found
    knowing("hunter2").error(error)
    assert (str(error), str(error.__cause__), error.lost) == ("no: (sensitive)", "'(sensitive)'", True)

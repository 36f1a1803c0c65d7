"""Settings: stack, environment, secrets; what is missing in one sentence."""

import pytest

from haplan.errors import ProviderError
from haplan.kit.settings import Settings, url_of
from haplan.model.value import Secret


def settings(secret: str = "s", **environ: str) -> Settings:
    return Settings("shop", environ, lambda _source: secret)


def test_the_stack_goes_before_the_environment_and_the_first_variable_before_the_second() -> None:
    one = settings(A="a", B="b")
    assert (one.text("given", "A", "B"), one.text("", "A", "B"), one.text(None, "C", "B")) == ("given", "a", "b")
    assert one.take("", "C", "B").source == "B"


def test_a_secret_says_where_it_came_from_and_is_in_no_repr() -> None:
    found = settings(secret="  with spaces \n").take(Secret("env:X"), "A")
    assert (found.value, found.source) == ("  with spaces ", "env:X")
    assert "spaces" not in repr(found)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "A, B and C not set"), ({"A": "x"}, "B and C not set"), ({"A": "x", "B": " "}, "B and C not set"),
        ({"A": "x", "C": "y"}, "shop: B not set"),
    ],
)  # fmt: skip
def test_everything_that_is_missing_is_one_sentence(said: dict[str, str], words: str) -> None:
    one = settings(**said)
    for name in "ABC":
        one.text("", name, needed=True)
    with pytest.raises(ProviderError, match=words) as error:
        one.complete()
    assert str(error.value).endswith('not set: in the environment or in provider("shop", …); --lab needs none')


def test_a_secret_that_is_empty_is_missing() -> None:
    one = settings(secret="")
    one.take(Secret("file:x"), "A", needed=True)
    with pytest.raises(ProviderError, match="A not set"):
        one.complete()


def test_a_number_that_is_none_names_its_variable() -> None:
    assert settings(T="1.5").number(None, "T", default=3) == 1.5
    assert settings().number(None, "T", default=3) == 3
    assert settings(T="x").number(0, "T", default=3) == 0
    with pytest.raises(ProviderError, match="shop: T is 'x', not a number of seconds"):
        settings(T="x").number(None, "T", default=3)


@pytest.mark.parametrize("host", ["http://127.0.0.1:1", "http://localhost", "http://[::1]:9/"])
def test_plain_http_is_for_this_machine_and_for_who_takes_it(host: str) -> None:
    assert url_of("shop", host, "HOST", "x", plain=True) == host.rstrip("/")
    with pytest.raises(ProviderError, match="in the clear"):
        url_of("shop", host, "HOST", "x")

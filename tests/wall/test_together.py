"""Several asked at once: side by side, in order, and none of them unheard."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from haplan.errors import HaplanError, OtherEstate, ProviderError
from haplan.wall.together import MOST, together


def said(key: str) -> Callable[[], str]:
    return lambda: f"{key} in {threading.current_thread().name}"


def raising(error: BaseException) -> Callable[[], Any]:
    def job() -> Any:
        raise error

    return job


def test_all_are_asked_before_any_has_answered() -> None:
    everybody = threading.Barrier(8, timeout=20)
    jobs = {f"mist.{number}": everybody.wait for number in range(8)}
    assert sorted(together(jobs).values()) == list(range(8))


def test_one_alone_is_asked_here_and_no_thread_is_made() -> None:
    here = threading.current_thread().name
    assert together({"mist": said("mist")}) == {"mist": f"mist in {here}"}
    assert together({}) == {}
    jobs = {"haplan": said("haplan"), "mist": said("mist")}
    assert together(jobs, here=("haplan",)) == {"haplan": f"haplan in {here}", "mist": f"mist in {here}"}


def test_what_waits_for_nobody_is_asked_here_beside_the_others() -> None:
    jobs = {name: said(name) for name in ("a", "haplan", "b")}
    found = together(jobs, here=("haplan",))
    assert found["haplan"] == f"haplan in {threading.current_thread().name}"
    assert "haplan-ask" in found["a"]
    assert "haplan-ask" in found["b"]


def test_answers_come_in_the_order_of_the_questions_whoever_is_first() -> None:
    later = threading.Event()
    jobs: dict[str, Callable[[], Any]] = {"slow": lambda: later.wait(20), "quick": later.set}
    assert list(together(jobs)) == ["slow", "quick"]


def test_more_than_may_be_asked_at_once_are_asked_one_after_the_other() -> None:
    running, most, lock = [0], [0], threading.Lock()
    full = threading.Barrier(MOST, timeout=20)

    def job() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        full.wait()
        with lock:
            running[0] -= 1

    together({str(number): job for number in range(2 * MOST)})
    assert most == [MOST]


def test_who_waits_looks_up_meanwhile() -> None:
    looked = threading.Event()
    jobs: dict[str, Callable[[], Any]] = {"a": lambda: looked.wait(20), "b": lambda: looked.wait(20)}
    assert together(jobs, looked.set) == {"a": True, "b": True}


def test_an_error_of_one_is_raised_when_all_have_answered() -> None:
    answered: list[str] = []
    jobs = {"mist": raising(ProviderError("no route")), "ssr": lambda: answered.append("ssr")}
    with pytest.raises(ProviderError, match=r"^no route$"):
        together(jobs)
    assert answered == ["ssr"]


def test_errors_of_several_are_told_all_and_the_one_that_weighs_most_decides() -> None:
    jobs = {
        "mist.east": raising(ProviderError("no route")),
        "mist.west": raising(OtherEstate("another organisation")),
        "ssr": raising(HaplanError("no password")),
    }
    with pytest.raises(HaplanError) as raised:
        together(jobs)
    assert str(raised.value).splitlines() == [
        "mist.east: no route",
        "mist.west: another organisation",
        "no password",
    ]
    assert raised.value.exit_code == 5


def test_an_error_that_names_its_alias_is_told_as_it_is_and_the_same_words_once() -> None:
    broke = ProviderError("provider 'mist.east': read broke")
    broke.names = "mist.east"
    jobs = {
        "mist.east": raising(broke),
        "a": raising(ProviderError("the network is down")),
        "b": raising(ProviderError("the network is down")),
    }
    with pytest.raises(HaplanError) as raised:
        together(jobs)
    assert str(raised.value).splitlines() == ["provider 'mist.east': read broke", "the network is down"]


def test_a_word_of_an_error_that_is_like_the_alias_does_not_name_it() -> None:
    jobs: dict[str, Callable[[], Any]] = {
        "mist.e": raising(ProviderError("no answer from api.mist.example.net")),
        "mist.w": lambda: None,
    }
    with pytest.raises(ProviderError, match=r"^mist\.e: no answer from api"):
        together(jobs)


def test_what_nobody_expects_is_raised_as_it_is() -> None:
    jobs = {"mist": raising(ProviderError("no route")), "ssr": raising(ZeroDivisionError("oh"))}
    with pytest.raises(ZeroDivisionError):
        together(jobs)

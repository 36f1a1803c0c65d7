"""Which addresses a plan is about: ``--target``, ``--exclude``, ``--replace``."""

import pytest

from haplan.errors import HaplanError
from haplan.model.state import State
from haplan.steps.select import select
from tests.steps.samples import block, names, row, stack, state

CHAIN = stack(block("a"), block("b", "a"), block("c", "b"), block("x"))


def chosen(*args: object, **options: tuple[str, ...]) -> list[str]:
    found = select(*args, **options)  # type: ignore[arg-type]  # passed on
    assert found.only is not None
    return sorted(names(found.only))


def test_without_options_it_is_about_everything() -> None:
    found = select(CHAIN, State())
    assert found.only is None
    assert found.has("anything")


def test_a_target_brings_what_it_needs() -> None:
    assert chosen(CHAIN, State(), targets=("mem_thing.b",)) == ["a", "b"]


def test_an_exclusion_takes_along_what_needs_it() -> None:
    assert chosen(CHAIN, State(), excludes=("mem_thing.b",)) == ["a", "x"]


def test_globs_and_repetition() -> None:
    assert chosen(CHAIN, State(), targets=("*.x", "mem_thing.a")) == ["a", "x"]
    assert chosen(CHAIN, State(), targets=("*",), excludes=("*.a",)) == ["x"]


def test_what_matches_nothing_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(HaplanError, match=r"--target mem_thing\.bb: no such resource; did you mean 'mem_thing"):
        select(CHAIN, State(), targets=("mem_thing.bb",))
    with pytest.raises(HaplanError, match="--replace nothing"):
        select(CHAIN, State(), replaces=("nothing",))


def test_what_state_alone_has_can_be_named() -> None:
    assert chosen(stack(), state(row("old")), targets=("mem_thing.old",)) == ["old"]


def test_what_goes_takes_along_those_that_still_use_it_and_not_what_it_uses() -> None:
    rows = state(row("a"), row("b", "a"), row("c", "b"))
    assert chosen(stack(), rows, targets=("mem_thing.b",)) == ["b", "c"]


def test_what_an_excluded_one_uses_stays_too() -> None:
    rows = state(row("a"), row("b", "a"), row("c", "b"))
    assert chosen(stack(), rows, excludes=("mem_thing.b",)) == ["c"]


def test_a_user_that_stays_is_pointed_elsewhere_before_its_old_target_goes() -> None:
    rows = state(row("old"), row("user", "old"))
    assert chosen(stack(block("new"), block("user", "new")), rows, targets=("mem_thing.old",)) == ["new", "old", "user"]

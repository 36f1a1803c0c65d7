"""What a plugin gives is of the shape that the contract says, or it is refused by its place, without its values."""

import math
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType, NoneType
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haplan import hookspecs
from haplan.contracts import Assessment, Lab, Provider, Reading, Seen, Settlement, StateBackend, Written
from haplan.model.finding import Finding
from haplan.model.value import Ref, Secret, Unknown
from haplan.wall.provider import VERBS
from haplan.wall.shapes import Misfit, fit, plain

SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
LEAVES = st.none() | st.booleans() | SAFE | st.floats(allow_nan=False, allow_infinity=False) | st.text()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


class Colour(StrEnum):
    RED = "red"


def misfit(annotation: Any, value: Any) -> str:
    with pytest.raises(Misfit) as wrong:
        fit(annotation)(value)
    return str(wrong.value)


@given(TREES)
def test_plain_data_comes_out_as_it_went_in_and_is_nobodys_any_more(tree: Any) -> None:
    found = plain(tree)
    assert found == tree
    if isinstance(tree, list | dict):
        assert found is not tree


@pytest.mark.parametrize(
    "leaf",
    [object(), {1, 2}, b"bytes", Unknown(), Ref("a.b", ("id",)), math.nan, math.inf, 2**53, "\ud800", Colour.RED, len],
)
def test_what_no_json_can_keep_is_refused_wherever_it_stands(leaf: Any) -> None:
    for tree in (leaf, [leaf], {"a": {"b": [0, leaf]}}):
        with pytest.raises(Misfit):
            plain(tree)
    assert str(leaf) not in misfit(Any, {"secret": [leaf]}) or isinstance(leaf, str)


def test_a_key_is_text_and_a_secret_is_known_by_its_source() -> None:
    assert misfit(Any, {1: "x"}) == "an int as a key, where text is due"
    assert plain({"psk": Secret("env:PSK")}) == {"psk": Secret("env:PSK")}


def test_a_misfit_is_told_by_its_place() -> None:
    seen = Seen(address="a.b", id="7", values={"ports": ["x", {"mtu": {1500}}]})
    assert (
        misfit(Reading, Reading(seen={"a.b": seen})) == "a set as seen.a.b.values.ports.1.mtu, where plain data is due"
    )
    assert misfit(Written, {"ids": {}}) == "a dict, where a Written is due"
    assert misfit(Written, None) == "None, where a Written is due"
    assert misfit(Written, Written(ids={"a.b": 7})) == "an int as ids.a.b, where text is due"  # type: ignore[dict-item]
    odd = Settlement(state="finished")  # type: ignore[arg-type]
    assert misfit(Settlement, odd).startswith("a str as state, where one of 'waiting', 'done',")


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (str, ["x", ""], [None, 1, b"x"]),
        (int, [0, -1], [True, 1.0, "1"]),
        (float, [0, 1.5], [True, "1", math.nan]),
        (bool, [True], [1, None]),
        (Literal["a", "b"], ["a"], ["c", None, ["a"]]),
        (str | int, ["x", 1], [None, 1.5]),
        (
            Finding | None,
            [None, Finding(rule="R", severity="error", address="", message="m")],
            [1, Finding(rule="R", severity="worst", address="", message="m")],  # type: ignore[arg-type]
        ),
        (Sequence[str], [["x"], ("x",), ()], ["x", None, {"x": 1}, 7, [None]]),
        (tuple[str | int, ...], [("a", 1)], [("a", None)]),
        (tuple[str, int], [("a", 1)], [("a",), ("a", "b"), "a"]),
        (frozenset[str], [{"a"}, frozenset()], ["a", {1}]),
        (Mapping[str, Any], [{}, {"a": [1]}], [[], None, {1: 2}]),
        (Mapping[tuple[str, str], tuple[str, ...]], [{("a", "b"): ("c",)}], [{"ab": ("c",)}, {("a", "b"): "c"}]),
        (Callable[[str], str], [len], ["len"]),
        (type[Provider], [Provider], [Provider()]),
        (object, [None, object()], []),
    ],
)
def test_each_kind_of_annotation_takes_what_it_says(annotation: Any, good: Sequence[Any], bad: Sequence[Any]) -> None:
    for one in good:
        assert fit(annotation)(one) in (one, tuple(one) if isinstance(one, Sequence | set | frozenset) else one)
    for one in bad:
        misfit(annotation, one)


def test_what_is_read_lazily_is_read_to_its_end_while_the_plugin_is_still_named() -> None:
    def lazily() -> Iterable[str]:
        yield "one"
        raise OSError("the line went dead")

    with pytest.raises(OSError, match="went dead"):
        fit(Iterable[str])(lazily())
    live = {"a": "b"}
    given = fit(Mapping[str, str])(MappingProxyType(live))
    live["a"] = "c"
    assert given == {"a": "b"}
    assert type(given) is dict


def test_a_noun_that_fits_stays_what_it_is() -> None:
    found = Assessment(sites=("a",), findings=(Finding(rule="R", severity="error", address="", message="m"),))
    assert fit(Assessment)(found) is found
    assert fit(Assessment)(attrs.evolve(found, sites=["a"])) == found


def test_every_answer_that_the_contracts_name_has_a_shape() -> None:
    asked = [getattr(Provider, verb) for verb in VERBS]
    asked += [thing for protocol in (Lab, StateBackend) for name, thing in vars(protocol).items() if name[0] != "_"]
    asked += [thing for name, thing in vars(hookspecs).items() if name.startswith("haplan_")]
    for one in asked:
        function = one.fget if isinstance(one, property) else one
        due = typing.get_type_hints(function)["return"]
        if due is not NoneType:
            with pytest.raises(Misfit):
                fit(due)(object())


def test_a_circle_is_an_error_and_not_for_ever() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(RecursionError):
        plain(circle)

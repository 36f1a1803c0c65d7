"""What the figures are held against: ceilings for a machine of two cores, whole processes."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

Medians = Mapping[str, Mapping[str, Mapping[str, float]]]
Sizes = Mapping[str, Mapping[str, float]]


class Bar(NamedTuple):
    """One ceiling.

    Attributes:
        words: What it is of.
        most: The ceiling.
        figure: Finds the figure in medians and sizes; KeyError where it was not measured.
    """

    words: str
    most: float
    figure: Callable[[Medians, Sizes], float]


def _cost(name: str, step: str, figure: str = "wall") -> Callable[[Medians, Sizes], float]:
    return lambda medians, sizes: medians[name][step][figure]


def _growth(step: str, small: int = 2_000, large: int = 20_000) -> Callable[[Medians, Sizes], float]:
    """How CPU time grows with size: 1 is linear, 2 is with the square."""
    scale = math.log(large / small)
    return lambda medians, sizes: math.log(medians[str(large)][step]["cpu"] / medians[str(small)][step]["cpu"]) / scale


def _size(name: str, artefact: str) -> Callable[[Medians, Sizes], float]:
    return lambda medians, sizes: sizes[name][artefact]


BARS = (
    Bar("plan, no change, 2,000: s", 0.8, _cost("2000", "plan same")),
    Bar("plan, no change, 10,000: s", 2.5, _cost("10000", "plan same")),
    Bar("plan, no change, 20,000: s", 5, _cost("20000", "plan same")),
    Bar("peak memory of that at 10,000: MB", 200, _cost("10000", "plan same", "memory")),
    Bar("apply, all new, 2,000: s", 3, _cost("2000", "apply new")),
    Bar("apply, all new, 10,000: s", 15, _cost("10000", "apply new")),
    Bar("destroy, 2,000: s", 3, _cost("2000", "destroy")),
    Bar("destroy, 10,000: s", 15, _cost("10000", "destroy")),
    Bar("CPU growth exponent of plan, 2,000 to 20,000", 1.15, _growth("plan same")),
    Bar("CPU growth exponent of apply, 2,000 to 20,000", 1.15, _growth("apply new")),
    Bar("plan, no change, 100,000: s", 25, _cost("100000", "plan same")),
    Bar("peak memory of that at 100,000: MB", 1500, _cost("100000", "plan same", "memory")),
    Bar(
        "written by an apply of 400, in sizes of its state",
        6,
        lambda medians, sizes: medians["written 400"]["apply new"]["written"] * 1e3 / sizes["written 400"]["state"],
    ),
    Bar("plan file of 1 % of 10,000: kB", 300, _size("10000", "1 % plan")),
    Bar("that shown as JSON: s", 1, _cost("10000", "show json")),
    Bar("199 writes of 0.5 s, 10 at once: s", 10.8, _cost("latency", "199 of 0.5 s, 10 at once")),
    Bar("199 writes of 0.5 s, 50 at once: s", 3.6, _cost("latency", "199 of 0.5 s, 50 at once")),
    Bar("haplan --version: s", 0.12, _cost("small", "--version")),
    Bar("plan of five resources: s", 0.45, _cost("small", "plan of five")),
)


def held(medians: Medians, sizes: Sizes) -> Iterator[tuple[str, float, float]]:
    """(words, ceiling, figure) of every bar that was measured."""
    for bar in BARS:
        try:
            yield bar.words, bar.most, round(bar.figure(medians, sizes), 2)
        except KeyError:
            continue

"""How pairs are, from what a backend tells: what nobody told is unknown, and never green."""

from typing import Any

import attrs
import pytest

from haplan.contracts import PlanView
from haplan.design import haplan_health
from haplan.errors import HaplanError
from haplan.model.health import Check, Colour, Snapshot, compared
from haplan.model.state import State
from tests.design.situations import LIVING, A, B, formed

EVERY = dict.fromkeys(("links", "paths", "tunnels", "bgp", "groups", "alarms"), "seen")


def colours(facts: dict[str, Any], **row: Any) -> dict[str, Colour]:
    """Colour by title."""
    one = attrs.evolve(LIVING, **row)
    view = PlanView(stack=None, state=State(rows={("cluster.c", ""): one}), changes=(), seen={}, facts=facts)
    return {check.title: check.colour for check in haplan_health(view)}


def test_a_pair_of_which_everything_was_seen_is_green() -> None:
    found = colours(formed(looked=EVERY, amiss=[]))
    assert set(found.values()) == {"green"}
    assert len(found) == 10


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        (formed(looked={**EVERY, "links": None}, amiss=[]), "links between the nodes"),
        (formed(looked={}, amiss=[]), "alarms"),
        (formed(looked=EVERY), "configuration"),
        (formed(second={"connected": None}, looked=EVERY, amiss=[]), "nodes"),
        (formed(second={"firmware": ""}, looked=EVERY, amiss=[]), "firmware"),
        ({}, "the pair"),
    ],
)
def test_what_nobody_told_is_unknown(facts: dict[str, Any], title: str) -> None:
    assert colours(facts)[title] == "unknown"


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        (formed(second={"connected": False}), "nodes"),
        (formed(second={"firmware": "6.2"}), "firmware"),
        (formed(amiss=["refuses its configuration"]), "configuration"),
        (formed(looked=EVERY, links_down=["the control link is Down"]), "links between the nodes"),
        (formed(looked=EVERY, paths_down=["wan0 to h1-wan0"]), "overlay paths"),
        (formed(looked=EVERY, tunnels_down=["zs"]), "tunnels"),
        (formed(looked=EVERY, bgp_down=["10.0.0.2 is active"]), "BGP neighbours"),
        (formed(looked=EVERY, groups_failing=["RG1: IF"]), "redundancy groups"),
        (formed(looked=EVERY, alarms=[["gateway_down", 60.0]]), "alarms"),
        ({"cluster.c": {"nodes": {}, "pair": [], "status": "none"}}, "the pair"),
    ],
)
def test_what_is_down_is_red(facts: dict[str, Any], title: str) -> None:
    assert colours(facts)[title] == "red"


def test_what_there_is_none_of_is_not_spoken_of() -> None:
    assert "tunnels" not in colours(formed(looked={**EVERY, "tunnels": "none"}, amiss=[]))


def test_a_pair_that_is_not_formed_yet_is_unknown() -> None:
    assert colours(formed(looked=EVERY), status="incomplete") == {"the pair": "unknown"}


# --- Snapshots --------------------------------------------------------------------------------------------------------


def check(colour: Colour = "green", *down: str, title: str = "overlay paths") -> Check:
    return Check(address="cluster.c", rule="HA180", title=title, colour=colour, text=f"{A} {B}", down=down)


def shot(at: float, *checks: Check, **more: Any) -> Snapshot:
    return Snapshot(**{"stack": "s", "environment": "default", "at": at, "checks": checks, **more})


@pytest.mark.parametrize(
    ("then", "now", "colour"),
    [
        (check(), check(), "green"),
        (check(), check("red", "wan0"), "red"),
        (check("red", "wan0"), check("red", "wan0", "wan1"), "red"),
        (check("red", "wan0", "wan1"), check("red", "wan1"), "green"),
        (check("red", "wan0"), check("red", "wan0"), "green"),
        (check(), check("unknown"), "unknown"),
        (check("unknown"), check("red", "wan0"), "unknown"),
        (None, check("red", "wan0"), "unknown"),
        (check(), None, "unknown"),
    ],
)
def test_only_what_was_up_before_and_is_down_now_is_red(then: Check | None, now: Check | None, colour: Colour) -> None:
    before, after = (shot(at, *([one] if one else [])) for at, one in ((1.0, then), (2.0, now)))
    assert [one.colour for one in compared(before, after).checks] == [colour]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (shot(1.0, check()), shot(1.0, check()), "both are the same snapshot"),
        (shot(2.0, check()), shot(1.0, check()), "is not later than the first"),
        (shot(1.0, check()), shot(2.0, check(), stack="other"), "are of two stacks"),
        (shot(1.0, check()), shot(2.0, check(), environment="lab"), "are of two stacks"),
    ],
)
def test_snapshots_that_cannot_be_compared_are_refused(before: Snapshot, after: Snapshot, says: str) -> None:
    with pytest.raises(HaplanError, match=says):
        compared(before, after)

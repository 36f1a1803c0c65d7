"""What a plugin's type does with a value is its code: one line names package, type, attribute and address."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from haplan.errors import PluginError, StackError
from haplan.hookspecs import hookimpl
from haplan.language.kinds import Text
from haplan.language.resource import Resource, attribute, resource
from haplan.language.taking import Taking
from haplan.testing import Project
from haplan.wall.deriving import misfit


def oops(*given: Any) -> Any:
    raise KeyError("oops")


class Own:
    """A kind of the plugin's own, which breaks at ``bad`` and makes something else than data of the rest."""

    words = "line"

    def take(self, value: Any, at: str, taking: Taking) -> Any:
        return oops() if value == "bad" else {"line": {value}}


@resource("more0_rod")
class Rod(Resource):
    """A rod, each of whose attributes goes wrong in its own way."""

    broken: str | None = attribute(Text(check=oops), default=None)
    silent: str | None = attribute(Text(check=lambda text: None), default=None)  # type: ignore[arg-type,return-value]
    unclean: str | None = attribute(Text(clean=oops), default=None)
    odd: str | None = attribute(Text(clean=lambda text: 7), default=None)  # type: ignore[arg-type,return-value]
    own: str | None = attribute(Own(), default=None)
    ended: str | None = attribute(Text(), default=None)
    bent: str | None = attribute(Text(), default=None)

    def haplan_finish(self, values: dict[str, Any], taking: Taking) -> Mapping[str, Any]:
        return values if "ended" not in values else oops()

    def haplan_provider_of(self) -> Resource | None:
        found: Resource | None = oops() if "bent" in self.haplan_values else None
        return found


class Rods:
    haplan_api = 2

    @hookimpl
    def haplan_resources(self) -> Iterable[type]:
        return [Rod]


WHO = "type 'more0_rod' of tests"
BROKE = "broke: KeyError: 'oops'; report it to its author"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("broken='x'", f"more0_rod.r: broken: {WHO} {BROKE}"),
        ("silent='x'", f"more0_rod.r: silent: {WHO} broke: TypeError: it gave None, where text is due; report it"),
        ("unclean='x'", f"more0_rod.r: unclean: {WHO} {BROKE}"),
        ("odd='x'", f"more0_rod.r: odd: {WHO} broke: TypeError: it gave 7, where text is due; report it"),
        ("own='bad'", f"more0_rod.r: own: {WHO} {BROKE}"),
        ("ended='x'", f"more0_rod.r: {WHO} {BROKE}"),
    ],
)
def test_what_breaks_at_a_value_is_a_mistake_in_its_line(tmp_path: Path, given: str, words: str) -> None:
    made = Project(
        tmp_path / "shop",
        f"from tests.wall.test_types import Rod\nRod('r', {given})\nThing('a', sise=1)",
        more=[Rods()],
    )
    with pytest.raises(StackError) as told:
        made.plan()
    mine, other = told.value.mistakes
    assert words in mine
    assert "stack.py:" in mine
    assert "unknown keyword 'sise'" in other  # all mistakes at once


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("own='x'", rf"{WHO}: what it takes of more0_rod\.r gave a set as own\.line, where .* is due; report it"),
        ("bent='x'", rf"{WHO}: its owner of more0_rod\.r {BROKE}"),
    ],
)
def test_what_is_no_data_or_no_owner_is_named(tmp_path: Path, given: str, words: str) -> None:
    made = Project(tmp_path / "shop", f"from tests.wall.test_types import Rod\nRod('r', {given})", more=[Rods()])
    with pytest.raises(PluginError, match=words):
        made.plan()


@pytest.mark.parametrize(
    ("name", "words"), [("broken", BROKE), ("silent", "gave None, where text is due; report it to its author")]
)
def test_a_value_that_came_by_reference_is_looked_at_through_the_same_wall(name: str, words: str) -> None:
    with pytest.raises(PluginError) as told:
        misfit(Rod.haplan_type, name, "x", "more0_rod.r")
    assert str(told.value) == f"{WHO}: its check of {name} of more0_rod.r {words}"

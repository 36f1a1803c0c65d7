"""A run ends while somebody plans: what it did is neither a stranger's nor drift."""

from collections.abc import Callable
from pathlib import Path

import pytest

from haplan import engine
from haplan.errors import HaplanError
from haplan.model.event import Event
from haplan.testing import Cloud, Project


class Meanwhile(list[Event]):
    """Events, at one of which something happens, once."""

    def __init__(self, kind: str, happens: Callable[[], None]) -> None:
        super().__init__()
        self._kind, self._happens = kind, [happens]

    def append(self, event: Event) -> None:
        super().append(event)
        if event.kind == self._kind and self._happens:
            self._happens.pop()()


TEXTS = {
    "created": ("", 'a = Thing("a")\nThing("b", tags={"of": a.id})'),
    "changed": ('Thing("a", size=1)', 'Thing("a", size=2)'),
    "replaced": ('Thing("a", model="x")', 'Thing("a", model="y")'),
    "deleted": ('Thing("a")\nThing("b")', 'Thing("a")'),
}


@pytest.mark.parametrize("what", TEXTS)
def test_what_a_run_did_that_ended_while_somebody_planned_is_not_somebody_elses(tmp_path: Path, what: str) -> None:
    before, after = TEXTS[what]
    cloud = Cloud()
    other = Project(tmp_path / "stack", before, cloud=cloud)
    assert other.apply().exit_code == 0
    made = Project(tmp_path / "stack", after, cloud=cloud)

    def ends() -> None:
        assert other.apply().exit_code == 0

    made.events = Meanwhile("refresh", ends)
    plan = made.plan()
    assert [finding.rule for finding in plan.findings if finding.severity == "error"] == []
    assert (plan.drift, plan.empty()) == ((), True)
    assert [event.text for event in made.events if event.kind == "note"] == [
        "another run wrote this state meanwhile: it is read again, and all is compared anew"
    ]


def test_what_is_somebody_elses_is_still_told_and_nothing_is_planned_twice(tmp_path: Path) -> None:
    cloud = Cloud()
    Project(tmp_path / "other" / "stack", 'Thing("a")', cloud=cloud).apply()
    made = Project(tmp_path / "stack", 'Thing("a")', cloud=cloud)
    assert [finding.rule for finding in made.plan().findings] == ["EXISTS"]
    assert [event.text for event in made.events if event.kind == "note"] == []


def test_an_import_of_what_a_run_took_meanwhile_says_that_it_is_in_state(tmp_path: Path) -> None:
    cloud = Cloud()
    other = Project(tmp_path / "stack", 'Thing("a")', cloud=cloud)
    found = cloud.add("a")
    made = Project(tmp_path / "stack", 'Thing("a")', cloud=cloud)

    def ends() -> None:
        with other.session() as session:
            engine.apply(session, engine.import_(session, "mem_thing.a", found.id))

    made.events = Meanwhile("refresh", ends)
    with made.session() as session, pytest.raises(HaplanError, match="is in state already"):
        engine.import_(session, "mem_thing.a", found.id)


def test_a_rollback_while_a_run_ends_goes_back_from_what_that_left(tmp_path: Path) -> None:
    cloud = Cloud()
    other = Project(tmp_path / "stack", 'Thing("a", size=1)', cloud=cloud)
    first = other.apply().run
    other.write('Thing("a", size=2)').apply()
    made = Project(tmp_path / "stack", 'Thing("a", size=2)', cloud=cloud)

    def ends() -> None:
        with other.session() as session:
            engine.apply(session, engine.rollback(session, first))

    made.events = Meanwhile("refresh", ends)
    with made.session() as session:
        plan = engine.rollback(session, first)
    assert ([(one.address, one.action) for one in plan.changes], plan.drift) == ([], ())

"""A check after a write that takes its time holds up nothing but what waits for it; one that hangs is bounded."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest

from haplan.contracts import CheckView, Task
from haplan.hookspecs import hookimpl
from haplan.model.event import Event
from haplan.model.finding import Finding, Rule
from haplan.steps.apply import hanging
from haplan.testing import Cloud, Mem, Project
from haplan.testing.memory import MemPlugin
from tests.a_rule import a_rule

Make = Callable[..., Project]


class Waits:
    """A rule that looks at ``a`` until another thing is recorded, and an observer that hears of it."""

    haplan_api = 2

    def __init__(self, until: str) -> None:
        self._until, self._heard, self.waited = until, threading.Event(), False

    @hookimpl
    def haplan_event(self, event: Event) -> None:
        if event.kind == "recorded" and event.document == self._until:
            self._heard.set()

    @hookimpl
    def haplan_checks(self) -> Iterable[Rule]:
        return [a_rule("X001", "C", self._check, types=("mem_thing",))]

    def _check(self, view: CheckView) -> Iterable[Finding]:
        if any(part.change.name == "a" for part in view.task.parts):
            self.waited = self._heard.wait(20)
        return ()


def kinds(made: Project, document: str) -> list[str]:
    return [event.kind for event in made.events if event.document == document]


@pytest.mark.parametrize("settling", [(), ("thing:a", "thing:b")])
def test_others_are_settled_told_and_recorded_while_a_check_takes_its_time(
    project: Make, settling: tuple[str, ...]
) -> None:
    slow = Waits("thing:c")
    made = project('Thing("a")\nb = Thing("b")\nThing("c", tags={"of": b.id})', more=[slow])
    made.cloud.seconds = dict.fromkeys(settling, 60.0)
    result = made.apply(parallelism=4)
    assert (slow.waited, result.exit_code, len(result.done)) == (True, 0, 3)
    told = [(event.kind, event.document) for event in made.events]
    assert told.index(("recorded", "thing:c")) < told.index(("verified", "thing:a"))


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Lets what hangs go on at the end of a test."""
    event = threading.Event()
    yield event
    event.set()


class Hangs(MemPlugin):
    """A check of the provider's that does not come back for ``a``: its time passes, and more."""

    def __init__(self, cloud: Cloud, released: threading.Event) -> None:
        super().__init__(cloud)

        def verify(self: Mem, task: Task) -> Sequence[Finding]:
            if task.parts[0].change.name == "a":
                self.cloud.clock.sleep(600)
                released.wait(60)
            return ()

        self._provider: Any = type("Mem", (self._provider,), {"verify": verify})


def test_a_check_that_hangs_is_bounded_by_timeouts_and_counts_as_one_that_is_not_good(
    project: Make, released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haplan.testing.MemPlugin", lambda cloud: Hangs(cloud, released))
    monkeypatch.setattr(hanging, "GRACE", 0.1)
    made = project(
        'a = Thing("a", lifecycle=lifecycle(timeouts={"create": 300}))\nThing("b", tags={"of": a.id})\nThing("c")'
    )
    result = made.apply(parallelism=4)
    assert not released.is_set()
    assert [(one.address, one.text) for one in result.failed] == [
        ("mem_thing.a", "thing:a: the check gives no answer within 300 s (timeouts of mem_thing.a: create)")
    ]
    assert [one.address for one in result.done] == ["mem_thing.c"]
    assert [one.address for one in result.skipped] == ["mem_thing.b"]
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert (result.exit_code, row.status, row.id) == (3, "incomplete", made.cloud.thing("a").id)
    assert kinds(made, "thing:a")[-1] == "failed"

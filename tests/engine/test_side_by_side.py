"""Providers are read side by side, each alias by itself; what comes of it is the same each time."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from haplan.contracts import Query, Reading
from haplan.errors import HaplanError, OtherEstate, ProviderError
from haplan.steps.approve import digest
from haplan.testing import Project
from haplan.testing.memory import Mem

Make = Callable[..., Project]
NAMES = [f"org{number}" for number in (3, 1, 2, 0)]
STACK = "".join(f'p = provider("mem", alias="{name}")\nThing("{name}", size=1, provider=p)\n' for name in NAMES)


def test_each_verb_that_asks_the_estate_is_asked_of_all_at_once(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = {verb: threading.Barrier(len(NAMES), timeout=20) for verb in ("identity", "read", "facts")}
    for verb, everybody in at_once.items():
        real = getattr(Mem, verb)

        def asked(self: Mem, *given: Any, real: Any = real, everybody: threading.Barrier = everybody) -> Any:
            everybody.wait()
            return real(self, *given)

        monkeypatch.setattr(Mem, verb, asked)
    made = project(STACK)
    plan = made.plan()
    assert [change.name for change in plan.changes] == NAMES
    assert [calls.provider for calls in plan.calls] == [f"mem.{name}" for name in NAMES]


def test_whoever_answers_first_the_plan_is_the_same(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made, digests, real = project(STACK), set(), Mem.read
    for first in range(len(NAMES)):
        turn = [threading.Event() for _ in NAMES]
        turn[0].set()

        def read(self: Mem, query: Query, turn: list[threading.Event] = turn, first: int = first) -> Reading:
            place = (NAMES.index(query.targets[0].name) + first) % len(NAMES)
            turn[place].wait(20)
            try:
                return real(self, query)
            finally:
                turn[min(place + 1, len(NAMES) - 1)].set()

        with monkeypatch.context() as patch:
            patch.setattr(Mem, "read", read)
            digests.add(digest(made.plan()))
    assert len(digests) == 1


def test_what_went_wrong_at_each_is_told(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(self: Mem, query: Query) -> Reading:
        raise ProviderError(f"{query.targets[0].name} is not reached")

    monkeypatch.setattr(Mem, "read", read)
    with pytest.raises(HaplanError) as raised:
        project(STACK).plan()
    assert str(raised.value).splitlines() == [f"mem.{name}: {name} is not reached" for name in NAMES]


def test_each_alias_that_reaches_another_estate_is_named(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(STACK, applied=True)
    monkeypatch.setattr(Mem, "identity", lambda self: {"kind": "cloud", "id": "other", "name": "other"})
    with pytest.raises(OtherEstate) as raised:
        made.plan()
    lines = str(raised.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"provider 'mem.{name}'" for name in NAMES]


def test_data_sources_whose_names_are_known_late_are_read_side_by_side_too(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(
        "".join(
            f'p = provider("mem", alias="{name}")\na = Thing.existing("a{name}", provider=p)\n'
            f'Thing.existing("b{name}", name=a.token, provider=p)\n'
            for name in NAMES
        )
    )
    for name in NAMES:
        found = made.cloud.add(f"a{name}")
        made.cloud.add(f"token-{found.id}")
    everybody, asked, real = threading.Barrier(len(NAMES), timeout=20), list[str](), Mem.read

    def read(self: Mem, query: Query) -> Reading:
        everybody.wait()
        asked.extend(target.address for target in query.targets)
        return real(self, query)

    monkeypatch.setattr(Mem, "read", read)
    assert made.plan().empty()
    assert sorted(asked) == sorted(f"data.mem_thing.{letter}{name}" for letter in "ab" for name in NAMES)


def test_notes_of_providers_are_told_while_they_are_read(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()
    real_open, real = Mem.open.__func__, Mem.read  # type: ignore[attr-defined]

    def opened(cls: Any, settings: Any, context: Any) -> Mem:
        made: Mem = real_open(cls, settings, context)
        made.tell = context.tell  # type: ignore[attr-defined]
        return made

    def read(self: Mem, query: Query) -> Reading:
        self.tell("waiting 40 s")  # type: ignore[attr-defined]
        assert told.wait(20)
        return real(self, query)

    monkeypatch.setattr(Mem, "open", classmethod(opened))
    monkeypatch.setattr(Mem, "read", read)
    made = project(STACK)

    class Events(list[Any]):
        def append(self, event: Any) -> None:
            super().append(event)
            if event.kind == "note":
                told.set()

    made.events = Events()
    made.plan()
    notes = {event.text for event in made.events if event.kind == "note"}
    assert notes == {f"mem.{name}: waiting 40 s" for name in NAMES}

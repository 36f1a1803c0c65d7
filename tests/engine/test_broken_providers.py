"""A provider that answers wrongly while a run is on its way: contained to what it was about, and named."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from haplan import engine
from haplan.contracts import Io, Query, Reading, Settlement, Task, Written
from haplan.errors import HaplanError
from haplan.model.document import Document
from haplan.testing import Cloud, Mem, Project
from haplan.testing.memory import MemPlugin
from tests.mixed import mixed

Make = Callable[..., Project]


class Plugin(MemPlugin):
    """The provider ``mem`` with some verbs of its own."""

    def __init__(self, cloud: Cloud, **verbs: Any) -> None:
        super().__init__(cloud)
        self._provider = type("Mem", (self._provider,), verbs)


class Broken(Project):
    """A project on such a provider; `verbs` may be exchanged between two runs."""

    verbs: Mapping[str, Any] = {}

    def plugins(self) -> Any:
        from importlib.metadata import EntryPoint

        from haplan.plugins import Plugins
        from haplan.testing import INSTALLED, Point

        installed: list[Any] = [EntryPoint(name, module, "haplan") for name, module in INSTALLED.items()]
        return Plugins([*installed, cast(Any, Point("mem", Plugin(self.cloud, **self.verbs)))])


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., Broken]:
    def make(text: str, **verbs: Any) -> Broken:
        made = Broken(tmp_path / "stack", text)
        made.verbs = verbs
        return made

    return make


def mended(project: Broken, names: Sequence[str]) -> None:
    """Without the fault the next apply makes all as it should be, nothing twice."""
    project.verbs = {}
    assert project.apply().exit_code == 0
    assert project.cloud.names() == sorted(names)
    assert project.plan().empty()
    assert project.state().intents == ()


@pytest.mark.parametrize(
    "answer", [None, {"ids": {}}, Written(ids={"mem_thing.a": 7}), Written(ids={"mem_thing.z": "1"})]
)  # type: ignore[dict-item]
def test_a_write_that_took_effect_and_gives_no_answer_is_in_doubt(broken: Any, answer: Any) -> None:
    def write(self: Mem, task: Task, io: Io) -> Any:
        Mem.write(self, task, io)
        return answer

    made = broken('a = Thing("a")\nThing("b", tags={"of": a.id})\nData("d", input=1)', write=write)
    result = made.apply()
    assert result.exit_code == 8
    assert [one.address for one in result.in_doubt] == ["mem_thing.a"]
    assert result.in_doubt[0].text.startswith("outcome in doubt: provider 'mem': write of thing:a gave ")
    assert [one.address for one in result.done] == ["record.d"]
    assert [one.address for one in result.skipped] == ["mem_thing.b"]
    mended(made, ["a", "b"])


def test_a_settled_that_leaves_a_transaction_out_ends_the_wait_for_that_one(broken: Any) -> None:
    def settled(self: Mem, tasks: Sequence[Task]) -> Any:
        return {
            n: one
            for n, one in Mem.settled(self, tasks).items()
            if "thing:a" not in [str(t.transaction.document) for t in tasks if t.transaction.id == n]
        }

    made = broken('Thing("a")\nThing("b")', settled=settled)
    made.cloud.seconds = {"thing:a": 60.0, "thing:b": 60.0}
    result = made.apply(parallelism=2)
    assert [one.address for one in result.done] == ["mem_thing.b"]
    assert [one.text for one in result.failed] == [
        "provider 'mem': settled of thing:a says nothing of it; report it to its author"
    ]
    assert result.exit_code == 3
    assert made.state().row("mem_thing.a").status == "incomplete"
    mended(made, ["a", "b"])


def test_timeouts_bound_the_wait_for_a_provider_that_says_nothing(broken: Any) -> None:
    made = broken('Thing("a", lifecycle=lifecycle(timeouts={"create": 20}))', settled=lambda self, tasks: {})
    made.cloud.seconds = {"thing:a": 60.0}
    started = made.cloud.clock.now()
    result = made.apply()
    assert result.exit_code == 3
    assert "not settled within 20 s" in result.failed[0].text
    assert made.cloud.clock.now() - started <= 60.0


def test_what_nobody_can_tell_just_now_is_asked_again(broken: Any) -> None:
    polls: list[int] = []

    def settled(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        polls.append(len(polls))
        if polls[-1] in (0, 1, 3, 4):
            return {task.transaction.id: Settlement(state="unanswered", text="the line is busy") for task in tasks}
        return Mem.settled(self, tasks)

    made = broken('Thing("a")', settled=settled)
    made.cloud.seconds = {"thing:a": 150.0}
    assert made.apply().exit_code == 0
    warned = [event.text for event in made.events if event.kind == "warning"]
    assert warned == ["the line is busy; asking again"] * 4


def test_what_nobody_can_tell_three_times_in_a_row_is_asked_no_more(broken: Any) -> None:
    polls: list[int] = []

    def settled(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        polls.append(len(polls))
        return {task.transaction.id: Settlement(state="unanswered", text="the line is busy") for task in tasks}

    made = broken('Thing("a")', settled=settled)
    made.cloud.seconds = {"thing:a": 150.0}
    result = made.apply()
    assert (result.exit_code, len(polls)) == (3, 3)
    assert [one.text for one in result.failed] == ["the line is busy"]


def test_a_plan_asks_for_what_is_there_now_and_a_write_takes_a_list_of_the_last_minute(broken: Any) -> None:
    ages: list[tuple[bool, float]] = []

    def read(self: Mem, query: Query) -> Reading:
        ages.append((query.document is not None, query.max_age))
        return Mem.read(self, query)

    made = broken('Thing("a")', read=read)
    plan = made.plan()
    assert ages == [(False, 0.0)]
    del ages[:]
    made.apply(plan)
    assert {age for of_document, age in ages if of_document} == {60.0}


@pytest.mark.parametrize("value", [None, 7, ["x"]])
def test_a_computed_value_that_is_none_is_the_providers_fault_and_not_its_users(broken: Any, value: Any) -> None:
    def write(self: Mem, task: Task, io: Io) -> Written:
        found = Mem.write(self, task, io)
        return attrs.evolve(found, values={one: {**known, "token": value} for one, known in found.values.items()})

    made = broken('a = Thing("a")\nThing("b", tags={"of": a.token})', write=write)
    result = made.apply()
    got = "None" if value is None else type(value).__name__
    assert [(one.address, one.text) for one in result.failed] == [
        ("mem_thing.a", f"mem_thing.a: token: got {got}, where text is due; report it to the author of provider 'mem'")
    ]
    assert [one.address for one in result.skipped] == ["mem_thing.b"]
    assert result.exit_code == 3
    assert made.state().row("mem_thing.a").id == made.cloud.thing("a").id
    mended(made, ["a", "b"])


@pytest.mark.parametrize("value", [None, 7])
def test_a_computed_value_that_is_read_as_none_is_told_of_that_one(broken: Any, value: Any) -> None:
    made = broken('a = Thing("a", size=1)\nThing("b", tags={"of": a.token})\nThing("c")')
    assert made.apply().exit_code == 0

    def read(self: Mem, query: Query) -> Reading:
        found = Mem.read(self, query)
        seen = {one: attrs.evolve(it, values={**it.values, "token": value}) for one, it in found.seen.items()}
        return attrs.evolve(found, seen={**found.seen, "mem_thing.a": seen["mem_thing.a"]} if seen else {})

    made.verbs = {"read": read}
    plan = made.write('a = Thing("a", size=2)\nThing("b", tags={"of": a.token})\nThing("c", size=3)').plan()
    got = "None" if value is None else "int"
    why = f"provider 'mem': read of mem_thing.a, mem_thing.b, mem_thing.c gave {got} as seen.mem_thing.a.values.token, "
    assert plan.unread == {"mem_thing.a": f"{why}where text is due; report it to its author"}
    assert [change.address for change in plan.changes] == ["mem_thing.c"]
    mended(made, ["a", "b", "c"])


def test_a_replacement_knows_all_that_a_new_object_knows(broken: Any) -> None:
    def write(self: Mem, task: Task, io: Io) -> Written:
        return attrs.evolve(Mem.write(self, task, io), values={})

    made = broken('Thing("a", zone="x")')
    assert made.apply().exit_code == 0
    made.verbs = {"write": write}
    result = made.write('Thing("a", zone="y")').apply()
    assert result.exit_code == 3
    assert result.failed[0].text == (
        "mem_thing.a: token not known after the apply; report it to the author of provider 'mem'"
    )
    mended(made, ["a"])


def test_who_cannot_say_what_ends_a_write_writes_nothing(broken: Any) -> None:
    def takes_back(self: Mem, document: Document) -> bool:
        raise KeyError(str(document))

    made = broken('Thing("a")', takes_back=takes_back, confirmed=True)
    result = made.apply()
    assert result.exit_code == 1
    assert "provider 'mem': takes_back of thing:a broke: KeyError: 'thing:a'" in result.failed[0].text
    assert made.cloud.names() == []


@pytest.mark.parametrize(
    "said", [("put", "mem_thing.z", {}), ("put", "mem_thing.a", {"a": {1}}), ("", "mem_thing.a", {}), (None, "", None)]
)
def test_what_is_announced_is_looked_at_before_it_is_kept(broken: Any, said: Any) -> None:
    def write(self: Mem, task: Task, io: Io) -> Written:
        io.about_to(*said)
        return Mem.write(self, task, io)

    made = broken('Thing("a")\nData("d", input=1)', write=write)
    result = made.apply()
    assert "provider 'mem': write of thing:a announced " in result.failed[0].text
    assert [one.address for one in result.done] == ["record.d"]
    assert result.exit_code == 3
    assert (made.cloud.names(), made.state().intents) == ([], ())


def test_what_cannot_be_looked_at_is_not_written(broken: Any) -> None:
    made = broken('Thing("a", size=1)\nThing("b", size=1)')
    assert made.apply().exit_code == 0
    plan = made.write('Thing("a", size=2)\nThing("b", size=2)').plan()

    def read(self: Mem, query: Query) -> Reading:
        found = Mem.read(self, query)
        seen = {address: one for address, one in found.seen.items() if address != "mem_thing.a"}
        return attrs.evolve(found, seen=seen, unread={one.address: "403" for one in query.targets if one.name == "a"})

    made.verbs = {"read": read}
    result = made.apply(plan)
    assert [one.text for one in result.failed] == ["mem_thing.a: could not be read: 403"]
    assert [one.address for one in result.done] == ["mem_thing.b"]
    assert result.exit_code == 3
    assert made.cloud.thing("a").values["size"] == 1


# --- Before anything is written ---------------------------------------------------------------------------------------


def breaks(*given: Any, **more: Any) -> Any:
    raise KeyError("oops")


def refused(project: Project, **options: Any) -> list[str]:
    with pytest.raises(HaplanError) as told:
        project.plan(**options)
    assert told.value.exit_code == 1
    return str(told.value).splitlines()


@pytest.mark.parametrize(
    ("verb", "lines"),
    [
        ("open", ["open"]), ("identity", ["identity"]), ("read", ["read of mem_thing.a, mem_thing.b"]),
        ("facts", ["facts of mem_thing.a, mem_thing.b"]), ("calls", ["calls"]),
        ("assess", ["assess of mem_thing.a", "assess of mem_thing.b"]),
        ("placements", ["placements of mem_thing.a", "placements of mem_thing.b"]),
    ],
)  # fmt: skip
def test_what_breaks_at_a_plan_is_named_all_of_it(broken: Any, verb: str, lines: list[str]) -> None:
    made = broken('Thing("a")\nThing("b")', **{verb: classmethod(breaks) if verb == "open" else breaks})
    end = "broke: KeyError: 'oops'; report it to its author"
    assert refused(made) == [f"provider 'mem': {line} {end}" for line in lines]
    assert not (made.folder / ".haplan").exists()


def test_each_provider_that_breaks_is_named(broken: Any) -> None:
    text = 'far = provider("mem", alias="far")\nThing("a")\nThing("b", provider=far)'
    for verb, said in (("identity", "identity"), ("read", "read of mem_thing.{}"), ("open", "open")):
        made = broken(text, **{verb: classmethod(breaks) if verb == "open" else breaks})
        assert refused(made) == [
            f"provider '{key}': {said.format(name)} broke: KeyError: 'oops'; report it to its author"
            for key, name in (("mem", "a"), ("mem.far", "b"))
        ]


def test_a_setting_that_is_not_given_is_asked_for_by_its_name(broken: Any) -> None:
    @attrs.frozen
    class Settings:
        place: str

    made = broken('Thing("a")', config=Settings)
    assert refused(made) == ["stack.py:3: provider 'mem': say provider(\"mem\", place=…)"]


@pytest.mark.parametrize("error", [KeyError("oops"), SystemExit(4), HaplanError("the line is dead")])
def test_a_close_that_breaks_is_told_and_keeps_nothing_else_open(broken: Any, error: BaseException) -> None:
    closed: list[str] = []

    def close(self: Mem) -> None:
        closed.append("mem")
        raise error

    text = 'far = provider("mem", alias="far")\nThing("a")\nThing("b", provider=far)'
    made = broken(text, close=close)
    with made.session() as session:
        result = engine.apply(session, engine.plan(session))
        session.backend.inner.close = lambda: closed.append("state")
    assert result.exit_code == 0
    assert closed == ["mem", "mem", "state"]
    assert len([event for event in made.events if event.kind == "warning"]) == 2


# --- Limits that a provider declares ----------------------------------------------------------------------------------


def test_a_provider_takes_no_more_writes_at_once_than_it_says_and_holds_up_no_other(broken: Any) -> None:
    text = "".join(f'Thing("t{n}")\nData("d{n}", input={n})\n' for n in mixed(6))
    made = broken(text, writes_at_once=2)
    result = made.apply(parallelism=8)
    assert result.exit_code == 0
    assert len(result.done) == 12
    assert 1 <= made.cloud.most_at_once <= 2


def counted(at: list[float], verb: str) -> Any:
    """A verb that takes note of when it is asked."""

    def asked(self: Mem, *given: Any) -> Any:
        at.append(self.cloud.clock.now())
        return getattr(Mem, verb)(self, *given)

    return asked


@pytest.mark.parametrize("settles", [False, True])
def test_a_provider_is_called_no_oftener_a_second_than_it_says(broken: Any, settles: bool) -> None:
    """What one write calls goes out together; beyond that, looks, writes and polls never come sooner than at its rate,
    and later for the checks and confirmations that cannot wait."""
    at: list[float] = []
    urgent: list[float] = []
    rate, verbs = 0.5, ("read", "write", *(["settled"] if settles else []))
    text = "".join(f'Thing("t{n}")\n' for n in mixed(5)) + 'Data("d", input=1)'
    made = broken(
        text, calls_a_second=rate, poll_seconds=1.0, confirmed=settles, **{verb: counted(at, verb) for verb in verbs},
        verify=counted(urgent, "verify"), confirm=counted(urgent, "confirm"),
    )  # fmt: skip
    made.cloud.confirmed = settles
    made.cloud.seconds = {f"thing:t{n}": 4.0 for n in range(5)} if settles else {}
    plan = made.plan()
    began = made.cloud.clock.now()
    at.clear()
    result = made.apply(plan, parallelism=8)
    assert result.exit_code == 0
    assert len(at) >= 5 * len(verbs) - settles * 4  # one poll may be about several
    for number, when in enumerate(at, start=1):
        assert number <= len(verbs) + rate * (when - began), (number, when - began)
    assert len(at) + len(urgent) <= len(verbs) + 5 * 2 + rate * (at[-1] - began)
    assert len(urgent) == (10 if settles else 5)
    done = [event.address for event in made.events if event.kind == "recorded"]
    assert done.index("record.d") < 2, "another provider is not held up"

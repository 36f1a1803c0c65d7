"""Hooks of order, rules, state backends and polls that break or hang: named, and kept from what they are not about."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from haplan import repair
from haplan.contracts import Clock, OpenState, Settlement, StateBackend, Task
from haplan.errors import HaplanError, PluginError, StackError
from haplan.hookspecs import hookimpl
from haplan.model.finding import Rule
from haplan.testing import Cloud, Mem, Project, plugins
from haplan.testing.memory import MemPlugin
from tests.a_rule import a_rule

Make = Callable[..., Project]
TWO = 'Thing("a", size=1)\nThing("b", size=1)\n'


# --- Order ------------------------------------------------------------------------------------------------------------


class Order:
    """A plugin that orders, in a way that breaks."""

    haplan_api = 2

    def __init__(self, said: Callable[[], Any]) -> None:
        self._said = said

    @hookimpl
    def haplan_order(self, nodes: Sequence[Any]) -> Any:
        return self._said()


def oops() -> Any:
    raise KeyError("oops")


@pytest.mark.parametrize(
    ("said", "words"),
    [(oops, "broke: KeyError: 'oops'"), (lambda: None, "gave None"), (lambda: ["a"], "gave text as 0|gave a str as 0")],
)
def test_a_hook_of_order_that_breaks_ends_the_plan_and_is_named(project: Make, said: Any, words: str) -> None:
    made = project(TWO, more=[Order(said)])
    with pytest.raises(
        PluginError, match=f"^plugin 'more0': haplan_order ({words}).*; report it to its author$"
    ) as told:
        made.plan()
    assert told.value.exit_code == 1
    assert not (made.folder / ".haplan").exists()


# --- Rules ------------------------------------------------------------------------------------------------------------


class Rules:
    """A plugin with a rule that breaks where it looks at one thing."""

    haplan_api = 2

    def __init__(self, moment: Any, gives: Callable[[], Any]) -> None:
        self._moment = moment
        self._gives = gives

    def check(self, view: Any) -> Any:
        return self._gives() if any(part.change.name == "a" for part in view.task.parts) else []

    @hookimpl
    def haplan_checks(self) -> Iterable[Rule]:
        return [a_rule("T1", self._moment, self.check)]


GIVES = [(oops, "broke: KeyError: 'oops'"), (lambda: None, "gave None"), (lambda: [7], "gave an int as 0")]


class Offline:
    """A plugin with a rule of a stack that breaks."""

    haplan_api = 2

    @hookimpl
    def haplan_checks(self) -> Iterable[Rule]:
        return [a_rule("T2", "V", lambda view: view.stack.blocks["mem_thing.b"].values["colour"])]


def test_a_rule_that_breaks_on_a_stack_with_mistakes_is_told_beside_them(project: Make) -> None:
    made = project('Thing("a", siez=1)\nThing("b", size=1)', more=[Offline()])
    with pytest.raises(StackError) as told:
        made.plan()
    assert [line.partition("; ")[0] for line in told.value.mistakes] == [
        "stack.py:4: mem_thing.a: unknown keyword 'siez'", "plugin 'more0': rule T2 broke: KeyError: 'colour'"
    ]  # fmt: skip


@pytest.mark.parametrize(("gives", "words"), GIVES)
def test_a_rule_that_breaks_before_a_write_keeps_that_write_alone_from_being_made(
    project: Make, gives: Any, words: str
) -> None:
    made = project(TWO, more=[Rules("A", gives)])
    result = made.apply()
    assert [(one.address, one.text.partition(words)[0]) for one in result.failed] == [
        ("mem_thing.a", "plugin 'more0': rule T1 ")
    ]
    assert [one.address for one in result.done] == ["mem_thing.b"]
    assert (result.exit_code, made.cloud.names(), made.state().intents) == (3, ["b"], ())


@pytest.mark.parametrize(("gives", "words"), GIVES)
def test_a_rule_that_breaks_after_a_write_leaves_that_one_incomplete(project: Make, gives: Any, words: str) -> None:
    made = project(TWO, more=[Rules("C", gives)])
    result = made.apply()
    assert [(one.address, one.text.partition(words)[0]) for one in result.failed] == [
        ("mem_thing.a", "plugin 'more0': rule T1 ")
    ]
    assert [one.address for one in result.done] == ["mem_thing.b"]
    assert (result.exit_code, made.cloud.names()) == (3, ["a", "b"])
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert (row.status, row.id) == ("incomplete", made.cloud.thing("a").id)


# --- State ------------------------------------------------------------------------------------------------------------


class Cellar:
    """A foreign state backend, ``cellar://PATH``: SQLite's, some of whose verbs break from a number of calls on."""

    def __init__(self, inner: StateBackend, broken: Mapping[str, int]) -> None:
        self._inner = inner
        self._left = dict(broken)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._left:
            return found

        def asked(*given: Any, **more: Any) -> Any:
            self._left[name] -= 1
            return found(*given, **more) if self._left[name] >= 0 else oops()

        return asked


class CellarPlugin:
    """It brings `Cellar`."""

    haplan_api = 2

    def __init__(self) -> None:
        self.broken: dict[str, int] = {}

    @hookimpl
    def haplan_state_backends(self) -> Mapping[str, OpenState]:
        return {"cellar": self._open}

    def _open(self, url: str, clock: Clock) -> Any:
        (open_sqlite,) = plugins(Cloud()).state_backends.values()
        return Cellar(open_sqlite(url.replace("cellar:", "sqlite:", 1), clock), self.broken)


@pytest.fixture
def cellar(project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Project, CellarPlugin, str]:
    monkeypatch.chdir(tmp_path)
    plugin = CellarPlugin()
    return project(TWO, more=[plugin]), plugin, f"cellar:///{tmp_path / 'deep' / 'state.db'}"


def ended(made: Project, url: str) -> tuple[int, str, Path | None]:
    """Apply: exit code, what was said, and the recovery file."""
    try:
        result = made.apply(state=url)
    except HaplanError as error:
        return error.exit_code, str(error), getattr(error, "file", None)
    return result.exit_code, "\n".join(one.text for one in result.failed), None


@pytest.mark.parametrize("after", [0, 1])
def test_what_a_foreign_backend_cannot_save_is_in_a_recovery_file(cellar: Any, after: int) -> None:
    made, plugin, url = cellar
    plugin.broken = {"save": after}
    code, text, file = ended(made, url)
    assert (code, made.cloud.names()) == (9, ["a"])  # nothing more is begun
    assert "state backend 'cellar': save broke: KeyError: 'oops'; report it to its author; what was to be saved" in text
    plugin.broken = {}
    with made.session(state=url) as session:
        assert repair.recover(session, file) == (file,)
    assert made.apply(state=url).exit_code == 0
    assert made.cloud.names() == ["a", "b"]
    assert made.plan(state=url).empty()
    assert made.state(state=url).intents == ()


@pytest.mark.parametrize("verb", ["load", "lock", "begin", "journal", "renew"])
def test_a_foreign_backend_that_breaks_before_a_write_keeps_it_from_being_made(cellar: Any, verb: str) -> None:
    made, plugin, url = cellar
    plugin.broken = {verb: 0}
    code, text, _ = ended(made, url)
    assert code == 1
    assert f"state backend 'cellar': {verb} broke: KeyError: 'oops'; report it to its author" in text
    assert made.cloud.names() == []
    plugin.broken = {}
    assert made.apply(state=url).exit_code == 0
    assert made.cloud.names() == ["a", "b"]


@pytest.mark.parametrize("verb", ["end", "unlock", "close"])
def test_a_foreign_backend_that_breaks_at_the_end_loses_nothing(cellar: Any, verb: str) -> None:
    made, plugin, url = cellar
    plugin.broken = {verb: 0}
    code, _, _ = ended(made, url)
    assert made.cloud.names() == ["a", "b"]
    assert code == {"end": 9, "unlock": 0, "close": 0}[verb]
    plugin.broken = {}
    made.cloud.clock.sleep(120)
    assert made.plan(state=url).empty()
    assert [row.status for row in made.state(state=url).rows.values()] == ["ok", "ok"]


# --- Polls that hang --------------------------------------------------------------------------------------------------


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Lets what hangs go on at the end of a test."""
    event = threading.Event()
    yield event
    event.set()


class Hanging(MemPlugin):
    """A poll that does not come back: as much time passes as its provider is waited for, and more."""

    def __init__(self, cloud: Cloud, released: threading.Event) -> None:
        super().__init__(cloud)

        def settled(self: Mem, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
            self.cloud.clock.sleep(600)
            released.wait(60)
            return {}

        self._provider = type("Mem", (self._provider,), {"settled": settled})


def test_a_poll_that_hangs_is_bounded_by_timeouts_and_the_run_ends(
    project: Make, released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haplan.testing.MemPlugin", lambda cloud: Hanging(cloud, released))
    made = project(
        'a = Thing("a", lifecycle=lifecycle(timeouts={"create": 300}))\nThing("b", tags={"of": a.id})\nData("d")'
    )
    made.cloud.seconds = {"thing:a": 60.0}
    result = made.apply()
    assert not released.is_set()
    assert [(one.address, one.text) for one in result.failed] == [
        (
            "mem_thing.a",
            "not settled within 300 s (timeouts of mem_thing.a: create): provider 'mem': settled gives no answer",
        )
    ]
    assert [one.address for one in result.skipped] == ["mem_thing.b"]
    assert [one.address for one in result.done] == ["record.d"]
    assert result.exit_code == 3
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert (row.status, row.id) == ("incomplete", made.cloud.thing("a").id)

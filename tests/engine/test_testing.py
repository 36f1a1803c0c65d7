"""What `haplan.testing` gives to users' own tests."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from haplan.contracts import Io, Provider, Task, Written
from haplan.model.plan import Action
from haplan.testing import Cloud, FakeClock, Mem, Project, apply, plan, plugins

Make = Callable[..., Project]


def test_a_text_is_planned_and_applied_with_the_installed_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAPLAN_PLUGINS_OFF", "mist,srx,ssr,postgres")
    text = 'from haplan import Data, output\n\noutput("x", Data("a", input=1).output)\n'
    made = plan(text)
    if made.count(Action.CREATE) != 1:
        pytest.fail(str(made.changes))
    assert apply(text).outputs == {"x": 1}


def test_a_folder_is_planned_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAPLAN_PLUGINS_OFF", "mist,srx,ssr,postgres")
    (tmp_path / "stack.py").write_text('from haplan import Data\nData("a", input=1)\n')
    assert apply(tmp_path).exit_code == 0
    assert plan(tmp_path).empty()
    assert plan(tmp_path, destroy=True).count(Action.DELETE) == 1


def test_a_cloud_in_a_file_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "cloud.json"
    Project(tmp_path / "s", 'Thing("a", size=1)', cloud=Cloud(file)).apply()
    assert Cloud(file).thing("a").values == {"size": 1}


def test_a_fake_clock_moves_when_somebody_sleeps() -> None:
    clock = FakeClock(10.0)
    clock.sleep(5)
    assert clock.now() == 15.0


def test_a_loop_that_waits_for_what_never_comes_ends() -> None:
    clock = FakeClock()

    def wait() -> None:
        while True:
            clock.sleep(24 * 3600.0)

    with pytest.raises(AssertionError, match="somebody waits for what never comes"):
        wait()


# --- The provider's word ----------------------------------------------------------------------------------------------


def with_answer(folder: Path, text: str, twist: Callable[[Written], Written]) -> Project:
    """A project whose provider gives another answer than it should."""

    class Twisted(Mem):
        def write(self, task: Task, io: Io) -> Written:
            return twist(super().write(task, io))

    made = Project(folder, text)
    kind = type("Mem", (Twisted,), {"cloud": made.cloud})
    found = plugins(made.cloud)
    found.__dict__["providers"] = {**found.providers, "mem": kind}
    made.plugins = lambda: found  # type: ignore[attr-defined]
    return made


def outcome(made: Project) -> tuple[int, str]:
    from haplan import engine
    from haplan.host.session import open_session

    with open_session(made.folder, plugins=made.plugins(), clock=made.cloud.clock, environ={}) as session:  # type: ignore[attr-defined]
        result = engine.apply(session, engine.plan(session))
    return result.exit_code, result.failed[0].text if result.failed else ""


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size": 2, "id": "i", "token": "t"}, "mem_thing.a: size: planned 1, got 2"),
        ({"size": 1, "id": "i"}, "mem_thing.a: token not known after the apply"),
    ],
)
def test_a_provider_that_breaks_its_word_is_named_with_planned_and_got(
    tmp_path: Path, values: Mapping[str, Any], words: str
) -> None:
    made = with_answer(
        tmp_path,
        'Thing("a", size=1)',
        lambda answer: Written(ids=answer.ids, values={"mem_thing.a": values}, settling=False),
    )
    code, text = outcome(made)
    assert code == 3
    assert words in text
    row = made.state().row("mem_thing.a")
    assert row is not None
    assert (row.id, row.status) == ("id-1", "incomplete")


def test_looks_that_fail_are_repeated_before_the_wait_is_given_up(tmp_path: Path) -> None:
    from haplan.errors import ProviderError

    class Deaf(Mem):
        def settled(self, tasks: Sequence[Task]) -> Any:
            self.cloud.polls += 1
            if self.cloud.polls in (1, 2):
                raise ProviderError("503")
            return super().settled(tasks)

    made = Project(tmp_path, 'Thing("a")')
    made.cloud.seconds["thing:a"] = 60.0
    found = plugins(made.cloud)
    found.__dict__["providers"] = {**found.providers, "mem": type("Mem", (Deaf,), {"cloud": made.cloud})}
    made.plugins = lambda: found  # type: ignore[attr-defined]
    assert outcome(made) == (0, "")


def test_the_smallest_provider_is_small() -> None:
    assert {"read", "write"} <= set(Provider.__dict__)

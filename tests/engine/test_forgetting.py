"""A provider that is opened anew between any two calls does the same, in whole applies and for every provider."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs
import pytest

from haplan import engine
from haplan.contracts import Io, Provider, Query, Settlement, Task, Written
from haplan.errors import HaplanError
from haplan.host.options import PlanOptions
from haplan.testing import Cloud, Mem, Project
from haplan.testing.forgetful import forgetful
from tests.engine import test_provider_contract
from tests.stack_world import StackWorld

Make = Callable[..., Project]
STACKS = Path(__file__).parent.parent.parent / "stacks"


class Remembers(Mem):
    """Knows by itself what it wrote, and asks nobody."""

    def write(self, task: Task, io: Io) -> Written:
        self.written = {task.transaction.id}
        return attrs.evolve(super().write(task, io), settling=True)

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        assert all(task.transaction.id in self.written for task in tasks)
        return super().settled(tasks)


def test_memory_between_two_calls_is_caught() -> None:
    opened = type("Broken", (Remembers,), {"cloud": Cloud()})
    with pytest.raises(AttributeError, match="written"):
        test_provider_contract.TestMem().test_it_remembers_nothing_between_two_calls(opened)


PROVIDERS = [
    ("haplan_mist.provider", "MistProvider", "one_pair"),
    ("haplan_srx.provider", "SrxProvider", "hub_spoke_srx_netconf"),
    ("haplan_ssr.provider", "SsrProvider", "hub_spoke_ssr_conductor"),
]


@pytest.mark.parametrize(("module", "name", "stack"), PROVIDERS, ids=["mist", "srx", "ssr"])
def test_each_of_ours_may_be_thrown_away_between_any_two_calls(
    tmp_path: Path, module: str, name: str, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    shutil.copytree(STACKS, tmp_path / "stacks", ignore=shutil.ignore_patterns(".haplan"))
    home = importlib.import_module(module)
    real = getattr(home, name)
    monkeypatch.setattr(home, name, forgetful(real))
    world = StackWorld(tmp_path / "stacks" / stack)
    result = world.apply()
    assert [one.text for one in (*result.failed, *result.in_doubt)] == []
    assert result.exit_code == 0
    assert world.plan().empty()
    monkeypatch.setattr(home, name, real)
    assert world.plan().empty()


# --- Without a look ---------------------------------------------------------------------------------------------------


def test_who_cannot_plan_from_what_is_recorded_says_so_in_one_line(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project('Thing("a", size=1)', applied=True).write('Thing("a", size=2)')
    monkeypatch.setattr(Mem, "recall", Provider.recall)
    with made.session() as session, pytest.raises(HaplanError) as error:
        engine.plan(session, PlanOptions(refresh=False))
    assert str(error.value) == "provider 'mem' cannot plan from what is recorded: leave --no-refresh out"
    assert error.value.exit_code == 1
    assert made.cloud.thing("a").values["size"] == 1


def test_who_says_nothing_of_its_own_is_planned_for_without_a_look() -> None:
    class Plain(Provider):
        name = "plain"

    assert Plain().recall(Query(targets=())) is None

"""Testing stacks and engines: a small provider in memory that does what a test tells it to.

    def test_a_portal_edit_is_mended(tmp_path):
        project = Project(tmp_path, 'Thing("a", size=1)')
        assert project.apply().exit_code == 0
        project.cloud.edit("a", size=9, who="ana")
        assert project.plan().drift[0].who == "ana"
        project.apply()
        assert project.cloud.thing("a").values["size"] == 1

`Project` is a stack in a folder with real state in SQLite, a `Cloud` and a clock that a test moves. For stacks of your
own, with the plugins that are installed, `plan` and `apply` take a folder or a text:

    def test_my_stack_wants_two_sites():
        assert plan("stacks/mine", lab=True).count(Action.CREATE) == 2

`ProviderContract` is what every provider promises, as tests to inherit; see `providers/README.md`. Wrong answers of it
are part of that, one at each moment of a run; `EveryFaultContract` throws all of them at all moments.
`OwnChangesContract` has somebody else at work in a document while a plan waits to be applied; `OutcomeContract` has
writes that are answered so that nobody knows whether they were done.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from haplan import engine
from haplan.host.options import Options, sorted_out
from haplan.host.session import Session, open_session
from haplan.model.event import Event
from haplan.model.plan import Plan
from haplan.model.result import Result
from haplan.model.state import State
from haplan.plugins import GROUP, Plugins
from haplan.testing.cloud import Cloud, FakeClock, Stored, Write
from haplan.testing.installed import INSTALLED as INSTALLED
from haplan.testing.installed import Point as Point
from haplan.testing.memory import Mem, MemPlugin, Rule, Thing

if TYPE_CHECKING:
    from haplan.testing.fault_contract import EveryFaultContract
    from haplan.testing.outcome_contract import OutcomeContract
    from haplan.testing.own_changes import OwnChangesContract
    from haplan.testing.provider_contract import ProviderContract, context

__all__ = [
    "HEAD",
    "Cloud",
    "EveryFaultContract",
    "FakeClock",
    "Mem",
    "OutcomeContract",
    "OwnChangesContract",
    "Project",
    "ProviderContract",
    "Rule",
    "Stored",
    "Thing",
    "Write",
    "apply",
    "context",
    "plan",
    "plugins",
]

HEAD = "from haplan import *\nfrom haplan.testing import Rule, Thing\nprovider('mem')\n"
"""What `Project` puts before the text of a stack."""


def plugins(cloud: Cloud, *more: object) -> Plugins:
    """Plugins for a test: the built-in one, SQLite state, ``mem`` on this cloud, and objects with hooks of your own."""
    installed = [EntryPoint(name, module, GROUP) for name, module in INSTALLED.items()]
    points = [Point("mem", MemPlugin(cloud)), *(Point(f"more{n}", one) for n, one in enumerate(more))]
    return Plugins([*installed, *cast(list[EntryPoint], points)])


# --- Stacks -----------------------------------------------------------------------------------------------------------


class Project:
    """A stack in a folder of its own, to plan and apply again and again.

    Args:
        folder: Where it lives; its state is under ``.haplan`` beside the stack.
        text: The stack, after `HEAD`.
        more: Objects with further hooks: rules, edges, providers.
    """

    def __init__(
        self, folder: Path, text: str = "", *, cloud: Cloud | None = None, more: Sequence[object] = (), **environ: str
    ) -> None:
        self.folder = folder
        self.cloud = cloud or Cloud()
        self.environ = environ
        self.events: list[Event] = []
        self._more = more
        self.write(text)

    def write(self, text: str) -> "Project":
        """Change the stack."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "stack.py").write_text(HEAD + text, encoding="utf-8")
        return self

    def session(self, **options: Any) -> Session:
        """A session; use it as a context manager. Unless told, one write at a time: each run is the same."""
        options = {"parallelism": 1, **options}
        told: Any = {"observers": [self.events.append], "environ": self.environ, "clock": self.cloud.clock}
        return open_session(self.folder, Options(**options), plugins=self.plugins(), **told)

    def plugins(self) -> Plugins:
        """The plugins of its sessions."""
        return plugins(self.cloud, *self._more)

    def plan(self, **options: Any) -> Plan:
        """Plan, with the options of `haplan.host.options`: of the session and of the plan."""
        opening, asked = sorted_out(options)
        with self.session(**opening) as session:
            return engine.plan(session, asked)

    def apply(self, made: Plan | None = None, **options: Any) -> Result:
        """Carry out a plan, by default the one that would be made now."""
        opening, asked = sorted_out(options)
        with self.session(**opening) as session:
            return engine.apply(session, made or engine.plan(session, asked))

    def state(self, **options: Any) -> State:
        """What is remembered."""
        with self.session(**options) as session:
            return engine.read_state(session)


def plan(stack: str | Path, **options: Any) -> Plan:
    """The plan of a stack, a folder or a text, with the plugins that are installed."""
    opening, asked = sorted_out(options)
    with _opened(stack, Options(**opening)) as session:
        return engine.plan(session, asked)


def apply(stack: str | Path, **options: Any) -> Result:
    """Plan a stack and carry it out. The state of a text is forgotten afterwards."""
    opening, asked = sorted_out(options)
    with _opened(stack, Options(**opening)) as session:
        return engine.apply(session, engine.plan(session, asked))


@contextmanager
def _opened(stack: str | Path, options: Options) -> Iterator[Session]:
    with TemporaryDirectory() as folder:
        if isinstance(stack, str) and "\n" in stack:
            file = Path(folder) / "stack" / "stack.py"
            file.parent.mkdir()
            file.write_text(stack, encoding="utf-8")
            stack = file.parent
        with open_session(stack, options) as session:
            yield session


CONTRACTS = {
    "EveryFaultContract": "fault_contract",
    "OutcomeContract": "outcome_contract",
    "OwnChangesContract": "own_changes",
    "ProviderContract": "provider_contract",
    "context": "provider_contract",
}
"""What needs pytest, by its module."""


def __getattr__(name: str) -> Any:
    """The contracts are loaded when they are asked for."""
    if name not in CONTRACTS:
        raise AttributeError(f"module 'haplan.testing' has no attribute {name!r}", name=name)
    import pytest

    modules = [f"haplan.testing.{module}" for module in ("asked", *dict.fromkeys(CONTRACTS.values()))]
    pytest.register_assert_rewrite(*(one for one in modules if one not in sys.modules))
    return getattr(import_module(f"haplan.testing.{CONTRACTS[name]}"), name)

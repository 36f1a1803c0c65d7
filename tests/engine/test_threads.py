"""What threads share holds when they take turns as often as they can: secrets, notes, the log, plugins, a stack."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from haplan import engine
from haplan.contracts import Context, Io, Provider, Query, Reading, Settlement, Task, Written
from haplan.design.rules.index import design_index
from haplan.hookspecs import hookimpl
from haplan.host.log import Log
from haplan.host.options import Options
from haplan.host.redaction import Redactor
from haplan.host.session import open_session
from haplan.host.variables import Variables
from haplan.model.event import Event
from haplan.model.value import Secret, leaves
from haplan.plugins import Plugins
from haplan.testing import HEAD, Cloud, Mem, plugins
from haplan.testing.memory import Settings
from tests.mixed import mixed
from tests.turns import THREADS, often, side_by_side

SECRETS, TOGETHER = 60, 4
pytestmark = pytest.mark.usefixtures(often.__name__)


# --- Whole applies ----------------------------------------------------------------------------------------------------


class Chatty(Mem):
    """Says each secret that it is given in every way that a provider has, from whichever thread it works in."""

    name: ClassVar[str] = "chatty"
    config: ClassVar[type] = Settings
    poll_seconds: float = 0.0
    context: Context

    @classmethod
    def open(cls, settings: Any, context: Context) -> "Chatty":
        made = cls()
        made.context = context
        return made

    def write(self, task: Task, io: Io) -> Written:
        for part in task.parts:
            for _, leaf in leaves(part.change.after or {}):
                if isinstance(leaf, Secret):
                    self._say(self.context.secret(leaf.source), io)
        return super().write(task, io)

    def read(self, query: Query) -> Reading:
        self.context.tell("looked")
        self.context.log("GET everything")
        return super().read(query)

    def settled(self, tasks: Sequence[Task]) -> Mapping[str, Settlement]:
        self.context.tell("polled")
        return super().settled(tasks)

    def _say(self, known: str, io: Io) -> None:
        self.context.log(f"PUT {known}")
        self.context.tell(f"sent {known}")
        io.progress(f"sending {known}")
        io.evidence(f"was sent: {known}")


class Plugin:
    """The chatty provider, a source of secrets that cannot be asked twice at once, and an observer."""

    haplan_api = 2

    def __init__(self, cloud: Cloud) -> None:
        self.kind = type("Chatty", (Chatty,), {"cloud": cloud})
        self.asking = 0
        self.heard: list[int] = []

    @hookimpl
    def haplan_providers(self) -> Iterable[type[Provider]]:
        return [self.kind]

    @hookimpl
    def haplan_secret_sources(self) -> Mapping[str, Callable[[str], str]]:
        return {"vault": self._open}

    @hookimpl
    def haplan_event(self, event: Event) -> None:
        self.heard.append(threading.get_ident())

    def _open(self, rest: str) -> str:
        self.asking += 1
        assert self.asking == 1
        self.asking -= 1
        return f"Tr0ub4dor-{rest}"


def many_secrets(folder: Path) -> Path:
    lines = [
        HEAD.replace("'mem'", "'chatty'"),
        "from haplan import secret",
        "typed = variable('typed', sensitive=True)",
        f"for number in {mixed(SECRETS)}:",
        "    source = secret(f'env:S{number}' if number % 2 else f'vault:{number}')",
        "    Thing(f't{number}', psk=source, tags={'typed': typed, 'of': f'{secret(\"vault:x\")}!'})",
    ]
    folder.mkdir()
    (folder / "stack.py").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize("parallelism", [TOGETHER, 16])
def test_the_apply_of_a_plan_file_tells_no_secret_in_whatever_thread(tmp_path: Path, parallelism: int) -> None:
    cloud, folder, log = Cloud(), many_secrets(tmp_path / "stack"), tmp_path / "log.txt"
    plugin, events, meet = Plugin(cloud), list[Event](), threading.Barrier(TOGETHER)
    cloud.during = lambda document, name: cast(None, meet.wait(60))  # writes go in step, so many at once
    environ = {f"S{number}": f"Tr0ub4dor-{number}" for number in range(SECRETS)}
    given: dict[str, Any] = {"environ": environ, "clock": cloud.clock, "observers": [events.append]}
    options = Options(log=log, parallelism=parallelism, variables=("typed=Tr0ub4dor-typed",))
    with open_session(folder, options, plugins=plugins(cloud, plugin), **given) as session:
        engine.write_plan(session, engine.plan(session), tmp_path / "edge.plan")
    opened, plan = engine.open_plan(tmp_path / "edge.plan", options, plugins=plugins(cloud, plugin), **given)
    with opened:
        result = engine.apply(opened, plan)
    assert (result.exit_code, len(result.done)) == (0, SECRETS)
    assert cloud.most_at_once >= TOGETHER
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file.name != "stack.py"]
    assert [file.name for file in written if b"Tr0ub4dor" in file.read_bytes()] == []
    assert "Tr0ub4dor" not in str(events) + str(result)
    assert set(plugin.heard) == {threading.get_ident()}
    sent = [event for event in events if event.text.startswith("sent (sensitive)")]
    assert len(sent) == 3 * SECRETS
    assert all(line in ("PUT (sensitive)", "GET everything") for line in log.read_text().splitlines())


# --- One by one -------------------------------------------------------------------------------------------------------


def test_what_a_thread_has_learned_is_masked_for_all() -> None:
    redact = Redactor()

    def learn(thread: int) -> list[str]:
        said = []
        for number in range(100):
            secret = redact.learn(f"Tr0ub4dor-{thread}-{number}")
            said += [redact.text(f"a {secret} b"), *redact.tree({"x": [secret]})["x"]]
        return said

    assert {text for said in side_by_side(learn) for text in said} == {"a (sensitive) b", "(sensitive)"}


def test_lines_of_a_log_are_whole_and_all_there(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.txt", Redactor(), lambda text: None)
    side_by_side(lambda thread: [log.write(f"{thread} " * 50) for _ in range(50)])
    log.close()
    log.write("too late")
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert sorted(lines) == sorted(f"{thread} " * 50 for thread in range(THREADS) for _ in range(50))


def test_a_person_is_asked_for_a_variable_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(name: str, sensitive: bool) -> str:
        asked.append(name)
        threading.Event().wait(0.01)  # a person takes a while
        return "typed"

    variables = Variables(tmp_path, Options(), {}, ask)
    assert set(side_by_side(lambda thread: variables.words("pw", "str"))) == {"typed"}
    assert asked == ["pw"]


def test_plugins_that_sessions_share_are_each_asked_once() -> None:
    class Counting(Plugin):
        asked = 0

        @hookimpl
        def haplan_providers(self) -> Iterable[type[Provider]]:
            type(self).asked += 1
            return super().haplan_providers()

    for _ in range(20):
        Counting.asked = 0
        shared: Plugins = plugins(Cloud(), Counting(Cloud()))
        found = side_by_side(lambda thread, shared=shared: (shared.provider("chatty"), sorted(shared.types)))
        assert len(set(map(str, found))) == 1
        assert Counting.asked == 1


def test_the_index_of_a_stack_is_its_own_whoever_else_asks(tmp_path: Path) -> None:
    stacks = []
    for number in range(THREADS):
        (tmp_path / f"s{number}").mkdir()
        text = f"from haplan import *\nfrom haplan.design import *\nprovider('mist')\nSite('s{number}')\n"
        (tmp_path / f"s{number}" / "stack.py").write_text(text)
        with open_session(tmp_path / f"s{number}", environ={}) as session:
            stacks.append(engine.validate(session).stack)

    def look(thread: int) -> bool:
        return all(design_index(stacks[thread]).stack is stacks[thread] for _ in range(10_000))

    assert all(side_by_side(look))


def test_sessions_side_by_side_leave_each_state_as_if_it_were_alone(tmp_path: Path) -> None:
    def go(thread: int) -> Any:
        folder = tmp_path / f"own{thread}"
        folder.mkdir()
        (folder / "stack.py").write_text(HEAD + f'Thing("t{thread}", size={thread})\noutput("n", {thread})\n')
        cloud = Cloud()
        with open_session(folder, plugins=plugins(cloud), environ={}, clock=cloud.clock) as session:
            engine.apply(session, engine.plan(session))
            state = engine.read_state(session)
        return json.dumps([sorted(row.address for row in state.rows.values()), state.outputs["n"].value])

    assert side_by_side(go) == [json.dumps([[f"mem_thing.t{thread}"], thread]) for thread in range(THREADS)]

"""What a provider answers wrongly is contained to what it was about: tests to inherit, for whole runs of the engine.

Each fault of `haplan.testing.faults` is put between the engine and the provider at one moment after the other: a plan,
an apply that creates, one that goes on with what a run left, drift, an apply that changes, a destroy. After each of
them the same is done without the fault, and all is as it should be.
"""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import EntryPoint
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from haplan import engine
from haplan.contracts import Clock, Provider, Query
from haplan.errors import HaplanError
from haplan.hookspecs import hookimpl
from haplan.host.options import Options, PlanOptions
from haplan.host.session import Session, open_session
from haplan.model.compare import owned, same
from haplan.model.finding import Finding
from haplan.model.result import Result
from haplan.model.state import State
from haplan.model.value import Tree
from haplan.plugins import GROUP, Plugins
from haplan.testing.asked import Asked, Opened
from haplan.testing.faults import Fault, faults, standing_in
from haplan.testing.installed import INSTALLED, Point

BRIEF = ("raises KeyError", "raises when all is done", "None", "an object that nobody knows")
"""What is done to each verb in `FaultContract`."""
ASIDE = ("adopt", "check", "example", "lab", "path", "procedures", "snapshot", "wire")
"""Verbs that no plan and no apply asks."""
FAULTS = [fault for fault in faults() if fault.verb not in ASIDE]
ASKED = tuple(dict.fromkeys(fault.verb for fault in FAULTS))
LOST = Fault(verb="write", name="raises when all is done", depth=0, spoil=lambda answer, names: 1 // 0)
CODES = frozenset({0, 1, 3, 4, 5, 8})
"""How a run may end that a provider answered wrongly; with 4 where what it is to check first could not be checked."""
WHOLE = ("open", "identity", "settled", "read", "facts", "takes_back")
"""Verbs that answer for many at once, or whose question does not say for whom."""
RED = Fault(
    verb="verify",
    name="finds it red",
    depth=0,
    spoil=lambda answer, names: [Finding(rule="RED", severity="error", address="", message="it is red")],
)
HAPLANS = ("please report", "haplan itself")
"""What nobody may read for a fault of a plugin."""


@attrs.frozen
class Ended:
    """How something ended: its exit code, what was said, and the result of a run."""

    code: int
    text: str
    result: Result | None = None


class Story:
    """A stack with two resources of a provider and a record, in a folder of its own.

    Threads: one, the test's; the provider's faults fire in any.

    Attributes:
        fired: The faults that answered while the last thing was done.
        wrong: What goes wrong just now.
        shared: True if the last plan writes both resources into one document.
    """

    def __init__(self, of: Asked, opened: Opened, folder: Path, clock: Clock) -> None:
        self.of, self.opened, self.folder, self.clock = of, opened, folder, clock
        self.fired: list[Fault] = []
        self.wrong: Sequence[Fault] = ()
        self.shared = False
        kind = of.info().name
        self.one, self.two = f"{kind}.one", f"{kind}.two"
        first = opened()
        self.name = first.name
        first.close()
        (folder / "stack").mkdir()

    # --- What is done -------------------------------------------------------------------------------------------------

    def write(self, number: int, *, changed: bool = False) -> None:
        """The stack: both resources, and a record that is another with each number."""
        cls, values = self.of.resource, {**self.of.wanted, **(self.of.changed if changed else {})}
        lines = [
            "from haplan import *",
            f"from {cls.__module__} import {cls.__name__}",
            f"provider({self.name!r})",
            *(f"{cls.__name__}({name!r}, **{values!r})" for name in ("one", "two")),
            f"Data('d', input={number})",
        ]
        (self.folder / "stack" / "stack.py").write_text("\n".join(lines), encoding="utf-8")

    def session(self) -> Session:
        cls = standing_in(self.opened, self.wrong, self.one, self.fired.append)
        plugin = Plugin(cls, self.of.resource)
        points = [EntryPoint(name, module, GROUP) for name, module in INSTALLED.items()]
        told: Any = {"environ": {}, "clock": self.clock}
        plugins = Plugins([*points, cast(EntryPoint, Point(self.name, plugin))])
        return open_session(self.folder / "stack", Options(parallelism=2), plugins=plugins, **told)

    def ends(self, do: Callable[[Session], object], *wrong: Fault) -> Ended:
        """Do something with these faults: what goes wrong is an error of haplan's kinds, and no fault of haplan's."""
        result, text, code = None, "", 0
        self.fired.clear()
        self.wrong = wrong
        try:
            with self.session() as session:
                result = do(session)
        except HaplanError as error:
            text, code = str(error), error.exit_code
        finally:
            self.wrong = ()
        if isinstance(result, Result):
            outcomes = (*result.failed, *result.skipped, *result.in_doubt, *result.pending)
            text, code = "\n".join(one.text for one in outcomes), result.exit_code
        assert code in CODES, text
        assert not [word for word in HAPLANS if word in text], text
        return Ended(code, text, result if isinstance(result, Result) else None)

    def apply(self, session: Session, *, gone: bool = False) -> Result:
        """Plan and carry it out."""
        plan = engine.plan(session, PlanOptions(destroy=gone))
        carried = [{one.address for one in transaction.placed} for transaction in plan.transactions]
        self.shared = any({self.one, self.two} <= addresses for addresses in carried)
        return engine.apply(session, plan)

    # --- What is there ------------------------------------------------------------------------------------------------

    def estate(self) -> dict[str, dict[str, Tree]]:
        """What there is of both, in the words of the stack."""
        provider = self.opened()
        targets = tuple(self.of.target(name) for name in ("one", "two"))
        seen = provider.read(Query(targets=targets)).seen
        provider.close()
        return {address: {name: one.values.get(name) for name in self.of.wanted} for address, one in seen.items()}

    def is_as(self, *, changed: bool = False, gone: bool = False) -> bool:
        """True if the estate is as the stack says."""
        values = {**self.of.wanted, **(self.of.changed if changed else {})}
        there, sets = self.estate(), {name: one.unordered for name, one in self.of.info().attributes.items()}
        if gone or not there:
            return gone and not there
        return set(there) == {self.one, self.two} and all(
            same(value, owned(value, one.get(name)), as_set=sets[name])
            for one in there.values()
            for name, value in values.items()
        )

    def kept(self) -> bool:
        """True if something is remembered already."""
        return (self.folder / "stack" / ".haplan").exists()

    def state(self) -> State:
        with self.session() as session:
            return engine.read_state(session)


@attrs.frozen
class Plugin:
    """What an installed plugin is as a module."""

    provider: type[Provider]
    resource: type
    haplan_api: int = 2

    @hookimpl
    def haplan_providers(self) -> list[type[Provider]]:
        return [self.provider]

    @hookimpl
    def haplan_resources(self) -> list[type]:
        return [self.resource]


class FaultContract(Asked):
    """The engine holds out against each fault of the provider, and the provider goes on from what it left."""

    @pytest.mark.parametrize("verb", ASKED)
    def test_what_it_answers_wrongly_is_contained(
        self, opened: Opened, clock: Clock, tmp_path: Path, verb: str
    ) -> None:
        """Another fault at each moment."""
        wrong = [fault for fault in FAULTS if fault.verb == verb and fault.name in BRIEF and not fault.depth]
        carry(Story(self, opened, tmp_path, clock), wrong)


class EveryFaultContract(Asked):
    """The same with each fault at each moment: some minutes, to be run by hand."""

    @pytest.mark.parametrize("fault", FAULTS, ids=str)
    def test_each_wrong_answer_of_it_is_contained(
        self, opened: Opened, clock: Clock, tmp_path: Path, fault: Fault
    ) -> None:
        carry(Story(self, opened, tmp_path, clock), [fault])


def carry(story: Story, wrong: Sequence[Fault]) -> None:
    """The whole life of a stack, with one of the faults at each of its moments."""
    fault = partial(next, cycle(wrong))
    story.write(1)
    _reading(story, fault(), engine.plan)
    assert not story.kept()
    _writing(story, fault(), 1)
    _going_on(story, fault(), 2)
    _reading(story, fault(), engine.drift)
    _reading(story, fault(), lambda session: engine.plan(session, PlanOptions(refresh=False, check_on_device=True)))
    _writing(story, fault(), 3)
    _writing(story, fault(), 4, gone=True)


def _reading(story: Story, fault: Fault, do: Callable[[Session], object]) -> None:
    """What only looks changes nothing, whatever is answered."""
    before = story.estate()
    story.ends(do, fault)
    assert story.estate() == before


def _writing(story: Story, fault: Fault, number: int, *, gone: bool = False) -> None:
    """An apply, and after it the same without the fault."""
    story.write(number)
    before = story.estate()
    wrong = [fault, RED] if fault.verb == "revert" else [fault]
    ended = story.ends(partial(story.apply, gone=gone), *wrong)
    if story.fired:
        _contained(story, fault, ended, before)
    _mended(story, gone=gone)


def _going_on(story: Story, fault: Fault, number: int) -> None:
    """A run whose write was lost is gone on with by the plan that it had."""
    story.write(number, changed=True)
    assert story.ends(story.apply, LOST).code == 8
    run = story.state().runs[-1].id
    ended = story.ends(lambda session: engine.resume(session, run), fault)
    if story.fired and fault.verb == "close":
        assert ended.code == 0
    _mended(story, changed=True)


def _contained(story: Story, fault: Fault, ended: Ended, before: object) -> None:
    """Nothing was lost, nothing else was held up, and the exit code says what there is."""
    if fault.verb == "close":
        assert ended.code == 0, ended.text
    assert ended.code != 4 or fault.verb == "rehearse", ended.text
    if ended.code in (1, 4):
        assert story.estate() == before, ended.text
    if ended.result is None:
        assert ended.text
        return
    done = [one.address for one in ended.result.done]
    assert "record.d" in done, ended.text
    assert fault.verb in WHOLE or story.shared or story.two in done, ended.text
    if fault.verb == "write" and not fault.depth and fault.asks:
        assert ended.code == 8, ended.text
        assert story.one in [one.address for one in ended.result.in_doubt]


def _mended(story: Story, *, changed: bool = False, gone: bool = False) -> None:
    """Without the fault the next apply makes all as it should be, and remembers so."""
    ended = story.ends(partial(story.apply, gone=gone))
    assert ended.code == 0, ended.text
    assert story.is_as(changed=changed, gone=gone), story.estate()
    state = story.state()
    assert state.intents == ()
    assert [row.status for row in state.rows.values() if row.status != "ok"] == []
    with story.session() as session:
        assert engine.plan(session, PlanOptions(destroy=gone)).empty()
